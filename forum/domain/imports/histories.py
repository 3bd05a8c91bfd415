"""What a source knows of the history of its ideas: public lines, and what its moderators decided."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, insert_many, take_ids
from forum.domain import reasons
from forum.domain.actions import NOTE_LENGTH
from forum.domain.imports.rows import Event, IdeaRow, Ruling
from forum.models import Decision, StatusChange

OFFICE = "Moderators of the site it came from"
STATE_AFTER = {"remove": "removed", "off-topic": "off-topic"}

_FORGET = sa.delete(StatusChange).where(
    StatusChange.idea_id == sa.bindparam("the_idea"),
    StatusChange.by_id.is_(None),
    StatusChange.kind == sa.bindparam("the_kind"),
)
_IS_DECIDED = (
    sa.select(Decision.id)
    .where(
        Decision.subject_kind == "idea",
        Decision.subject_id == sa.bindparam("the_idea"),
        Decision.office == OFFICE,
        Decision.reason == sa.bindparam("the_reason"),
    )
    .limit(1)
)


def write(db: Connection, ideas: Sequence[tuple[int, int, int, IdeaRow]]) -> None:
    """Write down the histories of new ideas: (id, author's id, community's id, row)."""
    lines = [_line(idea_id, event) for idea_id, _, _, row in ideas for event in row.history]
    ruled = [
        _decision(idea_id, author_id, community_id, row.ruling)
        for idea_id, author_id, community_id, row in ideas
        if row.ruling
    ]
    if lines:
        insert_many(db, StatusChange, _numbered(db, StatusChange, lines))
    if ruled:
        insert_many(db, Decision, _numbered(db, Decision, ruled))


def rewrite(db: Connection, idea_id: int, author_id: int, community_id: int, row: IdeaRow) -> None:
    """The same for a row that has changed. Lines of kinds that it names are put anew; what was decided here stays."""
    for kind in {event.kind for event in row.history}:
        db.execute(_FORGET, {"the_idea": idea_id, "the_kind": kind})
    if lines := [_line(idea_id, event) for event in row.history]:
        insert_many(db, StatusChange, _numbered(db, StatusChange, lines))
    ruling = row.ruling
    if ruling and db.execute(_IS_DECIDED, {"the_idea": idea_id, "the_reason": ruling.reason}).first() is None:
        insert_many(db, Decision, _numbered(db, Decision, [_decision(idea_id, author_id, community_id, ruling)]))


def _numbered(db: Connection, table: type[Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": key, **row} for key, row in zip(take_ids(db, table, len(rows)), rows, strict=True)]


def _line(idea_id: int, event: Event) -> dict[str, Any]:
    return {
        "idea_id": idea_id,
        "kind": event.kind,
        "status": event.status,
        "note": event.note,
        "by_id": None,
        "created_at": event.created_at,
    }


def _decision(idea_id: int, author_id: int, community_id: int, ruling: Ruling) -> dict[str, Any]:
    state = STATE_AFTER[ruling.action]
    return {
        "subject_kind": "idea",
        "subject_id": idea_id,
        "community_id": community_id,
        "author_id": author_id,
        "action": ruling.action,
        "reason": ruling.reason,
        "facts": ruling.facts,
        "note": reasons.BY_CODE[ruling.reason].text if not ruling.facts else ruling.facts[:NOTE_LENGTH],
        "machine": "",
        "office": OFFICE,
        "state_before": "published",
        "state_after": state,
        "before": {"state": "published"},
        "after": {"state": state},
        "act_id": "",
        "decided_by_id": None,
        "created_at": ruling.created_at,
    }
