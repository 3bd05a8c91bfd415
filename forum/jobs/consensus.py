"""Keeps the consensus ranking fresh: here while there are few votes, in a process of its own when there are many."""

from contextlib import suppress

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
        """Compute anew when a run is due. With many votes already the question is one for a process of its own."""
        if self._apart.is_running():
            return
        with database.reading() as db:
            if consensus.running(db):
                return
            is_large = consensus.has_more(db, FEW)
            is_due = not is_large and consensus.due(db).is_due
        if is_large:
            self._apart.start(database)  # it asks whether a run is due, which reads every vote
        elif is_due:
            with suppress(Conflict):  # another worker was quicker
                consensus.compute(database)
