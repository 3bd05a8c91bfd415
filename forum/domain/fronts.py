"""The front page's facts: what is open, what was answered lately, how large the forum is."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, remembered
from forum.domain import communities
from forum.domain.communities import CommunityView
from forum.domain.ideas import path
from forum.models import Idea, StatusChange, User

ANSWERS = 5
MOST_COUNTED = 10_000
ANSWERING = ("acknowledged", "answered", "accepted", "accepted-in-part", "planned", "done", "declined", "out-of-scope")


@dataclass(frozen=True, slots=True)
class Answer:
    """An official step on an idea, as the front page tells it."""

    title: str
    path: str
    status: str
    text: str
    agency_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Front:
    """What is the same for everybody."""

    open_communities: list[CommunityView]
    answers: list[Answer]
    idea_count: int
    answered_count: int


_ANSWERS = (
    sa.select(
        Idea.id,
        Idea.title,
        Idea.slug,
        StatusChange.status,
        StatusChange.note,
        StatusChange.created_at,
        User.agency_name,
    )
    .join_from(StatusChange, Idea, Idea.id == StatusChange.idea_id)
    .join(User, User.id == StatusChange.by_id)
    .where(StatusChange.kind == "status", StatusChange.status.in_(ANSWERING), StatusChange.note != "", Idea.is_public)
    .order_by(StatusChange.created_at.desc(), StatusChange.id.desc())
    .limit(ANSWERS)
)
_ANSWERED = sa.select(sa.func.count()).select_from(
    sa.select(Idea.id).where(Idea.status.in_(ANSWERING), Idea.is_public).limit(MOST_COUNTED).subquery()
)


def front(db: Connection) -> Front:
    """The facts, shared between pages while nothing changes and the clock moves by less than half a minute."""
    return remembered(db, ("front", int(now().timestamp()) // 30), lambda: _front(db))


def _front(db: Connection) -> Front:
    places = [
        place for place in communities.directory(db).values() if place.status == "open" and place.visibility == "public"
    ]
    answers = [
        Answer(
            row.title, path(row.id, row.slug), row.status, row.note, row.agency_name or "Public office", row.created_at
        )
        for row in db.execute(_ANSWERS)
    ]
    active = [place for place in places if place.phase != "closed"]
    active.sort(key=lambda place: (place.phase_ends_at is None, place.phase_ends_at or place.created_at, place.name))
    ideas = sum(place.idea_count for place in communities.directory(db).values() if place.visibility == "public")
    return Front(active, answers, ideas, int(db.execute(_ANSWERED).scalar_one()))
