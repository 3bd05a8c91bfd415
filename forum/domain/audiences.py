"""Audiences: whom an event is told to: followers, a batch at a time, who may see what it is about, never who did it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import communities, follows, ideas, people
from forum.domain.communities import CommunityView, InCommunity
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Comment, CommunityMember, Idea, IdeaTag, StatusChange, User, Vote
from forum.models.base import aliased

BATCH = 200  # people told in one transaction: some 20 ms, so that votes need not wait long

Source = tuple[str, int]
"""A kind and an id that people follow; `voters` and an id: those who voted on that idea."""

_IDEA = sa.select(Idea.id, Idea.title, Idea.slug, Idea.state, Idea.author_id, Idea.community_id, Idea.excerpt).where(
    Idea.id == sa.bindparam("idea_id")
)
_TAGS = sa.select(IdeaTag.tag_id).where(IdeaTag.idea_id == sa.bindparam("idea_id")).order_by(IdeaTag.tag_id)
_parent = aliased(Comment)
_COMMENT = (
    sa.select(
        Comment.id,
        Comment.idea_id,
        Comment.author_id,
        Comment.state,
        Comment.body,
        Comment.is_official,
        Comment.agency_name,
        User.name.label("author_name"),
        _parent.author_id.label("answered_id"),
    )
    .join_from(Comment, User, User.id == Comment.author_id)
    .outerjoin(_parent, _parent.id == Comment.parent_id)
    .where(Comment.id == sa.bindparam("comment_id"))
)
_CHANGE = sa.select(
    StatusChange.id, StatusChange.kind, StatusChange.status, StatusChange.note, StatusChange.by_id, StatusChange.idea_id
).where(StatusChange.id == sa.bindparam("change_id"))
_VOTERS = (
    sa.select(Vote.user_id)
    .where(Vote.idea_id == sa.bindparam("idea_id"), Vote.user_id > sa.bindparam("after"))
    .order_by(Vote.user_id)
    .limit(sa.bindparam("most"))
)
_PEOPLE = (
    sa.select(*people.COLUMNS, User.wants_mail)
    .where(User.id.in_(sa.bindparam("ids", expanding=True)), User.status.in_(("active", "suspended")))
    .order_by(User.id)
)
_MEMBERSHIPS = sa.select(CommunityMember.user_id, CommunityMember.community_id, CommunityMember.role).where(
    CommunityMember.user_id.in_(sa.bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell, and the address for their mail (None: no mail)."""

    person: Person
    address: str | None


@dataclass(frozen=True, slots=True)
class Subject(InCommunity):
    """The idea that an event is about, as the rules and the words need it."""

    id: int
    title: str
    path: str
    excerpt: str
    state: str
    author_id: int
    community: CommunityView

    @property
    def community_id(self) -> int:
        return self.community.id


@dataclass(frozen=True, slots=True)
class Place:
    """How far a batch has come: which source, and the last follower told."""

    source: int = 0
    after: int = 0


def idea(db: Connection, idea_id: int, states: Collection[str] = ("published", "off-topic")) -> Subject | None:
    """The idea of an event, if it is in one of these states by now."""
    row = db.execute(_IDEA, {"idea_id": idea_id}).first()
    if row is None or row.state not in states:
        return None
    place = communities.load(db, row.community_id)
    path = ideas.path(row.id, row.slug)
    return Subject(row.id, row.title, path, row.excerpt, row.state, row.author_id, place)


def comment(db: Connection, comment_id: int) -> Any | None:
    """The comment of an event, if it stands: id, idea_id, author, body, is_official, and who is answered."""
    row = db.execute(_COMMENT, {"comment_id": comment_id}).first()
    return row if row is not None and row.state == "published" else None


def status_change(db: Connection, change_id: int) -> Any | None:
    """One step in the history of an idea: id, kind, status, note, by_id, idea_id."""
    return db.execute(_CHANGE, {"change_id": change_id}).first()


def sources_of_new(db: Connection, subject: Subject) -> list[Source]:
    """Whose followers hear of a new idea: its community's, its tags', its community's agencies'."""
    tags = db.execute(_TAGS, {"idea_id": subject.id}).scalars()
    agencies = subject.community.agencies
    return [
        ("community", subject.community_id),
        *(("tag", tag_id) for tag_id in tags),
        *(("agency", agency.id) for agency in agencies),
    ]


def batch(db: Connection, sources: Sequence[Source], start: Place) -> tuple[list[int], Place | None]:
    """The next followers of the sources, at most BATCH, and where to go on (None: nobody is left)."""
    found: list[int] = []
    number, after = start.source, start.after
    while number < len(sources):
        kind, object_id = sources[number]
        room = BATCH - len(found)
        ids = _ids_of(db, kind, object_id, after, room)
        found += ids
        if len(ids) == room:
            return found, Place(number, ids[-1])
        number, after = number + 1, 0
    return found, None


def _ids_of(db: Connection, kind: str, object_id: int, after: int, most: int) -> list[int]:
    if kind == "voters":
        return list(db.execute(_VOTERS, {"idea_id": object_id, "after": after, "most": most}).scalars())
    return follows.followers(db, kind, object_id, after=after, limit=most)


def recipients(
    db: Connection, user_ids: Collection[int], subject: Subject | None, *, never: int | None = None
) -> list[Recipient]:
    """Those of these people who have an account and may see the subject; never the one who did it."""
    ids = {"ids": sorted(set(user_ids) - {never})}
    if not ids["ids"]:
        return []
    rows = db.execute(_PEOPLE, ids).all()
    joined: dict[int, list[Any]] = {}
    for member in db.execute(_MEMBERSHIPS, ids):
        joined.setdefault(member.user_id, []).append(member)
    found = [_recipient(row, joined.get(row.id, []), is_personal=subject is None) for row in rows]
    return [one for one in found if subject is None or can(one.person, "idea.read", subject)]


def _recipient(row: Any, members: list[Any], *, is_personal: bool) -> Recipient:
    """Who is suspended gets mails about themselves alone: a decision, an outcome."""
    person = people.made(row, members)
    is_reached = is_personal or person.status == "active"
    takes_mail = row.wants_mail and row.email and row.email_confirmed_at is not None and is_reached
    return Recipient(person, row.email if takes_mail else None)
