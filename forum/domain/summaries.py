"""Daily summaries: once a day everybody with a queue hears what waits in it, by kind and by how urgent it is.

Told under an event that names the day, so that nobody hears it twice, whatever workers do and however often they die.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import cases, notifications
from forum.domain.notifications import Telling
from forum.models import Case, CommunityMember, Notification, User

HOUR = 6  # UTC; from then on the day's summaries go out
MOST_AT_ONCE = 100  # people in one transaction
REASON = "you moderate here"


def _due_before(name: str) -> Any:
    return sa.func.sum(sa.case((Case.due_at < sa.bindparam(name, type_=Case.due_at.type), 1), else_=0)).label(name)


_STAFF_ROLES = ("moderator", "administrator")
_WAITING = (
    sa.select(
        Case.community_id,
        Case.kind,
        _due_before("moment"),
        _due_before("midnight"),
        sa.func.count().label("many"),
    )
    .where(Case.is_open)
    .group_by(Case.community_id, Case.kind)
)
_manages = sa.exists().where(CommunityMember.user_id == User.id, CommunityMember.role == "manager")
_STAFF = (
    sa.select(User.id, User.role)
    .where(
        User.status == "active",
        User.id > sa.bindparam("after"),
        sa.or_(User.role.in_(_STAFF_ROLES), _manages),
        sa.not_(sa.exists().where(Notification.user_id == User.id, Notification.event == sa.bindparam("event"))),
    )
    .order_by(User.id)
    .limit(sa.bindparam("most"))
)
_MANAGED = sa.select(CommunityMember.user_id, CommunityMember.community_id).where(
    CommunityMember.role == "manager", CommunityMember.user_id.in_(sa.bindparam("ids", expanding=True))
)


@dataclass(slots=True)
class Waiting:
    """What waits in one queue: band of cases.BANDS → kind of case → how many."""

    bands: dict[str, Counter[str]] = field(default_factory=lambda: {band: Counter() for band in cases.BANDS})

    @property
    def total(self) -> int:
        return sum(many.total() for many in self.bands.values())

    def add(self, other: "Waiting") -> None:
        """Add what waits in another place."""
        for band, many in other.bands.items():
            self.bands[band].update(many)

    def text(self) -> str:
        """In words, a line for each band that has any: Overdue: 3 reported, 1 waiting for a check."""
        lines = []
        for band, label in cases.BANDS.items():
            kinds = ", ".join(
                f"{many:,} {cases.KINDS.get(kind, kind).lower()}" for kind, many in self.bands[band].most_common()
            )
            if kinds:
                lines.append(f"{label}: {kinds}.")
        return "\n".join(lines)


def waiting(db: Connection) -> dict[int | None, Waiting]:
    """What waits in each community that has open cases (None: on directives); one reading of the open cases."""
    moment = now()
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    found: dict[int | None, Waiting] = {}
    for row in db.execute(_WAITING, {"moment": moment, "midnight": midnight}):
        bands = found.setdefault(row.community_id, Waiting()).bands
        for band, many in (
            ("overdue", row.moment),
            ("due-today", row.midnight - row.moment),
            ("new", row.many - row.midnight),
        ):
            if many:
                bands[band][row.kind] += int(many)
    return found


def event_of(moment: datetime) -> str:
    """The name of a day's summary, the same for everybody."""
    return f"queue:{moment:%Y-%m-%d}"


def tell(db: Connection, *, after: int = 0, most: int = MOST_AT_ONCE) -> int | None:
    """Tell the next of those with a queue what waits in it, if the hour has come; returns where to go on (None: done).

    Whoever was told today is left out. Two workers at once may both write an outbox message; the event sorts them out.
    """
    moment = now()
    if moment.hour < HOUR:
        return None
    places = waiting(db)
    if not places:
        return None
    staff = db.execute(_STAFF, {"after": after, "event": event_of(moment), "most": most}).all()
    managed: dict[int, list[int]] = {}
    for row in db.execute(_MANAGED, {"ids": [person.id for person in staff if person.role not in _STAFF_ROLES]}):
        managed.setdefault(row.user_id, []).append(row.community_id)
    for person in staff:
        queue = _queue(person, places, managed)
        if queue.total:
            notifications.later(db, [person.id], _telling(moment, queue), reason=REASON)
    return int(staff[-1].id) if len(staff) == most else None


def _queue(person: Any, places: Mapping[int | None, Waiting], managed: Mapping[int, list[int]]) -> Waiting:
    """All places for a moderator, their own for a manager."""
    whole = Waiting()
    mine: Collection[int | None] = places if person.role in _STAFF_ROLES else [*managed.get(person.id, [])]
    for community_id in mine:
        if community_id in places:
            whole.add(places[community_id])
    return whole


def _telling(moment: datetime, queue: Waiting) -> Telling:
    overdue = queue.bands["overdue"].total()
    title = f"{queue.total:,} case{'' if queue.total == 1 else 's'} in your queue"
    if overdue:
        title += f", {overdue:,} overdue"
    return Telling(event_of(moment), "queue.summary", title, "/moderation", queue.text())
