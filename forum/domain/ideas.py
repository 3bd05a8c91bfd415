"""Ideas: find one, with its texts and its place, for somebody who may see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Prepared, remembered
from forum.domain import communities
from forum.domain.communities import CommunityView, InCommunity
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Idea, IdeaTag, IdeaText, Tag, User

STATUSES = {
    "open": "Open",
    "acknowledged": "Acknowledged",
    "answered": "Answered",
    "accepted": "Accepted",
    "accepted-in-part": "Accepted in part",
    "planned": "Planned",
    "done": "Done",
    "declined": "Declined",
    "out-of-scope": "Out of scope",
}
"""What became of an idea: code → label."""

STATES = ("published", "held", "removed", "off-topic", "withdrawn", "merged")
"""Where an idea stands with moderation and its author; only published ones are in lists."""


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag on an idea."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class IdeaView(InCommunity):
    """An idea with everything its page shows of it."""

    id: int
    community_id: int
    author_id: int
    title: str
    slug: str
    excerpt: str
    language: str
    status: str
    state: str
    is_listed: bool
    is_public: bool
    is_by_employee: bool
    is_locked: bool
    up: int
    down: int
    imported_up: int
    imported_down: int
    employee_up: int
    employee_down: int
    aside_up: int  # set aside: not in up
    aside_down: int
    net: int
    approval: float
    comment_count: int
    created_at: datetime
    edited_at: datetime | None
    source: str | None
    source_id: str | None
    body: str
    body_html: str
    why: str
    why_html: str
    source_url: str | None
    author_name: str
    author_handle: str
    author_agency: str
    author_title: str
    community: CommunityView
    tags: tuple[TagView, ...]

    @property
    def ref(self) -> str:
        return reference(self.id)

    @property
    def path(self) -> str:
        return path(self.id, self.slug)

    @property
    def vote_kind(self) -> str:
        return self.community.vote_kind

    @property
    def is_votable(self) -> bool:
        """Are votes taken on this idea now (whoever asks)?"""
        return self.community.is_votable and self.state in ("published", "off-topic") and not self.is_locked


_COLUMNS: tuple[Any, ...] = (
    Idea.id,
    Idea.community_id,
    Idea.author_id,
    Idea.title,
    Idea.slug,
    Idea.excerpt,
    Idea.language,
    Idea.status,
    Idea.state,
    Idea.is_listed,
    Idea.is_public,
    Idea.is_by_employee,
    Idea.is_locked,
    Idea.up,
    Idea.down,
    Idea.imported_up,
    Idea.imported_down,
    Idea.employee_up,
    Idea.employee_down,
    Idea.aside_up,
    Idea.aside_down,
    Idea.net,
    Idea.approval,
    Idea.comment_count,
    Idea.created_at,
    Idea.edited_at,
    Idea.source,
    Idea.source_id,
    IdeaText.body,
    IdeaText.body_html,
    IdeaText.why,
    IdeaText.why_html,
    IdeaText.source_url,
    User.name.label("author_name"),
    User.handle.label("author_handle"),
    User.agency_name.label("author_agency"),
    User.job_title.label("author_title"),
)
_get = (
    sa.select(*_COLUMNS)
    .join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
    .join(User, User.id == Idea.author_id)
    .where(Idea.id == sa.bindparam("idea_id"))
)
_GET, _GET_LOCKED = Prepared(_get), Prepared(_get.with_for_update(of=Idea))
_TAGS = Prepared(
    sa.select(Tag.slug, Tag.name)
    .join_from(IdeaTag, Tag)
    .where(IdeaTag.idea_id == sa.bindparam("idea_id"))
    .order_by(Tag.slug)
)


def reference(idea_id: int) -> str:
    """The reference number of an idea, for people and paper."""
    return f"I-{idea_id}"


def path(idea_id: int, slug: str) -> str:
    """The address of an idea's page."""
    return f"/ideas/{idea_id}-{slug}"


def get(db: Connection, user: Person | None, idea_id: int, *, to_change: bool = False) -> IdeaView:
    """The idea, if this person may see it; NotFound otherwise. `to_change` locks its row until the commit."""
    if to_change:
        idea = _load(db, _GET_LOCKED, idea_id)
    else:  # phases change by the clock: kept no longer than the directory of communities keeps them
        slot = int(now().timestamp()) // 30
        idea = remembered(db, ("idea", idea_id, slot), lambda: _load(db, _GET, idea_id))
    if not can(user, "idea.read", idea):
        raise NotFound("There is no idea here.")
    return idea


def _load(db: Connection, statement: Prepared, idea_id: int) -> IdeaView:
    row = statement.first(db, {"idea_id": idea_id})
    if row is None:
        raise NotFound("There is no idea here.")
    place = communities.of(db, row.community_id)
    tags = tuple(TagView(tag.slug, tag.name) for tag in _TAGS.all(db, {"idea_id": idea_id}))
    return IdeaView(**row._asdict(), community=place, tags=tags)
