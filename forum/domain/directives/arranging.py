"""The order of a directive: parts and recommendations added, moved, deleted, and brought back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert
from forum.domain.directives import writing
from forum.domain.directives.texts import TABLES
from forum.domain.directives.writing import Written
from forum.domain.errors import Conflict, NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import DirectivePart, Recommendation

MOST_PARTS, MOST_RECOMMENDATIONS = 30, 200

_PARTS = (
    sa.select(DirectivePart.id)
    .where(DirectivePart.directive_id == sa.bindparam("directive"), DirectivePart.deleted_at.is_(None))
    .order_by(DirectivePart.position, DirectivePart.id)
)
_CLAUSES = (
    sa.select(Recommendation.id, Recommendation.part_id)
    .where(Recommendation.directive_id == sa.bindparam("directive"), Recommendation.deleted_at.is_(None))
    .order_by(Recommendation.position, Recommendation.id)
)
_PLACE_PART = (
    sa.update(DirectivePart).where(DirectivePart.id == sa.bindparam("the_id")).values(position=sa.bindparam("place"))
)
_PLACE_CLAUSE = (
    sa.update(Recommendation)
    .where(Recommendation.id == sa.bindparam("the_id"))
    .values(position=sa.bindparam("place"), part_id=sa.bindparam("part"))
)
_DELETE = {
    kind: sa.update(TABLES[kind])
    .where(
        TABLES[kind].id == sa.bindparam("object"),
        TABLES[kind].directive_id == sa.bindparam("directive"),
        TABLES[kind].deleted_at.is_(None),
    )
    .values(deleted_at=sa.bindparam("moment"))
    .returning(TABLES[kind].id)
    for kind in ("part", "recommendation")
}
_BRING_BACK = {
    kind: sa.update(TABLES[kind])
    .where(
        TABLES[kind].id == sa.bindparam("object"),
        TABLES[kind].directive_id == sa.bindparam("directive"),
        TABLES[kind].deleted_at.is_not(None),
    )
    .values(deleted_at=None)
    .returning(TABLES[kind].id)
    for kind in ("part", "recommendation")
}
_GONE = {
    kind: sa.select(TABLES[kind].id, TABLES[kind].title)
    .where(TABLES[kind].directive_id == sa.bindparam("directive"), TABLES[kind].deleted_at.is_not(None))
    .order_by(TABLES[kind].deleted_at.desc(), TABLES[kind].id)
    for kind in ("part", "recommendation")
}
_PART_OF = sa.select(Recommendation.part_id).where(Recommendation.id == sa.bindparam("object"))


@dataclass(frozen=True, slots=True)
class Deleted:
    """A part or recommendation that can be brought back."""

    kind: str
    id: int
    title: str


def deleted(db: Connection, directive_id: int) -> list[Deleted]:
    """What can be brought back, the last deleted first. Asks no rights: only for the policy team."""
    values = {"directive": directive_id}
    return [Deleted(kind, row.id, row.title) for kind in _GONE for row in db.execute(_GONE[kind], values)]


def add_part(db: Connection, user: Person | None, directive_id: int, values: Mapping[str, str]) -> Written:
    """Add a part at the end. Invalid if a field is wrong, Conflict past MOST_PARTS."""
    directive = writing.to_write(db, user, directive_id)
    user = require(user, "directive.write", directive)
    fields = writing.checked("part", values)
    parts = _parts(db, directive.id)
    if len(parts) >= MOST_PARTS:
        raise Conflict(f"A directive has at most {MOST_PARTS} parts.")
    part_id = insert(db, DirectivePart, directive_id=directive.id, position=len(parts) + 1, **fields)
    written = Written("part", part_id, 1, fields)
    writing.note_version(db, user, directive.id, written, "Added")
    return written


def add_recommendation(
    db: Connection, user: Person | None, directive_id: int, part_id: int, values: Mapping[str, str]
) -> Written:
    """Add a recommendation at the end of a part. Invalid if a field is wrong, Conflict past MOST_RECOMMENDATIONS."""
    directive = writing.to_write(db, user, directive_id)
    user = require(user, "directive.write", directive)
    if part_id not in _parts(db, directive.id):
        raise NotFound("This part is not there any more. Somebody may have deleted it.")
    fields = writing.checked("recommendation", values)
    clauses = _clauses(db, directive.id)
    if sum(map(len, clauses.values())) >= MOST_RECOMMENDATIONS:
        raise Conflict(f"A directive has at most {MOST_RECOMMENDATIONS} recommendations.")
    position = len(clauses.get(part_id, ())) + 1
    clause_id = insert(db, Recommendation, directive_id=directive.id, part_id=part_id, position=position, **fields)
    written = Written("recommendation", clause_id, 1, fields)
    writing.note_version(db, user, directive.id, written, "Added")
    return written


def move(db: Connection, user: Person | None, directive_id: int, kind: str, object_id: int, way: str) -> None:
    """Move a part or a recommendation one place `up` or `down`. A recommendation at the edge goes into the next part;
    at the very end it stays."""
    directive = writing.to_write(db, user, directive_id)
    step = {"up": -1, "down": 1}.get(way)
    if step is None:
        raise NotFound("Things move up or down.")
    parts = _parts(db, directive.id)
    if kind == "part":
        if object_id not in parts:
            raise NotFound("This part is not there any more. Somebody may have deleted it.")
        _swap(parts, parts.index(object_id), step)
        _number_parts(db, parts)
        return
    clauses = _clauses(db, directive.id)
    part_id = next((part for part, ids in clauses.items() if object_id in ids), None)
    if kind != "recommendation" or part_id is None:
        raise NotFound("This recommendation is not there any more. Somebody may have deleted it.")
    ids = clauses[part_id]
    place = ids.index(object_id)
    if 0 <= place + step < len(ids):
        _swap(ids, place, step)
    elif 0 <= (number := parts.index(part_id) + step) < len(parts):
        ids.remove(object_id)
        others = clauses.setdefault(parts[number], [])
        others.insert(len(others) if step < 0 else 0, object_id)
        _number_clauses(db, parts[number], others)
    _number_clauses(db, part_id, ids)


def place(
    db: Connection, user: Person | None, directive_id: int, clause_id: int, part_id: int, before_id: int | None
) -> None:
    """Put a recommendation into a part, before another one or (None) at its end: what dragging does."""
    directive = writing.to_write(db, user, directive_id)
    clauses = _clauses(db, directive.id)
    home = next((part for part, ids in clauses.items() if clause_id in ids), None)
    if home is None or part_id not in _parts(db, directive.id):
        raise NotFound("This is not there any more. Somebody may have deleted it.")
    clauses[home].remove(clause_id)
    ids = clauses.setdefault(part_id, [])
    ids.insert(ids.index(before_id) if before_id in ids else len(ids), clause_id)
    for part in {home, part_id}:
        _number_clauses(db, part, clauses[part])


def delete(db: Connection, user: Person | None, directive_id: int, kind: str, object_id: int) -> None:
    """Take a part or a recommendation out; `bring_back` undoes it. A part has to be empty (Conflict)."""
    directive = writing.to_write(db, user, directive_id)
    if kind not in _DELETE:
        raise NotFound("There is no such text.")
    if kind == "part" and _clauses(db, directive.id).get(object_id):
        raise Conflict("This part still has recommendations. Move or delete them first.")
    values = {"object": object_id, "directive": directive.id}
    if db.execute(_DELETE[kind], {**values, "moment": now()}).first() is None:
        raise NotFound("This text is not there any more. Somebody may have deleted it.")


def bring_back(db: Connection, user: Person | None, directive_id: int, kind: str, object_id: int) -> None:
    """Undo a deletion; a recommendation brings its part along. NotFound if it was not deleted."""
    directive = writing.to_write(db, user, directive_id)
    values = {"object": object_id, "directive": directive.id}
    if kind not in _BRING_BACK or db.execute(_BRING_BACK[kind], values).first() is None:
        raise NotFound("There is nothing to bring back.")
    if kind == "recommendation":
        part_id = db.execute(_PART_OF, {"object": object_id}).scalar_one()
        db.execute(_BRING_BACK["part"], {"object": part_id, "directive": directive.id})


def _swap(ids: list[int], place: int, step: int) -> None:
    if 0 <= place + step < len(ids):
        ids[place], ids[place + step] = ids[place + step], ids[place]


def _parts(db: Connection, directive_id: int) -> list[int]:
    return list(db.execute(_PARTS, {"directive": directive_id}).scalars())


def _clauses(db: Connection, directive_id: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row in db.execute(_CLAUSES, {"directive": directive_id}):
        found.setdefault(row.part_id, []).append(row.id)
    return found


def _number_parts(db: Connection, ids: Sequence[int]) -> None:
    _place_all(db, _PLACE_PART, [{"the_id": one, "place": place} for place, one in enumerate(ids, 1)])


def _number_clauses(db: Connection, part_id: int, ids: Sequence[int]) -> None:
    rows = [{"the_id": one, "place": place, "part": part_id} for place, one in enumerate(ids, 1)]
    _place_all(db, _PLACE_CLAUSE, rows)


def _place_all(db: Connection, statement: Any, rows: list[dict[str, int]]) -> None:
    if rows:
        db.execute(statement, rows)
