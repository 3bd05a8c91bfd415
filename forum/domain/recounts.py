"""Recounts: every stored count and order column made anew from the rows it stands for, in bounded batches.

A batch locks its rows before it counts: a vote that comes in meanwhile waits, and then adds to the mended figure.
Batches may be committed one by one: each leaves its own rows right.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, lock_row
from forum.domain import ranking, tags
from forum.models import (
    Case,
    Comment,
    CommentAgreement,
    Community,
    CommunityMember,
    Idea,
    IdeaTag,
    Notification,
    RecommendationComment,
    Report,
    StaleRank,
    Tag,
    User,
    Vote,
    VoteAside,
)

BATCH = 1000
CLOSE = 1e-9  # order columns that differ by less are equal: databases may round the last digit their own way

Counts = dict[int, dict[str, Any]]
_SIDES = ("up", "down", "employee_up", "employee_down")


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored figure that is not what its rows say."""

    kind: str
    id: int
    column: str
    stored: int | float
    counted: int | float


@dataclass(frozen=True, slots=True)
class _Kind:
    """One table with stored counts: what is read, how it is counted (rows and ids → id → column → figure)."""

    table: type[Any]
    columns: tuple[str, ...]
    count: Callable[[Connection, Mapping[int, Any], dict[str, Any]], Counts]
    extra: tuple[Any, ...] = ()


_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)


def _number(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))


_VOTES = (
    sa.select(
        Vote.idea_id.label("id"),
        _number(Vote.value == 1).label("up"),
        _number(Vote.value == -1).label("down"),
        _number(sa.and_(Vote.value == 1, Vote.is_employee)).label("employee_up"),
        _number(sa.and_(Vote.value == -1, Vote.is_employee)).label("employee_down"),
    )
    .where(Vote.idea_id.in_(_IDS))
    .group_by(Vote.idea_id)
)


_marks = sa.select(VoteAside.idea_id, VoteAside.user_id).where(VoteAside.idea_id.in_(_IDS)).distinct().subquery("marks")
_ASIDE = (
    sa.select(
        _marks.c.idea_id.label("id"),
        _number(Vote.value == 1).label("up"),
        _number(Vote.value == -1).label("down"),
        _number(sa.and_(Vote.value == 1, Vote.is_employee)).label("employee_up"),
        _number(sa.and_(Vote.value == -1, Vote.is_employee)).label("employee_down"),
    )
    .select_from(_marks)
    .outerjoin(Vote, sa.and_(Vote.idea_id == _marks.c.idea_id, Vote.user_id == _marks.c.user_id))
    .group_by(_marks.c.idea_id)
)


def _counting(key: Any, *conditions: Any, join: Any = None) -> sa.Select[Any]:
    """How many rows there are for each of these ids."""
    statement = sa.select(key.label("id"), sa.func.count().label("figure")).where(key.in_(_IDS), *conditions)
    if join is not None:
        statement = statement.join_from(*join)
    return statement.group_by(key)


_COMMENTS = _counting(Comment.idea_id, Comment.state == "published")
_AGREEMENTS = _counting(CommentAgreement.comment_id)
_STALE = sa.select(StaleRank.idea_id).where(StaleRank.idea_id.in_(_IDS))
_LISTED = _counting(Idea.community_id, Idea.is_listed)
_MEMBERS = _counting(CommunityMember.community_id)
_TAGGED = _counting(IdeaTag.tag_id, Idea.is_listed, join=(IdeaTag, Idea, Idea.id == IdeaTag.idea_id))
_UNREAD = _counting(Notification.user_id, Notification.read_at.is_(None))
_KEPT_IDEAS = _counting(Idea.author_id, Idea.state == "published")
_KEPT_COMMENTS = _counting(Comment.author_id, Comment.state == "published")
_KEPT_REMARKS = _counting(RecommendationComment.author_id, RecommendationComment.state == "published")
_REPORTS = _counting(Report.case_id)


def _figures(db: Connection, statement: sa.Select[Any], ids: dict[str, Any]) -> dict[int, int]:
    return {row.id: row.figure for row in db.execute(statement, ids)}


def _simply(**statements: sa.Select[Any]) -> Callable[[Connection, Mapping[int, Any], dict[str, Any]], Counts]:
    """Columns that are each the number of rows of one statement."""

    def count(db: Connection, rows: Mapping[int, Any], ids: dict[str, Any]) -> Counts:
        found = {column: _figures(db, statement, ids) for column, statement in statements.items()}
        return {key: {column: figures.get(key, 0) for column, figures in found.items()} for key in rows}

    return count


def _count_ideas(db: Connection, rows: Mapping[int, Any], ids: dict[str, Any]) -> Counts:
    votes = {row.id: row for row in db.execute(_VOTES, ids)}
    asides = {row.id: row for row in db.execute(_ASIDE, ids)}
    comments = _figures(db, _COMMENTS, ids)
    counts: Counts = {}
    for key, row in rows.items():
        cast, aside = votes.get(key), asides.get(key)
        figures = {name: int(getattr(cast, name, 0)) - int(getattr(aside, name, 0)) for name in _SIDES}
        up, down = row.imported_up + figures["up"], row.imported_down + figures["down"]
        counts[key] = {
            "up": up,
            "down": down,
            "employee_up": figures["employee_up"],
            "employee_down": figures["employee_down"],
            "aside_up": int(aside.up) if aside else 0,
            "aside_down": int(aside.down) if aside else 0,
            "has_asides": aside is not None,
            "comment_count": comments.get(key, 0),
            **ranking.ranks(up, down, row.created_at)._asdict(),
        }
    return counts


