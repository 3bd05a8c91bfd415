"""The command that groups ideas into themes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from forum.cli.base import fail, opened, say
from forum.cli.troubles import WRONG
from forum.db import Connection, Database
from forum.domain import communities
from forum.domain import themes as groups
from forum.domain.errors import Conflict

ERRORS = Console(stderr=True)
SHOWN = 10


def themes(
    community: Annotated[str, typer.Option(help="Only ideas of this community (its slug).")] = "",
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Only where enough ideas are new. Workers call this.")
    ] = False,
) -> None:
    """Group ideas that are about the same into themes, and show them in the place of those before.

    Public ideas alone take part. People may go on using the site. A theme keeps its address as long as
    its ideas mostly stay.
    """
    if community and if_due:
        fail("Say --community or --if-due, not both.", WRONG)
    with opened() as database:
        if if_due:
            os.nice(10)  # pages come first
        with database.reading() as db:
            scopes = groups.due(db) if if_due else [_community(db, community) if community else 0]
        for scope in scopes:
            try:
                _make(database, scope)
            except Conflict as error:
                if not if_due:
                    raise
                say(str(error))


def _make(database: Database, scope: int) -> None:
    with _shown() as told:
        run = groups.make(database, scope=scope, progress=told)
    with database.reading() as db:
        found = groups.overview(db, scope).themes
    if not found:
        say(f"No themes: {run.ideas:,} ideas are too few, or have too little in common.")
        return
    say(f"{len(found)} themes with {run.placed:,} of {run.ideas:,} ideas. {run.ideas - run.placed:,} fit nowhere.")
    for theme in found[:SHOWN]:
        say(f"  {theme.ideas:>6,}  {theme.label}")
    if len(found) > SHOWN:
        say(f"  … and {len(found) - SHOWN} more: see /themes.")


def _community(db: Connection, slug: str) -> int:
    for place in communities.directory(db).values():
        if place.slug == slug:
            return place.id
    fail(f"There is no community {slug!r}. Its slug stands in its address, after /c/.", WRONG)


@contextmanager
def _shown() -> Iterator[groups.Progress]:
    """A bar for each step, on the error channel."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=ERRORS, transient=True, disable=not ERRORS.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield told
