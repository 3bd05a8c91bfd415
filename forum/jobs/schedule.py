"""Housekeeping: what is done now and then, whoever visits: forgetting what need not be kept, tidying the database."""

import traceback
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic, sleep

from forum.db import Connection, Database, is_sqlite
from forum.domain import (
    codes,
    drafts,
    exports,
    limits,
    mails,
    merges,
    repeats,
    search,
    sessions,
    settling,
    spam,
    summaries,
    suspensions,
    trust,
    waves,
)
from forum.jobs import figures, themes
from forum.jobs.consensus import Keeper
from forum.logs import Log

LOG = Log("forum.schedule")
Chore = Callable[[Connection], object]
Walk = Callable[[Database], object]
TURN = 0.1  # seconds between two turns of what votes have left


def tidy(db: Connection) -> None:
    """Let SQLite look again at how its tables are filled, where that has changed; PostgreSQL does so by itself."""
    if is_sqlite(db):
        db.exec_driver_sql("PRAGMA analysis_limit=400")
        db.exec_driver_sql("PRAGMA optimize")


CHORES: Mapping[str, tuple[float, Chore]] = {
    # name: (seconds between two times, what to do in one transaction)
    "limits": (300.0, limits.forget),
    "sessions": (300.0, sessions.forget),
    "codes": (300.0, codes.forget),
    "drafts": (3600.0, drafts.forget),
    "post keys": (300.0, repeats.forget),
    "files": (3600.0, exports.forget),
    "mails": (300.0, mails.forget),
    "merges": (300.0, merges.call_back),
    "spam prints": (3600.0, spam.forget),
    "suspensions": (60.0, suspensions.end_due),
    "statistics": (3600.0, tidy),
}
"""What is done in one transaction."""


def count_words(database: Database) -> None:
    """Let the search count the words of new texts, some hundred a transaction."""
    while database.write(search.fold_in):
        pass


def grow_trust(database: Database) -> None:
    """Raise the trust of people whose time has come, a few a transaction."""
    after: int | None = 0
    while after is not None:
        after = database.write(partial(trust.grow, after=after, most=50))


def tell_queues(database: Database) -> None:
    """Tell everybody with a queue what waits in it, once a day, some people a transaction."""
    after: int | None = 0
    while after is not None:
        after = database.write(partial(summaries.tell, after=after))


def settle_ranks(database: Database) -> None:
    """Settle what a server left that was ended in the midst of votes, in turns that leave time for votes."""
    while database.write(settling.settle):
        sleep(TURN)


def watch_for_waves(database: Database) -> None:
    """Look at every new idea and comment, some hundred a time."""
    while waves.look_at_new(database):
        pass
    while waves.look_at_comments(database):
        pass


def forget_prints(database: Database) -> None:
    """Drop what the watch knew of posts that are weeks old, some thousand a transaction."""
    while database.write(waves.forget):
        pass
    database.write(waves.forget_comments)


WALKS: Mapping[str, tuple[float, Walk]] = {
    # name: (seconds between two times, what to do in many short transactions)
    "ranks": (60.0, settle_ranks),
    "words": (30.0, count_words),
    "spam lessons": (15.0, spam.learn_new),
    "waves": (10.0, watch_for_waves),  # a wave is a case within a minute of its first posts
    "prints": (3600.0, forget_prints),
    "trust": (3600.0, grow_trust),
    "queues": (900.0, tell_queues),
    "themes": (1800.0, themes.regroup),
    "consensus": (600.0, Keeper().keep_fresh),
    "figures": (3600.0, figures.count),
}
"""What is done in many short transactions."""


class Schedule:
    """One worker's housekeeping. Several workers may do the same: everything here is safe to repeat."""

    def __init__(
        self,
        database: Database,
        chores: Mapping[str, tuple[float, Chore]] = CHORES,
        walks: Mapping[str, tuple[float, Walk]] = WALKS,
    ) -> None:
        self._database = database
        self._jobs = {name: (seconds, self._in_one(chore)) for name, (seconds, chore) in chores.items()}
        self._jobs |= walks
        begun = monotonic()
        self._due = {name: begun + min(seconds, 60.0) for name, (seconds, _) in self._jobs.items()}

    @staticmethod
    def _in_one(chore: Chore) -> Walk:
        return lambda database: database.write(chore)

    def run(self) -> list[str]:
        """Do what is due; the names of what was done. One failure stops no other."""
        done = []
        for name, (seconds, job) in self._jobs.items():
            if monotonic() < self._due[name]:
                continue
            self._due[name] = monotonic() + seconds
            try:
                job(self._database)
            except Exception:
                LOG.error("housekeeping failed", job=name, trace=traceback.format_exc())
            else:
                done.append(name)
        return done
