"""Decisions: the rows of what moderators decided, written once, read by authors, moderators and the public log."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_many, take_ids
from forum.domain import communities, people
from forum.domain.actions import noun
from forum.domain.communities import CommunityView
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can, moderator
from forum.models import Case, Decision, User
from forum.models.base import aliased

MACHINE_KINDS = ("spam", "duplicate", "wave")  # cases that a program brings up
MODERATORS = "Moderators"

_COLUMNS: tuple[Any, ...] = (
    Decision.id,
    Decision.case_id,
    Decision.subject_kind,
    Decision.subject_id,
    Decision.community_id,
    Decision.author_id,
    Decision.action,
    Decision.reason,
    Decision.facts,
    Decision.note,
    Decision.machine,
    Decision.office,
    Decision.state_before,
    Decision.state_after,
    Decision.before,
    Decision.after,
    Decision.act_id,
    Decision.decided_by_id,
    Decision.created_at,
    Decision.ends_at,
    Decision.undoes_id,
    Decision.undone_at,
)
_STORED = tuple(column.key for column in _COLUMNS)
_INSERT = sa.insert(Decision)  # built once: bulk decisions write hundreds
_by = aliased(User)
_decisions = sa.select(*_COLUMNS, _by.name.label("by_name"), _by.handle.label("by_handle")).join_from(
    Decision, _by, _by.id == Decision.decided_by_id, isouter=True
)
_GET = _decisions.where(Decision.id == sa.bindparam("decision_id"))
_GET_MANY = _decisions.where(Decision.id.in_(sa.bindparam("ids", expanding=True)))
_OF_ACT = _decisions.where(Decision.act_id == sa.bindparam("act_id")).order_by(Decision.id)
_BESIDE = (
    _decisions.where(
        Decision.act_id == sa.bindparam("act_id"),
        Decision.author_id == sa.bindparam("whose"),
        Decision.id != sa.bindparam("decision_id"),
    )
    .order_by(Decision.id)
    .limit(100)
)
_EARLIER = (
    _decisions.where(
        Decision.subject_kind == sa.bindparam("subject_kind"), Decision.subject_id == sa.bindparam("subject_id")
    )
    .order_by(Decision.id.desc())
    .limit(20)
)
_OF_AUTHOR = _decisions.where(Decision.author_id == sa.bindparam("author_id")).order_by(Decision.id.desc()).limit(50)
_OF_CASE = (
    _decisions.join(Case, sa.or_(Case.decision_id == Decision.id, Decision.case_id == Case.id))
    .where(Case.id == sa.bindparam("case_id"))
    .order_by(Decision.id.desc())
    .limit(1)
)
_UNDONE_BY = (
    sa.select(Decision.id)
    .where(Decision.undoes_id == sa.bindparam("decision_id"))
    .order_by(Decision.id.desc())
    .limit(1)
)
_REASONS = (
    sa.select(Decision.subject_id, Decision.reason)
    .where(
        Decision.action == "remove",
        Decision.undone_at.is_(None),
        Decision.subject_kind == sa.bindparam("subject_kind"),
        Decision.subject_id.in_(sa.bindparam("ids", expanding=True)),
    )
    .order_by(Decision.id)
)
_LIMITS = (
    sa.select(Decision.subject_id, Decision.state_after, sa.func.max(Decision.id).label("last"))
    .where(
        Decision.action.in_(("hold", "remove")),
        Decision.undone_at.is_(None),
        Decision.subject_kind == sa.bindparam("subject_kind"),
        Decision.subject_id.in_(sa.bindparam("ids", expanding=True)),
    )
    .group_by(Decision.subject_id, Decision.state_after)
)
_NAME_CASE = sa.update(Case).where(Case.id == sa.bindparam("the_case")).values(decision_id=sa.bindparam("the_decision"))
_NAME_CASES = (
    sa.update(Case)
    .where(Case.id.in_(sa.bindparam("ids", expanding=True)))
    .values(decision_id=sa.bindparam("the_decision"))
)


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision with everything its statement of reasons says. `community` is None for one about an account as such,
    or about a comment on a directive.

    `before` and `after` hold what was changed, aspect by aspect: see domain/effects.py.
    """

    id: int
    case_id: int | None
    subject_kind: str
    subject_id: int
    author_id: int
    action: str
    reason: str
    facts: str
    note: str
    machine: str
    office: str
    state_before: str
    state_after: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    act_id: str
    decided_by_id: int | None
    by_name: str | None
    by_handle: str | None
    created_at: datetime
    ends_at: datetime | None
    undoes_id: int | None
    undone_at: datetime | None
    community: CommunityView | None

    @property
    def key(self) -> tuple[str, int]:
        """The kind and the id of what it is about."""
        return self.subject_kind, self.subject_id

    @property
    def community_id(self) -> int | None:
        return self.community.id if self.community else None

    @property
    def noun(self) -> str:
        """What people call the thing that it is about."""
        return noun(self.subject_kind)

    @property
    def is_in_force(self) -> bool:
        return self.undone_at is None

    @property
    def path(self) -> str:
        return f"/decisions/{self.id}"


