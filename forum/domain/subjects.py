"""Subjects: what reports and cases are about, ideas and comments alike, as moderation and its rules see them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import comments, ideas
from forum.domain.communities import CommunityView, InCommunity
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import User
from forum.text import excerpt

KINDS = ("idea", "comment")


@dataclass(frozen=True, slots=True)
class Subject(InCommunity):
    """An idea or a comment. Carries the names that the rules of the permission table ask for."""

    kind: str
    id: int
    title: str
    path: str
    body_html: str
    state: str
    author_id: int
    author_name: str
    author_handle: str
    is_by_employee: bool
    agency_name: str
    created_at: datetime
    community: CommunityView

    @property
    def community_id(self) -> int:
        return self.community.id

    @property
    def label(self) -> str:
        """What it is, for sentences: your idea “…”, your comment on “…”."""
        return f"idea “{self.title}”" if self.kind == "idea" else f"comment on “{self.title}”"


def get(db: Connection, user: Person | None, kind: str, subject_id: int, *, to_change: bool = False) -> Subject:
    """The subject, if this person may see it; NotFound otherwise. `to_change` locks its row until the commit."""
    if kind == "idea":
        idea = ideas.get(db, user, subject_id, to_change=to_change)
        return Subject(
            kind=kind,
            id=idea.id,
            title=idea.title,
            path=idea.path,
            body_html=idea.body_html + idea.why_html,
            state=idea.state,
            author_id=idea.author_id,
            author_name=idea.author_name,
            author_handle=idea.author_handle,
            is_by_employee=idea.is_by_employee,
            agency_name=idea.author_agency,
            created_at=idea.created_at,
            community=idea.community,
        )
    if kind != "comment":
        raise NotFound("There is nothing like that here.")
    comment = comments.get(db, user, subject_id, to_change=to_change)
    return Subject(
        kind=kind,
        id=comment.id,
        title=excerpt(comment.idea_title, 80),
        path=f"/comments/{comment.id}",
        body_html=comment.body_html,
        state=comment.state,
        author_id=comment.author_id,
        author_name=comment.author_name,
        author_handle=comment.author_handle,
        is_by_employee=comment.is_by_employee,
        agency_name=comment.author_agency,
        created_at=comment.created_at,
        community=comment.community,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's account, as the rules see it. Its author is its owner."""

    id: int
    name: str
    handle: str
    role: str
    status: str
    suspended_until: datetime | None
    kind: str = "user"
    subject_kind: str = "user"  # as rules about cases and decisions call it
    community_id: int | None = None

    @property
    def author_id(self) -> int:
        return self.id

    @property
    def path(self) -> str:
        return f"/people/{self.handle}"


_ACCOUNT = sa.select(User.id, User.name, User.handle, User.role, User.status, User.suspended_until).where(
    User.id == sa.bindparam("user_id")
)


def account(db: Connection, user_id: int) -> Account:
    """The account with this id; NotFound if there is none."""
    row = db.execute(_ACCOUNT, {"user_id": user_id}).first()
    if row is None:
        raise NotFound("There is no such person.")
    return Account(**row._mapping)


def can_report(user: Person | None, subject: Subject) -> bool:
    """May this person report it?"""
    return can(user, f"{subject.kind}.report", subject)
