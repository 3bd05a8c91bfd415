"""One text of a directive in its form: saved, in conflict with another save, graded, and with what it cites."""

from dataclasses import dataclass
from typing import Any

from forum.domain.directives import citing, texts, views, writing
from forum.domain.directives.texts import FIELDS
from forum.domain.directives.views import DirectiveView
from forum.domain.directives.writing import Collision, Written
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.permissions import require
from forum.text import grade as graded
from forum.text.grades import MOST_WORDS
from forum.web.directives_workspace import LABELS
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

EASY = 8.0  # school grades
LEAST_WORDS = 5  # below, a grade says nothing
KINDS = {"directive": "Title and introduction", "part": "Part", "recommendation": "Recommendation"}


@dataclass(frozen=True, slots=True)
class Level:
    """How a field reads, in a sentence; `is_easy` says whether that is good."""

    field: str
    text: str
    is_easy: bool


def level(field: str, words: str) -> Level | None:
    """The reading grade of what stands in a field; None where there is too little to tell."""
    found = graded(words)
    if found.words < LEAST_WORDS:
        return None
    said = f"Reads at grade {found.grade:.0f}."
    if found.long_sentences:
        number = len(found.long_sentences)
        said += f" {number} sentence{' has' if number == 1 else 's have'} more than {MOST_WORDS} words."
    elif found.grade > EASY and found.hard_words:
        said += f" Hard words: {', '.join(found.hard_words[:4])}."
    return Level(field, said, found.grade <= EASY and not found.long_sentences)


def grade(visit: Visit, field: str) -> Answer:
    """POST /directives/grade/{field}: how one field of the form reads. Changes nothing."""
    require(visit.user, "directive.write")
    if field not in LABELS:
        raise NotFound("There is no such field.")
    context = {"field": field, "level": level(field, visit.form.get(field))}
    return Page("directives/_grade.html", context, is_cacheable=False)


def edit(visit: Visit, directive_id: int, kind: str, object_id: int) -> Answer:
    """GET /directives/{id}/texts/{kind}/{object}"""
    directive = views.get(visit.db, visit.user, directive_id)
    require(visit.user, "directive.write", directive)
    written = writing.load(visit.db, directive.id, kind, object_id)
    return _page(visit, directive, written, Form(dict(written.fields)), found=_found(visit, written))


def _found(visit: Visit, written: Written) -> list[citing.Found] | None:
    query = (visit.query.get("q") or visit.form.get("q")).strip()
    if written.kind != "recommendation" or not query:
        return None
    return citing.find(visit.db, visit.user, written.id, query)


def _page(
    visit: Visit,
    directive: DirectiveView,
    written: Written,
    form: Form[Any],
    *,
    version: int | None = None,
    clash: Collision | None = None,
    problem: str = "",
    found: list[citing.Found] | None = None,
    blocks: tuple[str, ...] = ("form",),
    said: str = "",
    status: int = 200,
) -> Answer:
    fields = FIELDS[written.kind]
    text = texts.now_written(visit.db, directive.id)
    clause = text.clause(written.id) if written.kind == "recommendation" else None
    order = [one.id for one in text.clauses()]
    place = order.index(clause.id) if clause is not None else -1
    context = {
        "directive": directive,
        "written": written,
        "clause": clause,
        "before_id": order[place - 1] if place > 0 else None,
        "after_id": order[place + 1] if 0 <= place < len(order) - 1 else None,
        "heading": f"Recommendation {clause.label}" if clause is not None else KINDS[written.kind],
        "fields": fields,
        "questions": texts.QUESTIONS,
        "most": texts.MOST,
        "labels": LABELS,
        "form": form,
        "version": version if version is not None else written.version,
        "levels": {name: level(name, str(form.values.get(name, ""))) for name in fields},
        "clash": clash,
        "problem": problem,
        "is_writable": directive.stage == "drafting",
        "citations": citing.of(visit.db, written.id) if written.kind == "recommendation" else [],
        "found": found,
        "query": visit.query.get("q") or visit.form.get("q"),
        "said": said,
    }
    keep = clash is not None
    return Page("directives/text.html", context, blocks=blocks, status=status, keep=keep, is_cacheable=False)


def save(visit: Visit, directive_id: int, kind: str, object_id: int) -> Answer:
    """POST /directives/{id}/texts/{kind}/{object} with the fields and the `version` that they are based on."""
    if kind not in FIELDS:
        raise NotFound("There is no such text.")
    values = {name: visit.form.get(name) for name in FIELDS[kind]}
    based_on = _number(visit.form.get("version"))
    directive = views.get(visit.db, visit.user, directive_id)
    require(visit.user, "directive.write", directive)
    try:
        written = writing.save(visit.db, visit.user, directive_id, kind, object_id, values, based_on=based_on)
    except Invalid as error:
        written = writing.load(visit.db, directive.id, kind, object_id)
        form: Form[Any] = Form(values).refuse(error.errors)
        return _page(visit, directive, written, form, version=based_on, status=422)
    except Collision as clash:
        writing.keep_aside(visit.db, visit.user, directive_id, clash)
        form = Form(dict(clash.proposed))
        return _page(visit, directive, clash.theirs, form, clash=clash, status=409)
    except Conflict as error:
        written = writing.load(visit.db, directive.id, kind, object_id)
        return _page(visit, directive, written, Form(values), problem=str(error), status=409)
    visit.say(f"Saved as version {written.version}.")
    if kind == "recommendation":
        return Redirect(f"/directives/{directive_id}/texts/recommendation/{object_id}")
    return Redirect(f"/directives/{directive_id}/edit")


def cite(visit: Visit, directive_id: int, clause_id: int) -> Answer:
    """POST /directives/{id}/texts/recommendation/{id}/citations: search by `q`, add by `cite`, take away by `drop`.

    The buttons stand in the form of the text, so that nothing that was typed is lost; nothing of it is saved here.
    """
    directive = views.get(visit.db, visit.user, directive_id)
    require(visit.user, "directive.write", directive)
    written = writing.load(visit.db, directive.id, "recommendation", clause_id)
    said, problem = "", ""
    try:
        if key := visit.form.get("cite"):
            note = visit.form.get(f"note-{key}")
            is_new = citing.cite(visit.db, visit.user, directive_id, clause_id, key, note)
            said = "Cited." if is_new else "It was cited already."
        elif key := visit.form.get("drop"):
            citing.drop(visit.db, visit.user, directive_id, clause_id, key)
            said = "It is not cited any more."
    except (Invalid, Conflict) as error:
        problem = str(error)
    values = {name: visit.form.get(name) for name in FIELDS["recommendation"]}
    found = _found(visit, written)
    if found is not None and not said:
        said = f"{len(found)} found."
    return _page(
        visit,
        directive,
        written,
        Form(values),
        version=_number(visit.form.get("version")),
        problem=problem,
        found=found,
        blocks=("citations",),
        said=said,
        status=422 if problem else 200,
    )


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
