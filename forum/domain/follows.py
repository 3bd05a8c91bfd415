"""Follows: what a person wants to hear about: ideas, communities, tags, agencies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, after_key, insert_once
from forum.domain import carries, communities, ideas, limits
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Agency, Community, Follow, Idea, Tag

KINDS = ("idea", "community", "tag", "agency")
PAGE = 50

_REMOVE = sa.delete(Follow).where(
    Follow.user_id == sa.bindparam("by"), Follow.kind == sa.bindparam("what"), Follow.object_id == sa.bindparam("on")
)
_MINE = sa.select(sa.literal(1)).where(
    Follow.user_id == sa.bindparam("by"), Follow.kind == sa.bindparam("what"), Follow.object_id == sa.bindparam("on")
)
_is = {kind: Follow.kind == kind for kind in KINDS}
_OF = (
    sa.select(
        Follow.kind,
        Follow.object_id,
        Follow.created_at,
        Idea.title.label("idea_title"),
        Idea.slug.label("idea_slug"),
        Idea.state.label("idea_state"),
        Community.name.label("community_name"),
        Community.slug.label("community_slug"),
        Tag.name.label("tag_name"),
        Tag.slug.label("tag_slug"),
        Agency.name.label("agency_name"),
        Agency.slug.label("agency_slug"),
    )
    .select_from(Follow)
    .outerjoin(Idea, _is["idea"] & (Idea.id == Follow.object_id))
    .outerjoin(Community, _is["community"] & (Community.id == Follow.object_id))
    .outerjoin(Tag, _is["tag"] & (Tag.id == Follow.object_id))
    .outerjoin(Agency, _is["agency"] & (Agency.id == Follow.object_id))
    .where(Follow.user_id == sa.bindparam("by"))
    .order_by(Follow.kind, Follow.object_id)
    .limit(sa.bindparam("most"))
)
_OF_AFTER = _OF.where(
    after_key({Follow.kind: sa.bindparam("kind"), Follow.object_id: sa.bindparam("object_id")}, descending=False)
)
_FOLLOWERS = (
    sa.select(Follow.user_id)
    .where(
        Follow.kind == sa.bindparam("kind"),
        Follow.object_id == sa.bindparam("object_id"),
        Follow.user_id > sa.bindparam("after"),
    )
    .order_by(Follow.user_id)
    .limit(sa.bindparam("most"))
)
_COUNT = sa.select(sa.func.count()).where(
    Follow.kind == sa.bindparam("kind"), Follow.object_id == sa.bindparam("object_id")
)
_EXISTS = {
    "tag": sa.select(sa.literal(1)).where(Tag.id == sa.bindparam("object_id")),
    "agency": sa.select(sa.literal(1)).where(Agency.id == sa.bindparam("object_id")),
}


@dataclass(frozen=True, slots=True)
class FollowView:
    """One thing that a person follows, as their page shows it."""

    kind: str
    id: int
    label: str
    url: str
    created_at: datetime


def follow(db: Connection, user: Person | None, kind: str, object_id: int) -> bool:
    """Start to follow something that this person may see. True when it is new. NotFound for anything else."""
    user = _allowed(db, user, kind, object_id)
    limits.hit(db, user, "follow")
    return put(db, user, kind, object_id)


def put(db: Connection, user: Person, kind: str, object_id: int) -> bool:
    """Follow as a part of another act that was allowed (posting, joining). True when it is new."""
    return insert_once(db, Follow, user_id=user.id, kind=kind, object_id=object_id, created_at=now())


def remove(db: Connection, user: Person | None, kind: str, object_id: int) -> bool:
    """Stop following; also what can't be seen any more. True when it was followed."""
    user = require(user, "account.use")
    is_removed = db.execute(_REMOVE, {"by": user.id, "what": kind, "on": object_id}).rowcount == 1
    if is_removed and kind == "idea":
        carries.take_back(db, "follow", user.id, object_id)
    return is_removed


def is_following(db: Connection, user: Person | None, kind: str, object_id: int) -> bool:
    """Does this person follow it? Nobody follows nothing."""
    if user is None:
        return False
    return db.execute(_MINE, {"by": user.id, "what": kind, "on": object_id}).first() is not None


def of(
    db: Connection, user: Person | None, *, limit: int = PAGE, after: tuple[str, int] | None = None
) -> list[FollowView]:
    """What this person follows, by kind, in the order of ids; `after` is (kind, id) of the last one seen."""
    user = require(user, "account.use")
    values: dict[str, Any] = {"by": user.id, "most": limit}
    if after:
        rows = db.execute(_OF_AFTER, {**values, "kind": after[0], "object_id": after[1]})
    else:
        rows = db.execute(_OF, values)
    return [_view(row) for row in rows]


def followers(db: Connection, kind: str, object_id: int, *, after: int = 0, limit: int) -> list[int]:
    """Ids of those who follow it, ascending, behind `after`. For workers: asks no rights."""
    values = {"kind": kind, "object_id": object_id, "after": after, "most": limit}
    return list(db.execute(_FOLLOWERS, values).scalars())


def count(db: Connection, kind: str, object_id: int) -> int:
    """How many follow it."""
    return int(db.execute(_COUNT, {"kind": kind, "object_id": object_id}).scalar_one())


def _allowed(db: Connection, user: Person | None, kind: str, object_id: int) -> Person:
    if kind == "idea":
        return require(user, "idea.follow", ideas.get(db, user, object_id))
    if kind == "community":
        place = communities.load(db, object_id)
        communities.get(db, user, place.slug)
        return require(user, "community.follow", place)
    if kind not in KINDS or db.execute(_EXISTS[kind], {"object_id": object_id}).first() is None:
        raise NotFound("There is nothing to follow here.")
    return require(user, f"{kind}.follow")


def _view(row: Any) -> FollowView:
    label, url = f"A {row.kind} that is gone", "/ideas"
    if row.idea_slug is not None:
        label, url = row.idea_title, ideas.path(row.object_id, row.idea_slug)
        if row.idea_state not in ("published", "off-topic", "merged"):
            label = f"Idea {ideas.reference(row.object_id)}"
    elif row.community_slug is not None:
        label, url = row.community_name, f"/c/{row.community_slug}"
    elif row.tag_slug is not None:
        label, url = row.tag_name, f"/ideas?tag={row.tag_slug}"
    elif row.agency_slug is not None:
        label, url = row.agency_name, f"/agencies/{row.agency_slug}"
    return FollowView(row.kind, row.object_id, label, url, row.created_at)
