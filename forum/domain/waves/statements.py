"""Statements: one decision for each idea of an act on many, its public history, and word to each author, in bulk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from forum.db import Connection, insert_many, take_ids
from forum.domain import notifications
from forum.domain.notifications import Telling
from forum.domain.reasons import BY_CODE
from forum.models import Decision, StatusChange

_COLUMNS = frozenset(Decision.__table__.columns.keys())
_SAYS = {
    "off-topic": "is on the off-topic track",
    "removed": "was removed",
    "held": "waits for a check",
    "published": "is shown like any other again",
}


def write(
    db: Connection,
    decided: Sequence[Mapping[str, Any]],
    *,
    reason: str,
    moment: datetime,
    facts: str = "",
    note: str = "",
    by_id: int | None = None,
    case_id: int | None = None,
    act_id: str = "",
    office: str = "Moderators",
) -> list[int]:
    """One decision and one step in the public history for each idea; each author is told once. The decisions' ids.

    `decided`: for each its `idea` (id, author_id, community_id, title), state_before, state_after, action, and the
    decision that it `undoes` (id), if it does.
    """
    ids = take_ids(db, Decision, len(decided))
    rows = [
        {
            "id": decision_id,
            "case_id": case_id,
            "subject_kind": "idea",
            "subject_id": one["idea"].id,
            "community_id": one["idea"].community_id,
            "author_id": one["idea"].author_id,
            "action": one["action"],
            "reason": reason,
            "note": note,
            "facts": facts,
            "office": office,
            "machine": "found" if by_id is not None else "decided",
            "act_id": act_id,
            "undoes_id": one.get("undoes"),
            "before": {"state": one["state_before"], "community_id": one["idea"].community_id},
            "state_before": one["state_before"],
            "state_after": one["state_after"],
            "is_automated": by_id is None,
            "decided_by_id": by_id,
            "created_at": moment,
        }
        for decision_id, one in zip(ids, decided, strict=True)
    ]
    insert_many(db, Decision, [{name: value for name, value in row.items() if name in _COLUMNS} for row in rows])
    steps = {"removed": "removed", "held": "held", "off-topic": "off-topic"}
    note_shown = BY_CODE[reason].label if reason in BY_CODE else ""
    history = [
        {
            "idea_id": one["idea"].id,
            "kind": steps.get(one["state_after"], "restored"),
            "status": "",
            "note": note_shown,
            "by_id": by_id,
            "created_at": moment,
        }
        for one in decided
        if one["state_before"] != one["state_after"]
    ]
    insert_many(db, StatusChange, history)
    _tell(db, decided, ids, reason, note or facts)
    return ids


def _tell(db: Connection, decided: Sequence[Mapping[str, Any]], ids: Sequence[int], reason: str, why: str) -> None:
    """Each author hears once, however many of their ideas the act is about."""
    told: dict[int, tuple[Mapping[str, Any], int, int]] = {}
    for one, decision_id in zip(decided, ids, strict=True):
        if one["state_before"] == one["state_after"]:
            continue
        first, key, many = told.get(one["idea"].author_id, (one, decision_id, 0))
        told[one["idea"].author_id] = (first, key, many + 1)
    tellings = []
    for author_id, (one, decision_id, many) in told.items():
        what = _SAYS[one["state_after"]]
        title = f"Your idea “{one['idea'].title}” {what}"
        lines = [f"{title}."]
        if many > 1:
            lines.append(f"The same goes for {many - 1:,} more of your ideas.")
        if reason in BY_CODE:
            lines.append(f"The reason: {BY_CODE[reason].label}. {BY_CODE[reason].text}")
        if why:
            lines.append(why)
        lines.append("You can read the whole decision, and what you can do now, on its page.")
        telling = Telling(
            f"decision:{decision_id}", "moderation.decided", title, f"/decisions/{decision_id}", "\n\n".join(lines)
        )
        tellings.append((author_id, telling))
    notifications.later_many(db, tellings, reason="it is your post")
