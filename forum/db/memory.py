"""What is remembered between pages as long as the data it was made from stays the same."""

from collections.abc import Callable, Hashable
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from forum.db.dialects import is_sqlite
from forum.db.prepared import Prepared, say
from forum.shelves import Shelf

T = TypeVar("T")
Kind = Literal["places", "people"]
_HEARS = "hears of changes"
_remembered: Shelf[tuple[str, Hashable], tuple[Hashable, Any]] = Shelf(4_000)
_TRIGGER = """
CREATE TEMP TRIGGER IF NOT EXISTS hears AFTER UPDATE ON main.generations BEGIN SELECT forget_numbers(); END
"""
_NUMBERS = Prepared(
    sa.select(sa.column("name", sa.String()), sa.column("number", sa.BigInteger())).select_from(sa.table("generations"))
)


def begin(db: Connection, version: Hashable) -> None:
    """A page begins in this transaction; `version` is what the database's version() said before, or None."""
    info = db.info
    info["version"] = version


def end(db: Connection) -> None:
    """The page has ended."""
    db.info["version"] = None


def address(db: Connection) -> str:
    """The database's address as text, worked out once for each connection."""
    address: str | None = db.info.get("address")
    if address is None:
        address = db.info["address"] = str(db.engine.url)
    return address


def seen_version(db: Connection) -> Hashable:
    """The version of the data that this page sees; None in a change, and where nobody asked for it."""
    return db.info.get("version")


def is_remembering(db: Connection) -> bool:
    """Does remembered() keep anything here? In a page that knows the version of the data; never in a change."""
    return seen_version(db) is not None


def generation(db: Connection, kind: Kind) -> Hashable:
    """A mark that stays the same while nobody changes communities ("places") or accounts and sessions ("people").

    Votes and comments come by the second and change neither. On SQLite triggers count the changes. On PostgreSQL a
    counter would be a row that everybody waits for: there it is the version of the whole database, None in a change.
    """
    info = db.info
    version = info.get("version")
    if not is_sqlite(db):
        return version
    # Kept with the connection, which serves one page after the other: a number that was read earlier may name newer
    # data, never older. In a change it is read each time, but for the writer, which hears of changes (see `listen`).
    kept = info.get("numbers")
    if kept is None or kept[0] != version or (version is None and _HEARS not in info):
        kept = info["numbers"] = version, {row.name: row.number for row in _NUMBERS.all(db)}
    return kept[1][kind]  # type: ignore[no-any-return]


def listen(db: Connection) -> None:
    """From here on the numbers of a change are read once for many units of work on this connection (SQLite's writer).

    Nobody else can change them within its transaction, and a trigger of its own says when one of its units does. Who
    begins a transaction, or undoes a unit, has to `forget_numbers`. To be called outside of a transaction, which could
    take the trigger back.
    """
    info, driver = db.info, db.connection.dbapi_connection
    if not driver.execute("SELECT 1 FROM sqlite_master WHERE name = 'generations'").fetchone():  # type: ignore[union-attr]
        return  # no tables yet: each change reads for itself
    info[_HEARS] = True
    driver.create_function("forget_numbers", 0, lambda: info.pop("numbers", None) and None)  # type: ignore[union-attr]
    say(db, _TRIGGER)


def stop_listening(db: Connection) -> None:
    """The connection goes back to the pool."""
    db.info.pop(_HEARS, None)
    forget_numbers(db)


def forget_numbers(db: Connection) -> None:
    """The numbers of `generation` may have changed."""
    db.info.pop("numbers", None)


def remembered(db: Connection, key: Hashable, make: Callable[[], T], *, of: Kind | None = None) -> T:
    """What `make` gives, kept until anybody changes the database, or only what it is made `of`.

    In a change, or without a version, nothing new is kept.
    """
    version = db.info.get("version")
    mark = version if of is None else generation(db, of)
    if mark is None:
        return make()
    full_key = (address(db), key)
    kept = _remembered.get(full_key)
    if kept is not None and kept[0] == mark:
        return kept[1]  # type: ignore[no-any-return]
    made = make()
    if version is None:
        return made
    return _remembered.put(full_key, (mark, made))[1]  # type: ignore[no-any-return]
