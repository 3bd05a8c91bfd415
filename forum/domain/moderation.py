"""Moderation: decisions on cases, on posts and on accounts, one by one or many in one act, with all that follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import (
    batches,
    bulks,
    cases,
    decisions,
    effects,
    holds,
    moves,
    outbox,
    reports,
    statements,
    subjects,
    trust,
)
from forum.domain.actions import ACTIONS as TABLE
from forum.domain.actions import ON_POSTS, DecisionFields, noun
from forum.domain.communities import CommunityView
from forum.domain.decisions import earlier, reason_for, reasons_for
from forum.domain.errors import Conflict, Forbidden, ForumError, Invalid, NotFound
from forum.domain.holds import close_held, open_held, should_hold
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.domain.reasons import label
from forum.domain.subjects import Account, Subject
from forum.models import Decision, StatusChange
from forum.text import excerpt

MOST_AT_ONCE = 500
ACTIONS = {code: action.label for code, action in TABLE.items()}
"""What was done, in a few words, by the code of the action."""
OWN_PAGES = {"appeal": "an appeal", "wave": "a wave", "merge": "a merge"}
"""Kinds of case that are decided on pages of their own."""
_CLOSED_TOGETHER = ("report", "held", "spam")
_HISTORY = {"removed": "removed", "held": "held", "off-topic": "off-topic", "published": "restored"}

_HELD_BY = (
    sa.select(Decision.before)
    .where(
        Decision.subject_kind == sa.bindparam("kind"),
        Decision.subject_id == sa.bindparam("it"),
        Decision.action == "hold",
        Decision.undone_at.is_(None),
    )
    .order_by(Decision.id.desc())
    .limit(20)
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a decision would do to one case, or why it can't be made. `effect` is a sentence.

    `text`: how a comment begins.
    """

    case_id: int
    title: str
    effect: str
    why_not: str = ""
    text: str = ""


@dataclass(slots=True)
class _Deed:
    """One decision on its way: who decides what, in which case and act."""

    user: Person
    fields: DecisionFields
    case: Any = None
    act_id: str = ""
    closed: list[int] = field(default_factory=list)


def decide(db: Connection, user: Person | None, case_id: int, fields: DecisionFields, *, act_id: str = "") -> int:
    """Decide a case; returns the id of the decision. The post changes its state, its author and its reporters are told.

    A suspension leaves the case open: the post itself still waits for a decision. Conflict if somebody else has the
    case or has decided it; Forbidden on one's own content; NotFound out of reach; Invalid where an action does not fit.
    """
    case = cases.get(db, user, case_id)
    user = require(user, "case.decide", case)
    _check(case, user, fields)
    deed = _Deed(user, fields, case, act_id)
    if fields.action in ("suspend", "unsuspend"):
        if not case.is_open:
            raise Conflict("Somebody has decided this case in the meantime. See the decision below.")
        account = subjects.account(db, case.author_id)
        return _on_account(db, deed, account, require(user, "user.suspend", account))
    if not cases.close(db, case_id):
        raise Conflict("Somebody has decided this case in the meantime. See the decision below.")
    deed.closed.append(case_id)
    subject = subjects.get(db, user, case.subject_kind, case.subject_id, to_change=True)
    return _on_post(db, deed, subject)


def _check(case: Any, user: Person, fields: DecisionFields) -> None:
    if case.kind in OWN_PAGES:
        raise Conflict(f"This is {OWN_PAGES[case.kind]}. Please decide on it on its own page.")
    if cases.is_lent_to_another(case, user):
        raise Conflict(f"{case.claimer_name} has this case right now.")
    if fields.action in ON_POSTS and case.subject_kind not in TABLE[fields.action].kinds:
        raise Invalid({"action": f"“{TABLE[fields.action].verb}” is not for a {noun(case.subject_kind)}."})