def new_act() -> str:
    """A name for decisions that are made in one act."""
    return secrets.token_hex(8)


def office_of(user: Person | None, community: CommunityView | None) -> str:
    """In whose name a person decides, without naming them."""
    if user is None:
        return "A program of this site"
    return MODERATORS if community is None or moderator(user, None) else f"Managers of {community.name}"


def record(
    db: Connection,
    user: Person | None,
    *,
    action: str,
    subject_kind: str,
    subject_id: int,
    author_id: int,
    community: CommunityView | None,
    state_before: str,
    state_after: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    facts: str = "",
    note: str = "",
    machine: str = "",
    case_id: int | None = None,
    act_id: str = "",
    ends_at: datetime | None = None,
    undoes_id: int | None = None,
) -> int:
    """Write a decision; returns its id. `user` is None where a program decided. Asks no rights, changes nothing else.

    `before` and `after` hold the aspects that it changed, as an undo needs them.
    """
    values = {
        "action": action,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "author_id": author_id,
        "community_id": community.id if community else None,
        "state_before": state_before,
        "state_after": state_after,
        "before": dict(before or {}),
        "after": dict(after or {}),
        "reason": reason,
        "facts": facts,
        "note": note.strip(),
        "machine": "decided" if user is None else machine,
        "office": office_of(user, community),
        "case_id": case_id,
        "act_id": act_id,
        "decided_by_id": user.id if user else None,
        "created_at": now(),
        "ends_at": ends_at,
        "undoes_id": undoes_id,
    }
    return int(db.execute(_INSERT, values).inserted_primary_key[0])  # type: ignore[index]  # one row has one


@dataclass(frozen=True, slots=True)
class Draft:
    """What differs between the decisions of one act: see `record`."""

    subject_kind: str
    subject_id: int
    author_id: int
    community: CommunityView | None
    state_before: str
    state_after: str
    facts: str = ""
    machine: str = ""
    case_id: int | None = None
    undoes_id: int | None = None


def record_many(
    db: Connection,
    user: Person | None,
    drafts: Sequence[Draft],
    *,
    action: str,
    reason: str = "",
    note: str = "",
    act_id: str,
) -> list[DecisionView]:
    """Write decisions about the states of posts, as `record` does one; returns them in the same order."""
    moment, ids = now(), take_ids(db, Decision, len(drafts))
    views = []
    for decision_id, one in zip(ids, drafts, strict=True):
        is_changed = one.state_before != one.state_after
        views.append(
            DecisionView(
                id=decision_id,
                case_id=one.case_id,
                subject_kind=one.subject_kind,
                subject_id=one.subject_id,
                author_id=one.author_id,
                action=action,
                reason=reason,
                facts=one.facts,
                note=note.strip(),
                machine="decided" if user is None else one.machine,
                office=office_of(user, one.community),
                state_before=one.state_before,
                state_after=one.state_after,
                before={"state": one.state_before} if is_changed else {},
                after={"state": one.state_after} if is_changed else {},
                act_id=act_id,
                decided_by_id=user.id if user else None,
                by_name=user.name if user else None,
                by_handle=user.handle if user else None,
                created_at=moment,
                ends_at=None,
                undoes_id=one.undoes_id,
                undone_at=None,
                community=one.community,
            )
        )
    insert_many(db, Decision, [{name: getattr(one, name) for name in _STORED} for one in views])
    return views


def name_in_cases(db: Connection, case_ids: list[int], decision_id: int) -> None:
    """Say in these cases which decision closed them."""
    if case_ids:
        db.execute(_NAME_CASES, {"ids": case_ids, "the_decision": decision_id})


