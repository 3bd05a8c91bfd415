"""Where ideas stand among merges: what an idea was merged into, and what was merged into it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, Prepared
from forum.domain.errors import NotFound
from forum.models import Idea, Merge, Split

_INTO = Prepared(
    sa.select(Merge.id, Merge.target_id).where(Merge.absorbed_id == sa.bindparam("idea_id"), Merge.is_active)
)
_links_of = (
    sa.select(Merge.id, Merge.absorbed_id, Merge.target_id, Merge.takes_against)
    .where(Merge.is_active)
    .order_by(Merge.decided_at, Merge.id)
)
_LINKS_OF_ONE = Prepared(_links_of.where(Merge.target_id == sa.bindparam("idea_id")))  # each idea page asks this
_LINKS = _links_of.where(Merge.target_id.in_(sa.bindparam("ids", expanding=True)))
_BRIEF = sa.select(Merge.id, Merge.absorbed_id, Merge.target_id, Merge.stage).where(
    Merge.id == sa.bindparam("merge_id")
)
_SPLIT = sa.select(Split.id, Split.idea_id, Split.new_id).where(Split.id == sa.bindparam("split_id"))
_LOCK = sa.select(Idea.id).where(Idea.id.in_(sa.bindparam("ids", expanding=True))).order_by(Idea.id).with_for_update()
_TURN = sa.select(Merge.id).order_by(Merge.id).limit(1).with_for_update()


@dataclass(frozen=True, slots=True)
class Link:
    """A merge that stands: one idea in another."""

    merge_id: int
    absorbed_id: int
    target_id: int
    takes_against: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """A merge or a split, bare, for workers."""

    id: int
    absorbed_id: int
    target_id: int
    stage: str


def brief(db: Connection, merge_id: int) -> Brief:
    """A merge as it is now, whoever asks. NotFound if there is none."""
    row = db.execute(_BRIEF, {"merge_id": merge_id}).first()
    if row is None:
        raise NotFound("There is no merge here.")
    return Brief(row.id, row.absorbed_id, row.target_id, row.stage)


def brief_split(db: Connection, split_id: int) -> Any:
    """A split: id, idea_id, new_id. NotFound if there is none."""
    row = db.execute(_SPLIT, {"split_id": split_id}).first()
    if row is None:
        raise NotFound("There is no split here.")
    return row


def top(db: Connection, idea_id: int) -> int:
    """The id of the idea that this one is in now, through however many merges; its own if it is in none."""
    while (row := _INTO.first(db, {"idea_id": idea_id})) is not None:
        idea_id = int(row.target_id)
    return idea_id


def chain(db: Connection, idea_id: int) -> list[int]:
    """This idea, the one that it is in, the one that that one is in, and so on."""
    ids = [idea_id]
    while (row := _INTO.first(db, {"idea_id": ids[-1]})) is not None:
        ids.append(int(row.target_id))
    return ids


def into(db: Connection, idea_id: int) -> list[Link]:
    """What was merged into this idea itself, in the order of the merges."""
    return [_link(row) for row in _LINKS_OF_ONE.all(db, {"idea_id": idea_id})]


def below(db: Connection, idea_id: int) -> list[Link]:
    """All that is in this idea, through however many merges, level by level."""
    found = links = into(db, idea_id)
    while links:
        rows = db.execute(_LINKS, {"ids": [link.absorbed_id for link in links]})
        links = [_link(row) for row in rows]
        found = found + links
    return found


def homes(db: Connection, idea_id: int) -> list[int]:
    """The ids of this idea and of all that is in it."""
    return [idea_id, *(link.absorbed_id for link in below(db, idea_id))]


def _link(row: Any) -> Link:
    return Link(row.id, row.absorbed_id, row.target_id, row.takes_against)


def take_turn(db: Connection) -> None:
    """Those who merge, undo and split wait for each other here: the table's first row is the token.

    Such acts are rare and touch several ideas each; one at a time, none can cross another. Votes do not wait here.
    """
    db.execute(_TURN)


def lock(db: Connection, ids: Collection[int]) -> None:
    """Lock these ideas, in the order of their ids, until the commit: votes on them wait."""
    db.execute(_LOCK, {"ids": sorted(set(ids))})
