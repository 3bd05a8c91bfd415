"""Cases: things that wait for a moderator, counted and listed for those who may decide them."""

import sqlalchemy as sa

from forum.db import Connection
from forum.domain.people import Person
from forum.domain.permissions import moderator
from forum.models import Case

_OPEN = sa.select(sa.func.count()).select_from(Case).where(Case.is_open)
_OPEN_IN = _OPEN.where(Case.community_id.in_(sa.bindparam("community_ids", expanding=True)))


def open_count(db: Connection, user: Person) -> int:
    """How many cases wait in this person's queue: all of them for a moderator, their communities' for a manager."""
    if moderator(user, None):
        return int(db.execute(_OPEN).scalar_one())
    return int(db.execute(_OPEN_IN, {"community_ids": list(user.managed)}).scalar_one())
