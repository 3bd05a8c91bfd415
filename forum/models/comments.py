"""Tables of comments and of the people who agree with them."""

from datetime import datetime

import sqlalchemy as sa

from forum.models.base import Base, Column, column, key, ref


class Comment(Base):
    __tablename__ = "comments"
    id: Column[int] = key()
    idea_id: Column[int] = ref("ideas.id")
    parent_id: Column[int | None] = ref("comments.id", nullable=True, index=True)
    author_id: Column[int] = ref("users.id")
    # Ids from the root down, fixed width in base 36: its order is the order of the thread, in every locale.
    path: Column[str] = column(sa.String().with_variant(sa.String(collation="C"), "postgresql"))
    depth: Column[int] = column(default=0)
    body: Column[str]
    body_html: Column[str]
    state: Column[str] = column(default="published")  # published, held, removed, withdrawn
    is_official: Column[bool] = column(default=False)
    is_by_employee: Column[bool] = column(default=False)
    agency_name: Column[str] = column(default="")  # for whom an official comment spoke when it was written
    agree_count: Column[int] = column(default=0)
    created_at: Column[datetime]
    edited_at: Column[datetime | None]  # a visible edit, after the first hour
    source: Column[str | None]
    source_id: Column[str | None]
    source_hash: Column[str | None]
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index("ix_comments_idea_id_path", "idea_id", "path"),
        sa.Index("ix_comments_author_id", "author_id", "id"),
    )


class CommentAgreement(Base):
    __tablename__ = "comment_agreements"
    comment_id: Column[int] = ref("comments.id", primary_key=True)
    user_id: Column[int] = ref("users.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id")  # the comment's: one short read tells a person's agreements on a page
    created_at: Column[datetime]
    __table_args__ = (sa.Index("ix_comment_agreements_user_id_idea_id", "user_id", "idea_id"),)
