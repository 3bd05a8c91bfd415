"""The transparency report: all months at a glance, one month in full; charts, their tables, and CSV."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from forum import charts
from forum.charts import Bar, Chart, Series
from forum.db import Connection
from forum.domain import actions, cases, communities, reasons, transparency
from forum.domain.errors import NotFound
from forum.domain.transparency import Month, Numbers
from forum.sheets import csv_lines
from forum.web.render import Answer, Data, Page
from forum.web.visits import Visit

MONTHS = 12  # of the charts over time
MOST_PLACES = 12  # communities with a bar of their own
OTHER_PLACES = "Other communities"
CLOSED_PLACES = "Communities that not everyone can see"
ACCOUNTS = "Accounts, not posts"
DIRECTIVES = "Directives, not communities"
MACHINES = {"none": "By a person alone", "found": "Found by a program", "decided": "Decided by a program"}
NOTES = {"decisions": "In the second color and in brackets: what a program had found."}
"""Said below the title of a chart, by its name."""
FIELDS = ("month", "figure", "item", "value")
"""Columns of the CSV; told in docs/moderation.md."""


def index(visit: Visit) -> Answer:
    """GET /transparency: the last year in charts, and the way to every month."""
    months = transparency.months(visit.db)
    shown = [transparency.numbers(visit.db, month) for month in reversed(months[:MONTHS])]
    years: dict[int, list[Month]] = {}
    for month in months:
        years.setdefault(month.year, []).append(month)
    context = {"charts": _course(shown), "years": years, "latest": shown[-1]}
    return Page("transparency/index.html", context)


def index_csv(visit: Visit) -> Answer:
    """GET /transparency.csv: every figure of every month; or the lines of one chart, by `figure`."""
    months = transparency.months(visit.db)
    if name := visit.query.get("figure"):
        shown = [transparency.numbers(visit.db, month) for month in reversed(months[:MONTHS])]
        return _one_chart(_course(shown), name, "transparency")
    rows = (row for month in months for row in _rows(visit, month))
    return _csv("transparency.csv", [FIELDS, *rows])


def show(visit: Visit, month: str) -> Answer:
    """GET /transparency/{month}: 2026-11"""
    wanted = transparency.read_month(visit.db, month)
    months = transparency.months(visit.db)
    numbers = transparency.numbers(visit.db, wanted)
    context = {
        "month": wanted,
        "numbers": numbers,
        "posts": transparency.posts(visit.db, wanted),
        "charts": _charts(visit, numbers),
        "notes": NOTES,
        "hours": hours_shown,
        "before": wanted.before if wanted.before in months else None,
        "after": wanted.next if wanted.next in months else None,
    }
    return Page("transparency/show.html", context)


def show_csv(visit: Visit, month: str) -> Answer:
    """GET /transparency/{month}.csv: every figure of the month; or the lines of one chart, by `figure`."""
    wanted = transparency.read_month(visit.db, month)
    if name := visit.query.get("figure"):
        found = _charts(visit, transparency.numbers(visit.db, wanted))
        return _one_chart(found, name, f"transparency-{wanted.code}")
    return _csv(f"transparency-{wanted.code}.csv", [FIELDS, *_rows(visit, wanted)])


def _one_chart(found: Sequence[Chart], name: str, file: str) -> Data:
    for chart in found:
        if chart.name == name:
            rows = [["" if cell is None else _plain(cell) for cell in row] for row in chart.rows]
            return _csv(f"{file}-{name}.csv", [chart.head, *rows])
    raise NotFound("There is no chart of this name.")


def _csv(name: str, rows: Iterable[Sequence[Any]]) -> Data:
    disposition = ((b"content-disposition", f'attachment; filename="{name}"'.encode("ascii")),)
    return Data(b"".join(csv_lines(rows)), "text/csv; charset=utf-8", headers=disposition)


def _plain(cell: str | float) -> str | int | float:
    if isinstance(cell, str):
        return cell
    return int(cell) if float(cell).is_integer() else round(cell, 2)


def hours_shown(hours: float | None) -> str:
    """A span of time in words, as exact as a reader needs: 40 minutes, 5 hours, 2.5 days."""
    if hours is None:
        return "none yet"
    if hours < 1.5:
        minutes = max(1, round(hours * 60))
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    if hours < 48:
        return f"{round(hours)} hours"
    return f"{charts.number_shown(round(hours / 24, 1))} days"


def _rows(visit: Visit, month: Month) -> Iterator[tuple[Any, ...]]:
    """Every figure of a month as rows of FIELDS; hours with two decimals, empty where nothing is known."""
    numbers = transparency.numbers(visit.db, month)
    for figure, items in _figures(visit, numbers).items():
        for item, value in items.items():
            yield (month.code, figure, item, "" if value is None else _plain(value))


def _figures(visit: Visit, numbers: Numbers) -> dict[str, Mapping[str, float | None]]:
    times = numbers.times
    return {
        "posts": transparency.posts(visit.db, numbers.month),
        "reports": numbers.reports,
        "cases-opened": numbers.opened,
        "cases": {
            "decided": times.decided,
            "decided-in-time": times.in_time,
            "closed-without-decision": numbers.closed,
            "waiting-at-end": numbers.waiting,
        },
        "hours-to-decision": {"median": times.median, "90th-percentile": times.most},
        "time-to-decision": times.within,
        "decisions": numbers.actions,
        "decisions-found-by-program": numbers.found_by_program,
        "decisions-by-reason": numbers.reasons,
        "decisions-by-community": dict(_places(visit.db, numbers)),
        "decisions-by-program": numbers.machines,
        "decisions-undone": {"undone": numbers.undone},
        "appeals": {
            "received": numbers.appeals,
            "upheld": numbers.outcomes.get("upheld", 0),
            "denied": numbers.outcomes.get("denied", 0),
            "waiting-at-end": numbers.appeals_waiting,
            "median-hours": numbers.appeal_hours,
        },
        "accounts": {"warned": numbers.actions.get("warn", 0), "suspended": numbers.actions.get("suspend", 0)},
        "votes": {"set-aside": numbers.votes_set_aside},
    }


def _places(db: Connection, numbers: Numbers) -> list[tuple[str, int]]:
    """Decisions by community, the most first. Communities that not everybody sees are one, without their names."""
    places, found = communities.directory(db), dict[str, int]()
    if numbers.on_directives:
        found[DIRECTIVES] = numbers.on_directives
    for community_id, many in numbers.communities.items():
        place = places.get(community_id) if community_id is not None else None
        is_public = place is not None and place.visibility == "public" and place.status in ("open", "archived")
        name = ACCOUNTS if community_id is None else place.name if place and is_public else CLOSED_PLACES
        found[name] = found.get(name, 0) + many
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _charts(visit: Visit, numbers: Numbers) -> list[Chart]:
    """The charts of one month."""
    places = _places(visit.db, numbers)
    rest = sum(many for _, many in places[MOST_PLACES:])
    shown = places[:MOST_PLACES] + ([(OTHER_PLACES, rest)] if rest else [])
    actions = _bars(numbers.actions, _action, parts=numbers.found_by_program)
    within = [Bar(_within(label), many) for label, many in numbers.times.within.items()]
    share = numbers.times.share_in_time
    in_time = "How long cases took" if share is None else f"{round(share)} % of cases were decided in time"
    return [
        charts.bars(
            "decisions", _most("Decisions", actions), actions, what="Decision", part="Found by a program",
            count="All",
        ),
        _simple("reasons", "Reasons given", "Reason", _bars(numbers.reasons, reasons.label)),
        _simple("reports", "Reports by readers", "Reason", _bars(numbers.reports, reasons.label)),
        _simple("cases", "Cases opened", "Kind", _bars(numbers.opened, _kind)),
        charts.bars("times", in_time, within, what="Time to decision", count="Cases"),
        _simple("places", "Decisions by community", "Community", [Bar(name, many) for name, many in shown]),
        _simple("programs", "Programs and people", "Who", _bars(numbers.machines, MACHINES.__getitem__)),
        charts.bars("appeals", "Appeals", _appeals(numbers), what="Appeals"),
    ]  # fmt: skip


def _simple(name: str, title: str, what: str, rows: list[Bar]) -> Chart:
    return charts.bars(name, _most(title, rows), rows, what=what)


def _most(title: str, rows: list[Bar]) -> str:
    """The title says what the chart shows first, if one bar is the longest: Decisions: most often “Kept”."""
    ordered = sorted(rows, key=lambda row: -row.value)
    if not ordered or (len(ordered) > 1 and ordered[1].value == ordered[0].value):
        return title
    return f"{title}: most often “{ordered[0].label}”"


def _bars(counts: Mapping[str, int], label: Callable[[str], str], parts: Mapping[str, int] | None = None) -> list[Bar]:
    """A bar for each count, the longest first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        Bar(label(code), many, part=(parts or {}).get(code, 0), shown=_shown(many, parts, code))
        for code, many in ordered
    ]


