"""Tables of ideas: what lists show (narrow rows that votes change), their texts, history and drafts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, only_where, ref

RANKS = ("net", "approval", "trending", "contested", "uncertainty", "comment_count")
"""Columns that lists are ordered by; each has an index over all public ideas and one within a community."""


class Idea(Base):
    __tablename__ = "ideas"
    id: Column[int] = key()
    community_id: Column[int] = ref("communities.id")
    author_id: Column[int] = ref("users.id")
    title: Column[str]
    slug: Column[str]
    excerpt: Column[str] = column(default="")
    language: Column[str] = column(default="en")
    status: Column[str] = column(default="open")  # what became of it: see domain/ideas.py STATUSES
    state: Column[str] = column(default="published")  # published, held, removed, off-topic, withdrawn, merged
    is_listed: Column[bool] = column(default=True)  # in the lists of its community
    is_public: Column[bool] = column(default=True)  # listed, and its community is open to everyone's eyes
    is_by_employee: Column[bool] = column(default=False)
    is_locked: Column[bool] = column(default=False)
    up: Column[int] = column(default=0)  # all votes for, imported totals included
    down: Column[int] = column(default=0)
    imported_up: Column[int] = column(default=0)  # totals that came without voters
    imported_down: Column[int] = column(default=0)
    employee_up: Column[int] = column(default=0)  # of up
    employee_down: Column[int] = column(default=0)  # of down
    net: Column[int] = column(default=0)
    approval: Column[float] = column(default=0.0)
    trending: Column[float] = column(default=0.0)
    contested: Column[float] = column(default=0.0)
    uncertainty: Column[float] = column(default=1.0)
    comment_count: Column[int] = column(default=0)  # comments that stand
    shuffle: Column[int] = column(BigId)  # a random place, for the random order
    created_at: Column[datetime]
    edited_at: Column[datetime | None]
    source: Column[str | None]
    source_id: Column[str | None]
    source_number: Column[str | None]
    aside_up: Column[int] = column(default=0)  # votes that were set aside: none of them is in up or down
    aside_down: Column[int] = column(default=0)
    has_asides: Column[bool] = column(default=False)  # some votes here do not count, even where none is cast now

    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        *(sa.Index(f"ix_ideas_{rank}", rank, "id", **only_where("is_public")) for rank in RANKS),
        *(
            sa.Index(f"ix_ideas_community_{rank}", "community_id", rank, "id", **only_where("is_listed"))
            for rank in RANKS
        ),
        sa.Index("ix_ideas_created", "created_at", "id", **only_where("is_public")),
        sa.Index("ix_ideas_community_created", "community_id", "created_at", "id", **only_where("is_listed")),
        sa.Index("ix_ideas_shuffle", "shuffle", "id", **only_where("is_public")),
        sa.Index("ix_ideas_community_shuffle", "community_id", "shuffle", "id", **only_where("is_listed")),
        sa.Index("ix_ideas_author", "author_id", "id"),
        sa.Index("ix_ideas_status", "status", "id"),
        sa.Index("ix_ideas_state", "state", "id"),
    )


class IdeaText(Base):
    """The long texts, apart so that a vote rewrites only a short row."""

    __tablename__ = "idea_texts"
    idea_id: Column[int] = ref("ideas.id", primary_key=True)
    body: Column[str]  # Markdown as written
    body_html: Column[str]  # safe HTML
    why: Column[str] = column(default="")
    why_html: Column[str] = column(default="")
    source_url: Column[str | None]
    source_data: Column[dict[str, Any] | None] = column(sa.JSON)  # columns of the source that have no place here
    source_hash: Column[str | None]  # of the source row, to see whether it changed


class StatusChange(Base):
    """One step in the public history of an idea: posted, moved, acknowledged, answered, withdrawn ..."""

    __tablename__ = "status_changes"
    id: Column[int] = key()
    idea_id: Column[int] = ref("ideas.id", index=True)
    kind: Column[str]  # status, moved, withdrawn, removed, restored ...
    status: Column[str] = column(default="")
    note: Column[str] = column(default="")
    by_id: Column[int | None] = ref("users.id", nullable=True)
    created_at: Column[datetime]


class Revision(Base):
    """A text as it stood before a visible edit."""

    __tablename__ = "revisions"
    id: Column[int] = key()
    kind: Column[str]  # idea, comment
    object_id: Column[int] = column(BigId)
    title: Column[str] = column(default="")
    body: Column[str]
    why: Column[str] = column(default="")
    by_id: Column[int | None] = ref("users.id", nullable=True)
    created_at: Column[datetime]  # when this text was replaced
    __table_args__ = (sa.Index("ix_revisions_kind_object_id", "kind", "object_id", "id"),)


class Draft(Base):
    """What somebody typed and has not sent yet. A draft without a user waits for its secret key (session ended)."""

    __tablename__ = "drafts"
    id: Column[int] = key()
    user_id: Column[int | None] = ref("users.id", nullable=True, index=True)
    key_hash: Column[str | None] = column(unique=True)
    kind: Column[str]  # idea, comment
    object_id: Column[int | None] = column(BigId)  # the idea a comment draft belongs to
    fields: Column[dict[str, Any]] = column(sa.JSON)
    updated_at: Column[datetime]


class PostKey(Base):
    """What was just posted, by a digest of who wrote what: a second click finds the first post and makes no other."""

    __tablename__ = "post_keys"
    key: Column[str] = column(primary_key=True)
    kind: Column[str]  # idea, comment
    object_id: Column[int | None] = column(BigId)  # None only while the post is being made
    created_at: Column[datetime] = column(index=True)


class StaleRank(Base):
    """An idea whose order columns have yet to follow its counts (see domain/settling.py)."""

    __tablename__ = "stale_ranks"
    idea_id: Column[int] = column(BigId, sa.ForeignKey("ideas.id"), primary_key=True, autoincrement=False)
