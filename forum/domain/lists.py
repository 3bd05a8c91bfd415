"""Lists of ideas: sorted, filtered, paged by key, so that page 10,000 costs what page 1 costs."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from forum.clock import from_microseconds, to_microseconds
from forum.db import Connection, Prepared, after_key, is_sqlite
from forum.domain.errors import Invalid
from forum.models import Community, CommunityAgency, ConsensusRun, ConsensusScore, Idea, IdeaTag, IdeaTheme, Theme, User

PAGE = 25
STEP = 500
SORTS: dict[str, str] = {
    "trending": "Trending",
    "top": "Top",
    "newest": "Newest",
    "discussed": "Most discussed",
    "contested": "Contested",
    "needs-votes": "Needs votes",
    "approval": "Best approval",
    "random": "Random",
}
"""Sort → label, in the order in which people are offered them."""

_COLUMN: dict[str, Any] = {
    "trending": Idea.trending,
    "top": Idea.net,
    "newest": Idea.created_at,
    "discussed": Idea.comment_count,
    "contested": Idea.contested,
    "needs-votes": Idea.uncertainty,
    "approval": Idea.approval,
    "random": Idea.shuffle,
    "consensus": ConsensusScore.score,  # for rankings
    "number": Idea.id,  # for counting: see `tallies`
}
SHUFFLE_RANGE = 2**31

_CARD: tuple[Any, ...] = (
    Idea.id,
    Idea.slug,
    Idea.title,
    Idea.excerpt,
    Idea.up,
    Idea.down,
    Idea.comment_count,
    Idea.status,
    Idea.state,
    Idea.community_id,
    Idea.is_by_employee,
    Idea.is_locked,
    Idea.language,
    Idea.created_at,
    User.name.label("author_name"),
    User.handle.label("author_handle"),
)
_TALLY: tuple[Any, ...] = (
    Idea.id,
    Idea.up,
    Idea.down,
    Idea.employee_up,
    Idea.employee_down,
    Idea.imported_up,
    Idea.imported_down,
    Idea.created_at,
)
CARD_WIDTH = len(_CARD)
"""So many columns of a row say what a card shows; what follows is the key of the order."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows. None means: no matter. `until` is exclusive."""

    sort: str = "trending"
    community_id: int | None = None
    tag_id: int | None = None
    agency_id: int | None = None
    theme_id: int | None = None
    status: str | None = None
    author_kind: str | None = None  # citizen, employee
    author_id: int | None = None
    state: str = "published"
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: rows as cards need them, and the key of the next page (None on the last)."""

    rows: list[Any]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which conditions a statement has: statements are built once for each shape and kept."""

    sort: str
    named: tuple[str, ...]
    in_track: bool
    after: str = ""  # behind (a key), tied (with the key's value, and behind its id), next (behind all of its value)
    what: str = "card"  # card, key (ids alone), tally


_CONDITIONS: dict[str, Any] = {
    "community_id": Idea.community_id == sa.bindparam("community_id"),
    "status": Idea.status == sa.bindparam("status"),
    "author_kind": Idea.is_by_employee == sa.bindparam("is_by_employee"),
    "author_id": Idea.author_id == sa.bindparam("author_id"),
    "since": Idea.created_at >= sa.bindparam("since"),
    "until": Idea.created_at < sa.bindparam("until"),
    "agency_id": Idea.community_id.in_(
        sa.select(CommunityAgency.community_id).where(CommunityAgency.agency_id == sa.bindparam("agency_id"))
    ),
    "theme_id": sa.and_(
        Idea.id.in_(
            sa.select(IdeaTheme.idea_id)
            .join(Theme, sa.and_(Theme.id == IdeaTheme.theme_id, Theme.run_id == IdeaTheme.run_id))
            .where(Theme.id == sa.bindparam("theme_id"))
        ),
        # An idea that moved has left the themes of its community.
        sa.select(Theme.scope)
        .where(Theme.id == sa.bindparam("theme_id"))
        .scalar_subquery()
        .in_((0, Idea.community_id)),
    ),
}
_LAST_RUN = (
    sa.select(ConsensusRun.id)
    .where(ConsensusRun.state == "done")
    .order_by(ConsensusRun.id.desc())
    .limit(1)
    .scalar_subquery()
)
_BESIDE_TAG = {"tag_id", "status", "author_kind", "since", "until"}
"""Filters of a list of a tag over the whole forum."""
_PUBLIC = sa.select(Community.id).where(Community.visibility == "public")


