"""Votes: one person, one idea, one vote, for or against; changed and taken back at will."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect, Prepared, is_sqlite, put_off
from forum.domain import asides, carries, limits, ranking, settling
from forum.domain.errors import Forbidden, Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.models import Community, CommunityPhase, Idea, Vote

FOR, AGAINST, NONE = 1, -1, 0

_phase = (
    sa.select(CommunityPhase.phase)
    .where(CommunityPhase.community_id == Idea.community_id, CommunityPhase.starts_at <= sa.bindparam("now"))
    .order_by(CommunityPhase.starts_at.desc())
    .limit(1)
    .scalar_subquery()
)
_SEEN = (
    sa.select(
        Idea.title,
        Idea.author_id,
        Idea.community_id,
        Idea.state,
        Idea.is_locked,
        Idea.created_at,
        Idea.up,
        Idea.down,
        Idea.employee_up,
        Idea.employee_down,
        Idea.has_asides,
        Community.status.label("community_status"),
        Community.visibility,
        Community.posting,
        Community.vote_kind,
        sa.func.coalesce(_phase, "brainstorm").label("phase"),
        carries.HAS_MERGES,
    )
    .join_from(Idea, Community)
    .where(Idea.id == sa.bindparam("idea_id"))
)
_MINE = sa.and_(Vote.user_id == sa.bindparam("user_id"), Vote.idea_id == sa.bindparam("idea_id"))
_MY_VALUE, _WAS_EMPLOYEE = (
    sa.func.coalesce(Vote.value, NONE).label("my_value"),
    sa.func.coalesce(Vote.is_employee, sa.false()).label("was_employee"),
)
_SEEN_WITH_MINE = Prepared(_SEEN.add_columns(_MY_VALUE, _WAS_EMPLOYEE).outerjoin(Vote, _MINE))
# On PostgreSQL votes on one idea wait for each other here, so that tallies stay exact. A vote that is read with it may
# be older than what the one before left: it is read next.
_SEEN_LOCKED = Prepared(_SEEN.with_for_update(of=Idea))
_MINE_NOW = Prepared(sa.select(_MY_VALUE, _WAS_EMPLOYEE).where(_MINE))
AMONG = 25  # a fixed number of placeholders: the statement is compiled once
_PLACES = tuple(f"idea_{number}" for number in range(AMONG))
_MINE_AMONG = Prepared(
    sa.select(Vote.idea_id, Vote.value).where(
        Vote.user_id == sa.bindparam("user_id"), Vote.idea_id.in_([sa.bindparam(name) for name in _PLACES])
    )
)


def _upsert(insert: Any) -> Any:
    statement = insert(Vote).values(
        {
            name: sa.bindparam(name)
            for name in ("user_id", "idea_id", "value", "is_employee", "created_at", "changed_at")
        }
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[Vote.user_id, Vote.idea_id],
        set_={"value": new.value, "is_employee": new.is_employee, "changed_at": new.changed_at},
    )


_PUT = Prepared(PerDialect(_upsert))
_TAKE_BACK = Prepared(sa.delete(Vote).where(Vote.user_id == sa.bindparam("by"), Vote.idea_id == sa.bindparam("on")))
TALLY_COLUMNS = ("up", "down", "employee_up", "employee_down", *ranking.Ranks._fields)
SET_TALLY = (
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("the_idea"))
    .values({name: sa.bindparam(f"new_{name}") for name in TALLY_COLUMNS})
)
_SET_TALLY = Prepared(SET_TALLY)
_SET_COUNTS = Prepared(
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("the_idea"))
    .values({name: sa.bindparam(f"new_{name}") for name in TALLY_COLUMNS[:4]})
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Where an idea stands: all votes, how many of them are employees', and my own."""

    id: int
    title: str
    up: int
    down: int
    employee_up: int
    employee_down: int
    my_vote: int
    vote_kind: str
    is_votable: bool = True
    is_aside: bool = False  # my vote was set aside: it is kept and does not count