def name_many(db: Connection, named: Mapping[int, int]) -> None:
    """Case id → the decision that closed it: say so in each."""
    if named:
        rows = [{"the_case": case_id, "the_decision": decision_id} for case_id, decision_id in sorted(named.items())]
        db.execute(_NAME_CASE, rows)


def load(db: Connection, decision_id: int, *, place: CommunityView | None = None) -> DecisionView:
    """A decision, whoever asks; NotFound if there is none. `place` is its community, where it is at hand."""
    row = db.execute(_GET, {"decision_id": decision_id}).first()
    if row is None:
        raise NotFound("There is no decision here.")
    return _view(db, row, place)


def load_many(db: Connection, ids: Collection[int]) -> dict[int, DecisionView]:
    """Those of these decisions that there are, by id, whoever asks."""
    rows = db.execute(_GET_MANY, {"ids": sorted(ids)}).all() if ids else []
    return {one.id: one for one in _views(db, rows)}


def _views(db: Connection, rows: Sequence[Any]) -> list[DecisionView]:
    places = {place_id: communities.of(db, place_id) for place_id in {row.community_id for row in rows} - {None}}
    return [_view(db, row, places.get(row.community_id)) for row in rows]


def _view(db: Connection, row: Any, place: CommunityView | None = None) -> DecisionView:
    values = dict(row._mapping)
    place_id = values.pop("community_id")
    if place is None and place_id is not None:
        place = communities.of(db, place_id)
    return DecisionView(**values, community=place)


def get(db: Connection, user: Person | None, decision_id: int) -> DecisionView:
    """A decision as its author and those who moderate there read it; NotFound for everybody else."""
    found = load(db, decision_id)
    if not can(user, "decision.read", found):
        raise NotFound("There is no decision here.")
    return found


def of_act(db: Connection, act_id: str) -> list[DecisionView]:
    """The decisions of one act, in the order in which they were made; empty for no act."""
    return _views(db, db.execute(_OF_ACT, {"act_id": act_id}).all() if act_id else [])


def beside(db: Connection, decision: DecisionView) -> list[DecisionView]:
    """The decisions of the same act about other posts of the same author (at most 100)."""
    values = {"act_id": decision.act_id, "whose": decision.author_id, "decision_id": decision.id}
    return _views(db, db.execute(_BESIDE, values).all() if decision.act_id else [])


def earlier(db: Connection, subject_kind: str, subject_id: int) -> list[Any]:
    """Decisions about a subject, newest first (at most 20): the columns of decisions, by_name, by_handle."""
    return list(db.execute(_EARLIER, {"subject_kind": subject_kind, "subject_id": subject_id}))


def about(db: Connection, author_id: int) -> list[Any]:
    """Decisions about a person's posts and account, newest first (at most 50). Asks no rights."""
    return list(db.execute(_OF_AUTHOR, {"author_id": author_id}))


def of_case(db: Connection, case_id: int) -> Any:
    """The decision that ended a case, or None."""
    return db.execute(_OF_CASE, {"case_id": case_id}).first()


def undone_by(db: Connection, decision_id: int) -> int | None:
    """The id of the newest decision that undid this one; None if none did."""
    found = db.execute(_UNDONE_BY, {"decision_id": decision_id}).scalar()
    return None if found is None else int(found)


def reason_for(db: Connection, subject_kind: str, subject_id: int) -> str:
    """The code of the reason for which this was removed; empty if no removal is in force."""
    return reasons_for(db, subject_kind, [subject_id]).get(subject_id, "")


def reasons_for(db: Connection, subject_kind: str, ids: list[int]) -> dict[int, str]:
    """The codes of the reasons for which these were removed, by id."""
    rows = db.execute(_REASONS, {"subject_kind": subject_kind, "ids": ids})
    return {row.subject_id: row.reason for row in rows}


def limiting(db: Connection, subject_kind: str, states: Mapping[int, str]) -> dict[int, int]:
    """Why these are held or removed, where a decision did it. `states`: id → state; gives id → decision. No rights."""
    ids = sorted(one for one, state in states.items() if state in ("held", "removed"))
    rows = db.execute(_LIMITS, {"subject_kind": subject_kind, "ids": ids}) if ids else ()
    return {row.subject_id: int(row.last) for row in rows if row.state_after == states[row.subject_id]}


def author(db: Connection, decision: DecisionView) -> Person:
    """The person whose post or account it is about."""
    return people.load(db, decision.author_id)
