"""Write an idea: the form, similar ideas while typing, the preview, posting it, and editing it later."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from forum import text
from forum.domain import drafts, ideas, posting, revisions, similar, votes
from forum.domain.communities import CommunityView
from forum.domain.errors import Conflict, Forbidden, ForumError, Invalid, TooMany
from forum.domain.permissions import can, refusal, require
from forum.domain.posting import IdeaFields, TextFields
from forum.domain.similar import SimilarIdea
from forum.web import drafts as kept
from forum.web import errors, forms
from forum.web.forms import Form
from forum.web.render import Answer, Headers, Page, Redirect
from forum.web.visits import Visit

FIELDS = drafts.FIELDS["idea"]
WORDS_GRADED = 20  # from so many words on, the reading level says something
EASY, HARDEST = 8.0, 16  # school grades
_KEPT = "We kept what you wrote. Please sign in, and you can go on."


@dataclass(frozen=True, slots=True)
class Level:
    """How easy a text is to read: the school grade that it asks for, and advice."""

    grade: int
    is_easy: bool
    text: str
    advice: str
    most: int


@dataclass(slots=True)
class Draft:
    """A form on its way to become an idea: what was typed, what is like it, how it reads."""

    form: Form[Any]
    texts: posting.Texts | None = None
    similar: list[SimilarIdea] = field(default_factory=list)
    my_votes: dict[int, int] = field(default_factory=dict)
    level: Level | None = None
    preview: posting.Texts | None = None
    is_checked: bool = False  # a step shows what is like it; the next press posts


def new(visit: Visit) -> Answer:
    """GET /ideas/new, with `community`, `title` or `draft` filled in if the address says so."""
    values, key = _first_values(visit)
    return _page(visit, Draft(Form(values)), key=key)


def _first_values(visit: Visit) -> tuple[dict[str, Any], str]:
    number = visit.query.get("draft")
    if number.isdecimal() and len(number) < 19:
        draft = drafts.get(visit.db, visit.user, int(number))
        return dict(draft.fields), drafts.key_of(draft)
    key = drafts.new_key() if visit.user else ""
    waiting = kept.waiting(visit, "idea")
    if waiting is not None:
        return dict(waiting.fields), key
    asked = {name: visit.query.get(name) for name in ("community", "title", "tags")}
    return {name: value for name, value in asked.items() if value}, key


def prepare(visit: Visit) -> Draft:
    """What takes time, before the unit of work: check the fields, render the words, find similar ideas."""
    form = forms.read(IdeaFields, visit.form)
    form.values = _typed(visit)
    if visit.user is None or visit.form.get("act") == "draft":
        return Draft(form)
    draft = _looked_up(visit, form)
    if form.data is not None:
        draft.texts = posting.texts_of(form.data)
    return draft


def prepare_look(visit: Visit) -> Draft:
    """The same for a look at it: nothing has to be right yet."""
    return _looked_up(visit, Form(_typed(visit)))


def _typed(visit: Visit) -> dict[str, Any]:
    return {name: visit.form.get(name) for name in FIELDS}


def _looked_up(visit: Visit, form: Form[Any]) -> Draft:
    title, body = form.values["title"], form.values["body"][: posting.BODY_MOST]
    found = similar.to_text(visit.db, visit.user, title, body)
    mine = votes.mine(visit.db, visit.user, [other.id for other in found])
    return Draft(form, similar=found, my_votes=mine, level=level_of(body))


def level_of(body: str) -> Level | None:
    """The reading level of a text that is long enough to have one."""
    grade = text.grade(body)
    if grade.words < WORDS_GRADED:
        return None
    is_easy = grade.grade <= EASY
    advice = "Most people can read this with ease."
    if grade.long_sentences:
        advice = "Some sentences are long. Try to make two of one."
    elif not is_easy:
        advice = "Shorter words would help more people take part."
    number = min(max(1, round(grade.grade)), HARDEST)
    return Level(number, is_easy, f"Grade {number}", advice, HARDEST)


def create(visit: Visit) -> Answer:
    """POST /ideas: post it, after a step that shows similar ideas which the author has not seen yet."""
    draft: Draft = visit.prepared
    if visit.form.get("act") == "draft":
        return _keep_draft(visit, draft)
    try:
        if visit.user is None:
            return _ask_to_sign_in(visit)
        if draft.form.data is None:
            return _page(visit, draft, status=422)
        if not _has_seen(visit, draft):
            return _check(visit, draft)
        posted = posting.post(visit.db, visit.user, draft.form.data, texts=draft.texts)
    except ForumError as error:
        return _refused(visit, draft, error)
    kept.sent(visit, "idea")
    visit.say(_outcome(posted))
    return Redirect(posted.path)


def _outcome(posted: posting.Posted) -> str:
    if not posted.is_new:
        return "You had posted this already. Here it is."
    if posted.is_held:
        return "Thank you. A moderator looks at your idea before everyone can see it. We will tell you."
    return "Your idea is posted. You follow it now, so we tell you what happens."


def _ask_to_sign_in(visit: Visit) -> Answer:
    kept.keep_until_sign_in(visit, "idea")
    visit.say(_KEPT, tone="info")
    return Redirect("/sign-in?" + urlencode({"next": "/ideas/new", "why": "idea.post"}))


def _keep_draft(visit: Visit, draft: Draft) -> Answer:
    try:
        if visit.user is None:
            return _ask_to_sign_in(visit)
        draft_id = drafts.keep(visit.db, visit.user, visit.form.get("draft_key"), "idea", _typed(visit))
    except ForumError as error:
        return _refused(visit, draft, error)
    if draft_id is None:
        return _page(visit, draft, problem="There is nothing to keep yet. Please write something first.", status=422)
    visit.say("Your draft is kept. You find it on your page.")
    return Redirect("/me#drafts")


def _refused(visit: Visit, draft: Draft, error: ForumError) -> Answer:
    """The form again, with all that was typed, and why it could not be taken."""
    status = errors.status_of(error)
    if isinstance(error, Invalid) and set(error.errors) <= set(FIELDS):
        draft.form = draft.form.refuse(error.errors)
        return _page(visit, draft, status=status)
    return _page(visit, draft, problem=str(error), status=status, headers=_headers(error))


def _headers(error: ForumError) -> Headers:
    return ((b"retry-after", str(error.retry_after).encode()),) if isinstance(error, TooMany) else ()


def _has_seen(visit: Visit, draft: Draft) -> bool:
    seen = set(visit.form.get("seen").split(","))
    return all(str(other.id) in seen for other in draft.similar)


def _check(visit: Visit, draft: Draft) -> Answer:
    """A step before posting: here is what is like it. What was typed is kept as a draft meanwhile."""
    draft.preview, draft.is_checked = draft.texts, True
    with suppress(ForumError):
        drafts.keep(visit.db, visit.user, visit.form.get("draft_key"), "idea", _typed(visit))
    return _page(visit, draft)


def preview(visit: Visit) -> Answer:
    """POST /ideas/preview: how it will look. Changes nothing."""
    draft: Draft = visit.prepared
    draft.preview = _preview(draft.form.values)
    return _page(visit, draft, blocks=("preview",))


def _preview(values: dict[str, Any]) -> posting.Texts:
    cut = {"body": values["body"][: posting.BODY_MOST], "why": values["why"][: posting.WHY_MOST]}
    return posting.texts_of(TextFields.model_construct(title=values["title"], tags="", **cut))


def look(visit: Visit) -> Answer:
    """POST /ideas/similar: what is like the idea being typed, and how it reads. Changes nothing."""
    return _panel(visit, visit.prepared)


def find_similar(visit: Visit) -> Answer:
    """GET /ideas/similar?title=...&body=...: the same for an address."""
    values = {name: visit.query.get(name) for name in FIELDS}
    return _panel(visit, _looked_up(visit, Form(values)))


def _panel(visit: Visit, draft: Draft) -> Answer:
    ids = ",".join(str(other.id) for other in draft.similar)
    is_news = bool(ids) and ids != (visit.form.get("seen") or visit.query.get("seen"))
    return Page("ideas/_help.html", {**_similar_context(draft), "is_news": is_news}, is_cacheable=False)


def _similar_context(draft: Draft) -> dict[str, Any]:
    return {"similar": draft.similar, "my_votes": draft.my_votes, "level": draft.level, "is_news": False}


def _page(
    visit: Visit,
    draft: Draft,
    *,
    key: str | None = None,
    problem: str = "",
    status: int = 200,
    blocks: tuple[str, ...] = ("form",),
    headers: Headers = (),
) -> Answer:
    places = posting.places(visit.db, visit.user)
    context = {
        **_similar_context(draft),
        "form": draft.form,
        "communities": options(places),
        "preview": draft.preview,
        "is_checked": draft.is_checked,
        "draft_key": visit.form.get("draft_key") if key is None else key,
        "problem": problem,
        "warning": _warning(visit, places),
    }
    return Page("ideas/new.html", context, blocks=blocks, status=status, headers=headers)


def _warning(visit: Visit, places: list[CommunityView]) -> str:
    """What will stand in the way of posting, said before anybody writes a long text."""
    if not places:
        return "No community takes new ideas right now. You can read, vote and comment."
    if visit.user is not None and not any(can(visit.user, "idea.post", place) for place in places):
        return refusal(visit.user, "idea.post", places[0])
    return ""


def options(places: list[CommunityView]) -> list[tuple[str, Any]]:
    """Communities as options of a select, by group; without groups if there is only one."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for place in places:
        groups.setdefault(place.group_name or "Communities", []).append((place.slug, place.name))
    if len(groups) == 1:
        return list(*groups.values())
    return list(groups.items())


