"""Dockets: many cases read, closed or opened again, in one statement each."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import holds
from forum.domain.search.selections import ByIds, among
from forum.models import Case, Report

CLOSED_TOGETHER = ("report", *holds.KINDS)
"""Kinds of case that end with any decision about their post."""

_CLOSE = (
    sa.update(Case)
    .where(Case.id.in_(sa.bindparam("ids", expanding=True)), Case.is_open)
    .values(is_open=False, closed_at=sa.bindparam("moment"), claimed_by_id=None, claimed_until=None)
    .returning(Case.id)
)
_REOPEN = (
    sa.update(Case)
    .where(Case.id.in_(sa.bindparam("ids", expanding=True)), ~Case.is_open)
    .values(is_open=True, closed_at=None)
)
_ABOUT = ByIds(
    sa.select(Case.id, Case.kind, Case.subject_id).where(
        Case.subject_kind == sa.bindparam("subject_kind"), Case.is_open
    ),
    Case.subject_id,
)
_OPEN = ByIds(sa.select(Case.id, Case.subject_id).where(Case.is_open, Case.subject_kind == "idea"), Case.id)
_ABSORBED = ByIds(
    sa.select(Case.subject_id, sa.func.max(Case.id).label("last"))
    .where(
        Case.subject_kind == "idea",
        among(Case.kind, holds.KINDS),
        ~Case.is_open,
        Case.decision_id.is_(None),
    )
    .group_by(Case.subject_id),
    Case.subject_id,
)
_REPORTERS = ByIds(sa.select(Report.case_id, Report.reporter_id), Report.case_id)


def close(db: Connection, case_ids: Collection[int]) -> list[int]:
    """Close these cases; returns those that were open."""
    if not case_ids:
        return []
    return sorted(db.execute(_CLOSE, {"ids": sorted(case_ids), "moment": now()}).scalars())


def close_chosen(db: Connection, case_ids: Collection[int]) -> dict[int, int]:
    """Close those of these cases that are open and about ideas: case id → idea id."""
    about = {row.id: row.subject_id for row in _OPEN.rows(db, case_ids)}
    return {case_id: about[case_id] for case_id in close(db, about)}


def reopen(db: Connection, case_ids: Collection[int]) -> None:
    """Cases that were closed without a decision of their own wait again."""
    if case_ids:
        db.execute(_REOPEN, {"ids": sorted(case_ids)})


def open_about(
    db: Connection, subject_kind: str, subject_ids: Collection[int], kinds: Sequence[str] = CLOSED_TOGETHER
) -> list[Any]:
    """The open cases of these kinds about many subjects (id, kind, subject_id), in the order of their ids."""
    found = _ABOUT.rows(db, subject_ids, subject_kind=subject_kind)
    return sorted((row for row in found if row.kind in kinds), key=lambda row: int(row.id))


def absorbed(db: Connection, idea_ids: Collection[int]) -> dict[int, int]:
    """Idea id → the last case in which it waited for a check and that ended without a decision."""
    return {row.subject_id: int(row.last) for row in _ABSORBED.rows(db, idea_ids)}


def reporters(db: Connection, case_ids: Collection[int]) -> dict[int, list[int]]:
    """Case id → the ids of the people who reported."""
    found: dict[int, list[int]] = {}
    for row in _REPORTERS.rows(db, case_ids):
        found.setdefault(row.case_id, []).append(int(row.reporter_id))
    return found
