"""The table of votes set aside: whose votes on which ideas do not count, and by which decision."""

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, ref


class VoteAside(Base):
    """While a row stands, nothing that this person votes on this idea counts. An undo deletes the rows of a decision.

    There is a row for each decision, so that decisions about the same vote can be undone in any order.
    """

    __tablename__ = "vote_asides"
    # No key to the vote: people change votes and take them back, and the row stands all the while.
    idea_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    user_id: Column[int] = ref("users.id", primary_key=True)
    decision_id: Column[int] = ref("decisions.id", primary_key=True, index=True)
    is_carried: Column[bool] = column(default=False)  # a merge brought it here, with the vote
    __table_args__ = (sa.Index("ix_vote_asides_user_id", "user_id", "idea_id"), {"sqlite_with_rowid": False})
