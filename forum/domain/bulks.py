"""Bulks: the same decision on many ideas, and many taken back, in a few statements for all of them.

What comes out is the same as by decisions one by one (domain/moderation.py, domain/undoing.py): a row for each idea
with what it changed, a line in its public history, lists, counts, search and trust as they then are.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_many
from forum.domain import appeals, communities, decisions, dockets, holds, statements, states, trust
from forum.domain.actions import label
from forum.domain.decisions import DecisionView, Draft
from forum.domain.errors import Conflict
from forum.domain.ideas import path
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.reasons import label as reason_label
from forum.domain.search.selections import ByIds
from forum.models import Appeal, Decision, Idea, StatusChange

ACTIONS = ("keep", "hold", "remove", "off-topic")
"""Actions that change nothing but the state of an idea."""
_HISTORY = {"removed": "removed", "held": "held", "off-topic": "off-topic", "published": "restored"}

_IDEAS = ByIds(
    sa.select(Idea.id, Idea.author_id, Idea.community_id, Idea.state, Idea.title, Idea.slug)
    .order_by(Idea.id)
    .with_for_update(of=Idea),
    Idea.id,
)
_LATER = ByIds(
    sa.select(Decision.id, Decision.subject_id, Decision.action, Decision.after, Decision.undoes_id)
    .where(Decision.subject_kind == "idea", Decision.id > sa.bindparam("after_id"), Decision.undone_at.is_(None))
    .order_by(Decision.id.desc()),
    Decision.subject_id,
)
_MARK_UNDONE = (
    sa.update(Decision)
    .where(Decision.id.in_(sa.bindparam("ids", expanding=True)), Decision.undone_at.is_(None))
    .values(undone_at=sa.bindparam("moment"))
    .returning(Decision.id)
)
_APPEALED = ByIds(sa.select(Appeal.decision_id).where(Appeal.outcome == ""), Appeal.decision_id)
_HELD_BY = ByIds(
    sa.select(Decision.id, Decision.subject_id, Decision.before)
    .where(Decision.subject_kind == "idea", Decision.action == "hold", Decision.undone_at.is_(None))
    .order_by(Decision.id),
    Decision.subject_id,
)


_KEPT = ByIds(
    sa.select(Decision.subject_id, sa.func.max(Decision.created_at).label("at"))
    .where(
        Decision.subject_kind == "idea",
        Decision.action == "keep",
        Decision.undone_at.is_(None),
        Decision.decided_by_id.is_not(None),
    )
    .group_by(Decision.subject_id),
    Decision.subject_id,
)


class LaterDecision(Conflict):
    """A later decision about the same thing has to be undone first."""

    def __init__(self, decision_id: int, message: str) -> None:
        super().__init__(message)
        self.decision_id = decision_id


@dataclass(frozen=True, slots=True)
class Reported:
    """An idea as those who reported it are told about it."""

    noun: str
    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done to all of them, by whom (None: a program), in which act."""

    user: Person | None
    action: str
    act_id: str
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What one decision of an act rests on: see decisions.record."""

    facts: str = ""
    machine: str = ""
    case_id: int | None = None


def load(db: Connection, idea_ids: Collection[int]) -> list[Any]:
    """These ideas (id, author_id, community_id, state, title, slug) by their ids, locked until the commit."""
    return list(_IDEAS.rows(db, idea_ids))


def shown(db: Connection, idea_ids: Collection[int]) -> dict[int, str]:
    """What held ideas were before they were held, where that was not published: idea id → off-topic."""
    found: dict[int, str] = {}
    for row in sorted(_HELD_BY.rows(db, idea_ids), key=lambda row: int(row.id)):
        if "state" in row.before:
            found[row.subject_id] = row.before["state"]
    return {idea_id: state for idea_id, state in found.items() if state == "off-topic"}


def kept(db: Connection, idea_ids: Collection[int]) -> dict[int, datetime]:
    """Idea id → when a person last kept it, of those where that stands."""
    return {row.subject_id: row.at for row in _KEPT.rows(db, idea_ids)}


def decide(
    db: Connection, deed: Deed, rows: Sequence[Any], wanted: Mapping[int, str], grounds: Mapping[int, Ground]
) -> list[DecisionView]:
    """Write a decision about each of these ideas (rows of `load`), and give it the state that is wanted, if any.

    `wanted` and `grounds`: by idea id. Asks no rights, closes no cases, tells nobody.
    """
    _change(db, {row.id: wanted[row.id] for row in rows if row.id in wanted})
    places = {place_id: communities.of(db, place_id) for place_id in {row.community_id for row in rows}}
    drafts = [
        Draft(
            subject_id=row.id,
            author_id=row.author_id,
            community=places[row.community_id],
            state_before=row.state,
            state_after=wanted.get(row.id, row.state),
            facts=grounds[row.id].facts,
            machine=grounds[row.id].machine,
            case_id=grounds[row.id].case_id,
        )
        for row in rows
    ]
    made = decisions.record_many(
        db, deed.user, drafts, action=deed.action, reason=deed.reason, note=deed.note, act_id=deed.act_id
    )
    words = reason_label(deed.reason) if deed.reason else ""
    _note(db, deed.user, {one.subject_id: (_HISTORY[one.state_after], words) for one in made if one.after})
    trust.update_many(db, {row.author_id for row in rows})
    return made


def _change(db: Connection, wanted: Mapping[int, str]) -> None:
    alike: dict[str, list[int]] = defaultdict(list)
    for idea_id, state in wanted.items():
        alike[state].append(idea_id)
    for state, ids in sorted(alike.items()):
        states.change_many(db, ids, state)


def _note(db: Connection, user: Person | None, lines: Mapping[int, tuple[str, str]]) -> None:
    """A line in the public history of each idea: (kind, note)."""
    moment, by_id = now(), user.id if user else None
    rows = [
        {"idea_id": idea_id, "kind": kind, "status": "", "note": words, "by_id": by_id, "created_at": moment}
        for idea_id, (kind, words) in sorted(lines.items())
    ]
    insert_many(db, StatusChange, rows)


def can_undo(made: Sequence[DecisionView]) -> bool:
    """Are these decisions in force about nothing but states of ideas, and no undos themselves?"""
    return all(
        one.subject_kind == "idea" and one.action in ACTIONS and one.undoes_id is None and one.is_in_force
        for one in made
    )


def undo(
    db: Connection, user: Person, made: Sequence[DecisionView], *, note: str, act_id: str, leaves_later: bool = False
) -> list[DecisionView]:
    """Take these decisions back (see `can_undo`), each idea once; returns the decisions that do so.

    LaterDecision if something was decided about one since, unless it `leaves_later`: then that one stays as it is.
    An idea that changed by itself since keeps what it is. Conflict if another one undoes them at this moment;
    Forbidden by the rights. Closed cases stay closed, nobody is told.
    """
    for one in made:
        require(user, "decision.undo", one)
    now_is = {row.id: row for row in load(db, [one.subject_id for one in made])}
    free = _without_later(db, made, leaves_later=leaves_later)
    if not free:
        return []
    marked = db.execute(_MARK_UNDONE, {"ids": [one.id for one in free], "moment": now()}).all()
    if len(marked) != len(free):
        raise Conflict("Somebody has undone a part of it in the meantime.")
    back = {
        one.subject_id: str(one.before["state"])
        for one in free
        if one.after and now_is[one.subject_id].state == one.after["state"]
    }
    _change(db, back)
    drafts = [
        Draft(
            subject_id=one.subject_id,
            author_id=one.author_id,
            community=one.community,
            state_before=now_is[one.subject_id].state,
            state_after=back.get(one.subject_id, now_is[one.subject_id].state),
            facts=f"It undoes decision {one.id}: {label(one.action).lower()}.",
            undoes_id=one.id,
        )
        for one in free
    ]
    undone = decisions.record_many(db, user, drafts, action="undo", note=note, act_id=act_id)
    actions = {one.subject_id: label(one.action).lower() for one in free}
    _note(db, user, {one.subject_id: ("undone", f"Undone: {actions[one.subject_id]}.") for one in undone if one.after})
    trust.update_many(db, {one.author_id for one in free})
    for row in sorted(_APPEALED.rows(db, [one.id for one in free])):
        appeals.settle(db, user, row.decision_id)
    return undone


def _without_later(db: Connection, made: Sequence[DecisionView], *, leaves_later: bool) -> list[DecisionView]:
    """Those on which no other decision lies (see domain/undoing.py)."""
    first = min(one.id for one in made)
    above: dict[int, list[Any]] = defaultdict(list)
    for row in _LATER.rows(db, [one.subject_id for one in made], after_id=first):
        if "state" in row.after:
            above[row.subject_id].append(row)
    free = []
    for one in made:
        later = [
            row
            for row in above[one.subject_id]
            if row.id > one.id and one.after and (row.undoes_id is None or row.undoes_id <= one.id)
        ]
        if not later:
            free.append(one)
        elif not leaves_later:
            last = max(later, key=lambda row: int(row.id))
            raise LaterDecision(
                last.id,
                f"Nothing was undone, because of decision {one.id}: Decision {last.id} ({label(last.action).lower()})"
                " came later and is about the same. Please undo that one first.",
            )
    return free


def tell_authors(db: Connection, rows: Sequence[Any], made: Sequence[DecisionView], *, is_once: bool = False) -> None:
    """Tell the author of each idea (a row of `load`) that a decision changed; `is_once`: one for all of theirs."""
    named = {row.id: row.title for row in rows}
    statements.tell_authors(db, [(one, named[one.subject_id]) for one in made if one.after], is_once=is_once)


def keep_held_cases(db: Connection, rows: Sequence[Any]) -> None:
    """What is held waits in an open case, and nothing else does. `rows`: of `load`, as they are now."""
    waiting = dockets.open_about(db, "idea", [row.id for row in rows], holds.KINDS)
    held = {row.id: row for row in rows if row.state == "held"}
    dockets.close(db, [case.id for case in waiting if case.subject_id not in held])
    for idea_id in sorted(held.keys() - {case.subject_id for case in waiting}):
        place = {"community_id": held[idea_id].community_id, "author_id": held[idea_id].author_id}
        holds.open_held(db, subject_kind="idea", subject_id=idea_id, **place)


def close_about(db: Connection, idea_ids: Collection[int]) -> dict[int, int]:
    """Close what waits about these ideas, reports and checks: case id → idea id of those that were open."""
    waiting = {row.id: row.subject_id for row in dockets.open_about(db, "idea", idea_ids)}
    return {case_id: waiting[case_id] for case_id in dockets.close(db, waiting)}


def answer(db: Connection, rows: Sequence[Any], made: Sequence[DecisionView], closed: Mapping[int, int]) -> None:
    """Name the decisions in the cases that closed with them (case id → idea id), and tell those who reported."""
    of_idea = {one.subject_id: one for one in made}
    decisions.name_many(db, {case_id: of_idea[idea_id].id for case_id, idea_id in closed.items()})
    told: dict[int, set[int]] = defaultdict(set)  # idea id → people
    for case_id, people in dockets.reporters(db, closed).items():
        told[closed[case_id]] |= {*people}
    for row in rows:
        if row.id in told and of_idea[row.id].action != "hold":
            about = Reported("idea", f"idea “{row.title}”", path(row.id, row.slug))
            statements.tell_reporters(db, of_idea[row.id], about, sorted(told[row.id]))
