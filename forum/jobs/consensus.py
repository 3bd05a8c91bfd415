"""Keeps the consensus ranking fresh: here while there are few votes, in a process of its own when there are many."""

from forum.db import Database
from forum.domain import consensus
from forum.domain.errors import Conflict
from forum.jobs.apart import Apart

FEW = 200_000
"""Votes that are computed within a second or two, next to everything else that a worker does."""


class Keeper:
    """One worker's care for the consensus ranking. Several may do the same: only one run is made at a time."""

    def __init__(self) -> None:
        self._apart = Apart("consensus")

    def keep_fresh(self, database: Database) -> None:
        """Compute anew when a run is due. With many votes this begins a process and does not wait for it."""
        if self._apart.is_running():
            return
        with database.reading() as db:
            if consensus.running(db):
                return
            due = consensus.due(db)
        if not due.is_due:
            return
        if due.votes <= FEW:
            try:
                consensus.compute(database)
            except Conflict:
                return  # another worker was quicker
        else:
            self._apart.start(database)
