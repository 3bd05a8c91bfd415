"""Commands that bring in what other systems exported."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from forum.cli.base import opened, say
from forum.domain.imports import ideascale, polis, runs, tables, ukpetitions
from forum.domain.imports.rows import Source

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Bring in what other systems exported.")
ERRORS = Console(stderr=True)


@app.callback()
def importers() -> None:
    """Bring in what other systems exported.

    A second run changes nothing; a changed row is brought up to date. It is all or nothing:
    a file that can't be read to its end leaves nothing behind.
    """


@app.command("ideascale")
def from_ideascale(
    ideas: Annotated[Path, typer.Argument(help="The export of ideas, CSV.", exists=True, dir_okay=False)],
    comments: Annotated[
        Path | None, typer.Option(help="The export of comments, CSV.", exists=True, dir_okay=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
) -> None:
    """Import an IdeaScale export: ideas with their campaigns, totals, tags and people, and the comments."""
    bring_in(ideascale.Files(ideas, comments), is_dry=dry_run)


@app.command(ukpetitions.NAME)
def from_uk_petitions(
    files: Annotated[list[Path], typer.Argument(help="Pages of the petitions' JSON.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
) -> None:
    """Import petitions of the UK Parliament: states, rejections with reasons, answers, thresholds and signatures."""
    bring_in(ukpetitions.Files(files), is_dry=dry_run)


@app.command(polis.NAME)
def from_polis(
    folder: Annotated[Path, typer.Argument(help="The folder of one conversation.", exists=True, file_okay=False)],
    community: Annotated[str, typer.Option(help="The community for the ideas: the last part of its address.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
) -> None:
    """Import a Polis conversation with every single vote: comments.csv, votes.csv and, if there, summary.csv.

    Statements become ideas. Each voter becomes a person who can't sign in, shown as a participant with a number.
    The last vote of a person counts. A pass is kept as seen. Statements that were moderated out come as removed ideas.
    """
    bring_in(polis.Files(folder, community), is_dry=dry_run)


def bring_in(source: Source, *, is_dry: bool) -> None:
    """Check the files, import them in one transaction, and print the report."""
    size = source.size()
    with shown("Checking", size) as progress:
        runs.check(source, progress)
    with opened() as database, shown("Comparing" if is_dry else "Importing", size) as progress:
        if is_dry:
            with database.reading() as db:
                report = runs.run(db, source, is_dry=True, progress=progress)
        else:
            with database.transaction() as db:
                report = runs.run(db, source, progress=progress)
    for line in report.lines():
        say(line)
    if is_dry:
        say("This was a dry run: nothing was written.")


@contextmanager
def shown(what: str, size: int) -> Iterator[tables.Progress]:
    """A progress bar over so many bytes, on the error channel, so that the report can be kept in a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), DownloadColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=ERRORS, transient=True, disable=not ERRORS.is_terminal
    ) as bar:
        task = bar.add_task(what, total=size)
        yield lambda count: bar.advance(task, count)
