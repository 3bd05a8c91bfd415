"""Candidates: the documents that an expression leads to, as stored, few enough to be looked at one by one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import communities
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.domain.search.expressions import Mark
from forum.domain.search.selections import ByIds
from forum.models import Comment, Community, Idea, IdeaTag
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
_BY_ID = ByIds(sa.select(*COLUMNS).where(SearchDocument.is_visible), SearchDocument.id)
_ASIDE = {
    "idea": ByIds(sa.select(Idea.id).where(Idea.state == "off-topic"), Idea.id),
    "comment": ByIds(
        sa.select(Comment.id).join_from(Comment, Idea, Idea.id == Comment.idea_id).where(Idea.state == "off-topic"),
        Comment.id,
    ),
}


def _strongest(where: Any) -> Any:
    # The ideas are chosen first: a planner without statistics may begin with all documents instead.
    ideas = sa.select(Idea.id).where(*where).order_by(Idea.net.desc(), Idea.id.desc()).limit(sa.bindparam("most"))
    chosen = ideas.subquery()
    is_its = (SearchDocument.kind == "idea") & (SearchDocument.object_id == chosen.c.id)
    return sa.select(*COLUMNS).join_from(chosen, SearchDocument, is_its).where(SearchDocument.is_visible)


_STRONGEST = _strongest([Idea.is_public])
_STRONGEST_THERE = _strongest([Idea.is_listed, Idea.community_id == sa.bindparam("community_id")])
_CLOSED = (
    sa.select(Community.id)
    .where((Community.visibility != "public") | Community.status.in_(("proposed", "declined")))
    .order_by(Community.id)
)
_OF_STATUS = ByIds(sa.select(Idea.id).where(Idea.status == sa.bindparam("status")), Idea.id)
_OF_TAG = ByIds(sa.select(IdeaTag.idea_id).where(IdeaTag.tag_id == sa.bindparam("tag_id")), IdeaTag.idea_id)


def load(db: Connection, ids: Iterable[int]) -> dict[int, Any]:
    """The stored documents with these ids (rows of COLUMNS), by id; hidden ones are left out."""
    return {row.id: row for row in _BY_ID.rows(db, ids)}


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
        ideas = {row[0] for row in _OF_STATUS.rows(db, ideas, status=status)}
    if tag_id is not None:
        ideas = {row[0] for row in _OF_TAG.rows(db, ideas, tag_id=tag_id)}
    return {number: row for number, row in rows.items() if row.kind == "idea" and row.object_id in ideas}


def on_the_lists(db: Connection, rows: Mapping[int, Any]) -> dict[int, Any]:
    """Of these documents those that are not on the off-topic track, nor under an idea that is."""
    aside: dict[str, set[int]] = {}
    for kind, statement in _ASIDE.items():
        ids = [row.object_id for row in rows.values() if row.kind == kind]
        aside[kind] = {row[0] for row in statement.rows(db, ids)}
    return {number: row for number, row in rows.items() if row.object_id not in aside.get(row.kind, ())}


def lowest(newest: int, passed: int, documents: int, walk: int = WALK) -> int:
    """The id from which on about `walk` of the `passed` entries of the whole index lie; 0 where all may be walked."""
    return max(0, newest - newest * walk // max(1, min(passed, documents))) if passed > walk else 0


def hidden_communities(db: Connection, user: Person | None) -> list[Mark]:
    """Marks of the communities whose ideas this person may not see."""
    closed = db.execute(_CLOSED).scalars().all()
    places = communities.directory(db) if closed else {}
    return [Mark(f"c{number}") for number in closed if not can(user, "community.read", places[number])]
