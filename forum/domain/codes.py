"""Mailed codes: each proves once, within ten minutes, that somebody reads the mail of an address."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain.errors import NotFound
from forum.models import MailCode
from forum.signing import new_token, token_hash

LIFE = timedelta(minutes=10)
SIGN_IN, SIGN_UP, CHANGE_ADDRESS = "sign-in", "sign-up", "change-address"

_COLUMNS = (MailCode.purpose, MailCode.email, MailCode.user_id, MailCode.details)
_is_live = (
    MailCode.token_hash == sa.bindparam("hash"),
    MailCode.used_at.is_(None),
    MailCode.expires_at > sa.bindparam("moment"),
)
_ADD = sa.insert(MailCode)
_PEEK = sa.select(*_COLUMNS).where(*_is_live)
_USE = sa.update(MailCode).where(*_is_live).values(used_at=sa.bindparam("moment")).returning(*_COLUMNS)
_VOID = sa.delete(MailCode).where(
    sa.or_(MailCode.email == sa.bindparam("to"), MailCode.user_id == sa.bindparam("whose"))
)
_FORGET = sa.delete(MailCode).where(MailCode.expires_at < sa.bindparam("moment"))


class Ended(NotFound):
    """The link was used, is too old, or was never one of ours."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for. `details`: `next`, a local path; what a sign-up asked for."""

    purpose: str
    email: str
    user_id: int | None
    details: dict[str, Any]


def issue(db: Connection, purpose: str, email: str, *, user_id: int | None = None, **details: Any) -> str:
    """A new code for this address. Returns what goes into the mail; the table keeps its SHA-256 alone."""
    token, moment = new_token(), now()
    row = {
        "token_hash": token_hash(token),
        "purpose": purpose,
        "email": email,
        "user_id": user_id,
        "created_at": moment,
        "expires_at": moment + LIFE,
        "details": details,
    }
    db.execute(_ADD, row)
    return token


def peek(db: Connection, token: str) -> Code:
    """What a code stands for; using nothing up, as programs that scan mail open every link. Raises Ended."""
    row = db.execute(_PEEK, {"hash": token_hash(token), "moment": now()}).first()
    if row is None:
        raise Ended("This link does not work any more.")
    return Code(*row)


def use(db: Connection, token: str) -> Code:
    """Use a code up. Of any number of tries at the same moment one gets it; the others get Ended."""
    row = db.execute(_USE, {"hash": token_hash(token), "moment": now()}).first()
    if row is None:
        raise Ended("This link does not work any more.")
    return Code(*row)


def void(db: Connection, *, email: str, user_id: int) -> None:
    """No code of this address or person works any more: after a new password or address, and on deletion."""
    db.execute(_VOID, {"to": email, "whose": user_id})


def forget(db: Connection) -> None:
    """Delete what is past its time; with it go addresses and names of sign-ups that were never confirmed."""
    db.execute(_FORGET, {"moment": now()})
