"""The public log of moderation: what was decided, why, when and by which office; never the words or the people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from forum.clock import from_microseconds, to_microseconds
from forum.db import Connection, after_key
from forum.domain import actions, communities, reasons
from forum.domain.errors import Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Appeal, Comment, Decision, Idea, RecommendationComment
from forum.models.base import aliased

PAGE = 50
MOST_ROWS = 100_000  # of one CSV file; `after` goes on from there

ACTIONS = {code: action.label for code, action in actions.ACTIONS.items()}
"""What was done → how the log says it."""

MACHINES = {
    "none": "A person found and decided it",
    "found": "A program found it, a person decided",
    "decided": "A program decided",
}
"""What part a program had → how the log says it. In the rows `none` is empty."""

APPEALS = {"": "waits", "upheld": "upheld", "denied": "denied"}
_KINDS = {"idea": "Idea", "comment": "Comment", "remark": "Comment on a directive", "wave": "Wave"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the log to show; None means no matter. `until` is the first moment that is too late.

    `about` is a kind of subject (actions.SUBJECTS).
    """

    action: str | None = None
    reason: str | None = None
    machine: str | None = None
    community_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision as everybody may read it. No title, no text, no name: those may be what was wrong."""

    id: int
    at: datetime
    kind: str  # idea, comment, remark, user, wave
    what: str  # Idea 12, Comment 7, Comment on a directive 3, An account
    path: str  # empty where nobody can look: held posts, accounts, things in places this reader does not see
    community: str
    community_slug: str
    action: str
    reason: str
    office: str
    machine: str  # a key of MACHINES
    ends_at: datetime | None
    undone_at: datetime | None
    undoes_id: int | None
    appeal: str  # empty: none; waits, upheld, denied

    @property
    def action_label(self) -> str:
        return actions.label(self.action)

    @property
    def reason_label(self) -> str:
        return reasons.label(self.reason) if self.reason else ""

    @property
    def reason_text(self) -> str:
        return reasons.BY_CODE[self.reason].text if self.reason in reasons.BY_CODE else ""

    @property
    def machine_label(self) -> str:
        return MACHINES[self.machine]


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, the newest first, and the key of the next page."""

    entries: list[Entry]
    next_after: str | None


_under = aliased(Idea)
_entries = (
    sa.select(
        Decision.id,
        Decision.created_at,
        Decision.subject_kind,
        Decision.subject_id,
        Decision.community_id,
        Decision.action,
        Decision.reason,
        Decision.office,
        Decision.machine,
        Decision.ends_at,
        Decision.undone_at,
        Decision.undoes_id,
        Appeal.outcome,
        sa.func.coalesce(Idea.state, Comment.state, RecommendationComment.state).label("state"),
        _under.state.label("above_state"),
        sa.func.coalesce(Idea.community_id, _under.community_id).label("present_community_id"),
    )
    .join_from(Decision, Appeal, Appeal.decision_id == Decision.id, isouter=True)
    .outerjoin(Idea, sa.and_(Decision.subject_kind == "idea", Idea.id == Decision.subject_id))
    .outerjoin(Comment, sa.and_(Decision.subject_kind == "comment", Comment.id == Decision.subject_id))
    .outerjoin(_under, _under.id == Comment.idea_id)
    .outerjoin(
        RecommendationComment,
        sa.and_(Decision.subject_kind == "remark", RecommendationComment.id == Decision.subject_id),
    )
)
_CONDITIONS: dict[str, Any] = {
    "action": Decision.action == sa.bindparam("action"),
    "reason": Decision.reason == sa.bindparam("reason"),
    "about": Decision.subject_kind == sa.bindparam("about"),
    "machine": Decision.machine == sa.bindparam("machine"),
    "community_id": Decision.community_id == sa.bindparam("community_id"),
    "since": Decision.created_at >= sa.bindparam("since"),
    "until": Decision.created_at < sa.bindparam("until"),
    "hidden": sa.or_(
        Decision.community_id.is_(None), Decision.community_id.not_in(sa.bindparam("hidden", expanding=True))
    ),
    "after_at": after_key(
        {
            Decision.created_at: sa.bindparam("after_at", type_=Decision.created_at.type),
            Decision.id: sa.bindparam("after_id"),
        }
    ),
}
_ONE = _entries.where(Decision.id == sa.bindparam("decision_id"))


@cache
def _statement(names: frozenset[str]) -> Any:
    """The newest first, with these of _CONDITIONS; one statement for each set of filters."""
    conditions = [condition for name, condition in _CONDITIONS.items() if name in names]
    order = Decision.created_at.desc(), Decision.id.desc()
    return _entries.where(*conditions).order_by(*order).limit(sa.bindparam("most"))


