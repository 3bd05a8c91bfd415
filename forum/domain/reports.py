"""Reports: a reader's flag on an idea or a comment; the first opens a case, the others join it."""

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field, field_validator

from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import cases, limits, subjects, weights
from forum.domain.errors import Conflict
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.reasons import BY_CODE
from forum.models import Case, Report, User

NOTE_LENGTH = 1_000


class ReportFields(BaseModel):
    """What a reader says who reports something."""

    reason: str = Field(default="", validate_default=True)
    note: str = Field(default="", max_length=NOTE_LENGTH)

    @field_validator("reason")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in BY_CODE:
            raise ValueError("Please choose one of the reasons.")
        return value


_MINE = sa.select(Report.id).where(
    Report.reporter_id == sa.bindparam("by"),
    Report.subject_kind == sa.bindparam("kind"),
    Report.subject_id == sa.bindparam("subject_id"),
)
_COUNT_MORE = sa.update(Case).where(Case.id == sa.bindparam("the_case")).values(report_count=Case.report_count + 1)
_OF_CASE = (
    sa.select(
        Report.id,
        Report.reason,
        Report.note,
        Report.created_at,
        Report.reporter_id,
        User.name,
        User.handle,
        User.is_employee,
        User.agency_name,
    )
    .join_from(Report, User, User.id == Report.reporter_id)
    .where(Report.case_id == sa.bindparam("case_id"))
    .order_by(Report.id)
    .limit(200)
)
_REPORTERS = sa.select(Report.reporter_id).where(Report.case_id == sa.bindparam("case_id"))
_REASONS = (
    sa.select(Report.case_id, Report.reason, sa.func.count().label("count"))
    .where(Report.case_id.in_(sa.bindparam("case_ids", expanding=True)))
    .group_by(Report.case_id, Report.reason)
    .order_by(Report.case_id, sa.func.count().desc(), Report.reason)
)


def file(db: Connection, user: Person | None, kind: str, subject_id: int, fields: ReportFields) -> int:
    """Report an idea or a comment; returns the id of its case. Conflict if this person has reported it before."""
    subject = subjects.get(db, user, kind, subject_id)
    user = require(user, f"{kind}.report", subject)
    limits.hit(db, user, "report")
    case_id = cases.open_for(db, "report", subject)
    new = insert_once(
        db,
        Report,
        case_id=case_id,
        subject_kind=kind,
        subject_id=subject_id,
        reporter_id=user.id,
        reason=fields.reason,
        note=fields.note.strip(),
        created_at=now(),
    )
    if not new:
        raise Conflict("You have reported this already. A moderator will look at it, and we will tell you.")
    db.execute(_COUNT_MORE, {"the_case": case_id})
    weights.update(db, subject.author_id)
    return case_id


def has_reported(db: Connection, user: Person | None, kind: str, subject_id: int) -> bool:
    """Has this person reported it?"""
    key = {"by": user.id if user else 0, "kind": kind, "subject_id": subject_id}
    return db.execute(_MINE, key).first() is not None


def of_case(db: Connection, case_id: int) -> list[Any]:
    """The reports of a case, oldest first, with the reporters' names (at most 200)."""
    return list(db.execute(_OF_CASE, {"case_id": case_id}))


def reporters(db: Connection, case_id: int) -> list[int]:
    """The ids of the people who reported."""
    return [int(row.reporter_id) for row in db.execute(_REPORTERS, {"case_id": case_id})]


def reasons_of(db: Connection, case_ids: list[int]) -> dict[int, list[Any]]:
    """For each case its reasons with their counts, the most frequent first."""
    found: dict[int, list[Any]] = {}
    for row in db.execute(_REASONS, {"case_ids": case_ids}):
        found.setdefault(row.case_id, []).append(row)
    return found
