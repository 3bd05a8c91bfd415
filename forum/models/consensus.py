"""Tables of consensus: runs, the score of each idea in the last one, and who saw an idea and passed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, ref


class ConsensusRun(Base):
    """One computation of all scores. At most one row has `is_claimed`: two workers never compute at once."""

    __tablename__ = "consensus_runs"
    id: Column[int] = key()
    state: Column[str]  # running, done, failed
    is_claimed: Column[bool | None] = column(unique=True)  # true while it runs, then null
    version: Column[str]  # of the method
    parameters: Column[dict[str, Any]] = column(sa.JSON)
    begun_at: Column[datetime]
    made_at: Column[datetime | None]
    seconds: Column[float] = column(default=0.0)
    step: Column[int] = column(default=0)
    steps: Column[int] = column(default=0)
    told_at: Column[datetime]  # when the run last said how far it is
    people: Column[int] = column(default=0)  # who took part
    ideas: Column[int] = column(default=0)  # with votes of theirs
    ranked: Column[int] = column(default=0)  # of these, with enough participation
    votes: Column[int] = column(default=0)  # votes and passes that took part
    votes_here: Column[int] = column(BigId, default=0)  # all votes there were: to see when a new run is due
    circles: Column[list[dict[str, Any]]] = column(sa.JSON, default=list)  # each one's camps: sizes, weights


class ConsensusScore(Base):
    """What the last run found for an idea with enough participation."""

    __tablename__ = "consensus_scores"
    run_id: Column[int] = ref("consensus_runs.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id", primary_key=True, index=True)
    score: Column[float]  # 0 to 1, rounded to six places
    voters: Column[int]  # who take part and voted or passed
    circle: Column[int]  # its place in the run's circles: communities with the same voters have the same camps
    camps: Column[list[dict[str, Any]]] = column(sa.JSON)  # each camp's votes, weight and share
    __table_args__ = (sa.Index("ix_consensus_scores_score", "run_id", "score", "idea_id"),)


class Pass(Base):
    """Who saw an idea and chose neither side. Comes from imports; here nobody needs to say so."""

    __tablename__ = "passes"
    user_id: Column[int] = ref("users.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id", primary_key=True)
    created_at: Column[datetime]
    __table_args__ = (sa.Index("ix_passes_idea_id", "idea_id"),)
