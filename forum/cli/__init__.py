"""The command `forum`: everything an operator does. The module of a command is loaded when that command is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from forum.cli.troubles import in_plain_words
from forum.later import loading

COMMANDS: Mapping[str, tuple[str, str]] = {
    # name: (module:function or group, what the list of commands says of it: how its own help begins)
    "serve": ("sites:serve", "Serve the site."),
    "worker": ("sites:worker", "Do the work that waits: notifications, mail, housekeeping."),
    "migrate": ("sites:migrate", "Bring the database up to date, or make it if there is none."),
    "routes": (
        "routes:routes",
        "Print every address of the site: method, path, the permission it asks for, and the function that answers.",
    ),
    "demo": (
        "contents:demo",
        "Fill an empty database with the demo: the Open Government Dialogue of 2009, retold.",
    ),
    "import": ("imports:app", "Bring in what other systems exported."),
    "export": ("exports:app", "Take things out of the forum, as files."),
    "snapshot": ("snapshots:app", "Freeze rankings for good, and check them."),
    "user": ("people:users", "Make accounts."),
    "community": ("people:places", "Make communities."),
    "similar": (
        "similar:similar",
        "List likely duplicates: for each idea the published ones most like it, the best first.",
    ),
    "themes": (
        "themes:themes",
        "Group ideas that are about the same into themes, and show them in the place of those before.",
    ),
    "consensus": (
        "consensus:consensus",
        "Find out which ideas are agreed on across camps. A worker does the same when enough votes have changed.",
    ),
    "recount": (
        "care:recount",
        "Make every stored count anew from the rows it stands for. People may go on using the site.",
    ),
    "figures": (
        "care:figures",
        "Count what the ranking laboratory shows of a large forum, and keep it. Workers do this every hour.",
    ),
    "reindex": ("care:reindex", "Make the index of the search anew. Nobody can write meanwhile."),
    "check": ("checks:check", "Examine the site: data, search, settings, files."),
    "backup": ("backups:backup", "Write a backup of the database, while the site is in use."),
    "restore": (
        "backups:restore",
        "Put a backup in the place of the database, and bring it up to date. Stop the site first.",
    ),
}


class _OnDemand(TyperGroup):
    """A group that knows its commands by name and loads the one that is called."""

    def __init__(self, **keywords: Any) -> None:
        commands = {name: TyperCommand(name, help=words) for name, (_, words) in COMMANDS.items()}
        super().__init__(**{**keywords, "commands": commands})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words name, whole."""
        name, known, rest = super().resolve_command(ctx, args)
        return name, known and _load(str(name)), rest


def _load(name: str) -> Any:
    module, _, attribute = COMMANDS[name][0].partition(":")
    with loading():
        found = getattr(import_module(f"forum.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(cls=_OnDemand, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def forum() -> None:
    """A forum where citizens and public employees brainstorm ideas for better government."""


def main() -> None:
    """Run the command that the shell names."""
    with in_plain_words():
        app()
