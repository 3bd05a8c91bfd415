"""How participation is spread, as figures with names and as charts: for the ranking laboratory."""

from collections.abc import Mapping
from dataclasses import dataclass

from forum import charts
from forum.charts import Bar, Chart, Series
from forum.domain.rankings import measures
from forum.domain.rankings.participation import DAYS, FIRST, Participation

CHARTS = ("concentration", "authors", "first-days")
"""Names of the charts that `drawn` makes."""
LATER = f"After day {DAYS}"
SIZES = (1, 2, 3, 4, 5)  # ideas of an author that have a bar of their own


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure: its name in files, its name for readers, how it reads, and the value (None: nothing to count)."""

    code: str
    label: str
    text: str
    value: float | None


def figures(spread: Participation) -> list[Shown]:
    """All figures of participation, in the order of the page."""
    authors, voters = sum(spread.authors.values()), sum(spread.voters.values())
    return [
        _count("authors", "Authors", authors),
        _share("one-time-authors", "Authors with one idea", spread.once, authors),
        _gini("gini-ideas", "Gini of ideas per author", spread.authors),
        _first("top-ten-authors", f"Ideas by the {FIRST} busiest authors", spread.authors),
        _count("voters", "Voters with an account", voters),
        _gini("gini-votes", "Gini of votes per voter", spread.voters),
        _first("top-ten-voters", f"Votes by the {FIRST} busiest voters", spread.voters),
        *_days(spread),
    ]


def _count(code: str, label: str, count: int) -> Shown:
    return Shown(code, label, f"{count:,}", count)


def _share(code: str, label: str, count: int, whole: int) -> Shown:
    return Shown(code, label, f"{count:,} ({100 * count / whole:.0f} percent)" if whole else "none", count)


def _gini(code: str, label: str, sizes: Mapping[int, int]) -> Shown:
    value = measures.gini(sizes)
    return Shown(code, label, "none" if value is None else f"{value:.2f}", None if value is None else round(value, 6))


def _first(code: str, label: str, sizes: Mapping[int, int]) -> Shown:
    value = measures.share_of_first(sizes, FIRST)
    text = "none" if value is None else f"{100 * value:.0f} percent"
    return Shown(code, label, text, None if value is None else round(value, 6))


def _days(spread: Participation) -> list[Shown]:
    return [
        Shown(f"median-votes-day-{day.number or 'later'}", f"Median votes of ideas: {_day(day.number).lower()}",
              charts.number_shown(day.median), day.median)
        for day in spread.days
        if day.number in (1, 2, 7, 0)
    ]  # fmt: skip


def _day(number: int) -> str:
    return f"Day {number}" if number else LATER


def drawn(spread: Participation) -> list[Chart]:
    """The charts of CHARTS, in this order."""
    labels = [f"{10 * step} %" for step in range(11)]
    curves = {"Ideas": spread.authors, "Votes": spread.voters}
    lines = [
        Series(name, [round(100 * value, 1) for value in curve])
        for name, sizes in curves.items()
        if (curve := measures.lorenz(sizes))
    ]
    lines.append(Series("If equal", [10.0 * step for step in range(11)]))
    more = sum(people for size, people in spread.authors.items() if size > SIZES[-1])
    bars = [Bar(f"{size} idea{'s' if size > 1 else ''}", spread.authors.get(size, 0)) for size in SIZES]
    return [
        charts.lines(
            "concentration",
            _message(curves),
            labels,
            lines,
            what="The least busy",
            unit="%",
        ),
        charts.bars(
            "authors",
            f"{spread.once:,} of {sum(spread.authors.values()):,} authors posted one idea",
            [*bars, Bar(f"More than {SIZES[-1]} ideas", more)],
            what="Ideas",
            count="Authors",
        ),
        charts.bars(
            "first-days",
            _of_days(spread),
            [Bar(_day(day.number), day.median) for day in spread.days],
            what="Posted on",
            count="Median votes",
        ),
    ]


def _message(curves: Mapping[str, Mapping[int, int]]) -> str:
    """What the middle of the curves says."""
    done = {"Ideas": "wrote {:.0f} percent of the ideas", "Votes": "cast {:.0f} percent of the votes"}
    parts = [done[name].format(100 * curve[5]) for name, sizes in curves.items() if (curve := measures.lorenz(sizes))]
    return f"The less busy half {' and '.join(parts)}" if parts else "What the less busy half did"


def _of_days(spread: Participation) -> str:
    """The first day beside the last one."""
    if len(spread.days) < 2:
        return "Median votes of ideas by the day of their community"
    ends = [f"{charts.number_shown(day.median)} {_when(day.number)}" for day in (spread.days[0], spread.days[-1])]
    return f"Median votes of an idea: {' and '.join(ends)}"


def _when(number: int) -> str:
    return f"on day {number}" if number else LATER.lower()
