"""Reads the votes that take part: on ideas that everybody may read, and none that was set aside."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import sqlalchemy as sa

from forum.db import Connection
from forum.domain.consensus.ballots import Ballots, Numbers, gather
from forum.models import Community, Idea, Pass, Vote, VoteAside

STATES = ("published", "off-topic")
"""States of ideas whose votes take part."""

_PART = 100_000
_IDEAS = (
    sa.select(Idea.id)
    .join_from(Idea, Community, Community.id == Idea.community_id)
    .where(Idea.state.in_(STATES), Community.visibility == "public")
    .order_by(Idea.id)
)
_VOTES = sa.select(Vote.user_id, Vote.idea_id, Vote.value).order_by(Vote.user_id, Vote.idea_id)
_PASSES = sa.select(Pass.user_id, Pass.idea_id, sa.literal(0)).order_by(Pass.user_id, Pass.idea_id)
_ASIDES = sa.select(VoteAside.user_id, VoteAside.idea_id, sa.literal(0)).order_by(VoteAside.user_id, VoteAside.idea_id)


def ballots(db: Connection) -> Ballots:
    """All votes and passes that take part. 10 million need about 0.6 GB while they are read."""
    open_ideas = np.fromiter(db.execute(_IDEAS).scalars(), dtype=np.int64)
    asides = _table(db, _ASIDES)
    votes = _table(db, _VOTES, open_ideas, asides)
    passes = _table(db, _PASSES, open_ideas, asides)
    if len(passes[0]):
        votes = tuple(np.concatenate(both) for both in zip(passes, votes, strict=True))  # a vote comes after a pass
    return gather(*votes)


def _table(
    db: Connection, statement: sa.Select[Any], ideas: Numbers | None = None, without: tuple[Numbers, ...] | None = None
) -> tuple[Numbers, ...]:
    """Columns of a statement of (person, idea, value): of these ideas only, and without these (person, idea)."""
    parts = [_chosen(part, ideas, without) for part in _parts(db, statement)]
    if not parts:
        return tuple(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, np.int8))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _parts(db: Connection, statement: sa.Select[Any]) -> Iterator[Numbers]:
    result = db.execute(statement.execution_options(stream_results=True, max_row_buffer=_PART))
    cursor = result.cursor
    while rows := (cursor.fetchmany(_PART) if cursor is not None else result.fetchmany(_PART)):
        yield np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=3 * len(rows)).reshape(-1, 3)
    result.close()


def _chosen(part: Numbers, ideas: Numbers | None, without: tuple[Numbers, ...] | None) -> tuple[Numbers, ...]:
    if ideas is not None:
        part = part[_stands_in(ideas, part[:, 1])]
    if without is not None and len(without[0]):
        here = (without[0] >= part[0, 0]) & (without[0] <= part[-1, 0]) if len(part) else np.zeros(0, dtype=bool)
        if here.any():
            gone = set(zip(without[0][here].tolist(), without[1][here].tolist(), strict=True))
            keep = [pair not in gone for pair in zip(part[:, 0].tolist(), part[:, 1].tolist(), strict=True)]
            part = part[np.array(keep, dtype=bool)]
    return part[:, 0].copy(), part[:, 1].copy(), part[:, 2].astype(np.int8)


def _stands_in(sorted_ids: Numbers, ids: Numbers) -> Any:
    if not len(sorted_ids):
        return np.zeros(len(ids), dtype=bool)
    places = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
    return sorted_ids[places] == ids
