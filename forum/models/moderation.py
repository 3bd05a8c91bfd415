"""Tables of moderation: reports by readers, cases that wait, decisions that were made."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, BigId, Key, only_where, ref


class Case(Base):
    """One thing waiting for a moderator. A subject has at most one open case of a kind."""

    __tablename__ = "cases"
    id: Mapped[Key]
    kind: Mapped[str]  # report, held; later spam, duplicate, merge, wave, appeal
    subject_kind: Mapped[str]  # idea, comment
    subject_id: Mapped[int] = mapped_column(BigId)
    community_id: Mapped[int] = ref("communities.id")
    author_id: Mapped[int] = ref("users.id")  # of the subject: never decides on it
    is_open: Mapped[bool] = mapped_column(default=True)
    report_count: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    claimed_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    __table_args__ = (
        sa.Index("uq_cases_open", "kind", "subject_kind", "subject_id", unique=True, **only_where("is_open")),
        sa.Index("ix_cases_due", "due_at", "id", **only_where("is_open")),
        sa.Index("ix_cases_subject", "subject_kind", "subject_id"),
    )


class Report(Base):
    __tablename__ = "reports"
    id: Mapped[Key]
    case_id: Mapped[int] = ref("cases.id", index=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[int] = mapped_column(BigId)
    reporter_id: Mapped[int] = ref("users.id")
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("reporter_id", "subject_kind", "subject_id"),)


class Decision(Base):
    __tablename__ = "decisions"
    id: Mapped[Key]
    case_id: Mapped[int | None] = ref("cases.id", nullable=True, index=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[int] = mapped_column(BigId)
    community_id: Mapped[int] = ref("communities.id")
    action: Mapped[str]  # keep, hold, remove
    reason: Mapped[str] = mapped_column(default="")  # a code of domain/reasons.py
    note: Mapped[str] = mapped_column(default="")  # told to the author
    state_before: Mapped[str]
    state_after: Mapped[str]
    is_automated: Mapped[bool] = mapped_column(default=False)
    decided_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    created_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_decisions_subject", "subject_kind", "subject_id", "id"),)
