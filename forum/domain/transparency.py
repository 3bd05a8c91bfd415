"""Transparency: the numbers of moderation month by month, as the Santa Clara Principles and the EU's law ask for them.

Every number is a count of rows that stay as they are (decisions, reports, cases, appeals), by the moment of the event:
a decision belongs to the month in which it was made, its undoing to the month of the undoing. A month that is over
thus keeps its numbers. What each of them means is told in docs/moderation.md and on the page.

Sources: Santa Clara Principles 2.0, "Numbers"; Digital Services Act (EU) 2022/2065, articles 15 and 24.
"""

import math
import statistics
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from forum.clock import from_microseconds, now
from forum.db import Connection, address, is_remembering
from forum.domain.errors import NotFound
from forum.models import Appeal, Case, Comment, Decision, Idea, Report

T = TypeVar("T")
HOUR = 3600.0
KEPT_SECONDS = 60.0  # in a process, so that nobody makes it count again and again
KEPT_OVER_SECONDS = 3600.0  # of a month that is over, and of the numbers of posts by day
MOST_KEPT = 200
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
    machines: Mapping[str, int]  # a key of log.MACHINES → decisions
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


def _in_month(column: Any) -> Any:
    start, end = (sa.bindparam(name, type_=column.type) for name in ("start", "end"))
    return sa.and_(column >= start, column < end)


_REPORTS = sa.select(Report.reason, sa.func.count()).where(_in_month(Report.created_at)).group_by(Report.reason)
_OPENED = sa.select(Case.kind, sa.func.count()).where(_in_month(Case.opened_at)).group_by(Case.kind)
_is_decided = sa.or_(Case.decision_id.is_not(None), sa.exists().where(Decision.case_id == Case.id))
_ENDED = sa.select(Case.opened_at, Case.due_at, Case.closed_at, _is_decided.label("is_decided")).where(
    _in_month(Case.closed_at), Case.kind != "appeal"
)
_WAITING = sa.select(sa.func.count()).where(
    Case.opened_at < sa.bindparam("end", type_=Case.opened_at.type),
    sa.or_(Case.closed_at.is_(None), Case.closed_at >= sa.bindparam("end", type_=Case.opened_at.type)),
)
_DECISIONS = (
    sa.select(Decision.action, Decision.reason, Decision.machine, Decision.community_id, sa.func.count().label("many"))
    .where(_in_month(Decision.created_at))
    .group_by(Decision.action, Decision.reason, Decision.machine, Decision.community_id)
)
_APPEALS = sa.select(sa.func.count()).where(_in_month(Appeal.created_at))
_ANSWERED = sa.select(Appeal.outcome, Appeal.created_at, Appeal.decided_at).where(
    _in_month(Appeal.decided_at), Appeal.outcome != ""
)
_APPEALS_WAITING = sa.select(sa.func.count()).where(
    Appeal.created_at < sa.bindparam("end", type_=Appeal.created_at.type),
    sa.or_(Appeal.decided_at.is_(None), Appeal.decided_at >= sa.bindparam("end", type_=Appeal.created_at.type)),
)
_FIRST = sa.select(
    *(
        sa.select(sa.func.min(column)).scalar_subquery().label(f"first_{number}")
        for number, column in enumerate((Decision.created_at, Case.opened_at, Report.created_at))
    )
)


