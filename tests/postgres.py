"""PostgreSQL for a test run with no manual step: one server for all test processes, and a database in milliseconds.

The process that pytest starts calls `begin_run` and `end_run`; its xdist workers find the run by an environment
variable. The server starts when a test first asks for it, so that tests without it pay nothing. TEST_DATABASE_URL
names another server to use instead; its user must be allowed to create databases.
"""

import atexit
import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString, TextIO
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

RUN_FOLDER = "FORUM_TEST_RUN"  # the environment variable through which workers find the run
PREFIX = "forum-tests-"
ENOUGH_MEMORY = 4 * 2**30  # bytes
FAST = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off "
    "-c max_connections=300 -c shared_buffers=64MB -c max_wal_size=128MB"
)

_held: dict[tuple[Path, int], TextIO] = {}  # by folder and process: the lock that shows that a run is alive


# The run


def begin_run() -> Path:
    """Make the folder of this test run, unless a parent process did. Clears away runs that died. Returns the folder."""
    if RUN_FOLDER in os.environ:
        return Path(os.environ[RUN_FOLDER])
    _clear_dead_runs()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_quick_place()))
    folder.chmod(0o755)  # the server may run as another user
    alive = _held[folder, os.getpid()] = (folder / "alive").open("w")
    fcntl.flock(alive, fcntl.LOCK_EX)
    os.environ[RUN_FOLDER] = str(folder)
    if folder.parent != Path(tempfile.gettempdir()):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))  # tmp_path, and with it SQLite, in memory too
    atexit.register(end_run)
    return folder


def end_run() -> None:
    """Stop the server and remove what this run made. Does nothing in a worker, or when it was done before."""
    folder = Path(os.environ.get(RUN_FOLDER, ""))
    if alive := _held.pop((folder, os.getpid()), None):
        if "TEST_DATABASE_URL" in os.environ:
            for name in _query("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", _prefix()):
                drop_database(_with_name(server_url(), name))
        _remove(folder)
        alive.close()
        del os.environ[RUN_FOLDER]


def _quick_place() -> Path:
    """Memory, where the machine has enough: there a copy of a database takes 15 ms, on a busy disk 20 times as long."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH_MEMORY:
        return memory
    return Path(tempfile.gettempdir())


@contextlib.contextmanager
def once(name: str) -> Iterator[Path | None]:
    """For things that all test processes share. The first to come gets a path to write the result to; when that file
    is there, the others get None. They wait meanwhile; after a failure the next one tries again.
    """
    result = begin_run() / name
    with (begin_run() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield None if result.exists() else result


def shared(name: str, make: Callable[[], str]) -> str:
    """What `make` returned when the first process of this run asked for `name`: made once, read by all."""
    with once(name) as result:
        if result:
            text = make()
            result.write_text(text, encoding="utf-8")
    return (begin_run() / name).read_text(encoding="utf-8")


# The server and its databases


def server_url() -> str:
    """The address of the server's own database, as psycopg and SQLAlchemy take it. Starts the server if need be."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url.replace("postgresql+psycopg://", "postgresql://", 1)
    return shared("server", _start)


def create_database(template: str | None = None) -> str:
    """Make a database, empty or a copy of the one at the address `template`, and return its address.

    Nobody may be connected to the template meanwhile. Needs PostgreSQL 15. Drop it after use: it takes 8 MB.
    """
    name = f"{_prefix()}{uuid.uuid4().hex[:12]}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
        sql.Identifier(name), sql.Identifier(_name(template) if template else "template0")
    )
    _administer(statement)
    return _with_name(server_url(), name)


def template(name: str, fill: Callable[[str], object]) -> str:
    """The address of a database to copy from. The first process of this run that asks has `fill(address)` fill it.

    Nobody can connect to it afterwards, since that would keep others from copying it.
    """

    def make() -> str:
        url = create_database()
        fill(url)
        _administer(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(_name(url))))
        _query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", _name(url))
        return url

    return shared(f"template-{name}", make)


def drop_database(url: str) -> None:
    """Remove a database, whoever is still connected to it. One that is gone already is no error."""
    _administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name(url))))


def _administer(statement: sql.Composed) -> None:
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(statement)


def _query(statement: LiteralString, *parameters: str) -> list[Any]:
    """The first column of what a statement finds."""
    with psycopg.connect(server_url(), autocommit=True) as connection:
        return [row[0] for row in connection.execute(statement, parameters)]


def _prefix() -> str:
    """How the names of this run's databases begin, so that no other run's are touched on a server of somebody's own."""
    return f"forum_test_{begin_run().name.removeprefix(PREFIX)}_"


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _with_name(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


# Starting and stopping


def _start() -> str:
    """Start an empty server on a socket in the run's folder, in about a second. Returns its address."""
    folder = begin_run()
    programs = _programs()
    place = folder / "postgres"
    shutil.rmtree(place, ignore_errors=True)  # what an earlier try left
    place.mkdir()
    if os.geteuid() == 0:
        os.chown(place, _postgres_user().pw_uid, _postgres_user().pw_gid)
    data = place / "data"
    _run(programs / "initdb", "-D", data, "-A", "trust", "-U", "app", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-c listen_addresses='' -c unix_socket_directories={place} {FAST}"
    _run(programs / "pg_ctl", "-D", data, "-w", "-l", place / "log", "-o", options, "start")
    return f"postgresql://app@/postgres?host={place}"


def _programs() -> Path:
    """The folder of the newest server's programs. Raises RuntimeError when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise RuntimeError("There is no PostgreSQL server on this machine. Run: make test")


def _postgres_user() -> pwd.struct_passwd:
    return pwd.getpwnam("postgres")


def _run(*command: str | Path) -> None:
    """Run a program of PostgreSQL, which refuses to be root. Raises RuntimeError with what it said when it fails."""
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        who = {"user": _postgres_user().pw_uid, "group": _postgres_user().pw_gid, "extra_groups": []}
    # Its output goes to a file: the server keeps what it inherits, and a pipe would never end.
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            **who,
        )
        if result.returncode:
            output.seek(0)
            raise RuntimeError(f"{Path(command[0]).name} failed: {output.read()}")


def _remove(folder: Path) -> None:
    data = folder / "postgres" / "data"
    if (data / "postmaster.pid").exists():
        with contextlib.suppress(RuntimeError):  # it may have died by itself
            _run(_programs() / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def _clear_dead_runs() -> None:
    """Stop servers whose test run was killed: nobody holds its lock any more. Very young folders are left alone."""
    for alive in _quick_place().glob(f"{PREFIX}*/alive"):
        with contextlib.suppress(OSError), alive.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - alive.stat().st_mtime > 60:
                _remove(alive.parent)
