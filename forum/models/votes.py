"""The table of votes: one row a person and idea."""

from datetime import datetime

import sqlalchemy as sa

from forum.models.base import Base, Column, column, ref


class Vote(Base):
    __tablename__ = "votes"
    user_id: Column[int] = ref("users.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id", primary_key=True)
    value: Column[int] = column(sa.SmallInteger)  # +1 for, -1 against
    is_employee: Column[bool]  # as what the person voted
    created_at: Column[datetime]
    changed_at: Column[datetime]
    __table_args__ = (
        sa.CheckConstraint("value IN (-1, 1)", name="value"),
        sa.Index("ix_votes_idea_id", "idea_id"),
        {"sqlite_with_rowid": False},
    )
