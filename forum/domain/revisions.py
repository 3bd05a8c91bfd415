"""Revisions: what a text said before each visible edit, so that every version can be read and compared."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain.errors import Invalid
from forum.domain.people import Person
from forum.models import Revision, User
from forum.text import Change, differences

FREE_TIME = timedelta(hours=1)
"""So long after posting a text is edited without a trace."""

STEPS_SHOWN = 10

_ADD = sa.insert(Revision)
_LATEST_FIRST = (
    sa.select(
        Revision.id,
        Revision.title,
        Revision.body,
        Revision.why,
        Revision.created_at,
        User.name.label("by_name"),
        User.handle.label("by_handle"),
    )
    .join_from(Revision, User, User.id == Revision.by_id, isouter=True)
    .where(Revision.kind == sa.bindparam("kind"), Revision.object_id == sa.bindparam("object_id"))
    .order_by(Revision.id.desc())
    .limit(sa.bindparam("most"))
)
_LATEST_BEFORE = _LATEST_FIRST.where(Revision.id < sa.bindparam("before_id"))
_COUNT = (
    sa.select(sa.func.count())
    .select_from(Revision)
    .where(Revision.kind == sa.bindparam("kind"), Revision.object_id == sa.bindparam("object_id"))
)


@dataclass(frozen=True, slots=True)
class Text:
    """The words of an idea or a comment (Markdown; a comment has a body alone)."""

    title: str
    body: str
    why: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One visible edit: when, by whom, and the way from the text before to the text after, part by part."""

    number: int  # of the version that the edit made; the first version is 1
    at: datetime
    by_name: str | None
    by_handle: str | None
    title: list[Change]
    body: list[Change]
    why: list[Change]


@dataclass(frozen=True, slots=True)
class History:
    """Edits, the newest first, and the key of the next older ones (None on the last page)."""

    edits: list[Edit]
    count: int
    next_before: int | None


def is_free(posted_at: datetime) -> bool:
    """May a text posted then still be edited without a revision?"""
    return now() - posted_at < FREE_TIME


def mark(text: Text) -> str:
    """A short fingerprint of a text. A form carries it, so that an edit of an outdated text is noticed."""
    return hashlib.sha256("\x00".join((text.title, text.body, text.why)).encode()).hexdigest()[:16]


def keep(db: Connection, user: Person, kind: str, object_id: int, old: Text) -> None:
    """Keep a text as it stood before this person's edit. `kind`: idea, comment."""
    row = {"kind": kind, "object_id": object_id, "by_id": user.id, "created_at": now()}
    db.execute(_ADD, {**row, "title": old.title, "body": old.body, "why": old.why})


def history(db: Connection, kind: str, object_id: int, current: Text, *, before: str = "") -> History:
    """The edits of a text, newest first, STEPS_SHOWN at a time; `before` is the `next_before` of the page before.

    Asks no rights: the caller has loaded the text for the person. Invalid for a key that is none of ours.
    """
    key: dict[str, Any] = {"kind": kind, "object_id": object_id, "most": STEPS_SHOWN + 1}
    if not before:
        rows = list(db.execute(_LATEST_FIRST, key))
    elif before.isdecimal() and len(before) < 19:
        # The row at the key is the first of this page; the text after it is the old text of the row that follows it.
        rows = list(db.execute(_LATEST_BEFORE, {**key, "before_id": int(before) + 1, "most": STEPS_SHOWN + 1}))
        current = _text_after(db, key, int(before)) or current
    else:
        raise Invalid({"before": "This page key is not one of ours. Start again from the newest version."})
    count = int(db.execute(_COUNT, key).scalar_one())
    older = int(db.execute(_COUNT.where(Revision.id < rows[0].id), key).scalar_one()) if rows else 0
    edits, after = [], current
    for index, row in enumerate(rows[:STEPS_SHOWN]):
        parts = [differences(getattr(row, name), getattr(after, name)) for name in ("title", "body", "why")]
        edits.append(Edit(older - index + 2, row.created_at, row.by_name, row.by_handle, *parts))
        after = Text(row.title, row.body, row.why)
    return History(edits, count, rows[STEPS_SHOWN].id if len(rows) > STEPS_SHOWN else None)


def _text_after(db: Connection, key: dict[str, Any], revision_id: int) -> Text | None:
    """What the text became by the edit of this revision: the old text of the edit after it; None if it was the last."""
    later = sa.select(Revision.title, Revision.body, Revision.why).where(
        Revision.kind == key["kind"], Revision.object_id == key["object_id"], Revision.id > revision_id
    )
    row = db.execute(later.order_by(Revision.id).limit(1)).first()
    return Text(row.title, row.body, row.why) if row else None
