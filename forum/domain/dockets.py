"""Dockets: many cases read, closed or opened again, in one statement each."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import holds
from forum.domain.actions import POSTS
from forum.domain.search.selections import ByIds, among
from forum.domain.selected import Key, by_kind
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
    sa.select(Case.id, Case.kind, Case.subject_kind, Case.subject_id).where(
        Case.subject_kind == sa.bindparam("subject_kind"), Case.is_open
    ),
    Case.subject_id,
)
_OPEN = ByIds(
    sa.select(Case.id, Case.subject_kind, Case.subject_id).where(Case.is_open, among(Case.subject_kind, POSTS)), Case.id
)
_ABSORBED = ByIds(
    sa.select(Case.subject_id, sa.func.max(Case.id).label("last"))
    .where(
        Case.subject_kind == sa.bindparam("subject_kind"),
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


def close_chosen(db: Connection, case_ids: Collection[int]) -> dict[int, Key]:
    """Close those of these cases that are open and about posts: case id → kind and id of the post."""
    about = {row.id: (row.subject_kind, row.subject_id) for row in _OPEN.rows(db, case_ids)}
    return {case_id: about[case_id] for case_id in close(db, about)}


def reopen(db: Connection, case_ids: Collection[int]) -> None:
    """Cases that were closed without a decision of their own wait again."""
    if case_ids:
        db.execute(_REOPEN, {"ids": sorted(case_ids)})


def open_about(db: Connection, keys: Collection[Key], kinds: Sequence[str] = CLOSED_TOGETHER) -> list[Any]:
    """The open cases of these kinds about many posts (id, kind, subject_kind, subject_id), by their ids."""
    found = [row for kind, ids in by_kind(keys).items() for row in _ABOUT.rows(db, ids, subject_kind=kind)]
    return sorted((row for row in found if row.kind in kinds), key=lambda row: int(row.id))


def absorbed(db: Connection, keys: Collection[Key]) -> dict[Key, int]:
    """Post → the last case in which it waited for a check and that ended without a decision."""
    return {
        (kind, row.subject_id): int(row.last)
        for kind, ids in by_kind(keys).items()
        for row in _ABSORBED.rows(db, ids, subject_kind=kind)
    }


def reporters(db: Connection, case_ids: Collection[int]) -> dict[int, list[int]]:
    """Case id → the ids of the people who reported."""
    found: dict[int, list[int]] = {}
    for row in _REPORTERS.rows(db, case_ids):
        found.setdefault(row.case_id, []).append(int(row.reporter_id))
    return found
