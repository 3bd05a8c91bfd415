"""How Alembic reaches the database and what it compares: run by forum/schema.py, or by hand to draft a migration."""

from typing import Any

import sqlalchemy as sa
from alembic import context

from forum.db import Connection, Database
from forum.models import Base
from forum.models.base import Moment
from forum.models.search import INDEX_TABLES
from forum.settings import Settings


def is_ours(_: Any, name: str | None, kind: str, __: bool, ___: Any) -> bool:
    """Is this thing of the database declared in the models? The search index is not: it makes itself."""
    return not (kind == "table" and name in INDEX_TABLES) and not (name or "").startswith("ix_search_index")


def plain_types(kind: str, item: Any, autogen: Any) -> str | bool:
    """Moments are written as the numbers they are stored as: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.BigInteger()"
    return False


def compare_types(_: Any, __: Any, ___: Any, inspected: Any, declared: Any) -> bool | None:
    """A moment is a whole number in the database."""
    if isinstance(declared, Moment):
        return not isinstance(inspected, sa.Integer)
    return None


def run(db: Connection) -> None:
    """Run what was asked for on this connection; the transaction is its owner's."""
    context.configure(
        connection=db,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=plain_types,
        compare_type=compare_types,
        include_object=is_ours,
    )
    context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with Database(Settings.from_env().database_url).transaction() as db:
        run(db)
