"""Appeals: an author's one objection to a decision, decided by another moderator on a clock of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import text
from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import cases, decisions, limits, notifications, statements, subjects
from forum.domain.actions import POSTS, label
from forum.domain.decisions import DecisionView
from forum.domain.errors import Conflict, NotFound
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Appeal, Case, Comment, Community, CommunityMember, Idea, User

WORKING_DAYS = 5
"""Working days within which another moderator decides on an appeal."""
TEXT_LEAST, TEXT_MOST = 10, 5_000
OUTCOMES = {"": "Waiting", "upheld": "Upheld: the decision was undone", "denied": "Denied: the decision stands"}

_COLUMNS = (
    Appeal.id,
    Appeal.decision_id,
    Appeal.case_id,
    Appeal.author_id,
    Appeal.text,
    Appeal.created_at,
    Appeal.due_at,
    Appeal.outcome,
    Appeal.answer,
    Appeal.decided_by_id,
    Appeal.decided_at,
)
_GET = sa.select(*_COLUMNS).where(Appeal.id == sa.bindparam("appeal_id"))
_OF_DECISION = sa.select(*_COLUMNS).where(Appeal.decision_id == sa.bindparam("decision_id"))
_OF_CASE = sa.select(*_COLUMNS).where(Appeal.case_id == sa.bindparam("case_id")).order_by(Appeal.id)
_OF_AUTHOR = sa.select(*_COLUMNS).where(Appeal.author_id == sa.bindparam("author_id")).order_by(Appeal.id.desc())
_SETTLE = (
    sa.update(Appeal)
    .where(Appeal.id == sa.bindparam("the_appeal"), Appeal.outcome == "")
    .values(
        outcome=sa.bindparam("the_outcome"),
        answer=sa.bindparam("the_answer"),
        decided_by_id=sa.bindparam("by"),
        decided_at=sa.bindparam("moment"),
    )
    .returning(Appeal.id)
)
_SET_DETAILS = sa.update(Case).where(Case.id == sa.bindparam("the_case")).values(details=sa.bindparam("new_details"))
_DETAILS = sa.select(Case.details).where(Case.id == sa.bindparam("case_id"))
_LATEST_PLACE = {
    "idea": sa.select(Idea.community_id).where(Idea.author_id == sa.bindparam("by")).order_by(Idea.id.desc()).limit(1),
    "comment": sa.select(Idea.community_id)
    .join_from(Comment, Idea, Idea.id == Comment.idea_id)
    .where(Comment.author_id == sa.bindparam("by"))
    .order_by(Comment.id.desc())
    .limit(1),
}
_FIRST_PLACE = sa.select(sa.func.min(Community.id))
_staff = User.role.in_(("moderator", "administrator"))
_manages_there = User.id.in_(
    sa.select(CommunityMember.user_id).where(
        CommunityMember.community_id == sa.bindparam("community_id"), CommunityMember.role == "manager"
    )
)
_OTHERS = (
    sa.select(User.id)
    .where(
        User.status == "active",
        sa.or_(_staff, sa.and_(sa.bindparam("with_managers", type_=sa.Boolean), _manages_there)),
        User.id.not_in(sa.bindparam("never", expanding=True)),
    )
    .limit(1)
)
_COUNTS = sa.select(Appeal.outcome, sa.func.count().label("how_many")).group_by(Appeal.outcome)


def _text(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) < TEXT_LEAST:
        raise ValueError("Please say why you think that the decision is wrong.")
    if len(value) > TEXT_MOST:
        raise ValueError(f"Your appeal has {len(value):,} characters. Please keep it to {TEXT_MOST:,}.")
    return value


def _outcome(value: str) -> str:
    if value not in ("upheld", "denied"):
        raise ValueError("Please choose what becomes of the decision.")
    return value


def _answer(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) < TEXT_LEAST:
        raise ValueError("Please say why. The author reads it.")
    if len(value) > TEXT_MOST:
        raise ValueError(f"Please keep it to {TEXT_MOST:,} characters.")
    return value


class AppealFields(BaseModel):
    """Why an author thinks that a decision is wrong."""

    model_config = ConfigDict(validate_default=True)
    text: Annotated[str, AfterValidator(_text)] = ""


class OutcomeFields(BaseModel):
    """What another moderator makes of an appeal, and why; the author reads it."""

    model_config = ConfigDict(validate_default=True)
    outcome: Annotated[str, AfterValidator(_outcome)] = ""
    answer: Annotated[str, AfterValidator(_answer)] = ""


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal with the decision that it is about, as the rules see it."""

    id: int
    decision_id: int
    case_id: int
    author_id: int
    text: str
    created_at: datetime
    due_at: datetime
    outcome: str
    answer: str
    decided_by_id: int | None
    decided_at: datetime | None
    decision: DecisionView

    @property
    def subject_kind(self) -> str:
        return self.decision.subject_kind

    @property
    def community_id(self) -> int | None:
        return self.decision.community_id

    @property
    def details(self) -> Mapping[str, Any]:
        """Who may not decide: whoever made the decision."""
        return {"decider_ids": [self.decision.decided_by_id]}

    @property
    def is_waiting(self) -> bool:
        return self.outcome == ""


