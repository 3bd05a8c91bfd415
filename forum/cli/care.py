"""Commands that keep the forum's data whole: recount, reindex, check, backup, restore."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from forum.cli.base import FAILED, opened, say
from forum.domain import backups, checks, recounts, search
from forum.domain.rankings import participation
from forum.settings import Settings

SHOWN = 20


def recount(
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong; exit code 1 if anything is.")] = False,
) -> None:
    """Make every stored count anew from the rows it stands for. People may go on using the site."""
    found = 0
    with opened() as database:
        for kind in recounts.KINDS:
            after = 0
            while True:
                if check:
                    with database.reading() as db:
                        ids = recounts.next_ids(db, kind, after)
                        differences = recounts.check(db, kind, ids)
                else:
                    with database.transaction() as db:
                        ids = recounts.next_ids(db, kind, after)
                        differences = recounts.mend(db, kind, ids)
                if not ids:
                    break
                after = ids[-1]
                for one in differences[: max(0, SHOWN - found)]:
                    say(f"{one.kind} {one.id}: {one.column} was {one.stored}, counted {one.counted}")
                found += len(differences)
    if not found:
        say("Every count is right.")
    elif check:
        say(f"{found:,} counts are wrong. Run: forum recount")
        raise typer.Exit(FAILED)
    else:
        say(f"{found:,} counts were put right.")


def figures() -> None:
    """Count what the ranking laboratory shows of a large forum, and keep it. Workers do this every hour."""
    with opened() as database:
        with database.reading() as db:
            counted = participation.count(db)
        database.write(partial(participation.keep, participation=counted))
    say("Counted. The laboratory shows these figures where a forum is too large to count while somebody waits.")


def reindex() -> None:
    """Make the index of the search anew. Nobody can write meanwhile."""
    with opened() as database, database.transaction() as db:
        count = search.rebuild(db)
    say(f"The search knows {count:,} texts.")


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