@lru_cache(maxsize=512)
def _statement(shape: _Shape) -> Prepared:
    is_card = shape.what == "card"
    return Prepared((_cards if is_card and "tag_id" in shape.named else _rows)(shape), keeps=is_card)


def _cards(shape: _Shape) -> sa.Select[Any]:
    """First the places, of narrow rows; then what the cards of this one page show."""
    page = _rows(replace(shape, what="key")).subquery()
    statement = sa.select(*_CARD, page.c.sort_key).join_from(page, Idea, Idea.id == page.c.id)
    return statement.join(User, User.id == Idea.author_id).order_by(*_order(shape, page.c.sort_key, page.c.id))


def _rows(shape: _Shape) -> sa.Select[Any]:
    if _is_of_tag(shape):  # in the order of what the rows of the tag repeat: see ADR 16
        number, column = IdeaTag.idea_id, getattr(IdeaTag, _COLUMN[shape.sort].name)
        statement = _of_tag(shape, number, column)
    else:
        number, column = Idea.id, _COLUMN[shape.sort]
        statement = _of_ideas(shape, column)
    statement = statement.where(*(_CONDITIONS[name] for name in shape.named if name != "tag_id"))
    if shape.after:
        statement = statement.where(_behind(shape, column, number))
    return statement.order_by(*_order(shape, column, number)).limit(sa.bindparam("most"))


def _of_tag(shape: _Shape, number: Any, column: Any) -> sa.Select[Any]:
    statement = sa.select(number.label("id"), column.label("sort_key"))
    if len(shape.named) > 1:
        statement = statement.join_from(IdeaTag, Idea, Idea.id == IdeaTag.idea_id)
    return statement.where(IdeaTag.tag_id == sa.bindparam("tag_id"), IdeaTag.is_public)


def _of_ideas(shape: _Shape, column: Any) -> sa.Select[Any]:
    columns = {"card": _CARD, "key": (Idea.id,), "tally": _TALLY}[shape.what]
    statement = sa.select(*columns, column.label("sort_key"))
    if shape.what == "card":
        statement = statement.join_from(Idea, User, User.id == Idea.author_id)
    if shape.sort == "consensus":  # the ideas that its last run ranked
        statement = statement.join(ConsensusScore, ConsensusScore.idea_id == Idea.id)
        statement = statement.where(ConsensusScore.run_id == _LAST_RUN)
    if "tag_id" in shape.named:
        statement = statement.join(IdeaTag, IdeaTag.idea_id == Idea.id).where(IdeaTag.tag_id == sa.bindparam("tag_id"))
    if not shape.in_track:
        return statement.where(Idea.is_listed if "community_id" in shape.named else Idea.is_public)
    if "community_id" not in shape.named:  # is_public tells only about what is listed
        statement = statement.where(Idea.community_id.in_(_PUBLIC))
    return statement.where(Idea.state == sa.bindparam("state"))


def _is_of_tag(shape: _Shape) -> bool:
    """Is this a list of a tag over the whole forum?"""
    is_of_forum = "tag_id" in shape.named and _BESIDE_TAG.issuperset(shape.named) and not shape.in_track
    return is_of_forum and shape.sort in SORTS


def _order(shape: _Shape, column: Any, number: Any) -> tuple[Any, Any]:
    return (column, number) if shape.sort == "random" else (column.desc(), number.desc())


def _behind(shape: _Shape, column: Any, number: Any) -> sa.ColumnElement[bool]:
    descending = shape.sort != "random"
    value: Any = sa.bindparam("after_key", type_=column.type)
    last: Any = sa.bindparam("after_id")
    if shape.after == "behind":
        return after_key({column: value, number: last}, descending=descending)
    if shape.after == "next":
        return sa.and_(column < value if descending else column > value)
    return sa.and_(column == value, number < last if descending else number > last)


def find(db: Connection, filters: Filters, *, after: str | None = None, limit: int = PAGE) -> Listing:
    """One page of ideas. `after` is the `next_after` of the page before. Ties: the idea posted later comes first.

    Asks no rights: without `community_id` it shows what is public; with one, the caller has loaded that community for
    the person. Invalid when the sort or the key is none of ours.
    """
    if filters.sort not in SORTS:
        raise Invalid({"sort": "There is no such order."})
    if filters.sort == "random":
        return _random(db, filters, after, limit)
    rows = _fetch(db, filters, _read_key(filters.sort, after), limit + 1)
    more = len(rows) > limit
    return Listing(rows[:limit], _key(rows[limit - 1]) if more else None)


