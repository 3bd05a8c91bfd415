"""Findings: pairs of ideas so alike that a moderator should look, each as a case, and what the case shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import cases, search, subjects
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.domain.subjects import Subject
from forum.models import Case, Idea, IdeaText
from forum.text import differences, to_plain

CERTAIN = 0.5
"""From this likeness of words on a pair becomes a case. Of 153 such pairs of petitions some nine in ten ask for the
same (docs/search.md)."""
MOST_OPEN = 200
"""Cases of likely duplicates that wait at one time: a queue that nobody can clear helps nobody."""
LOOKED_AT = 5
"""The nearest of an idea that are looked at."""

_kinds = ("duplicate", "merge")
_IDEA = (
    sa.select(
        Idea.id,
        Idea.title,
        (Idea.is_public & (Idea.state == "published")).label("is_shown"),
        Idea.created_at,
        IdeaText.body,
        IdeaText.why,
    )
    .join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
    .where(Idea.id == sa.bindparam("idea_id"))
)
_CASES = sa.select(Case.subject_id, Case.is_open, Case.kind, Case.details).where(
    Case.kind.in_(_kinds), Case.subject_kind == "idea", Case.subject_id.in_(sa.bindparam("ids", expanding=True))
)
_OPEN = sa.select(sa.func.count()).select_from(Case).where(Case.kind == "duplicate", Case.is_open)
_DETAILS = sa.select(Case.details).where(Case.id == sa.bindparam("case_id"))
_SAY = sa.update(Case).where(Case.id == sa.bindparam("the_case")).values(details=sa.bindparam("said"))


@dataclass(frozen=True, slots=True)
class Found:
    """A pair that became a case, by the ids of its ideas."""

    case_id: int
    newer_id: int
    older_id: int
    score: float


def look(db: Connection, idea_ids: Iterable[int]) -> list[Found]:
    """Look for an idea that each of these repeats, and open a case of kind `duplicate` about the newer of the two.

    Looks across all public communities; ideas of closed ones are left out, so that no case tells of them elsewhere. A
    pair that was ever a case, or proposed to be merged, is left alone whatever was decided. Safe to repeat. Takes some
    milliseconds an idea. Asks no rights.
    """
    found: list[Found] = []
    for idea_id in idea_ids:
        idea = db.execute(_IDEA, {"idea_id": idea_id}).first()
        if idea is None or not idea.is_shown:
            continue
        body = to_plain("\n\n".join(filter(None, (idea.body, idea.why))), links=False)
        near = search.similar(db, idea.title, body, exclude_idea_id=idea.id, limit=LOOKED_AT, at_least=CERTAIN)
        for one in sorted(near, key=lambda one: (-one.score, one.idea_id)):
            if case := _open(db, idea, one.idea_id, one.score):
                found.append(case)
                break
    return found


def _open(db: Connection, idea: Any, other_id: int, score: float) -> Found | None:
    other = db.execute(_IDEA, {"idea_id": other_id}).first()
    if other is None or not other.is_shown:
        return None
    older, newer = sorted((idea, other), key=lambda one: (one.created_at, one.id))
    if _is_known(db, newer.id, older.id) or db.execute(_OPEN).scalar_one() >= MOST_OPEN:
        return None
    case_id = cases.open_for(db, "duplicate", subjects.get(db, None, "idea", newer.id))
    db.execute(_SAY, {"the_case": case_id, "said": {"other_id": older.id, "score": score}})
    return Found(case_id, newer.id, older.id, score)


def _is_known(db: Connection, newer_id: int, older_id: int) -> bool:
    """Was this pair a case before, or does the newer one wait already because of another idea?"""
    other = {newer_id: older_id, older_id: newer_id}
    for case in db.execute(_CASES, {"ids": list(other)}):
        if other[case.subject_id] in (case.details or {}).values():
            return True
        if case.is_open and case.kind == "duplicate" and case.subject_id == newer_id:
            return True
    return False


def about_case(db: Connection, user: Person | None, case: Any) -> dict[str, Any]:
    """What a case of kind `duplicate` shows: `newer` and `older` (Subject, or None if this person may not read it),
    `percent`, and where both can be read the titles and texts as changes from the older to the newer.
    """
    details = db.execute(_DETAILS, {"case_id": case.id}).scalar() or {}
    newer = _readable(db, user, case.subject_id)
    older = _readable(db, user, int(details.get("other_id", 0)))
    shown: dict[str, Any] = {"newer": newer, "older": older, "percent": round(100 * float(details.get("score", 0)))}
    if newer and older:
        before, after = _text(db, older.id), _text(db, newer.id)
        shown["title_changes"] = differences(older.title, newer.title)
        shown["body_changes"] = differences(before, after)
    return shown


def _readable(db: Connection, user: Person | None, idea_id: int) -> Subject | None:
    try:
        subject = subjects.get(db, user, "idea", idea_id)
    except NotFound:
        return None
    may = subject.state in ("published", "off-topic") or can(user, "case.decide", subject)
    return subject if may else None


def _text(db: Connection, idea_id: int) -> str:
    row = db.execute(_IDEA, {"idea_id": idea_id}).first()
    return to_plain("\n\n".join(filter(None, (row.body, row.why))), links=False) if row else ""
