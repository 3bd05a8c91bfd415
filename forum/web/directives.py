"""Directives as everybody reads them: the list, one directive with what people say to it, its editions."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from forum.domain import remarking, remarks, spam
from forum.domain.directives import chosen, citing, matrices, texts, views, writing
from forum.domain.directives.citing import CitedView
from forum.domain.directives.texts import Text
from forum.domain.directives.views import DirectiveView, Edition
from forum.domain.errors import Conflict, Forbidden, ForumError, Invalid, NotFound, SignInNeeded, TooMany
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.domain.remarks import Agreement, Remark
from forum.text import to_html
from forum.web import errors
from forum.web.forms import Form
from forum.web.render import ENVIRONMENT, Answer, Data, Page, Redirect
from forum.web.visits import Visit

FILES = (("docx", "Word"), ("pdf", "PDF"), ("xlsx", "Excel"), ("md", "Markdown"))
"""Kind of file → how the link is called."""
_POSTED = "Thank you. Your comment stands here now."
_HELD = "Thank you. A moderator looks at your comment before everyone can see it."


@dataclass(frozen=True, slots=True)
class Card:
    """A directive in the list, with how far it has come."""

    directive: DirectiveView
    recommendations: int
    ideas: int


@dataclass(frozen=True, slots=True)
class Voices:
    """What people say to one recommendation, and what this visitor can do about it."""

    clause_id: int
    label: str
    version: int
    agreement: Agreement
    remarks: list[Remark]
    form: Form[Any]
    said: str = ""
    is_open: bool = False  # the list of comments is unfolded

    @property
    def count(self) -> int:
        return sum(remark.state == "published" for remark in self.remarks)


def index(visit: Visit) -> Answer:
    """GET /directives: those that this visitor may read, the newest first."""
    cards = [_card(visit, one) for one in views.every(visit.db, visit.user)]
    return Page("directives/index.html", {"cards": cards, "may_write": can(visit.user, "directive.write")})


def index_atom(visit: Visit) -> Answer:
    """GET /directives.atom: each edition that went before the public, the newest first."""
    news = views.news(visit.db)
    entries = [
        {
            "title": (f"Directive No. {one.number} is final" if one.kind == "final" else "Open for comment")
            + f": {one.text.title}",
            "url": visit.url(f"/directives/{one.directive_id}/editions/{one.edition_number}"),
            "at": one.published_at,
            "html": html(one.text.introduction),
            "recommendations": [f"{clause.label} {clause.title}" for clause in one.text.clauses()],
            "stage": one.kind,
        }
        for one in news
    ]
    context = {"visit": visit, "entries": entries, "self_url": visit.url(visit.here)}
    body = ENVIRONMENT.get_template("directives/feed.xml").render(context)
    return Data(body, "application/atom+xml; charset=utf-8")


def _card(visit: Visit, directive: DirectiveView) -> Card:
    text = text_of(visit, directive)
    return Card(directive, sum(1 for _ in text.clauses()), len(text.citing()))


def text_of(visit: Visit, directive: DirectiveView) -> Text:
    """The words that this visitor may read: as they are being written for the policy team, else the newest edition."""
    if directive.stage == "drafting" and can(visit.user, "directive.write"):
        return texts.now_written(visit.db, directive.id)
    return views.newest(visit.db, directive).text


def new(visit: Visit) -> Answer:
    """GET /directives/new"""
    require(visit.user, "directive.write")
    return _new_page(Form({}))


def _new_page(form: Form[Any], *, status: int = 200) -> Answer:
    return Page("directives/new.html", {"form": form}, status=status, is_cacheable=False)


def create(visit: Visit) -> Answer:
    """POST /directives with `title` and `introduction`; leads to the workspace."""
    values = {name: visit.form.get(name) for name in texts.FIELDS["directive"]}
    try:
        directive = writing.create(visit.db, visit.user, values)
    except Invalid as error:
        return _new_page(Form(values).refuse(error.errors), status=422)
    visit.say("Begun. Only the policy team can see it.")
    return Redirect(f"/directives/{directive.id}/edit")


def show(visit: Visit, directive_id: int, slug: str = "") -> Answer:
    """GET /directives/{id}-{slug}; a wrong or missing slug leads to the right address."""
    directive = views.get(visit.db, visit.user, directive_id)
    if visit.path != directive.path:
        return Redirect(directive.path + (f"?{visit.query_string}" if visit.query_string else ""), status=301)
    return _reading(visit, directive)


def show_edition(visit: Visit, directive_id: int, number: int) -> Answer:
    """GET /directives/{id}/editions/{number}: the words as they went before the public, whatever came later."""
    directive = views.get(visit.db, visit.user, directive_id)
    return _reading(visit, directive, edition=_edition(visit, directive, number))


def edition_json(visit: Visit, directive_id: int, number: int) -> Answer:
    """GET /directives/{id}/editions/{number}.json: the very bytes that the digest is of."""
    directive = views.get(visit.db, visit.user, directive_id)
    return Data(_edition(visit, directive, number).content, "application/json; charset=utf-8")


def _edition(visit: Visit, directive: DirectiveView, number: int) -> Edition:
    found = next((one for one in views.editions(visit.db, directive) if one.number == number), None)
    if found is None:
        raise NotFound("There is no such edition.")
    return found


def _reading(
    visit: Visit,
    directive: DirectiveView,
    *,
    edition: Edition | None = None,
    failed: tuple[int, Form[Any]] | None = None,
    status: int = 200,
) -> Answer:
    db, user = visit.db, visit.user
    is_writer = can(user, "directive.write")
    is_preview = edition is None and is_writer and directive.stage == "drafting"
    newest = views.newest(db, directive) if directive.is_published else None
    shown = edition or (None if is_preview else newest)
    text = shown.text if shown is not None else texts.now_written(db, directive.id)
    all_rows = matrices.rows(db, None, directive, text) if directive.is_published else []
    is_open = directive.takes_comments and shown is not None and newest is not None and shown.id == newest.id
    context = {
        "directive": directive,
        "text": text,
        "introduction": html(text.introduction),
        "introductions": {part.id: html(part.introduction) for part in text.parts},
        "questions": texts.QUESTIONS,
        "citations": cited(visit, text),
        "edition": shown,
        "editions": views.editions(db, directive),
        "is_old": newest is not None and shown is not None and shown.id != newest.id,
        "is_preview": is_preview,
        "is_writer": is_writer,
        "steps": views.steps(db, user, directive),
        "snapshot": chosen.chosen(db, directive.snapshot_id),
        "outcomes": matrices.outcomes(all_rows),
        "answered": sum(bool(row.published_outcome) for row in all_rows),
        "voices": {} if is_preview else _voices(visit, directive, text, failed),
        "is_open": is_open,
        "files": FILES,
        "url": visit.url(directive.path),
        **_rights(visit, directive, is_open),
    }
    return Page("directives/show.html", context, status=status)


def _rights(visit: Visit, directive: DirectiveView, is_open: bool) -> dict[str, Any]:
    """What the visitor may do with remarks. Who is not signed in is offered to comment, and then asked to sign in."""
    may_comment = is_open and (visit.user is None or can(visit.user, "directive.comment", directive))
    return {
        "may_comment": may_comment,
        "may_answer": can(visit.user, "directive.write"),
        "may_decide": _may_decide,
        "may_withdraw": _may_withdraw,
        "most": remarking.MOST,
    }


def _may_decide(user: Person | None, remark: Remark) -> bool:
    return can(user, "decision.make", remark)


def _may_withdraw(user: Person | None, remark: Remark) -> bool:
    return can(user, "remark.withdraw", remark)


def html(markdown: str) -> Markup:
    """Markdown of the policy team as safe HTML."""
    return Markup(to_html(markdown))  # noqa: S704 - safe by to_html


def cited(visit: Visit, text: Text) -> dict[int, list[CitedView]]:
    """Recommendation → what it cites, as it is shown."""
    listed = [(clause.id, one) for clause in text.clauses() for one in clause.citations]
    found: dict[int, list[CitedView]] = {clause.id: [] for clause in text.clauses()}
    for (clause_id, _), view in zip(listed, citing.shown(visit.db, [one for _, one in listed]), strict=True):
        found[clause_id].append(view)
    return found


def _voices(
    visit: Visit, directive: DirectiveView, text: Text, failed: tuple[int, Form[Any]] | None
) -> dict[int, Voices]:
    clauses = list(text.clauses())
    agreements = remarks.agreements(visit.db, visit.user, {clause.id: clause.version for clause in clauses})
    said = remarks.of(visit.db, visit.user, directive.id)
    forms = {failed[0]: failed[1]} if failed else {}
    wanted = visit.query.get("remark")  # links to one comment unfold the list that it is in
    return {
        clause.id: Voices(
            clause.id,
            clause.label,
            clause.version,
            agreements[clause.id],
            said.get(clause.id, []),
            forms.get(clause.id, Form({})),
            is_open=any(str(one.id) == wanted for one in said.get(clause.id, [])),
        )
        for clause in clauses
    }


def agree(visit: Visit, directive_id: int, clause_id: int) -> Answer:
    """POST /directives/{id}/recommendations/{id}/agree with value 1, or 0 to take it back."""
    value = visit.form.get("value")
    if value not in ("0", "1"):
        raise Invalid({"value": "You agree, or you take it back."})
    agreement = remarking.agree(visit.db, visit.user, directive_id, clause_id, value == "1")
    said = "You agree with this recommendation." if agreement.is_mine else "You took back that you agree."
    return _heard(visit, directive_id, clause_id, said)


def prepare_comment(visit: Visit, directive_id: int, clause_id: int) -> spam.Reading | None:
    """Read the words for signs of spam before the unit of work."""
    body = visit.form.get("body")
    return spam.read("", body) if visit.user and 0 < len(body) <= remarking.MOST else None


def comment(visit: Visit, directive_id: int, clause_id: int) -> Answer:
    """POST /directives/{id}/recommendations/{id}/comments with `body`. What was typed is kept on error."""
    body = visit.form.get("body")
    try:
        made = remarking.say(visit.db, visit.user, directive_id, clause_id, body, reading=visit.prepared)
    except (SignInNeeded, NotFound):
        raise
    except (Invalid, Forbidden, Conflict, TooMany) as error:
        return _not_heard(visit, directive_id, clause_id, body, error)
    return _heard(visit, directive_id, clause_id, _HELD if made.state == "held" else _POSTED, shown=made.id)


def _heard(visit: Visit, directive_id: int, clause_id: int, said: str, *, shown: int | None = None) -> Answer:
    """`shown`: the comment that the page then unfolds."""
    directive = views.get(visit.db, visit.user, directive_id)
    if visit.is_htmx:
        return _part(visit, directive, clause_id, Form({}), said)
    visit.say(said)
    spot = f"?remark={shown}#remark-{shown}" if shown else f"#recommendation-{clause_id}"
    return Redirect(directive.path + spot)


def _not_heard(visit: Visit, directive_id: int, clause_id: int, body: str, error: ForumError) -> Answer:
    directive = views.get(visit.db, visit.user, directive_id)
    problems = error.errors if isinstance(error, Invalid) else {"body": str(error)}
    form: Form[Any] = Form({"body": body}).refuse(dict(problems))
    status = errors.status_of(error)
    if visit.is_htmx:
        return _part(visit, directive, clause_id, form, "", status=status)
    return _reading(visit, directive, failed=(clause_id, form), status=status)


def _part(
    visit: Visit, directive: DirectiveView, clause_id: int, form: Form[Any], said: str, *, status: int = 200
) -> Answer:
    """The voices on one recommendation, for htmx."""
    clause = views.newest(visit.db, directive).text.clause(clause_id)
    if clause is None:
        raise NotFound("There is no such recommendation.")
    agreement = remarks.agreements(visit.db, visit.user, {clause.id: clause.version})[clause.id]
    found = remarks.of(visit.db, visit.user, directive.id).get(clause.id, [])
    one = Voices(clause.id, clause.label, clause.version, agreement, found, form, said)
    rights = _rights(visit, directive, directive.takes_comments)
    context = {"directive": directive, "one": one, "is_open": directive.takes_comments, **rights}
    return Page("directives/_voices.html", context, status=status, is_cacheable=False)


def place(visit: Visit, remark_id: int) -> Answer:
    """GET /remarks/{id}: the place of a comment on the page of its directive."""
    return Redirect(remarks.address(visit.db, remarks.get(visit.db, visit.user, remark_id)))


def withdraw(visit: Visit, remark_id: int) -> Answer:
    """POST /remarks/{id}/withdraw"""
    remark = remarking.withdraw(visit.db, visit.user, remark_id)
    return _done(visit, remark, "Your comment is withdrawn.")


def answer(visit: Visit, remark_id: int) -> Answer:
    """POST /remarks/{id}/answer with `answer`."""
    remark = remarking.answer(visit.db, visit.user, remark_id, visit.form.get("answer"))
    return _done(visit, remark, "The answer stands below the comment.")


def _done(visit: Visit, remark: Remark, said: str) -> Answer:
    """Back to the place of the comment, wherever its recommendation stands now."""
    directive = views.get(visit.db, visit.user, remark.directive_id)
    if visit.is_htmx and views.newest(visit.db, directive).text.clause(remark.recommendation_id) is not None:
        return _part(visit, directive, remark.recommendation_id, Form({}), said)
    visit.say(said)
    return Redirect(remarks.address(visit.db, remark))
