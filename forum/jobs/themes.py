"""Themes made anew when enough ideas are new: by a process of its own, so that no page and no mail waits for it."""

import os
import subprocess
import sys
from pathlib import Path

import structlog

from forum.db import Database
from forum.domain import themes

LOG = structlog.get_logger("forum.themes")
ROOT = Path(__file__).resolve().parents[2]
_running: list[subprocess.Popen[bytes]] = []


def regroup(database: Database) -> None:
    """Start `forum themes --if-due` if it is due (see themes.due) and none that was started here still runs.

    Two workers may both start one: the table of runs lets one of them work.
    """
    for process in list(_running):
        if process.poll() is None:
            return
        _running.remove(process)
        if process.returncode:
            LOG.warning("themes were not made", code=process.returncode)
    with database.reading() as db:
        if not themes.due(db):
            return
    _running.append(
        subprocess.Popen(
            [sys.executable, "-m", "forum", "themes", "--if-due"],
            cwd=ROOT,
            env={**os.environ, "FORUM_DATABASE_URL": _url(database)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )


def wait(seconds: float) -> None:
    """Wait until what was started has ended. TimeoutExpired if it takes longer."""
    for process in _running:
        process.wait(seconds)


def _url(database: Database) -> str:
    """The address of the database, also from another folder."""
    if database.path is not None:
        return f"sqlite:///{database.path}"
    return database.url.render_as_string(hide_password=False)
