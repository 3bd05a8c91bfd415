"""What is written differently on SQLite and on PostgreSQL, and small statements that both share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection


class PerDialect:
    """A statement that is written differently on the two databases, built once for the one that is in use.

    `build` gets the dialect's own insert(); ask with `statement(db)`.
    """

    def __init__(self, build: Callable[[Callable[..., Any]], Any]) -> None:
        self._build = build
        self._built: dict[str, Any] = {}

    def __call__(self, db: Connection) -> Any:
        name = db.dialect.name
        if name not in self._built:
            self._built[name] = self._build(_own_insert(db))
        return self._built[name]


def is_sqlite(db: Connection) -> bool:
    """Is this connection one to SQLite?"""
    return db.dialect.name == "sqlite"


def _own_insert(db: Connection) -> Callable[..., Any]:
    """The dialect's own insert(), which knows what to do on a conflict."""
    if is_sqlite(db):
        from sqlalchemy.dialects.sqlite import insert  # here and below: each is a tenth of SQLAlchemy
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return insert


def insert_once(db: Connection, table: type[Any], **values: Any) -> bool:
    """Insert a row unless one with the same key is there; say whether it was new. Races are settled by the key."""
    statement = _own_insert(db)(table).values(**values).on_conflict_do_nothing().returning(sa.literal(1))
    return db.execute(statement).first() is not None


def insert(db: Connection, table: type[Any], **values: Any) -> int:
    """Insert a row and return its id."""
    return int(db.execute(sa.insert(table).values(**values)).inserted_primary_key[0])  # type: ignore[index]


def after_key(columns: Mapping[Any, Any], *, descending: bool = True) -> sa.ColumnElement[bool]:
    """The rows behind a key, for keyset paging: (a, b) < (:a, :b), or > when ascending."""
    left, right = sa.tuple_(*columns.keys()), sa.tuple_(*columns.values())
    return left < right if descending else left > right


def lock_row(statement: sa.Select[Any], *, of: Any = None) -> sa.Select[Any]:
    """The select, with its row locked until the commit (on SQLite the write transaction holds everything anyway)."""
    return statement.with_for_update(of=of)


@contextmanager
def joining_sets(db: Connection) -> Iterator[None]:
    """For statements that join thousands of rows of one thing with thousands of another, among rows just written.

    PostgreSQL has no statistics of these yet, takes them for one row each, and compares every row with every other:
    within the block it joins by hashing. SQLite looks each row up by its key anyway.
    """
    if is_sqlite(db):
        yield
        return
    db.exec_driver_sql("SET LOCAL enable_nestloop = off")
    yield
    db.exec_driver_sql("SET LOCAL enable_nestloop = on")