def cast(db: Connection, user: Person | None, idea_id: int, value: int) -> Tally:
    """Set this person's vote on an idea to +1, -1 or 0 (taken back). Repeating it changes nothing.

    Whose vote was set aside can change it: it stays set aside until that decision is undone.
    NotFound for an idea this person can't see, Forbidden where the phase, the state or the rights say no, Invalid for
    any other value, TooMany past the limit.
    """
    if value not in (FOR, AGAINST, NONE):
        raise Invalid({"value": "A vote is for, against, or taken back."})
    moment = now()
    idea, mine = _see(db, user, idea_id, moment)
    if idea is None or not can(user, "idea.read", idea):
        raise NotFound("There is no idea here.")
    user = require(user, "idea.vote", idea)
    if value == AGAINST and idea.vote_kind == "support":
        raise Forbidden("idea.vote", "This community counts support only, so you can't vote against.")
    before = mine.my_value if mine else NONE
    if value == before:
        counts = (idea.up, idea.down, idea.employee_up, idea.employee_down)
        is_aside = idea.has_asides and asides.is_aside(db, user.id, idea_id)
        return Tally(idea_id, idea.title, *counts, before, idea.vote_kind, is_aside=is_aside)
    limits.hit(db, user, "vote")
    if value == NONE:
        _TAKE_BACK.all(db, {"by": user.id, "on": idea_id})
    else:
        vote = {"user_id": user.id, "idea_id": idea_id, "value": value, "is_employee": user.is_employee}
        _PUT.all(db, {**vote, "created_at": moment, "changed_at": moment})
    if idea.has_merges:
        (carries.take_back if value == NONE else carries.make_own)(db, "vote", user.id, idea_id)
    if idea.has_asides and asides.is_aside(db, user.id, idea_id):
        asides.count(db, idea_id, *_moved(0, 0, before, value))
        counts = (idea.up, idea.down, idea.employee_up, idea.employee_down)
        return Tally(idea_id, idea.title, *counts, value, idea.vote_kind, is_aside=True)
    was_employee = bool(mine and mine.was_employee)
    up, down = _moved(idea.up, idea.down, before, value)
    employee_up, employee_down = _moved(
        idea.employee_up, idea.employee_down, before if was_employee else NONE, value if user.is_employee else NONE
    )
    _count(db, idea_id, (up, down, employee_up, employee_down), idea.created_at)
    return Tally(idea_id, idea.title, up, down, employee_up, employee_down, value, idea.vote_kind)


def _see(db: Connection, user: Person | None, idea_id: int, moment: datetime) -> tuple[Any, Any]:
    """The idea, and what this person votes on it; None for what there isn't."""
    asked = {"idea_id": idea_id, "user_id": user.id if user else None}
    if is_sqlite(db):
        idea = _SEEN_WITH_MINE.first(db, {**asked, "now": moment})
        return idea, idea
    idea = _SEEN_LOCKED.first(db, {**asked, "now": moment})
    return idea, _MINE_NOW.first(db, asked) if idea and user else None


def _moved(up: int, down: int, before: int, after: int) -> tuple[int, int]:
    return up + (after == FOR) - (before == FOR), down + (after == AGAINST) - (before == AGAINST)


def _count(db: Connection, idea_id: int, counts: tuple[int, int, int, int], created_at: datetime) -> None:
    """Write the counts now; what orders the lists follows with them or, in a flood of votes, within moments."""
    if put_off(db, settling.settle):
        new = {f"new_{name}": count for name, count in zip(TALLY_COLUMNS, counts, strict=False)}
        _SET_COUNTS.all(db, {**new, "the_idea": idea_id})
        settling.mark(db, idea_id)
    else:
        set_tally(db, idea_id, counts, ranking.ranks(counts[0], counts[1], created_at))


def set_tally(db: Connection, idea_id: int, counts: tuple[int, int, int, int], ranks: ranking.Ranks) -> None:
    """Write an idea's counts (up, down, employees' up, employees' down) and the order columns that follow from them."""
    values = (*counts, *ranks)
    parameters = {f"new_{name}": value for name, value in zip(TALLY_COLUMNS, values, strict=True)}
    _SET_TALLY.all(db, {**parameters, "the_idea": idea_id})


def mine(db: Connection, user: Person | None, idea_ids: list[int]) -> dict[int, int]:
    """How this person voted on these ideas: idea id → +1 or -1; without a vote there is no entry."""
    if user is None or not idea_ids:
        return {}
    found: dict[int, int] = {}
    for start in range(0, len(idea_ids), AMONG):
        some = idea_ids[start : start + AMONG]
        parameters = dict(zip(_PLACES, some + some[-1:] * (AMONG - len(some)), strict=True))
        found |= {row.idea_id: row.value for row in _MINE_AMONG.all(db, {**parameters, "user_id": user.id})}
    return found
