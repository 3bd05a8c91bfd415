"""The snapshot whose ideas a directive answers: which there are, and which ideas stand in the chosen one."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import snapshots
from forum.domain.directives import writing
from forum.domain.errors import Invalid, NotFound
from forum.domain.people import Person
from forum.domain.snapshots import SnapshotView
from forum.models import SnapshotIdea

MOST = 1_000  # ideas of a snapshot that a directive answers; a longer one counts down to here

_RANKS = (
    sa.select(SnapshotIdea.rank, SnapshotIdea.idea_id)
    .where(SnapshotIdea.number == sa.bindparam("number"))
    .order_by(SnapshotIdea.rank)
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A snapshot as a directive names it."""

    number: int
    label: str
    path: str


def offered(db: Connection) -> list[Chosen]:
    """The snapshots that can be chosen, the newest first."""
    return [_chosen(one) for one in snapshots.listing(db)]


def chosen(db: Connection, number: int | None) -> Chosen | None:
    """The chosen snapshot; None if none is, or if it is not there."""
    try:
        return None if number is None else _chosen(snapshots.get(db, number))
    except NotFound:
        return None


def _chosen(one: SnapshotView) -> Chosen:
    return Chosen(one.number, f"Snapshot {one.number}: {one.title}", one.path)


def ranks(db: Connection, number: int | None) -> Sequence[tuple[int, int]]:
    """(rank, idea) of the chosen snapshot, in order; at most MOST."""
    if number is None:
        return []
    return [(row.rank, row.idea_id) for row in db.execute(_RANKS, {"number": number})]


def choose(db: Connection, user: Person | None, directive_id: int, number: str) -> Chosen | None:
    """Say whose ideas a directive answers, as long as it is in drafting; an empty choice is none. Invalid for one that
    is not there."""
    found = next((one for one in offered(db) if str(one.number) == number), None)
    if found is None and number:
        raise Invalid({"snapshot": "Please choose one of the list."})
    writing.choose_snapshot(db, user, directive_id, found.number if found else None)
    return found
