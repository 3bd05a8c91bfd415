"""Walks: the ideas of a selection in the order of its formula, in bounded memory.

Where the stored tallies count, the stored order columns and their indexes give the order. Where other votes count, the
scores are worked out from whole numbers here, the same on every database.
"""

import heapq
from array import array
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import lists, ranking
from forum.domain import records as plain
from forum.domain.rankings.selections import Selection, filters
from forum.domain.rankings.tallies import COLUMNS, Counter, Tally
from forum.models import Idea

FIELDS = ("rank", *plain.FIELDS, "score", "cast_up", "cast_down", "imported_up", "imported_down")
"""The fields of a ranked idea: its record, the score of the formula, and what of up and down was cast or imported."""

STEP = 500
FEW = 10_000  # so many are picked out without putting all in order
KNOWN = 100_000  # tallies whose scores are kept while an order is made
DIGITS = 7  # of a score, in files and where scores are compared

Score = Callable[[int, int, datetime], float]
SCORES: dict[str, Score] = {
    "net": lambda up, down, _: up - down,
    "approval": lambda up, down, _: ranking.wilson(up, down)[0],
    "trending": ranking.trending,
    "contested": lambda up, down, _: ranking.contested(up, down),
}
"""Method → its score from votes for and against and the moment of posting, as domain/ranking.py stores it."""

_TALLIES = sa.select(Idea.id, *COLUMNS).where(Idea.id.in_(sa.bindparam("ids", expanding=True)))
_ROWS = plain.ROWS.add_columns(Idea.imported_up, Idea.imported_down)
_named: Any = namedtuple  # made from the columns, which only the program knows
_Row = _named("_Row", [column.key for column in _ROWS.exported_columns])


class Ranked(NamedTuple):
    """One idea of a ranking: its place, counted from 1, its score, and the votes that count here."""

    rank: int
    idea_id: int
    score: float
    up: int
    down: int


class _Scored(NamedTuple):
    idea_id: int
    score: float
    tally: Tally | None  # None: the stored counts


def walk(db: Connection, selection: Selection, *, most: int | None = None) -> Iterator[Ranked]:
    """The ideas of this selection in their order, at most `most`. Equal scores: the higher id first.

    Only published ideas (and off-topic ones, if selected) of public communities. NotFound where a community of the
    selection is no longer public. Scores are rounded to DIGITS only in files: here they are as they order.
    """
    rank = 0
    for part in _parts(_scored(db, selection, most)):
        stored = _stored_tallies(db, part)
        for one in part:
            tally = one.tally or stored.get(one.idea_id)
            if tally is None:
                continue  # deleted from under a long walk outside one view of the data
            rank += 1
            yield Ranked(rank, one.idea_id, one.score, tally.up, tally.down)


def records(
    db: Connection, selection: Selection, base_url: str, *, most: int | None = None
) -> Iterator[dict[str, Any]]:
    """The same ideas in the same order, each with its FIELDS. `raw_up` and `raw_down` are all votes there are."""
    rank = 0
    for part in _parts(_scored(db, selection, most)):
        # As named tuples, whose fields cost a tenth of what those of SQLAlchemy's rows do.
        found = db.execute(_ROWS, {"ids": [one.idea_id for one in part]})
        rows = {row.id: row for row in map(_Row._make, found)}
        for one in part:
            row = rows[one.idea_id]
            rank += 1
            tally = one.tally or _stored(row)
            yield {
                "rank": rank,
                **plain.record(row, base_url),
                **({} if one.tally is None else _counted(tally)),
                "score": round(one.score, DIGITS),
                **tally._asdict(),
            }


def _counted(tally: Tally) -> dict[str, Any]:
    up, down = tally.up, tally.down
    return {"up": up, "down": down, "net": up - down, "approval": round(ranking.wilson(up, down)[0], 6)}


def _stored(row: Any) -> Tally:
    return Tally(row.up - row.imported_up, row.down - row.imported_down, row.imported_up, row.imported_down)


def _stored_tallies(db: Connection, part: list[_Scored]) -> dict[int, Tally]:
    ids = [one.idea_id for one in part if one.tally is None]
    return {row.id: _stored(row) for row in db.execute(_TALLIES, {"ids": ids})} if ids else {}


def _parts(scored: Iterator[_Scored]) -> Iterator[list[_Scored]]:
    while part := list(islice(scored, STEP)):
        yield part


def _scored(db: Connection, selection: Selection, most: int | None) -> Iterator[_Scored]:
    """Ids and scores in order. Each formula that is not worked out from a tally has its own way here."""
    found = _count(db, selection, most) if selection.is_counted_anew else _read(db, selection, most)
    return islice(found, most)


def _read(db: Connection, selection: Selection, most: int | None) -> Iterator[_Scored]:
    """By the stored order columns: the lists of all communities and tracks, merged as they come."""
    step = STEP if most is None else max(1, min(STEP, most))
    streams = [lists.keys(db, one, step=step) for one in filters(db, selection)]
    for score, idea_id in heapq.merge(*streams, reverse=True):
        yield _Scored(idea_id, score, None)


def _count(db: Connection, selection: Selection, most: int | None) -> Iterator[_Scored]:
    """By tallies counted anew."""
    counter, score = Counter(db, selection), _score_of(selection.method)

    def scored() -> Iterator[tuple[float, int, Tally]]:
        for one in filters(db, selection):
            for row in lists.tallies(db, one):
                tally = counter.of(row)
                yield score(tally.up, tally.down, row.created_at), row.id, tally

    in_order = _all_in_order(scored()) if most is None or most > FEW else iter(heapq.nlargest(most, scored()))
    return (_Scored(idea_id, points, tally) for points, idea_id, tally in in_order)


def _score_of(method: str) -> Score:
    """The score of this method; worked out once for each tally, where nothing else counts."""
    if method in ("net", "trending"):
        return SCORES[method]
    known: dict[tuple[int, int], float] = {}

    def score(up: int, down: int, moment: datetime) -> float:
        key = up, down
        found = known.get(key)
        if found is None:
            if len(known) >= KNOWN:
                known.clear()
            found = known[key] = SCORES[method](up, down, moment)
        return found

    return score


def _all_in_order(scored: Iterator[tuple[float, int, Tally]]) -> Iterator[tuple[float, int, Tally]]:
    """Highest score first, then the highest id; plain arrays, so that a million ideas take some 100 MB."""
    scores, ids, tallies = array("d"), array("q"), array("q")
    for points, idea_id, tally in scored:
        scores.append(points)
        ids.append(idea_id)
        tallies.extend(tally)
    order = sorted(range(len(ids)), key=ids.__getitem__, reverse=True)
    order.sort(key=scores.__getitem__, reverse=True)  # stable: equal scores stay in the order of ids
    for place in order:
        yield scores[place], ids[place], Tally(*tallies[4 * place : 4 * place + 4])
