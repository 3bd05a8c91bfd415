"""Sessions: rows that can be listed and ended; the cookie holds a random token, the row its SHA-256."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Prepared
from forum.domain import people
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import manages_any, require
from forum.models import Session, User
from forum.signing import new_token, token_hash

CITIZEN_LIFE, CITIZEN_IDLE = timedelta(days=30), timedelta(days=14)
STAFF_LIFE, STAFF_IDLE = timedelta(hours=12), timedelta(minutes=30)
FRESH = timedelta(minutes=15)  # how long a proof of identity counts for changes of address, factor or role


@dataclass(frozen=True, slots=True)
class Visitor:
    """A live session and its person."""

    session_id: int
    person: Person
    seen_at: datetime
    expires_at: datetime
    authenticated_at: datetime

    @property
    def is_fresh(self) -> bool:
        """Has the person proved who they are within the last quarter of an hour?"""
        return now() - self.authenticated_at <= FRESH

    def is_alive(self, seen_at: datetime | None = None) -> bool:
        """Neither past its end nor idle for too long. `seen_at`: a later sighting than the row knows of."""
        moment = now()
        idle = STAFF_IDLE if is_staff(self.person) else CITIZEN_IDLE
        return moment < self.expires_at and moment - max(self.seen_at, seen_at or self.seen_at) <= idle


_FIND = Prepared(
    sa.select(
        *people.COLUMNS,
        Session.id.label("session_id"),
        Session.seen_at,
        Session.expires_at,
        Session.authenticated_at,
    )
    .join_from(Session, User)
    .where(
        Session.token_hash == sa.bindparam("token_hash"), sa.or_(User.status == "active", User.status == "suspended")
    )
)
_LIST = (
    sa.select(Session.id, Session.created_at, Session.seen_at, Session.expires_at, Session.device)
    .where(Session.user_id == sa.bindparam("user_id"))
    .order_by(Session.seen_at.desc(), Session.id.desc())
)
_END = sa.delete(Session).where(Session.user_id == sa.bindparam("by"), Session.id == sa.bindparam("session_id"))
_END_TOKEN = sa.delete(Session).where(Session.token_hash == sa.bindparam("hash"))
_END_ALL = sa.delete(Session).where(Session.user_id == sa.bindparam("by"))
_END_OTHERS = _END_ALL.where(Session.id != sa.bindparam("kept_id"))
_SEEN = (
    sa.update(Session)
    .where(Session.id == sa.bindparam("session_id"), Session.seen_at < sa.bindparam("moment"))
    .values(seen_at=sa.bindparam("moment"))
)
_FORGET = sa.delete(Session).where(Session.expires_at < sa.bindparam("moment"))


def is_staff(person: Person) -> bool:
    """Staff sessions are short: moderators, managers, the policy team, administrators."""
    return person.role != "citizen" or manages_any(person, None)


def start(db: Connection, person: Person, *, device: str = "") -> str:
    """Open a session for a person who has just proved who they are. Returns the token for the cookie."""
    token, moment = new_token(), now()
    life = STAFF_LIFE if is_staff(person) else CITIZEN_LIFE
    row = {
        "user_id": person.id,
        "token_hash": token_hash(token),
        "created_at": moment,
        "seen_at": moment,
        "authenticated_at": moment,
        "expires_at": moment + life,
        "device": device[:200],
    }
    db.execute(sa.insert(Session), row)
    return token


def find(db: Connection, token: str) -> Visitor | None:
    """The live session of this token, or None: unknown, ended, idle or past its end."""
    row: Any = _FIND.first(db, {"token_hash": token_hash(token)})
    if row is None:
        return None
    person = people.from_row(db, row)
    return Visitor(row.session_id, person, row.seen_at, row.expires_at, row.authenticated_at)


def of(db: Connection, user: Person | None) -> list[Any]:
    """This person's own sessions, last seen first: id, created_at, seen_at, expires_at, device."""
    user = require(user, "account.use")
    return list(db.execute(_LIST, {"user_id": user.id}))


def end(db: Connection, user: Person | None, session_id: int) -> None:
    """End one of one's own sessions. NotFound for any other."""
    user = require(user, "account.use")
    if db.execute(_END, {"by": user.id, "session_id": session_id}).rowcount != 1:
        raise NotFound("That session has already ended.")


def end_token(db: Connection, token: str) -> None:
    """Sign out: the session of this token is over."""
    db.execute(_END_TOKEN, {"hash": token_hash(token)})


def end_all(db: Connection, user_id: int, *, keep: int | None = None) -> None:
    """End every session of a person, but for `keep`: after a new password, a suspension, a deletion."""
    if keep is None:
        db.execute(_END_ALL, {"by": user_id})
    else:
        db.execute(_END_OTHERS, {"by": user_id, "kept_id": keep})


def note_seen(db: Connection, sightings: Mapping[int, datetime]) -> None:
    """Write down when sessions were last seen (session id → moment), gathered by a door since the last time."""
    for session_id, moment in sightings.items():
        db.execute(_SEEN, {"session_id": session_id, "moment": moment})


def forget(db: Connection) -> None:
    """Delete sessions that are past their end."""
    db.execute(_FORGET, {"moment": now()})
