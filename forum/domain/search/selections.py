"""Rows by a list of ids, however long: one parameter on both databases, so that the statement stays the same."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, Prepared, is_sqlite


def among(column: Any, values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Is the column one of a few fixed values? For ByIds, which takes no other list."""
    return sa.or_(*[column == value for value in values])


class ByIds:
    """A select narrowed to the rows whose `column` is among ids that are given later; other lists in it by `among`."""

    def __init__(self, statement: Any, column: sa.ColumnElement[int] | Any) -> None:
        ids = sa.func.json_each(sa.bindparam("ids", type_=sa.String())).table_valued("value")
        on_sqlite = statement.where(column.in_(sa.select(ids.c.value)))
        array = sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))
        on_postgresql = statement.where(column == sa.func.any(array))
        self._prepared = Prepared(lambda db: on_sqlite if is_sqlite(db) else on_postgresql)

    def rows(self, db: Connection, ids: Iterable[int], **values: Any) -> Sequence[Any]:
        """The rows, in no order. Without ids there are none, and nothing is asked."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return []
        return self._prepared.all(db, {"ids": json.dumps(wanted) if is_sqlite(db) else wanted, **values})
