"""The ranking laboratory: rankings side by side, what they share, what moves, and how participation is spread."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from forum import charts
from forum.charts import Bar, Chart
from forum.db import remembered
from forum.domain import communities, consensus, rankings
from forum.domain.errors import Invalid, NotFound
from forum.domain.formulas import FORMULAS
from forum.domain.ideas import reference
from forum.domain.rankings import Selection, comparisons, costs, moves, participation
from forum.domain.rankings.comparisons import LENGTHS, LOOKED, MOST, Comparison
from forum.domain.rankings.moves import Move
from forum.domain.rankings.participation import Participation
from forum.domain.rankings.selections import KINDS, PARAMETERS
from forum.sheets import csv_lines
from forum.web import lists, spreads
from forum.web.forms import Form
from forum.web.render import Answer, Data, Page
from forum.web.visits import Visit

PATH = "/rankings/laboratory"
DEFAULT = 20
LETTERS = "ABCDE"
"""Names of the columns, short enough for a matrix."""


@dataclass(frozen=True, slots=True)
class State:
    """What the address asks for: the rankings, how many ideas of each, and the two whose moves are shown."""

    selections: tuple[Selection, ...]
    most: int = DEFAULT
    first: int = 0
    second: int = 1


def index(visit: Visit) -> Answer:
    """GET /rankings/laboratory: 422 with the standard rankings and what was wrong."""
    errors: dict[str, str] = {}
    state = State(comparisons.standard())
    try:
        state = read(visit)
    except Invalid as error:
        errors = error.errors
    comparison = _compare(visit, state)
    spread = _spread(visit)
    context = {
        "columns": _columns(state, comparison),
        "rows": _rows(visit, state, comparison),
        "state": state,
        "lengths": [
            (length, address(State(state.selections, length, state.first, state.second))) for length in LENGTHS
        ],
        "pairs": _pairs(comparison),
        "matrix": _matrix(comparison, state.most),
        "overlap": _overlap_chart(comparison, state.most),
        "moved": _moved(visit, state, comparison),
        "hidden": [(name, value) for name, value in _pairs_of(state) if name == "ranking"],
        "spread": spread,
        "figures": spreads.figures(spread) if spread else [],
        "charts": spreads.drawn(spread) if spread else [],
        "csv": {part: address(state, f"{PATH}.csv", part=part) for part in PARTS},
        "looked": LOOKED,
        **runs(visit, *(one.method for one in state.selections)),
        "form": Form({"method": "", **{name: visit.query.get(name) for name in PARAMETERS}}, errors),
        **_choices(visit, state),
    }
    return Page("rankings/laboratory.html", context, status=422 if errors else 200)


def index_csv(visit: Visit) -> Answer:
    """GET /rankings/laboratory.csv?part=: the figures of one part, for the rankings of the address."""
    part = visit.query.get("part") or "side-by-side"
    if part not in PARTS:
        raise NotFound(f"There is no such part. Known are: {', '.join(PARTS)}.")
    rows = list(PARTS[part](visit, read(visit)))
    disposition = ((b"content-disposition", f'attachment; filename="laboratory-{part}.csv"'.encode("ascii")),)
    return Data(b"".join(csv_lines(rows)), "text/csv; charset=utf-8", headers=disposition)


def read(visit: Visit) -> State:
    """The state that the address names: each `ranking` is a selection as in the address of a ranking.

    A method beside them is one ranking more: what the form adds. Invalid for what makes no sense.
    """
    given = [dict(parse_qsl(value)) for value in visit.query.all("ranking")[: MOST + 1]]
    selections = [rankings.read(visit.db, one) for one in given] or list(comparisons.standard())
    if visit.query.get("method"):
        more = rankings.read(visit.db, {name: visit.query.all(name) for name in PARAMETERS})
        kept = selections if given else [one for one in selections if one != more][: MOST - 1]
        selections = [*kept, more]
    for selection in selections:
        costs.check(visit.db, visit.user, selection)
    state = State(
        tuple(selections),
        _number(visit, "top", DEFAULT, LENGTHS),
        _number(visit, "first", 1, range(1, len(selections) + 1)) - 1,
        _number(visit, "second", 2, range(1, len(selections) + 1)) - 1,
    )
    comparisons.check(state.selections)
    return state


def _number(visit: Visit, name: str, default: int, known: Sequence[int]) -> int:
    given = visit.query.get(name)
    if not given:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 9 and int(given) in known):
        raise Invalid({name: f"Please choose one of these: {', '.join(map(str, known))}."})
    return int(given)


def _pairs_of(state: State) -> list[tuple[str, str]]:
    values = [("ranking", urlencode(rankings.as_values(one), safe=",")) for one in state.selections]
    values += [("top", str(state.most))] if state.most != DEFAULT else []
    if (state.first, state.second) != (0, 1):
        values += [("first", str(state.first + 1)), ("second", str(state.second + 1))]
    return values


def address(state: State, path: str = PATH, **more: str) -> str:
    """The address of this state."""
    return f"{path}?{urlencode([*_pairs_of(state), *more.items()])}"


def _compare(visit: Visit, state: State) -> Comparison:
    key = ("laboratory", state.selections)
    return remembered(visit.db, key, lambda: comparisons.compare(visit.db, state.selections))


def _spread(visit: Visit) -> Participation | None:
    return remembered(visit.db, "participation", lambda: participation.find(visit.db))


def runs(visit: Visit, *methods: str) -> dict[str, Any]:
    """Of consensus, which is worked out now and then: the last run and the one under way, if it is among these."""
    if "consensus" not in methods:
        return {"is_stored": False, "run": None, "under_way": None}
    return {"is_stored": True, "run": consensus.latest(visit.db), "under_way": consensus.running(visit.db)}


def _columns(state: State, comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "letter": LETTERS[number],
            "title": column.title,
            "method": column.selection.method,
            "url": f"/rankings?{urlencode(rankings.as_values(column.selection), safe=',')}",
            "without": _without(state, number),
            "count": len(column.ranked),
        }
        for number, column in enumerate(comparison.columns)
    ]


def _without(state: State, number: int) -> str:
    """The address of the same rankings less one; empty where two must stay."""
    rest = state.selections[:number] + state.selections[number + 1 :]
    return address(State(rest, state.most)) if len(rest) >= comparisons.FEWEST else ""


def _rows(visit: Visit, state: State, comparison: Comparison) -> list[dict[str, Any]]:
    """The table side by side: a rank a row, an idea a column, with the letters of the other columns that hold it."""
    heads = [column.ranked[: state.most] for column in comparison.columns]
    named = comparisons.titles(visit.db, sorted({one.idea_id for head in heads for one in head}))
    holders: dict[int, str] = {}
    for letter, head in zip(LETTERS, heads, strict=False):
        for one in head:
            holders[one.idea_id] = holders.get(one.idea_id, "") + letter
    return [
        {
            "rank": place + 1,
            "cells": [
                {**named[head[place].idea_id], "one": head[place], "also": _also(holders, head[place].idea_id, letter)}
                if place < len(head)
                else None
                for letter, head in zip(LETTERS, heads, strict=False)
            ],
        }
        for place in range(max(map(len, heads)))
    ]


def _also(holders: Mapping[int, str], idea_id: int, letter: str) -> str:
    return ", ".join(other for other in holders[idea_id] if other != letter)


def _pairs(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "first": comparison.columns[pair.first].title,
            "second": comparison.columns[pair.second].title,
            "letters": f"{LETTERS[pair.first]} and {LETTERS[pair.second]}",
            "ideas": pair.ideas,
            "spearman": _decimal(pair.spearman),
            "kendall": _decimal(pair.kendall),
            "shared": [pair.shared[length] for length in LENGTHS],
        }
        for pair in comparison.pairs
    ]


def _decimal(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}".replace("-", "−")  # noqa: RUF001 - the sign of mathematics


def _matrix(comparison: Comparison, most: int) -> list[list[int | None]]:
    """Column by column: how many ideas both heads hold; None with itself."""
    numbers = range(len(comparison.columns))
    return [[None if a == b else comparison.pair(a, b).shared[most] for b in numbers] for a in numbers]


def _overlap_chart(comparison: Comparison, most: int) -> Chart:
    bars = [
        Bar(
            f"{LETTERS[pair.first]} and {LETTERS[pair.second]}",
            pair.shared[most],
            shown=f"{pair.shared[most]} of {most}",
        )
        for pair in comparison.pairs
    ]
    title = f"Ideas that two rankings share in their first {most}"
    return charts.bars("overlap", title, bars, what="Rankings", count="Shared ideas", whole=most)


def _moves(visit: Visit, state: State, comparison: Comparison) -> list[Move]:
    first, second = comparison.columns[state.first], comparison.columns[state.second]
    if state.first == state.second:
        return []
    key = ("moves", first.selection, second.selection)
    return remembered(visit.db, key, lambda: moves.moves(visit.db, first, second))


def _moved(visit: Visit, state: State, comparison: Comparison) -> dict[str, Any]:
    options = [(str(number + 1), f"{LETTERS[number]}: {one.title}") for number, one in enumerate(comparison.columns)]
    return {
        "rows": _moves(visit, state, comparison),
        "options": options,
        "first": comparison.columns[state.first].title,
        "second": comparison.columns[state.second].title,
        "form": Form({"first": str(state.first + 1), "second": str(state.second + 1)}),
    }


def _choices(visit: Visit, state: State) -> dict[str, Any]:
    """What the form that adds a ranking offers; nothing where five stand already."""
    return {
        "methods": [(one.name, one.label) for one in FORMULAS.values()],
        "communities": lists.options(visit, communities.directory(visit.db)),
        "kinds": list(KINDS.items()),
        "is_full": len(state.selections) >= MOST,
    }


Row = Sequence[Any]


def _csv_side_by_side(visit: Visit, state: State) -> Iterator[Row]:
    yield "ranking", "rank", "ref", "title", "community", "up", "down", "score"
    for column in _compare(visit, state).columns:
        head = column.ranked[: state.most]
        named = comparisons.titles(visit.db, [one.idea_id for one in head])
        for one in head:
            about = named[one.idea_id]
            ref = reference(one.idea_id)
            yield column.title, one.rank, ref, about["title"], about["community_name"], one.up, one.down, one.score


def _csv_overlap(visit: Visit, state: State) -> Iterator[Row]:
    comparison = _compare(visit, state)
    yield "first", "second", "top", "shared"
    for pair in comparison.pairs:
        for length, shared in pair.shared.items():
            yield comparison.columns[pair.first].title, comparison.columns[pair.second].title, length, shared


def _csv_correlation(visit: Visit, state: State) -> Iterator[Row]:
    comparison = _compare(visit, state)
    yield "first", "second", "ideas", "spearman", "kendall"
    for pair in comparison.pairs:
        titles = comparison.columns[pair.first].title, comparison.columns[pair.second].title
        yield (
            *titles,
            pair.ideas,
            *("" if value is None else round(value, 6) for value in (pair.spearman, pair.kendall)),
        )


def _csv_moves(visit: Visit, state: State) -> Iterator[Row]:
    comparison = _compare(visit, state)
    yield "first", "second", "ref", "title", "rank_first", "rank_second", "up", "down", "why"
    titles = comparison.columns[state.first].title, comparison.columns[state.second].title
    for move in _moves(visit, state, comparison):
        places = ["" if place is None else place for place in (move.first, move.second)]
        yield *titles, reference(move.idea_id), move.title, *places, move.up, move.down, " ".join(move.reasons)


def _csv_spread(visit: Visit, _: State) -> Iterator[Row]:
    yield "figure", "value"
    if spread := _spread(visit):
        yield from ((figure.code, "" if figure.value is None else figure.value) for figure in spreads.figures(spread))


def _csv_chart(name: str) -> Callable[[Visit, State], Iterator[Row]]:
    def rows(visit: Visit, _: State) -> Iterator[Row]:
        if spread := _spread(visit):
            for chart in spreads.drawn(spread):
                if chart.name == name:
                    yield chart.head
                    yield from (["" if cell is None else cell for cell in row] for row in chart.rows)

    return rows


PARTS: Mapping[str, Callable[[Visit, State], Iterator[Row]]] = {
    "side-by-side": _csv_side_by_side,
    "overlap": _csv_overlap,
    "correlation": _csv_correlation,
    "moves": _csv_moves,
    "participation": _csv_spread,
    **{name: _csv_chart(name) for name in spreads.CHARTS},
}
"""Part of the page → its rows, the head first."""
