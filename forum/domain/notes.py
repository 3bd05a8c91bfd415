"""Notes: what those who moderate write for each other about a person or a post. Nobody else ever reads them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import text
from forum.clock import now
from forum.db import Connection, insert
from forum.domain import subjects
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Note, User

MOST = 2_000
KINDS = ("user", "idea", "comment", "remark")

_OF = (
    sa.select(Note.id, Note.body, Note.created_at, User.name.label("by_name"), User.handle.label("by_handle"))
    .join_from(Note, User, User.id == Note.by_id)
    .where(Note.subject_kind == sa.bindparam("kind"), Note.subject_id == sa.bindparam("it"))
    .order_by(Note.id.desc())
    .limit(100)
)


def _body(value: str) -> str:
    value = text.tidy(value).strip()
    if not value:
        raise ValueError("Please write your note.")
    if len(value) > MOST:
        raise ValueError(f"The note has {len(value):,} characters. Please keep it to {MOST:,}.")
    return value


class NoteFields(BaseModel):
    """The words of a note, plain text."""

    model_config = ConfigDict(validate_default=True)
    body: Annotated[str, AfterValidator(_body)] = ""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note with its author and its time."""

    id: int
    body: str
    created_at: datetime
    by_name: str
    by_handle: str


def write(db: Connection, user: Person | None, kind: str, subject_id: int, fields: NoteFields) -> int:
    """Write a note about a person or a post; returns its id. Only those who moderate may, posts only where they do."""
    user = require(user, "note.write")
    _check(db, user, kind, subject_id)
    return insert(db, Note, subject_kind=kind, subject_id=subject_id, body=fields.body, by_id=user.id, created_at=now())


def of(db: Connection, user: Person | None, kind: str, subject_id: int) -> list[NoteView]:
    """The notes about a person or a post, newest first (at most 100)."""
    user = require(user, "note.write")
    _check(db, user, kind, subject_id)
    rows = db.execute(_OF, {"kind": kind, "it": subject_id})
    return [NoteView(**row._mapping) for row in rows]


def _check(db: Connection, user: Person, kind: str, subject_id: int) -> None:
    if kind not in KINDS:
        raise NotFound("There is nothing like that here.")
    if kind == "user":
        subjects.account(db, subject_id)
    else:
        require(user, "case.read", subjects.get(db, user, kind, subject_id))
