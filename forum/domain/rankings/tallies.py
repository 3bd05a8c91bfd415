"""Tallies counted anew: by kind of voter, by confirmed accounts only, with the votes that were set aside.

Nearly all votes stand in the counts of the ideas. Only what these can't tell is read from the votes: the votes of
accounts without a confirmed address (taken away) and the votes set aside (added).
"""

from collections.abc import Iterator
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
    sa.select(*_FIGURES)
    .join_from(User, Vote, Vote.user_id == User.id)
    .where(User.email_confirmed_at.is_(None), ~asides.holds(Vote))
    .group_by(Vote.idea_id)
)
_marks = sa.select(VoteAside.idea_id, VoteAside.user_id).distinct().subquery("marks")
_ASIDE = (
    sa.select(*_FIGURES)
    .join_from(_marks, Vote, sa.and_(Vote.idea_id == _marks.c.idea_id, Vote.user_id == _marks.c.user_id))
    .group_by(Vote.idea_id)
)
_ASIDE_CONFIRMED = _ASIDE.join(User, User.id == Vote.user_id).where(User.email_confirmed_at.is_not(None))


class Counter:
    """Counts the ideas of one selection: `of(row)` for a row with COLUMNS and `id`."""

    def __init__(self, db: Connection, selection: Selection) -> None:
        """Reads at once what the counts of ideas do not tell: an entry for each idea that has such votes."""
        self._selection = selection
        more = (_ASIDE_CONFIRMED if selection.confirmed else _ASIDE) if selection.aside else None
        self._more = dict(_parts(db, more))
        self._less = dict(_parts(db, _UNCONFIRMED if selection.confirmed else None))

    def of(self, row: Any) -> Tally:
        """The votes for and against this idea that count."""
        selection = self._selection
        parts = [
            (1, _Part(row.up - row.imported_up, row.down - row.imported_down, row.employee_up, row.employee_down)),
            (1, self._more.get(row.id, _NONE)),
            (-1, self._less.get(row.id, _NONE)),
        ]
        up = sum(sign * _voters(selection.voters, part.up, part.employee_up) for sign, part in parts)
        down = sum(sign * _voters(selection.voters, part.down, part.employee_down) for sign, part in parts)
        if selection.voters or selection.confirmed:
            return Tally(up, down)
        return Tally(up, down, row.imported_up, row.imported_down)


_NONE = _Part(0, 0, 0, 0)


def _voters(kind: str, everyone: int, employees: int) -> int:
    return {"": everyone, "employee": employees, "citizen": everyone - employees}[kind]


def _parts(db: Connection, statement: sa.Select[Any] | None) -> Iterator[tuple[int, _Part]]:
    if statement is None:
        return
    for row in db.execute(statement):
        yield row.id, _Part(int(row.up), int(row.down), int(row.employee_up), int(row.employee_down))
