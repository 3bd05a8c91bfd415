"""Acts: what a moderator does with a whole wave in one go, and taking it back exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field, model_validator

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import bulks, cases, communities, decisions, dockets, holds
from forum.domain.actions import NOTE_LENGTH
from forum.domain.bulks import Deed, Ground
from forum.domain.errors import Conflict, Forbidden
from forum.domain.people import Person
from forum.domain.permissions import manages, moderator, require
from forum.domain.reasons import BY_CODE
from forum.domain.waves import findings, records
from forum.domain.waves.records import WaveView
from forum.models import Idea, Wave, WaveAct, WaveMember

ACTIONS = {"off-topic": "Put on the off-topic track", "remove": "Removed", "keep": "Kept: this is no wave"}
_STATE_AFTER = {"off-topic": "off-topic", "remove": "removed", "keep": "published"}
_DECIDABLE = ("published", "held", "off-topic")

_of_wave = sa.and_(WaveMember.wave_id == sa.bindparam("wave"), WaveMember.subject_kind == "idea")
_WAITING = sa.select(WaveMember.subject_id, WaveMember.is_held_here, WaveMember.added_at).where(
    _of_wave, WaveMember.is_waiting
)
_HELD_WAITING = (
    sa.select(Idea.id)
    .join_from(WaveMember, Idea, Idea.id == WaveMember.subject_id)
    .where(_of_wave, WaveMember.is_waiting, Idea.state == "held")
)
_SETTLE = sa.update(WaveMember).where(_of_wave, WaveMember.is_waiting)
_SETTLE = _SETTLE.values(is_waiting=False, act_id=sa.bindparam("act"))
_FREE = sa.update(WaveMember).where(_of_wave, WaveMember.act_id == sa.bindparam("act"))
_FREE = _FREE.values(act_id=None, is_waiting=True)
_SET_STATE = sa.update(Wave).where(Wave.id == sa.bindparam("wave")).values(state=sa.bindparam("new_state"))
_standing = sa.select(WaveAct.id, WaveAct.wave_id, WaveAct.action, WaveAct.act_id).where(WaveAct.undone_at.is_(None))
_STANDING = _standing.where(WaveAct.wave_id == sa.bindparam("wave")).order_by(WaveAct.id.desc())
_WAVE_OF = sa.select(WaveAct.wave_id).where(WaveAct.act_id == sa.bindparam("act"))
_UNDO = (
    sa.update(WaveAct)
    .where(WaveAct.id == sa.bindparam("act"), WaveAct.undone_at.is_(None))
    .values(undone_at=sa.bindparam("moment"), undone_by_id=sa.bindparam("by"))
    .returning(WaveAct.id)
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
    """What an act did: how many posts it changed, and how many it left as they were. `act_id`: of its decisions."""

    act_id: str
    changed: int
    left: int


def put_on_track(db: Connection, user: Person | None, wave_id: int, reason: str, note: str = "") -> Done:
    """Put every post of a wave that waits on the off-topic track, in one act."""
    return decide(db, user, wave_id, WaveFields(action="off-topic", reason=reason, note=note))


def decide(db: Connection, user: Person | None, wave_id: int, fields: WaveFields) -> Done:
    """Do one thing with every post of a wave that waits; each gets its decision, each author hears once.

    Posts that are removed, withdrawn or merged already keep what they are, and those that a person kept meanwhile.
    Conflict if somebody else has the case or nothing waits; Forbidden on one's own posts, and where posts lie in
    communities that this person does not manage.
    """
    wave = records.get(db, user, wave_id)
    user = require(user, "wave.decide", wave)
    _check(db, user, wave)
    case_id = _close_case(db, user, wave)
    members = db.execute(_WAITING, {"wave": wave.id}).all()
    waiting, kept = {row.subject_id: row.is_held_here for row in members}, _kept_since(db, members)
    rows = [row for row in bulks.load(db, waiting) if row.state in _DECIDABLE and row.id not in kept]
    after = _STATE_AFTER[fields.action]
    changing = [row for row in rows if row.state != after and (fields.action != "keep" or waiting[row.id])]
    deed = Deed(user, fields.action, decisions.new_act(), fields.reason, fields.note)
    _change(db, deed, wave, changing, case_id)
    if fields.action == "keep":
        _wait_alone(db, [row for row in rows if row.state == "held" and not waiting[row.id]])
    wave_act = insert(
        db,
        WaveAct,
        wave_id=wave.id,
        case_id=case_id,
        action=fields.action,
        reason=fields.reason,
        note=fields.note.strip(),
        act_id=deed.act_id,
        member_count=len(changing),
        by_id=user.id,
        created_at=now(),
    )
    db.execute(_SETTLE, {"wave": wave.id, "act": wave_act})
    db.execute(_SET_STATE, {"wave": wave.id, "new_state": "dismissed" if fields.action == "keep" else "on-track"})
    return Done(deed.act_id, len(changing), wave.member_count - len(changing))


def _kept_since(db: Connection, members: Sequence[Any]) -> set[int]:
    """Those that a person kept by themselves since they are in the wave."""
    found = bulks.kept(db, [row.subject_id for row in members])
    return {row.subject_id for row in members if row.subject_id in found and found[row.subject_id] >= row.added_at}


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
    """The last act on a wave that was not taken back (id, action, act_id), or None."""
    return db.execute(_STANDING, {"wave": wave_id}).first()


def of_act(db: Connection, act_id: str) -> int | None:
    """The wave that these decisions were made about; None for an act about anything else."""
    found = db.execute(_WAVE_OF, {"act": act_id}).scalar() if act_id else None
    return None if found is None else int(found)


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


def _change(db: Connection, deed: Deed, wave: WaveView, changing: Sequence[Any], case_id: int) -> None:
    after, ground = _STATE_AFTER[deed.action], Ground(_facts(wave), "found", case_id)
    wanted, grounds = {row.id: after for row in changing}, {row.id: ground for row in changing}
    made = bulks.decide(db, deed, changing, wanted, grounds)
    if made:
        decisions.name_in_cases(db, [case_id], made[0].id)
    if deed.action != "keep":  # whoever keeps a wave has not answered what readers reported of a post
        bulks.answer(db, changing, made, bulks.close_about(db, [row.id for row in changing]))
    bulks.tell_authors(db, changing, made, is_once=True)


def _facts(wave: WaveView) -> str:
    """What the decision rests on: the sentences of the signals."""
    return " ".join(["This post is one of many that came together.", *(signal["text"] for signal in wave.signals)])


def _wait_alone(db: Connection, rows: Sequence[Any]) -> None:
    """What its community or its score holds waits on its own again."""
    waits = {row.subject_id for row in dockets.open_about(db, "idea", [row.id for row in rows], holds.KINDS)}
    before = dockets.absorbed(db, [row.id for row in rows])
    dockets.reopen(db, [before[row.id] for row in rows if row.id in before and row.id not in waits])
    for row in rows:
        if row.id not in before and row.id not in waits:
            place = {"community_id": row.community_id, "author_id": row.author_id}
            holds.open_held(db, subject_kind="idea", subject_id=row.id, **place)


def take_back(db: Connection, user: Person | None, wave_id: int, note: str = "", *, act_id: str = "") -> Done:
    """Undo an act on a wave (the last one that stands): its posts become what they were, and its case is open again.

    A post about which somebody has decided since, or that its author took back, keeps what it is now. Conflict if
    there is nothing to undo.
    """
    wave = records.get(db, user, wave_id)
    user = require(user, "wave.decide", wave)
    _check(db, user, wave)
    standing = [row for row in db.execute(_STANDING, {"wave": wave.id}) if act_id in ("", row.act_id)]
    if not standing or not db.execute(_UNDO, {"act": standing[0].id, "moment": now(), "by": user.id}).all():
        raise Conflict("There is nothing to take back.")
    act, new_act = standing[0], decisions.new_act()
    all_made = decisions.of_act(db, act.act_id)
    made = [one for one in all_made if one.is_in_force]
    undone = bulks.undo(db, user, made, note=note, act_id=new_act, leaves_later=True) if made else []
    back = [one for one in undone if one.after]
    bulks.tell_authors(db, bulks.load(db, [one.subject_id for one in back]), back, is_once=True)
    db.execute(_FREE, {"wave": wave.id, "act": act.id})
    left = db.execute(_STANDING, {"wave": wave.id}).first()
    state = "open" if left is None else "dismissed" if left.action == "keep" else "on-track"
    db.execute(_SET_STATE, {"wave": wave.id, "new_state": state})
    findings.absorb(db, list(db.execute(_HELD_WAITING, {"wave": wave.id}).scalars()))
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
    return Done(new_act, len(back), len(all_made) - len(back))
