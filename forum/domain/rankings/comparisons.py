"""Comparisons: two to five rankings side by side, how much they share, and how alike their orders are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import formulas
from forum.domain.errors import Invalid
from forum.domain.ideas import path
from forum.domain.rankings import measures
from forum.domain.rankings.selections import Selection, in_short
from forum.domain.rankings.walks import Ranked, walk
from forum.models import Community, Idea

FEWEST, MOST = 2, 5  # rankings side by side
LOOKED = 2_000  # ideas at the head of each ranking; what comes after is not looked at
LENGTHS = (10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Column:
    """One ranking: its first LOOKED ideas, or all there are."""

    selection: Selection
    title: str
    ranked: tuple[Ranked, ...]
    places: dict[int, Ranked] = field(repr=False, default_factory=dict)

    @property
    def ids(self) -> list[int]:
        return [one.idea_id for one in self.ranked]

    @property
    def is_whole(self) -> bool:
        """Are these all ideas of the ranking?"""
        return len(self.ranked) < LOOKED


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns by their numbers from 0: ideas that both heads hold by length, and the correlation of orders."""

    first: int
    second: int
    shared: dict[int, int]
    ideas: int
    spearman: float | None
    kendall: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rankings side by side."""

    columns: tuple[Column, ...]
    pairs: tuple[Pair, ...]

    def pair(self, first: int, second: int) -> Pair:
        """The pair of these two columns, whichever comes first. KeyError for a column with itself."""
        wanted = {first, second}
        for pair in self.pairs:
            if {pair.first, pair.second} == wanted:
                return pair
        raise KeyError((first, second))


def standard() -> tuple[Selection, ...]:
    """What is compared where nobody chose: all formulas over all votes."""
    return tuple(Selection(name) for name in formulas.FORMULAS)[:MOST]


def compare(db: Connection, selections: Sequence[Selection]) -> Comparison:
    """Rankings side by side. Invalid as `check` says."""
    check(selections)
    columns = tuple(_column(db, selection) for selection in selections)
    pairs = tuple(_pair(columns, first, second) for first, second in combinations(range(len(columns)), 2))
    return Comparison(columns, pairs)


def check(selections: Sequence[Selection]) -> None:
    """Invalid unless there are FEWEST to MOST, each another one."""
    if not FEWEST <= len(selections) <= MOST:
        raise Invalid({"ranking": f"Please choose {FEWEST} to {MOST} rankings."})
    if len(set(selections)) < len(selections):
        raise Invalid({"ranking": "Two of these rankings are the same. Please choose different ones."})


def _column(db: Connection, selection: Selection) -> Column:
    ranked = tuple(walk(db, selection, most=LOOKED))
    return Column(selection, in_short(db, selection), ranked, {one.idea_id: one for one in ranked})


def _pair(columns: Sequence[Column], first: int, second: int) -> Pair:
    one, other = columns[first], columns[second]
    ids = common(one, other)
    scores = [[_score(column, idea_id) for idea_id in ids] for column in (one, other)]
    shared = {most: measures.overlap(one.ids, other.ids, most) for most in LENGTHS}
    return Pair(first, second, shared, len(ids), measures.spearman(*scores), measures.kendall(*scores))


def common(one: Column, other: Column) -> list[int]:
    """The ideas that are compared: all that either head holds, less those that a whole ranking does not have.

    An idea that is not among the first LOOKED of a longer ranking shares its last place with all others below.
    """
    union = one.places.keys() | other.places.keys()
    return sorted(
        idea_id for idea_id in union if all(idea_id in column.places or not column.is_whole for column in (one, other))
    )


def _score(column: Column, idea_id: int) -> float:
    found = column.places.get(idea_id)
    return -float("inf") if found is None else found.score


_TITLES = (
    sa.select(Idea.id, Idea.slug, Idea.title, Community.name.label("community_name"))
    .join_from(Idea, Community)
    .where(Idea.id.in_(sa.bindparam("ids", expanding=True)))
)


def titles(db: Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Idea id → title, path, community_name. Asks no rights: the ids come from a ranking."""
    return {
        row.id: {"title": row.title, "path": path(row.id, row.slug), "community_name": row.community_name}
        for row in db.execute(_TITLES, {"ids": list(ids)})
    }
