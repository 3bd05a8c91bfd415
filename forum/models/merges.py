"""Tables of merging and splitting: proposals and merges, what each carried over, who kept out, and splits."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, only_where, ref


class Merge(Base):
    """One idea (absorbed) goes into another (target): from the proposal to the merge, and to its undoing."""

    __tablename__ = "merges"
    id: Column[int] = key()
    absorbed_id: Column[int] = ref("ideas.id")
    target_id: Column[int] = ref("ideas.id")
    stage: Column[str]  # proposed, asked, merged; at its end declined, refused, undone
    is_waiting: Column[bool] = column(default=True)  # proposed or asked: an idea waits for one answer at a time
    is_active: Column[bool] = column(default=False)  # merged: an idea is in one other idea at most
    reason: Column[str]
    proposed_by_id: Column[int] = ref("users.id")
    created_at: Column[datetime]
    case_id: Column[int | None] = ref("cases.id", nullable=True)
    consent: Column[str] = column(default="")  # of the absorbed idea's author: given, declined, or none yet
    asked_by_id: Column[int | None] = ref("users.id", nullable=True)
    asked_at: Column[datetime | None]
    answer_due_at: Column[datetime | None]
    answered_at: Column[datetime | None]
    answer: Column[str] = column(default="")
    decided_by_id: Column[int | None] = ref("users.id", nullable=True)
    decided_at: Column[datetime | None]
    note: Column[str] = column(default="")  # of the moderator who decided
    decision_id: Column[int | None] = ref("decisions.id", nullable=True)
    takes_against: Column[bool] = column(default=True)  # does the target count votes against?
    state_before: Column[str] = column(default="")  # of the absorbed idea
    undone_by_id: Column[int | None] = ref("users.id", nullable=True)
    undone_at: Column[datetime | None]
    undo_reason: Column[str] = column(default="")
    __table_args__ = (
        sa.Index("uq_merges_waiting", "absorbed_id", unique=True, **only_where("is_waiting")),
        sa.Index("uq_merges_active", "absorbed_id", unique=True, **only_where("is_active")),
        sa.Index("ix_merges_into", "target_id", **only_where("is_active")),
        sa.Index("ix_merges_absorbed_id", "absorbed_id", "id"),
        sa.Index("ix_merges_target_id", "target_id", "id"),
    )


class MergeCarry(Base):
    """A vote or a follow that stands on an idea because a merge carried it there, not because the person put it there.

    The row goes when the person acts on that idea: from then on the vote or follow is their own.
    """

    __tablename__ = "merge_carries"
    what: Column[str] = column(primary_key=True)  # vote, follow
    # The key of a vote or follow, which has the foreign keys: checking them twice would double the time of a merge.
    idea_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    user_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    # No index: by it, PostgreSQL without fresh statistics would look through all rows of a merge for each person.
    merge_id: Column[int] = ref("merges.id")


class MergeOut(Base):
    """Somebody whose vote or follow a merge does not carry."""

    __tablename__ = "merge_outs"
    merge_id: Column[int] = ref("merges.id", primary_key=True)
    user_id: Column[int] = ref("users.id", primary_key=True)
    what: Column[str] = column(primary_key=True)  # vote, follow
    is_wish: Column[bool]  # they asked for it; otherwise they took the carried one back
    created_at: Column[datetime]


class MergeComment(Base):
    """Where a thread was written that stands under another idea now; one row for the comment at its top."""

    __tablename__ = "merge_comments"
    comment_id: Column[int] = ref("comments.id", primary_key=True)
    home_id: Column[int] = ref("ideas.id", index=True)


class Split(Base):
    """A part of an idea that became an idea of its own."""

    __tablename__ = "splits"
    id: Column[int] = key()
    idea_id: Column[int] = ref("ideas.id", index=True)
    new_id: Column[int] = ref("ideas.id", unique=True)
    reason: Column[str]
    made_by_id: Column[int] = ref("users.id")
    created_at: Column[datetime]
    decision_id: Column[int | None] = ref("decisions.id", nullable=True)
    before: Column[dict[str, Any]] = column(sa.JSON)  # title, body, why of the idea; empty if they stayed
    mark: Column[str] = column(default="")  # of the idea's text after the split (revisions.mark)
    undone_by_id: Column[int | None] = ref("users.id", nullable=True)
    undone_at: Column[datetime | None]
    undo_reason: Column[str] = column(default="")


class SplitComment(Base):
    """A thread that a split took along, by the comment at its top, and the idea it was at home under before."""

    __tablename__ = "split_comments"
    split_id: Column[int] = ref("splits.id", primary_key=True)
    comment_id: Column[int] = ref("comments.id", primary_key=True)
    home_id: Column[int] = column(BigId)
