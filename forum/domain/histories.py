"""Histories: what those who moderate see of a person: posts, reports, decisions, appeals and notes in one place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import appeals, decisions, notes, subjects, weights
from forum.domain.actions import RESTRICTIONS
from forum.domain.errors import NotFound
from forum.domain.notes import NoteView
from forum.domain.people import Person
from forum.domain.permissions import can, moderator, require
from forum.domain.subjects import Account
from forum.models import Case, Comment, Decision, Idea, RecommendationComment, Report, User

MOST = 50

_BY_HANDLE = sa.select(User.id, User.trust_level, User.kept_count, User.created_at).where(
    User.handle == sa.bindparam("handle")
)
_IDEAS = (
    sa.select(Idea.id, Idea.title, Idea.slug, Idea.state, Idea.created_at, Idea.community_id)
    .where(Idea.author_id == sa.bindparam("person_id"))
    .order_by(Idea.id.desc())
    .limit(MOST)
)
_COMMENTS = (
    sa.select(Comment.id, Comment.body, Comment.state, Comment.created_at, Idea.title, Idea.community_id)
    .join_from(Comment, Idea, Idea.id == Comment.idea_id)
    .where(Comment.author_id == sa.bindparam("person_id"))
    .order_by(Comment.id.desc())
    .limit(MOST)
)
_REMARKS = (
    sa.select(
        RecommendationComment.id,
        RecommendationComment.body,
        RecommendationComment.state,
        RecommendationComment.created_at,
        RecommendationComment.heading.label("title"),
        sa.null().label("community_id"),
    )
    .where(RecommendationComment.author_id == sa.bindparam("person_id"))
    .order_by(RecommendationComment.id.desc())
    .limit(MOST)
)
_CASES = (
    sa.select(
        Case.id,
        Case.kind,
        Case.subject_kind,
        Case.subject_id,
        Case.community_id,
        Case.is_open,
        Case.report_count,
        Case.opened_at,
    )
    .where(Case.author_id == sa.bindparam("person_id"))
    .order_by(Case.id.desc())
    .limit(MOST)
)
_REPORTS = (
    sa.select(
        Report.id,
        Report.reason,
        Report.subject_kind,
        Report.subject_id,
        Report.created_at,
        Case.community_id,
        Case.id.label("case_id"),
        Decision.action.label("action"),
        Decision.undone_at,
    )
    .join_from(Report, Case, Case.id == Report.case_id)
    .outerjoin(Decision, Decision.id == Case.decision_id)
    .where(Report.reporter_id == sa.bindparam("person_id"))
    .order_by(Report.id.desc())
    .limit(MOST)
)


_STANDING = sa.select(User.trust_level, User.created_at, User.status).where(User.id == sa.bindparam("person_id"))
_POSTS: tuple[Any, ...] = (Idea, Comment, RecommendationComment)
_STATES = sa.union_all(
    *(
        sa.select(table.state.label("state"), sa.func.count().label("how_many"))
        .where(table.author_id == sa.bindparam("person_id"))
        .group_by(table.state)
        for table in _POSTS
    )
)
_LIMITS = sa.select(sa.func.count()).where(
    Decision.author_id == sa.bindparam("person_id"),
    Decision.action.in_(RESTRICTIONS),
    Decision.undone_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A person in a few figures: posts by state (of all kinds together), decisions in force that limit them."""

    joined_at: datetime
    trust_level: int
    is_suspended: bool
    posts: Mapping[str, int]
    limited: int

    @property
    def post_count(self) -> int:
        return sum(self.posts.values())


@dataclass(frozen=True, slots=True)
class History:
    """A person as moderators see them; a manager sees what belongs to their communities, a moderator everything.

    Lists are the newest first, at most 50 each. `worth` is what a report by them is worth: see domain/weights.py.
    """

    account: Account
    trust_level: int
    kept_count: int
    joined_at: datetime
    worth: float
    ideas: Sequence[Any]
    comments: Sequence[Any]
    remarks: Sequence[Any]  # comments on directives: for moderators, since no community has them
    cases: Sequence[Any]
    reports: Sequence[Any]
    decisions: Sequence[Any]
    appeals: Sequence[Any]
    notes: Sequence[NoteView]


def summary(db: Connection, user: Person | None, person_id: int) -> Summary:
    """A person in a few figures, for whoever decides about them."""
    require(user, "user.history")
    key = {"person_id": person_id}
    standing = db.execute(_STANDING, key).one()
    posts: Counter[str] = Counter()
    for row in db.execute(_STATES, key):
        posts[row.state] += int(row.how_many)
    limited = int(db.execute(_LIMITS, key).scalar_one())
    return Summary(standing.created_at, standing.trust_level, standing.status == "suspended", posts, limited)


def get(db: Connection, user: Person | None, handle: str) -> History:
    """The history of the person with this handle. NotFound if there is none."""
    user = require(user, "user.history")
    person = db.execute(_BY_HANDLE, {"handle": handle}).first()
    if person is None:
        raise NotFound("There is no such person.")
    key = {"person_id": person.id}
    decided = decisions.about(db, person.id)
    reached = {row.id for row in decided if can(user, "decision.read", row)}
    return History(
        account=subjects.account(db, person.id),
        trust_level=person.trust_level,
        kept_count=person.kept_count,
        joined_at=person.created_at,
        worth=weights.worths(db, [person.id])[person.id],
        ideas=_reached(user, db.execute(_IDEAS, key)),
        comments=_reached(user, db.execute(_COMMENTS, key)),
        remarks=_reached(user, db.execute(_REMARKS, key)),
        cases=_reached(user, db.execute(_CASES, key)),
        reports=_reached(user, db.execute(_REPORTS, key)),
        decisions=[row for row in decided if row.id in reached],
        appeals=[row for row in appeals.about(db, person.id) if row.decision_id in reached],
        notes=notes.of(db, user, "user", person.id),
    )


def _reached(user: Person, rows: Any) -> list[Any]:
    return [row for row in rows if moderator(user, None) or row.community_id in user.managed]
