"""Drafts: what somebody typed and has not sent yet; without a session they wait for whoever holds their secret key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect
from forum.domain import limits
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Draft
from forum.signing import new_token, token_hash

FIELDS: Mapping[str, tuple[str, ...]] = {
    "idea": ("title", "body", "why", "community", "tags"),
    "comment": ("body", "parent", "official"),
}
"""Which fields a draft of a kind keeps."""

MOST = 50  # of one person
MOST_CHARACTERS = 60_000  # of all fields of a draft together: more than any form of ours takes
NOBODYS_LIFE = timedelta(days=7)

_COLUMNS = (Draft.id, Draft.user_id, Draft.kind, Draft.object_id, Draft.fields, Draft.updated_at)
_OF = (
    sa.select(*_COLUMNS)
    .where(Draft.user_id == sa.bindparam("user_id"))
    .order_by(Draft.updated_at.desc(), Draft.id.desc())
    .limit(sa.bindparam("most"))
)
_COUNT = sa.select(sa.func.count()).select_from(Draft).where(Draft.user_id == sa.bindparam("user_id"))
_GET = sa.select(*_COLUMNS).where(Draft.id == sa.bindparam("draft_id"), Draft.user_id == sa.bindparam("user_id"))
_WITH_KEY = sa.select(*_COLUMNS).where(Draft.key_hash == sa.bindparam("key_hash"))
_DELETE = sa.delete(Draft).where(Draft.id == sa.bindparam("draft_id"), Draft.user_id == sa.bindparam("by"))
_REPLACE = (
    sa.update(Draft)
    .where(
        Draft.id == sa.bindparam("draft_id"), Draft.user_id == sa.bindparam("by"), Draft.kind == sa.bindparam("what")
    )
    .values(fields=sa.bindparam("new_fields"), updated_at=sa.bindparam("moment"))
)
_DELETE_MINE = sa.delete(Draft).where(Draft.key_hash == sa.bindparam("hash"), Draft.user_id == sa.bindparam("by"))
_DELETE_NOBODYS = sa.delete(Draft).where(Draft.key_hash == sa.bindparam("hash"), Draft.user_id.is_(None))
_FORGET = sa.delete(Draft).where(Draft.user_id.is_(None), Draft.updated_at < sa.bindparam("moment"))


def _upsert(insert: Any) -> Any:
    names = ("user_id", "key_hash", "kind", "object_id", "fields", "updated_at")
    statement = insert(Draft).values({name: sa.bindparam(name) for name in names})
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[Draft.key_hash],
        set_={"fields": new.fields, "updated_at": new.updated_at},
        where=sa.and_(Draft.user_id == new.user_id, Draft.kind == new.kind),
    ).returning(Draft.id)


_PUT = PerDialect(_upsert)


@dataclass(frozen=True, slots=True)
class DraftView:
    """One draft. `object_id`: for a comment, the idea it is written under."""

    id: int
    user_id: int | None
    kind: str
    object_id: int | None
    fields: dict[str, str]
    updated_at: datetime

    @property
    def heading(self) -> str:
        """What a list calls it: the title, or the first words."""
        return self.fields.get("title", "").strip()[:120] or self.fields.get("body", "").strip()[:80] or "No words yet"

    @property
    def path(self) -> str:
        """Where to go on writing."""
        if self.kind == "comment" and self.object_id is not None:
            return f"/ideas/{self.object_id}?draft={self.id}#comment-form"
        return f"/ideas/new?draft={self.id}"


def new_key() -> str:
    """A key for a draft that is about to be written: a form carries it, so that each save goes to the same row."""
    return new_token()


def key_of(draft: DraftView) -> str:
    """The key of a form that goes on with one of one's own drafts."""
    return f"id:{draft.id}"


def _id_in(key: str) -> int | None:
    number = key.removeprefix("id:")
    return int(number) if number != key and number.isdecimal() and len(number) < 19 else None


