"""Crowds in the demo: loads a wave that waits in the queue, ideas that were merged, votes that were set aside."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from forum.domain import people, posting, search, setting_aside, waves
from forum.domain.choices import Choice
from forum.domain.demo.filling import Filling
from forum.domain.demo.surges import Pair, Proposal
from forum.domain.merges import proposals
from forum.domain.merges.proposals import DecisionFields, ProposalFields
from forum.domain.posting import IdeaFields
from forum.models import Idea, StatusChange, User, Vote
from forum.text import slug

JOINED_BEFORE = timedelta(minutes=20)  # accounts of a crowd are so old when they vote


def put(to: Filling) -> None:
    """The ideas of pairs and asides with their votes, before anything is counted."""
    for pair in to.demo.pairs:
        _idea(to, pair.absorbed)
        _idea(to, pair.target)
    for aside in to.demo.asides:
        idea_id = _idea(to, aside.idea)
        joined = aside.idea.posted + timedelta(hours=3)
        ids = _newcomers(to, [f"Voter {number}" for number in range(1, aside.voters + 1)], joined)
        _votes(to, idea_id, dict.fromkeys(ids, 1), joined + JOINED_BEFORE)


def _idea(to: Filling, one: Proposal) -> int:
    [idea_id] = to.fill(Idea, [to.idea_row(one, one.posted)])
    to.add_texts(one, idea_id)
    to.fill(StatusChange, [to.posted_step(idea_id, one.author, one.posted)])
    given = {to.people[handle]: 1 for handle in one.votes_for} | {to.people[handle]: -1 for handle in one.votes_against}
    _votes(to, idea_id, given, one.posted + timedelta(hours=2))
    return int(idea_id)


def _votes(to: Filling, idea_id: int, given: dict[int, int], first: datetime) -> None:
    rows = []
    for place, (user_id, value) in enumerate(given.items()):
        moment = first + timedelta(minutes=place)
        row = {"user_id": user_id, "idea_id": idea_id, "value": value, "is_employee": False}
        rows.append({**row, "created_at": moment, "changed_at": moment})
    to.put(Vote, rows)


def _newcomers(to: Filling, names: list[str], joined: datetime) -> list[int]:
    """Accounts that nobody signs in with, made a minute apart."""
    rows = []
    for place, name in enumerate(names):
        moment, handle = joined + timedelta(minutes=place), slug(name)
        row = {"handle": handle, "name": name, "email": f"{handle}@example.org", "email_confirmed_at": moment}
        rows.append({**row, "trust_level": 0, "created_at": moment, "source": "demo", "source_id": handle})
    return list(to.fill(User, rows))


def load(to: Filling) -> None:
    """What was decided about them, and the wave, through the same doors as for everybody; the search is there."""
    for pair in to.demo.pairs:
        _merge(to, pair)
    for aside in to.demo.asides:
        choice = Choice(idea_id=_found(to, aside.idea), younger_than=timedelta(hours=24))
        boss = people.load(to.db, to.people[aside.by])
        setting_aside.act(to.db, boss, choice, reason=aside.reason, facts=aside.facts)
    wave = to.demo.wave
    authors = _newcomers(to, list(wave.names), to.now - timedelta(hours=1))
    for author_id, (title, body) in zip(authors, wave.posts, strict=True):
        posting.post(to.db, people.load(to.db, author_id), IdeaFields(title=title, body=body, community=wave.community))
    while search.fold_in(to.db):
        pass
    waves.look_within(to.db)


def _merge(to: Filling, pair: Pair) -> None:
    author, boss = people.load(to.db, to.people[pair.absorbed.author]), people.load(to.db, to.people[pair.by])
    fields = ProposalFields(target=str(_found(to, pair.target)), reason=pair.reason)
    merge = proposals.propose(to.db, author, _found(to, pair.absorbed), fields)
    proposals.decide(to.db, boss, merge.id, DecisionFields(act="merge"))


def _found(to: Filling, one: Proposal) -> int:
    return int(to.db.execute(sa.select(Idea.id).where(Idea.title == one.title)).scalar_one())
