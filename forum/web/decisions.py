"""Decisions on the web: the statement that its author reads, undo, decisions without a case, a person's history."""

from typing import Any

from forum.domain import (
    actions,
    appeals,
    decisions,
    histories,
    moderation,
    moves,
    notes,
    reasons,
    statements,
    subjects,
    undoing,
    waves,
)
from forum.domain.actions import DecisionFields
from forum.domain.bulks import LaterDecision
from forum.domain.decisions import DecisionView
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.notes import NoteFields
from forum.domain.permissions import can, require
from forum.domain.subjects import Account, Subject
from forum.web import forms
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def read_fields(visit: Visit) -> Form[DecisionFields]:
    """The form of a decision; what is missing for the chosen action is said at its own field."""
    form = forms.read(DecisionFields, visit.form)
    if message := form.errors.pop("form", None):
        action = form.values.get("action")
        has_reason = bool(form.values.get("reason"))
        field = {"move": "community", "suspend": "days"}.get(str(action), "reason") if has_reason else "reason"
        form.errors["community" if action == "move" else field] = message
    return form


def choices(visit: Visit, codes: tuple[str, ...], community_id: int | None) -> dict[str, Any]:
    """What the fields of a decision offer: see templates/decisions/_fields.html."""
    places = moves.targets(visit.db, visit.user, community_id) if community_id and "move" in codes else []
    return {
        "actions": actions.options(tuple(code for code in codes if code != "move" or places)),
        "reasons": reasons.options(with_text=False),
        "places": [(place.slug, place.name) for place in places],
        "days": [(str(days), text) for days, text in actions.SUSPENSIONS.items()] if "suspend" in codes else [],
    }


def statement(visit: Visit, decision_id: int) -> Answer:
    """GET /decisions/{id}: what was decided about my post or account, and why."""
    require(visit.user, "account.use")
    return Page("decisions/show.html", _about(visit, decisions.get(visit.db, visit.user, decision_id)))


def _about(visit: Visit, found: DecisionView) -> dict[str, Any]:
    subject, path, title = _subject(visit, found)
    appeal = appeals.of_decision(visit.db, found.id)
    is_own = visit.user is not None and visit.user.id == found.author_id
    may_undo = can(visit.user, "decision.undo", found)
    beside = decisions.beside(visit.db, found) if is_own else []
    return {
        "decision": found,
        "beside": [(one, _subject(visit, one)[2]) for one in beside],
        "action_label": actions.label(found.action),
        "parts": statements.parts(found, title),
        "subject": subject,
        "subject_path": path,
        "subject_title": title,
        "is_own": is_own,
        "appeal": appeal,
        "outcome_label": appeals.OUTCOMES[appeal.outcome] if appeal else "",
        "is_anybody_free": appeal is None or not appeal.is_waiting or appeals.is_anybody_free(visit.db, appeal),
        "may_appeal": is_own and not appeals.why_no_appeal(visit.db, found),
        "appeal_until": statements.appeal_until(found),
        "undone_by": decisions.undone_by(visit.db, found.id),
        "may_undo": may_undo and found.is_in_force,
    }


def _subject(visit: Visit, found: DecisionView) -> tuple[Subject | None, str, str]:
    """The post (None for an account), where it is, and what to call it."""
    if found.subject_kind not in actions.POSTS:
        account = subjects.account(visit.db, found.author_id)
        return None, account.path, "account"
    try:
        subject = subjects.get(visit.db, visit.user, found.subject_kind, found.subject_id)
    except NotFound:  # it stands in a community that this person does not see any more
        return None, "", found.noun
    return subject, subject.path, subject.label


def ask_undo(visit: Visit, decision_id: int) -> Answer:
    """GET /decisions/{id}/undo"""
    return _undo_page(visit, decision_id, Form())


