"""Housekeeping: what is done now and then, whoever visits: forgetting what need not be kept, tidying the database."""

import time
import traceback
from collections.abc import Callable, Mapping

import structlog

from forum.db import Connection, Database, is_sqlite
from forum.domain import drafts, limits, mails, sessions

LOG = structlog.get_logger("forum.schedule")
Chore = Callable[[Connection], object]


def tidy(db: Connection) -> None:
    """Let SQLite look again at how its tables are filled, where that has changed; PostgreSQL does so by itself."""
    if is_sqlite(db):
        db.exec_driver_sql("PRAGMA analysis_limit=400")
        db.exec_driver_sql("PRAGMA optimize")


CHORES: Mapping[str, tuple[float, Chore]] = {
    # name: (seconds between two times, what to do in one transaction)
    "limits": (300.0, limits.forget),
    "sessions": (300.0, sessions.forget),
    "drafts": (3600.0, drafts.forget),
    "mails": (300.0, mails.forget),
    "statistics": (3600.0, tidy),
}


class Schedule:
    """One worker's housekeeping. Several workers may do the same: every chore is safe to repeat."""

    def __init__(self, database: Database, chores: Mapping[str, tuple[float, Chore]] = CHORES) -> None:
        self._database, self._chores = database, chores
        begun = time.monotonic()
        self._due = {name: begun + min(seconds, 60.0) for name, (seconds, _) in chores.items()}

    def run(self) -> list[str]:
        """Do what is due, each in a transaction of its own; the names of what was done. One failure stops no other."""
        done = []
        for name, (seconds, chore) in self._chores.items():
            if time.monotonic() < self._due[name]:
                continue
            self._due[name] = time.monotonic() + seconds
            try:
                self._database.write(chore)
            except Exception:
                LOG.error("housekeeping failed", chore=name, trace=traceback.format_exc())
            else:
                done.append(name)
        return done
