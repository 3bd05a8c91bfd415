"""Candidates: the documents that an expression leads to, as stored, few enough to be looked at one by one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import communities
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.domain.search.expressions import Mark
from forum.models import Idea, IdeaTag
from forum.models.search import SearchDocument

WALK = 10_000
"""Entries of one word that a walk through the index may pass; of more frequent words only the newest are looked at."""

COLUMNS = (
    SearchDocument.id,
    SearchDocument.kind,
    SearchDocument.object_id,
    SearchDocument.words,
    SearchDocument.marks,
)
_BY_ID = sa.select(*COLUMNS).where(
    SearchDocument.id.in_(sa.bindparam("ids", expanding=True)), SearchDocument.is_visible
)


def _strongest(where: Any) -> Any:
    # The ideas are chosen first: a planner without statistics may begin with all documents instead.
    ideas = sa.select(Idea.id).where(*where).order_by(Idea.net.desc(), Idea.id.desc()).limit(sa.bindparam("most"))
    chosen = ideas.subquery()
    is_its = (SearchDocument.kind == "idea") & (SearchDocument.object_id == chosen.c.id)
    return sa.select(*COLUMNS).join_from(chosen, SearchDocument, is_its).where(SearchDocument.is_visible)


_STRONGEST = _strongest([Idea.is_public])
_STRONGEST_THERE = _strongest([Idea.is_listed, Idea.community_id == sa.bindparam("community_id")])
_OF_STATUS = sa.select(Idea.id).where(
    Idea.id.in_(sa.bindparam("ids", expanding=True)), Idea.status == sa.bindparam("status")
)
_OF_TAG = sa.select(IdeaTag.idea_id).where(
    IdeaTag.idea_id.in_(sa.bindparam("ids", expanding=True)), IdeaTag.tag_id == sa.bindparam("tag_id")
)


def load(db: Connection, ids: Iterable[int]) -> dict[int, Any]:
    """The stored documents with these ids (rows of COLUMNS), by id; hidden ones are left out."""
    wanted = list(dict.fromkeys(ids))
    return {row.id: row for row in db.execute(_BY_ID, {"ids": wanted})} if wanted else {}


def strongest(db: Connection, community_id: int | None, most: int) -> Sequence[Any]:
    """The stored documents of the ideas with most net votes, in the whole public forum or in one community."""
    if community_id is None:
        return db.execute(_STRONGEST, {"most": most}).all()
    return db.execute(_STRONGEST_THERE, {"most": most, "community_id": community_id}).all()


def narrowed(db: Connection, rows: Mapping[int, Any], status: str | None, tag_id: int | None) -> dict[int, Any]:
    """Of these documents the ideas with a status and a tag; all of them where neither is asked for."""
    if status is None and tag_id is None:
        return dict(rows)
    ideas = {row.object_id for row in rows.values() if row.kind == "idea"}
    if status is not None:
        ideas &= set(db.execute(_OF_STATUS, {"ids": list(ideas), "status": status}).scalars())
    if tag_id is not None:
        ideas &= set(db.execute(_OF_TAG, {"ids": list(ideas), "tag_id": tag_id}).scalars())
    return {number: row for number, row in rows.items() if row.kind == "idea" and row.object_id in ideas}


def lowest(newest: int, passed: int, documents: int, walk: int = WALK) -> int:
    """The id from which on about `walk` of the `passed` entries of the whole index lie; 0 where all may be walked."""
    return max(0, newest - newest * walk // max(1, min(passed, documents))) if passed > walk else 0


def hidden_communities(db: Connection, user: Person | None) -> list[Mark]:
    """Marks of the communities whose ideas this person may not see."""
    return [Mark(f"c{place.id}") for place in communities.directory(db).values() if _is_hidden(user, place)]


def _is_hidden(user: Person | None, place: Any) -> bool:
    is_open: Callable[[Person | None, str, Any], bool] = can
    plain = place.visibility == "public" and place.status in ("open", "archived")
    return not plain and not is_open(user, "community.read", place)
