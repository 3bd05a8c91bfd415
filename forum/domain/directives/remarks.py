"""Remarks: what people say to a recommendation that is before the public, who agrees with it, what we answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum import text
from forum.clock import now
from forum.db import Connection, insert, insert_once
from forum.domain import limits, notifications, reasons
from forum.domain.directives import views
from forum.domain.directives.texts import Clause
from forum.domain.directives.views import DirectiveView
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.models import RecommendationAgreement, RecommendationComment, User
from forum.models.base import aliased

MOST = 3_000
ANSWER_MOST = 2_000
SAME = 10  # a person's words to one recommendation, at most so many remarks

_author = aliased(User)
_COLUMNS = (
    RecommendationComment.id,
    RecommendationComment.directive_id,
    RecommendationComment.recommendation_id,
    RecommendationComment.version,
    RecommendationComment.author_id,
    RecommendationComment.body,
    RecommendationComment.state,
    RecommendationComment.created_at,
    RecommendationComment.reason,
    RecommendationComment.answer,
    RecommendationComment.answered_at,
    _author.name.label("author_name"),
    _author.handle.label("author_handle"),
    _author.is_employee.label("author_is_employee"),
    _author.agency_name.label("author_agency"),
)
_remarks = sa.select(*_COLUMNS).join_from(RecommendationComment, _author, _author.id == RecommendationComment.author_id)
_OF = _remarks.where(RecommendationComment.directive_id == sa.bindparam("directive")).order_by(RecommendationComment.id)
_GET = _remarks.where(RecommendationComment.id == sa.bindparam("remark_id"))
_MINE = sa.select(RecommendationComment.id, RecommendationComment.body, RecommendationComment.state).where(
    RecommendationComment.recommendation_id == sa.bindparam("clause"),
    RecommendationComment.author_id == sa.bindparam("by"),
)
_END = (
    sa.update(RecommendationComment)
    .where(RecommendationComment.id == sa.bindparam("remark_id"), RecommendationComment.state == "published")
    .values(state=sa.bindparam("new_state"), reason=sa.bindparam("why"), removed_by_id=sa.bindparam("by"))
    .returning(RecommendationComment.id)
)
_ANSWER = (
    sa.update(RecommendationComment)
    .where(RecommendationComment.id == sa.bindparam("remark_id"))
    .values(answer=sa.bindparam("words"), answered_by_id=sa.bindparam("by"), answered_at=sa.bindparam("moment"))
)
_DISAGREE = sa.delete(RecommendationAgreement).where(
    RecommendationAgreement.recommendation_id == sa.bindparam("clause"),
    RecommendationAgreement.version == sa.bindparam("at_version"),
    RecommendationAgreement.user_id == sa.bindparam("by"),
)
_AGREED = (
    sa.select(
        RecommendationAgreement.recommendation_id,
        RecommendationAgreement.version,
        sa.func.count().label("people"),
        sa.func.max(sa.case((RecommendationAgreement.user_id == sa.bindparam("by"), 1), else_=0)).label("mine"),
    )
    .where(RecommendationAgreement.recommendation_id.in_(sa.bindparam("ids", expanding=True)))
    .group_by(RecommendationAgreement.recommendation_id, RecommendationAgreement.version)
)


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody said to a recommendation in its words of then (`version`), and what was answered."""

    id: int
    directive_id: int
    recommendation_id: int
    version: int
    author_id: int
    body: str
    state: str
    created_at: datetime
    reason: str
    answer: str
    answered_at: datetime | None
    author_name: str
    author_handle: str
    author_is_employee: bool
    author_agency: str

    @property
    def reason_label(self) -> str:
        return reasons.label(self.reason) if self.reason else ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many people agree with a recommendation as it reads now, and whether this person does."""

    people: int
    is_mine: bool


def of(db: Connection, directive: DirectiveView) -> dict[int, list[Remark]]:
    """Recommendation → what people said, the oldest first; the words of what was removed or withdrawn are left out.

    For a directive that the person may read.
    """
    found: dict[int, list[Remark]] = {}
    for row in db.execute(_OF, {"directive": directive.id}):
        values = dict(row._mapping)
        if row.state != "published":
            values["body"] = ""
        found.setdefault(row.recommendation_id, []).append(Remark(**values))
    return found


def get(db: Connection, user: Person | None, directive_id: int, remark_id: int) -> Remark:
    """One remark of a directive that this person may read; NotFound otherwise."""
    views.get(db, user, directive_id)
    row = db.execute(_GET, {"remark_id": remark_id}).first()
    if row is None or row.directive_id != directive_id:
        raise NotFound("There is no comment here.")
    return Remark(**row._mapping)


def say(db: Connection, user: Person | None, directive_id: int, clause_id: int, body: str) -> Remark:
    """Comment on a recommendation that is before the public. The same words twice are one comment.

    Invalid for no words or too many, Conflict past SAME comments of one person on one recommendation.
    """
    directive, clause = _open(db, user, directive_id, clause_id)
    user = require(user, "directive.comment", directive)
    body = text.tidy(body).strip()
    if not body:
        raise Invalid({"body": "Please write what you think."})
    if len(body) > MOST:
        raise Invalid({"body": f"This is too long. Please keep it to {MOST:,} characters."})
    mine = [row for row in db.execute(_MINE, {"clause": clause_id, "by": user.id}) if row.state != "withdrawn"]
    if same := next((row for row in mine if row.body == body), None):
        return get(db, user, directive_id, same.id)
    if len(mine) >= SAME:
        raise Conflict(f"You have commented on this {SAME} times. Please leave room for others.")
    limits.hit(db, user, "comment")
    remark_id = insert(
        db,
        RecommendationComment,
        directive_id=directive.id,
        recommendation_id=clause.id,
        version=clause.version,
        author_id=user.id,
        body=body,
        created_at=now(),
    )
    return get(db, user, directive_id, remark_id)


def _open(db: Connection, user: Person | None, directive_id: int, clause_id: int) -> tuple[DirectiveView, Clause]:
    """The directive and the recommendation as the public reads it; NotFound if there is none."""
    directive = views.get(db, user, directive_id)
    clause = views.newest(db, directive).text.clause(clause_id)
    if clause is None:
        raise NotFound("There is no such recommendation.")
    return directive, clause


def agree(db: Connection, user: Person | None, directive_id: int, clause_id: int, value: bool) -> Agreement:
    """Agree with a recommendation as it reads now, once, or take that back. Repeating it changes nothing."""
    directive, clause = _open(db, user, directive_id, clause_id)
    user = require(user, "directive.agree", directive)
    row: dict[str, Any] = {"recommendation_id": clause.id, "version": clause.version, "user_id": user.id}
    if value:
        if insert_once(db, RecommendationAgreement, **row, created_at=now()):
            limits.hit(db, user, "agree")
    else:
        db.execute(_DISAGREE, {"clause": clause.id, "at_version": clause.version, "by": user.id})
    return agreements(db, user, [clause])[clause.id]


def agreements(db: Connection, user: Person | None, clauses: list[Clause]) -> dict[int, Agreement]:
    """Recommendation → who agrees with it in these words."""
    wanted = {clause.id: clause.version for clause in clauses}
    found = {clause_id: Agreement(0, False) for clause_id in wanted}
    if wanted:
        for row in db.execute(_AGREED, {"ids": sorted(wanted), "by": user.id if user else 0}):
            if row.version == wanted[row.recommendation_id]:
                found[row.recommendation_id] = Agreement(int(row.people), bool(row.mine))
    return found


def withdraw(db: Connection, user: Person | None, directive_id: int, remark_id: int) -> None:
    """Take one's own comment back; a line that says so stays."""
    remark = get(db, user, directive_id, remark_id)
    user = require(user, "remark.withdraw", remark)
    db.execute(_END, {"remark_id": remark_id, "new_state": "withdrawn", "why": "", "by": None})


