"""Where ideas stand among merges: what an idea was merged into, and what was merged into it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.models import Idea, Merge

_INTO = sa.select(Merge.id, Merge.target_id).where(Merge.absorbed_id == sa.bindparam("idea_id"), Merge.is_active)
_active_into = (
    sa.select(Merge.id, Merge.absorbed_id, Merge.target_id, Merge.takes_against)
    .where(Merge.target_id.in_(sa.bindparam("ids", expanding=True)), Merge.is_active)
    .order_by(Merge.decided_at, Merge.id)
)
_LOCK = sa.select(Idea.id).where(Idea.id.in_(sa.bindparam("ids", expanding=True))).order_by(Idea.id).with_for_update()
_TURN = sa.select(Merge.id).order_by(Merge.id).limit(1).with_for_update()


@dataclass(frozen=True, slots=True)
class Link:
    """A merge that stands: one idea in another."""

    merge_id: int
    absorbed_id: int
    target_id: int
    takes_against: bool


def top(db: Connection, idea_id: int) -> int:
    """The id of the idea that this one is in now, through however many merges; its own if it is in none."""
    while (row := db.execute(_INTO, {"idea_id": idea_id}).first()) is not None:
        idea_id = int(row.target_id)
    return idea_id


def chain(db: Connection, idea_id: int) -> list[int]:
    """This idea, the one that it is in, the one that that one is in, and so on."""
    ids = [idea_id]
    while (row := db.execute(_INTO, {"idea_id": ids[-1]}).first()) is not None:
        ids.append(int(row.target_id))
    return ids


def into(db: Connection, idea_id: int) -> list[Link]:
    """What was merged into this idea itself, in the order of the merges."""
    return _links(db, [idea_id])


def below(db: Connection, idea_id: int) -> list[Link]:
    """All that is in this idea, through however many merges, level by level."""
    found: list[Link] = []
    ids: Collection[int] = [idea_id]
    while ids:
        links = _links(db, ids)
        found += links
        ids = [link.absorbed_id for link in links]
    return found


def homes(db: Connection, idea_id: int) -> list[int]:
    """The ids of this idea and of all that is in it."""
    return [idea_id, *(link.absorbed_id for link in below(db, idea_id))]


def _links(db: Connection, ids: Collection[int]) -> list[Link]:
    rows: list[Any] = list(db.execute(_active_into, {"ids": list(ids)}))
    return [Link(row.id, row.absorbed_id, row.target_id, row.takes_against) for row in rows]


def take_turn(db: Connection) -> None:
    """Those who merge, undo and split wait for each other here: the table's first row is the token.

    Such acts are rare and touch several ideas each; one at a time, none can cross another. Votes do not wait here.
    """
    db.execute(_TURN)


def lock(db: Connection, ids: Collection[int]) -> None:
    """Lock these ideas, in the order of their ids, until the commit: votes on them wait."""
    db.execute(_LOCK, {"ids": sorted(set(ids))})
