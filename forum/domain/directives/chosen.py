"""The snapshot whose ideas a directive answers: which there are, and which ideas stand in the chosen one."""

from collections.abc import Sequence
from dataclasses import dataclass

from forum.db import Connection
from forum.domain.directives import writing
from forum.domain.errors import Invalid
from forum.domain.people import Person


@dataclass(frozen=True, slots=True)
class Chosen:
    """A snapshot as a directive names it."""

    id: int
    label: str
    path: str


def offered(db: Connection) -> list[Chosen]:
    """The snapshots that can be chosen, the newest first."""
    return []


def chosen(db: Connection, snapshot_id: int | None) -> Chosen | None:
    """The chosen snapshot; None if none is."""
    return None


def ranks(db: Connection, snapshot_id: int | None) -> Sequence[tuple[int, int]]:
    """(rank, idea) of the chosen snapshot, in order."""
    return []


def choose(db: Connection, user: Person | None, directive_id: int, snapshot_id: str) -> Chosen | None:
    """Say whose ideas a directive answers, as long as it is in drafting; an empty choice is none. Invalid for one that
    is not there."""
    found = next((one for one in offered(db) if str(one.id) == snapshot_id), None)
    if found is None and snapshot_id:
        raise Invalid({"snapshot": "Please choose one of the list."})
    writing.choose_snapshot(db, user, directive_id, found.id if found else None)
    return found
