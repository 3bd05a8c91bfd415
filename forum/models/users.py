"""Tables of people: users, what was changed about them, their sessions, mailed codes, and the hits of limits."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, Column, column, key, ref


class User(Base):
    __tablename__ = "users"
    __table_args__ = (sa.UniqueConstraint("source", "source_id"),)
    id: Column[int] = key()
    handle: Column[str] = column(unique=True)
    name: Column[str]
    email: Column[str | None] = column(unique=True)  # folded; None for imported and deleted people
    email_confirmed_at: Column[datetime | None]
    password_hash: Column[str | None]
    role: Column[str] = column(default="citizen")  # citizen, moderator, policy, administrator
    status: Column[str] = column(default="active")  # active, suspended, imported, deleted
    suspended_until: Column[datetime | None]  # None while suspended: with no end
    is_employee: Column[bool] = column(default=False)
    agency_name: Column[str] = column(default="")
    job_title: Column[str] = column(default="")
    bio: Column[str] = column(default="")
    trust_level: Column[int] = column(default=0)  # 0 new, 1 known, 2 trusted
    kept_count: Column[int] = column(default=0)  # posts that stand
    unread_count: Column[int] = column(default=0)  # notifications not yet read
    wants_mail: Column[bool] = column(default=True)
    language: Column[str] = column(default="en")
    created_at: Column[datetime]
    source: Column[str | None]
    source_id: Column[str | None]


class Session(Base):
    __tablename__ = "sessions"
    id: Column[int] = key()
    user_id: Column[int] = ref("users.id", index=True)
    token_hash: Column[str] = column(unique=True)  # SHA-256 of the cookie's random token
    created_at: Column[datetime]
    seen_at: Column[datetime]
    expires_at: Column[datetime] = column(index=True)
    authenticated_at: Column[datetime]  # when the person last proved who they are
    device: Column[str] = column(default="")


class MailCode(Base):
    """A code sent by mail: proves the address once, within ten minutes."""

    __tablename__ = "mail_codes"
    id: Column[int] = key()
    token_hash: Column[str] = column(unique=True)
    purpose: Column[str]  # sign-in, sign-up, change-address
    email: Column[str] = column(index=True)
    user_id: Column[int | None] = ref("users.id", nullable=True)
    created_at: Column[datetime]
    expires_at: Column[datetime] = column(index=True)
    used_at: Column[datetime | None]
    details: Column[dict[str, Any]] = column(sa.JSON, default=dict)  # where to go next; what a sign-up asked for


class UserChange(Base):
    """One change to an account: what, from what, to what, by whom. Never changed, never deleted."""

    __tablename__ = "user_changes"
    id: Column[int] = key()
    user_id: Column[int] = ref("users.id", index=True)
    by_id: Column[int | None] = ref("users.id", nullable=True)  # None: an operator on the command line
    kind: Column[str]  # created, role, employee, name, address, password, deleted
    before: Column[str] = column(default="")  # empty where the value itself must not be kept
    after: Column[str] = column(default="")
    created_at: Column[datetime]


class LimitHit(Base):
    """How often an act was done by one key (person, address) in one window of time."""

    __tablename__ = "limit_hits"
    key: Column[str] = column(primary_key=True)
    window: Column[int] = column(sa.BigInteger, primary_key=True, autoincrement=False)  # start, seconds since 1970
    hits: Column[int]
