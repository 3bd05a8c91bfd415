"""Writing thousands of rows at a time: for importers and loaders."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from forum.db.dialects import is_sqlite


def take_ids(db: Connection, table: type[Any], count: int) -> list[int]:
    """Ids for rows that will be inserted in bulk in this transaction, and that nobody else gets."""
    if is_sqlite(db):  # the write transaction holds everything
        last = db.execute(sa.select(sa.func.max(table.id))).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    sequence = sa.func.pg_get_serial_sequence(table.__tablename__, "id")
    numbers = sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, count))
    return list(db.execute(numbers).scalars())


def cache_more(db: Connection, megabytes: int = 64) -> None:
    """Let this connection keep more of the database in memory: for work that touches all of it. SQLite only."""
    if is_sqlite(db):
        db.exec_driver_sql(f"PRAGMA cache_size=-{megabytes * 1000}")


def insert_many(db: Connection, table: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, many times as fast as one by one: for loaders of many thousands.

    Columns that are not named get their default, or null.
    """
    if not rows:
        return
    plan = _insert_plan(db.dialect, table, frozenset(rows[0]))  # type: ignore[arg-type]  # classes are hashable
    columns = [
        repeat(default, len(rows))
        if name not in rows[0]
        else map(process, [row[name] for row in rows])
        if process
        else [row[name] for row in rows]
        for name, default, process in plan
    ]
    insert_rows(db, table.__tablename__, [name for name, _, _ in plan], list(zip(*columns, strict=True)))


def insert_rows(
    db: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, on_conflict: str = ""
) -> int:
    """Insert rows whose values the driver takes as they are; returns how many there are more, or were changed.

    `on_conflict`: what to do with those that are there already, in the words of both databases. Without it, PostgreSQL
    takes them by COPY.
    """
    if not rows:
        return 0
    quote = db.dialect.identifier_preparer.quote
    named = f"{quote(table)} ({', '.join(quote(column) for column in columns)})"
    if is_sqlite(db) or on_conflict:
        marks = ", ".join(["?" if is_sqlite(db) else "%s"] * len(columns))
        found = db.exec_driver_sql(f"INSERT INTO {named} VALUES ({marks}) {on_conflict}", list(rows))  # noqa: S608 - our own names
        return found.rowcount
    _copy(db, f"COPY {named} FROM STDIN", rows)
    return len(rows)


def _copy(db: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = db.connection.dbapi_connection
    trouble: Any = db.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except trouble as error:  # SQLAlchemy does not see this statement: its callers still catch what they always do
        raise sa.exc.DBAPIError.instance(statement, None, error, trouble, dialect=db.dialect) from error


Plan = list[
    tuple[str, Any, Callable[[Any], Any] | None]
]  # name, default as the driver takes it, what makes it such a value


@lru_cache(maxsize=64)
def _insert_plan(dialect: sa.Dialect, table: type[Any], names: frozenset[str]) -> Plan:
    plan: Plan = []
    for column in table.__table__.columns:
        default = column.default.arg if column.default is not None and column.default.is_scalar else None
        if column.name in names or default is not None:
            processor = column.type.dialect_impl(dialect).bind_processor(dialect)
            if isinstance(column.type, sa.Boolean):  # both drivers know what is true
                processor = None
            plan.append((column.name, processor(default) if processor else default, processor))
    return plan
