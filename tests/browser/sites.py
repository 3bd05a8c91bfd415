"""Running sites for the browser tests: `forum serve` as a real program on a database of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from tests import postgres

ROOT = Path(__file__).resolve().parents[2]
Kind = Literal["sqlite", "postgresql"]
START_SECONDS = 60
STOP_SECONDS = 20


@dataclass
class Site:
    """A site that runs: where it is, what it keeps, and how to end it."""

    url: str
    kind: Kind
    database_url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def forum(self, *arguments: str) -> str:
        """Run a `forum` command on this site's database; what it printed."""
        return forum(self.database_url, self.folder, *arguments)

    def mails(self) -> list[str]:
        """The mails written so far, oldest first, as they would go out."""
        written = (path for path in (self.folder / "mail").rglob("*") if path.is_file())
        return [path.read_text(encoding="utf-8") for path in sorted(written, key=lambda path: path.stat().st_mtime_ns)]

    def log(self) -> str:
        """What the site's program printed so far."""
        return (self.folder / "serve.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Ask the program to end (SIGTERM) and wait for its exit code. Raises TimeoutExpired if it does not end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def forum(database_url: str, folder: Path, *arguments: str) -> str:
    """Run a `forum` command on a database, with its files in `folder`. Raises RuntimeError with what it printed."""
    result = subprocess.run(
        [sys.executable, "-m", "forum", *arguments],
        cwd=ROOT,
        env=_variables(database_url, folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"forum {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def start(kind: Kind, database_url: str, folder: Path, *, workers: int = 1, **variables: str) -> Site:
    """Serve a migrated database on a free port and wait until it answers. More variables may be given by name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = ["serve", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "forum", *command],
            cwd=ROOT,
            env=_variables(database_url, folder) | {"FORUM_BASE_URL": url} | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    site = Site(url, kind, database_url, folder, process)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(f"{url}/healthz"):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise RuntimeError(f"The site did not start (exit code {process.returncode}):\n{site.log()[-4000:]}")
        time.sleep(0.05)
    return site


def database(kind: Kind, folder: Path, *, demo: bool = True) -> str:
    """The address of a new migrated database, with the demo in it or empty. It is made once a run and then copied."""
    name = "demo" if demo else "empty"
    if kind == "postgresql":
        return postgres.create_database(postgres.template(f"site-{name}", partial(_fill, folder, demo)))
    source = postgres.shared(f"site-{name}-sqlite", partial(_new_sqlite, name, demo))
    shutil.copyfile(source, folder / "forum.db")
    return f"sqlite:///{folder / 'forum.db'}"


def _new_sqlite(name: str, demo: bool) -> str:
    folder = postgres.begin_run() / f"site-{name}"
    folder.mkdir(exist_ok=True)
    _fill(folder, demo, f"sqlite:///{folder / 'forum.db'}")
    return str(folder / "forum.db")


def _fill(folder: Path, demo: bool, database_url: str) -> None:
    forum(database_url, folder, "migrate")
    if demo:
        forum(database_url, folder, "demo")


def _variables(database_url: str, folder: Path) -> dict[str, str]:
    """The environment of the site's program: ours without the settings of a site that somebody runs here."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FORUM_") and name != "PORT"}
    return ours | {
        "FORUM_DATABASE_URL": database_url,
        "FORUM_DATA": str(folder),
        "FORUM_MAIL_FOLDER": str(folder / "mail"),
        "FORUM_SECRET": "a secret that only the tests know, 32 bytes or more",
        "PYTHONUNBUFFERED": "1",
    }


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


StartSite = Callable[..., Site]
