"""The figures of the ranking laboratory, counted on large forums by a process of its own."""

from forum.db import Database
from forum.domain.rankings import participation
from forum.jobs.apart import Apart

COUNTING = Apart("figures")


def count(database: Database) -> None:
    """On a large forum: start `forum figures`. A small one counts when somebody asks."""
    with database.reading() as db:
        if not participation.is_large(db):
            return
    COUNTING.start(database)
