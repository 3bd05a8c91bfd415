"""Helpers of the tests of merging: propose, merge with consent, and what stands afterwards."""

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import ideas, people, recounts
from forum.domain.merges import proposals
from forum.domain.merges.proposals import AnswerFields, ProposalFields
from forum.domain.people import Person
from forum.models import Idea
from tests.making import Make

SAME = "Both ask for the same thing."


def proposed(db: Connection, user: Person, absorbed: int, target: int) -> int:
    """A proposal to merge; its id."""
    return proposals.propose(db, user, absorbed, ProposalFields(target=str(target), reason=SAME)).id


def merged(db: Connection, make: Make, absorbed: int, target: int) -> int:
    """Merge with the consent of the author: the whole way. The id of the merge."""
    moderator = make.user(role="moderator")
    merge_id = proposed(db, moderator, absorbed, target)
    answered = proposals.answer(db, author_of(db, absorbed), merge_id, AnswerFields(answer="agree"))
    assert answered.stage == "merged"
    return merge_id


def author_of(db: Connection, idea_id: int) -> Person:
    """Who wrote an idea."""
    return people.load(db, ideas.get(db, None, idea_id).author_id)


def tally(db: Connection, idea_id: int) -> tuple[int, int]:
    """Votes for and against, as stored."""
    row = db.execute(sa.select(Idea.up, Idea.down).where(Idea.id == idea_id)).one()
    return row.up, row.down


def is_clean(db: Connection, kinds: tuple[str, ...] = ("ideas", "comments")) -> bool:
    """Are all stored counts of these tables what their rows say?"""
    return not [one for kind in kinds for one in recounts.check(db, kind, recounts.next_ids(db, kind))]


def state(db: Connection, idea_id: int) -> str:
    """Where an idea stands."""
    return str(db.execute(sa.select(Idea.state).where(Idea.id == idea_id)).scalar_one())
