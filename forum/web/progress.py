"""Acts on an idea after it was posted: withdraw it, move it, say where it stands."""

from typing import Any

from forum.domain import ideas, progress
from forum.domain.errors import Invalid
from forum.domain.ideas import STATUSES, IdeaView
from forum.domain.permissions import require
from forum.domain.progress import MoveFields, StatusFields, WithdrawFields
from forum.web import forms
from forum.web.forms import Form
from forum.web.posting import options
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def ask_withdraw(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/withdraw"""
    return _withdraw_page(_idea(visit, idea_id, "idea.withdraw"), Form())


def withdraw(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/withdraw with `reason`."""
    idea = _idea(visit, idea_id, "idea.withdraw")
    form = forms.read(WithdrawFields, visit.form)
    if form.data is None:
        return _withdraw_page(idea, form, status=422)
    progress.withdraw(visit.db, visit.user, idea_id, form.data)
    visit.say("Your idea is withdrawn. Its page stays and gives your reason.")
    return Redirect(idea.path)


def _withdraw_page(idea: IdeaView, form: Form[Any], *, status: int = 200) -> Answer:
    return Page("ideas/withdraw.html", {"idea": idea, "form": form}, blocks=("form",), status=status)


def ask_move(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/move"""
    return _move_page(visit, _idea(visit, idea_id, "idea.move"), Form())


def move(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/move with `community` (a slug) and `note`."""
    idea = _idea(visit, idea_id, "idea.move")
    form = forms.read(MoveFields, visit.form)
    if form.data is None:
        return _move_page(visit, idea, form, status=422)
    try:
        moved = progress.move(visit.db, visit.user, idea_id, form.data)
    except Invalid as error:
        return _move_page(visit, idea, form.refuse(error.errors), status=422)
    visit.say(f"The idea is in {moved.community.name} now. Votes, comments and address stay.")
    return Redirect(moved.path)


def _move_page(visit: Visit, idea: IdeaView, form: Form[Any], *, status: int = 200) -> Answer:
    places = options(progress.move_targets(visit.db, visit.user, idea))
    return Page("ideas/move.html", {"idea": idea, "form": form, "places": places}, blocks=("form",), status=status)


def ask_status(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/status"""
    idea = _idea(visit, idea_id, "idea.set_status")
    return _status_page(idea, Form({"status": idea.status}))


def set_status(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/status with `status` and `note`."""
    idea = _idea(visit, idea_id, "idea.set_status")
    form = forms.read(StatusFields, visit.form)
    if form.data is None:
        return _status_page(idea, form, status=422)
    progress.set_status(visit.db, visit.user, idea_id, form.data)
    visit.say(f"The idea is marked as {STATUSES[form.data.status].lower()}. Those who follow it will hear of it.")
    return Redirect(idea.path)


def _status_page(idea: IdeaView, form: Form[Any], *, status: int = 200) -> Answer:
    context = {"idea": idea, "form": form, "statuses": list(STATUSES.items())}
    return Page("ideas/status.html", context, blocks=("form",), status=status)


def _idea(visit: Visit, idea_id: int, action: str) -> IdeaView:
    idea = ideas.get(visit.db, visit.user, idea_id)
    require(visit.user, action, idea)
    return idea
