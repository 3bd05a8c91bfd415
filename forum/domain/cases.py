"""Cases: things that wait for a moderator, sorted by due time, lent to one person at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from forum.clock import from_microseconds, now, to_microseconds
from forum.db import Connection, after_key, insert_once
from forum.domain.errors import Conflict, NotFound
from forum.domain.people import Person
from forum.domain.permissions import can, moderator, require
from forum.models import Appeal, Case, Comment, Community, Decision, Idea, RecommendationComment, User
from forum.models.base import aliased

KINDS = {
    "report": "Reported",
    "held": "Waiting for a check",
    "spam": "Looks like spam",
    "duplicate": "Looks like a duplicate",
    "merge": "A merge is asked for",
    "wave": "Looks like a wave",
    "appeal": "Appeal",
}
BANDS = {"overdue": "Overdue", "due-today": "Due today", "new": "New"}
LOAN = timedelta(minutes=15)
WORKING_DAYS = 1
PAGE = 50
TRIES = 5

_claimer = aliased(User)
_commented = aliased(Idea)
_COLUMNS: tuple[Any, ...] = (
    Case.id,
    Case.kind,
    Case.subject_kind,
    Case.subject_id,
    Case.community_id,
    Case.author_id,
    Case.is_open,
    Case.report_count,
    Case.opened_at,
    Case.due_at,
    Case.claimed_by_id,
    Case.claimed_until,
    Case.closed_at,
    Case.weight,
    Case.details,
    Case.decision_id,
    Community.name.label("community_name"),
    Community.slug.label("community_slug"),
    User.name.label("author_name"),
    User.handle.label("author_handle"),
    User.is_employee.label("author_is_employee"),
    User.agency_name.label("author_agency"),
    _claimer.name.label("claimer_name"),
    User.role,
    sa.func.coalesce(
        Idea.title,
        _commented.title,
        RecommendationComment.heading,
        sa.case((Case.subject_kind == "user", User.name)),
    ).label("title"),
    sa.func.coalesce(Comment.body, Idea.excerpt, RecommendationComment.body).label("text"),
)
_cases = (
    sa.select(*_COLUMNS)
    .join_from(Case, Community, Community.id == Case.community_id, isouter=True)
    .join(User, User.id == Case.author_id)
    .outerjoin(_claimer, _claimer.id == Case.claimed_by_id)
    .outerjoin(Idea, sa.and_(Case.subject_kind == "idea", Idea.id == Case.subject_id))
    .outerjoin(Comment, sa.and_(Case.subject_kind == "comment", Comment.id == Case.subject_id))
    .outerjoin(_commented, _commented.id == Comment.idea_id)
    .outerjoin(
        RecommendationComment,
        sa.and_(Case.subject_kind == "remark", RecommendationComment.id == Case.subject_id),
    )
)
_lightness = -Case.weight  # within a due time the weightiest come first
_GET = _cases.where(Case.id == sa.bindparam("case_id"))
_GET_MANY = _cases.where(Case.id.in_(sa.bindparam("case_ids", expanding=True)))
_mine_only = sa.and_(
    Case.community_id.in_(sa.bindparam("community_ids", expanding=True)), Case.subject_kind != "user"
)  # accounts are for moderators of the whole forum
_OPEN = sa.select(sa.func.count()).select_from(Case).where(Case.is_open)
_OPEN_IN = _OPEN.where(_mine_only)
_OPEN_FOR = (
    sa.select(Case.id)
    .where(
        Case.kind == sa.bindparam("kind"),
        Case.subject_kind == sa.bindparam("subject_kind"),
        Case.subject_id == sa.bindparam("subject_id"),
        Case.is_open,
    )
    .with_for_update(of=Case)
)
_free = sa.or_(
    Case.claimed_until.is_(None), Case.claimed_until <= sa.bindparam("now"), Case.claimed_by_id == sa.bindparam("by")
)
_CLAIM = (
    sa.update(Case)
    .where(Case.id == sa.bindparam("the_case"), Case.is_open, _free)
    .values(claimed_by_id=sa.bindparam("by"), claimed_until=sa.bindparam("until"))
    .returning(Case.id)
)
_own_decision = (  # an appeal that waits, against a decision of the one who asks
    sa.select(Appeal.id)
    .join_from(Appeal, Decision, Decision.id == Appeal.decision_id)
    .where(Appeal.case_id == Case.id, Appeal.outcome == "", Decision.decided_by_id == sa.bindparam("by"))
    .correlate(Case)
    .exists()
)
_next = (
    sa.select(Case.id)
    .where(Case.is_open, Case.author_id != sa.bindparam("by"), sa.or_(Case.kind != "appeal", ~_own_decision))
    .where(sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= sa.bindparam("now")))
    .order_by(Case.due_at, _lightness, Case.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=Case)
)
_is_late = Case.due_at <= sa.bindparam("now")
_COUNTS: Any = (
    sa.select(
        Case.kind,
        sa.func.sum(sa.case((_is_late, 1), else_=0)).label("overdue"),
        sa.func.sum(sa.case((_is_late, 0), (Case.due_at < sa.bindparam("midnight"), 1), else_=0)).label("due_today"),
        sa.func.count().label("all"),
    )
    .where(Case.is_open)
    .group_by(Case.kind)
)
_CLOSE = (
    sa.update(Case)
    .where(Case.id == sa.bindparam("the_case"), Case.is_open)
    .values(is_open=False, closed_at=sa.bindparam("moment"), claimed_by_id=None, claimed_until=None)
    .returning(Case.id)
)
_OTHERS = sa.select(Case.id, Case.kind).where(
    Case.subject_kind == sa.bindparam("subject_kind"), Case.subject_id == sa.bindparam("subject_id"), Case.is_open
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the queue to show; None means no matter. `about` is a kind of subject (actions.SUBJECTS)."""

    kind: str | None = None
    community_id: int | None = None
    band: str | None = None
    is_mine: bool = False
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of cases in order of their due times, and the key of the next page."""

    cases: list[Any]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases wait of each kind (in the bands asked for) and in each band (of the kinds asked for)."""

    kinds: Mapping[str, int]
    bands: Mapping[str, int]


