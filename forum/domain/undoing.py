"""Undoing: a decision taken back by a decision of its own, which restores exactly what was.

Decisions about one aspect of a subject (its state, its community, its lock, the standing of an account) lie on each
other like sheets of paper: the one on top comes off first. A decision and the one that undid it count as taken off.
An undo is a decision too: undoing it puts the first one back in force.
"""

from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import (
    appeals,
    asides,
    bulks,
    chains,
    decisions,
    effects,
    merges,
    moderation,
    selected,
    statements,
    subjects,
    trust,
    waves,
)
from forum.domain.actions import POSTS, label
from forum.domain.bulks import LaterDecision
from forum.domain.decisions import DecisionView
from forum.domain.errors import Conflict, NotFound
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.models import Decision

RESTORED = (*POSTS, "user")
"""Kinds of subject that this module can restore."""
BY_MERGES = ("merge", "split")
"""Actions that touch several ideas: domain/merges/ takes them back."""
SET_ASIDE = "set-aside"

_LATER = (
    sa.select(Decision.id, Decision.action, Decision.after, Decision.undoes_id)
    .where(
        Decision.subject_kind == sa.bindparam("kind"),
        Decision.subject_id == sa.bindparam("it"),
        Decision.id > sa.bindparam("after_id"),
        Decision.undone_at.is_(None),
    )
    .order_by(Decision.id.desc())
)


def blocker(db: Connection, decision: DecisionView) -> Any | None:
    """The decision on top of this one that has to come off first (id, action), or None."""
    touched = set(decision.after)
    rows = db.execute(_LATER, {"kind": decision.subject_kind, "it": decision.subject_id, "after_id": decision.id})
    for row in rows:
        is_pair = row.undoes_id is not None and row.undoes_id > decision.id
        if touched & set(row.after) and not is_pair:
            return row
    return None


def undo(
    db: Connection, user: Person | None, decision_id: int, *, note: str = "", act_id: str = "", answer: str = ""
) -> int:
    """Take a decision back; returns the id of the decision that does so. What it changed is again what it was before.

    What changed by itself in between stays: a post that its author took back, a suspension that has ended. Closed cases
    stay closed. NotFound out of reach, Forbidden on one's own content, Conflict if it is undone already, LaterDecision.
    """
    decision = decisions.get(db, user, decision_id)
    user = require(user, "decision.undo", decision)
    if decision.subject_kind not in RESTORED:
        raise Conflict(f"This decision is about a {decision.subject_kind}. It is undone on the page of the idea.")
    if decision.undoes_id is not None and appeals.is_upheld(db, decision.undoes_id):
        raise Conflict("An appeal was upheld here, so the decision does not come back. You can make a new one.")
    undone_action = decisions.load(db, decision.undoes_id).action if decision.undoes_id is not None else ""
    if undone_action in BY_MERGES:
        raise Conflict("What was taken apart comes together only by a new merge or split.")
    if undone_action == SET_ASIDE:
        raise Conflict("Votes that count again are set aside only by a new decision.")
    now_is = effects.current(db, decision.subject_kind, decision.subject_id)
    if (above := blocker(db, decision)) is not None:
        raise LaterDecision(
            above.id,
            f"Decision {above.id} ({label(above.action).lower()}) came later and is about the same."
            " Please undo that one first.",
        )
    if decision.action in BY_MERGES:
        undo_id = merges.undo_decision(db, user, decision_id, reason=note)
        appeals.settle(db, user, decision.id, answer)
        return undo_id
    below = chains.below(db, [decision])
    if not chains.take_off(db, below):
        raise Conflict("Somebody has undone this decision in the meantime.")
    if decision.action == SET_ASIDE:
        asides.take_back(db, decision.id)
    undo_id = _restore(db, user, decision, now_is, bulks.facts_of_undo(decision, below[decision.id]), note, act_id)
    appeals.settle(db, user, decision.id, answer)
    return undo_id


def _restore(
    db: Connection,
    user: Person,
    decision: DecisionView,
    now_is: effects.Values,
    facts: str,
    note: str,
    act_id: str,
) -> int:
    subject = None
    if decision.subject_kind != "user":
        subject = subjects.get(db, user, decision.subject_kind, decision.subject_id)
    is_untouched = all(now_is[name] == value for name, value in decision.after.items())
    after = {name: value for name, value in decision.before.items() if name in now_is} if is_untouched else {}
    effects.put(db, decision.subject_kind, decision.subject_id, after, by_id=user.id)
    standing = "status" if decision.subject_kind == "user" else "state"
    undo_id = decisions.record(
        db,
        user,
        action="undo",
        subject_kind=decision.subject_kind,
        subject_id=decision.subject_id,
        author_id=decision.author_id,
        community=decision.community,
        state_before=now_is[standing],
        state_after=str(after.get(standing, now_is[standing])),
        before={name: now_is[name] for name in after},
        after=after,
        facts=facts,
        note=note,
        act_id=act_id,
        undoes_id=decision.id,
    )
    if subject is not None:
        moderation.keep_held_case(db, subject, str(after.get("state", now_is["state"])))
        if after:
            moderation.note_change(db, subject, "undone", user.id, f"Undone: {label(decision.action).lower()}.")
        trust.update(db, decision.author_id)
    if after or decision.action in ("warn", SET_ASIDE):
        what, kind = ("account", "account") if subject is None else (subject.label, subject.noun)
        statements.tell_author(db, decisions.load(db, undo_id, place=decision.community), what, kind)
    return undo_id


def _undo_posts(db: Connection, user: Person, found: list[DecisionView], *, note: str, act_id: str) -> None:
    """What `undo` does with one decision about the state of a post, with many in a few statements."""
    if not all(can(user, "decision.read", one) for one in found):
        raise NotFound("There is no decision here.")
    undone = bulks.undo(db, user, found, note=note, act_id=act_id)
    posts = selected.load(db, [one.key for one in undone])
    bulks.keep_held_cases(db, posts)
    bulks.tell_authors(db, posts, undone)


def wave_of(db: Connection, decision: DecisionView) -> int | None:
    """The wave that this decision was made about in one act, or that it took back or put back; None for all others."""
    links = chains.below(db, [decision])[decision.id]
    return waves.of_act(db, links[-1].act_id if links else decision.act_id)


def undo_act(db: Connection, user: Person | None, act_id: str, *, note: str = "") -> str:
    """Take back every decision of an act that is in force, all or none; returns the id of the act that does so.

    NotFound if this person reaches none of it; Conflict naming the decision that can't be undone. An act on a wave is
    taken back, and put back, as waves.take_back says: what was decided on since stays as it is.
    """
    found = [one for one in decisions.of_act(db, act_id) if one.is_in_force]
    if not found:
        raise NotFound("There is nothing to undo here.")
    links = chains.below(db, found[:1])[found[0].id]
    root_act = links[-1].act_id if links else act_id
    if (wave_id := waves.of_act(db, root_act)) is not None:
        turn = waves.put_back if len(links) % 2 else waves.take_back
        return turn(db, user, wave_id, note, act_id=root_act).act_id
    new_act = decisions.new_act()
    if user is not None and bulks.can_undo(db, found):
        _undo_posts(db, user, found, note=note, act_id=new_act)
        return new_act
    for decision in reversed(found):
        try:
            undo(db, user, decision.id, note=note, act_id=new_act)
        except LaterDecision as error:
            raise LaterDecision(
                error.decision_id, f"Nothing was undone, because of decision {decision.id}: {error}"
            ) from None
        except Conflict as error:
            raise Conflict(f"Nothing was undone, because of decision {decision.id}: {error}") from None
    return new_act
