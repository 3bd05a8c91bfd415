"""Acts: what a moderator does with a whole wave in one go, and taking it back exactly."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field, model_validator

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import cases, communities, moderation, notifications, reports, states, trust
from forum.domain.errors import Conflict, Forbidden
from forum.domain.ideas import path as idea_path
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import manages, moderator, require
from forum.domain.reasons import BY_CODE, label
from forum.domain.search.selections import ByIds
from forum.domain.waves import findings, records, statements
from forum.domain.waves.records import WaveView
from forum.models import Case, Decision, Idea, Wave, WaveAct, WaveMember

ACTIONS = {"off-topic": "Put on the off-topic track", "remove": "Removed", "keep": "Kept: this is no wave"}
_STATE_AFTER = {"off-topic": "off-topic", "remove": "removed", "keep": "published"}
NOTE_LENGTH = moderation.NOTE_LENGTH
_DECIDABLE = ("published", "held", "off-topic")

_of_wave = sa.and_(WaveMember.wave_id == sa.bindparam("wave"), WaveMember.subject_kind == "idea")
_members = (
    sa.select(
        Idea.id,
        Idea.author_id,
        Idea.community_id,
        Idea.state,
        Idea.title,
        Idea.slug,
        WaveMember.is_held_here,
        WaveMember.decision_id,
    )
    .join_from(WaveMember, Idea, Idea.id == WaveMember.subject_id)
    .where(_of_wave)
    .order_by(Idea.id)
    .with_for_update(of=Idea)
)
_WAITING = _members.where(WaveMember.is_waiting)
_OF_ACT = (
    _members.add_columns(Decision.state_before, Decision.state_after, Decision.community_id.label("was_in"))
    .join(Decision, Decision.id == WaveMember.decision_id)
    .where(WaveMember.act_id == sa.bindparam("act"))
)
_LAST_DECISIONS = ByIds(
    sa.select(Decision.subject_id, sa.func.max(Decision.id).label("last"))
    .where(Decision.subject_kind == "idea")
    .group_by(Decision.subject_id),
    Decision.subject_id,
)
_SETTLE = sa.update(WaveMember).where(_of_wave, WaveMember.is_waiting)
_SETTLE = _SETTLE.values(is_waiting=False, act_id=sa.bindparam("act"))
_DECIDED = (
    sa.update(WaveMember)
    .where(_of_wave, WaveMember.subject_id.in_(sa.bindparam("ids", expanding=True)))
    .values(
        decision_id=sa.select(sa.func.max(Decision.id))
        .where(Decision.subject_kind == "idea", Decision.subject_id == WaveMember.subject_id)
        .scalar_subquery()
    )
)
_FREE = sa.update(WaveMember).where(_of_wave, WaveMember.act_id == sa.bindparam("act"))
_FREE = _FREE.values(act_id=None, decision_id=None, is_waiting=True)
_SET_STATE = sa.update(Wave).where(Wave.id == sa.bindparam("wave")).values(state=sa.bindparam("new_state"))
_LAST_ACT = (
    sa.select(WaveAct.id, WaveAct.action, WaveAct.case_id)
    .where(WaveAct.wave_id == sa.bindparam("wave"), WaveAct.undone_at.is_(None))
    .order_by(WaveAct.id.desc())
    .limit(2)
)
_UNDO = (
    sa.update(WaveAct)
    .where(WaveAct.id == sa.bindparam("act"), WaveAct.undone_at.is_(None))
    .values(undone_at=sa.bindparam("moment"), undone_by_id=sa.bindparam("by"))
    .returning(WaveAct.id)
)
_OTHER_CASES = ByIds(
    sa.select(Case.id, Case.kind, Case.subject_id)
    .where(Case.subject_kind == "idea", Case.is_open, Case.kind.in_(("report", "held", "spam")))
    .order_by(Case.id),
    Case.subject_id,
)


class WaveFields(BaseModel):
    """What a moderator decides about a wave. Whoever takes something from view says why."""

    action: Literal["off-topic", "remove", "keep"]
    reason: str = ""
    note: str = Field(default="", max_length=NOTE_LENGTH)

    @model_validator(mode="after")
    def _has_reason(self) -> "WaveFields":
        if self.reason and self.reason not in BY_CODE:
            raise ValueError("Please choose one of the reasons.")
        if self.action != "keep" and not self.reason:
            raise ValueError("Please choose a reason. The authors will see it.")
        return self


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did: how many posts it changed, and how many it left as they were."""

    act_id: int
    changed: int
    left: int