def open_count(db: Connection, user: Person) -> int:
    """How many cases wait in this person's queue: all of them for a moderator, their communities' for a manager."""
    if moderator(user, None):
        return int(db.execute(_OPEN).scalar_one())
    return int(db.execute(_OPEN_IN, {"community_ids": list(user.managed)}).scalar_one())


def due_after(moment: datetime, working_days: int = WORKING_DAYS) -> datetime:
    """The same time of day so many working days later; Saturdays and Sundays do not count."""
    due = moment
    while due.weekday() >= 5:
        due = due.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for _ in range(working_days):
        due += timedelta(days=1)
        while due.weekday() >= 5:
            due += timedelta(days=1)
    return due


def whole_hour(moment: datetime) -> datetime:
    """The full hour that has begun."""
    return moment.replace(minute=0, second=0, microsecond=0)


def band(due_at: datetime, moment: datetime) -> str:
    """How urgent: past its time, due before the day (UTC) ends, or new."""
    if due_at <= moment:
        return "overdue"
    return "due-today" if due_at < _midnight(moment) else "new"


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


class About(Protocol):
    """What a case can be about: an idea, a comment, an account in its community; a remark in none."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def author_id(self) -> int: ...
    @property
    def community_id(self) -> int | None: ...


def open_for(
    db: Connection,
    kind: str,
    subject: About,
    *,
    details: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
) -> int:
    """The id of the subject's open case of this kind, opened if there is none. Races are settled by the key.

    Times are whole hours, the earlier one: so cases of one hour are due together, and the weighty ones come first.
    """
    subject_key = {"kind": kind, "subject_kind": subject.kind, "subject_id": subject.id}
    for _ in range(TRIES):
        moment = now()
        insert_once(
            db,
            Case,
            **subject_key,
            community_id=subject.community_id,
            author_id=subject.author_id,
            is_open=True,
            report_count=0,
            opened_at=moment,
            due_at=due_at or whole_hour(due_after(moment)),
            details=dict(details or {}),
        )
        found = db.execute(_OPEN_FOR, subject_key).scalar()
        if found is not None:  # None: somebody decided it between the two statements; open a new one
            return int(found)
    raise Conflict("Moderators are deciding about this right now. Please try again in a moment.")


def get(db: Connection, user: Person | None, case_id: int) -> Any:
    """The case, if this person may see it; NotFound otherwise."""
    return reached(user, db.execute(_GET, {"case_id": case_id}).first())


def reached(user: Person | None, case: Any) -> Any:
    """The case, if there is one and this person may see it; NotFound otherwise."""
    if case is None or not can(user, "case.read", case):
        raise NotFound("There is no case here.")
    return case


def get_many(db: Connection, case_ids: Sequence[int]) -> dict[int, Any]:
    """Those of these cases that there are, by id, whoever asks."""
    return {row.id: row for row in db.execute(_GET_MANY, {"case_ids": case_ids})} if case_ids else {}


def queue(db: Connection, user: Person | None, wanted: Wanted, *, after: str | None = None, limit: int = PAGE) -> Queue:
    """A page of this person's queue."""
    user = require(user, "case.list")
    statement, values = _within(_cases.where(Case.is_open), user)
    statement = _narrowed(statement, user, wanted)
    if after:
        statement = statement.where(after_key(_read_key(after), descending=False))
    rows = list(db.execute(statement.order_by(Case.due_at, _lightness, Case.id).limit(limit + 1), values))
    return Queue(rows[:limit], _key(rows[limit - 1]) if len(rows) > limit else None)


