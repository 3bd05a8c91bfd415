"""Commands that take things out of the forum."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from forum.cli.base import WRONG, fail, opened, say
from forum.db import Connection
from forum.domain import communities, exports, formulas, settling, tags
from forum.domain.ideas import STATUSES
from forum.domain.lists import Filters
from forum.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Take things out of the forum, as files.")
Method = Literal["net", "approval", "trending", "contested"]


@app.callback()
def exporters() -> None:
    """Take things out of the forum, as files."""


@app.command()
def top(
    method: Annotated[Method, typer.Option(help="The formula.")] = "net",
    community: Annotated[str, typer.Option(help="Only ideas of this community (its slug).")] = "",
    tag: Annotated[str, typer.Option(help="Only ideas with this tag.")] = "",
    status: Annotated[str, typer.Option(help=f"Only ideas that are {', '.join(STATUSES)}.")] = "",
    author: Annotated[Literal["citizen", "employee"] | None, typer.Option(help="Only ideas by such authors.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Posted on this day or later.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Posted on this day or earlier.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many; all if not given.")] = None,
    format: Annotated[Literal["csv", "json"], typer.Option(help="The kind of file.")] = "csv",  # noqa: A002 - its name
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The file; else printed.")
    ] = None,
) -> None:
    """The ideas that lead a ranking, in the same order as on the pages, as CSV or JSON."""
    formula = formulas.get(method)
    if status and status not in STATUSES:
        fail(f"There is no status {status!r}. Known are: {', '.join(STATUSES)}.", WRONG)
    given = {
        "community": community,
        "tag": tag,
        "status": status,
        "author": author or "",
        "since": f"{since:%Y-%m-%d}" if since else "",
        "until": f"{until:%Y-%m-%d}" if until else "",
        "limit": str(limit) if limit else "",
    }
    with opened() as database:
        if database.path is None or os.access(database.path, os.W_OK):
            database.write(settling.settle_all)  # nothing is left to do, unless a server ended in the midst of votes
    with opened() as database, database.reading() as db:
        filters = Filters(
            sort=formula.sort,
            community_id=_community(db, community) if community else None,
            tag_id=_tag(db, tag) if tag else None,
            status=status or None,
            author_kind=author,
            since=since.replace(tzinfo=UTC) if since else None,
            until=until.replace(tzinfo=UTC) + timedelta(days=1) if until else None,
        )
        rows = exports.ranked(db, formula, filters, Settings.from_env().base_url, most=limit)

        def make() -> Iterator[bytes]:
            if format == "csv":
                return exports.as_csv(rows)
            return exports.as_json(formula, {name: value for name, value in given.items() if value}, rows)

        if output is None:
            for chunk in make():
                sys.stdout.buffer.write(chunk)
            return
        size = exports.save(output, make)
    say(f"Wrote {output} ({size:,} bytes).")


def _community(db: Connection, slug: str) -> int:
    for place in communities.directory(db).values():
        if place.slug == slug:
            return place.id
    fail(f"There is no community {slug!r}. Its slug stands in its address, after /c/.", WRONG)


def _tag(db: Connection, name: str) -> int:
    found = tags.find(db, name)
    if found is None:
        fail(f"There is no tag {name!r}.", WRONG)
    return found
