"""Votes set aside: kept, and not counted while a decision holds them; a mark for each person, idea and decision.

The mark is about the person and the idea, not about the vote that stood there on the day: whoever changes such a vote,
or takes it back and votes again, votes aside. So an undo, whenever it comes, finds each vote as its person left it.
Ideas keep the counts: up and down count, aside_up and aside_down do not, and the raw tally is their sum.
"""

from typing import Any

import sqlalchemy as sa

from forum.db import Connection, PerDialect
from forum.domain import recounts
from forum.models import Idea, MergeCarry, VoteAside

_idea: Any = sa.bindparam("the_idea", type_=sa.BigInteger)
_one: Any = sa.bindparam("one", type_=sa.BigInteger)
_decision: Any = sa.bindparam("decision_id", type_=sa.BigInteger)

_IS_ASIDE = sa.select(VoteAside.decision_id).where(VoteAside.idea_id == _idea, VoteAside.user_id == _one).limit(1)
_COUNT = (
    sa.update(Idea)
    .where(Idea.id == _idea)
    .values(aside_up=Idea.aside_up + sa.bindparam("more_up"), aside_down=Idea.aside_down + sa.bindparam("more_down"))
)
_DECISIONS = sa.select(VoteAside.decision_id).where(VoteAside.idea_id == _idea).distinct().order_by(sa.text("1"))
_MARKED = sa.select(VoteAside.idea_id).where(VoteAside.decision_id == _decision).distinct()
_TAKE_BACK = sa.delete(VoteAside).where(VoteAside.decision_id == _decision)

_KEY = ["idea_id", "user_id", "decision_id", "is_carried"]
_target: Any = sa.bindparam("target", type_=sa.BigInteger)
_carried = (
    sa.select(_target, VoteAside.user_id, VoteAside.decision_id, sa.true())
    .join_from(VoteAside, MergeCarry, MergeCarry.user_id == VoteAside.user_id)
    .where(VoteAside.idea_id == sa.bindparam("absorbed"))
    .where(MergeCarry.what == "vote", MergeCarry.idea_id == _target, MergeCarry.merge_id == sa.bindparam("merge"))
)
_CARRY = PerDialect(lambda insert: insert(VoteAside).from_select(_KEY, _carried).on_conflict_do_nothing())
_DROP = sa.delete(VoteAside).where(
    VoteAside.idea_id == _target,
    VoteAside.is_carried,
    VoteAside.user_id.in_(
        sa.select(MergeCarry.user_id).where(MergeCarry.what == "vote", MergeCarry.idea_id == _target)
    ),
)
_DROP_ONE = _DROP.where(VoteAside.user_id == _one)


def holds(vote: Any) -> sa.ColumnElement[bool]:
    """A condition on a vote (the table or an alias): it is set aside."""
    return sa.exists().where(VoteAside.idea_id == vote.idea_id, VoteAside.user_id == vote.user_id)


def is_aside(db: Connection, user_id: int, idea_id: int) -> bool:
    """Is what this person votes on this idea set aside?"""
    return db.execute(_IS_ASIDE, {"the_idea": idea_id, "one": user_id}).first() is not None


def count(db: Connection, idea_id: int, up: int, down: int) -> None:
    """So many more votes for and against (or fewer: below zero) that are set aside."""
    db.execute(_COUNT, {"the_idea": idea_id, "more_up": up, "more_down": down})


def decision_ids(db: Connection, idea_id: int) -> list[int]:
    """The decisions by which votes on this idea are set aside now, the earliest first."""
    return list(db.execute(_DECISIONS, {"the_idea": idea_id}).scalars())


def marked(db: Connection, decision_id: int) -> list[int]:
    """The ideas where this decision holds votes, those included that merges carried along."""
    return list(db.execute(_MARKED, {"decision_id": decision_id}).scalars())


def take_back(db: Connection, decision_id: int) -> None:
    """What this decision alone set aside counts again, as people vote now. Counts and ranks follow."""
    ids = marked(db, decision_id)
    db.execute(_TAKE_BACK, {"decision_id": decision_id})
    recounts.mend_some(db, "ideas", ids)


def carry(db: Connection, merge_id: int, absorbed_id: int, target_id: int) -> None:
    """Votes that this merge carried to the target stay set aside if they were. Counts follow by the caller."""
    db.execute(_CARRY(db), {"merge": merge_id, "absorbed": absorbed_id, "target": target_id})


def drop_carried(db: Connection, idea_id: int, user_id: int | None = None) -> None:
    """Forget what merges brought to this idea (of one person or all), before votes are carried anew."""
    if user_id is None:
        db.execute(_DROP, {"target": idea_id})
    else:
        db.execute(_DROP_ONE, {"target": idea_id, "one": user_id})
