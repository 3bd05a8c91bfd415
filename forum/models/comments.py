"""Tables of comments and of the people who agree with them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, Key, ref


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[Key]
    idea_id: Mapped[int] = ref("ideas.id")
    parent_id: Mapped[int | None] = ref("comments.id", nullable=True, index=True)
    author_id: Mapped[int] = ref("users.id")
    # Ids from the root down, fixed width in base 36: its order is the order of the thread, in every locale.
    path: Mapped[str] = mapped_column(sa.String().with_variant(sa.String(collation="C"), "postgresql"))
    depth: Mapped[int] = mapped_column(default=0)
    body: Mapped[str]
    body_html: Mapped[str]
    state: Mapped[str] = mapped_column(default="published")  # published, held, removed, withdrawn
    is_official: Mapped[bool] = mapped_column(default=False)
    is_by_employee: Mapped[bool] = mapped_column(default=False)
    agency_name: Mapped[str] = mapped_column(default="")  # for whom an official comment spoke when it was written
    agree_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]  # a visible edit, after the first hour
    source: Mapped[str | None]
    source_id: Mapped[str | None]
    source_hash: Mapped[str | None]
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index("ix_comments_idea_id_path", "idea_id", "path"),
        sa.Index("ix_comments_author_id", "author_id", "id"),
    )


class CommentAgreement(Base):
    __tablename__ = "comment_agreements"
    comment_id: Mapped[int] = ref("comments.id", primary_key=True)
    user_id: Mapped[int] = ref("users.id", primary_key=True)
    idea_id: Mapped[int] = ref("ideas.id")  # the comment's: one short read tells a person's agreements on a page
    created_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_comment_agreements_user_id_idea_id", "user_id", "idea_id"),)
