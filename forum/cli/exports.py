"""Commands that take things out of the forum."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from forum.cli.base import fail, opened, say
from forum.cli.troubles import WRONG
from forum.domain import exports, rankings, settling
from forum.domain.errors import Invalid
from forum.domain.ideas import STATUSES
from forum.domain.rankings.selections import YES
from forum.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Take things out of the forum, as files.")
Format = Literal["csv", "json", "xlsx", "docx", "pdf", "md"]
Method = Literal["net", "approval", "trending", "contested", "consensus"]


@app.callback()
def exporters() -> None:
    """Take things out of the forum, as files."""


@app.command()
def top(
    method: Annotated[Method, typer.Option(help="The formula.")] = "net",
    community: Annotated[
        list[str] | None, typer.Option(help="Only ideas of this community (its slug); may be given several times.")
    ] = None,
    tag: Annotated[str, typer.Option(help="Only ideas with this tag.")] = "",
    theme: Annotated[str, typer.Option(help="Only ideas of this theme (its number).")] = "",
    status: Annotated[str, typer.Option(help=f"Only ideas that are {', '.join(STATUSES)}.")] = "",
    agency: Annotated[str, typer.Option(help="Only communities of this agency (its slug).")] = "",
    author: Annotated[Literal["citizen", "employee"] | None, typer.Option(help="Only ideas by such authors.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Posted on this day or later.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Posted on this day or earlier.")] = None,
    voters: Annotated[Literal["citizen", "employee"] | None, typer.Option(help="Count only votes of these.")] = None,
    confirmed: Annotated[bool, typer.Option(help="Count only votes cast here with a confirmed address.")] = False,
    track: Annotated[bool, typer.Option(help="Ideas on the off-topic track too.")] = False,
    aside: Annotated[bool, typer.Option(help="Count votes that were set aside too.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="How many; all if not given.")] = None,
    format: Annotated[Format | None, typer.Option(help="The kind of file; else by its ending, or CSV.")] = None,  # noqa: A002
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The file; else printed.")
    ] = None,
) -> None:
    """The ideas that lead a ranking, in the same order as on the pages.

    CSV, JSON and XLSX take any number of ideas. DOCX, PDF and Markdown have a page for each idea, up to 300.
    """
    kind = format or _by_ending(output)
    if output is None and kind == "xlsx":
        fail("A spreadsheet can't be printed. Name a file: --output ideas.xlsx", WRONG)
    given: dict[str, str | Sequence[str]] = {
        "method": method,
        "community": community or [],
        "tag": tag,
        "theme": theme,
        "status": status,
        "agency": agency,
        "author": author or "",
        "since": f"{since:%Y-%m-%d}" if since else "",
        "until": f"{until:%Y-%m-%d}" if until else "",
        "voters": voters or "",
        "confirmed": YES if confirmed else "",
        "track": YES if track else "",
        "aside": YES if aside else "",
    }
    _write(given, kind, limit, output)


def _write(given: dict[str, str | Sequence[str]], kind: str, limit: int | None, output: Path | None) -> None:
    """The file, or the printed text."""
    settings = Settings.from_env()
    origin = exports.Origin(settings.site_name, settings.base_url)
    with opened() as database:
        if database.path is None or os.access(database.path, os.W_OK):
            database.write(settling.settle_all)  # nothing is left to do, unless a server ended in the midst of votes
    with opened() as database, database.reading() as db:
        try:
            selection = rankings.read(db, given)
        except Invalid as error:
            fail(str(error), WRONG)
        if output is None:
            for chunk in exports.chunks(db, selection, kind, origin, most=limit):
                sys.stdout.buffer.write(chunk)
            return
        with progress(limit) as tell:
            size = exports.save_by(
                output, lambda part: exports.write(part, db, selection, kind, origin, most=limit, tell=tell)
            )
    say(f"Wrote {output} ({size:,} bytes).")


def _by_ending(output: Path | None) -> str:
    """The kind of file that a name asks for."""
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return ending if ending in exports.KINDS else "csv"


@contextmanager
def progress(most: int | None) -> Iterator[Callable[[int], None] | None]:
    """Says on a terminal how many ideas are done; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    of = f" of {most:,}" if most else ""
    yield lambda number: print(f"\r{number:,}{of} ideas", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
