"""Comments: post and answer, edit, withdraw, agree; the thread swapped in place, or the page shown again."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from forum.domain import commenting, comments, drafts, ideas, revisions
from forum.domain.commenting import CommentFields, CommentText
from forum.domain.comments import CommentView
from forum.domain.errors import Conflict, Forbidden, ForumError, Invalid, NotFound, TooMany
from forum.domain.ideas import IdeaView
from forum.domain.permissions import require
from forum.web import drafts as kept
from forum.web import errors, forms, threads
from forum.web.forms import Form
from forum.web.render import Answer, Headers, Page, Redirect
from forum.web.visits import Visit

FIELDS = ("body", "parent", "official")
_KEPT = "We kept what you wrote. Please sign in, and you can go on."
_POSTED = "Your comment is posted."
_HELD = "Thank you. A moderator looks at your comment before everyone can see it."


def prepare(visit: Visit, idea_id: int) -> tuple[Form[CommentFields], commenting.Texts | None]:
    """Check and render the words before the unit of work."""
    form = forms.read(CommentFields, visit.form)
    form.values = {name: visit.form.get(name) for name in FIELDS}
    return form, commenting.texts_of(form.data) if form.data is not None and visit.user else None


def create(visit: Visit, idea_id: int) -> Answer:
    """POST /ideas/{id}/comments with body, parent (the comment answered, or nothing), official."""
    form, texts = visit.prepared
    idea = ideas.get(visit.db, visit.user, idea_id)
    if visit.user is None:
        return _ask_to_sign_in(visit, idea)
    if form.data is None:
        return _again(visit, idea, form, 422)
    try:
        posted = commenting.post(visit.db, visit.user, idea_id, form.data, texts=texts)
    except (Invalid, Conflict, Forbidden, TooMany) as error:
        return _again(visit, idea, form, errors.status_of(error), problem=str(error), headers=_wait(error))
    kept.sent(visit, "comment", idea_id)
    said = _HELD if posted.is_held else _POSTED
    comment = comments.get(visit.db, visit.user, posted.id)
    address = comments.address(visit.db, comment)
    if not visit.is_htmx:
        visit.say(said)
        return Redirect(address)
    after = comments.page_key(visit.db, comment)
    idea = ideas.get(visit.db, visit.user, idea_id)
    context = threads.context(visit, idea, after=after, fresh=posted.id, said=said, form=Form())
    return Page("comments/_thread.html", context, headers=((b"hx-replace-url", address.encode()),))


def _ask_to_sign_in(visit: Visit, idea: IdeaView) -> Answer:
    kept.keep_until_sign_in(visit, "comment", idea.id)
    visit.say(_KEPT, tone="info")
    parent = visit.form.get("parent")
    back = f"/comments/{parent}/reply" if parent.isdecimal() else f"{idea.path}#comment-form"
    return Redirect("/sign-in?" + urlencode({"next": back, "why": "comment.post"}))


def _wait(error: ForumError) -> Headers:
    return ((b"retry-after", str(error.retry_after).encode()),) if isinstance(error, TooMany) else ()


def _again(
    visit: Visit, idea: IdeaView, form: Form[Any], status: int, *, problem: str = "", headers: Headers = ()
) -> Answer:
    """The form again with all that was typed: on a page of its own, or in its place in the thread."""
    answered = None
    with suppress(NotFound, ValueError):
        answered = comments.get(visit.db, visit.user, int(form.values["parent"]))
    context = _form_context(idea, answered, form, visit, problem=problem)
    if visit.is_htmx:
        target, swap = (f"#reply-{answered.id}", b"innerHTML") if answered else ("#comment-form", b"outerHTML")
        headers = (*headers, (b"hx-retarget", target.encode()), (b"hx-reswap", swap))
    return Page("comments/reply.html", context, blocks=("form",), status=status, headers=headers)


def _form_context(
    idea: IdeaView, answered: CommentView | None, form: Form[Any], visit: Visit, *, problem: str = ""
) -> dict[str, Any]:
    suffix = f"-{answered.id}" if answered and visit.is_htmx else ""
    draft_key = visit.form.get("draft_key") or (drafts.new_key() if visit.user else "")
    return {
        "idea": idea,
        "comment": answered,
        "form": form,
        "draft_key": draft_key,
        "suffix": suffix,
        "problem": problem,
    }


def show(visit: Visit, comment_id: int) -> Answer:
    """GET /comments/{id}: the place of a comment on its idea's page."""
    comment = comments.get(visit.db, visit.user, comment_id)
    return Redirect(comments.address(visit.db, comment))


def reply(visit: Visit, comment_id: int) -> Answer:
    """GET /comments/{id}/reply, with `quote` the words answered stand in the form as a quotation."""
    comment = comments.get(visit.db, visit.user, comment_id)
    idea = ideas.get(visit.db, visit.user, comment.idea_id)
    require(visit.user, "comment.post", idea)
    if comment.state != "published":
        raise Conflict("This comment was taken away. You can't answer it any more.")
    values: dict[str, Any] = {"body": commenting.quotation(comment)} if visit.query.get("quote") else {}
    waiting = kept.waiting(visit, "comment", idea.id)
    if waiting is not None and waiting.fields.get("parent") == str(comment_id):
        values = dict(waiting.fields)
    context = _form_context(idea, comment, Form(values), visit)
    return Page("comments/reply.html", context, blocks=("form",), is_cacheable=False)