def _undo_page(visit: Visit, decision_id: int, form: Form[Any], *, status: int = 200, above: Any = None) -> Answer:
    found = decisions.get(visit.db, visit.user, decision_id)
    require(visit.user, "decision.undo", found)
    above = above or getattr(undoing.blocker(visit.db, found), "id", None)
    context = {**_about(visit, found), "form": form, "above": above}
    return Page("decisions/undo.html", context, status=status)


def undo(visit: Visit, decision_id: int) -> Answer:
    """POST /decisions/{id}/undo with `note`, which the author reads."""
    form: Form[Any] = Form({"note": visit.form.get("note")})
    try:
        undo_id = undoing.undo(visit.db, visit.user, decision_id, note=visit.form.get("note")[: actions.NOTE_LENGTH])
    except LaterDecision as error:
        return _undo_page(visit, decision_id, form.refuse({"note": str(error)}), status=409, above=error.decision_id)
    except Conflict as error:
        return _undo_page(visit, decision_id, form.refuse({"note": str(error)}), status=409)
    back = visit.then(f"/decisions/{undo_id}")
    again = _decide_again(visit, undo_id) if visit.form.get("next") else None
    visit.say("Undone. All is as it was before that decision.", link=again)
    return Redirect(back)


def _decide_again(visit: Visit, undo_id: int) -> tuple[str, str]:
    """Where whoever took a slip back can decide anew: an address and its words."""
    found = decisions.get(visit.db, visit.user, undo_id)
    if found.subject_kind not in actions.POSTS:
        return found.path, "See the decision"
    return f"/{found.subject_kind}s/{found.subject_id}/decision", "Decide on it anew"


def act(visit: Visit, act_id: str) -> Answer:
    """GET /acts/{id}: decisions that were made together."""
    return _act(visit, act_id)


def _act(visit: Visit, act_id: str, problem: str = "", status: int = 200) -> Answer:
    require(visit.user, "case.list")
    found = [one for one in decisions.of_act(visit.db, act_id) if can(visit.user, "decision.read", one)]
    if not found:
        raise NotFound("There are no such decisions.")
    rows = []
    for one in found:
        _, path, title = _subject(visit, one)
        rows.append({"decision": one, "path": path, "title": title, "label": actions.label(one.action)})
    may_undo = any(one.is_in_force for one in found) and all(can(visit.user, "decision.undo", one) for one in found)
    wave_id = undoing.wave_of(visit.db, found[0])
    wave_path = waves.path(wave_id) if wave_id is not None else ""
    context = {"act_id": act_id, "rows": rows, "may_undo": may_undo, "problem": problem, "wave_path": wave_path}
    return Page("decisions/act.html", context, status=status)


def undo_act(visit: Visit, act_id: str) -> Answer:
    """POST /acts/{id}/undo: all of them, or none."""
    try:
        with visit.db.begin_nested():  # a refusal shows the decisions as they are
            new_act = undoing.undo_act(visit.db, visit.user, act_id)
    except Conflict as error:
        return _act(visit, act_id, str(error), 409)
    visit.say("Undone. All is as it was before.")
    return Redirect(f"/acts/{new_act}")


