"""The command `forum`: everything an operator does."""

import typer

from forum.cli import care, consensus, contents, exports, imports, people, similar, sites, snapshots, themes
from forum.cli.base import in_plain_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A forum where citizens and public employees brainstorm ideas for better government.",
)
app.command()(sites.serve)
app.command()(sites.worker)
app.command()(sites.migrate)
app.command()(sites.routes)
app.command()(contents.demo)
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")
app.add_typer(snapshots.app, name="snapshot")
app.add_typer(people.users, name="user")
app.add_typer(people.places, name="community")
app.command()(similar.similar)
app.command()(themes.themes)
app.command()(consensus.consensus)
app.command()(care.recount)
app.command()(care.figures)
app.command()(care.reindex)
app.command()(care.check)
app.command()(care.backup)
app.command()(care.restore)


def main() -> None:
    """Run the command that the shell names."""
    with in_plain_words():
        app()
