"""Themes made anew when enough ideas are new: by a process of its own, so that no page and no mail waits for it."""

from forum.db import Database
from forum.domain import themes
from forum.jobs.apart import Apart

MAKING = Apart("themes", "--if-due")


def regroup(database: Database) -> None:
    """Start `forum themes --if-due` if it is due (see themes.due) and none that was started here still runs.

    Two workers may both start one: the table of runs lets one of them work.
    """
    if MAKING.is_running():
        return
    with database.reading() as db:
        if not themes.due(db):
            return
    MAKING.start(database)
