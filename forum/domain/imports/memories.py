"""What a run remembers of the rows it has met: numbers in a temporary table, so that a million need little memory."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from forum.db import Connection, insert_rows, is_sqlite

T = TypeVar("T")
_IGNORE = "ON CONFLICT DO NOTHING"
IDEAS, PEOPLE, COMMENTS = 1, 2, 3

_KEY = "PRIMARY KEY (kind, key)"
_MAKE = {
    True: f"CREATE TEMP TABLE import_seen (kind INTEGER, key INTEGER, turn INTEGER, {_KEY}) WITHOUT ROWID",
    False: f"CREATE TEMP TABLE import_seen (kind smallint, key bigint, turn integer, {_KEY}) ON COMMIT DROP",
}
_COLUMNS = ("kind", "key", "turn")
_seen = sa.table("import_seen", *(sa.column(name, sa.BigInteger) for name in _COLUMNS))
_KNOWN = sa.select(_seen.c.key).where(
    _seen.c.kind == sa.bindparam("kind"), _seen.c.key.in_(sa.bindparam("keys", expanding=True))
)
_KNOWN_BEFORE = _KNOWN.where(_seen.c.turn < sa.bindparam("turn"))


class Memory:
    """Kept on the connection of the run until `close`."""

    def __init__(self, db: Connection) -> None:
        self._db, self._turn = db, 0
        self.close()
        db.exec_driver_sql(_MAKE[is_sqlite(db)])

    def close(self) -> None:
        """Forget everything."""
        schema = "temp" if is_sqlite(self._db) else "pg_temp"
        self._db.exec_driver_sql(f"DROP TABLE IF EXISTS {schema}.import_seen")

    def known(self, kind: int, keys: Iterable[int]) -> set[int]:
        """Which of these numbers were remembered before."""
        return set(self._db.execute(_KNOWN, {"kind": kind, "keys": list(keys)}).scalars())

    def keep(self, kind: int, keys: Iterable[int]) -> set[int]:
        """Remember these numbers; which of them were remembered before."""
        asked = set(keys)
        self._turn += 1
        rows = [(kind, key, self._turn) for key in asked]
        if not rows or insert_rows(self._db, "import_seen", _COLUMNS, rows, on_conflict=_IGNORE) == len(rows):
            return set()
        found = self._db.execute(_KNOWN_BEFORE, {"kind": kind, "keys": list(asked), "turn": self._turn})
        return set(found.scalars())


def parts(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of `size`, the last one shorter."""
    rest = iter(rows)
    while part := list(islice(rest, size)):
        yield part


def chosen(db: Connection, statement: sa.Executable, values: Sequence[Any], **more: Any) -> list[Any]:
    """Rows of a statement with an expanding parameter `keys`; asks nothing when there are no keys."""
    return list(db.execute(statement, {"keys": list(values), **more})) if values else []