def hidden(db: Connection, user: Person | None) -> frozenset[int]:
    """The ids of the communities that this person may not see."""
    places = communities.directory(db)
    return frozenset(place.id for place in places.values() if not can(user, "community.read", place))


def find(
    db: Connection, user: Person | None, filters: Filters, *, after: str | None = None, limit: int = PAGE
) -> LogPage:
    """A page of the log, as this person may see it. NotFound for a page key that is not ours."""
    return _find(db, hidden(db, user), filters, after=after, limit=limit)


def _find(db: Connection, unseen: frozenset[int], filters: Filters, *, after: str | None, limit: int) -> LogPage:
    values = {name: getattr(filters, name) for name in filters.__slots__ if getattr(filters, name) is not None}
    if filters.machine == "none":
        values["machine"] = ""
    if unseen:
        values["hidden"] = sorted(unseen)
    if after:
        values["after_at"], values["after_id"] = _read_key(after)
    rows = db.execute(_statement(frozenset(values)), {**values, "most": limit + 1}).all()
    places = communities.directory(db)
    entries = [_entry(row, places, unseen) for row in rows[:limit]]
    more = f"{to_microseconds(entries[-1].at)}_{entries[-1].id}" if len(rows) > limit else None
    return LogPage(entries, more)


def walk(
    db: Connection, unseen: frozenset[int], filters: Filters, *, after: str | None = None, most: int = MOST_ROWS
) -> Iterator[Entry]:
    """The log entry by entry, some hundred read at a time. `unseen` is what hidden() gave."""
    left = most
    while left > 0:
        page = _find(db, unseen, filters, after=after, limit=min(500, left))
        yield from page.entries
        left -= len(page.entries)
        after = page.next_after
        if after is None:
            return


def get(db: Connection, user: Person | None, decision_id: int) -> Entry:
    """One entry. NotFound if there is none, or not for this person's eyes."""
    row = db.execute(_ONE, {"decision_id": decision_id}).first()
    unseen = hidden(db, user)
    if row is None or row.community_id in unseen:
        raise NotFound("There is no such entry in the log.")
    return _entry(row, communities.directory(db), unseen)


def undone_by(db: Connection, decision_id: int) -> int | None:
    """The decision that undid this one."""
    found = db.execute(_UNDONE_BY, {"decision_id": decision_id}).scalar()
    return None if found is None else int(found)


_UNDONE_BY = (
    sa.select(Decision.id)
    .where(Decision.undoes_id == sa.bindparam("decision_id"))
    .order_by(Decision.id.desc())
    .limit(1)
)


def _entry(row: Any, places: Any, unseen: frozenset[int]) -> Entry:
    place = places.get(row.community_id)
    kind = _KINDS.get(row.subject_kind)
    is_open = row.state not in (None, "held") and row.above_state != "held"
    path = f"/{row.subject_kind}s/{row.subject_id}" if is_open and row.present_community_id not in unseen else ""
    return Entry(
        id=row.id,
        at=row.created_at,
        kind=row.subject_kind,
        what=f"{kind} {row.subject_id}" if kind else "An account",
        path=path,
        community=place.name if place else "",
        community_slug=place.slug if place else "",
        action=row.action,
        reason=row.reason,
        office=row.office or ("A program" if row.machine == "decided" else "Moderators"),
        machine=row.machine or "none",
        ends_at=row.ends_at,
        undone_at=row.undone_at,
        undoes_id=row.undoes_id,
        appeal="" if row.outcome is None else APPEALS.get(row.outcome, row.outcome),
    )


def _read_key(after: str) -> tuple[datetime, int]:
    at, _, decision_id = after.partition("_")
    if not (at.isascii() and at.isdigit() and decision_id.isascii() and decision_id.isdigit()) or len(after) > 38:
        raise NotFound("This page key is not one of ours.")
    try:
        moment = from_microseconds(int(at))
    except OverflowError:
        raise NotFound("This page key is not one of ours.") from None
    if int(decision_id) >= 2**63:
        raise NotFound("This page key is not one of ours.")
    return moment, int(decision_id)


def check(filters: Filters) -> Filters:
    """The filters, if each is one that there is; Invalid otherwise."""
    wrong = {}
    if filters.action is not None and filters.action not in ACTIONS:
        wrong["action"] = "There is no such decision."
    if filters.reason is not None and filters.reason not in reasons.BY_CODE:
        wrong["reason"] = "There is no such reason."
    if filters.about is not None and filters.about not in actions.SUBJECTS:
        wrong["about"] = "There is no such choice."
    if filters.machine is not None and filters.machine not in MACHINES:
        wrong["machine"] = "There is no such choice."
    if filters.since and filters.until and filters.since >= filters.until:
        wrong["until"] = "The last day lies before the first."
    if wrong:
        raise Invalid(wrong)
    return filters
