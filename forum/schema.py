"""The tables of a database: brought up to date by the migrations, whatever state it is in."""

from forum.db import Database
from forum.models import Base


def create(url: str) -> None:
    """Make every table in an empty database."""
    database = Database(url)
    with database.transaction() as db:
        Base.metadata.create_all(db)
    database.close()
