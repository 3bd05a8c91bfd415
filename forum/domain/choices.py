"""Choices of votes to set aside: on which ideas, by whom, when; read from a form, and turned into statements."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field, model_validator

from forum.db import Connection
from forum.domain import asides
from forum.domain.actions import NOTE_LENGTH
from forum.domain.errors import Invalid
from forum.domain.reasons import BY_CODE
from forum.models import Decision, Idea, Merge, User, Vote, VoteAside, WaveMember
from forum.models.base import aliased

MOST_PEOPLE = 1_000
MOST_HOURS = 24 * 365
STATES = ("published", "off-topic", "held")  # ideas of their own; those that were merged come with their target


OF_WAVE = {
    "": "Votes on its posts",
    "authors": "Votes of the people who posted in it",
    "voters": "Votes of the people who voted for one of its posts",
}
"""What of a wave is chosen: the first says on which ideas; the others say whose votes, on an idea or a community."""


class AsideFields(BaseModel):
    """What a moderator fills in: one idea or a community, whose votes, from when to when, and why."""

    idea: str = ""
    community: str = ""
    hours: str = ""
    people: str = Field(default="", max_length=50_000)
    wave: str = ""
    of_wave: str = ""  # a key of OF_WAVE
    since: str = ""
    until: str = ""
    reason: str = ""
    facts: str = Field(default="", max_length=NOTE_LENGTH)
    note: str = Field(default="", max_length=NOTE_LENGTH)

    @model_validator(mode="after")
    def _is_whole(self) -> "AsideFields":
        if self.reason not in BY_CODE:
            raise ValueError("Please choose a reason. Everybody can read it in the log.")
        return self


@dataclass(frozen=True, slots=True)
class Choice:
    """Which votes: on one idea or on all of a community; of accounts so young when they voted, of these people."""

    idea_id: int | None = None
    community_id: int | None = None
    younger_than: timedelta | None = None
    user_ids: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None  # the first moment that is too late
    wave_ideas: int | None = None  # a wave: votes on its posts
    wave_authors: int | None = None  # votes of those who posted in this wave
    wave_voters: int | None = None  # votes of those who voted for one of its posts

    @property
    def wave_id(self) -> int | None:
        """The wave that it names."""
        return next((one for one in (self.wave_ideas, self.wave_authors, self.wave_voters) if one is not None), None)


_BY_HANDLE = sa.select(User.id, User.handle).where(User.handle.in_(sa.bindparam("handles", expanding=True)))


def read(db: Connection, fields: AsideFields, *, community_id: int | None) -> Choice:
    """The choice of a form. `community_id` is that of the community named there. Invalid says what is wrong where."""
    wrong: dict[str, str] = {}
    idea_id, wave = _number(fields.idea), _wave(fields, wrong)
    if sum(one is not None for one in (idea_id, community_id, wave.get("wave_ideas"))) != 1:
        wrong["idea"] = "Please give the number of one idea, or choose a community, or a wave."
    younger, user_ids = _age(fields.hours.strip(), wrong), _people(db, fields.people, wrong)
    if younger is None and user_ids is None and not wave:
        wrong.setdefault("hours", "Please say whose votes: of new accounts, of people you name, or both.")
    since, until = (_day(getattr(fields, name), name, wrong) for name in ("since", "until"))
    until = until + timedelta(days=1) if until is not None else None
    if since and until and since >= until:
        wrong["until"] = "The last day lies before the first."
    if wrong:
        raise Invalid(wrong)
    return Choice(idea_id, community_id, younger, user_ids, since, until, **wave)


def _number(text: str) -> int | None:
    given = text.strip().lstrip("#")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _wave(fields: AsideFields, wrong: dict[str, str]) -> dict[str, int]:
    """Which wave, by the name of what is chosen of it; empty if none is named."""
    if not fields.wave.strip():
        return {}
    number = _number(fields.wave)
    if number is None or fields.of_wave not in OF_WAVE:
        wrong["wave"] = "Please give the number of the wave, as in the address of its page."
        return {}
    return {f"wave_{fields.of_wave or 'ideas'}": number}


def _age(text: str, wrong: dict[str, str]) -> timedelta | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= MOST_HOURS:
        return timedelta(hours=int(text))
    wrong["hours"] = f"Please give whole hours, from 1 to {MOST_HOURS:,}."
    return None


def _people(db: Connection, text: str, wrong: dict[str, str]) -> tuple[int, ...] | None:
    handles = sorted(set(text.replace("@", " ").replace(",", " ").split()))
    if not handles:
        return None
    if len(handles) > MOST_PEOPLE:
        wrong["people"] = f"Please name at most {MOST_PEOPLE:,} people."
        return ()
    found = {row.handle: row.id for row in db.execute(_BY_HANDLE, {"handles": handles})}
    if unknown := [handle for handle in handles if handle not in found]:
        wrong["people"] = f"We do not know {', '.join(unknown[:5])}."
    return tuple(sorted(found.values()))


def _day(text: str, name: str, wrong: dict[str, str]) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
    except ValueError:
        wrong[name] = "Please give a date like 2009-05-21."
        return None


def _raw(column: Any) -> Any:
    return sa.type_coerce(column, sa.BigInteger)


_posted, _voted = aliased(Idea), aliased(Vote)
_CONDITIONS: dict[str, Any] = {
    "younger_than": _raw(Vote.created_at) - _raw(User.created_at) < sa.bindparam("younger_than", type_=sa.BigInteger),
    "user_ids": Vote.user_id.in_(sa.bindparam("user_ids", expanding=True)),
    "since": Vote.created_at >= sa.bindparam("since", type_=Vote.created_at.type),
    "until": Vote.created_at < sa.bindparam("until", type_=Vote.created_at.type),
    "wave_authors": Vote.user_id.in_(
        sa.select(_posted.author_id)
        .join_from(WaveMember, _posted, _posted.id == WaveMember.subject_id)
        .where(WaveMember.wave_id == sa.bindparam("wave_authors"), WaveMember.subject_kind == "idea")
    ),
    "wave_voters": Vote.user_id.in_(
        sa.select(_voted.user_id)
        .join_from(WaveMember, _voted, _voted.idea_id == WaveMember.subject_id)
        .where(WaveMember.wave_id == sa.bindparam("wave_voters"), WaveMember.subject_kind == "idea", _voted.value == 1)
    ),
}
_WAVE_IDEAS = sa.select(WaveMember.subject_id).where(
    WaveMember.wave_id == sa.bindparam("wave_ideas"), WaveMember.subject_kind == "idea"
)


def count(db: Connection, choice: Choice, by_id: int) -> dict[int, Any]:
    """What the choice takes: idea id → up and down (which count now), already (aside before).

    Nobody sets votes on their own ideas aside: those of `by_id` are left out.
    """
    scopes = {"only_idea": choice.idea_id, "place": choice.community_id, "wave_ideas": choice.wave_ideas}
    where = {name: value for name, value in scopes.items() if value is not None}
    found = db.execute(_counting(_names(choice)), {**_values(choice), **where, "me": by_id})
    return {row.idea_id: row for row in found}


def mark(db: Connection, choice: Choice, act_id: str) -> None:
    """Set the chosen votes aside, each for the decision of this act on its idea; those on ideas merged into it too."""
    db.execute(_marking(_names(choice) & set(_CONDITIONS)), {**_values(choice), "act": act_id})


def _values(choice: Choice) -> dict[str, Any]:
    given = {name: getattr(choice, name) for name in _CONDITIONS if getattr(choice, name) is not None}
    if choice.younger_than is not None:
        given["younger_than"] = choice.younger_than // timedelta(microseconds=1)
    return given


def _names(choice: Choice) -> frozenset[str]:
    return frozenset(name for name in choice.__slots__ if getattr(choice, name) is not None)


def _roots(names: frozenset[str]) -> Any:
    if "wave_ideas" in names:
        where: Any = Idea.id.in_(_WAVE_IDEAS)
    else:
        is_one = "idea_id" in names
        where = Idea.id == sa.bindparam("only_idea") if is_one else Idea.community_id == sa.bindparam("place")
    return sa.select(Idea.id.label("root")).where(where, Idea.state.in_(STATES), Idea.author_id != sa.bindparam("me"))


def _chosen(statement: Any, names: frozenset[str]) -> Any:
    return statement.where(*(condition for name, condition in _CONDITIONS.items() if name in names))


@lru_cache(maxsize=64)
def _counting(names: frozenset[str]) -> Any:
    roots, held = _roots(names).subquery("roots"), asides.holds(Vote)
    sums = {"up": sa.and_(Vote.value == 1, ~held), "down": sa.and_(Vote.value == -1, ~held), "already": held}
    columns = [sa.func.sum(sa.case((condition, 1), else_=0)).label(name) for name, condition in sums.items()]
    statement = (
        sa.select(Vote.idea_id, *columns)
        .select_from(roots)
        .join(Vote, Vote.idea_id == roots.c.root)
        .join(User, User.id == Vote.user_id)
        .group_by(Vote.idea_id)
        .order_by(Vote.idea_id)
    )
    return _chosen(statement, names)


@lru_cache(maxsize=64)
def _marking(names: frozenset[str]) -> Any:
    decided = (
        sa.select(Decision.id.label("decision_id"), Decision.subject_id.label("member"))
        .where(Decision.act_id == sa.bindparam("act"))
        .cte("within", recursive=True)
    )
    within = decided.union_all(
        sa.select(decided.c.decision_id, Merge.absorbed_id)
        .join_from(decided, Merge, Merge.target_id == decided.c.member)
        .where(Merge.is_active)
    )
    rows = (
        sa.select(Vote.idea_id, Vote.user_id, within.c.decision_id, sa.false())
        .select_from(within)
        .join(Vote, Vote.idea_id == within.c.member)
        .join(User, User.id == Vote.user_id)
    )
    return sa.insert(VoteAside).from_select(["idea_id", "user_id", "decision_id", "is_carried"], _chosen(rows, names))
