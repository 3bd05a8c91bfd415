"""The snapshot whose ideas a directive answers: which there are, and which ideas stand in the chosen one."""

from collections.abc import Sequence
from dataclasses import dataclass

from forum.db import Connection


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