def _shown(many: int, parts: Mapping[str, int] | None, code: str) -> str:
    found = (parts or {}).get(code, 0)
    return f"{many:,} ({found:,})" if found else f"{many:,}"


def _action(code: str) -> str:
    return actions.label(code)


def _kind(code: str) -> str:
    return cases.KINDS.get(code, code.capitalize())


def _within(label: str) -> str:
    return "Longer" if label == "longer" else f"Up to {label}"


def _appeals(numbers: Numbers) -> list[Bar]:
    upheld, denied = numbers.outcomes.get("upheld", 0), numbers.outcomes.get("denied", 0)
    return [Bar("Received", numbers.appeals), Bar("Upheld", upheld), Bar("Denied", denied)]


def _course(shown: Sequence[Numbers]) -> list[Chart]:
    """The charts over time, a point a month."""
    labels = [numbers.month.short for numbers in shown]

    def line(label: str, value: Callable[[Numbers], float | None]) -> Series:
        return Series(label, [value(numbers) for numbers in shown])

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 1)

    cases_opened = line("Opened", lambda numbers: sum(numbers.opened.values()))
    cases_decided = line("Decided", lambda numbers: numbers.times.decided)
    waiting = line("Waiting", lambda numbers: numbers.waiting)
    half = line("Half", lambda numbers: rounded(numbers.times.median))
    nine = line("9 of 10", lambda numbers: rounded(numbers.times.most))
    share = line("In time", lambda numbers: rounded(numbers.times.share_in_time))
    received = line("Received", lambda numbers: numbers.appeals)
    upheld = line("Upheld", lambda numbers: numbers.outcomes.get("upheld", 0))
    return [
        charts.lines(
            "cases", "Cases opened, decided, and waiting", labels, [cases_opened, cases_decided, waiting], what="Month"
        ),
        charts.lines(
            "times",
            "Hours until half of the cases, and nine of ten, were decided",
            labels,
            [half, nine],
            what="Month",
            unit="h",
        ),
        charts.lines("share", "Cases decided in time", labels, [share], what="Month", unit="%"),
        charts.lines("appeals", "Appeals received and upheld", labels, [received, upheld], what="Month"),
    ]
