"""Chains: a decision, its undo, the undo of that, and so on. Of two neighbors one is in force and the other is not.

A decision counts as undone while the undo that lies on it is in force, however often it was taken back and put back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain.search.selections import ByIds
from forum.models import Decision

_LINKS = ByIds(
    sa.select(Decision.id, Decision.action, Decision.act_id, Decision.reason, Decision.undoes_id), Decision.id
)
_TAKE_OFF = (
    sa.update(Decision)
    .where(Decision.id.in_(sa.bindparam("ids", expanding=True)), Decision.undone_at.is_(None))
    .values(undone_at=sa.bindparam("moment"))
    .returning(Decision.id)
)
_PUT_ON = sa.update(Decision).where(Decision.id.in_(sa.bindparam("ids", expanding=True))).values(undone_at=None)


class Link(Protocol):
    """What of a decision is needed here."""

    @property
    def id(self) -> int: ...
    @property
    def undoes_id(self) -> int | None: ...


def below(db: Connection, made: Sequence[Link]) -> dict[int, list[Any]]:
    """What each of these decisions undoes, what that undoes, and so on (id, action, act_id, reason, undoes_id).

    By the id of the decision; the nearest first, the first decision of all last; empty for one that undoes none.
    """
    found: dict[int, list[Any]] = {one.id: [] for one in made}
    open_ends = {one.id: one.undoes_id for one in made if one.undoes_id is not None}
    while open_ends:
        links = {row.id: row for row in _LINKS.rows(db, open_ends.values())}
        for one, link_id in open_ends.items():
            found[one].append(links[link_id])
        open_ends = {one: found[one][-1].undoes_id for one in open_ends if found[one][-1].undoes_id is not None}
    return found


def take_off(db: Connection, chains: Mapping[int, Sequence[Any]]) -> bool:
    """Mark these decisions as undone; what lies below each is in force again and undone in turn.

    `chains`: what `below` gave for those that are taken off. False if another one took off some of them meanwhile.
    """
    if len(db.execute(_TAKE_OFF, {"ids": sorted(chains), "moment": now()}).all()) != len(chains):
        return False
    turned: dict[bool, list[int]] = defaultdict(list)
    for links in chains.values():
        for place, link in enumerate(links):
            turned[place % 2 == 0].append(link.id)
    if turned[True]:
        db.execute(_PUT_ON, {"ids": sorted(turned[True])})
    if turned[False]:
        db.execute(_TAKE_OFF, {"ids": sorted(turned[False]), "moment": now()})
    return True