def remove(db: Connection, user: Person | None, directive_id: int, remark_id: int, *, reason: str) -> None:
    """Take somebody's comment off the page for one of the fixed reasons; its author is told."""
    remark = get(db, user, directive_id, remark_id)
    user = require(user, "remark.remove", remark)
    if reason not in reasons.MAY_REMOVE:
        raise Invalid({"reason": "Please choose a reason."})
    values = {"remark_id": remark_id, "new_state": "removed", "why": reason, "by": user.id}
    if db.execute(_END, values).first() is None:
        raise Conflict("This comment is gone already.")
    directive = views.get(db, None, directive_id)
    title = f"We removed your comment on “{directive.title}”"
    why = reasons.BY_CODE[reason]
    telling = Telling(f"remark:{remark_id}:removed", "remark.removed", title, _address(directive, remark), why.text)
    notifications.later(db, [remark.author_id], telling, reason="you wrote the comment")


def answer(db: Connection, user: Person | None, directive_id: int, remark_id: int, words: str) -> None:
    """Say what the directive makes of a comment; its author is told the first time."""
    remark = get(db, user, directive_id, remark_id)
    user = require(user, "directive.write")
    words = text.tidy(words).strip()
    if len(words) > ANSWER_MOST:
        raise Invalid({"answer": f"Please keep the answer to {ANSWER_MOST:,} characters."})
    if not words:
        raise Invalid({"answer": "Please write an answer."})
    if remark.state != "published":
        raise Forbidden("directive.write", "This comment is gone, so there is nothing to answer.")
    db.execute(_ANSWER, {"remark_id": remark_id, "words": words, "by": user.id, "moment": now()})
    directive = views.get(db, None, directive_id)
    title = f"We answered your comment on “{directive.title}”"
    telling = Telling(
        f"remark:{remark_id}:answered", "remark.answered", title, _address(directive, remark), words[:300]
    )
    notifications.later(db, [remark.author_id], telling, reason="you wrote the comment")


def _address(directive: DirectiveView, remark: Remark) -> str:
    return f"{directive.path}#remark-{remark.id}"


def may_remove(user: Person | None, remark: Remark) -> bool:
    """May this person take the comment off the page?"""
    return remark.state == "published" and can(user, "remark.remove", remark)
