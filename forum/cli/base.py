"""What all commands share: the database, one unit of work, and what is said when something goes wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from forum.db import Connection, Database, DatabaseTrouble
from forum.domain.errors import ForumError
from forum.settings import Settings

FAILED, WRONG = 1, 2
"""Exit codes: it could not be done; it was asked for in a way that can't be."""


def say(text: str = "") -> None:
    """A line for the person."""
    typer.echo(text)


def fail(text: str, code: int = FAILED) -> NoReturn:
    """Say what is wrong, on the error channel, and end."""
    typer.echo(text, err=True)
    raise typer.Exit(code)


@contextmanager
def opened() -> Iterator[Database]:
    """The database of the settings, closed at the end."""
    database = Database(Settings.from_env().database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def writing() -> Iterator[Connection]:
    """One unit of work on the database of the settings: committed at the end, undone if it raises."""
    with opened() as database, database.transaction() as db:
        yield db


@contextmanager
def reading() -> Iterator[Connection]:
    """A consistent view of the database of the settings."""
    with opened() as database, database.reading() as db:
        yield db


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn what a person can act on into a sentence and an exit code; anything else is a fault of ours and shows it."""
    try:
        yield
    except ForumError as error:
        _end(str(error), FAILED)
    except DatabaseTrouble as error:
        _end(f"The database does not answer as it should. Check FORUM_DATABASE_URL.\n{_first_line(error)}", FAILED)
    except OSError as error:
        _end(f"{error.filename or 'A file'}: {error.strerror or error}.", FAILED)
    except KeyboardInterrupt:
        _end("Stopped. What was not finished was undone.", 130)


def _first_line(error: DatabaseTrouble) -> str:
    return str(error.orig).strip().partition("\n")[0]


def _end(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(code)
