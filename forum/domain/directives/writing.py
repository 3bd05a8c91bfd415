"""Writing a directive: every save is a version, and two saves at once lose neither text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum import text
from forum.clock import now
from forum.db import Connection, insert
from forum.domain.directives import views
from forum.domain.directives.texts import FIELDS, MOST, TABLES
from forum.domain.directives.views import DirectiveView
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Directive, DirectiveStep, DirectiveVersion, User
from forum.text import Change

_LINES = ("title",)


def _within(kind: str) -> Any:
    table = TABLES[kind]
    if kind == "directive":
        return (table.id == sa.bindparam("object"), table.id == sa.bindparam("directive"))
    return (table.id == sa.bindparam("object"), table.directive_id == sa.bindparam("directive"))


def _not_deleted(kind: str) -> Any:
    return () if kind == "directive" else (TABLES[kind].deleted_at.is_(None),)


_LOAD = {
    kind: sa.select(
        TABLES[kind].id, TABLES[kind].version, *(getattr(TABLES[kind], name) for name in FIELDS[kind])
    ).where(*_within(kind), *_not_deleted(kind))
    for kind in FIELDS
}
_SAVE = {
    kind: sa.update(TABLES[kind])
    .where(*_within(kind), *_not_deleted(kind), TABLES[kind].version == sa.bindparam("based_on"))
    .values(
        version=TABLES[kind].version + 1,
        **{name: sa.bindparam(f"new_{name}") for name in FIELDS[kind]},
        **({"slug": sa.bindparam("new_slug")} if kind == "directive" else {}),
    )
    .returning(TABLES[kind].version)
    for kind in FIELDS
}
_VERSION_COLUMNS = (
    DirectiveVersion.id,
    DirectiveVersion.directive_id,
    DirectiveVersion.kind,
    DirectiveVersion.object_id,
    DirectiveVersion.number,
    DirectiveVersion.fields,
    DirectiveVersion.note,
    DirectiveVersion.created_at,
    User.name.label("by_name"),
    User.handle.label("by_handle"),
)
_versions = sa.select(*_VERSION_COLUMNS).join_from(DirectiveVersion, User, User.id == DirectiveVersion.by_id)
_VERSION = _versions.where(
    DirectiveVersion.id == sa.bindparam("version_id"), DirectiveVersion.directive_id == sa.bindparam("directive")
)
_OF = _versions.where(
    DirectiveVersion.directive_id == sa.bindparam("directive"),
    DirectiveVersion.kind == sa.bindparam("kind"),
    DirectiveVersion.object_id == sa.bindparam("object"),
).order_by(DirectiveVersion.id)
_NUMBERED = _versions.where(
    DirectiveVersion.kind == sa.bindparam("kind"),
    DirectiveVersion.object_id == sa.bindparam("object"),
    DirectiveVersion.number == sa.bindparam("number"),
)
_SET_SNAPSHOT = (
    sa.update(Directive)
    .where(Directive.id == sa.bindparam("directive"))
    .values(snapshot_id=sa.bindparam("new_snapshot"))
)


@dataclass(frozen=True, slots=True)
class Written:
    """One text of a directive as it is written now. `fields` has the names of texts.FIELDS of its kind."""

    kind: str
    id: int
    version: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """A text after one save. `number` is None for a text that was written at the same time as another and kept."""

    id: int
    directive_id: int
    kind: str
    object_id: int
    number: int | None
    fields: dict[str, str]
    note: str
    created_at: datetime
    by_name: str
    by_handle: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A version with what it changed, by field, against the version before it."""

    version: Version
    changes: dict[str, list[Change]]
    is_current: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One field of two texts: what each says, and the way from the one to the other."""

    name: str
    theirs: str
    mine: str
    changes: list[Change]


class Collision(Conflict):
    """Somebody else saved in between. Nothing was saved; `sides` are the fields that differ, `proposed` what to go on
    with: of each field the text of whoever changed it, and mine where both did."""

    def __init__(self, theirs: Written, base: Mapping[str, str], mine: Mapping[str, str], by_name: str) -> None:
        super().__init__(f"{by_name} saved this text while you were writing. Both texts are below, and none is lost.")
        self.theirs, self.mine, self.by_name = theirs, dict(mine), by_name
        names = FIELDS[theirs.kind]
        self.proposed = {name: theirs.fields[name] if mine[name] == base.get(name) else mine[name] for name in names}
        self.sides = [
            Side(name, theirs.fields[name], mine[name], text.differences(theirs.fields[name], mine[name]))
            for name in names
            if theirs.fields[name] != mine[name]
        ]


def to_write(db: Connection, user: Person | None, directive_id: int, *, to_change: bool = True) -> DirectiveView:
    """The directive, for the policy team while it is in drafting, its row locked. NotFound for those who may not know
    of it, Conflict when its words stand fast."""
    directive = views.get(db, user, directive_id, to_change=to_change)
    require(user, "directive.write", directive)
    if directive.stage != "drafting":
        raise Conflict(
            "This directive is final. Its words do not change any more."
            if directive.stage == "final"
            else "People comment on these words now, so they stand fast. Take it back to drafting to change them."
        )
    return directive


def checked(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """The fields of this kind, tidied. Invalid with a sentence for each that is empty or too long."""
    fields, errors = {}, {}
    for name in FIELDS[kind]:
        value = values.get(name, "")
        value = text.tidy_line(value) if name in _LINES else text.tidy(value).strip()
        fields[name] = value
        if len(value) > MOST[name]:
            errors[name] = f"This is too long. Please keep it to {MOST[name]:,} characters."
    if not fields["title"]:
        errors["title"] = "Please give it a title."
    if errors:
        raise Invalid(errors)
    return fields


def create(db: Connection, user: Person | None, values: Mapping[str, str]) -> DirectiveView:
    """Begin a directive, which only the policy team can see. Invalid if a field is wrong."""
    user = require(user, "directive.write")
    fields, moment = checked("directive", values), now()
    directive_id = insert(
        db, Directive, **fields, slug=views.slug(fields["title"]), created_by_id=user.id, created_at=moment
    )
    insert(db, DirectiveStep, directive_id=directive_id, stage="drafting", by_id=user.id, created_at=moment)
    note_version(db, user, directive_id, Written("directive", directive_id, 1, fields), "Begun")
    return views.get(db, user, directive_id)


def load(db: Connection, directive_id: int, kind: str, object_id: int) -> Written:
    """One text as it is written now. Asks no rights. NotFound for a kind or number that is not there, or deleted."""
    if kind not in FIELDS:
        raise NotFound("There is no such text.")
    row = db.execute(_LOAD[kind], {"directive": directive_id, "object": object_id}).first()
    if row is None:
        raise NotFound("This text is not there any more. Somebody may have deleted it.")
    return Written(kind, row.id, row.version, {name: getattr(row, name) for name in FIELDS[kind]})


def save(
    db: Connection,
    user: Person | None,
    directive_id: int,
    kind: str,
    object_id: int,
    values: Mapping[str, str],
    *,
    based_on: int,
    note: str = "",
) -> Written:
    """Save a text that was written on top of version `based_on`. Saving what is there already changes nothing.

    Invalid for wrong fields. Collision when another version came in between: then nothing is saved.
    """
    directive = to_write(db, user, directive_id)
    user = require(user, "directive.write", directive)
    current = load(db, directive.id, kind, object_id)
    fields = checked(kind, values)
    if fields == current.fields:
        return current
    row = {
        "object": object_id,
        "directive": directive.id,
        "based_on": based_on,
        "new_slug": views.slug(fields["title"]),
    }
    row |= {f"new_{name}": value for name, value in fields.items()}
    if kind != "directive":
        del row["new_slug"]
    version = db.execute(_SAVE[kind], row).scalar()
    if version is None:
        current = load(db, directive.id, kind, object_id)
        base = numbered(db, kind, object_id, based_on)
        newest = numbered(db, kind, object_id, current.version)
        raise Collision(current, base.fields if base else {}, fields, newest.by_name if newest else "Somebody else")
    written = Written(kind, object_id, int(version), fields)
    note_version(db, user, directive.id, written, note)
    return written


def keep_aside(db: Connection, user: Person | None, directive_id: int, collision: Collision) -> None:
    """Keep the text that could not be saved, so that it is not lost even when its writer goes away now."""
    user = require(user, "directive.write")
    theirs = collision.theirs
    values = {"directive": directive_id, "kind": theirs.kind, "object": theirs.id}
    if any(row.number is None and row.fields == collision.mine for row in db.execute(_OF, values)):
        return
    aside = Written(theirs.kind, theirs.id, 0, collision.mine)
    note_version(db, user, directive_id, aside, f"Written at the same time as version {theirs.version}, not saved")


def note_version(db: Connection, user: Person, directive_id: int, written: Written, note: str = "") -> None:
    """Write down how a text reads now; version 0 is one that was kept aside. Asks no rights."""
    insert(
        db,
        DirectiveVersion,
        directive_id=directive_id,
        kind=written.kind,
        object_id=written.id,
        number=written.version or None,
        fields=written.fields,
        note=note,
        by_id=user.id,
        created_at=now(),
    )


def numbered(db: Connection, kind: str, object_id: int, number: int) -> Version | None:
    """One version of a text by its number. Asks no rights."""
    row = db.execute(_NUMBERED, {"kind": kind, "object": object_id, "number": number}).first()
    return Version(**row._mapping) if row is not None else None


def history(db: Connection, user: Person | None, directive_id: int, kind: str, object_id: int) -> list[Compared]:
    """Every version of a text with what it changed, the newest first."""
    directive = views.get(db, user, directive_id)
    require(user, "directive.write", directive)
    if kind not in FIELDS:
        raise NotFound("There is no such text.")
    values = {"directive": directive.id, "kind": kind, "object": object_id}
    found = [Version(**row._mapping) for row in db.execute(_OF, values)]
    if not found:
        raise NotFound("There is no such text.")
    newest = max(one.number or 0 for one in found)
    before: dict[str, str] = {}
    compared = []
    for one in found:
        changes = {
            name: text.differences(before.get(name, ""), one.fields[name])
            for name in FIELDS[kind]
            if before.get(name, "") != one.fields[name]
        }
        compared.append(Compared(one, changes, one.number == newest))
        if one.number is not None:
            before = one.fields
    return compared[::-1]


def restore(db: Connection, user: Person | None, directive_id: int, version_id: int, *, based_on: int) -> Written:
    """Let a text read as in this version again, as a new version. Collision like `save`."""
    row = db.execute(_VERSION, {"version_id": version_id, "directive": directive_id}).first()
    to_write(db, user, directive_id)
    if row is None:
        raise NotFound("There is no such version.")
    note = f"As in version {row.number}" if row.number else "As it was kept beside another"
    return save(db, user, directive_id, row.kind, row.object_id, row.fields, based_on=based_on, note=note)


def choose_snapshot(db: Connection, user: Person | None, directive_id: int, snapshot_id: int | None) -> None:
    """Say whose ideas this directive answers, as long as it is in drafting. Asks nothing about the snapshot itself."""
    directive = to_write(db, user, directive_id)
    db.execute(_SET_SNAPSHOT, {"directive": directive.id, "new_snapshot": snapshot_id})
