"""Suspensions: those whose date has come end by themselves, are written down, and their owners hear of it."""

import sqlalchemy as sa

from forum.clock import now, to_microseconds
from forum.db import Connection
from forum.domain import notifications
from forum.domain.notifications import Telling
from forum.models import User, UserChange

_END = (
    sa.update(User)
    .where(User.status == "suspended", User.suspended_until <= sa.bindparam("moment"))
    .values(status="active", suspended_until=None)
    .returning(User.id)
)


def end_due(db: Connection) -> int:
    """Make the accounts active whose suspension is over; how many there were. Rights followed the clock already."""
    moment = now()
    ended = sorted(int(row.id) for row in db.execute(_END, {"moment": moment}))
    for user_id in ended:
        row = {"user_id": user_id, "by_id": None, "kind": "status", "before": "suspended", "after": "active"}
        db.execute(sa.insert(UserChange), {**row, "created_at": moment})
    if ended:
        event = f"suspension-ended:{to_microseconds(moment)}"
        telling = Telling(event, "account.active", "Your account is open again", "/me", "You can take part again.")
        notifications.later(db, ended, telling, reason="it is your account")
    return len(ended)