@dataclass(frozen=True, slots=True)
class _Place:
    """What the case of an appeal is about: the post or the account, in a community."""

    kind: str
    id: int
    author_id: int
    community_id: int | None


def file(db: Connection, user: Person | None, decision_id: int, fields: AppealFields) -> int:
    """Appeal against a decision about one's own post or account; returns the id of the appeal.

    NotFound for other people's decisions; Conflict if there is an appeal, the time is over, nothing is limited, or the
    decision has been undone.
    """
    decision = decisions.get(db, user, decision_id)
    user = require(user, "decision.appeal", decision)
    if why_not := why_no_appeal(db, decision):
        raise Conflict(why_not)
    limits.hit(db, user, "appeal")
    moment = now()
    due_at = cases.whole_hour(cases.due_after(moment, WORKING_DAYS))
    case_id = cases.open_for(db, "appeal", _place(db, decision), due_at=due_at)
    new = insert_once(
        db,
        Appeal,
        decision_id=decision_id,
        case_id=case_id,
        author_id=user.id,
        text=fields.text,
        created_at=moment,
        due_at=due_at,
        outcome="",
        answer="",
    )
    if not new:
        raise Conflict("You have appealed already. Each decision can be appealed against once.")
    appeal = of_decision(db, decision_id)
    assert appeal is not None
    _note_in_case(db, appeal)
    return appeal.id


def why_no_appeal(db: Connection, decision: DecisionView) -> str:
    """Why this decision can't be appealed against (a sentence for its author); empty if it can."""
    if of_decision(db, decision.id) is not None:
        return "You have appealed already. Each decision can be appealed against once."
    if not decision.is_in_force:
        return "This decision has been undone, so there is nothing to appeal against."
    if now() >= statements.appeal_until(decision):
        return f"The time for an appeal ended on {text.date(statements.appeal_until(decision))}."
    if not statements.can_be_appealed(decision):
        return "This decision limits nothing, so there is nothing to appeal against."
    return ""


def _place(db: Connection, decision: DecisionView) -> _Place:
    """Where the case belongs: a post's to its community, if it has one; an account's to where its owner posted last."""
    author_id = decision.author_id
    if decision.subject_kind in POSTS:
        # The post may have moved since: its case belongs to those who manage it now.
        subject = subjects.get(db, decisions.author(db, decision), decision.subject_kind, decision.subject_id)
        return _Place(decision.subject_kind, decision.subject_id, author_id, subject.community_id)
    found = decision.community_id
    for statement in _LATEST_PLACE.values():
        found = found or db.execute(statement, {"by": author_id}).scalar()
    return _Place(decision.subject_kind, decision.subject_id, author_id, found or db.execute(_FIRST_PLACE).scalar_one())


def _note_in_case(db: Connection, appeal: AppealView) -> None:
    """Say in the case which appeal waits in it, and who may not decide; two appeals about one post share a case."""
    details = dict(db.execute(_DETAILS, {"case_id": appeal.case_id}).scalar_one())
    deciders = {*details.get("decider_ids", ()), appeal.decision.decided_by_id} - {None}
    details = {
        "appeal_id": details.get("appeal_id", appeal.id),
        "decision_id": details.get("decision_id", appeal.decision_id),
        "decider_ids": sorted(deciders),
    }
    db.execute(_SET_DETAILS, {"the_case": appeal.case_id, "new_details": details})


def _view(db: Connection, row: Any) -> AppealView:
    return AppealView(**row._mapping, decision=decisions.load(db, row.decision_id))


def of_decision(db: Connection, decision_id: int) -> AppealView | None:
    """The appeal against a decision, if there is one. Asks no rights: the caller has loaded the decision."""
    row = db.execute(_OF_DECISION, {"decision_id": decision_id}).first()
    return None if row is None else _view(db, row)


def of_case(db: Connection, case_id: int) -> list[AppealView]:
    """The appeals of a case, oldest first. Asks no rights: the caller has loaded the case."""
    return [_view(db, row) for row in db.execute(_OF_CASE, {"case_id": case_id})]