def walk(db: Connection, filters: Filters, *, after: str | None = None, most: int | None = None) -> Iterator[list[int]]:
    """The ids of a whole list in its order, STEP at a time, at most `most`: for files."""
    key, left = (None if filters.sort == "random" else _read_key(filters.sort, after)), most
    while left is None or left > 0:
        step = STEP if left is None else min(STEP, left)
        if filters.sort == "random":
            listing = _random(db, filters, after, step)
            yield [row.id for row in listing.rows]
            if listing.next_after is None:
                return
            after, left = listing.next_after, None if left is None else left - step
            continue
        rows = _fetch(db, filters, key, step, what="key")
        if rows:
            yield [row.id for row in rows]
        if len(rows) < step:
            return
        key = rows[-1].sort_key, rows[-1].id
        left = None if left is None else left - step


def keys(db: Connection, filters: Filters, *, step: int = STEP) -> Iterator[tuple[Any, int]]:
    """What orders a whole list, and the ids: (value of the order column, idea id), `step` at a time. Not for random."""
    return ((row.sort_key, row.id) for row in _every(db, filters, "key", step))


def tallies(db: Connection, filters: Filters, *, step: int = 10 * STEP) -> Iterator[Any]:
    """Every idea of a list with its counts and its moment (see _TALLY), the highest number first."""
    return _every(db, replace(filters, sort="number"), "tally", step)


def _every(db: Connection, filters: Filters, what: str, step: int) -> Iterator[Any]:
    key: tuple[Any, int] | None = None
    while rows := _fetch(db, filters, key, step, what=what):
        yield from rows
        if len(rows) < step:
            return
        key = rows[-1].sort_key, rows[-1].id


def _fetch(
    db: Connection, filters: Filters, key: tuple[Any, int] | None, most: int, *, what: str = "card"
) -> list[Any]:
    values = _values(filters)
    shape = _Shape(filters.sort, tuple(values), filters.state != "published", what=what)
    parameters: dict[str, Any] = {**values, "most": most, "state": filters.state}
    if "author_kind" in values:
        parameters["is_by_employee"] = values["author_kind"] == "employee"
    if key is None:
        return _statement(shape).all(db, parameters)
    parameters["after_key"], parameters["after_id"] = key
    if not is_sqlite(db):
        return _statement(replace(shape, after="behind")).all(db, parameters)
    # SQLite seeks a pair by its first value alone, and would walk through all the ideas that share it.
    rows = _statement(replace(shape, after="tied")).all(db, parameters)
    if len(rows) < most:
        rows += _statement(replace(shape, after="next")).all(db, {**parameters, "most": most - len(rows)})
    return rows


def _values(filters: Filters) -> Mapping[str, Any]:
    names = ("community_id", "tag_id", "agency_id", "theme_id", "status", "author_kind", "author_id", "since", "until")
    return {name: value for name in names if (value := getattr(filters, name)) is not None}


def _key(row: Any) -> str:
    value = row.sort_key
    return f"{to_microseconds(value) if isinstance(value, datetime) else value}_{row.id}"


def _read_key(sort: str, after: str | None) -> tuple[Any, int] | None:
    if not after:
        return None
    try:
        value, idea_id = after.split("_")
        if sort == "newest":
            return from_microseconds(int(value)), int(idea_id)
        if sort in ("top", "discussed", "random"):
            return int(value), int(idea_id)
        return float(value), int(idea_id)
    except (ValueError, OverflowError):
        raise Invalid({"after": "This page key is not one of ours. Start again from the first page."}) from None


def _random(db: Connection, filters: Filters, after: str | None, limit: int) -> Listing:
    """From a random place once around the circle; the place is part of the key, so that paging is stable."""
    start, rest = None, after
    if after:
        start_text, _, rest = after.partition("~")
        start = _read_key("random", f"{start_text}_0")
    origin = start[0] if start else random.randrange(SHUFFLE_RANGE)  # noqa: S311 - an order, not a secret
    wrapped = bool(rest and rest.startswith("w"))
    key = _read_key("random", rest.lstrip("w")) if rest else (origin, -1)
    rows: list[Any] = []
    if not wrapped:
        rows = [(row, "") for row in _fetch(db, filters, key, limit + 1)]
        key = (-1, -1)
    if len(rows) <= limit:
        others = _fetch(db, filters, key, limit + 1 - len(rows))
        rows += [(row, "w") for row in others if row.sort_key < origin]
    more = len(rows) > limit
    last = f"{origin}~{rows[limit - 1][1]}{_key(rows[limit - 1][0])}" if more else None
    return Listing([row for row, _ in rows[:limit]], last)


def with_sort(filters: Filters, sort: str) -> Filters:
    """The same filters in another order."""
    return replace(filters, sort=sort)