def edit(visit: Visit, idea_id: int) -> Answer:
    """GET /ideas/{id}/edit"""
    idea = ideas.get(visit.db, visit.user, idea_id)
    require(visit.user, "idea.edit", idea)
    names = ", ".join(tag.name for tag in idea.tags)
    values = {"title": idea.title, "body": idea.body, "why": idea.why, "tags": names}
    if (waiting := kept.waiting(visit, "idea", idea_id)) is not None:
        values.update(waiting.fields)
    return _edit_page(visit, idea, Form(values), seen=_mark(idea))


def prepare_edit(visit: Visit, idea_id: int) -> tuple[Form[TextFields], posting.Texts | None]:
    """Check and render the new words before the unit of work."""
    form = forms.read(TextFields, visit.form)
    form.values = {name: visit.form.get(name) for name in ("title", "body", "why", "tags")}
    return form, posting.texts_of(form.data) if form.data is not None and visit.user else None


def update(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/edit"""
    form, texts = visit.prepared
    idea = ideas.get(visit.db, visit.user, idea_id)
    seen = visit.form.get("seen")
    try:
        if visit.user is None:
            kept.keep_until_sign_in(visit, "idea", idea_id)
            visit.say(_KEPT, tone="info")
            return Redirect("/sign-in?" + urlencode({"next": f"/ideas/{idea_id}/edit", "why": "idea.edit"}))
        require(visit.user, "idea.edit", idea)
        if form.data is None:
            return _edit_page(visit, idea, form, seen=seen, status=422)
        edited = posting.edit(visit.db, visit.user, idea_id, form.data, seen=seen, texts=texts)
    except Conflict as error:
        return _edit_page(visit, idea, form, seen=_mark(idea), problem=str(error), status=409)
    except (Forbidden, TooMany) as error:
        status, headers = errors.status_of(error), _headers(error)
        return _edit_page(visit, idea, form, seen=seen, problem=str(error), status=status, headers=headers)
    kept.sent(visit, "idea", idea_id)
    visit.say(_edit_outcome(edited))
    return Redirect(edited.path)


def _edit_outcome(edited: posting.Edited) -> str:
    if not edited.is_changed:
        return "Nothing was changed."
    if edited.is_held:
        return "Saved. A moderator looks at the new text before everyone can see it."
    if edited.is_revision:
        return "Saved. The text before stays in the edit history."
    return "Saved."


def _mark(idea: ideas.IdeaView) -> str:
    return revisions.mark(revisions.Text(idea.title, idea.body, idea.why))


def _edit_page(
    visit: Visit,
    idea: ideas.IdeaView,
    form: Form[Any],
    *,
    seen: str,
    problem: str = "",
    status: int = 200,
    headers: Headers = (),
) -> Answer:
    is_free = revisions.is_free(idea.created_at)
    context = {
        "idea": idea,
        "form": form,
        "seen": seen,
        "problem": problem,
        "is_free": is_free,
        "free_until": idea.created_at + revisions.FREE_TIME,
        "theirs": idea if status == 409 else None,
    }
    return Page("ideas/edit.html", context, blocks=("form",), status=status, headers=headers)
