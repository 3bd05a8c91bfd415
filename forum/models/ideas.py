"""Tables of ideas: what lists show (narrow rows that votes change), their texts, tags, history and drafts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, BigId, Key, only_where, ref

RANKS = ("net", "approval", "trending", "contested", "uncertainty", "comment_count")
"""Columns that lists are ordered by; each has an index over all public ideas and one within a community."""


class Idea(Base):
    __tablename__ = "ideas"
    id: Mapped[Key]
    community_id: Mapped[int] = ref("communities.id")
    author_id: Mapped[int] = ref("users.id")
    title: Mapped[str]
    slug: Mapped[str]
    excerpt: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    status: Mapped[str] = mapped_column(default="open")  # what became of it: see domain/ideas.py STATUSES
    state: Mapped[str] = mapped_column(default="published")  # published, held, removed, off-topic, withdrawn, merged
    is_listed: Mapped[bool] = mapped_column(default=True)  # in the lists of its community
    is_public: Mapped[bool] = mapped_column(default=True)  # listed, and its community is open to everyone's eyes
    is_by_employee: Mapped[bool] = mapped_column(default=False)
    is_locked: Mapped[bool] = mapped_column(default=False)
    up: Mapped[int] = mapped_column(default=0)  # all votes for, imported totals included
    down: Mapped[int] = mapped_column(default=0)
    imported_up: Mapped[int] = mapped_column(default=0)  # totals that came without voters
    imported_down: Mapped[int] = mapped_column(default=0)
    employee_up: Mapped[int] = mapped_column(default=0)  # of up
    employee_down: Mapped[int] = mapped_column(default=0)  # of down
    net: Mapped[int] = mapped_column(default=0)
    approval: Mapped[float] = mapped_column(default=0.0)
    trending: Mapped[float] = mapped_column(default=0.0)
    contested: Mapped[float] = mapped_column(default=0.0)
    uncertainty: Mapped[float] = mapped_column(default=1.0)
    comment_count: Mapped[int] = mapped_column(default=0)  # comments that stand
    shuffle: Mapped[int] = mapped_column(BigId)  # a random place, for the random order
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    source: Mapped[str | None]
    source_id: Mapped[str | None]
    source_number: Mapped[str | None]
    aside_up: Mapped[int] = mapped_column(default=0)  # votes that were set aside: none of them is in up or down
    aside_down: Mapped[int] = mapped_column(default=0)
    has_asides: Mapped[bool] = mapped_column(default=False)  # some votes here do not count, even where none is cast now

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
    idea_id: Mapped[int] = ref("ideas.id", primary_key=True)
    body: Mapped[str]  # Markdown as written
    body_html: Mapped[str]  # safe HTML
    why: Mapped[str] = mapped_column(default="")
    why_html: Mapped[str] = mapped_column(default="")
    source_url: Mapped[str | None]
    source_data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # columns of the source that have no place here
    source_hash: Mapped[str | None]  # of the source row, to see whether it changed


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    idea_count: Mapped[int] = mapped_column(default=0)


class IdeaTag(Base):
    __tablename__ = "idea_tags"
    idea_id: Mapped[int] = ref("ideas.id", primary_key=True)
    tag_id: Mapped[int] = ref("tags.id", primary_key=True)
    __table_args__ = (sa.Index("ix_idea_tags_tag_id_idea_id", "tag_id", "idea_id"),)


class StatusChange(Base):
    """One step in the public history of an idea: posted, moved, acknowledged, answered, withdrawn ..."""

    __tablename__ = "status_changes"
    id: Mapped[Key]
    idea_id: Mapped[int] = ref("ideas.id", index=True)
    kind: Mapped[str]  # status, moved, withdrawn, removed, restored ...
    status: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = ref("users.id", nullable=True)
    created_at: Mapped[datetime]


class Revision(Base):
    """A text as it stood before a visible edit."""

    __tablename__ = "revisions"
    id: Mapped[Key]
    kind: Mapped[str]  # idea, comment
    object_id: Mapped[int] = mapped_column(BigId)
    title: Mapped[str] = mapped_column(default="")
    body: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = ref("users.id", nullable=True)
    created_at: Mapped[datetime]  # when this text was replaced
    __table_args__ = (sa.Index("ix_revisions_kind_object_id", "kind", "object_id", "id"),)


class Draft(Base):
    """What somebody typed and has not sent yet. A draft without a user waits for its secret key (session ended)."""

    __tablename__ = "drafts"
    id: Mapped[Key]
    user_id: Mapped[int | None] = ref("users.id", nullable=True, index=True)
    key_hash: Mapped[str | None] = mapped_column(unique=True)
    kind: Mapped[str]  # idea, comment
    object_id: Mapped[int | None] = mapped_column(BigId)  # the idea a comment draft belongs to
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    updated_at: Mapped[datetime]


class PostKey(Base):
    """What was just posted, by a digest of who wrote what: a second click finds the first post and makes no other."""

    __tablename__ = "post_keys"
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]  # idea, comment
    object_id: Mapped[int | None] = mapped_column(BigId)  # None only while the post is being made
    created_at: Mapped[datetime] = mapped_column(index=True)


class StaleRank(Base):
    """An idea whose order columns have yet to follow its counts (see domain/settling.py)."""

    __tablename__ = "stale_ranks"
    idea_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("ideas.id"), primary_key=True, autoincrement=False)
