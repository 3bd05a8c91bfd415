"""Tables of waves: what the watch knows of each new post, the waves it found, and who is in them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, only_where, ref


class WavePrint(Base):
    """What the watch remembers of one new post for some days. `is_new`: the watch has not looked at it yet."""

    __tablename__ = "wave_prints"
    id: Column[int] = key()
    subject_kind: Column[str]  # idea
    subject_id: Column[int] = column(BigId)
    author_id: Column[int] = ref("users.id")
    community_id: Column[int] = ref("communities.id")
    is_fresh: Column[bool]  # the account was young when it posted
    is_new: Column[bool] = column(default=True)
    is_held: Column[bool] = column(default=False)  # it waits for a look only because it repeats others
    keys: Column[list[Any]] = column(sa.JSON)  # of its sketch, and once it was looked at, of its words
    created_at: Column[datetime]
    __table_args__ = (
        sa.UniqueConstraint("subject_kind", "subject_id"),
        sa.Index("ix_wave_prints_new", "id", **only_where("is_new")),
        sa.Index("ix_wave_prints_author_id", "author_id", "created_at"),
        sa.Index("ix_wave_prints_created_at", "created_at"),
    )


class WaveKey(Base):
    """One thing by which posts are found to be alike: a part of the text's sketch, or a telling word, as a number."""

    __tablename__ = "wave_keys"
    key: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    print_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    __table_args__ = {"sqlite_with_rowid": False}


class WaveCommentKey(Base):
    """A part of a comment's sketch, by which comments are found that repeat one another."""

    __tablename__ = "wave_comment_keys"
    key: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    comment_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    __table_args__ = {"sqlite_with_rowid": False}


class WaveTurn(Base):
    """Row 1: workers that found something take turns, so that one wave is not opened twice. Row 2: the last comment
    that the watch looked at is its `turn`."""

    __tablename__ = "wave_turns"
    id: Column[int] = key()
    turn: Column[int] = column(BigId)
    looked_at: Column[datetime]


class Wave(Base):
    """An organized surge, or what looks like one until a moderator says what it is."""

    __tablename__ = "waves"
    id: Column[int] = key()
    title: Column[str]
    subject_kind: Column[str] = column(default="idea")  # what all its posts are: idea, comment
    community_id: Column[int] = ref("communities.id")  # of most members
    author_id: Column[int] = ref("users.id")  # who posted most of it
    flood_by_id: Column[int | None] = ref("users.id", nullable=True, index=True)  # one author's flood, and whose
    strength: Column[float]
    signals: Column[list[Any]] = column(sa.JSON)  # [{name, strength, text}]
    words: Column[list[Any]] = column(sa.JSON)  # the stems that its posts share
    state: Column[str] = column(default="open")  # open, on-track, dismissed
    member_count: Column[int] = column(default=0)
    found_at: Column[datetime]
    updated_at: Column[datetime]
    __table_args__ = (sa.Index("ix_waves_state", "state", "id"),)


class WaveAct(Base):
    """What a moderator did with a whole wave: put it on the track, took it back, dismissed it."""

    __tablename__ = "wave_acts"
    id: Column[int] = key()
    wave_id: Column[int] = ref("waves.id", index=True)
    case_id: Column[int | None] = ref("cases.id", nullable=True)
    action: Column[str]  # off-topic, hold, remove, keep
    reason: Column[str] = column(default="")
    note: Column[str] = column(default="")
    act_id: Column[str] = column(index=True)  # of its decisions
    member_count: Column[int]
    by_id: Column[int] = ref("users.id")
    created_at: Column[datetime]
    undone_by_id: Column[int | None] = ref("users.id", nullable=True)
    undone_at: Column[datetime | None]


class WaveMember(Base):
    """One post in a wave. What an act did to it stands here until the act is taken back."""

    __tablename__ = "wave_members"
    wave_id: Column[int] = ref("waves.id", primary_key=True)
    subject_kind: Column[str] = column(primary_key=True)
    subject_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    added_at: Column[datetime]
    is_waiting: Column[bool] = column(default=True)  # no moderator has decided about it within this wave
    is_held_here: Column[bool] = column(default=False)  # the watch holds it; nobody else does
    act_id: Column[int | None] = ref("wave_acts.id", nullable=True)  # the last act on it that stands
    __table_args__ = (sa.Index("ix_wave_members_subject", "subject_kind", "subject_id"),)
