"""The command `forum`: everything an operator does."""

import typer

from forum.cli import contents, exports, imports, sites
from forum.cli.base import in_plain_words

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(sites.serve)
app.command()(sites.worker)
app.command()(sites.migrate)
app.command()(contents.demo)
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")


def main() -> None:
    """Run the command that the shell names."""
    with in_plain_words():
        app()
