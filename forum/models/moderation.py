"""Tables of moderation: reports by readers, cases that wait, decisions that were made, appeals, internal notes."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, BigId, Key, only_where, ref


class Case(Base):
    """One thing waiting for a moderator. A subject has at most one open case of a kind."""

    __tablename__ = "cases"
    id: Mapped[Key]
    kind: Mapped[str]  # report, held, spam, duplicate, merge, wave, appeal
    subject_kind: Mapped[str]  # idea, comment, remark, user, wave
    subject_id: Mapped[int] = mapped_column(BigId)
    community_id: Mapped[int | None] = ref("communities.id", nullable=True)  # None: on a directive
    author_id: Mapped[int] = ref("users.id")  # of the subject: never decides on it
    is_open: Mapped[bool] = mapped_column(default=True)
    report_count: Mapped[int] = mapped_column(default=0)
    weight: Mapped[float] = mapped_column(default=0.0)  # orders cases that are due at the same time: domain/weights.py
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    claimed_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    decision_id: Mapped[int | None] = mapped_column(BigId)  # that closed it; no key, since decisions point here too
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    __table_args__ = (
        sa.Index("uq_cases_open", "kind", "subject_kind", "subject_id", unique=True, **only_where("is_open")),
        sa.Index("ix_cases_due", "due_at", "id", **only_where("is_open")),
        sa.Index("ix_cases_subject", "subject_kind", "subject_id"),
        sa.Index("ix_cases_author", "author_id", "id"),
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
    """One act of moderation with all fields of a statement of reasons. Never deleted, only undone."""

    __tablename__ = "decisions"
    id: Mapped[Key]
    case_id: Mapped[int | None] = ref("cases.id", nullable=True, index=True)
    subject_kind: Mapped[str]  # idea, comment, remark, user, wave
    subject_id: Mapped[int] = mapped_column(BigId)
    community_id: Mapped[int | None] = ref("communities.id", nullable=True)  # None: an account, or on a directive
    author_id: Mapped[int] = ref("users.id")  # whose post, or whose account
    action: Mapped[str]  # a key of domain/actions.py
    reason: Mapped[str] = mapped_column(default="")  # a code of domain/reasons.py
    facts: Mapped[str] = mapped_column(default="")  # what the decision relies on
    note: Mapped[str] = mapped_column(default="")  # told to the author
    machine: Mapped[str] = mapped_column(default="")  # "", found (a machine brought it up), decided
    office: Mapped[str] = mapped_column(default="")  # in whose name, for everyone's eyes: Moderators, Managers of ...
    state_before: Mapped[str]
    state_after: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # what an undo puts back
    after: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the same things as the decision left them
    act_id: Mapped[str] = mapped_column(default="")  # groups decisions made in one act; empty if alone
    decided_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    undoes_id: Mapped[int | None] = ref("decisions.id", nullable=True, index=True)
    undone_at: Mapped[datetime | None]
    __table_args__ = (
        sa.Index("ix_decisions_subject", "subject_kind", "subject_id", "id"),
        sa.Index("ix_decisions_author", "author_id", "id"),
        sa.Index("ix_decisions_created", "created_at", "id"),
        sa.Index("ix_decisions_act", "act_id", "id"),
    )


class Appeal(Base):
    """An author's one appeal against a decision, and what another moderator made of it."""

    __tablename__ = "appeals"
    id: Mapped[Key]
    decision_id: Mapped[int] = ref("decisions.id", unique=True)
    case_id: Mapped[int] = ref("cases.id", index=True)
    author_id: Mapped[int] = ref("users.id", index=True)
    text: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(default="")  # "" waiting, upheld, denied
    answer: Mapped[str] = mapped_column(default="")
    decided_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    decided_at: Mapped[datetime | None]


class Note(Base):
    """What those who moderate write for each other about a person or a post; nobody else reads it."""

    __tablename__ = "notes"
    id: Mapped[Key]
    subject_kind: Mapped[str]  # user, idea, comment, remark
    subject_id: Mapped[int] = mapped_column(BigId)
    body: Mapped[str]
    by_id: Mapped[int] = ref("users.id", index=True)
    created_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_notes_subject", "subject_kind", "subject_id", "id"),)