def keep(
    db: Connection,
    user: Person | None,
    key: str,
    kind: str,
    fields: Mapping[str, str],
    *,
    object_id: int | None = None,
) -> int | None:
    """Save what this person has typed so far under the key of their form; saving again replaces it. Returns the id.

    Empty forms are not kept (None). Conflict past MOST drafts, NotFound for a draft that was deleted, Invalid for a
    kind that is none of ours, for a text that is far too long, and for a key that belongs to somebody else.
    """
    user = require(user, "account.use")
    limits.hit(db, user, "draft")
    kept = _chosen(kind, fields)
    if not any(value.strip() for name, value in kept.items() if name not in ("community", "parent", "official")):
        return None
    if (draft_id := _id_in(key)) is not None:
        values = {"draft_id": draft_id, "by": user.id, "what": kind, "new_fields": kept, "moment": now()}
        if db.execute(_REPLACE, values).rowcount != 1:
            raise NotFound("This draft is not there any more.")
        return draft_id
    if not 20 <= len(key) <= 100:
        raise Invalid({"draft_key": "This draft has no key of ours."})
    key_hash = token_hash(key)
    is_new = db.execute(_WITH_KEY, {"key_hash": key_hash}).first() is None
    if is_new and int(db.execute(_COUNT, {"user_id": user.id}).scalar_one()) >= MOST:
        raise Conflict(f"You have {MOST} drafts. Please post or delete some first.")
    row = {"user_id": user.id, "key_hash": key_hash, "kind": kind, "object_id": object_id, "fields": kept}
    kept_id = db.execute(_PUT(db), {**row, "updated_at": now()}).scalar()
    if kept_id is None:
        raise Invalid({"draft_key": "This draft has no key of yours."})
    return int(kept_id)


def keep_for_nobody(db: Connection, kind: str, object_id: int | None, fields: Mapping[str, str]) -> str:
    """Keep what was typed by somebody whose session has ended; returns the secret key to it, for a cookie."""
    key = new_key()
    row = {"user_id": None, "key_hash": token_hash(key), "kind": kind, "object_id": object_id}
    db.execute(sa.insert(Draft), {**row, "fields": _chosen(kind, fields), "updated_at": now()})
    return key


def _chosen(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    if kind not in FIELDS:
        raise Invalid({"draft": "There is no such kind of draft."})
    kept = {name: fields[name] for name in FIELDS[kind] if name in fields}
    if sum(map(len, kept.values())) > MOST_CHARACTERS:
        raise Invalid({"draft": "This is too long to keep as a draft."})
    return kept


def of(db: Connection, user: Person | None, *, limit: int = MOST) -> list[DraftView]:
    """This person's drafts, the last touched first."""
    user = require(user, "account.use")
    return [_view(row) for row in db.execute(_OF, {"user_id": user.id, "most": limit})]


def get(db: Connection, user: Person | None, draft_id: int) -> DraftView:
    """One of this person's drafts. NotFound for anybody else's."""
    user = require(user, "account.use")
    row = db.execute(_GET, {"draft_id": draft_id, "user_id": user.id}).first()
    if row is None:
        raise NotFound("This draft is not there any more.")
    return _view(row)


def with_key(db: Connection, key: str | None, kind: str, object_id: int | None = None) -> DraftView | None:
    """The draft that waits for whoever holds this key (see keep_for_nobody), if it is of this kind and place."""
    if not key or len(key) > 100:
        return None
    row = db.execute(_WITH_KEY, {"key_hash": token_hash(key)}).first()
    if row is None or row.user_id is not None or (row.kind, row.object_id) != (kind, object_id):
        return None
    return _view(row)


def _view(row: Any) -> DraftView:
    return DraftView(row.id, row.user_id, row.kind, row.object_id, dict(row.fields), row.updated_at)


def delete(db: Connection, user: Person | None, draft_id: int) -> None:
    """Throw one of one's own drafts away. NotFound for anybody else's."""
    user = require(user, "account.use")
    if db.execute(_DELETE, {"draft_id": draft_id, "by": user.id}).rowcount != 1:
        raise NotFound("This draft is not there any more.")


def sent(db: Connection, user: Person, *, key: str = "", waiting_key: str | None = None) -> None:
    """The text has been posted: forget the draft of its form (`key`) and one that waited for it (`waiting_key`)."""
    if (draft_id := _id_in(key)) is not None:
        db.execute(_DELETE, {"draft_id": draft_id, "by": user.id})
    elif key:
        db.execute(_DELETE_MINE, {"hash": token_hash(key), "by": user.id})
    if waiting_key:
        db.execute(_DELETE_NOBODYS, {"hash": token_hash(waiting_key)})


def forget(db: Connection) -> None:
    """Delete drafts of nobody that have waited for NOBODYS_LIFE."""
    db.execute(_FORGET, {"moment": now() - NOBODYS_LIFE})
