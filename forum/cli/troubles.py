"""What is said when a command can't do its work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from forum.domain.errors import ForumError

FAILED, WRONG = 1, 2
"""Exit codes: it could not be done; it was asked for in a way that can't be."""


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn what a person can act on into a sentence and an exit code; anything else is a fault of ours and shows it."""
    try:
        yield
    except ForumError as error:
        _end(str(error), FAILED)
    except OSError as error:
        _end(f"{error.filename or 'A file'}: {error.strerror or error}.", FAILED)
    except KeyboardInterrupt:
        _end("Stopped. What was not finished was undone.", 130)
    except Exception as error:
        from forum.db import DatabaseTrouble  # here: not every command needs the database, which takes long to load

        if not isinstance(error, DatabaseTrouble):
            raise
        first_line = str(error.orig).strip().partition("\n")[0]
        _end(f"The database does not answer as it should. Check FORUM_DATABASE_URL.\n{first_line}", FAILED)


def _end(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(code)
