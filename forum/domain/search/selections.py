"""Rows by a list of ids, however long: one parameter on both databases, so that the statement stays the same."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, is_sqlite


class ByIds:
    """A select narrowed to the rows whose `column` is among ids that are given later."""

    def __init__(self, statement: Any, column: sa.ColumnElement[int] | Any) -> None:
        ids = sa.func.json_each(sa.bindparam("ids", type_=sa.String())).table_valued("value")
        self._sqlite = statement.where(column.in_(sa.select(ids.c.value)))
        array = sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))
        self._postgresql = statement.where(column == sa.func.any(array))

    def rows(self, db: Connection, ids: Iterable[int], **values: Any) -> Sequence[Any]:
        """The rows, in no order. Without ids there are none, and nothing is asked."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return []
        if is_sqlite(db):
            return db.execute(self._sqlite, {"ids": json.dumps(wanted), **values}).all()
        return db.execute(self._postgresql, {"ids": wanted, **values}).all()
