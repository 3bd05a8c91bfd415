"""Tallies counted anew: by kind of voter, by confirmed accounts only, with the votes that were set aside.

Nearly all votes stand in the counts of the ideas. Only what these can't tell is read from the votes: the votes of
accounts without a confirmed address (taken away) and the votes set aside (added).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import asides
from forum.domain.rankings.selections import Selection
from forum.models import Idea, User, Vote, VoteAside


class Tally(NamedTuple):
    """Votes of one idea that count in a selection: cast here, and in totals that came without voters."""

    cast_up: int
    cast_down: int
    imported_up: int = 0
    imported_down: int = 0

    @property
    def up(self) -> int:
        return self.cast_up + self.imported_up

    @property
    def down(self) -> int:
        return self.cast_down + self.imported_down


class _Part(NamedTuple):
    """Votes of one idea that were read from the votes."""

    up: int
    down: int
    employee_up: int
    employee_down: int


COLUMNS = (
    Idea.up,
    Idea.down,
    Idea.employee_up,
    Idea.employee_down,
    Idea.imported_up,
    Idea.imported_down,
)
"""What of an idea a tally is made of."""


def _number(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))


_FIGURES = (
    Vote.idea_id.label("id"),
    _number(Vote.value == 1).label("up"),
    _number(Vote.value == -1).label("down"),
    _number(sa.and_(Vote.value == 1, Vote.is_employee)).label("employee_up"),
    _number(sa.and_(Vote.value == -1, Vote.is_employee)).label("employee_down"),
)
_UNCONFIRMED = (
    sa.select(User.id)
    .where(User.email_confirmed_at.is_(None), User.id > sa.bindparam("after"))
    .order_by(User.id)
    .limit(sa.bindparam("most"))
)
_OF_PEOPLE = (
    sa.select(*_FIGURES)
    .where(Vote.user_id.in_(sa.bindparam("ids", expanding=True)), ~asides.holds(Vote))
    .group_by(Vote.idea_id)
)
_marks = sa.select(VoteAside.idea_id, VoteAside.user_id).distinct().subquery("marks")
_ASIDE = sa.select(Vote.idea_id.label("id"), Vote.value, Vote.is_employee).join_from(
    _marks, Vote, sa.and_(Vote.idea_id == _marks.c.idea_id, Vote.user_id == _marks.c.user_id)
)
_ASIDE_CONFIRMED = _ASIDE.join(User, User.id == Vote.user_id).where(User.email_confirmed_at.is_not(None))
PEOPLE = 1_000  # whose votes are read with one statement


class Counter:
    """Counts the ideas of one selection: `of(row)` for a row with COLUMNS and `id`."""

    def __init__(self, db: Connection, selection: Selection) -> None:
        """Reads at once what the counts of ideas do not tell: an entry for each idea that has such votes."""
        self._more = _aside(db, selection.confirmed) if selection.aside else {}
        self._less = _unconfirmed(db) if selection.confirmed else {}
        self._voters = selection.voters
        self._has_totals = not (selection.voters or selection.confirmed)

    def of(self, row: Any) -> Tally:
        """The votes for and against this idea that count."""
        up, down = row.up - row.imported_up, row.down - row.imported_down
        employee_up, employee_down = row.employee_up, row.employee_down
        if more := self._more.get(row.id):
            up, down = up + more.up, down + more.down
            employee_up, employee_down = employee_up + more.employee_up, employee_down + more.employee_down
        if less := self._less.get(row.id):
            up, down = up - less.up, down - less.down
            employee_up, employee_down = employee_up - less.employee_up, employee_down - less.employee_down
        if self._voters == "employee":
            up, down = employee_up, employee_down
        elif self._voters == "citizen":
            up, down = up - employee_up, down - employee_down
        if self._has_totals:
            return Tally(up, down, row.imported_up, row.imported_down)
        return Tally(up, down)


def _unconfirmed(db: Connection) -> dict[int, _Part]:
    """Idea id → votes that count, of accounts without a confirmed address. Person by person: they are few."""
    found: dict[int, _Part] = {}
    after = 0
    while ids := list(db.execute(_UNCONFIRMED, {"after": after, "most": PEOPLE}).scalars()):
        for row in db.execute(_OF_PEOPLE, {"ids": ids}):
            _add(found, row.id, (row.up, row.down, row.employee_up, row.employee_down))
        after = ids[-1]
    return found


def _aside(db: Connection, confirmed: bool) -> dict[int, _Part]:
    """Idea id → votes that were set aside."""
    found: dict[int, _Part] = {}
    for row in db.execute(_ASIDE_CONFIRMED if confirmed else _ASIDE):
        up, down = int(row.value == 1), int(row.value == -1)
        _add(found, row.id, (up, down, up * row.is_employee, down * row.is_employee))
    return found


def _add(found: dict[int, _Part], idea_id: int, more: Sequence[int]) -> None:
    kept = found.get(idea_id)
    found[idea_id] = (
        _Part(*map(int, more)) if kept is None else _Part(*(a + int(b) for a, b in zip(kept, more, strict=True)))
    )