def new_for_idea(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/decision"""
    return _new(visit, "idea", idea_id, Form())


def new_for_comment(visit: Visit, comment_id: int) -> Answer:
    """GET /comments/{id}/decision"""
    return _new(visit, "comment", comment_id, Form())


def create_for_idea(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/decision with the fields of a decision."""
    return _create(visit, "idea", idea_id)


def create_for_comment(visit: Visit, comment_id: int) -> Answer:
    """POST /comments/{id}/decision with the fields of a decision."""
    return _create(visit, "comment", comment_id)


def new_for_remark(visit: Visit, remark_id: int) -> Answer:
    """GET /remarks/{id}/decision"""
    return _new(visit, "remark", remark_id, Form())


def create_for_remark(visit: Visit, remark_id: int) -> Answer:
    """POST /remarks/{id}/decision with the fields of a decision."""
    return _create(visit, "remark", remark_id)


def _new(visit: Visit, kind: str, subject_id: int, form: Form[Any], status: int = 200) -> Answer:
    subject = subjects.get(visit.db, visit.user, kind, subject_id)
    require(visit.user, "decision.make", subject)
    codes = tuple(code for code in actions.ON_POSTS if kind in actions.ACTIONS[code].kinds)
    context = {
        "subject": subject,
        "form": form,
        "history": decisions.earlier(visit.db, kind, subject_id),
        "label_of": actions.label,
        "notes": notes.of(visit.db, visit.user, kind, subject_id),
        "note_kind": kind,
        "note_id": subject_id,
        "note_form": Form(),
        **choices(visit, codes, subject.community_id),
    }
    return Page("decisions/new.html", context, status=status)


def _create(visit: Visit, kind: str, subject_id: int) -> Answer:
    require(visit.user, "decision.make", subjects.get(visit.db, visit.user, kind, subject_id))
    form = read_fields(visit)
    if form.data is None:
        return _new(visit, kind, subject_id, form, 422)
    try:
        decision_id = moderation.act(visit.db, visit.user, kind, subject_id, form.data)
    except Invalid as error:
        return _new(visit, kind, subject_id, form.refuse(error.errors), 422)
    visit.say(f"{actions.label(form.data.action)}. The author hears of it.")
    return Redirect(f"/decisions/{decision_id}")


def person(visit: Visit, handle: str) -> Answer:
    """GET /moderation/people/{handle}: posts, reports, decisions, appeals, notes, and the standing of the account."""
    return _person(visit, handle, Form())


def _person(visit: Visit, handle: str, form: Form[Any], status: int = 200) -> Answer:
    found = histories.get(visit.db, visit.user, handle)
    is_suspended = found.account.status == "suspended"
    codes = ("warn", "suspend", "unsuspend") if is_suspended else ("warn", "suspend")
    context = {
        "history": found,
        "form": form,
        "may_act": can(visit.user, "user.suspend", found.account),
        "label_of": actions.label,
        "reason_of": reasons.label,
        "noun_of": actions.noun,
        "outcomes": appeals.OUTCOMES,
        "note_kind": "user",
        "note_id": found.account.id,
        "notes": found.notes,
        "note_form": Form(),
        **choices(visit, codes, None),
    }
    return Page("decisions/person.html", context, status=status)


def act_on_person(visit: Visit, handle: str) -> Answer:
    """POST /moderation/people/{handle} with the fields of a decision: warn, suspend, end a suspension."""
    account: Account = histories.get(visit.db, visit.user, handle).account
    require(visit.user, "user.suspend", account)
    form = read_fields(visit)
    if form.data is None:
        return _person(visit, handle, form, 422)
    try:
        decision_id = moderation.act_on_account(visit.db, visit.user, account.id, form.data)
    except Invalid as error:
        return _person(visit, handle, form.refuse(error.errors), 422)
    except Conflict as error:
        return _person(visit, handle, form.refuse({"action": str(error)}), 409)
    visit.say(f"{actions.label(form.data.action)}. The person hears of it.")
    return Redirect(f"/decisions/{decision_id}")


def write_note(visit: Visit) -> Answer:
    """POST /moderation/notes with `kind`, `id` and `body`; then back to `next`."""
    require(visit.user, "note.write")
    kind, given = visit.form.get("kind"), visit.form.get("id")
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise NotFound("There is nothing like that here.")
    form = forms.read(NoteFields, visit.form)
    if form.data is None:
        context = {"form": form, "note_kind": kind, "note_id": int(given), "back": visit.then("/moderation")}
        return Page("decisions/note.html", context, status=422)
    notes.write(visit.db, visit.user, kind, int(given), form.data)
    visit.say("Your note is kept. Only those who moderate can read it.")
    return Redirect(visit.then("/moderation"))
