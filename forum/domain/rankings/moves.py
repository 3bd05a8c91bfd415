"""Moves: the ideas whose place differs most between two rankings, and why, in plain sentences."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain.rankings.comparisons import LOOKED, Column, common, titles
from forum.domain.rankings.participation import day_of, openings
from forum.domain.rankings.selections import Selection
from forum.models import Idea, Wave, WaveMember
from forum.text import date

SHOWN = 10
HEAD = 50  # ideas at the head of either ranking that can be shown
FEW = 30  # votes: below, shares and splits say little
MANY = 3.0  # times the votes that the ideas in the middle of both heads have
SOME = 5  # votes of a kind of voter from which its share says something
APART = 0.25  # between the shares of citizens and of employees
EVEN = 0.5  # smaller side over larger side
NEARLY_ALL = 0.95
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Move:
    """One idea in two rankings: its places (None: not among the first LOOKED, or not in it), and why they differ."""

    idea_id: int
    title: str
    path: str
    community_name: str
    up: int
    down: int
    first: int | None
    second: int | None
    reasons: tuple[str, ...]

    @property
    def by(self) -> int:
        """Places up from the first ranking to the second; below 0: down."""
        return (self.first or LOOKED + 1) - (self.second or LOOKED + 1)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What an idea is seen against."""

    selections: tuple[Selection, Selection]
    middle_votes: float
    middle_moment: datetime
    opened: dict[int, datetime]
    in_waves: frozenset[int]  # ideas

    def has(self, *methods: str) -> bool:
        return any(selection.method in methods for selection in self.selections)

    @property
    def is_by_voter(self) -> bool:
        """Does a ranking need to know who voted?"""
        return self.has("consensus") or any(one.voters or one.confirmed for one in self.selections)


_FACTS = sa.select(
    Idea.id, Idea.community_id, Idea.up, Idea.down, Idea.employee_up, Idea.employee_down, Idea.imported_up,
    Idea.imported_down, Idea.aside_up, Idea.aside_down, Idea.created_at,
).where(Idea.id.in_(sa.bindparam("ids", expanding=True)))  # fmt: skip

_IN_WAVES = (  # only what a public decision said of them: an open wave is a suspicion, and for moderators alone
    sa.select(WaveMember.subject_id)
    .join_from(WaveMember, Wave, Wave.id == WaveMember.wave_id)
    .where(WaveMember.subject_kind == "idea", WaveMember.subject_id.in_(sa.bindparam("ids", expanding=True)))
    .where(Wave.state == "on-track", WaveMember.act_id.is_not(None))
)


