"""Commands about snapshots: make one, list them, check one and its files."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from forum.cli.base import fail, opened, reading, say
from forum.cli.troubles import FAILED, WRONG
from forum.domain import accounts, people, rankings, snapshots
from forum.domain.errors import Invalid
from forum.domain.exports import Origin
from forum.domain.rankings.selections import PARAMETERS
from forum.settings import Settings
from forum.signing import Signer
from forum.text import moment

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Freeze rankings for good, and check them.")


@app.callback()
def freezers() -> None:
    """Freeze rankings for good, and check them."""


@app.command()
def create(
    title: Annotated[str, typer.Option(help="The title.")],
    by: Annotated[str, typer.Option(help="The address of the account that makes it, of the policy team.")],
    top: Annotated[int, typer.Option(help="How many ideas, from the first.", min=1, max=snapshots.MOST)] = 50,
    choose: Annotated[
        list[str] | None,
        typer.Option(help=f"A part of the choice, as method=approval; known: {', '.join(PARAMETERS)}."),
    ] = None,
) -> None:
    """Freeze the first ideas of a ranking, sign them, and make their files."""
    given: dict[str, str] = {}
    for part in choose or []:
        name, _, value = part.partition("=")
        if name not in PARAMETERS:
            fail(f"There is no choice {name!r}. Known are: {', '.join(PARAMETERS)}.", WRONG)
        given[name] = f"{given[name]},{value}" if name == "community" and name in given else value
    settings = Settings.from_env()
    signer, origin = Signer(settings.secret), Origin(settings.site_name, settings.base_url)
    try:
        fields = snapshots.SnapshotFields(most=str(top), title=title)
    except ValidationError as error:
        fail(str(error.errors()[0]["ctx"]["error"]), WRONG)
    with opened() as database:
        with database.transaction() as db:
            try:
                selection = rankings.read(db, given)
            except Invalid as error:
                fail(str(error), WRONG)
            account = accounts.by_email(db, by)
            if account is None:
                fail(f"There is no account with the address {by!r}.", WRONG)
            maker = people.load(db, account.id)
            number = snapshots.create(db, maker, signer, origin, selection, fields)
        with database.reading() as db:
            view = snapshots.get(db, number)
            names = snapshots.formats_of(view.idea_count)
        for name in names:
            with database.reading() as db:
                content = snapshots.make(db, number, name, is_public=False)
            with database.transaction() as db:
                snapshots.keep(db, signer, number, name, content)
    say(f"Made snapshot {number} of {view.idea_count:,} ideas: {settings.base_url}{view.path}")
    say(f"SHA-256 {view.sha256}")
    say("Publish this line somewhere else, too. Then everybody can see that it never changed.")


@app.command("list")
def show_all() -> None:
    """All snapshots, the newest first."""
    with reading() as db:
        found = snapshots.listing(db)
    if not found:
        say("There are no snapshots yet.")
    for view in found:
        say(f"{view.number}  {moment(view.made_at)}  {view.idea_count:,} ideas by {view.method}  {view.title}")
        say(f"   SHA-256 {view.sha256}")


@app.command()
def verify(
    number: Annotated[int, typer.Argument(help="The number of the snapshot.")],
    file: Annotated[Path | None, typer.Option(help="A file of it that you have.", exists=True, dir_okay=False)] = None,
) -> None:
    """Check a snapshot, and a file of it: everything is worked out again. Exit code 1 if anything was changed."""
    signer = Signer(Settings.from_env().secret)
    given = file.read_bytes() if file else None
    with reading() as db:
        report = snapshots.verify(db, signer, number, file=given)
    for check in report.checks:
        say(f"{'ok   ' if check.holds else 'WRONG'}  {check.name}: {check.words}")
    if not report.holds:
        fail(f"Snapshot {number} does not hold.", FAILED)
    say(f"Snapshot {number} is exactly as it was made.")
