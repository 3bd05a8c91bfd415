"""Moderation: which posts wait for a check, and decisions: keep, hold or remove, with a reason that the author sees."""

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field, model_validator

from forum.clock import now
from forum.db import Connection, insert, insert_once
from forum.domain import cases, communities, notifications, reports, subjects, trust
from forum.domain.communities import CommunityView
from forum.domain.errors import Conflict, NotFound
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import manages, require
from forum.domain.reasons import BY_CODE, label
from forum.domain.subjects import Subject
from forum.models import Case, Decision, StatusChange, User

FIRST_POSTS = 3
NOTE_LENGTH = 2_000
ACTIONS = {"keep": "Kept", "hold": "Held for a second look", "remove": "Removed"}
_STATE_AFTER = {"keep": "published", "hold": "held", "remove": "removed"}


class DecisionFields(BaseModel):
    """What a moderator fills in. Whoever holds or removes says why."""

    action: Literal["keep", "hold", "remove"]
    reason: str = ""
    note: str = Field(default="", max_length=NOTE_LENGTH)

    @model_validator(mode="after")
    def _has_reason(self) -> "DecisionFields":
        if self.reason and self.reason not in BY_CODE:
            raise ValueError("Please choose one of the reasons.")
        if self.action != "keep" and not self.reason:
            raise ValueError("Please choose a reason. The author will see it.")
        return self


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons, as its author reads it (the fields of the EU Digital Services Act, article 17)."""

    id: int
    subject_kind: str
    subject_id: int
    community: CommunityView
    author_id: int
    action: str
    reason: str
    note: str
    machine: str
    created_at: Any

    @property
    def community_id(self) -> int:
        return self.community.id


_OPEN_CASE = sa.select(Case.id).where(
    Case.kind == "held",
    Case.subject_kind == sa.bindparam("subject_kind"),
    Case.subject_id == sa.bindparam("subject_id"),
    Case.is_open,
)
_removals = (
    sa.select(Decision.subject_id, Decision.reason)
    .where(Decision.action == "remove", Decision.subject_kind == sa.bindparam("subject_kind"))
    .order_by(Decision.id)
)
_REASONS = _removals.where(Decision.subject_id.in_(sa.bindparam("ids", expanding=True)))
_EARLIER = (
    sa.select(
        Decision.id, Decision.action, Decision.reason, Decision.note, Decision.created_at, User.name.label("by_name")
    )
    .join_from(Decision, User, User.id == Decision.decided_by_id, isouter=True)
    .where(Decision.subject_kind == sa.bindparam("subject_kind"), Decision.subject_id == sa.bindparam("subject_id"))
    .order_by(Decision.id.desc())
    .limit(20)
)
_OF_CASE = (
    sa.select(Decision.id, Decision.action, Decision.reason, Decision.created_at, User.name.label("by_name"))
    .join_from(Decision, User, User.id == Decision.decided_by_id, isouter=True)
    .where(Decision.case_id == sa.bindparam("case_id"))
    .order_by(Decision.id.desc())
    .limit(1)
)
_GET = sa.select(
    Decision.id,
    Decision.subject_kind,
    Decision.subject_id,
    Decision.community_id,
    Decision.action,
    Decision.reason,
    Decision.note,
    Decision.machine,
    Decision.created_at,
    Decision.author_id,
).where(Decision.id == sa.bindparam("decision_id"))


def should_hold(community: CommunityView, author: Person, kept_count: int) -> bool:
    """Does a post of this author wait for a check here? Managers' posts never do."""
    if manages(author, community):
        return False
    if community.moderation == "before":
        return True
    return community.moderation == "first-posts" and author.trust_level == 0 and kept_count < FIRST_POSTS


def open_held(db: Connection, *, subject_kind: str, subject_id: int, community_id: int, author_id: int) -> int:
    """Open the case of a held post, or find the one that is open already. Returns its id."""
    moment = now()
    subject = {"subject_kind": subject_kind, "subject_id": subject_id}
    insert_once(
        db,
        Case,
        kind="held",
        **subject,
        community_id=community_id,
        author_id=author_id,
        is_open=True,
        report_count=0,
        opened_at=moment,
        due_at=cases.due_after(moment),
        details={},
    )
    return int(db.execute(_OPEN_CASE, subject).scalar_one())


def close_held(db: Connection, subject_kind: str, subject_id: int) -> None:
    """Nothing is left to check, because the author took the post back. Reports about it stay open."""
    for case_id in cases.open_ids(db, subject_kind, subject_id, kind="held"):
        cases.close(db, case_id)


