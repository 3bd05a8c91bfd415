"""Tables whose rows are written once: triggers refuse every change of them, on both databases.

Migrations carry the same words themselves, because they must stay as they were when they were written.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from forum.models.base import Base

SQLITE_TRIGGER = (
    "CREATE TRIGGER {table}_{act}_never BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{what} never change'); END"
)
POSTGRESQL_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {what}_never_change() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION '{what} never change'; END $$"
)
POSTGRESQL_TRIGGER = (
    "CREATE TRIGGER {table}_never BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION {what}_never_change()"
)


def guard(what: str, tables: Sequence[str]) -> None:
    """Make the triggers with the tables. `what` they hold is named in the error, in the plural: snapshots."""
    _after("postgresql", POSTGRESQL_FUNCTION.format(what=what))
    for table in tables:
        _after("postgresql", POSTGRESQL_TRIGGER.format(table=table, what=what))
        for act in ("update", "delete"):
            _after("sqlite", SQLITE_TRIGGER.format(table=table, act=act, what=what))


def _after(dialect: str, statement: str) -> None:
    ddl = sa.DDL(statement)  # type: ignore[no-untyped-call]
    sa.event.listen(Base.metadata, "after_create", ddl.execute_if(dialect=dialect))
