"""Bulks: the same decision on many posts, and many taken back, in a few statements for all of them.

What comes out is the same as by decisions one by one (domain/moderation.py, domain/undoing.py): a row for each post
with what it changed, a line in the public history of ideas, lists, counts, search and trust as they then are.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_many
from forum.domain import appeals, chains, communities, decisions, dockets, holds, selected, statements, trust
from forum.domain.actions import POSTS, label
from forum.domain.decisions import DecisionView, Draft
from forum.domain.errors import Conflict
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.reasons import label as reason_label
from forum.domain.search.selections import ByIds
from forum.domain.selected import Key, Post
from forum.domain.statements import Told
from forum.models import Appeal, Decision, StatusChange

ACTIONS = ("keep", "hold", "remove", "off-topic", "warn")
"""Actions that change nothing but the state of a post, or nothing at all."""
_HISTORY = {"removed": "removed", "held": "held", "off-topic": "off-topic", "published": "restored"}

_of_kind = Decision.subject_kind == sa.bindparam("kind")
_LATER = ByIds(
    sa.select(
        Decision.id, Decision.subject_kind, Decision.subject_id, Decision.action, Decision.after, Decision.undoes_id
    )
    .where(_of_kind, Decision.id > sa.bindparam("after_id"), Decision.undone_at.is_(None))
    .order_by(Decision.id.desc()),
    Decision.subject_id,
)
_APPEALED = ByIds(sa.select(Appeal.decision_id).where(Appeal.outcome == ""), Appeal.decision_id)
_UPHELD = ByIds(sa.select(Appeal.decision_id).where(Appeal.outcome == "upheld"), Appeal.decision_id)
_HELD_BY = ByIds(
    sa.select(Decision.id, Decision.subject_id, Decision.before)
    .where(_of_kind, Decision.action == "hold", Decision.undone_at.is_(None))
    .order_by(Decision.id),
    Decision.subject_id,
)
_KEPT = ByIds(
    sa.select(Decision.subject_id, sa.func.max(Decision.created_at).label("at"))
    .where(_of_kind, Decision.action == "keep", Decision.undone_at.is_(None), Decision.decided_by_id.is_not(None))
    .group_by(Decision.subject_id),
    Decision.subject_id,
)


class LaterDecision(Conflict):
    """A later decision about the same thing has to be undone first."""

    def __init__(self, decision_id: int, message: str) -> None:
        super().__init__(message)
        self.decision_id = decision_id


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


def shown(db: Connection, keys: Collection[Key]) -> dict[Key, str]:
    """What held posts were before they were held, where that was not published: post → off-topic."""
    found: dict[Key, str] = {}
    for kind, ids in selected.by_kind(keys).items():
        for row in sorted(_HELD_BY.rows(db, ids, kind=kind), key=lambda row: int(row.id)):
            if "state" in row.before:
                found[kind, row.subject_id] = row.before["state"]
    return {key: state for key, state in found.items() if state == "off-topic"}


def kept(db: Connection, keys: Collection[Key]) -> dict[Key, datetime]:
    """Post → when a person last kept it, of those where that stands."""
    return {
        (kind, row.subject_id): row.at
        for kind, ids in selected.by_kind(keys).items()
        for row in _KEPT.rows(db, ids, kind=kind)
    }


def decide(
    db: Connection, deed: Deed, posts: Sequence[Post], wanted: Mapping[Key, str], grounds: Mapping[Key, Ground]
) -> list[DecisionView]:
    """Write a decision about each of these posts (of selected.load), and give it the state that is wanted, if any.

    Asks no rights, closes no cases, tells nobody.
    """
    selected.change(db, wanted)
    places = {one: communities.of(db, one) for post in posts if (one := post.community_id) is not None}
    drafts = [
        Draft(
            subject_kind=post.kind,
            subject_id=post.id,
            author_id=post.author_id,
            community=places.get(post.community_id) if post.community_id is not None else None,
            state_before=post.state,
            state_after=wanted.get(post.key, post.state),
            facts=grounds[post.key].facts,
            machine=grounds[post.key].machine,
            case_id=grounds[post.key].case_id,
        )
        for post in posts
    ]
    made = decisions.record_many(
        db, deed.user, drafts, action=deed.action, reason=deed.reason, note=deed.note, act_id=deed.act_id
    )
    words = reason_label(deed.reason) if deed.reason else ""
    _note(db, deed.user, {one.key: (_HISTORY[one.state_after], words) for one in made if one.after})
    trust.update_many(db, {post.author_id for post in posts})
    return made


def _note(db: Connection, user: Person | None, lines: Mapping[Key, tuple[str, str]]) -> None:
    """A line in the public history of each idea among them: (kind, note). Comments have none."""
    moment, by_id = now(), user.id if user else None
    rows = [
        {"idea_id": idea_id, "kind": kind, "status": "", "note": words, "by_id": by_id, "created_at": moment}
        for (about, idea_id), (kind, words) in sorted(lines.items())
        if about == "idea"
    ]
    insert_many(db, StatusChange, rows)


def can_undo(db: Connection, made: Sequence[DecisionView]) -> bool:
    """Are these decisions in force about nothing but states of posts, or undos of such decisions?"""
    if not all(one.subject_kind in POSTS and one.is_in_force for one in made):
        return False
    links = chains.below(db, made)
    return all((links[one.id][-1] if links[one.id] else one).action in ACTIONS for one in made)


def undo(
    db: Connection, user: Person, made: Sequence[DecisionView], *, note: str, act_id: str, leaves_later: bool = False
) -> list[DecisionView]:
    """Take these decisions back (see `can_undo`), each post once; returns the decisions that do so.

    To take back an undo puts the decision below it in force again. LaterDecision if something was decided about one
    since, unless it `leaves_later`: then that one stays as it is; so does what does not come back because an appeal was
    upheld. A post that changed by itself since keeps what it is. Conflict if another one undoes them at this moment;
    Forbidden by the rights. Closed cases stay closed, nobody is told.
    """
    for one in made:
        require(user, "decision.undo", one)
    now_is = {post.key: post for post in selected.load(db, [one.key for one in made])}
    free = _without_later(db, _without_upheld(db, made, leaves=leaves_later), leaves_later=leaves_later)
    if not free:
        return []
    links = chains.below(db, free)
    if not chains.take_off(db, links):
        raise Conflict("Somebody has undone a part of it in the meantime.")
    back = {
        one.key: str(one.before["state"]) for one in free if one.after and now_is[one.key].state == one.after["state"]
    }
    selected.change(db, back)
    drafts = [
        Draft(
            subject_kind=one.subject_kind,
            subject_id=one.subject_id,
            author_id=one.author_id,
            community=one.community,
            state_before=now_is[one.key].state,
            state_after=back.get(one.key, now_is[one.key].state),
            facts=facts_of_undo(one, links[one.id]),
            undoes_id=one.id,
        )
        for one in free
    ]
    undone = decisions.record_many(db, user, drafts, action="undo", note=note, act_id=act_id)
    actions = {one.key: label(one.action).lower() for one in free}
    _note(db, user, {one.key: ("undone", f"Undone: {actions[one.key]}.") for one in undone if one.after})
    trust.update_many(db, {one.author_id for one in free})
    for row in sorted(_APPEALED.rows(db, [one.id for one in free])):
        appeals.settle(db, user, row.decision_id)
    return undone


def facts_of_undo(decision: DecisionView, links: Sequence[Any]) -> str:
    """What an undo says about itself. `links`: what lies below the decision, see chains.below."""
    undone = f"It undoes decision {decision.id}: {label(decision.action).lower()}."
    if len(links) % 2:
        return f"{undone} So decision {links[-1].id} counts again: {label(links[-1].action).lower()}."
    return undone


def _without_upheld(db: Connection, made: Sequence[DecisionView], *, leaves: bool) -> Sequence[DecisionView]:
    """Those that do not bring back what an upheld appeal undid."""
    upheld = {row.decision_id for row in _UPHELD.rows(db, [one.undoes_id for one in made if one.undoes_id is not None])}
    if upheld and not leaves:
        raise Conflict(
            f"Nothing was undone: an appeal against decision {min(upheld)} was upheld, so it does not come back."
            " You can make a new one."
        )
    return [one for one in made if one.undoes_id not in upheld]


def _without_later(db: Connection, made: Sequence[DecisionView], *, leaves_later: bool) -> list[DecisionView]:
    """Those on which no other decision lies (see domain/undoing.py)."""
    first = min((one.id for one in made), default=0)
    above: dict[Key, list[Any]] = defaultdict(list)
    for kind, ids in selected.by_kind(one.key for one in made).items():
        for row in _LATER.rows(db, ids, kind=kind, after_id=first):
            if "state" in row.after:
                above[kind, row.subject_id].append(row)
    free = []
    for one in made:
        later = [
            row
            for row in above[one.key]
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


def tell_authors(db: Connection, posts: Sequence[Post], made: Sequence[DecisionView]) -> None:
    """Tell the author of each post that a decision changed or warns about; each author hears once, about all of theirs.

    Of decisions that were put in force again, the authors read the statement of those.
    """
    named, links = {post.key: post for post in posts}, chains.below(db, made)
    roots = {one.id: links[one.id][-1] if links[one.id] else one for one in made}
    told = [one for one in made if one.after or roots[one.id].action == "warn"]
    in_force = decisions.load_many(
        db, [roots[one.id].id for one in told if links[one.id] and len(links[one.id]) % 2 == 0]
    )
    statements.tell_authors(
        db,
        [
            Told(in_force.get(roots[one.id].id, one), named[one.key].label, named[one.key].noun, event=one.id)
            for one in told
        ],
    )


def keep_held_cases(db: Connection, posts: Sequence[Post]) -> None:
    """What is held waits in an open case, and nothing else does. `posts`: as they are now."""
    waiting = dockets.open_about(db, [post.key for post in posts], holds.KINDS)
    held = {post.key: post for post in posts if post.state == "held"}
    about = {case.id: (case.subject_kind, case.subject_id) for case in waiting}
    dockets.close(db, [case_id for case_id, key in about.items() if key not in held])
    open_held(db, [held[key] for key in sorted(held.keys() - about.values())])


def open_held(db: Connection, posts: Sequence[Post]) -> None:
    """These posts wait for a check, each in a case of its own."""
    for post in posts:
        place, author_id = post.community_id, post.author_id
        holds.open_held(db, subject_kind=post.kind, subject_id=post.id, community_id=place, author_id=author_id)


def close_about(db: Connection, keys: Collection[Key]) -> dict[int, Key]:
    """Close what waits about these posts, reports and checks: case id → post of those that were open."""
    waiting = {row.id: (row.subject_kind, row.subject_id) for row in dockets.open_about(db, keys)}
    return {case_id: waiting[case_id] for case_id in dockets.close(db, waiting)}


def answer(db: Connection, posts: Sequence[Post], made: Sequence[DecisionView], closed: Mapping[int, Key]) -> None:
    """Name the decisions in the cases that closed with them (case id → post), and tell those who reported."""
    of_post = {one.key: one for one in made}
    decisions.name_many(db, {case_id: of_post[key].id for case_id, key in closed.items()})
    told: dict[Key, set[int]] = defaultdict(set)  # post → people
    for case_id, people in dockets.reporters(db, closed).items():
        told[closed[case_id]] |= {*people}
    for post in posts:
        if post.key in told and of_post[post.key].action != "hold":
            statements.tell_reporters(db, of_post[post.key], post, sorted(told[post.key]))
