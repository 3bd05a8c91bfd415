"""Tables of what is told to people, and of work to do after a commit."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, Key, ref


class Notification(Base):
    __tablename__ = "notifications"
    id: Mapped[Key]
    user_id: Mapped[int] = ref("users.id")
    event: Mapped[str]  # unique per person: the same event is told once, however often a worker tries
    kind: Mapped[str]
    title: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    url: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("user_id", "event"), sa.Index("ix_notifications_user_id_id", "user_id", "id"))


class Mail(Base):
    """A mail to send, written in the transaction of its cause; sent when sent_at is set."""

    __tablename__ = "mails"
    id: Mapped[Key]
    event: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = ref("users.id", nullable=True, index=True)
    recipient: Mapped[str]
    is_optional: Mapped[bool] = mapped_column(default=False)  # carries the one-click unsubscribe link
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]  # pushed on while a worker has it, and after a failure
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    __table_args__ = (sa.Index("ix_mails_sent_at_due_at", "sent_at", "due_at"),)


class OutboxMessage(Base):
    """Work to do after the transaction it was written in. Claimed under a lease, done, deleted; safe to repeat."""

    __tablename__ = "outbox"
    id: Mapped[Key]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    due_at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
