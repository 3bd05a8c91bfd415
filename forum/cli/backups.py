"""Commands that keep a copy of everything: backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from forum.cli.base import opened, say
from forum.domain import backups


def backup(file: Annotated[Path, typer.Argument(help="Where to write it.", dir_okay=False)]) -> None:
    """Write a backup of the database, while the site is in use."""
    with opened() as database:
        size = backups.make(database, file)
    say(f"Wrote {file} ({size:,} bytes), checked. Keep FORUM_SECRET with it: sessions and mailed links need it.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `forum backup` wrote.", exists=True, dir_okay=False)],
    replace: Annotated[bool, typer.Option("--replace", help="Throw away what is in the database.")] = False,
) -> None:
    """Put a backup in the place of the database, and bring it up to date. Stop the site first."""
    with opened() as database:
        backups.restore(database, file, replace=replace)
    say("Restored. Now run: forum check")
