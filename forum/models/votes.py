"""The table of votes: one row a person and idea."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, ref


class Vote(Base):
    __tablename__ = "votes"
    user_id: Mapped[int] = ref("users.id", primary_key=True)
    idea_id: Mapped[int] = ref("ideas.id", primary_key=True)
    value: Mapped[int] = mapped_column(sa.SmallInteger)  # +1 for, -1 against
    is_employee: Mapped[bool]  # as what the person voted
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    __table_args__ = (
        sa.CheckConstraint("value IN (-1, 1)", name="value"),
        sa.Index("ix_votes_idea_id", "idea_id"),
        {"sqlite_with_rowid": False},
    )
