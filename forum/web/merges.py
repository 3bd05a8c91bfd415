"""Merging: propose it, answer it, decide about it, keep one's vote out, and undo it."""

from typing import Any

from forum.domain import ideas
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.ideas import IdeaView
from forum.domain.merges import acts, places, proposals, unions, views
from forum.domain.merges.proposals import AnswerFields, DecisionFields, ProposalFields, UndoFields
from forum.domain.merges.views import MergeView
from forum.domain.permissions import can, require
from forum.domain.similar import SimilarIdea
from forum.web import errors, forms, moderation, queues
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def new(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/merge: which idea stays: the likely ones first, or what `q` finds."""
    idea = ideas.get(visit.db, visit.user, idea_id)
    require(visit.user, "idea.merge", idea)
    return _new_page(visit, idea, Form({"target": visit.query.get("target"), "q": visit.query.get("q")}))


def _new_page(visit: Visit, idea: IdeaView, form: Form[Any], *, status: int = 200, problem: str = "") -> Answer:
    query = visit.query.get("q") or visit.form.get("q")
    found = proposals.candidates(visit.db, visit.user, idea, query[:200])
    form.values.setdefault("q", query)
    context = {
        "idea": idea,
        "form": form,
        "found": found,
        "options": [(one.id, one.title, _about(one)) for one in found],
        "is_own": visit.user is not None and visit.user.id == idea.author_id,
        "waiting": _waiting(visit, idea.id),
        "problem": problem,
    }
    return Page("merges/new.html", context, blocks=("form",), status=status, is_cacheable=False)


def _about(one: SimilarIdea) -> str:
    votes = f"{one.up:,} for" if one.vote_kind == "support" else f"{one.up:,} for, {one.down:,} against"
    return f"{ideas.reference(one.id)} in {one.community_name}, {votes}"


def _waiting(visit: Visit, idea_id: int) -> MergeView | None:
    merge = views.latest(visit.db, visit.user, idea_id)
    return merge if merge is not None and merge.is_waiting else None


def create(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/merge with `target` (number, reference or address) and `reason`."""
    idea = ideas.get(visit.db, visit.user, idea_id)
    require(visit.user, "idea.merge", idea)
    form = forms.read(ProposalFields, visit.form)
    form.values = {name: visit.form.get(name) for name in ("target", "reason", "q")}
    other = visit.form.get("other").strip()
    if other:  # typed by hand, instead of one of the list
        form = forms.read(ProposalFields, visit.form, target=other)
        form.values |= {"other": other, "q": visit.form.get("q")}
    if form.data is None:
        return _new_page(visit, idea, form, status=422)
    try:
        merge = proposals.propose(visit.db, visit.user, idea_id, form.data)
    except Invalid as error:
        return _new_page(visit, idea, form.refuse(error.errors), status=422)
    except Conflict as error:
        return _new_page(visit, idea, form, status=409, problem=str(error))
    said = "Thank you. We have asked the author." if merge.stage == "asked" else "Thank you. A moderator looks at it."
    visit.say(said)
    return Redirect(merge.path)


def show(visit: Visit, merge_id: int) -> Answer:
    """GET /merges/{id}: what is proposed or done, what differs, what it does to the votes, and what I can do."""
    return _show(visit, merge_id, Form())


def _show(visit: Visit, merge_id: int, form: Form[Any], *, status: int = 200, problem: str = "") -> Answer:
    db, user = visit.db, visit.user
    merge = views.get(db, user, merge_id)
    title_changes, body_changes = views.words_changed(merge)
    may_decide = can(user, "merge.decide", merge.absorbed) and can(user, "merge.decide", merge.target)
    has_voted = views.has_voted(db, user, merge.absorbed.id)
    context = {
        "merge": merge,
        "absorbed": merge.absorbed,
        "target": merge.target,
        "top": _top(visit, merge),
        "preview": views.preview(db, merge) if merge.is_waiting else None,
        "title_changes": title_changes,
        "body_changes": body_changes,
        "form": form,
        "decide_url": queues.address(visit, f"/merges/{merge_id}/decide"),
        "problem": problem,
        "may_answer": merge.is_waiting and not merge.consent and can(user, "merge.answer", merge.absorbed),
        "may_decide": may_decide and merge.is_waiting,
        "may_undo": may_decide and merge.is_active,
        "may_keep_out": has_voted
        and (merge.is_waiting or merge.is_active)
        and can(user, "merge.keep_out", merge.target),
        "is_out": has_voted and user is not None and unions.is_out(db, merge_id, user.id),
    }
    return Page("merges/show.html", context, status=status, is_cacheable=False)


def _top(visit: Visit, merge: MergeView) -> IdeaView | None:
    """The idea that both are in by now, where that is another one that this visitor may see."""
    number = places.top(visit.db, merge.target.id)
    if number == merge.target.id:
        return None
    try:
        return ideas.get(visit.db, visit.user, number)
    except NotFound:
        return None


def answer(visit: Visit, merge_id: int) -> Answer:
    """POST /merges/{id}/answer with `answer` (agree, decline) and `words`."""
    form = forms.read(AnswerFields, visit.form)
    if form.data is None:
        return _show(visit, merge_id, form, status=422)
    try:
        merge = proposals.answer(visit.db, visit.user, merge_id, form.data)
    except Conflict as error:
        return _show(visit, merge_id, form, status=409, problem=str(error))
    visit.say(
        {"merged": "Thank you. The two ideas are one now.", "declined": "Your idea stays apart."}.get(
            merge.stage, "Thank you. A moderator does the rest."
        )
    )
    return Redirect(merge.target.path if merge.stage == "merged" else merge.path)


def decide(visit: Visit, merge_id: int) -> Answer:
    """POST /merges/{id}/decide with `act` (ask, merge, refuse) and `note`; then the next case, if this was one."""
    form = forms.read(DecisionFields, visit.form)
    if form.data is None:
        return _show(visit, merge_id, form, status=422)
    was_open = proposals.is_case_open(visit.db, merge_id)
    try:
        merge = proposals.decide(visit.db, visit.user, merge_id, form.data)
    except (Conflict, Invalid) as error:
        return _show(visit, merge_id, form, status=errors.status_of(error), problem=str(error))
    said = {"ask": "We have asked the author.", "merge": "Merged.", "refuse": "The two ideas stay apart."}
    if was_open:
        return moderation.go_on(visit, said[form.data.act], link=(merge.path, "See this merge"))
    visit.say(said[form.data.act])
    return Redirect(merge.path)


def keep(visit: Visit, merge_id: int) -> Answer:
    """POST /merges/{id}/keep with `value` 1 (my vote stays out) or 0 (it counts again)."""
    value = visit.form.get("value")
    if value not in ("0", "1"):
        raise Invalid({"value": "Your vote stays out, or it counts."})
    merge = proposals.keep_out(visit.db, visit.user, merge_id, is_out=value == "1")
    visit.say("Your vote stays out of this merge." if value == "1" else "Your vote counts for the remaining idea.")
    return Redirect(merge.path)


def undo(visit: Visit, merge_id: int) -> Answer:
    """POST /merges/{id}/undo with `reason`."""
    form = forms.read(UndoFields, visit.form)
    if form.data is None:
        return _show(visit, merge_id, form, status=422)
    try:
        merge = acts.undo(visit.db, visit.user, merge_id, reason=form.data.reason)
    except Conflict as error:
        return _show(visit, merge_id, form, status=409, problem=str(error))
    visit.say("The merge is undone. Votes, followers and comments are back.")
    return Redirect(merge.path)
