"""Commands that take things out of the forum."""

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from forum.cli.base import WRONG, fail, opened, say
from forum.domain import exports, formulas, rankings, settling
from forum.domain.errors import Invalid
from forum.domain.ideas import STATUSES
from forum.domain.rankings.selections import YES
from forum.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Take things out of the forum, as files.")
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
    format: Annotated[Literal["csv", "json"], typer.Option(help="The kind of file.")] = "csv",  # noqa: A002 - its name
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The file; else printed.")
    ] = None,
) -> None:
    """The ideas that lead a ranking, in the same order as on the pages, as CSV or JSON."""
    given: dict[str, str | Sequence[str]] = {
        "method": method,
        "community": community or [],
        "tag": tag,
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
    with opened() as database:
        if database.path is None or os.access(database.path, os.W_OK):
            database.write(settling.settle_all)  # nothing is left to do, unless a server ended in the midst of votes
    with opened() as database, database.reading() as db:
        try:
            selection = rankings.read(db, given)
        except Invalid as error:
            fail(str(error), WRONG)
        rows = rankings.records(db, selection, Settings.from_env().base_url, most=limit)

        def make() -> Iterator[bytes]:
            if format == "csv":
                return exports.as_csv(rows)
            return exports.as_json(formulas.get(method), rankings.as_values(selection), rows)

        if output is None:
            for chunk in make():
                sys.stdout.buffer.write(chunk)
            return
        size = exports.save(output, make)
    say(f"Wrote {output} ({size:,} bytes).")
