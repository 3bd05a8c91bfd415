"""The tables of a database: brought up to date by the migrations, whatever state it is in."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, Database, is_sqlite

MIGRATIONS = Path(__file__).parents[1] / "migrations"
_LOCK = sa.text("SELECT pg_advisory_xact_lock(20090521)")  # two who migrate at once take turns


def create(url: str) -> None:
    """Bring the database at this address up to date; an empty one gets every table."""
    database = Database(url)
    try:
        migrate(database)
    finally:
        database.close()


def migrate(database: Database) -> None:
    """Run the migrations that the database has not had yet: all of them in one transaction, or none."""
    if (database.path is None or database.path.exists()) and _is_done(database):
        return
    from alembic import command  # here: only this needs it, and it takes long to load

    if database.path:
        # Addresses and password hashes are in it: for its owner's eyes only. The files beside it take its rights.
        with suppress(FileExistsError):
            os.close(os.open(database.path, os.O_CREAT | os.O_EXCL, 0o600))
    with database.transaction() as db:
        if not is_sqlite(db):
            db.execute(_LOCK)
        config = _config()
        config.attributes["connection"] = db
        command.upgrade(config, "head")


def revision(db: Connection) -> str | None:
    """The newest migration that this database has had; None if it has had none."""
    if not sa.inspect(db).has_table("alembic_version"):
        return None
    found = db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def head() -> str:
    """The newest migration that there is: their files begin with the number, `0007_add_merges.py`."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def is_current(db: Connection) -> bool:
    """Has the database had every migration?"""
    return revision(db) == head()


def _is_done(database: Database) -> bool:
    with database.reading() as db:
        return is_current(db)


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
