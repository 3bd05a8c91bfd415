"""What tests of snapshots share: ideas to freeze, a frozen list, its files, and ways to tamper with them."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import snapshots
from forum.domain.exports import Origin
from forum.domain.people import Person
from forum.domain.rankings import Selection
from forum.domain.snapshots import SnapshotFields
from forum.models.snapshots import LASTING
from forum.signing import Signer
from tests.making import Make

SIGNER = Signer("a secret of tests only")
ORIGIN = Origin("A Forum", "https://forum.example")


def policy(make: Make) -> Person:
    return make.user(role="policy")


def some_ideas(make: Make, count: int = 4) -> list[int]:
    """Ideas in one community, the first with the most votes."""
    community = make.community()
    return [
        make.idea(
            community=community,
            votes=2 * (count - number),
            against=number % 2,
            title=f"Idea {number}",
            body=f"Body {number}",
        )
        for number in range(count)
    ]


def freeze(db: Connection, user: Person, selection: Selection | None = None, most: int = 3) -> int:
    fields = SnapshotFields(most=str(most), title="A list")
    return snapshots.create(db, user, SIGNER, ORIGIN, selection or Selection(), fields)


def keep_files(db: Connection, number: int, *names: str) -> dict[str, bytes]:
    made = {name: snapshots.make(db, number, name, is_public=False) for name in names}
    for name, content in made.items():
        assert snapshots.keep(db, SIGNER, number, name, content)
    return made


def holds(db: Connection, number: int, **more: Any) -> bool:
    return snapshots.verify(db, SIGNER, number, **more).holds


def unguarded(db: Connection) -> None:
    """Take the triggers away, as somebody could who owns the database."""
    for table in LASTING:
        if db.dialect.name == "sqlite":
            for act in ("update", "delete"):
                db.execute(sa.text(f"DROP TRIGGER {table}_{act}_never"))
        else:
            db.execute(sa.text(f"DROP TRIGGER {table}_never ON {table}"))


def other(value: Any) -> Any:
    """A value of the same kind that is not the same."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 100
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, dict):
        return {**value, "x": "y"}
    if isinstance(value, str):
        return value + "x"
    return value + timedelta(microseconds=1)
