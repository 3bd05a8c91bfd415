"""Backups of the whole database while it is in use, and their restoring: all or nothing."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from forum import schema
from forum.db import Database
from forum.domain.errors import Conflict, ForumError
from forum.models import Community, Idea, User

SQLITE_MARK, POSTGRESQL_MARK = b"SQLite format 3\0", b"PGDMP"
_ANYTHING = [sa.select(table.id).limit(1) for table in (User, Community, Idea)]
_EMPTIED = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"


class BackupError(ForumError):
    """The backup or restoring could not be done; nothing was changed. The text says why and what to do."""


def make(database: Database, path: Path) -> int:
    """Write a backup of the database as it is at this moment; nobody has to stop writing. Returns its bytes.

    The file is complete and checked before it stands under its name. BackupError when it can't be made.
    """
    with _beside(path) as part:
        if database.path:
            _copy_sqlite(database.path, part)
        else:
            _dump(database, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        size = part.stat().st_size
        part.replace(path)
    return size


def restore(database: Database, path: Path, *, replace: bool = False) -> None:
    """Put a backup in the place of the database's content, and bring it up to date with this version.

    The file is checked first. Conflict if the database holds something and `replace` is not given; BackupError when the
    file can't be used. Either way nothing is changed.
    """
    _verify(database, path)
    if not replace and _holds_something(database):
        raise Conflict(
            "The database is not empty. Add --replace to put the backup in its place; what is there is lost."
        )
    if database.path:
        _pour_sqlite(path, database)
    else:
        _pour(path, database)
    schema.migrate(database)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new file in the same folder, only for its owner's eyes; gone at the end unless it was given its name."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _holds_something(database: Database) -> bool:
    with database.reading() as db:
        if not sa.inspect(db).has_table(User.__tablename__):
            return False
        return any(db.execute(statement).first() for statement in _ANYTHING)


def _verify(database: Database, path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(16)
    wanted = SQLITE_MARK if database.path else POSTGRESQL_MARK
    if not start.startswith(wanted):
        kinds = {SQLITE_MARK: "SQLite", POSTGRESQL_MARK: "PostgreSQL"}
        kind = next((name for mark, name in kinds.items() if start.startswith(mark)), None)
        what = f"a backup of a {kind} database" if kind else "no backup of a forum"
        raise BackupError(f"{path} is {what}. This database is {kinds[wanted]}. Nothing was changed.")
    if database.path:
        _verify_sqlite(path)
    else:
        _run("pg_restore", "--list", str(path))


# SQLite


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise BackupError(f"There is no database at {source}.")
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)  # in one step, so writers go on and are not in it
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    _verify_sqlite(target)


def _verify_sqlite(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            problems = [row[0] for row in copy.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        problems, tables = [str(error)], set()
    if problems:
        raise BackupError(f"{path} is damaged: {'; '.join(problems)}. Nothing was changed.")
    if "alembic_version" not in tables:
        raise BackupError(f"{path} is a SQLite file, but not one of a forum. Nothing was changed.")


def _pour_sqlite(path: Path, database: Database) -> None:
    with database.transaction():
        pass  # makes the file where there is none, with the journal that we want
    with closing(sqlite3.connect(path)) as backup, closing(sqlite3.connect(database.path or "", timeout=15)) as live:
        try:
            backup.backup(live)  # one transaction of SQLite: a crash in the middle leaves what was there
        except sqlite3.OperationalError as error:
            raise BackupError(f"The database is in use ({error}). Stop the site, then try again.") from None


# PostgreSQL


def _dump(database: Database, target: Path) -> None:
    arguments = ("--format=custom", "--no-owner", "--no-privileges", f"--file={target}", *_address(database))
    _run("pg_dump", *arguments, database=database)
    _run("pg_restore", "--list", str(target))


def _pour(path: Path, database: Database) -> None:
    """The old content goes and the backup comes in one transaction."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(path))
        options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        _run("psql", *options, f"--command={_EMPTIED}", f"--file={script}", *_address(database), database=database)


def _address(database: Database) -> tuple[str, ...]:
    url = database.url.set(drivername="postgresql", password=None)
    return (f"--dbname={url.render_as_string()}",)


def _run(program: str, *arguments: str, database: Database | None = None) -> None:
    """Run a program of PostgreSQL. Its password goes by the environment, where no list of processes shows it."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(
            f"The program {program} is needed. Install the PostgreSQL client (Debian: postgresql-client)."
        )
    environment = dict(os.environ)
    if database is not None and database.url.password:
        environment["PGPASSWORD"] = str(database.url.password)
    done = subprocess.run(  # noqa: S603 - the program is PostgreSQL's own, the arguments are ours
        [found, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it did not say why"]
        raise BackupError(f"{program} failed: {said[0]} Nothing was changed.")