def counts(db: Connection, user: Person | None, wanted: Wanted) -> Counts:
    """How many cases the other filters would show: each kind within the band asked for, each band of the kind."""
    user, moment = require(user, "case.list"), now()
    statement, values = _within(_COUNTS, user)
    everything = replace(wanted, kind=None, band=None)
    values |= {"now": moment, "midnight": _midnight(moment)}
    rows = {
        row.kind: {
            "overdue": int(row.overdue),
            "due-today": int(row.due_today),
            "new": row.all - int(row.overdue) - int(row.due_today),
        }
        for row in db.execute(_narrowed(statement, user, everything), values)
    }
    in_bands = [wanted.band] if wanted.band else list(BANDS)
    of_kinds = [wanted.kind] if wanted.kind else list(rows)
    return Counts(
        {kind: sum(row[band] for band in in_bands) for kind, row in rows.items()},
        {band: sum(rows[kind][band] for kind in of_kinds if kind in rows) for band in BANDS},
    )


def _within(statement: sa.Select[Any], user: Person) -> tuple[sa.Select[Any], dict[str, Any]]:
    """The cases of this person's queue, and the values that the statement then needs."""
    if moderator(user, None):
        return statement, {}
    return statement.where(_mine_only), {"community_ids": list(user.managed)}


def _key(row: Any) -> str:
    return f"{to_microseconds(row.due_at)}_{row.weight!r}_{row.id}"


def _narrowed(statement: sa.Select[Any], user: Person, wanted: Wanted) -> sa.Select[Any]:
    moment = now()
    if wanted.kind:
        statement = statement.where(Case.kind == wanted.kind)
    if wanted.about:
        statement = statement.where(Case.subject_kind == wanted.about)
    if wanted.community_id is not None:
        statement = statement.where(Case.community_id == wanted.community_id)
    if wanted.is_mine:
        statement = statement.where(Case.claimed_by_id == user.id, Case.claimed_until > moment)
    if wanted.band == "overdue":
        statement = statement.where(Case.due_at <= moment)
    elif wanted.band == "due-today":
        statement = statement.where(Case.due_at > moment, Case.due_at < _midnight(moment))
    elif wanted.band == "new":
        statement = statement.where(Case.due_at >= _midnight(moment))
    return statement


def _read_key(after: str) -> Mapping[Any, Any]:
    try:
        due, weight, case_id = after.split("_")
        moment = from_microseconds(int(due))
        return {
            Case.due_at: sa.literal(moment, Case.due_at.type),
            _lightness: sa.literal(-float(weight), Case.weight.type),
            Case.id: sa.literal(int(case_id)),
        }
    except (ValueError, OverflowError):
        raise NotFound("This page key is not one of ours.") from None


def claim(db: Connection, user: Person | None, case_id: int) -> Any:
    """Lend a case to this person for a quarter of an hour. Conflict if somebody else has it or it is decided."""
    case = get(db, user, case_id)
    user = require(user, "case.decide", case)
    moment = now()
    key = {"the_case": case_id, "by": user.id, "now": moment, "until": moment + LOAN}
    if db.execute(_CLAIM, key).first() is None:
        raise Conflict(_taken(get(db, user, case_id)))
    return get(db, user, case_id)


def _taken(case: Any) -> str:
    if not case.is_open:
        return "Somebody has decided this case in the meantime."
    return f"{case.claimer_name} has this case until {case.claimed_until:%H:%M} UTC."


def claim_next(db: Connection, user: Person | None, wanted: Wanted | None = None) -> int | None:
    """Lend this person the most urgent free case, of those wanted; None when nothing waits. Fifty at once each get
    another one. Cases that this person has already are passed over, so whoever skips one gets the one after it.
    """
    user, moment = require(user, "case.list"), now()
    statement, values = _within(_next, user)
    if wanted is not None:
        statement = _narrowed(statement, user, replace(wanted, is_mine=False))
    values |= {"by": user.id, "now": moment}
    found = db.execute(statement, values).scalar()
    if found is None:
        return None
    db.execute(_CLAIM, {"the_case": found, "by": user.id, "now": moment, "until": moment + LOAN})
    return int(found)


def is_lent_to_another(case: Any, user: Person) -> bool:
    """Does somebody else have the case right now?"""
    return case.claimed_by_id not in (None, user.id) and case.claimed_until is not None and case.claimed_until > now()


def close(db: Connection, case_id: int) -> bool:
    """Close an open case; says whether it was open. Of two who close at once one gets True."""
    return db.execute(_CLOSE, {"the_case": case_id, "moment": now()}).first() is not None


def open_ids(db: Connection, subject_kind: str, subject_id: int, *, kind: str | None = None) -> list[int]:
    """The open cases about a subject, of one kind or of all."""
    rows = db.execute(_OTHERS, {"subject_kind": subject_kind, "subject_id": subject_id})
    return [int(row.id) for row in rows if kind in (None, row.kind)]
