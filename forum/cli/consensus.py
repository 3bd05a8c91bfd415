"""The command that computes the consensus ranking."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from forum.cli.base import opened, say
from forum.domain import consensus as domain

ERRORS = Console(stderr=True)


def consensus(
    again: Annotated[bool, typer.Option("--again", help="Compute even if hardly any vote has changed.")] = False,
) -> None:
    """Find out which ideas are agreed on across camps. A worker does the same when enough votes have changed."""
    with opened() as database:
        with database.reading() as db:
            due = domain.due(db)
        if not (again or due.is_due):
            say(f"Nothing to do: {due.changes:,} votes have changed, and a run is due at {due.needed:,}.")
            say("To compute all the same: forum consensus --again")
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=ERRORS, transient=True, disable=not ERRORS.is_terminal) as bar:
            task = bar.add_task("Computing", total=None)
            run = domain.compute(database, lambda done, total: bar.update(task, completed=done, total=total))
    say(f"Run {run.id}, version {run.version}: {run.votes:,} votes and passes of {run.people:,} people.")
    say(f"{run.ranked:,} of {run.ideas:,} ideas with votes are ranked; the others have too few voters.")
    say(f"It took {run.seconds:,.1f} seconds.")
