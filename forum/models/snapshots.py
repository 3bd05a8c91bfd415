"""Tables of snapshots, which never change, and of files that somebody asked for, which are forgotten after a while."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, ref
from forum.models.lasting import guard


class Snapshot(Base):
    """A ranking as it stood at one moment. `content` is the sealed record; the columns beside it repeat parts of it."""

    __tablename__ = "snapshots"
    number: Column[int] = column(BigId, primary_key=True, autoincrement=False)  # 1, 2, 3, without gaps
    title: Column[str]
    method: Column[str]
    selection: Column[dict[str, Any]] = column(sa.JSON)
    most: Column[int]  # so many ideas were asked for
    idea_count: Column[int]
    made_at: Column[datetime]
    made_by_id: Column[int] = ref("users.id")
    version: Column[str]  # of the program
    content: Column[bytes] = column(sa.LargeBinary)  # canonical JSON
    sha256: Column[str]  # of content
    signature: Column[str]


class SnapshotIdea(Base):
    """One idea of a snapshot, with all that its place was worked out from, and its words at that moment."""

    __tablename__ = "snapshot_ideas"
    number: Column[int] = column(BigId, sa.ForeignKey("snapshots.number"), primary_key=True, autoincrement=False)
    rank: Column[int] = column(primary_key=True, autoincrement=False)
    idea_id: Column[int] = ref("ideas.id", index=True)
    author_id: Column[int] = ref("users.id", index=True)
    is_by_employee: Column[bool]
    community: Column[str]  # its slug
    score: Column[float]
    up: Column[int]  # votes that counted in this ranking
    down: Column[int]
    cast_up: Column[int]  # of up
    cast_down: Column[int]
    imported_up: Column[int]  # of up
    imported_down: Column[int]
    raw_up: Column[int]  # all votes there were, those set aside included
    raw_down: Column[int]
    # What the idea's own page counted, whatever counts in this ranking:
    total_up: Column[int]  # from before this forum, without voters
    total_down: Column[int]
    employee_up: Column[int]
    employee_down: Column[int]
    aside_up: Column[int]
    aside_down: Column[int]
    comment_count: Column[int]
    status: Column[str]
    created_at: Column[datetime]
    source: Column[str]
    source_id: Column[str]
    language: Column[str]
    title: Column[str]
    body: Column[str]
    why: Column[str]
    salt: Column[str]  # keeps the digest of the words in the sealed record from being guessed


class SnapshotFile(Base):
    """A file of a snapshot, made once."""

    __tablename__ = "snapshot_files"
    number: Column[int] = column(BigId, sa.ForeignKey("snapshots.number"), primary_key=True, autoincrement=False)
    format: Column[str] = column(primary_key=True)
    content: Column[bytes] = column(sa.LargeBinary)
    sha256: Column[str]
    signature: Column[str]
    made_at: Column[datetime]


class FileOrder(Base):
    """A file that somebody asked for and that takes a while; kept until it is forgotten."""

    __tablename__ = "file_orders"
    id: Column[int] = key()
    user_id: Column[int] = ref("users.id", index=True)
    name: Column[str]  # of the file
    format: Column[str]
    given: Column[dict[str, Any]] = column(sa.JSON)  # what goes into it, and the address of this site
    stage: Column[str]  # waiting, working, done, failed
    done_count: Column[int]
    total: Column[int]
    asked_at: Column[datetime]
    touched_at: Column[datetime] = column(index=True)  # a worker that says nothing for a while has died
    content: Column[bytes | None] = column(sa.LargeBinary)


LASTING = ("snapshots", "snapshot_ideas", "snapshot_files")
"""Tables whose rows are written once."""

guard("snapshots", LASTING)
