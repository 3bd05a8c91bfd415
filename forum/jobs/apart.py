"""Long work in a process of its own: no page and no mail waits for it, and its memory goes back when it ends."""

import os
import subprocess
import sys
from pathlib import Path

from forum.db import Database
from forum.logs import Log

PATIENCE = 10.0  # seconds that work is given to end when it is told to
LOG = Log("forum.apart")
ROOT = Path(__file__).resolve().parents[2]
# Everything else comes first: a command that is started here gets what time is left over.
_COMMAND = "import os, sys; os.nice(10); from forum.cli import main; sys.exit(main())"

_started: "list[Apart]" = []


class Apart:
    """One command of `forum` that a worker starts now and then, never twice at a time."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        """Does what was started here still run? Says in the log how the last one failed."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        if code:
            LOG.warning("work apart failed", command=self._arguments[0], code=code)
        self._process = None
        return False

    def start(self, database: Database) -> None:
        """Begin, unless it still runs, and do not wait."""
        if self.is_running():
            return
        if self not in _started:
            _started.append(self)
        self._process = subprocess.Popen(  # noqa: S603 - our own commands, never what somebody typed
            [sys.executable, "-c", _COMMAND, *self._arguments],
            cwd=ROOT,
            env={**os.environ, "FORUM_DATABASE_URL": _url(database)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self, seconds: float) -> None:
        """Wait until what was started has ended. TimeoutExpired if it takes longer."""
        if self._process:
            self._process.wait(seconds)

    def end(self) -> None:
        """End what still runs: it is done again when it is due, by whoever works then."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None


def end_all() -> None:
    """End everything that was started from this process: a worker leaves nothing running behind it."""
    for one in _started:
        one.end()


def _url(database: Database) -> str:
    """The address of the database, also from another folder."""
    if database.path is not None:
        return f"sqlite:///{database.path}"
    return database.url.render_as_string(hide_password=False)