def act(db: Connection, user: Person | None, kind: str, subject_id: int, fields: DecisionFields) -> int:
    """Decide about a post without a case; returns the id of the decision. Cases that wait about it close with it."""
    subject = subjects.get(db, user, kind, subject_id, to_change=True)
    user = require(user, "decision.make", subject)
    if kind not in TABLE[fields.action].kinds:
        raise Invalid({"action": f"“{TABLE[fields.action].verb}” is not for a {noun(kind)}."})
    return _on_post(db, _Deed(user, fields), subject)


def act_on_account(db: Connection, user: Person | None, user_id: int, fields: DecisionFields) -> int:
    """Warn or suspend somebody, or end their suspension; returns the id of the decision. Sessions end at once."""
    account = subjects.account(db, user_id)
    user = require(user, "user.suspend", account)
    if "user" not in TABLE[fields.action].kinds:
        raise Invalid({"action": f"“{TABLE[fields.action].verb}” is not for an account."})
    return _on_account(db, _Deed(user, fields), account, user)


def decide_many(db: Connection, user: Person | None, case_ids: list[int], fields: DecisionFields) -> str:
    """Decide these cases alike, all or none; returns the id of the act, by which they can be undone together.

    Cases about a post that the act has decided already close with it. Invalid or Conflict names the case that can't be
    decided; then nothing was.
    """
    if not case_ids or len(case_ids) > MOST_AT_ONCE:
        raise Invalid({"action": f"Please choose between 1 and {MOST_AT_ONCE} cases."})
    act_id, chosen = decisions.new_act(), sorted(set(case_ids))
    found = cases.get_many(db, chosen)
    are_posts = fields.action in bulks.ACTIONS and all(case.subject_kind in subjects.KINDS for case in found.values())
    firsts: dict[tuple[str, int], Any] = {}
    for case_id in chosen:
        with _naming(case_id):
            case = cases.reached(user, found.get(case_id))
            subject = _subject_key(case, fields)
            if subject in firsts:
                continue
            firsts[subject] = case
            if are_posts:
                _check(case, require(user, "case.decide", case), fields)
            else:
                decide(db, user, case_id, fields, act_id=act_id)
    if are_posts and user is not None:
        batches.decide(db, user, list(firsts.values()), chosen, fields, act_id)
    return act_id


@contextmanager
def _naming(case_id: int) -> Iterator[None]:
    """What stands in the way of one case stands in the way of all."""
    try:
        yield
    except Invalid as error:
        raise Invalid({"action": f"Nothing was decided, because of case {case_id}: {error}"}) from None
    except (Conflict, Forbidden, NotFound) as error:
        raise Conflict(f"Nothing was decided, because of case {case_id}: {error}") from None


def _subject_key(case: Any, fields: DecisionFields) -> tuple[str, int]:
    is_about_account = fields.action in ("suspend", "unsuspend")
    return ("user", case.author_id) if is_about_account else (case.subject_kind, case.subject_id)


def preview(db: Connection, user: Person | None, case_ids: list[int], fields: DecisionFields) -> list[Outlook]:
    """What decide_many would do to each case, and which can't be decided and why. Changes nothing."""
    found: list[Outlook] = []
    done: dict[tuple[str, int], int] = {}
    for case_id in sorted(set(case_ids))[:MOST_AT_ONCE]:
        try:
            case = cases.get(db, user, case_id)
        except ForumError as error:
            found.append(Outlook(case_id, "", "", str(error)))
            continue
        title, text = case.title or "", excerpt(case.text or "", 120) if noun(case.subject_kind) == "comment" else ""
        key = _subject_key(case, fields)
        if key in done:
            found.append(Outlook(case_id, title, f"Goes with case {done[key]}, which is about the same.", text=text))
            continue
        effect, why_not = "", ""
        try:
            effect = _foreseen(db, user, case, fields)
            done[key] = case_id
        except ForumError as error:
            why_not = str(error)
        found.append(Outlook(case_id, title, effect, why_not, text))
    return found


