"""The outbox: work to do after the commit, written in the same transaction, claimed under a lease, safe to repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.models import OutboxMessage

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 12

_ADD = sa.insert(OutboxMessage)
_REMOVE = sa.delete(OutboxMessage).where(OutboxMessage.id == sa.bindparam("message_id"))
_HAS_DUE = (
    sa.select(sa.literal(1))
    .where(OutboxMessage.due_at <= sa.bindparam("now"), OutboxMessage.attempts < MOST_ATTEMPTS)
    .limit(1)
)
_due = (
    sa.select(OutboxMessage.id)
    .where(OutboxMessage.due_at <= sa.bindparam("now"), OutboxMessage.attempts < MOST_ATTEMPTS)
    .order_by(OutboxMessage.due_at, OutboxMessage.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_CLAIM = (
    sa.update(OutboxMessage)
    .where(OutboxMessage.id.in_(sa.select(_due.c.id)))
    .values(due_at=sa.bindparam("leased_until"), attempts=OutboxMessage.attempts + 1)
    .returning(OutboxMessage.id, OutboxMessage.kind, OutboxMessage.payload, OutboxMessage.attempts)
)
_PUT_BACK = (
    sa.update(OutboxMessage)
    .where(OutboxMessage.id == sa.bindparam("message_id"))
    .values(due_at=sa.bindparam("again_at"), error=sa.bindparam("reason"))
)


@dataclass(frozen=True, slots=True)
class Message:
    """One piece of work, lent to this worker until the lease ends."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempts: int


def add(db: Connection, kind: str, /, *, due_at: datetime | None = None, **payload: Any) -> None:
    """Write down work for after the commit. `kind` is an event in the past tense: `idea.posted`."""
    moment = now()
    db.execute(
        _ADD,
        {
            "kind": kind,
            "payload": payload,
            "due_at": due_at or moment,
            "created_at": moment,
            "attempts": 0,
            "error": "",
        },
    )


def add_many(db: Connection, kind: str, payloads: Sequence[Mapping[str, Any]]) -> None:
    """Write down many pieces of work of one kind."""
    moment = now()
    shared = {"kind": kind, "due_at": moment, "created_at": moment, "attempts": 0, "error": ""}
    if payloads:
        db.execute(_ADD, [{**shared, "payload": dict(payload)} for payload in payloads])


def claim(db: Connection, *, limit: int = 10) -> Sequence[Message]:
    """Take due messages for LEASE; no two workers get the same one. A worker that dies gives them back by silence."""
    moment = now()
    rows = db.execute(_CLAIM, {"now": moment, "most": limit, "leased_until": moment + LEASE}).all()
    return [Message(row.id, row.kind, row.payload, row.attempts) for row in sorted(rows, key=lambda row: row.id)]


def done(db: Connection, message_id: int) -> bool:
    """The work is done, in this same transaction. False when another worker has done it: then there is nothing to do.

    Called before the work, it keeps two workers apart whose leases overlap: the second waits here for the first.
    """
    return db.execute(_REMOVE, {"message_id": message_id}).rowcount == 1


def has_due(db: Connection) -> bool:
    """Does any work wait to be done now?"""
    return db.execute(_HAS_DUE, {"now": now()}).first() is not None


def put_back(db: Connection, message: Message, reason: str) -> None:
    """It did not work: try again later, each time after twice as long, at most an hour."""
    wait = timedelta(seconds=min(3600, 5 * 2**message.attempts))
    db.execute(_PUT_BACK, {"message_id": message.id, "again_at": now() + wait, "reason": reason[:500]})
