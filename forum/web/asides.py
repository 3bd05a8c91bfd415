"""Votes set aside: one page to choose votes, to see what it does to the ranking, and to do it."""

from typing import Any

from forum.domain import communities, reasons, setting_aside
from forum.domain.choices import OF_WAVE, AsideFields
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.permissions import can, require
from forum.domain.setting_aside import Outlook
from forum.web import forms
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

FIELDS = tuple(AsideFields.model_fields)


def new(visit: Visit) -> Answer:
    """GET /moderation/votes, with any of the fields filled in by the address: `idea`, `community`, `wave` ..."""
    require(visit.user, "case.list")
    return _page(visit, Form({name: visit.query.get(name) for name in FIELDS}))


def preview(visit: Visit) -> Answer:
    """POST /moderation/votes/preview: the same page with what would happen. Changes nothing."""
    user, form = require(visit.user, "case.list"), _read(visit)
    if form.data is None:
        return _page(visit, form, status=422)
    try:
        choice, _ = setting_aside.read(visit.db, user, form.data)
        return _page(visit, form, setting_aside.preview(visit.db, user, choice))
    except (Invalid, NotFound) as error:
        return _page(visit, form.refuse(_errors(error)), status=422)


def create(visit: Visit) -> Answer:
    """POST /moderation/votes with the same fields: set these votes aside, then the page of the act."""
    user, form = require(visit.user, "case.list"), _read(visit)
    if form.data is None:
        return _page(visit, form, status=422)
    fields = form.data
    try:
        choice, _ = setting_aside.read(visit.db, user, fields)
        act_id = setting_aside.act(visit.db, user, choice, reason=fields.reason, facts=fields.facts, note=fields.note)
    except (Invalid, NotFound) as error:
        return _page(visit, form.refuse(_errors(error)), status=422)
    except Conflict as error:
        return _page(visit, form.refuse({"hours": str(error)}), status=409)
    visit.say("These votes do not count now. You can undo it here.")
    return Redirect(f"/acts/{act_id}")


def _read(visit: Visit) -> Form[AsideFields]:
    form = forms.read(AsideFields, visit.form)
    if message := form.errors.pop("form", None):
        form.errors["reason"] = message
    return form


def _errors(error: Invalid | NotFound) -> dict[str, str]:
    return error.errors if isinstance(error, Invalid) else {"idea": str(error)}


def _page(visit: Visit, form: Form[Any], outlook: Outlook | None = None, *, status: int = 200) -> Page:
    places = [
        (place.slug, place.name)
        for place in communities.directory(visit.db).values()
        if place.status == "open" and can(visit.user, "community.edit", place)
    ]
    reason = reasons.BY_CODE.get(form.values.get("reason") or "")
    context = {
        "form": form,
        "fields": [(name, form.values.get(name) or "") for name in FIELDS],
        "communities": places,
        "of_wave": list(OF_WAVE.items()),
        "reasons": reasons.options(with_text=False),
        "reason": reason,
        "outlook": outlook,
        "top": setting_aside.TOP,
    }
    return Page("moderation/votes.html", context, status=status)