def moves(db: Connection, first: Column, second: Column, *, most: int = SHOWN) -> list[Move]:
    """The ideas of either head whose places differ most, the largest difference first; equal ones by place.

    Only ideas that both rankings hold (see comparisons.common) among the first HEAD of one of them.
    """
    heads = {*first.ids[:HEAD], *second.ids[:HEAD]}.intersection(common(first, second))
    if not heads:
        return []
    rows = {row.id: row for row in db.execute(_FACTS, {"ids": sorted(heads)})}
    setting = _Setting(
        (first.selection, second.selection),
        median(row.up + row.down for row in rows.values()),
        sorted(row.created_at for row in rows.values())[len(rows) // 2],
        openings(db),
        frozenset(db.execute(_IN_WAVES, {"ids": sorted(heads)}).scalars()),
    )
    found = titles(db, sorted(heads))
    made = [_move(row, found[idea_id], first, second, setting) for idea_id, row in rows.items()]
    made = [move for move in made if move.by]
    return sorted(made, key=lambda move: (-abs(move.by), move.first or LOOKED + 1, -move.idea_id))[:most]


def _move(row: Any, named: dict[str, str], first: Column, second: Column, setting: _Setting) -> Move:
    one, other = first.places.get(row.id), second.places.get(row.id)
    return Move(
        row.id,
        named["title"],
        named["path"],
        named["community_name"],
        row.up,
        row.down,
        one.rank if one else None,
        other.rank if other else None,
        reasons(row, setting),
    )


def reasons(idea: Any, setting: _Setting) -> tuple[str, ...]:
    """Up to MOST_REASONS sentences; one at least."""
    found = [sentence for rule in _RULES for sentence in rule(idea, setting)]
    return tuple(found[:MOST_REASONS]) or (
        f"It has {idea.up:,} votes for and {idea.down:,} against. Many ideas have scores close to its own.",
    )


def _imported(idea: Any, setting: _Setting) -> Iterator[str]:
    if not setting.is_by_voter or not idea.imported_up + idea.imported_down:
        return
    if (idea.up, idea.down) == (idea.imported_up, idea.imported_down):
        yield "All its votes are totals from before this forum. They do not say who voted."
    else:
        yield "Part of its votes are totals from before this forum. They do not say who voted."


def _wave(idea: Any, setting: _Setting) -> Iterator[str]:
    if idea.id in setting.in_waves:
        yield "Moderators put it on the off-topic track with a wave of posts that came together."


def _aside(idea: Any, setting: _Setting) -> Iterator[str]:
    count = idea.aside_up + idea.aside_down
    if count and len({one.aside for one in setting.selections}) == 2:
        yield f"Moderators set {count:,} of its votes aside. Only one of the two rankings counts them."


def _age(idea: Any, setting: _Setting) -> Iterator[str]:
    if not setting.has("trending"):
        return
    posted = f"It was posted on {date(idea.created_at)}."
    if idea.created_at > setting.middle_moment:
        yield f"{posted} That is late among these ideas, and Trending gives newer ideas a head start."
    elif idea.created_at < setting.middle_moment:
        yield f"{posted} That is early among these ideas, and in Trending older ideas fall back."


def _size(idea: Any, setting: _Setting) -> Iterator[str]:
    votes = idea.up + idea.down
    if not setting.has("net", "approval", "consensus") or not votes:
        return
    if setting.has("approval") and idea.down > (1 - NEARLY_ALL) * votes and votes > setting.middle_votes:
        yield f"Many people voted ({votes:,}), which lifts net votes. But {_percent(idea.down, votes)} are against it."
    elif votes >= MANY * setting.middle_votes:
        yield f"Many people voted ({votes:,}), which lifts net votes."
    elif votes <= setting.middle_votes and idea.up >= NEARLY_ALL * votes and votes >= SOME:
        yield f"Only {votes:,} people voted, so its net votes stay low. But nearly all are for it: {idea.up:,}."
    elif votes < FEW:
        yield f"It has few votes: {votes:,}. A few more would change its score a lot."


def _split(idea: Any, setting: _Setting) -> Iterator[str]:
    low, high = sorted((idea.up, idea.down))
    if not high:
        return
    if low >= EVEN * high and low + high >= SOME:
        yield f"Its voters are split: {idea.up:,} for and {idea.down:,} against."
    elif setting.has("contested") and low < (1 - NEARLY_ALL) * (low + high):
        yield f"Its voters agree: {idea.up:,} for and {idea.down:,} against. So it is not contested."


def _camps(idea: Any, _: _Setting) -> Iterator[str]:
    staff = idea.employee_up + idea.employee_down
    citizens_up = idea.up - idea.employee_up - idea.imported_up
    citizens = idea.up + idea.down - staff - idea.imported_up - idea.imported_down
    if min(staff, citizens) < SOME:
        return
    if abs(idea.employee_up / staff - citizens_up / citizens) >= APART:
        yield (
            f"Citizens and public employees differ. {_percent(citizens_up, citizens)} of the citizens are for it,"
            f" and {_percent(idea.employee_up, staff)} of the employees."
        )


def _first_day(idea: Any, setting: _Setting) -> Iterator[str]:
    opened = setting.opened.get(idea.community_id)
    if opened and setting.has("net") and day_of(idea.created_at, opened) == 1:
        yield "It was posted on the first day of its community, so people had more time to vote."


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} percent"


_RULES: Sequence[Callable[[Any, _Setting], Iterator[str]]] = (
    _imported, _wave, _aside, _age, _camps, _size, _split, _first_day,
)  # fmt: skip
"""In the order of their weight: the first MOST_REASONS are told."""
