"""Participation: how ideas are spread over authors, votes over voters, and attention over the days of a community.

Small forums are counted when somebody looks. Large ones are counted by the housekeeping, and pages show what it kept.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect
from forum.domain import communities
from forum.domain.rankings import measures
from forum.models import Community, Figure, Idea, Vote

NAME = "participation"
DAYS = 14  # of a community that are told one by one; what comes after is one more
MOST_IDEAS, MOST_VOTES = 20_000, 300_000  # counted when somebody looks; above, by the housekeeping
STEP = 5_000
FIRST = 10  # the authors, and the voters, whose part is told


@dataclass(frozen=True, slots=True)
class Day:
    """Ideas that were posted in one day of their communities, or later than DAYS (number 0); their median votes."""

    number: int
    ideas: int
    median: float


@dataclass(frozen=True, slots=True)
class Participation:
    """What was counted, as of when. Sizes say: so many ideas (votes) → so many authors (voters) with that many."""

    authors: Mapping[int, int]
    voters: Mapping[int, int]
    days: tuple[Day, ...]
    made_at: datetime

    @property
    def once(self) -> int:
        """Authors with one idea."""
        return self.authors.get(1, 0)


_VOTERS = sa.select(Vote.user_id, sa.func.count().label("votes")).group_by(Vote.user_id)
_VOTES_HIDDEN = (
    sa.select(Vote.user_id, sa.func.count().label("votes"))
    .join_from(Idea, Vote, Vote.idea_id == Idea.id)
    .where(~Idea.is_public)
    .group_by(Vote.user_id)
)
_opened = (
    sa.select(sa.func.min(Idea.created_at))
    .where(Idea.community_id == Community.id, Idea.is_listed)
    .scalar_subquery()
    .label("moment")
)
_OPENED = sa.select(Community.id, sa.type_coerce(_opened, Idea.created_at.type).label("moment")).where(
    Community.visibility == "public"
)
_IDEAS = (
    sa.select(Idea.id, Idea.community_id, Idea.author_id, Idea.created_at, (Idea.up + Idea.down).label("votes"))
    .where(Idea.is_public, Idea.id > sa.bindparam("after"))
    .order_by(Idea.id)
    .limit(STEP)
)
_CAST = sa.select(
    sa.func.sum(Idea.up + Idea.down + Idea.aside_up + Idea.aside_down - Idea.imported_up - Idea.imported_down)
).where(Idea.is_public)
_KEPT = sa.select(Figure.made_at, Figure.data).where(Figure.name == NAME)


def count(db: Connection) -> Participation:
    """Everything anew, over all public ideas; on a large forum this takes long."""
    voters = Counter({row.user_id: row.votes for row in db.execute(_VOTERS)})
    voters.subtract({row.user_id: row.votes for row in db.execute(_VOTES_HIDDEN)})
    authors, days = _count_ideas(db)
    return Participation(_sizes(authors), _sizes(voters), days, now())


def _sizes(shares: Counter[int]) -> dict[int, int]:
    """How many have so many."""
    return dict(sorted(Counter(share for share in shares.values() if share > 0).items()))


def openings(db: Connection) -> dict[int, datetime]:
    """Community id → the moment of its first public idea: when it opened, as far as this forum can tell."""
    return {row.id: row.moment for row in db.execute(_OPENED) if row.moment is not None}


def day_of(created_at: datetime, opened_at: datetime) -> int:
    """The day of its community, from 1 on, each 24 hours; 0 for all that come after DAYS."""
    number = (created_at - opened_at) // timedelta(days=1) + 1
    return number if number <= DAYS else 0


def _count_ideas(db: Connection) -> tuple[Counter[int], tuple[Day, ...]]:
    """Ideas by author, and by the day of their communities."""
    opened, after = openings(db), 0
    authors: Counter[int] = Counter()
    votes: dict[int, Counter[int]] = {}
    while rows := db.execute(_IDEAS, {"after": after}).all():
        authors.update(row.author_id for row in rows)
        for row in rows:
            day = day_of(row.created_at, opened[row.community_id])
            votes.setdefault(day, Counter())[row.votes] += 1
        after = rows[-1].id
    order = [number for number in (*range(1, DAYS + 1), 0) if number in votes]
    days = tuple(Day(number, votes[number].total(), measures.median(votes[number]) or 0.0) for number in order)
    return authors, days


def is_large(db: Connection) -> bool:
    """Is the forum so large that nobody should wait until it is counted?"""
    if sum(place.idea_count for place in communities.directory(db).values()) > MOST_IDEAS:
        return True
    return (db.execute(_CAST).scalar() or 0) > MOST_VOTES


def find(db: Connection) -> Participation | None:
    """The figures to show: counted now, or as they were kept; None where none were kept yet."""
    if not is_large(db):
        return count(db)
    row = db.execute(_KEPT).first()
    return None if row is None else _from_data(row.data, row.made_at)


def keep(db: Connection, participation: Participation) -> None:
    """Keep these figures, in the place of older ones."""
    data = {
        "authors": {str(size): people for size, people in participation.authors.items()},
        "voters": {str(size): people for size, people in participation.voters.items()},
        "days": [[day.number, day.ideas, day.median] for day in participation.days],
    }
    db.execute(_KEEP(db), {"name": NAME, "made_at": participation.made_at, "data": data})


_KEEP = PerDialect(
    lambda insert: (new := insert(Figure)).on_conflict_do_update(
        index_elements=["name"], set_={"made_at": new.excluded.made_at, "data": new.excluded.data}
    )
)


def _from_data(data: Mapping[str, Any], made_at: datetime) -> Participation:
    return Participation(
        {int(size): people for size, people in data["authors"].items()},
        {int(size): people for size, people in data["voters"].items()},
        tuple(Day(*day) for day in data["days"]),
        made_at,
    )