def _foreseen(db: Connection, user: Person | None, case: Any, fields: DecisionFields) -> str:
    user = require(user, "case.decide", case)
    _check(case, user, fields)
    if not case.is_open:
        raise Conflict("Somebody has decided this case in the meantime.")
    if fields.action in ("suspend", "unsuspend"):
        account = subjects.account(db, case.author_id)
        require(user, "user.suspend", account)
        kind, subject_id, place = "user", case.author_id, None
    else:
        kind, subject_id = case.subject_kind, case.subject_id
        place = _target(db, user, subjects.get(db, user, kind, subject_id), fields)
    after = _wanted(db, kind, subject_id, effects.read(db, kind, subject_id), fields, case, place)
    if place is not None:
        return f"Goes to {place.name}."
    if fields.action == "warn":
        return "The author is warned. Nothing else changes."
    if not after:
        return "Stays as it is."
    return {"lock": "Is locked.", "unlock": "Is open again."}.get(fields.action, f"{TABLE[fields.action].label}.")


def _target(db: Connection, user: Person, subject: Subject, fields: DecisionFields) -> CommunityView | None:
    if fields.action != "move" or subject.community_id is None:
        return None
    return moves.target(db, user, subject.community_id, fields.community)


def _wanted(
    db: Connection,
    kind: str,
    subject_id: int,
    now_is: effects.Values,
    fields: DecisionFields,
    case: Any,
    place: CommunityView | None,
) -> effects.Values:
    until = now() + fields.lasts if fields.lasts else None
    shown = _shown(db, kind, subject_id, case) if now_is.get("state") == "held" else "published"
    return effects.wanted(fields.action, now_is, shown=shown, community_id=place.id if place else 0, until=until)


def _shown(db: Connection, kind: str, subject_id: int, case: Any) -> str:
    """What a held post was before it was held: on the off-topic track, or published."""
    if case is not None and case.details.get("shown"):
        return str(case.details["shown"])
    holds = db.execute(_HELD_BY, {"kind": kind, "it": subject_id}).scalars()
    state = next(
        (before["state"] for before in holds if "state" in before), ""
    )  # who holds what is held changes nothing
    return "off-topic" if state == "off-topic" else "published"


def _on_post(db: Connection, deed: _Deed, subject: Subject) -> int:
    """Change the post, write the decision, close what waited about it, and tell people."""
    user, fields = deed.user, deed.fields
    place = _target(db, user, subject, fields)
    now_is = effects.current(db, subject.kind, subject.id)
    after = _wanted(db, subject.kind, subject.id, now_is, fields, deed.case, place)
    effects.put(db, subject.kind, subject.id, after, by_id=user.id)
    if TABLE[fields.action].closes_cases:
        deed.closed += _close_others(db, subject)
    decision_id = decisions.record(
        db,
        user,
        action=fields.action,
        subject_kind=subject.kind,
        subject_id=subject.id,
        author_id=subject.author_id,
        community=subject.community,
        state_before=subject.state,
        state_after=after.get("state", subject.state),
        before={name: now_is[name] for name in after},
        after=after,
        reason=fields.reason,
        facts=_facts(db, deed),
        note=fields.note,
        machine=_machine(deed.case),
        case_id=deed.case.id if deed.case is not None else None,
        act_id=deed.act_id,
    )
    decisions.name_in_cases(db, deed.closed, decision_id)
    keep_held_case(db, subject, after.get("state", subject.state))
    if place is not None:
        note = f"From {subject.community.name if subject.community else 'elsewhere'} to {place.name}."
        note_change(db, subject, "moved", user.id, f"{note} {fields.note.strip()}".strip())
        outbox.add(db, "idea.moved", idea_id=subject.id, by_id=user.id)
    elif after:
        kind = (
            _HISTORY.get(str(after["state"]), str(after["state"]))
            if "state" in after
            else TABLE[fields.action].label.lower()
        )
        note_change(db, subject, kind, user.id, label(fields.reason) if fields.reason else "")
    trust.update(db, subject.author_id)
    _tell(db, deed, subject, decision_id, is_changed=bool(after))
    return decision_id