def decide(db: Connection, user: Person | None, case_id: int, fields: DecisionFields) -> int:
    """Decide a case; returns the id of the decision. The post changes its state, its author and its reporters are told.

    Conflict if somebody else has the case or has decided it; Forbidden on one's own content; NotFound out of reach.
    """
    case = cases.get(db, user, case_id)
    user = require(user, "case.decide", case)
    if cases.is_lent_to_another(case, user):
        raise Conflict(f"{case.claimer_name} has this case right now.")
    if not cases.close(db, case_id):
        raise Conflict("Somebody has decided this case in the meantime. See the decision below.")
    subject = subjects.get(db, user, case.subject_kind, case.subject_id, to_change=True)
    after = _after(subject.state, fields.action)
    if after != subject.state:
        subjects.change_state(db, subject, after)
    decision_id = insert(
        db,
        Decision,
        case_id=case_id,
        subject_kind=subject.kind,
        subject_id=subject.id,
        community_id=subject.community_id,
        author_id=subject.author_id,
        action=fields.action,
        reason=fields.reason,
        note=fields.note.strip(),
        state_before=subject.state,
        state_after=after,
        decided_by_id=user.id,
        created_at=now(),
    )
    _follow_up(db, user, subject, fields, decision_id, after)
    return decision_id


def _after(before: str, action: str) -> str:
    """What a post becomes. Keeping changes only what waits: a withdrawn post stays withdrawn."""
    if before in ("withdrawn", "merged"):
        return before
    if action == "keep":
        return "published" if before == "held" else before
    return _STATE_AFTER[action]


def _follow_up(
    db: Connection, user: Person, subject: Subject, fields: DecisionFields, decision_id: int, after: str
) -> None:
    case_ids = [*_cases_of(db, decision_id)]
    case_ids += [other for other in cases.open_ids(db, subject.kind, subject.id) if cases.close(db, other)]
    if fields.action == "hold" and after == "held":
        open_held(
            db,
            subject_kind=subject.kind,
            subject_id=subject.id,
            community_id=subject.community_id,
            author_id=subject.author_id,
        )
    if subject.kind == "idea" and after != subject.state:
        kind = {"removed": "removed", "held": "held"}.get(after, "restored")
        row = {"idea_id": subject.id, "kind": kind, "status": "", "note": label(fields.reason) if fields.reason else ""}
        db.execute(sa.insert(StatusChange), {**row, "by_id": user.id, "created_at": now()})
    trust.update(db, subject.author_id)
    if after != subject.state:
        notifications.later(
            db, [subject.author_id], _told_author(subject, fields, decision_id), reason="it is your post"
        )
    reporters = {person for case_id in case_ids for person in reports.reporters(db, case_id)}
    if reporters and fields.action != "hold":
        told = _told_reporters(subject, fields, decision_id)
        notifications.later(db, sorted(reporters), told, reason="you reported this post")


def _cases_of(db: Connection, decision_id: int) -> list[int]:
    found = db.execute(sa.select(Decision.case_id).where(Decision.id == decision_id)).scalar()
    return [] if found is None else [int(found)]


def _told_author(subject: Subject, fields: DecisionFields, decision_id: int) -> Telling:
    what = {"keep": "is published now", "hold": "waits for a second look", "remove": "was removed"}[fields.action]
    lines = [f"Your {subject.label} {what}."]
    if fields.reason:
        reason = BY_CODE[fields.reason]
        lines.append(f"The reason: {reason.label}. {reason.text}")
    if fields.note.strip():
        lines.append(f"The moderator says: {fields.note.strip()}")
    if fields.action == "remove":
        lines.append("You can read the whole decision, and what you can do now, on its page.")
    title = f"Your {subject.kind} {what}"
    return Telling(
        f"decision:{decision_id}", "moderation.decided", title, f"/decisions/{decision_id}", "\n\n".join(lines)
    )


def _told_reporters(subject: Subject, fields: DecisionFields, decision_id: int) -> Telling:
    kept = fields.action == "keep"
    what = "stays as it is" if kept else "was removed"
    text = f"Thank you for your report. A moderator looked at it. The {subject.label} {what}."
    if not kept:
        text += f" The reason: {label(fields.reason)}."
    return Telling(
        f"report:{decision_id}", "report.decided", f"Your report: the {subject.kind} {what}", subject.path, text
    )


def reason_for(db: Connection, subject_kind: str, subject_id: int) -> str:
    """The code of the reason for which this was removed last; empty if it never was."""
    return reasons_for(db, subject_kind, [subject_id]).get(subject_id, "")


def reasons_for(db: Connection, subject_kind: str, ids: list[int]) -> dict[int, str]:
    """The codes of the reasons for which these were removed last, by id."""
    rows = db.execute(_REASONS, {"subject_kind": subject_kind, "ids": ids})
    return {row.subject_id: row.reason for row in rows}


def earlier(db: Connection, subject_kind: str, subject_id: int) -> list[Any]:
    """Decisions about a subject, newest first: id, action, reason, note, created_at, by_name."""
    return list(db.execute(_EARLIER, {"subject_kind": subject_kind, "subject_id": subject_id}))


def decision_of(db: Connection, case_id: int) -> Any:
    """The decision that ended a case, or None."""
    return db.execute(_OF_CASE, {"case_id": case_id}).first()


def statement(db: Connection, user: Person | None, decision_id: int) -> Statement:
    """A decision as its author and the moderators read it; NotFound for everybody else."""
    row = db.execute(_GET, {"decision_id": decision_id}).first()
    if row is None or user is None:
        raise NotFound("There is no decision here.")
    values = dict(row._mapping)
    place = communities.load(db, values.pop("community_id"))
    found = Statement(**values, community=place)
    if user.id != found.author_id and not manages(user, found):
        raise NotFound("There is no decision here.")
    return found
