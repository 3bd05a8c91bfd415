"""Tables of consensus: runs, the score of each idea in the last one, and who saw an idea and passed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, BigId, Key, ref


class ConsensusRun(Base):
    """One computation of all scores. At most one row has `is_claimed`: two workers never compute at once."""

    __tablename__ = "consensus_runs"
    id: Mapped[Key]
    state: Mapped[str]  # running, done, failed
    is_claimed: Mapped[bool | None] = mapped_column(unique=True)  # true while it runs, then null
    version: Mapped[str]  # of the method
    parameters: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    begun_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime]  # when the run last said how far it is
    people: Mapped[int] = mapped_column(default=0)  # who took part
    ideas: Mapped[int] = mapped_column(default=0)  # with votes of theirs
    ranked: Mapped[int] = mapped_column(default=0)  # of these, with enough participation
    votes: Mapped[int] = mapped_column(default=0)  # votes and passes that took part
    votes_here: Mapped[int] = mapped_column(BigId, default=0)  # all votes there were: to see when a new run is due
    circles: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)  # each one's camps: sizes, weights


class ConsensusScore(Base):
    """What the last run found for an idea with enough participation."""

    __tablename__ = "consensus_scores"
    run_id: Mapped[int] = ref("consensus_runs.id", primary_key=True)
    idea_id: Mapped[int] = ref("ideas.id", primary_key=True, index=True)
    score: Mapped[float]  # 0 to 1, rounded to six places
    voters: Mapped[int]  # who take part and voted or passed
    circle: Mapped[int]  # its place in the run's circles: communities with the same voters have the same camps
    camps: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # each camp's votes, weight and share
    __table_args__ = (sa.Index("ix_consensus_scores_score", "run_id", "score", "idea_id"),)


class Pass(Base):
    """Who saw an idea and chose neither side. Comes from imports; here nobody needs to say so."""

    __tablename__ = "passes"
    user_id: Mapped[int] = ref("users.id", primary_key=True)
    idea_id: Mapped[int] = ref("ideas.id", primary_key=True)
    created_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_passes_idea_id", "idea_id"),)