def about(db: Connection, author_id: int) -> list[Any]:
    """A person's appeals, newest first. Asks no rights."""
    return list(db.execute(_OF_AUTHOR, {"author_id": author_id}))


def get(db: Connection, user: Person | None, appeal_id: int) -> AppealView:
    """An appeal, for its author and those who moderate there; NotFound for everybody else."""
    row = db.execute(_GET, {"appeal_id": appeal_id}).first()
    if row is None:
        raise NotFound("There is no appeal here.")
    decisions.get(db, user, row.decision_id)
    return _view(db, row)


def deny(db: Connection, user: Person | None, appeal_id: int, answer: str) -> None:
    """The decision stands: say why, tell the author, close the case. Upholding is in domain/outcomes.py."""
    appeal = check(db, user, appeal_id)
    assert user is not None
    _finish(db, appeal, "denied", answer, user)


def check(db: Connection, user: Person | None, appeal_id: int) -> AppealView:
    """The appeal, if this person may decide on it now. Forbidden on own content and own decisions, Conflict if it is
    decided, or lent to somebody else."""
    appeal = get(db, user, appeal_id)
    user = require(user, "appeal.decide", appeal)
    if not appeal.is_waiting:
        raise Conflict("Somebody has decided on this appeal in the meantime.")
    case = cases.get(db, user, appeal.case_id)
    if cases.is_lent_to_another(case, user):
        raise Conflict(f"{case.claimer_name} has this case right now.")
    return appeal


def settle(db: Connection, user: Person, decision_id: int, answer: str = "") -> None:
    """A decision was undone: an appeal that waits against it is upheld by that, whoever undid it."""
    appeal = of_decision(db, decision_id)
    if appeal is not None and appeal.is_waiting:
        _finish(db, appeal, "upheld", answer or "The decision was undone.", user)


def _finish(db: Connection, appeal: AppealView, outcome: str, answer: str, user: Person) -> None:
    values = {"the_appeal": appeal.id, "the_outcome": outcome, "the_answer": answer, "by": user.id, "moment": now()}
    if db.execute(_SETTLE, values).first() is None:
        raise Conflict("Somebody has decided on this appeal in the meantime.")
    if not any(one.is_waiting for one in of_case(db, appeal.case_id)):
        cases.close(db, appeal.case_id)
    is_upheld = outcome == "upheld"
    what = label(appeal.decision.action).lower()
    title = "Your appeal was upheld" if is_upheld else "Your appeal was denied"
    result = "It has been undone, and all is as it was before." if is_upheld else "It stands."
    told = f"Another moderator looked at the decision ({what}). {result}\n\n{answer}"
    if is_upheld and user.id == appeal.decision.decided_by_id:
        told = f"The decision ({what}) was taken back. All is as it was before.\n\n{answer}"
    telling = Telling(f"appeal:{appeal.id}", "appeal.decided", title, appeal.decision.path, told)
    notifications.later(db, [appeal.author_id], telling, reason="you appealed")
    decider = appeal.decision.decided_by_id
    if decider is not None and decider != user.id:
        heard = f"The appeal against your decision {appeal.decision_id} was {outcome}"
        telling = replace(telling, event=f"appeal:{appeal.id}:decider", title=heard, text=answer)
        notifications.later(db, [decider], telling, reason="you made the decision")


def is_upheld(db: Connection, decision_id: int) -> bool:
    """Was an appeal against this decision upheld?"""
    appeal = of_decision(db, decision_id)
    return appeal is not None and appeal.outcome == "upheld"


def is_anybody_free(db: Connection, appeal: AppealView) -> bool:
    """Is there anybody who may decide on this appeal: not its author, not who made the decision?"""
    decision = appeal.decision
    values = {
        "community_id": decision.community_id or 0,
        "with_managers": decision.subject_kind != "user",
        "never": [appeal.author_id, decision.decided_by_id or 0],
    }
    return db.execute(_OTHERS, values).first() is not None


def counts(db: Connection) -> dict[str, int]:
    """How many appeals wait ("") and had each outcome."""
    return {row.outcome: int(row.how_many) for row in db.execute(_COUNTS)}


def about_case(db: Connection, user: Person | None, case: Any) -> dict[str, Any]:
    """What the page of an appeal's case shows: `appeals`, each with its decision, and whether anybody may decide."""
    found = [
        {
            "appeal": appeal,
            "decision": appeal.decision,
            "parts": statements.parts(appeal.decision, appeal.decision.noun),
            "outcome_label": OUTCOMES[appeal.outcome],
            "is_anybody_free": is_anybody_free(db, appeal),
        }
        for appeal in of_case(db, case.id)
    ]
    return {"appeals": found}
