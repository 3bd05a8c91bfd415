"""What commands share: the database, one unit of work, a line for the person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from forum.cli.troubles import FAILED
from forum.db import Connection, Database
from forum.settings import Settings


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
