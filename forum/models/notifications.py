"""Tables of what is told to people, and of work to do after a commit."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, Column, column, key, ref


class Notification(Base):
    __tablename__ = "notifications"
    id: Column[int] = key()
    user_id: Column[int] = ref("users.id")
    event: Column[str]  # unique per person: the same event is told once, however often a worker tries
    kind: Column[str]
    title: Column[str]
    text: Column[str] = column(default="")
    url: Column[str]
    created_at: Column[datetime]
    read_at: Column[datetime | None]
    __table_args__ = (sa.UniqueConstraint("user_id", "event"), sa.Index("ix_notifications_user_id_id", "user_id", "id"))


class Mail(Base):
    """A mail to send, written in the transaction of its cause; sent when sent_at is set."""

    __tablename__ = "mails"
    id: Column[int] = key()
    event: Column[str] = column(unique=True)
    user_id: Column[int | None] = ref("users.id", nullable=True, index=True)
    recipient: Column[str]
    is_optional: Column[bool] = column(default=False)  # carries the one-click unsubscribe link
    subject: Column[str]
    text: Column[str]
    html: Column[str]
    created_at: Column[datetime]
    due_at: Column[datetime]  # pushed on while a worker has it, and after a failure
    attempts: Column[int] = column(default=0)
    sent_at: Column[datetime | None]
    error: Column[str] = column(default="")
    __table_args__ = (sa.Index("ix_mails_sent_at_due_at", "sent_at", "due_at"),)


class OutboxMessage(Base):
    """Work to do after the transaction it was written in. Claimed under a lease, done, deleted; safe to repeat."""

    __tablename__ = "outbox"
    id: Column[int] = key()
    kind: Column[str]
    payload: Column[dict[str, Any]] = column(sa.JSON)
    due_at: Column[datetime] = column(index=True)
    attempts: Column[int] = column(default=0)
    error: Column[str] = column(default="")
    created_at: Column[datetime]
