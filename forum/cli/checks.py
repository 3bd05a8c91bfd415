"""The command that examines the site."""

from typing import Annotated

import typer

from forum.cli.base import opened, say
from forum.cli.troubles import FAILED
from forum.domain import checks
from forum.settings import Settings


def check(full: Annotated[bool, typer.Option(help="Recount everything, not only samples.")] = False) -> None:
    """Examine the site: data, search, settings, files.

    Says what to do about each finding. The exit code is 1 if one of them is grave.
    """
    bad = notes = 0
    with opened() as database, database.reading() as db:
        for finding in checks.run(db, Settings.from_env(), is_full=full):
            say(str(finding))
            bad += finding.is_bad
            notes += not finding.is_bad
    say(f"{bad} wrong, {notes} to note." if bad or notes else "All is well.")
    if bad:
        raise typer.Exit(FAILED)
