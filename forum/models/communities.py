"""Tables of communities of interest, their members, phases, guidelines and agencies."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, BigId, Key, ref


class Agency(Base):
    __tablename__ = "agencies"
    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class Community(Base):
    __tablename__ = "communities"
    __table_args__ = (sa.UniqueConstraint("source", "source_id"),)
    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    group_name: Mapped[str] = mapped_column(default="")
    purpose: Mapped[str] = mapped_column(default="")
    guidelines: Mapped[str] = mapped_column(default="")
    guidelines_version: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(default="open")  # proposed, open, archived, declined
    visibility: Mapped[str] = mapped_column(default="public")  # public, members, employees
    posting: Mapped[str] = mapped_column(default="everyone")  # everyone, members, employees
    moderation: Mapped[str] = mapped_column(default="after")  # after, first-posts, before
    vote_kind: Mapped[str] = mapped_column(default="both")  # both, support
    spam_threshold: Mapped[float | None]  # 0 to 1; None: that of the forum
    most_links: Mapped[int | None]  # a post with more waits; None: by the trust level alone
    banner: Mapped[int] = mapped_column(default=1)  # 1-8, a color of the style sheet
    idea_count: Mapped[int] = mapped_column(default=0)  # listed ideas
    member_count: Mapped[int] = mapped_column(default=0)
    proposed_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    created_at: Mapped[datetime]
    source: Mapped[str | None]
    source_id: Mapped[str | None]


class CommunityPhase(Base):
    """A phase begins at a moment and lasts until the next one begins."""

    __tablename__ = "community_phases"
    community_id: Mapped[int] = ref("communities.id", primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    phase: Mapped[str]  # brainstorm, discuss, draft, closed


class CommunityMember(Base):
    __tablename__ = "community_members"
    community_id: Mapped[int] = ref("communities.id", primary_key=True)
    user_id: Mapped[int] = ref("users.id", primary_key=True, index=True)
    role: Mapped[str] = mapped_column(default="member")  # member, manager
    joined_at: Mapped[datetime]


class CommunityAgency(Base):
    __tablename__ = "community_agencies"
    community_id: Mapped[int] = ref("communities.id", primary_key=True)
    agency_id: Mapped[int] = ref("agencies.id", primary_key=True, index=True)


class CommunityTag(Base):
    """A tag that a community suggests to its authors."""

    __tablename__ = "community_tags"
    community_id: Mapped[int] = ref("communities.id", primary_key=True)
    tag_id: Mapped[int] = ref("tags.id", primary_key=True)


class Guideline(Base):
    """One version of a community's guidelines; versions are never changed."""

    __tablename__ = "guidelines"
    community_id: Mapped[int] = ref("communities.id", primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]
    written_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    created_at: Mapped[datetime]


class Follow(Base):
    __tablename__ = "follows"
    user_id: Mapped[int] = ref("users.id", primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # idea, community, tag, agency
    object_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_follows_kind_object_id", "kind", "object_id", "user_id"),)
