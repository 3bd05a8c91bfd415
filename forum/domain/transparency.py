"""Transparency: the numbers of moderation month by month, as the Santa Clara Principles and the EU's law ask for them.

Every number is a count of rows that stay as they are (decisions, reports, cases, appeals), by the moment of the event:
a decision belongs to the month in which it was made, its undoing to the month of the undoing. A month that is over
thus keeps its numbers. What each of them means is told in docs/moderation.md and on the page.

Sources: Santa Clara Principles 2.0, "Numbers"; Digital Services Act (EU) 2022/2065, articles 15 and 24.
"""

import math
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from forum.clock import EPOCH, now
from forum.db import Connection, address, is_remembering
from forum.domain.errors import NotFound
from forum.models import Appeal, Case, Comment, Decision, Idea, RecommendationComment, Report

HOUR = 3_600_000_000  # microseconds
KEPT_SECONDS = 60.0
DAY = 86_400_000_000  # microseconds

WITHIN = {"1 hour": 1, "4 hours": 4, "1 day": 24, "3 days": 72}
"""Steps of the time from the opening of a case to its decision: label → hours."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar, in UTC."""

    year: int
    number: int

    @property
    def code(self) -> str:
        """As in addresses: 2026-11."""
        return f"{self.year:04}-{self.number:02}"

    @property
    def label(self) -> str:
        return f"{self.start:%B} {self.year}"

    @property
    def short(self) -> str:
        return f"{self.start:%b} {self.year}"

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment of the next month."""
        return self.next.start

    @property
    def last_day(self) -> str:
        """As in addresses: 2026-11-30."""
        return f"{self.end - timedelta(days=1):%Y-%m-%d}"

    @property
    def next(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def before(self) -> "Month":
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)


@dataclass(frozen=True, slots=True)
class Times:
    """How long cases took from opening to decision, in hours by the clock; None where none was decided."""

    decided: int
    in_time: int  # of them before they were due
    median: float | None
    most: float | None  # the 90th percentile: nine of ten took no longer
    within: Mapping[str, int]  # label of WITHIN → how many took no longer, and no less than the step before; "longer"

    @property
    def share_in_time(self) -> float | None:
        """Percent."""
        return 100 * self.in_time / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The moderation of one month. Decisions leave out undoings, which are counted apart."""

    month: Month
    reports: Mapping[str, int]  # by reason
    opened: Mapping[str, int]  # cases by kind
    closed: int  # cases closed without a decision: their author took the post back
    waiting: int  # cases open when the month ended, or now
    times: Times
    actions: Mapping[str, int]
    found_by_program: Mapping[str, int]  # of the actions: a program brought the post up, or decided
    reasons: Mapping[str, int]  # of decisions that have one
    communities: Mapping[int | None, int]  # None: about an account as such
    on_directives: int  # decisions about comments on directives, which stand in no community
    machines: Mapping[str, int]  # a key of log.MACHINES → decisions
    votes_set_aside: int  # in this month, those included that count again since
    undone: int  # decisions taken back in this month, whenever they were made
    appeals: int  # received
    outcomes: Mapping[str, int]  # appeals decided: upheld, denied
    appeals_waiting: int
    appeal_hours: float | None  # median from appeal to answer
    moment: datetime  # when it was counted

    @property
    def decisions(self) -> int:
        return sum(self.actions.values())

    @property
    def is_over(self) -> bool:
        return self.moment >= self.month.end


@dataclass(frozen=True, slots=True)
class Ledger:
    """What has no index by time, read once for all months: cases as they were opened and closed, and reports."""

    opened: Mapping[Month, Counter[str]]  # by kind
    closed: Mapping[Month, int]
    lengths: Mapping[Month, list[tuple[float, bool]]]  # of cases that were decided: hours, and whether in time
    undecided: Mapping[Month, int]  # closed without a decision
    reports: Mapping[Month, Counter[str]]  # by reason


def _in_month(column: Any) -> Any:
    start, end = (sa.bindparam(name, type_=column.type) for name in ("start", "end"))
    return sa.and_(column >= start, column < end)


def _raw(column: Any) -> Any:
    """A moment as the number of microseconds that it is kept as: ten times faster to read than a moment."""
    return sa.type_coerce(column, sa.BigInteger)


