"""Commands that make anew what is worked out from other data: recount, figures, reindex."""

from functools import partial
from typing import Annotated

import typer

from forum.cli.base import opened, say
from forum.cli.troubles import FAILED
from forum.domain import recounts, search
from forum.domain.rankings import participation

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
