"""Commands about people and communities."""

import sys
from typing import Annotated

import typer

from forum.cli.base import fail, say, writing
from forum.cli.troubles import WRONG
from forum.domain import accounts, founding
from forum.domain.people import ROLES
from forum.text import slug as to_slug

users = typer.Typer(no_args_is_help=True, add_completion=False, help="Make accounts.")
places = typer.Typer(no_args_is_help=True, add_completion=False, help="Make communities.")


@users.callback()
def user() -> None:
    """Make accounts."""


@places.callback()
def community() -> None:
    """Make communities."""


@users.command("add")
def add_user(
    email: Annotated[str, typer.Argument(help="The address.")],
    name: Annotated[str, typer.Option(help="The name that is shown.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "citizen",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the standard input; else sign in by mail.")
    ] = False,
) -> None:
    """Make an account whose address counts as confirmed."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password_stdin and not password:
        fail("No password came on the standard input.", WRONG)
    with writing() as db:
        user_id = accounts.add(db, email=email, name=name, role=role, password=password)
    say(f"Made account {user_id} for {email} ({role}).")


@places.command("add")
def add_community(
    slug: Annotated[str, typer.Argument(help="The end of its address: small letters, digits and hyphens.")],
    name: Annotated[str, typer.Option(help="The name that is shown.")],
    purpose: Annotated[str, typer.Option(help="What it is for, in a sentence or two.")] = "",
    group: Annotated[str, typer.Option(help="The group under which it is listed.")] = "",
) -> None:
    """Make an open community."""
    if not slug or to_slug(slug, "") != slug:
        fail("A slug has small letters, digits and hyphens only, like open-data.", WRONG)
    with writing() as db:
        founding.create(db, slug=slug, name=name, purpose=purpose, group_name=group)
    say(f"Made the community {name}. Its address is /c/{slug}")