def _close_others(db: Connection, subject: Subject) -> list[int]:
    found: list[int] = []
    for kind in _CLOSED_TOGETHER:
        waiting = cases.open_ids(db, subject.kind, subject.id, kind=kind)
        found += [case_id for case_id in waiting if cases.close(db, case_id)]
    return found


def keep_held_case(db: Connection, subject: Subject, state: str) -> None:
    """What is held waits in an open case, and nothing else does."""
    if state != "held":
        holds.close_held(db, subject.kind, subject.id)
        return
    holds.open_held(
        db,
        subject_kind=subject.kind,
        subject_id=subject.id,
        community_id=effects.current(db, subject.kind, subject.id).get("community_id", subject.community_id),
        author_id=subject.author_id,
    )


def note_change(db: Connection, subject: Subject, kind: str, by_id: int, note: str) -> None:
    """Write a line into the public history of an idea; comments have none."""
    if subject.kind == "idea":
        row = {"idea_id": subject.id, "kind": kind, "status": "", "note": note, "by_id": by_id, "created_at": now()}
        db.execute(sa.insert(StatusChange), row)


def _facts(db: Connection, deed: _Deed) -> str:
    """What the case shows, and what the moderator adds."""
    found = ""
    if deed.case is not None:
        counts = {row.reason: row.count for rows in reports.reasons_of(db, deed.closed).values() for row in rows}
        found = statements.facts_of(deed.case.kind, counts, deed.case.details)
    return f"{found} {deed.fields.facts.strip()}".strip()


def _machine(case: Any) -> str:
    return "found" if case is not None and case.kind in decisions.MACHINE_KINDS else ""


def _tell(db: Connection, deed: _Deed, subject: Subject, decision_id: int, *, is_changed: bool) -> None:
    action = TABLE[deed.fields.action]
    decision = decisions.load(db, decision_id, place=subject.community)
    if is_changed or action.code == "warn":
        statements.tell_author(db, decision, subject.label, subject.noun)
    reporters = {person for case_id in deed.closed for person in reports.reporters(db, case_id)}
    if reporters and action.code != "hold":
        statements.tell_reporters(db, decision, subject, sorted(reporters))


def _on_account(db: Connection, deed: _Deed, account: Account, user: Person) -> int:
    """Change the standing of an account, write the decision and tell its owner."""
    fields = deed.fields
    now_is = effects.current(db, "user", account.id)
    if now_is["status"] not in ("active", "suspended"):
        raise Conflict("Nobody can sign in with this account, so there is nothing to suspend.")
    if fields.action == "unsuspend" and now_is["status"] != "suspended":
        raise Conflict("This account is not suspended.")
    after = _wanted(db, "user", account.id, now_is, fields, None, None)
    effects.put(db, "user", account.id, after, by_id=user.id)
    decision_id = decisions.record(
        db,
        user,
        action=fields.action,
        subject_kind="user",
        subject_id=account.id,
        author_id=account.id,
        community=None,
        state_before=now_is["status"],
        state_after=str(after.get("status", now_is["status"])),
        before={name: now_is[name] for name in after},
        after=after,
        reason=fields.reason,
        facts=_facts(db, deed),
        note=fields.note,
        machine=_machine(deed.case),
        case_id=deed.case.id if deed.case is not None else None,
        act_id=deed.act_id,
        ends_at=now() + fields.lasts if fields.lasts else None,
    )
    statements.tell_author(db, decisions.load(db, decision_id), "account", "account")
    return decision_id


def choices(user: Person, case: Any) -> tuple[str, ...]:
    """The actions that a moderator can choose in a case."""
    found = tuple(code for code in ON_POSTS if case.subject_kind in TABLE[code].kinds)
    return (*found, "suspend") if can(user, "user.suspend", case) else found


__all__ = [
    "ACTIONS", "DecisionFields", "Outlook", "act", "act_on_account", "choices", "close_held", "decide", "decide_many",
    "earlier", "open_held", "preview", "reason_for", "reasons_for", "should_hold",
]  # fmt: skip
