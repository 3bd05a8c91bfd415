"""Whether the demo is in a database, and who may sign in to it: told without loading its texts."""

import tomllib
from dataclasses import dataclass
from importlib import resources

import sqlalchemy as sa

from forum.db import Connection
from forum.models import Community, Idea, User

SOURCE = "demo"

_ANYTHING = [sa.select(table.id).limit(1) for table in (User, Community, Idea)]
_OURS = sa.select(Community.id).where(Community.source == SOURCE).limit(1)


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account for a visitor: what kind of person one becomes with it, and its address."""

    kind: str
    email: str


def is_loaded(db: Connection) -> bool:
    """Has the demo been put into this database before?"""
    return db.execute(_OURS).first() is not None


def is_empty(db: Connection) -> bool:
    """Is there nothing in this database yet?"""
    return not any(db.execute(statement).first() for statement in _ANYTHING)


def sign_ins() -> tuple[str, list[SignIn]]:
    """The password that all have, and one account of every kind."""
    people = tomllib.loads((resources.files(__package__) / "people.toml").read_text(encoding="utf-8"))
    found = [
        SignIn(person["sign_in"], person.get("email") or address_of(person["handle"]))
        for person in people["people"]
        if "sign_in" in person
    ]
    return people["password"], found


def address_of(handle: str) -> str:
    """The address of a person of the demo who has no other."""
    return f"{handle}@example.org"