def _by_day(table: Any) -> Any:
    # `//` of whole numbers is `/` in both databases; moments before 1970 do not occur
    day = (sa.type_coerce(table.created_at, sa.BigInteger) // sa.literal_column(str(DAY), sa.BigInteger)).label("day")
    return sa.select(day, sa.func.count().label("many")).group_by(sa.text("1"))


_POSTS = {"ideas": _by_day(Idea), "comments": _by_day(Comment)}


def months(db: Connection) -> list[Month]:
    """Every month from the first act of moderation to the present one, the newest first."""
    begun = _kept(db, "begun", KEPT_SECONDS, lambda: min(filter(None, db.execute(_FIRST).one()), default=None))
    all_months = [present()]
    while begun is not None and all_months[-1] > _month_of(begun):
        all_months.append(all_months[-1].before)
    return all_months


def present() -> Month:
    """The month that it is now."""
    return _month_of(now())


def _month_of(moment: datetime) -> Month:
    return Month(moment.year, moment.month)


def read_month(db: Connection, code: str) -> Month:
    """The month of an address (2026-11). NotFound for one that is not reported on."""
    for month in months(db):
        if month.code == code:
            return month
    raise NotFound("There is no report of this month.")


def numbers(db: Connection, month: Month) -> Numbers:
    """The numbers of a month. In pages they are kept for a while: a minute, or an hour once the month is over."""
    seconds = KEPT_OVER_SECONDS if now() >= month.end else KEPT_SECONDS
    return _kept(db, ("numbers", month), seconds, lambda: _count(db, month))


def posts(db: Connection, month: Month) -> dict[str, int]:
    """How many ideas and comments were posted in a month, whatever became of them. In pages at most an hour old."""
    days = _kept(db, "posts", KEPT_OVER_SECONDS, lambda: _count_posts(db))
    return {name: sum(days[name].get(day, 0) for day in _days(month)) for name in days}


def _count_posts(db: Connection) -> dict[str, dict[int, int]]:
    """All posts by day, in one reading: there is no index that would make one month cheaper than all of them."""
    return {name: {int(row.day): int(row.many) for row in db.execute(count)} for name, count in _POSTS.items()}


def _days(month: Month) -> range:
    epoch = from_microseconds(0)
    return range((month.start - epoch).days, (month.end - epoch).days)


_memory: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()


def _kept(db: Connection, key: Hashable, seconds: float, make: Callable[[], T]) -> T:
    """What was counted less than so many seconds ago, in pages; counted anew everywhere else."""
    if not is_remembering(db):
        return make()
    full_key = (address(db), key)
    known = _memory.get(full_key)
    if known is not None and known[0] > time.monotonic():
        return known[1]  # type: ignore[no-any-return]
    made = make()
    _memory[full_key] = (time.monotonic() + seconds, made)
    while len(_memory) > MOST_KEPT:
        _memory.popitem(last=False)
    return made


def _count(db: Connection, month: Month) -> Numbers:
    span = {"start": month.start, "end": month.end}
    until = {"end": month.end}
    actions, found, causes, machines = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    places, undone = Counter[int | None](), 0
    for row in db.execute(_DECISIONS, span):
        if row.action == "undo":
            undone += row.many
            continue
        actions[row.action] += row.many
        machines[row.machine or "none"] += row.many
        places[row.community_id] += row.many
        if row.machine:
            found[row.action] += row.many
        if row.reason:
            causes[row.reason] += row.many
    ended = db.execute(_ENDED, span).all()
    answered = db.execute(_ANSWERED, span).all()
    hours = [_hours(row.created_at, row.decided_at) for row in answered]
    return Numbers(
        month=month,
        reports=_mapping(db, _REPORTS, span),
        opened=_mapping(db, _OPENED, span),
        closed=sum(not row.is_decided for row in ended),
        waiting=int(db.execute(_WAITING, until).scalar_one()),
        times=times([row for row in ended if row.is_decided]),
        actions=actions,
        found_by_program=found,
        reasons=causes,
        communities=places,
        machines=machines,
        undone=undone,
        appeals=int(db.execute(_APPEALS, span).scalar_one()),
        outcomes=Counter(row.outcome for row in answered),
        appeals_waiting=int(db.execute(_APPEALS_WAITING, until).scalar_one()),
        appeal_hours=statistics.median(hours) if hours else None,
        moment=now(),
    )


def _mapping(db: Connection, statement: Any, values: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(many) for name, many in db.execute(statement, values)}


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / HOUR


def times(rows: Sequence[Any]) -> Times:
    """How long cases took: rows of opened_at, due_at and closed_at, one a case that was decided."""
    hours = sorted(_hours(row.opened_at, row.closed_at) for row in rows)
    within = dict.fromkeys((*WITHIN, "longer"), 0)
    for length in hours:
        within[next((label for label, most in WITHIN.items() if length <= most), "longer")] += 1
    return Times(
        decided=len(hours),
        in_time=sum(row.closed_at <= row.due_at for row in rows),
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