def _yet_to_settle(db: Connection, kind: str, ids: dict[str, Any]) -> set[int]:
    return set(db.execute(_STALE, ids).scalars()) if kind == "ideas" else set()


def _count_users(db: Connection, rows: Mapping[int, Any], ids: dict[str, Any]) -> Counts:
    unread = _figures(db, _UNREAD, ids)
    kept = [_figures(db, statement, ids) for statement in (_KEPT_IDEAS, _KEPT_COMMENTS, _KEPT_REMARKS)]
    return {
        key: {"unread_count": unread.get(key, 0), "kept_count": sum(figures.get(key, 0) for figures in kept)}
        for key in rows
    }


_IDEA_COLUMNS = (
    *_SIDES, "aside_up", "aside_down", "has_asides", "comment_count", *ranking.Ranks._fields,
)  # fmt: skip
_KINDS: dict[str, _Kind] = {
    "ideas": _Kind(Idea, _IDEA_COLUMNS, _count_ideas, (Idea.imported_up, Idea.imported_down, Idea.created_at)),
    "comments": _Kind(Comment, ("agree_count",), _simply(agree_count=_AGREEMENTS)),
    "communities": _Kind(Community, ("idea_count", "member_count"), _simply(idea_count=_LISTED, member_count=_MEMBERS)),
    "tags": _Kind(Tag, ("idea_count",), _simply(idea_count=_TAGGED)),
    "users": _Kind(User, ("unread_count", "kept_count"), _count_users),
    "cases": _Kind(Case, ("report_count",), _simply(report_count=_REPORTS)),
}
KINDS = tuple(_KINDS)
"""Tables with stored counts, in the order in which they are recounted."""
TABLES = {name: kind.table for name, kind in _KINDS.items()}


def _next_statement(kind: _Kind) -> sa.Select[Any]:
    key = kind.table.id
    return sa.select(key).where(key > sa.bindparam("after")).order_by(key).limit(sa.bindparam("most"))


def _stored_statement(kind: _Kind) -> sa.Select[Any]:
    columns = [getattr(kind.table, name) for name in kind.columns]
    return sa.select(kind.table.id, *columns, *kind.extra).where(kind.table.id.in_(_IDS)).order_by(kind.table.id)


_NEXT = {name: _next_statement(kind) for name, kind in _KINDS.items()}
_STORED = {name: _stored_statement(kind) for name, kind in _KINDS.items()}
_LOCKED = {name: lock_row(statement) for name, statement in _STORED.items()}
_MEND = {
    name: sa.update(kind.table)
    .where(kind.table.id == sa.bindparam("the_id"))
    .values({column: sa.bindparam(f"new_{column}") for column in kind.columns})
    for name, kind in _KINDS.items()
}


def next_ids(db: Connection, kind: str, after: int = 0, *, most: int = BATCH) -> list[int]:
    """The next ids of a table of KINDS, in order; empty behind the last one."""
    return list(db.execute(_NEXT[kind], {"after": after, "most": most}).scalars())


def check(db: Connection, kind: str, ids: Sequence[int]) -> list[Difference]:
    """What is wrong in these rows. Changes nothing."""
    return _compare(db, kind, ids, _STORED[kind])[0] + _strayed(db, kind, ids)


def mend(db: Connection, kind: str, ids: Sequence[int]) -> list[Difference]:
    """Put these rows right; what was wrong with them."""
    differences, counts = _compare(db, kind, ids, _LOCKED[kind])
    if differences:
        wrong = dict.fromkeys(difference.id for difference in differences)
        values = [
            {"the_id": key, **{f"new_{column}": figure for column, figure in counts[key].items()}} for key in wrong
        ]
        db.execute(_MEND[kind], values)
    if strayed := _strayed(db, kind, ids):
        tags.bring_back(db, ids)
    return differences + strayed


def mend_all(db: Connection, kinds: Iterable[str] = KINDS) -> list[Difference]:
    """Put every row of these tables right in one transaction: for loaders. Operators go batch by batch."""
    found: list[Difference] = []
    for kind in kinds:
        after = 0
        while ids := next_ids(db, kind, after):
            found += mend(db, kind, ids)
            after = ids[-1]
    return found


def mend_some(db: Connection, kind: str, ids: Iterable[int]) -> None:
    """Put these rows right, however many there are, in the order of their ids."""
    for part in _parts(sorted(ids)):
        mend(db, kind, part)


def _strayed(db: Connection, kind: str, ids: Sequence[int]) -> list[Difference]:
    """What the lists of tags repeat wrongly of ideas."""
    found = tags.strayed(db, ids) if kind == "ideas" else ()
    return [Difference(kind, key, f"{column} in the lists of its tags", *figures) for key, column, *figures in found]


def _parts(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while part := list(islice(rest, BATCH)):
        yield part


def _compare(
    db: Connection, kind: str, ids: Sequence[int], statement: sa.Select[Any]
) -> tuple[list[Difference], Counts]:
    parameters = {"ids": list(ids)}
    rows = {row.id: row for row in db.execute(statement, parameters)}
    counts = _KINDS[kind].count(db, rows, parameters) if rows else {}
    later = _yet_to_settle(db, kind, parameters)
    differences = [
        Difference(kind, key, column, getattr(rows[key], column), figure)
        for key, figures in counts.items()
        for column, figure in figures.items()
        if abs(getattr(rows[key], column) - figure) > CLOSE and not (key in later and column in ranking.Ranks._fields)
    ]
    return differences, counts
