"""Tables of snapshots, which never change, and of files that somebody asked for, which are forgotten after a while."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, BigId, Key, ref
from forum.models.lasting import guard


class Snapshot(Base):
    """A ranking as it stood at one moment. `content` is the sealed record; the columns beside it repeat parts of it."""

    __tablename__ = "snapshots"
    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)  # 1, 2, 3, without gaps
    title: Mapped[str]
    method: Mapped[str]
    selection: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    most: Mapped[int]  # so many ideas were asked for
    idea_count: Mapped[int]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = ref("users.id")
    version: Mapped[str]  # of the program
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)  # canonical JSON
    sha256: Mapped[str]  # of content
    signature: Mapped[str]


class SnapshotIdea(Base):
    """One idea of a snapshot, with all that its place was worked out from, and its words at that moment."""

    __tablename__ = "snapshot_ideas"
    number: Mapped[int] = mapped_column(BigId, sa.ForeignKey("snapshots.number"), primary_key=True, autoincrement=False)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idea_id: Mapped[int] = ref("ideas.id", index=True)
    author_id: Mapped[int] = ref("users.id", index=True)
    is_by_employee: Mapped[bool]
    community: Mapped[str]  # its slug
    score: Mapped[float]
    up: Mapped[int]  # votes that counted in this ranking
    down: Mapped[int]
    cast_up: Mapped[int]  # of up
    cast_down: Mapped[int]
    imported_up: Mapped[int]  # of up
    imported_down: Mapped[int]
    raw_up: Mapped[int]  # all votes there were, those set aside included
    raw_down: Mapped[int]
    # What the idea's own page counted, whatever counts in this ranking:
    total_up: Mapped[int]  # from before this forum, without voters
    total_down: Mapped[int]
    employee_up: Mapped[int]
    employee_down: Mapped[int]
    aside_up: Mapped[int]
    aside_down: Mapped[int]
    comment_count: Mapped[int]
    status: Mapped[str]
    created_at: Mapped[datetime]
    source: Mapped[str]
    source_id: Mapped[str]
    language: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    why: Mapped[str]
    salt: Mapped[str]  # keeps the digest of the words in the sealed record from being guessed


class SnapshotFile(Base):
    """A file of a snapshot, made once."""

    __tablename__ = "snapshot_files"
    number: Mapped[int] = mapped_column(BigId, sa.ForeignKey("snapshots.number"), primary_key=True, autoincrement=False)
    format: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str]
    signature: Mapped[str]
    made_at: Mapped[datetime]


class FileOrder(Base):
    """A file that somebody asked for and that takes a while; kept until it is forgotten."""

    __tablename__ = "file_orders"
    id: Mapped[Key]
    user_id: Mapped[int] = ref("users.id", index=True)
    name: Mapped[str]  # of the file
    format: Mapped[str]
    given: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # what goes into it, and the address of this site
    stage: Mapped[str]  # waiting, working, done, failed
    done_count: Mapped[int]
    total: Mapped[int]
    asked_at: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)  # a worker that says nothing for a while has died
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


LASTING = ("snapshots", "snapshot_ideas", "snapshot_files")
"""Tables whose rows are written once."""

guard("snapshots", LASTING)
