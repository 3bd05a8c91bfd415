"""Effects: what decisions change and undos put back: state, community and lock of a post, the standing of an account.

Both directions go through `put`, so that an undo does exactly what a decision did, the other way round.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import from_microseconds, now, to_microseconds
from forum.db import Connection
from forum.domain import comments, remarks, sessions, states
from forum.domain.errors import NotFound
from forum.models import Comment, Idea, RecommendationComment, User, UserChange

Values = dict[str, Any]
"""Aspect → value: of an idea state, community_id, is_locked; of a comment or a remark state; of a user status,
suspended_until (microseconds since 1970, or None)."""

ENDED = ("withdrawn", "merged")  # by authors and merges: no decision brings such a post back
STATE_AFTER = {"hold": "held", "remove": "removed", "off-topic": "off-topic"}

_CURRENT = {
    "idea": sa.select(Idea.state, Idea.community_id, Idea.is_locked).where(Idea.id == sa.bindparam("it")),
    "comment": sa.select(Comment.state).where(Comment.id == sa.bindparam("it")),
    "remark": sa.select(RecommendationComment.state).where(RecommendationComment.id == sa.bindparam("it")),
    "user": sa.select(User.status, User.suspended_until).where(User.id == sa.bindparam("it")),
}
_LOCKED = {kind: statement.with_for_update() for kind, statement in _CURRENT.items()}
_SET_LOCK = sa.update(Idea).where(Idea.id == sa.bindparam("it")).values(is_locked=sa.bindparam("new_lock"))
_SET_STANDING = (
    sa.update(User)
    .where(User.id == sa.bindparam("it"))
    .values(status=sa.bindparam("new_status"), suspended_until=sa.bindparam("until"))
)


def current(db: Connection, kind: str, subject_id: int) -> Values:
    """How a subject stands now; its row stays locked until the commit. NotFound if there is none."""
    return _values(kind, db.execute(_LOCKED[kind], {"it": subject_id}).first())


def read(db: Connection, kind: str, subject_id: int) -> Values:
    """How a subject stands now, for a look without a change. NotFound if there is none."""
    return _values(kind, db.execute(_CURRENT[kind], {"it": subject_id}).first())


def _values(kind: str, row: Any) -> Values:
    if row is None:
        raise NotFound("There is nothing like that here.")
    values = dict(row._mapping)
    if kind == "user":
        values["suspended_until"] = _number(values["suspended_until"])
    return values


def _number(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment)


def wanted(
    action: str, now_is: Values, *, shown: str = "published", community_id: int = 0, until: datetime | None = None
) -> Values:
    """What an action makes of a subject: only what becomes different. `shown`: what a held post was before it waited.

    Nothing brings back what its author withdrew or what was merged; keeping changes only what waits.
    """
    after: Values = {}
    if action in STATE_AFTER and now_is["state"] not in ENDED:
        after["state"] = STATE_AFTER[action]
    elif action == "keep" and now_is["state"] == "held":
        after["state"] = shown
    elif action == "move":
        after["community_id"] = community_id
    elif action in ("lock", "unlock"):
        after["is_locked"] = action == "lock"
    elif action == "suspend":
        after |= {"status": "suspended", "suspended_until": _number(until)}
    elif action == "unsuspend":
        after |= {"status": "active", "suspended_until": None}
    if all(now_is[name] == value for name, value in after.items()):
        return {}
    return after


def put(db: Connection, kind: str, subject_id: int, after: Mapping[str, Any], *, by_id: int | None) -> None:
    """Make a subject what `after` says, with all that follows: lists, counts, search, sessions. Asks no rights."""
    if "state" in after:
        if kind == "idea":
            states.change(db, subject_id, after["state"])
        elif kind == "remark":
            remarks.change_state(db, subject_id, after["state"])
        else:
            comments.change_state(db, subject_id, after["state"])
    if "community_id" in after:
        states.move(db, subject_id, after["community_id"])
    if "is_locked" in after:
        db.execute(_SET_LOCK, {"it": subject_id, "new_lock": after["is_locked"]})
    if "status" in after:
        _set_standing(db, subject_id, after["status"], after.get("suspended_until"), by_id)


def _set_standing(db: Connection, user_id: int, status: str, until: int | None, by_id: int | None) -> None:
    before = current(db, "user", user_id)["status"]
    moment = None if until is None else from_microseconds(until)
    db.execute(_SET_STANDING, {"it": user_id, "new_status": status, "until": moment})
    if before == status:
        return
    row = {"user_id": user_id, "by_id": by_id, "kind": "status", "before": before, "after": status}
    db.execute(sa.insert(UserChange), {**row, "created_at": now()})
    if status == "suspended":
        sessions.end_all(db, user_id)
