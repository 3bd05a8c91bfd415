"""Subjects: what reports and cases are about, ideas, comments and remarks alike, as moderation and its rules see them.

A remark is a comment on a recommendation of a directive. No community has it.
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import comments, ideas, remarks
from forum.domain.actions import POSTS, noun
from forum.domain.communities import CommunityView
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import User
from forum.text import excerpt

KINDS = POSTS
QUESTIONS = ("who", "what", "why", "how")


class Named:
    """A post in sentences."""

    __slots__ = ()
    kind: str
    title: str  # of the idea, of the idea that a comment is on, of a directive's part

    @property
    def noun(self) -> str:
        """What people call it: idea or comment."""
        return noun(self.kind)

    @property
    def label(self) -> str:
        """What it is: your idea “…”, your comment on “…”."""
        return f"idea “{self.title}”" if self.kind == "idea" else f"comment on “{self.title}”"


@dataclass(frozen=True, slots=True)
class Subject(Named):
    """A post. Carries the names that the rules of the permission table ask for. `community` is None for a remark.

    `context`: what has to be known to judge it and stands elsewhere, as (name, text).
    """

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
    community: CommunityView | None
    context: tuple[tuple[str, str], ...] = ()

    @property
    def community_id(self) -> int | None:
        return self.community.id if self.community else None

    @property
    def community_status(self) -> str:
        return self.community.status if self.community else "open"

    @property
    def visibility(self) -> str:
        return self.community.visibility if self.community else "public"


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
    if kind == "remark":
        return _remark(db, user, subject_id, to_change=to_change)
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


def _remark(db: Connection, user: Person | None, remark_id: int, *, to_change: bool) -> Subject:
    remark = remarks.get(db, user, remark_id, to_change=to_change)
    clause = remarks.recommendation(db, remark)
    return Subject(
        kind="remark",
        id=remark.id,
        title=excerpt(remark.heading, 80),
        path=f"/remarks/{remark.id}",
        body_html="".join(f"<p>{escape(part)}</p>" for part in remark.body.split("\n") if part.strip()),
        state=remark.state,
        author_id=remark.author_id,
        author_name=remark.author_name,
        author_handle=remark.author_handle,
        is_by_employee=remark.author_is_employee,
        agency_name=remark.author_agency,
        created_at=remark.created_at,
        community=None,
        context=tuple((name.capitalize(), str(clause[name])) for name in QUESTIONS if clause.get(name)),
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