def put_on_track(db: Connection, user: Person | None, wave_id: int, reason: str, note: str = "") -> Done:
    """Put every post of a wave that waits on the off-topic track, in one act."""
    return decide(db, user, wave_id, WaveFields(action="off-topic", reason=reason, note=note))


def decide(db: Connection, user: Person | None, wave_id: int, fields: WaveFields) -> Done:
    """Do one thing with every post of a wave that waits; each gets its decision, each author hears once.

    Posts that are removed, withdrawn or merged already keep what they are. Conflict if somebody else has the case or
    nothing waits; Forbidden on one's own posts and where posts lie in communities that this person does not manage.
    """
    wave = records.get(db, user, wave_id)
    user = require(user, "wave.decide", wave)
    _check(db, user, wave)
    case_id = _close_case(db, user, wave)
    rows = [row for row in db.execute(_WAITING, {"wave": wave.id}) if row.state in _DECIDABLE]
    after = _STATE_AFTER[fields.action]
    changing = [row for row in rows if row.state != after and (fields.action != "keep" or row.is_held_here)]
    moment = now()
    act_id = insert(
        db,
        WaveAct,
        wave_id=wave.id,
        case_id=case_id,
        action=fields.action,
        reason=fields.reason,
        note=fields.note.strip(),
        member_count=len(changing),
        by_id=user.id,
        created_at=moment,
    )
    _change(db, user, wave, changing, fields, act_id=act_id, case_id=case_id, moment=moment)
    if fields.action == "keep":  # those that their community holds wait on their own again
        for row in rows:
            if row.state == "held" and not row.is_held_here:
                place = {"community_id": row.community_id, "author_id": row.author_id}
                moderation.open_held(db, subject_kind="idea", subject_id=row.id, **place)
    else:
        _close_others(db, rows, fields, act_id)
    db.execute(_SETTLE, {"wave": wave.id, "act": act_id})
    db.execute(_SET_STATE, {"wave": wave.id, "new_state": "dismissed" if fields.action == "keep" else "on-track"})
    return Done(act_id, len(changing), wave.member_count - len(changing))


def _check(db: Connection, user: Person, wave: WaveView) -> None:
    if reason := why_not(db, user, wave):
        raise Forbidden("wave.decide", reason)


def why_not(db: Connection, user: Person, wave: WaveView) -> str:
    """Why this person may not decide on this wave; empty if they may."""
    if user.id in records.author_ids(db, wave.id):
        return "Some of these posts are yours, so somebody else decides on this wave."
    places = [] if moderator(user, None) else records.numbers(db, wave).communities
    if not all(manages(user, communities.of(db, place_id)) for place_id in places):
        return "Some of these posts are in communities that you do not manage. A moderator of the forum decides."
    return ""


def standing_act(db: Connection, wave_id: int) -> Any:
    """The last act on a wave that was not taken back (id, action), or None."""
    return db.execute(_LAST_ACT, {"wave": wave_id}).first()


def _close_case(db: Connection, user: Person, wave: WaveView) -> int:
    case_id = records.open_case(db, wave.id)
    if case_id is None:
        raise Conflict("Nothing waits in this wave. Somebody may have decided in the meantime.")
    case = cases.get(db, user, case_id)
    if cases.is_lent_to_another(case, user):
        raise Conflict(f"{case.claimer_name} has this case right now.")
    if not cases.close(db, case_id):
        raise Conflict("Somebody has decided this case in the meantime.")
    return case_id


def _change(
    db: Connection,
    user: Person,
    wave: WaveView,
    rows: Sequence[Any],
    fields: WaveFields,
    *,
    act_id: int,
    case_id: int,
    moment: datetime,
) -> None:
    after = _STATE_AFTER[fields.action]
    before = states.change_many(db, [row.id for row in rows], after)
    statements.write(
        db,
        [{"idea": row, "state_before": before[row.id], "state_after": after, "action": fields.action} for row in rows],
        reason=fields.reason,
        note=fields.note.strip(),
        facts=_facts(wave),
        moment=moment,
        by_id=user.id,
        case_id=case_id,
        act_id=f"wave:{act_id}",
        office=_office(user, wave),
    )
    if rows:
        db.execute(_DECIDED, {"wave": wave.id, "ids": [row.id for row in rows]})
    trust.update_many(db, {row.author_id for row in rows})