def edit(visit: Visit, comment_id: int) -> Answer:
    """GET /comments/{id}/edit"""
    comment = comments.get(visit.db, visit.user, comment_id)
    require(visit.user, "comment.edit", comment)
    values: dict[str, Any] = {"body": comment.body}
    if (waiting := kept.waiting(visit, "comment", comment.idea_id)) is not None:
        values.update(waiting.fields)
    return _edit_page(visit, comment, Form(values), seen=commenting.mark_of(comment))


def prepare_edit(visit: Visit, comment_id: int) -> tuple[Form[CommentText], commenting.Texts | None]:
    """Check and render the new words before the unit of work."""
    form = forms.read(CommentText, visit.form)
    form.values = {"body": visit.form.get("body")}
    return form, commenting.texts_of(form.data) if form.data is not None and visit.user else None


def update(visit: Visit, comment_id: int) -> Answer:
    """POST /comments/{id}/edit"""
    form, texts = visit.prepared
    comment = comments.get(visit.db, visit.user, comment_id)
    seen = visit.form.get("seen")
    if visit.user is None:
        kept.keep_until_sign_in(visit, "comment", comment.idea_id)
        visit.say(_KEPT, tone="info")
        return Redirect("/sign-in?" + urlencode({"next": f"/comments/{comment_id}/edit", "why": "comment.edit"}))
    require(visit.user, "comment.edit", comment)
    if form.data is None:
        return _edit_page(visit, comment, form, seen=seen, status=422)
    try:
        edited = commenting.edit(visit.db, visit.user, comment_id, form.data, seen=seen, texts=texts)
    except Conflict as error:
        mark = commenting.mark_of(comment)
        return _edit_page(visit, comment, form, seen=mark, problem=str(error), status=409)
    except (Forbidden, TooMany) as error:
        status = errors.status_of(error)
        return _edit_page(visit, comment, form, seen=seen, problem=str(error), status=status, headers=_wait(error))
    kept.sent(visit, "comment", comment.idea_id)
    is_held_now = edited.state == "held" and comment.state != "held"
    visit.say(_HELD if is_held_now else "Saved." if edited.body != comment.body else "Nothing was changed.")
    return Redirect(comments.address(visit.db, edited))


def _edit_page(
    visit: Visit,
    comment: CommentView,
    form: Form[Any],
    *,
    seen: str,
    problem: str = "",
    status: int = 200,
    headers: Headers = (),
) -> Answer:
    context = {
        "comment": comment,
        "form": form,
        "seen": seen,
        "problem": problem,
        "is_free": revisions.is_free(comment.created_at),
        "free_until": comment.created_at + revisions.FREE_TIME,
    }
    return Page("comments/edit.html", context, blocks=("form",), status=status, headers=headers)


def ask_withdraw(visit: Visit, comment_id: int) -> Answer:
    """GET /comments/{id}/withdraw"""
    comment = comments.get(visit.db, visit.user, comment_id)
    require(visit.user, "comment.withdraw", comment)
    return Page("comments/withdraw.html", {"comment": comment})


def withdraw(visit: Visit, comment_id: int) -> Answer:
    """POST /comments/{id}/withdraw"""
    comment = commenting.withdraw(visit.db, visit.user, comment_id)
    visit.say("Your comment is withdrawn.")
    return Redirect(comments.address(visit.db, comment))


def history(visit: Visit, comment_id: int) -> Answer:
    """GET /comments/{id}/history: every visible edit, with what it took away and what it added."""
    comment = comments.get(visit.db, visit.user, comment_id)
    require(visit.user, "comment.read_text", comment)
    text = revisions.Text("", comment.body, "")
    found = revisions.history(visit.db, "comment", comment_id, text, before=visit.query.get("before"))
    path = f"/comments/{comment_id}/history"
    older = f"{path}?before={found.next_before}" if found.next_before else None
    page = {"previous_url": path if visit.query.get("before") else None, "next_url": older}
    return Page("comments/history.html", {"comment": comment, "history": found, "page": page}, blocks=("versions",))


def agree(visit: Visit, comment_id: int) -> Answer:
    """POST /comments/{id}/agree with value 1, or 0 to take it back."""
    value = visit.form.get("value")
    if value not in ("0", "1"):
        raise Invalid({"value": "You agree, or you take it back."})
    agreement = commenting.agree(visit.db, visit.user, comment_id, value == "1")
    said = "You agree with this comment." if agreement.i_agree else "You took back that you agree."
    if visit.is_htmx:
        shown = {"comment": {"id": comment_id, "agree_count": agreement.count}, "i_agree": agreement.i_agree}
        return Page("comments/_agree.html", {**shown, "said": said})
    visit.say(said)
    return Redirect(comments.address(visit.db, comments.get(visit.db, visit.user, comment_id)))
