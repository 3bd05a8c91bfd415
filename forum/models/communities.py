"""Tables of communities of interest, their members, phases, guidelines and agencies."""

from datetime import datetime

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, ref


class Agency(Base):
    __tablename__ = "agencies"
    id: Column[int] = key()
    slug: Column[str] = column(unique=True)
    name: Column[str]


class Community(Base):
    __tablename__ = "communities"
    __table_args__ = (sa.UniqueConstraint("source", "source_id"),)
    id: Column[int] = key()
    slug: Column[str] = column(unique=True)
    name: Column[str]
    group_name: Column[str] = column(default="")
    purpose: Column[str] = column(default="")
    guidelines: Column[str] = column(default="")
    guidelines_version: Column[int] = column(default=1)
    status: Column[str] = column(default="open")  # proposed, open, archived, declined
    visibility: Column[str] = column(default="public")  # public, members, employees
    posting: Column[str] = column(default="everyone")  # everyone, members, employees
    moderation: Column[str] = column(default="after")  # after, first-posts, before
    vote_kind: Column[str] = column(default="both")  # both, support
    spam_threshold: Column[float | None]  # 0 to 1; None: that of the forum
    most_links: Column[int | None]  # a post with more waits; None: by the trust level alone
    banner: Column[int] = column(default=1)  # 1-8, a color of the style sheet
    idea_count: Column[int] = column(default=0)  # listed ideas
    member_count: Column[int] = column(default=0)
    proposed_by_id: Column[int | None] = ref("users.id", nullable=True)
    created_at: Column[datetime]
    source: Column[str | None]
    source_id: Column[str | None]


class CommunityPhase(Base):
    """A phase begins at a moment and lasts until the next one begins."""

    __tablename__ = "community_phases"
    community_id: Column[int] = ref("communities.id", primary_key=True)
    starts_at: Column[datetime] = column(primary_key=True)
    phase: Column[str]  # brainstorm, discuss, draft, closed


class CommunityMember(Base):
    __tablename__ = "community_members"
    community_id: Column[int] = ref("communities.id", primary_key=True)
    user_id: Column[int] = ref("users.id", primary_key=True, index=True)
    role: Column[str] = column(default="member")  # member, manager
    joined_at: Column[datetime]


class CommunityAgency(Base):
    __tablename__ = "community_agencies"
    community_id: Column[int] = ref("communities.id", primary_key=True)
    agency_id: Column[int] = ref("agencies.id", primary_key=True, index=True)


class CommunityTag(Base):
    """A tag that a community suggests to its authors."""

    __tablename__ = "community_tags"
    community_id: Column[int] = ref("communities.id", primary_key=True)
    tag_id: Column[int] = ref("tags.id", primary_key=True)


class Guideline(Base):
    """One version of a community's guidelines; versions are never changed."""

    __tablename__ = "guidelines"
    community_id: Column[int] = ref("communities.id", primary_key=True)
    version: Column[int] = column(primary_key=True, autoincrement=False)
    body: Column[str]
    written_by_id: Column[int | None] = ref("users.id", nullable=True)
    created_at: Column[datetime]


class Follow(Base):
    __tablename__ = "follows"
    user_id: Column[int] = ref("users.id", primary_key=True)
    kind: Column[str] = column(primary_key=True)  # idea, community, tag, agency
    object_id: Column[int] = column(BigId, primary_key=True, autoincrement=False)
    created_at: Column[datetime]
    __table_args__ = (sa.Index("ix_follows_kind_object_id", "kind", "object_id", "user_id"),)