def _facts(wave: WaveView) -> str:
    """What the decision rests on: the sentences of the signals."""
    return " ".join(["This post is one of many that came together.", *(signal["text"] for signal in wave.signals)])


def _office(user: Person, wave: WaveView) -> str:
    return "Moderators" if moderator(user, None) else f"Managers of {wave.community.name}"


def _close_others(db: Connection, rows: Sequence[Any], fields: WaveFields, act_id: int) -> None:
    """Reports about these posts are answered by the act too; who reported hears so."""
    by_id = {row.id: row for row in rows}
    for case in _OTHER_CASES.rows(db, by_id):
        if not cases.close(db, case.id) or case.kind != "report":
            continue
        row = by_id[case.subject_id]
        what = "is on the off-topic track now" if fields.action == "off-topic" else "was removed"
        text = f"Thank you for your report. A moderator looked at it. The idea “{row.title}” {what}."
        text += f" The reason: {label(fields.reason)}."
        event, title = f"report:wave:{act_id}:{row.id}", f"Your report: the idea {what}"
        telling = Telling(event, "report.decided", title, idea_path(row.id, row.slug), text)
        notifications.later(db, reports.reporters(db, case.id), telling, reason="you reported this post")


def take_back(db: Connection, user: Person | None, wave_id: int, note: str = "") -> Done:
    """Undo the last act on a wave that stands: its posts become what they were, and its case is open again.

    A post about which somebody has decided since, or that was removed, withdrawn or moved since, keeps what it is now.
    Conflict if there is nothing to undo.
    """
    wave = records.get(db, user, wave_id)
    user = require(user, "wave.decide", wave)
    _check(db, user, wave)
    standing = db.execute(_LAST_ACT, {"wave": wave.id}).all()
    moment = now()
    if not standing or not db.execute(_UNDO, {"act": standing[0].id, "moment": moment, "by": user.id}).all():
        raise Conflict("There is nothing to take back.")
    act_id = standing[0].id
    rows = db.execute(_OF_ACT, {"wave": wave.id, "act": act_id}).all()
    last = {row.subject_id: row.last for row in _LAST_DECISIONS.rows(db, [row.id for row in rows])}
    same = [
        row
        for row in rows
        if row.state == row.state_after and row.community_id == row.was_in and last.get(row.id) == row.decision_id
    ]
    _restore(db, user, wave, same, act_id, note=note.strip(), moment=moment)
    db.execute(_FREE, {"wave": wave.id, "act": act_id})
    earlier = "open" if len(standing) == 1 else "dismissed" if standing[1].action == "keep" else "on-track"
    db.execute(_SET_STATE, {"wave": wave.id, "new_state": earlier})
    held = [row.id for row in db.execute(_WAITING, {"wave": wave.id}) if row.state == "held"]
    for case in _OTHER_CASES.rows(db, held):
        if case.kind == "held":
            cases.close(db, case.id)
    findings.keep_case(
        db,
        wave.id,
        {
            "title": wave.title,
            "member_count": wave.member_count,
            "strength": wave.strength,
            "community_id": wave.community_id,
            "author_id": wave.author_id,
        },
    )
    return Done(act_id, len(same), len(rows) - len(same))


def _restore(
    db: Connection, user: Person, wave: WaveView, rows: Sequence[Any], act_id: int, *, note: str, moment: datetime
) -> None:
    alike: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        alike[row.state_before].append(row.id)
    for state, ids in sorted(alike.items()):
        states.change_many(db, ids, state)
    statements.write(
        db,
        [
            {
                "idea": row,
                "state_before": row.state_after,
                "state_after": row.state_before,
                "action": "undo",
                "undoes": row.decision_id,
            }
            for row in rows
        ],
        reason="",
        note=note,
        facts="A moderator took an earlier decision back.",
        moment=moment,
        by_id=user.id,
        act_id=f"wave-undo:{act_id}",
        office=_office(user, wave),
    )
    if "undone_at" in Decision.__table__.columns:
        decisions = [row.decision_id for row in rows]
        undone = sa.update(Decision).where(Decision.id.in_(decisions))
        db.execute(undone.values({Decision.__table__.columns["undone_at"]: moment}))
    trust.update_many(db, {row.author_id for row in rows})
