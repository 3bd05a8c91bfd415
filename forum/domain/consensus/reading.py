"""Reads the votes that take part: on ideas that everybody may read, and none that was set aside."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import sqlalchemy as sa

from forum.db import Connection, is_sqlite
from forum.domain.consensus.ballots import Ballots, Numbers, gather
from forum.models import Community, Idea, Pass, Vote, VoteAside

Columns = tuple[Any, ...]
"""Arrays of one length: people, ideas, values."""

STATES = ("published", "off-topic")
"""States of ideas whose votes take part."""

_PART = 2_000  # people
SHARED = 0.1
"""Two communities are of one circle when so large a share of the voters of the smaller one vote in the other, too."""

MOST_COMMUNITIES = 1_000
"""Communities among which circles are looked for; a site with more of them is one circle."""

_PEOPLE = 5_000
_IDEAS = (
    sa.select(Idea.id, Idea.community_id)
    .join_from(Idea, Community, Community.id == Idea.community_id)
    .where(Idea.state.in_(STATES), Community.visibility == "public")
    .order_by(Idea.id)
)


def _of_people(table: Any, value: Any) -> Any:
    """A row for each person: their votes as one text of numbers (idea * 4 + value + 1), a fifth of the time of rows."""
    codes = sa.func.aggregate_strings(sa.cast(table.idea_id * 4 + value + 1, sa.String), ",")
    statement = sa.select(table.user_id, sa.func.count().label("votes"), codes.label("codes"))
    return statement.group_by(table.user_id).order_by(table.user_id)


_VOTES = _of_people(Vote, Vote.value)
_PASSES = _of_people(Pass, 0)
_ASIDES = _of_people(VoteAside, 0)


def circles(db: Connection) -> list[Ballots]:
    """All votes and passes that take part, a circle of communities each. 10 million need about 0.9 GB while read.

    Communities whose voters are other people have camps of their own: they are no part of the same circle.
    """
    rows = db.execute(_IDEAS).all()
    open_ideas = np.fromiter((row.id for row in rows), dtype=np.int64, count=len(rows))
    places = np.fromiter((row.community_id for row in rows), dtype=np.int64, count=len(rows))
    asides = _table(db, _ASIDES)
    votes = _table(db, _VOTES, open_ideas, asides)
    passes = _table(db, _PASSES, open_ideas, asides)
    if len(passes[0]):
        votes = tuple(np.concatenate(both) for both in zip(passes, votes, strict=True))  # a vote comes after a pass
        order = np.lexsort((votes[1], votes[0]))  # stable: of a pass and a vote on one idea the vote stays later
        votes = tuple(column[order] for column in votes)
    labels, which = _circles(votes[0], open_ideas, places, votes[1])
    if labels.max(initial=0) == 0:
        return [gather(*votes)] if len(votes[0]) else []
    of_vote = labels[which]
    return [gather(*(column[of_vote == circle] for column in votes)) for circle in range(int(labels.max()) + 1)]


def _circles(people: Numbers, ideas: Numbers, places: Numbers, voted: Numbers) -> tuple[Numbers, Numbers]:
    """The circle of each community (0, 1, ..., the one of the least id first), and the community of each vote."""
    ids = np.unique(places)
    if len(ids) < 2 or len(ids) > MOST_COMMUNITIES:
        return np.zeros(max(1, len(ids)), dtype=np.int64), np.zeros(len(voted), dtype=np.int64)
    which = np.searchsorted(ids, places)[np.searchsorted(ideas, voted)]
    begins = np.flatnonzero(np.append(True, people[1:] != people[:-1])) if len(people) else np.zeros(0, dtype=np.int64)
    person = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(people))))
    together = np.zeros((len(ids), len(ids)))
    for first in range(0, len(begins), _PEOPLE):
        begin = int(begins[first])
        end = int(begins[first + _PEOPLE]) if first + _PEOPLE < len(begins) else len(people)
        took_part = np.zeros((_PEOPLE, len(ids)), dtype=np.float32)
        took_part[person[begin:end] - first, which[begin:end]] = 1
        together += took_part.T @ took_part
    voters = np.diag(together)
    linked = (together > 0) & (together >= SHARED * np.minimum.outer(voters, voters))
    labels = np.arange(len(ids))
    while True:
        least = np.where(linked, labels[None, :], len(ids)).min(axis=1, initial=len(ids))
        new = np.minimum(labels, least)
        if (new == labels).all():
            break
        labels = new
    labels = np.where(voters > 0, labels, labels[voters > 0][0] if (voters > 0).any() else 0)
    return np.unique(labels, return_inverse=True)[1].astype(np.int64), which


def _table(db: Connection, statement: Any, ideas: Numbers | None = None, without: Columns | None = None) -> Columns:
    """People, ideas and values of one of the statements: of these ideas only, and without these (person, idea)."""
    parts = [_chosen(part, ideas, without) for part in _parts(db, statement)]
    if not parts:
        return tuple(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, np.int8))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _parts(db: Connection, statement: Any) -> Iterator[Columns]:
    result = db.execute(statement.execution_options(stream_results=not is_sqlite(db)))
    while rows := result.fetchmany(_PART):
        sizes = np.fromiter((row.votes for row in rows), dtype=np.int64, count=len(rows))
        people = np.fromiter((row.user_id for row in rows), dtype=np.int64, count=len(rows))
        codes = np.fromstring(",".join(row.codes for row in rows), dtype=np.int64, sep=",")
        yield np.repeat(people, sizes), codes >> 2, ((codes & 3) - 1).astype(np.int8)
    result.close()


def _chosen(part: Columns, ideas: Numbers | None, without: Columns | None) -> Columns:
    if ideas is not None:
        is_open = _stands_in(ideas, part[1])
        part = part if is_open.all() else tuple(column[is_open] for column in part)
    if without is None or not len(part[0]):
        return part
    here = (without[0] >= part[0].min()) & (without[0] <= part[0].max())
    if not here.any():
        return part
    gone = set(zip(without[0][here].tolist(), without[1][here].tolist(), strict=True))
    keep = np.array([pair not in gone for pair in zip(part[0].tolist(), part[1].tolist(), strict=True)], dtype=bool)
    return tuple(column[keep] for column in part)


def _stands_in(sorted_ids: Numbers, ids: Numbers) -> Any:
    if not len(sorted_ids):
        return np.zeros(len(ids), dtype=bool)
    places = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
    return sorted_ids[places] == ids
