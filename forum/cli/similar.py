"""The command that lists likely duplicates."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from forum.cli.base import fail, opened, say
from forum.cli.troubles import WRONG
from forum.domain import exports
from forum.domain import similar as likenesses
from forum.domain.duplicates import texts
from forum.domain.similar import Pair
from forum.sheets import csv_lines

FIELDS = ("idea", "similar", "score")
ERRORS = Console(stderr=True)


def similar(
    ideas: Annotated[list[int] | None, typer.Argument(help="Numbers of ideas, if not all are meant.")] = None,
    all_ideas: Annotated[bool, typer.Option("--all", help="Every idea that was not withdrawn.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=20, help="How many for each idea.")] = 5,
    by: Annotated[Literal["text", "title"], typer.Option(help="Compare the whole text, or its title alone.")] = "text",
    format: Annotated[Literal["csv", "json"], typer.Option(help="The kind of file.")] = "csv",  # noqa: A002 - its name
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The file; else printed.")
    ] = None,
) -> None:
    """List likely duplicates: for each idea the published ones most like it, the best first.

    Ideas stand with the id of the system they were imported from, if they were. Ideas of closed communities
    are listed too: keep the file to those who may see them.
    """
    if bool(ideas) == all_ideas:
        fail("Name some ideas by their numbers, or say --all.", WRONG)
    with opened() as database, database.reading() as db, _shown() as (reading, comparing):
        pairs = likenesses.pairs(
            db, limit=limit, by_title=by == "title", only=ideas or None, reading=reading, comparing=comparing
        )

        def make() -> Iterator[bytes]:
            return _csv(pairs) if format == "csv" else _json(pairs)

        if output is None:
            for chunk in make():
                sys.stdout.buffer.write(chunk)
            return
        size = exports.save(output, make)
    say(f"Wrote {output} ({size:,} bytes).")


def _csv(pairs: Iterable[Pair]) -> Iterator[bytes]:
    def lines() -> Iterator[Iterable[object]]:
        yield FIELDS
        for pair in pairs:
            yield pair.idea, pair.similar, f"{pair.score:.4f}"

    return csv_lines(lines())


def _json(pairs: Iterable[Pair]) -> Iterator[bytes]:
    """A list of objects, a line each."""
    start = "["
    for pair in pairs:
        said = json.dumps(dict(zip(FIELDS, (pair.idea, pair.similar, pair.score), strict=True)), ensure_ascii=False)
        yield f"{start}\n{said}".encode()
        start = ","
    yield (b"[]" if start == "[" else b"\n]") + b"\n"


@contextmanager
def _shown() -> Iterator[tuple[texts.Progress, texts.Progress]]:
    """A bar for reading and one for comparing, on the error channel, so that the list can be kept in a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=ERRORS, transient=True, disable=not ERRORS.is_terminal) as bar:
        tasks = [bar.add_task(what, total=None) for what in ("Reading", "Comparing")]

        def told(task: int) -> texts.Progress:
            return lambda done, total: bar.update(tasks[task], completed=done, total=total)

        yield told(0), told(1)
