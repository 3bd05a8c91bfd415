"""Remarks: what people say to a recommendation that is before the public, and who agrees with it, as each may read it.

They stand below the editions of a directive, which are public for good; so whoever may read a remark may read what it
is about. Writing them is in domain/remarking.py. Everywhere else a remark is a comment like any other: it is reported,
decided on and appealed about as the subject kind `remark` (domain/subjects.py). No community has it, so moderators of
the whole forum decide.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import decisions, reasons
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Directive, DirectiveEdition, RecommendationAgreement, RecommendationComment, User
from forum.models.base import aliased

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
    RecommendationComment.heading,
    RecommendationComment.answer,
    RecommendationComment.answered_at,
    _author.name.label("author_name"),
    _author.handle.label("author_handle"),
    _author.is_employee.label("author_is_employee"),
    _author.agency_name.label("author_agency"),
)
_remarks = sa.select(*_COLUMNS).join_from(RecommendationComment, _author, _author.id == RecommendationComment.author_id)
_OF = _remarks.where(RecommendationComment.directive_id == sa.bindparam("directive")).order_by(RecommendationComment.id)
_get = _remarks.where(RecommendationComment.id == sa.bindparam("remark_id"))
_GET, _GET_LOCKED = _get, _get.with_for_update(of=RecommendationComment)
_STATE = (
    sa.select(RecommendationComment.state)
    .where(RecommendationComment.id == sa.bindparam("remark_id"))
    .with_for_update()
)
_SET_STATE = (
    sa.update(RecommendationComment)
    .where(RecommendationComment.id == sa.bindparam("the_remark"))
    .values(state=sa.bindparam("new_state"))
)
_SET_STATES = (
    sa.update(RecommendationComment)
    .where(RecommendationComment.id.in_(sa.bindparam("ids", expanding=True)))
    .values(state=sa.bindparam("new_state"))
)
_EDITIONS = (
    sa.select(
        DirectiveEdition.number,
        DirectiveEdition.content,
        sa.and_(DirectiveEdition.id == Directive.edition_id, Directive.stage != "drafting").label("is_shown"),
    )
    .join_from(DirectiveEdition, Directive, Directive.id == DirectiveEdition.directive_id)
    .where(DirectiveEdition.directive_id == sa.bindparam("directive"))
    .order_by(DirectiveEdition.number.desc())
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
    """What somebody said to a recommendation in its words of then (`version`), and what was answered.

    `is_shown` says whether the reader may read the words; `body` and `answer` are empty otherwise. `reason` is the code
    of the reason why it was removed.
    """

    id: int
    directive_id: int
    recommendation_id: int
    version: int
    author_id: int
    body: str
    state: str
    created_at: datetime
    heading: str
    answer: str
    answered_at: datetime | None
    author_name: str
    author_handle: str
    author_is_employee: bool
    author_agency: str
    reason: str = ""
    is_shown: bool = True

    @property
    def community_id(self) -> None:
        """None has it: the rules then leave it to moderators of the whole forum."""
        return None

    @property
    def reason_label(self) -> str:
        return reasons.label(self.reason) if self.reason else ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many people agree with a recommendation as it reads now, and whether this person does."""

    people: int
    is_mine: bool


def of(db: Connection, user: Person | None, directive_id: int) -> dict[int, list[Remark]]:
    """Recommendation → what people said, the oldest first, as this person may read it.

    What is held is there for its author and moderators alone. What was removed or withdrawn keeps its place; its words
    are left out, except for its author and moderators.
    """
    read = [Remark(**row._mapping) for row in db.execute(_OF, {"directive": directive_id})]
    removed = [remark.id for remark in read if remark.state == "removed"]
    codes = decisions.reasons_for(db, "remark", removed) if removed else {}
    found: dict[int, list[Remark]] = {}
    for remark in read:
        if can(user, "remark.read", remark):
            seen = replace(remark, reason=codes.get(remark.id, ""))
            if not can(user, "remark.read_text", remark):
                seen = replace(seen, body="", answer="", is_shown=False)
            found.setdefault(remark.recommendation_id, []).append(seen)
    return found


def get(db: Connection, user: Person | None, remark_id: int, *, to_change: bool = False) -> Remark:
    """One remark, if this person may see it; NotFound otherwise. `to_change` locks its row."""
    row = db.execute(_GET_LOCKED if to_change else _GET, {"remark_id": remark_id}).first()
    if row is None:
        raise NotFound("There is no comment here.")
    remark = Remark(**row._mapping)
    if not can(user, "remark.read", remark):
        raise NotFound("There is no comment here.")
    return remark


def heading(title: str, label: str, clause_title: str) -> str:
    """What a remark stands under: the directive and its recommendation, as they read then."""
    return f"{title}: {label} {clause_title}"


def recommendation(db: Connection, remark: Remark) -> Mapping[str, Any]:
    """The recommendation in the words that the remark is about, as they went before the public; else the newest ones.

    label, title, who, what, why, how; empty if no edition has it. Asks no rights: editions are public.
    """
    found = [clause for edition in _editions(db, remark) if (clause := _clause(edition, remark)) is not None]
    return next((clause for clause in found if clause["version"] == remark.version), found[0] if found else {})


def address(db: Connection, remark: Remark) -> str:
    """Where everybody reads it: on the page of the directive, or of the last edition that has its recommendation."""
    base, spot = f"/directives/{remark.directive_id}", f"?remark={remark.id}#remark-{remark.id}"
    for edition in _editions(db, remark):
        if _clause(edition, remark) is not None:
            return (base if edition.is_shown else f"{base}/editions/{edition.number}") + spot
    return base


def _editions(db: Connection, remark: Remark) -> list[Any]:
    return list(db.execute(_EDITIONS, {"directive": remark.directive_id}))


def _clause(edition: Any, remark: Remark) -> Mapping[str, Any] | None:
    parts = json.loads(edition.content)["parts"]
    clauses = (clause for part in parts for clause in part["clauses"])
    return next((clause for clause in clauses if clause["id"] == remark.recommendation_id), None)


def change_state(db: Connection, remark_id: int, state: str) -> str | None:
    """Put a remark into a state (published, held, removed, withdrawn); its row stays locked until the commit.

    Returns the state before, or None when it was in that state already. Asks no rights; NotFound if there is none.
    """
    before = db.execute(_STATE, {"remark_id": remark_id}).scalar()
    if before is None:
        raise NotFound("There is no comment here.")
    if before == state:
        return None
    db.execute(_SET_STATE, {"the_remark": remark_id, "new_state": state})
    return str(before)


def change_many(db: Connection, remark_ids: Collection[int], state: str) -> None:
    """Put many remarks into one state. Asks no rights."""
    if remark_ids:
        db.execute(_SET_STATES, {"ids": sorted(remark_ids), "new_state": state})


def agreements(db: Connection, user: Person | None, versions: Mapping[int, int]) -> dict[int, Agreement]:
    """Recommendation → who agrees with it in the words of this version."""
    found = {clause_id: Agreement(0, False) for clause_id in versions}
    if versions:
        for row in db.execute(_AGREED, {"ids": sorted(versions), "by": user.id if user else 0}):
            if row.version == versions[row.recommendation_id]:
                found[row.recommendation_id] = Agreement(int(row.people), bool(row.mine))
    return found
