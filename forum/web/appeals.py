"""Appeals on the web: the author's form, and what another moderator makes of it."""

from typing import Any

from forum.domain import appeals, decisions, outcomes, statements
from forum.domain.appeals import AppealFields, OutcomeFields
from forum.domain.errors import Conflict
from forum.domain.permissions import require
from forum.web import forms, moderation
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def new(visit: Visit, decision_id: int) -> Answer:
    """GET /decisions/{id}/appeal"""
    return _new(visit, decision_id, Form())


def _new(visit: Visit, decision_id: int, form: Form[Any], status: int = 200) -> Answer:
    decision = decisions.get(visit.db, visit.user, decision_id)
    require(visit.user, "decision.appeal", decision)
    why_not = appeals.why_no_appeal(visit.db, decision)
    context = {
        "decision": decision,
        "parts": statements.parts(decision, decision.noun),
        "form": form,
        "why_not": why_not,
        "until": statements.appeal_until(decision),
        "days": appeals.WORKING_DAYS,
    }
    return Page("decisions/appeal.html", context, status=409 if why_not and status == 200 else status)


def create(visit: Visit, decision_id: int) -> Answer:
    """POST /decisions/{id}/appeal with `text`."""
    require(visit.user, "decision.appeal", decisions.get(visit.db, visit.user, decision_id))
    form = forms.read(AppealFields, visit.form)
    if form.data is None:
        return _new(visit, decision_id, form, 422)
    try:
        appeals.file(visit.db, visit.user, decision_id, form.data)
    except Conflict as error:
        return _new(visit, decision_id, form.refuse({"text": str(error)}), 409)
    visit.say("We have your appeal. Another moderator looks at it, and we will tell you.")
    return Redirect(f"/decisions/{decision_id}")


def decide(visit: Visit, appeal_id: int) -> Answer:
    """POST /appeals/{id} with `outcome` and `answer`."""
    appeal = appeals.get(visit.db, visit.user, appeal_id)
    require(visit.user, "appeal.decide", appeal)
    form = forms.read(OutcomeFields, visit.form)
    if form.data is None:
        return moderation.show_again(visit, appeal.case_id, form, 422)
    try:
        outcomes.decide(visit.db, visit.user, appeal_id, form.data)
    except Conflict as error:
        return moderation.show_again(visit, appeal.case_id, form, 409, str(error))
    is_upheld = form.data.outcome == "upheld"
    return moderation.go_on(visit, "Upheld. All is as it was before." if is_upheld else "Denied. The decision stands.")
