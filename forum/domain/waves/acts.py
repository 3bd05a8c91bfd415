"""Acts: what a moderator does with a whole wave in one go, taking it back exactly, and putting it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field, model_validator

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import bulks, cases, communities, decisions, dockets, holds, selected
from forum.domain.actions import NOTE_LENGTH
from forum.domain.bulks import Deed, Ground
from forum.domain.errors import Conflict, Forbidden
from forum.domain.people import Person
from forum.domain.permissions import manages, moderator, require
from forum.domain.reasons import BY_CODE
from forum.domain.selected import Key, Post
from forum.domain.waves import findings, records
from forum.domain.waves.records import WaveView
from forum.models import Decision, Wave, WaveAct, WaveMember
from forum.models.base import aliased

ACTIONS = {
    "off-topic": "Put on the off-topic track",
    "hold": "Held for a second look",
    "remove": "Removed",
    "keep": "Kept: this is no wave",
}
CHOICES = {"idea": ("off-topic", "remove", "keep"), "comment": ("hold", "remove", "keep")}
"""What can be done with a wave, by what its posts are. There is no off-topic track for comments."""
_STATE_AFTER = {"off-topic": "off-topic", "hold": "held", "remove": "removed", "keep": "published"}
_DECIDABLE = ("published", "held", "off-topic")

_of_wave = WaveMember.wave_id == sa.bindparam("wave")
_WAITING = sa.select(
    WaveMember.subject_kind, WaveMember.subject_id, WaveMember.is_held_here, WaveMember.added_at
).where(_of_wave, WaveMember.is_waiting)
_WAIT_ON = sa.update(WaveMember).where(_of_wave, WaveMember.act_id == sa.bindparam("act")).values(is_waiting=True)
_HOLD_HERE = (  # held for a second look by an act, and by nothing else
    sa.update(WaveMember)
    .where(_of_wave, WaveMember.subject_id.in_(sa.bindparam("ids", expanding=True)))
    .values(is_held_here=sa.bindparam("is_held"))
)
_SETTLE = (
    sa.update(WaveMember)
    .where(
        _of_wave, WaveMember.is_waiting, WaveMember.added_at <= sa.bindparam("until", type_=WaveMember.added_at.type)
    )
    .values(is_waiting=False, act_id=sa.bindparam("act"))
)
_FREE = sa.update(WaveMember).where(_of_wave, WaveMember.act_id == sa.bindparam("act"))
_FREE = _FREE.values(act_id=None, is_waiting=True)
_SET_STATE = sa.update(Wave).where(Wave.id == sa.bindparam("wave")).values(state=sa.bindparam("new_state"))
_standing = sa.select(WaveAct.id, WaveAct.wave_id, WaveAct.action, WaveAct.act_id).where(WaveAct.undone_at.is_(None))
_STANDING = _standing.where(WaveAct.wave_id == sa.bindparam("wave")).order_by(WaveAct.id.desc())
_since = aliased(WaveAct)
_UNDONE = (  # no act was made since it was taken back
    sa.select(WaveAct.id, WaveAct.action, WaveAct.act_id, WaveAct.created_at, WaveAct.undone_at)
    .where(WaveAct.wave_id == sa.bindparam("wave"), WaveAct.undone_at.is_not(None))
    .where(~sa.exists().where(_since.wave_id == WaveAct.wave_id, _since.created_at > WaveAct.undone_at))
    .order_by(WaveAct.id)
    .limit(1)
)
_REDO = (
    sa.update(WaveAct)
    .where(WaveAct.id == sa.bindparam("act"), WaveAct.undone_at.is_not(None))
    .values(undone_at=None, undone_by_id=None)
    .returning(WaveAct.id)
)
_undo = aliased(Decision)
_UNDOS = (  # the act that took it back
    sa.select(_undo.act_id)
    .join_from(Decision, _undo, _undo.undoes_id == Decision.id)
    .where(Decision.act_id == sa.bindparam("act"), _undo.act_id != "", _undo.created_at >= sa.bindparam("since"))
    .order_by(_undo.id)
    .limit(1)
)
_NOT_HELD_HERE = sa.select(WaveMember.subject_kind, WaveMember.subject_id).where(
    _of_wave, WaveMember.act_id == sa.bindparam("act"), ~WaveMember.is_held_here
)
_WAVE_OF = sa.select(WaveAct.wave_id).where(WaveAct.act_id == sa.bindparam("act"))
_UNDO = (
    sa.update(WaveAct)
    .where(WaveAct.id == sa.bindparam("act"), WaveAct.undone_at.is_(None))
    .values(undone_at=sa.bindparam("moment"), undone_by_id=sa.bindparam("by"))
    .returning(WaveAct.id)
)


class WaveFields(BaseModel):
    """What a moderator decides about a wave. Whoever takes something from view says why."""

    action: Literal["off-topic", "hold", "remove", "keep"]
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
    if fields.action not in CHOICES[wave.subject_kind]:
        raise Conflict(f"“{ACTIONS[fields.action]}” is not for {wave.subject_kind}s.")
    case_id = _close_case(db, user, wave)
    members = db.execute(_WAITING, {"wave": wave.id}).all()
    waiting, kept = {_key(row): row.is_held_here for row in members}, _kept_since(db, members)
    posts = [post for post in selected.load(db, waiting) if post.state in _DECIDABLE and post.key not in kept]
    after = _STATE_AFTER[fields.action]
    changing = [post for post in posts if post.state != after and (fields.action != "keep" or waiting[post.key])]
    if fields.action == "hold" and not changing:
        raise Conflict("All of these posts are held already. Please choose what becomes of them.")
    deed = Deed(user, fields.action, decisions.new_act(), fields.reason, fields.note)
    _change(db, deed, wave, changing, case_id)
    if fields.action == "keep":
        _wait_alone(db, [post for post in posts if post.state == "held" and not waiting[post.key]])
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
    _settle(db, wave, wave_act, fields.action, now(), [post.id for post in changing])
    return Done(deed.act_id, len(changing), wave.member_count - len(changing))


def _key(member: Any) -> Key:
    return member.subject_kind, member.subject_id


def _settle(
    db: Connection, wave: WaveView, wave_act: int, action: str, until: datetime, changed: Sequence[int]
) -> None:
    """The act has decided about what waited in the wave; what it held for a second look waits on in a case."""
    db.execute(_SETTLE, {"wave": wave.id, "act": wave_act, "until": until})
    if action == "hold":
        db.execute(_WAIT_ON, {"wave": wave.id, "act": wave_act})
        db.execute(_HOLD_HERE, {"wave": wave.id, "ids": sorted(changed), "is_held": True})
    db.execute(_SET_STATE, {"wave": wave.id, "new_state": _decided(action)})
    if db.execute(_WAITING, {"wave": wave.id}).first() is not None:
        _keep_case(db, wave)


def _decided(action: str) -> str:
    return {"keep": "dismissed", "hold": "open"}.get(action, "on-track")


def _kept_since(db: Connection, members: Sequence[Any]) -> set[Key]:
    """Those that a person kept by themselves since they are in the wave."""
    found = bulks.kept(db, [_key(row) for row in members])
    return {key for row in members if (key := _key(row)) in found and found[key] >= row.added_at}


def _check(db: Connection, user: Person, wave: WaveView) -> None:
    if reason := why_not(db, user, wave):
        raise Forbidden("wave.decide", reason)


def why_not(db: Connection, user: Person, wave: WaveView) -> str:
    """Why this person may not decide on this wave; empty if they may."""
    if user.id in records.author_ids(db, wave):
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


def _change(db: Connection, deed: Deed, wave: WaveView, changing: Sequence[Post], case_id: int) -> None:
    after, ground = _STATE_AFTER[deed.action], Ground(_facts(wave), "found", case_id)
    wanted, grounds = {post.key: after for post in changing}, {post.key: ground for post in changing}
    made = bulks.decide(db, deed, changing, wanted, grounds)
    if made:
        decisions.name_in_cases(db, [case_id], made[0].id)
    if deed.action != "keep":  # whoever keeps a wave has not answered what readers reported of a post
        bulks.answer(db, changing, made, bulks.close_about(db, [post.key for post in changing]))
    bulks.tell_authors(db, changing, made)


def _facts(wave: WaveView) -> str:
    """What the decision rests on: the sentences of the signals."""
    return " ".join(["This post is one of many that came together.", *(signal["text"] for signal in wave.signals)])


def _wait_alone(db: Connection, posts: Sequence[Post]) -> None:
    """What its community or its score holds waits on its own again."""
    keys = [post.key for post in posts]
    waits = {_key(row) for row in dockets.open_about(db, keys, holds.KINDS)}
    before = dockets.absorbed(db, keys)
    dockets.reopen(db, [before[key] for key in keys if key in before and key not in waits])
    bulks.open_held(db, [post for post in posts if post.key not in before and post.key not in waits])


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
    bulks.tell_authors(db, selected.load(db, [one.key for one in back]), back)
    db.execute(_FREE, {"wave": wave.id, "act": act.id})
    left = db.execute(_STANDING, {"wave": wave.id}).first()
    db.execute(_SET_STATE, {"wave": wave.id, "new_state": "open" if left is None else _decided(left.action)})
    if act.action == "hold":
        db.execute(_HOLD_HERE, {"wave": wave.id, "ids": [one.subject_id for one in back], "is_held": False})
    waiting = selected.load(db, [_key(row) for row in db.execute(_WAITING, {"wave": wave.id})])
    findings.absorb(db, [post.key for post in waiting if post.state == "held"])
    _keep_case(db, wave)
    return Done(new_act, len(back), len(all_made) - len(back))


def _keep_case(db: Connection, wave: WaveView) -> None:
    values = {name: getattr(wave, name) for name in ("title", "member_count", "strength", "community_id", "author_id")}
    findings.keep_case(db, wave.id, values)


def undone_act(db: Connection, wave_id: int) -> Any:
    """The act on a wave that can be put back (id, action, act_id, created_at, undone_at), or None.

    Of acts that were taken back the earliest, as they lie on each other; none on whose posts somebody decided since.
    """
    return db.execute(_UNDONE, {"wave": wave_id}).first()


def put_back(db: Connection, user: Person | None, wave_id: int, note: str = "", *, act_id: str = "") -> Done:
    """Make an act count again that was taken back: its decisions are in force, and its posts what it made of them.

    Posts that changed since stay as they are, and those whose authors won an appeal. Posts that joined since wait on in
    a case of the wave. Conflict if there is nothing to put back, or if somebody decided on the wave since.
    """
    wave = records.get(db, user, wave_id)
    user = require(user, "wave.decide", wave)
    _check(db, user, wave)
    act = undone_act(db, wave.id)
    if act is None or act_id not in ("", act.act_id):
        raise Conflict("This does not come back: somebody decided since, or another act comes first. See the wave.")
    case_id = _close_case(db, user, wave)
    if not db.execute(_REDO, {"act": act.id}).all():
        raise Conflict("Somebody has put it back in the meantime.")
    undos = db.execute(_UNDOS, {"act": act.act_id, "since": act.undone_at}).scalars().all()
    all_made = decisions.of_act(db, undos[0]) if undos else []
    made = [one for one in all_made if one.is_in_force]
    new_act = decisions.new_act()
    redone = bulks.undo(db, user, made, note=note, act_id=new_act, leaves_later=True) if made else []
    back = [one for one in redone if one.after]
    posts = selected.load(db, [one.key for one in back])
    if redone:
        decisions.name_in_cases(db, [case_id], redone[0].id)
    if act.action != "keep":
        first = decisions.of_act(db, act.act_id)
        bulks.answer(db, posts, first, bulks.close_about(db, [post.key for post in posts]))
    bulks.tell_authors(db, posts, back)
    _settle(db, wave, act.id, act.action, act.created_at, [post.id for post in posts])
    if act.action == "keep":
        alone = db.execute(_NOT_HELD_HERE, {"wave": wave.id, "act": act.id})
        _wait_alone(db, [post for post in selected.load(db, [_key(row) for row in alone]) if post.state == "held"])
    return Done(new_act, len(back), len(all_made) - len(back))
