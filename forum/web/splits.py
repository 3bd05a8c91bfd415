"""Splitting: make a part of an idea an idea of its own, see what was split, and undo it."""

from typing import Any

from forum.domain import ideas, revisions
from forum.domain.errors import Conflict, Invalid, TooMany
from forum.domain.ideas import IdeaView
from forum.domain.merges import splits, threads
from forum.domain.merges.splits import SplitFields, UndoFields
from forum.domain.permissions import can, require
from forum.text import excerpt
from forum.web import errors, forms
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

_NAMES = ("title", "body", "why", "rest", "reason")


def new(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/split"""
    idea = _idea(visit, idea_id)
    return _page(visit, idea, Form({"body": idea.body, "rest": idea.body}))


def _idea(visit: Visit, idea_id: int) -> IdeaView:
    idea = ideas.get(visit.db, visit.user, idea_id)
    require(visit.user, "idea.split", idea)
    return idea


def _page(visit: Visit, idea: IdeaView, form: Form[Any], *, status: int = 200, problem: str = "") -> Answer:
    found = threads.tops(visit.db, idea.id, most=splits.THREADS_OFFERED)
    context = {
        "idea": idea,
        "form": form,
        "problem": problem,
        "seen": revisions.mark(revisions.Text(idea.title, idea.body, idea.why)),
        "threads": [(row.id, f"{row.author_name}: {excerpt(row.body, 120)}") for row in found],
    }
    return Page("merges/split.html", context, blocks=("form",), status=status, is_cacheable=False)


def create(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/split with title, body, why (the part), rest (what stays), reason, comment (ids of threads)."""
    idea = _idea(visit, idea_id)
    form = forms.read(SplitFields, visit.form)
    form.values = {name: visit.form.get(name) for name in _NAMES} | {"comment": visit.form.all("comment")}
    if form.data is None:
        return _page(visit, idea, form, status=422)
    try:
        made = splits.split(visit.db, visit.user, idea_id, form.data, seen=visit.form.get("seen"))
    except Invalid as error:
        return _page(visit, idea, form.refuse(error.errors), status=422)
    except (Conflict, TooMany) as error:
        return _page(visit, idea, form, status=errors.status_of(error), problem=str(error))
    visit.say(f"Done. {made.part.ref} is an idea of its own now.")
    return Redirect(made.part.path)


def show(visit: Visit, split_id: int) -> Answer:
    """GET /splits/{id}: what was split off, why, and the way back for those who may."""
    return _show(visit, split_id, Form())


def _show(visit: Visit, split_id: int, form: Form[Any], *, status: int = 200, problem: str = "") -> Answer:
    made = splits.get(visit.db, visit.user, split_id)
    may_undo = made.undone_at is None and can(visit.user, "split.undo", made.idea)
    context = {"split": made, "form": form, "problem": problem, "may_undo": may_undo}
    return Page("merges/split_show.html", context, status=status, is_cacheable=False)


def undo(visit: Visit, split_id: int) -> Answer:
    """POST /splits/{id}/undo with `reason`."""
    form = forms.read(UndoFields, visit.form)
    if form.data is None:
        return _show(visit, split_id, form, status=422)
    try:
        made = splits.undo(visit.db, visit.user, split_id, reason=form.data.reason)
    except Conflict as error:
        return _show(visit, split_id, form, status=409, problem=str(error))
    visit.say("The split is undone. Its comments are back.")
    return Redirect(made.idea.path)