def _day(column: Any) -> Any:
    """The day of a moment, counted from 1970. `//` of whole numbers is `/` in both databases."""
    return (_raw(column) // sa.literal_column(str(DAY), sa.BigInteger)).label("day")


_is_decided = sa.or_(Case.decision_id.is_not(None), sa.exists().where(Decision.case_id == Case.id))
_OPENED = sa.select(_day(Case.opened_at), Case.kind, sa.func.count().label("many")).group_by(sa.text("1"), Case.kind)
_ENDED = sa.select(
    _day(Case.closed_at),
    (_raw(Case.closed_at) - _raw(Case.opened_at)).label("length"),
    (_raw(Case.due_at) - _raw(Case.closed_at)).label("spare"),
    _is_decided.label("is_decided"),
    Case.kind,
).where(Case.closed_at.is_not(None))
_REPORTS = sa.select(_day(Report.created_at), Report.reason, sa.func.count().label("many")).group_by(
    sa.text("1"), Report.reason
)
_DECISIONS = (
    sa.select(
        Decision.action,
        Decision.reason,
        Decision.machine,
        Decision.community_id,
        sa.case((Decision.subject_kind == "remark", 1), else_=0).label("is_on_directive"),
        sa.func.count().label("many"),
    )
    .where(_in_month(Decision.created_at))
    .group_by(Decision.action, Decision.reason, Decision.machine, Decision.community_id, sa.text("5"))
)
_ASIDE = sa.select(Decision.before).where(_in_month(Decision.created_at), Decision.action == "set-aside")
_APPEALS = sa.select(sa.func.count()).where(_in_month(Appeal.created_at))
_ANSWERED = sa.select(Appeal.outcome, Appeal.created_at, Appeal.decided_at).where(
    _in_month(Appeal.decided_at), Appeal.outcome != ""
)
_APPEALS_WAITING = sa.select(sa.func.count()).where(
    Appeal.created_at < sa.bindparam("end", type_=Appeal.created_at.type),
    sa.or_(Appeal.decided_at.is_(None), Appeal.decided_at >= sa.bindparam("end", type_=Appeal.created_at.type)),
)
_FIRST_DECISION = sa.select(sa.func.min(Decision.created_at))


def _posts_of(table: Any) -> tuple[Any, Any]:
    """Posts by day: those behind an id up to another; and the last id."""
    span = table.id > sa.bindparam("after"), table.id <= sa.bindparam("last")
    count = sa.select(_day(table.created_at), sa.func.count().label("many")).where(*span).group_by(sa.text("1"))
    return count, sa.select(sa.func.max(table.id))


_POSTS = {
    "ideas": _posts_of(Idea),
    "comments": _posts_of(Comment),
    "comments-on-directives": _posts_of(RecommendationComment),
}


def months(db: Connection) -> list[Month]:
    """Every month from the first act of moderation to the present one, the newest first."""
    ledger = _ledger(db)
    begun = [*ledger.opened, *ledger.reports, present()]
    if (moment := db.execute(_FIRST_DECISION).scalar()) is not None:
        begun.append(_month_of(moment))
    all_months = [present()]
    while all_months[-1] > min(begun):
        all_months.append(all_months[-1].before)
    return all_months


def present() -> Month:
    """The month that it is now."""
    return _month_of(now())


def _month_of(moment: datetime) -> Month:
    return Month(moment.year, moment.month)


@cache
def _month_of_day(day: int) -> Month:
    return _month_of(EPOCH + timedelta(days=day))


def read_month(db: Connection, code: str) -> Month:
    """The month of an address (2026-11). NotFound for one that is not reported on."""
    for month in months(db):
        if month.code == code:
            return month
    raise NotFound("There is no report of this month.")


def numbers(db: Connection, month: Month) -> Numbers:
    """The numbers of a month. In pages, what concerns cases and reports may be KEPT_SECONDS old."""
    ledger, span, until = _ledger(db), {"start": month.start, "end": month.end}, {"end": month.end}
    actions, found, causes, machines = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    places, undone, on_directives = Counter[int | None](), 0, 0
    for row in db.execute(_DECISIONS, span):
        if row.action == "undo":
            undone += row.many
            continue
        actions[row.action] += row.many
        machines[row.machine or "none"] += row.many
        if row.is_on_directive:
            on_directives += row.many
        else:
            places[row.community_id] += row.many
        if row.machine:
            found[row.action] += row.many
        if row.reason:
            causes[row.reason] += row.many
    answered = db.execute(_ANSWERED, span).all()
    hours = [(row.decided_at - row.created_at).total_seconds() / 3600 for row in answered]
    return Numbers(
        month=month,
        reports=ledger.reports.get(month, Counter()),
        opened=ledger.opened.get(month, Counter()),
        closed=ledger.undecided.get(month, 0),
        waiting=sum(many.total() for when, many in ledger.opened.items() if when <= month)
        - sum(many for when, many in ledger.closed.items() if when <= month),
        times=times(ledger.lengths.get(month, [])),
        actions=actions,
        found_by_program=found,
        reasons=causes,
        communities=places,
        on_directives=on_directives,
        machines=machines,
        votes_set_aside=sum(int(before.get("votes", 0)) for before in db.execute(_ASIDE, span).scalars()),
        undone=undone,
        appeals=int(db.execute(_APPEALS, span).scalar_one()),
        outcomes=Counter(row.outcome for row in answered),
        appeals_waiting=int(db.execute(_APPEALS_WAITING, until).scalar_one()),
        appeal_hours=statistics.median(hours) if hours else None,
        moment=now(),
    )


def _ledger(db: Connection) -> Ledger:
    """In pages kept for a while, so that nobody makes it read all cases again and again."""
    if not is_remembering(db):
        return _read_ledger(db)
    known = _ledgers.get(address(db))
    if known is None or known[0] < time.monotonic():
        known = _ledgers[address(db)] = (time.monotonic() + KEPT_SECONDS, _read_ledger(db))
    return known[1]


_ledgers: dict[str, tuple[float, Ledger]] = {}


def _read_ledger(db: Connection) -> Ledger:
    opened, reports = defaultdict[Month, Counter[str]](Counter), defaultdict[Month, Counter[str]](Counter)
    closed, undecided = Counter[Month](), Counter[Month]()
    lengths = defaultdict[Month, list[tuple[float, bool]]](list)
    for row in db.execute(_OPENED):
        opened[_month_of_day(row.day)][row.kind] += row.many
    for row in db.execute(_REPORTS):
        reports[_month_of_day(row.day)][row.reason] += row.many
    for day, length, spare, is_decided, kind in db.execute(_ENDED):
        month = _month_of_day(day)
        closed[month] += 1
        if kind == "appeal":
            continue  # appeals have a clock of their own
        if is_decided:
            lengths[month].append((length / HOUR, spare >= 0))
        else:
            undecided[month] += 1
    return Ledger(dict(opened), closed, dict(lengths), undecided, dict(reports))


def posts(db: Connection, month: Month) -> dict[str, int]:
    """How many ideas, comments, and comments on directives were posted in a month, whatever became of them."""
    days = {name: _tally(db, name) for name in _POSTS}
    return {name: sum(found.get(day, 0) for day in _days(month)) for name, found in days.items()}


def _tally(db: Connection, name: str) -> Counter[int]:
    """Posts by day. In pages the old ones are counted once a process, for there is no index by time; new ones always.

    The last OVERLAP ids are counted anew each time: a transaction may commit a smaller id than others did before it.
    """
    count, greatest = _POSTS[name]
    last = int(db.execute(greatest).scalar() or 0)
    known: tuple[int, Counter[int]] = (0, Counter())
    if is_remembering(db):
        key = address(db), name
        known = _tallies.get(key, known)
        if last - known[0] > 2 * OVERLAP:
            settled = last - OVERLAP
            known = _tallies[key] = (settled, known[1] + _by_day(db, count, known[0], settled))
    return known[1] + _by_day(db, count, known[0], last)


OVERLAP = 1_000
_tallies: dict[tuple[str, str], tuple[int, Counter[int]]] = {}


def _by_day(db: Connection, count: Any, after: int, last: int) -> Counter[int]:
    return Counter({int(day): int(many) for day, many in db.execute(count, {"after": after, "last": last})})


def _days(month: Month) -> range:
    return range((month.start - EPOCH).days, (month.end - EPOCH).days)


def times(lengths: Sequence[tuple[float, bool]]) -> Times:
    """How long cases took: for each that was decided its hours, and whether it was in time."""
    hours = sorted(length for length, _ in lengths)
    within = dict.fromkeys((*WITHIN, "longer"), 0)
    for length in hours:
        within[next((label for label, most in WITHIN.items() if length <= most), "longer")] += 1
    return Times(
        decided=len(hours),
        in_time=sum(is_in_time for _, is_in_time in lengths),
        median=statistics.median(hours) if hours else None,
        most=percentile(hours, 90) if hours else None,
        within=within,
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the sorted values that at least so many percent of them do not exceed (nearest rank).

    Source: NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.6.2, without interpolation. ValueError for no values.
    """
    if not values:
        raise ValueError("no values")
    return values[max(0, math.ceil(percent / 100 * len(values)) - 1)]
