"""Tables of the spam score: counts of hashed features, what was learned from which post, fingerprints of texts."""

from datetime import datetime

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key


class SpamModel(Base):
    """One row: how much was learned, by which version of the features, and how far the decisions have been read."""

    __tablename__ = "spam_models"
    id: Column[int] = key()
    version: Column[int]
    good_count: Column[int]
    spam_count: Column[int]
    read_until: Column[int] = column(BigId)  # id of a decision; all up to it are learned for certain
    threshold: Column[float]  # the score from which on a post is held


class SpamFeature(Base):
    """In how many good and how many removed posts a feature stood. At most readings.BUCKETS rows."""

    __tablename__ = "spam_features"
    bucket: Column[int] = column(primary_key=True, autoincrement=False)
    good_count: Column[int]
    spam_count: Column[int]


class SpamLesson(Base):
    """What one post taught: enough to take exactly that back. Holds numbers of buckets, no words."""

    __tablename__ = "spam_lessons"
    subject_kind: Column[str] = column(primary_key=True)  # idea, comment
    subject_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    decision_id: Column[int] = column(BigId)  # the newest about the post when it was looked at
    label: Column[str]  # good, spam; empty: it teaches nothing
    version: Column[int]
    features: Column[bytes] = column(sa.LargeBinary)  # buckets in order, four bytes each
    __table_args__ = (sa.Index("ix_spam_lessons_decision_id", "decision_id"),)


class SpamPrint(Base):
    """The fingerprint of a post's text, to see when the same text is posted again."""

    __tablename__ = "spam_prints"
    subject_kind: Column[str] = column(primary_key=True)
    subject_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    author_id: Column[int] = column(BigId)
    fingerprint: Column[int] = column(sa.BigInteger)
    created_at: Column[datetime]
    __table_args__ = (
        sa.Index("ix_spam_prints_fingerprint", "fingerprint", "created_at"),
        sa.Index("ix_spam_prints_created_at", "created_at"),
    )
