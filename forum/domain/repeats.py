"""Repeats: the same words of the same person within minutes are one idea, however often a browser sends them."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_once
from forum.models import PostKey

SAME_POST = 300  # seconds: the same text by the same person within 1 to 2 times this is one post

_KEY_OWNER = sa.select(PostKey.object_id).where(PostKey.key == sa.bindparam("key"))
_SET_KEYS = (
    sa.update(PostKey)
    .where(PostKey.key.in_(sa.bindparam("keys", expanding=True)))
    .values(object_id=sa.bindparam("post_id"))
)
_DROP_KEYS = sa.delete(PostKey).where(PostKey.kind == "idea", PostKey.object_id == sa.bindparam("idea_id"))
_FORGET_KEYS = sa.delete(PostKey).where(PostKey.created_at < sa.bindparam("moment"))


def keys_of(*words: str) -> tuple[str, str]:
    """Keys of a post in this stretch of time and the next: two posts less than one stretch apart share one."""
    told = "\x00".join(words).encode()
    stretch = int(now().timestamp()) // SAME_POST
    first, second = (hashlib.sha256(f"{part}\x00".encode() + told).hexdigest() for part in (stretch, stretch + 1))
    return first, second


def claim(db: Connection, keys: Sequence[str]) -> int | None:
    """Take the keys, or say which idea has one of them. Who comes second waits here for the first one's commit."""
    moment = now()
    for key in keys:
        if not insert_once(db, PostKey, key=key, kind="idea", object_id=None, created_at=moment):
            owner = db.execute(_KEY_OWNER, {"key": key}).scalar()
            if owner is not None:
                return int(owner)
    return None


def give(db: Connection, keys: Sequence[str], idea_id: int) -> None:
    """The keys stand for this idea from now on."""
    db.execute(_SET_KEYS, {"keys": list(keys), "post_id": idea_id})


def allow(db: Connection, idea_id: int) -> None:
    """The same words may be posted anew at once."""
    db.execute(_DROP_KEYS, {"idea_id": idea_id})


def forget(db: Connection) -> None:
    """Delete the keys of posts that nobody sends a second time any more."""
    db.execute(_FORGET_KEYS, {"moment": now() - timedelta(seconds=4 * SAME_POST)})
