"""Tables of moderation: reports by readers, cases that wait, decisions that were made, appeals, internal notes."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, only_where, ref


class Case(Base):
    """One thing waiting for a moderator. A subject has at most one open case of a kind."""

    __tablename__ = "cases"
    id: Column[int] = key()
    kind: Column[str]  # report, held, spam, duplicate, merge, wave, appeal
    subject_kind: Column[str]  # idea, comment, remark, user, wave
    subject_id: Column[int] = column(BigId)
    community_id: Column[int | None] = ref("communities.id", nullable=True)  # None: on a directive
    author_id: Column[int] = ref("users.id")  # of the subject: never decides on it
    is_open: Column[bool] = column(default=True)
    report_count: Column[int] = column(default=0)
    weight: Column[float] = column(default=0.0)  # orders cases that are due at the same time: domain/weights.py
    opened_at: Column[datetime]
    due_at: Column[datetime]
    claimed_by_id: Column[int | None] = ref("users.id", nullable=True)
    claimed_until: Column[datetime | None]
    closed_at: Column[datetime | None]
    decision_id: Column[int | None] = column(BigId)  # that closed it; no key, since decisions point here too
    details: Column[dict[str, Any]] = column(sa.JSON, default=dict)
    __table_args__ = (
        sa.Index("uq_cases_open", "kind", "subject_kind", "subject_id", unique=True, **only_where("is_open")),
        sa.Index("ix_cases_due", "due_at", "id", **only_where("is_open")),
        sa.Index("ix_cases_subject", "subject_kind", "subject_id"),
        sa.Index("ix_cases_author", "author_id", "id"),
    )


class Report(Base):
    __tablename__ = "reports"
    id: Column[int] = key()
    case_id: Column[int] = ref("cases.id", index=True)
    subject_kind: Column[str]
    subject_id: Column[int] = column(BigId)
    reporter_id: Column[int] = ref("users.id")
    reason: Column[str]
    note: Column[str] = column(default="")
    created_at: Column[datetime]
    __table_args__ = (sa.UniqueConstraint("reporter_id", "subject_kind", "subject_id"),)


class Decision(Base):
    """One act of moderation with all fields of a statement of reasons. Never deleted, only undone."""

    __tablename__ = "decisions"
    id: Column[int] = key()
    case_id: Column[int | None] = ref("cases.id", nullable=True, index=True)
    subject_kind: Column[str]  # idea, comment, remark, user, wave
    subject_id: Column[int] = column(BigId)
    community_id: Column[int | None] = ref("communities.id", nullable=True)  # None: an account, or on a directive
    author_id: Column[int] = ref("users.id")  # whose post, or whose account
    action: Column[str]  # a key of domain/actions.py
    reason: Column[str] = column(default="")  # a code of domain/reasons.py
    facts: Column[str] = column(default="")  # what the decision relies on
    note: Column[str] = column(default="")  # told to the author
    machine: Column[str] = column(default="")  # "", found (a machine brought it up), decided
    office: Column[str] = column(default="")  # in whose name, for everyone's eyes: Moderators, Managers of ...
    state_before: Column[str]
    state_after: Column[str]
    before: Column[dict[str, Any]] = column(sa.JSON, default=dict)  # what an undo puts back
    after: Column[dict[str, Any]] = column(sa.JSON, default=dict)  # the same things as the decision left them
    act_id: Column[str] = column(default="")  # groups decisions made in one act; empty if alone
    decided_by_id: Column[int | None] = ref("users.id", nullable=True)
    created_at: Column[datetime]
    ends_at: Column[datetime | None]
    undoes_id: Column[int | None] = ref("decisions.id", nullable=True, index=True)
    undone_at: Column[datetime | None]
    __table_args__ = (
        sa.Index("ix_decisions_subject", "subject_kind", "subject_id", "id"),
        sa.Index("ix_decisions_author", "author_id", "id"),
        sa.Index("ix_decisions_created", "created_at", "id"),
        sa.Index("ix_decisions_act", "act_id", "id"),
    )


class Appeal(Base):
    """An author's one appeal against a decision, and what another moderator made of it."""

    __tablename__ = "appeals"
    id: Column[int] = key()
    decision_id: Column[int] = ref("decisions.id", unique=True)
    case_id: Column[int] = ref("cases.id", index=True)
    author_id: Column[int] = ref("users.id", index=True)
    text: Column[str]
    created_at: Column[datetime]
    due_at: Column[datetime]
    outcome: Column[str] = column(default="")  # "" waiting, upheld, denied
    answer: Column[str] = column(default="")
    decided_by_id: Column[int | None] = ref("users.id", nullable=True)
    decided_at: Column[datetime | None]


class Note(Base):
    """What those who moderate write for each other about a person or a post; nobody else reads it."""

    __tablename__ = "notes"
    id: Column[int] = key()
    subject_kind: Column[str]  # user, idea, comment, remark
    subject_id: Column[int] = column(BigId)
    body: Column[str]
    by_id: Column[int] = ref("users.id", index=True)
    created_at: Column[datetime]
    __table_args__ = (sa.Index("ix_notes_subject", "subject_kind", "subject_id", "id"),)
