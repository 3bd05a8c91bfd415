"""Statements of the pages that are asked for most, compiled once and then run by the driver itself.

SQLAlchemy's way through a statement costs several times what SQLite needs to answer it (ADR 7). Here only that way is
shortened: the statement, its types and its errors stay SQLAlchemy's.
"""

from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from forum.shelves import Shelf

Change = Callable[[Any], Any]
_kept: Shelf[Hashable, tuple[list[Any], list[Any]]] = Shelf(300)  # results of those that keep them


@dataclass(slots=True)
class _Plan:
    sql: str
    places: tuple[str, ...] | None  # the order of the values; None: by name
    fixed: Mapping[str, Any]  # values that the statement itself brings
    into: tuple[tuple[str, Change], ...]  # parameters that the driver wants in another form
    types: list[Any]
    outof: tuple[tuple[int, Change], ...] | None  # columns that the driver gives in another form; None: not known yet
    row: Callable[[Any], Any] | None

    def given(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        if self.fixed:
            values = {**self.fixed, **values}
        if self.into:
            values = dict(values)
            for name, change in self.into:
                values[name] = change(values[name])
        return values if self.places is None else [values[name] for name in self.places]


class Prepared:
    """A select, or a change with or without `returning`, for many calls with other values.

    Rows come as named tuples. Not for `in` with a list of values, whose SQL depends on their number: ValueError at the
    first call.
    """

    def __init__(self, statement: Any, *, keeps: bool = False) -> None:
        """`statement`: one of SQLAlchemy's, or a function that gets a connection and gives it (see PerDialect).

        `keeps`: when the driver gives what it gave to the last call with these values, the rows are the same objects as
        then. Making them takes as long as reading them; and who made something of them sees at once that it holds.
        """
        self._statement, self._keeps = statement, keeps
        self._plans: dict[str, _Plan] = {}

    def sql(self, db: Connection) -> str:
        """The statement as this database gets it."""
        return (self._plans.get(db.dialect.name) or self._compile(db)).sql

    def all(self, db: Connection, values: Mapping[str, Any] = sa.util.EMPTY_DICT) -> list[Any]:
        """Every row. Raises what SQLAlchemy would: DBAPIError and its kinds."""
        plan = self._plans.get(db.dialect.name) or self._compile(db)
        given = plan.given(values)
        cursor, found = _run(db, plan, given)
        if plan.row is None:
            return []
        if not self._keeps:
            return _rows(plan, db, cursor, found)
        key = (plan.sql, tuple(given if plan.places is not None else given.items()))
        kept = _kept.get(key)
        if kept is None or kept[0] != found:
            kept = found, _rows(plan, db, cursor, found)
        return list(_kept.put(key, kept)[1])  # what is asked for again stays

    def each(self, db: Connection, many: Iterable[Mapping[str, Any]]) -> None:
        """Run it once for each of these values; no rows come back."""
        plan = self._plans.get(db.dialect.name) or self._compile(db)
        given = [plan.given(values) for values in many]
        if not given:
            return
        cursor = _driver(db).cursor()
        try:
            cursor.executemany(plan.sql, given)
        except db.dialect.loaded_dbapi.Error as error:
            raise _wrapped(db, plan.sql, given[:1], error) from error
        finally:
            cursor.close()

    def first(self, db: Connection, values: Mapping[str, Any] = sa.util.EMPTY_DICT) -> Any:
        """The first row, or None."""
        rows = self.all(db, values)
        return rows[0] if rows else None

    def new_id(self, db: Connection, values: Mapping[str, Any]) -> int:
        """Insert a row and say its id. The insert returns the id on PostgreSQL, and nothing on SQLite: see `insert_of`.

        There `returning` would make the index of the search write what it has collected, before the transaction ends.
        """
        plan = self._plans.get(db.dialect.name) or self._compile(db)
        cursor, rows = _run(db, plan, plan.given(values))
        return int(rows[0][0] if rows else cursor.lastrowid)

    def _compile(self, db: Connection) -> _Plan:
        statement = self._statement(db) if callable(self._statement) else self._statement
        dialect = db.dialect
        compiled = statement.compile(dialect=dialect)
        if "POSTCOMPILE" in str(compiled):
            raise ValueError(f"This statement can't be prepared, as it has a list of values: {compiled}")
        into = [
            (name, bind.type.dialect_impl(dialect).bind_processor(dialect)) for name, bind in compiled.binds.items()
        ]
        columns = list(getattr(statement, "exported_columns", ()))
        types = [column.type.dialect_impl(dialect) for column in columns]
        row: Any = namedtuple("Row", [column.key for column in columns]) if columns else None
        brought = [(name, bind) for name, bind in compiled.binds.items() if not bind.required]
        fixed = {name: bind.effective_value for name, bind in brought if name[0] != "%"}  # "%": named again below
        plan = _Plan(
            str(compiled),
            None if compiled.positiontup is None else tuple(compiled.positiontup),
            fixed,
            tuple((name, change) for name, change in into if change is not None),
            types,
            None,
            row._make if row else None,
        )
        self._plans[dialect.name] = plan
        return plan


def insert_of(table: type[Any]) -> Prepared:
    """The insert of one row of a table whose key is its id, with all other columns given; run it by `new_id`."""
    columns = (column.name for column in table.__table__.columns if column.name != "id")
    insert = sa.insert(table).values({name: sa.bindparam(name) for name in columns})
    returning = insert.returning(table.id)
    return Prepared(lambda db: insert if db.dialect.name == "sqlite" else returning)


def _run(db: Connection, plan: _Plan, given: Any) -> tuple[Any, list[Any]]:
    try:
        cursor = _driver(db).execute(plan.sql, given)
        return cursor, cursor.fetchall() if plan.row else []
    except db.dialect.loaded_dbapi.Error as error:
        raise _wrapped(db, plan.sql, given, error) from error


def _rows(plan: _Plan, db: Connection, cursor: Any, found: list[Any]) -> list[Any]:
    if plan.outof is None:
        _complete(plan, db, cursor)
    if plan.outof and len(found) == 1:
        row = list(found[0])
        for place, change in plan.outof:
            row[place] = change(row[place])
        return [plan.row(row)]  # type: ignore[misc]
    if plan.outof and found:
        columns = list(zip(*found, strict=True))  # by columns: a loop in C for each
        for place, change in plan.outof:
            columns[place] = tuple(map(change, columns[place]))
        found = list(zip(*columns, strict=True))
    return list(map(plan.row, found))  # type: ignore[arg-type]


def _complete(plan: _Plan, db: Connection, cursor: Any) -> None:
    """What becomes of each column's values; on PostgreSQL this depends on the types that the server names."""
    changes = [
        (place, kind.result_processor(db.dialect, described[1]))
        for place, (kind, described) in enumerate(zip(plan.types, cursor.description, strict=True))
    ]
    plan.outof = tuple((place, change) for place, change in changes if change is not None)


def say(db: Connection, words: str) -> None:
    """Have the driver run SQL without values, as it stands: BEGIN, COMMIT."""
    try:
        _driver(db).execute(words)
    except db.dialect.loaded_dbapi.Error as error:
        raise _wrapped(db, words, (), error) from error


def _driver(db: Connection) -> Any:
    return db.connection.dbapi_connection


def _wrapped(db: Connection, sql: str, given: Any, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy raises it; a connection that was lost is given up, as SQLAlchemy does."""
    is_lost = db.dialect.is_disconnect(error, _driver(db), None)  # type: ignore[arg-type]
    base = db.dialect.loaded_dbapi.Error
    made = DBAPIError.instance(sql, given, error, base, connection_invalidated=is_lost, dialect=db.dialect)
    if is_lost:
        db.invalidate(error)
    return made
