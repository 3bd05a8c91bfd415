"""Tables of people: users, what was changed about them, their sessions, mailed codes, and the hits of limits."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, Key, ref


class User(Base):
    __tablename__ = "users"
    __table_args__ = (sa.UniqueConstraint("source", "source_id"),)
    id: Mapped[Key]
    handle: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)  # folded; None for imported and deleted people
    email_confirmed_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="citizen")  # citizen, moderator, policy, administrator
    status: Mapped[str] = mapped_column(default="active")  # active, suspended, imported, deleted
    suspended_until: Mapped[datetime | None]  # None while suspended: with no end
    is_employee: Mapped[bool] = mapped_column(default=False)
    agency_name: Mapped[str] = mapped_column(default="")
    job_title: Mapped[str] = mapped_column(default="")
    bio: Mapped[str] = mapped_column(default="")
    trust_level: Mapped[int] = mapped_column(default=0)  # 0 new, 1 known, 2 trusted
    kept_count: Mapped[int] = mapped_column(default=0)  # posts that stand
    unread_count: Mapped[int] = mapped_column(default=0)  # notifications not yet read
    wants_mail: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(default="en")
    created_at: Mapped[datetime]
    source: Mapped[str | None]
    source_id: Mapped[str | None]


class Session(Base):
    __tablename__ = "sessions"
    id: Mapped[Key]
    user_id: Mapped[int] = ref("users.id", index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)  # SHA-256 of the cookie's random token
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    authenticated_at: Mapped[datetime]  # when the person last proved who they are
    device: Mapped[str] = mapped_column(default="")


class MailCode(Base):
    """A code sent by mail: proves the address once, within ten minutes."""

    __tablename__ = "mail_codes"
    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]  # sign-in, sign-up, change-address
    email: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[int | None] = ref("users.id", nullable=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # where to go next; what a sign-up asked for


class UserChange(Base):
    """One change to an account: what, from what, to what, by whom. Never changed, never deleted."""

    __tablename__ = "user_changes"
    id: Mapped[Key]
    user_id: Mapped[int] = ref("users.id", index=True)
    by_id: Mapped[int | None] = ref("users.id", nullable=True)  # None: an operator on the command line
    kind: Mapped[str]  # created, role, employee, name, address, password, deleted
    before: Mapped[str] = mapped_column(default="")  # empty where the value itself must not be kept
    after: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class LimitHit(Base):
    """How often an act was done by one key (person, address) in one window of time."""

    __tablename__ = "limit_hits"
    key: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int] = mapped_column(
        sa.BigInteger, primary_key=True, autoincrement=False
    )  # start, seconds since 1970
    hits: Mapped[int]
