"""The workspace of a directive: its outline, the order of things, what is deleted, and the way through its stages."""

from collections.abc import Callable
from typing import Any

from forum.domain.directives import arranging, chosen, matrices, stages, texts, views, writing
from forum.domain.directives.views import DirectiveView
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.permissions import require
from forum.web import errors
from forum.web.directives import FILES
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def edit(visit: Visit, directive_id: int) -> Answer:
    """GET /directives/{id}/edit: the outline, for the policy team."""
    return _workspace(visit, directive_id)


def _workspace(
    visit: Visit,
    directive_id: int,
    *,
    form: Form[Any] | None = None,
    problem: str = "",
    said: str = "",
    status: int = 200,
) -> Answer:
    db = visit.db
    directive = views.get(db, visit.user, directive_id)
    require(visit.user, "directive.write", directive)
    text = texts.now_written(db, directive.id)
    rows = matrices.rows(db, visit.user, directive, text)
    context = {
        "directive": directive,
        "text": text,
        "questions": texts.QUESTIONS,
        "is_writable": directive.stage == "drafting",
        "deleted": arranging.deleted(db, directive.id),
        "gaps": stages.gaps(text),
        "coverage": matrices.coverage(rows),
        "snapshot": chosen.chosen(db, directive.snapshot_id),
        "steps": views.steps(db, visit.user, directive),
        "form": form or Form({}),
        "problem": problem,
        "said": said,
        "files": FILES,
    }
    return Page("directives/edit.html", context, blocks=("outline",), status=status, is_cacheable=False)


def add_part(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/parts with `part_title`."""
    typed = visit.form.get("part_title")
    try:
        arranging.add_part(visit.db, visit.user, directive_id, {"title": typed})
    except Invalid as error:
        form: Form[Any] = Form({"part_title": typed}).refuse({"part_title": error.errors["title"]})
        return _workspace(visit, directive_id, form=form, status=422)
    visit.say("The part is added.")
    return Redirect(f"/directives/{directive_id}/edit#outline")


def add_recommendation(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/recommendations with `part` and `title`; leads to its page."""
    part, title = visit.form.get("part"), visit.form.get("title")
    if not (part.isascii() and part.isdigit() and len(part) < 19):
        raise NotFound("There is no such part.")
    try:
        written = arranging.add_recommendation(visit.db, visit.user, directive_id, int(part), {"title": title})
    except Invalid as error:
        form: Form[Any] = Form({f"title-{part}": title}).refuse({f"title-{part}": error.errors["title"]})
        return _workspace(visit, directive_id, form=form, status=422)
    return Redirect(f"/directives/{directive_id}/texts/recommendation/{written.id}")


def order(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/order with `move`: part:3:up, recommendation:5:down, or, dragged, recommendation:5:to:3:7
    (into part 3, before recommendation 7; 0 for its end)."""
    asked = visit.form.get("move").split(":")
    numbers = [int(one) if one.isascii() and one.isdigit() and len(one) < 19 else 0 for one in asked]
    if len(asked) == 3:
        arranging.move(visit.db, visit.user, directive_id, asked[0], numbers[1], asked[2])
    elif len(asked) == 5 and (asked[0], asked[2]) == ("recommendation", "to"):
        arranging.place(visit.db, visit.user, directive_id, numbers[1], numbers[3], numbers[4] or None)
    else:
        raise NotFound("Things move up or down.")
    return _arranged(visit, directive_id, asked[0], numbers[1])


def _arranged(visit: Visit, directive_id: int, kind: str, object_id: int) -> Answer:
    if not visit.is_htmx:
        return Redirect(f"/directives/{directive_id}/edit#{kind}-{object_id}")
    text = texts.now_written(visit.db, directive_id)
    labels = {("part", one.id): f"Part {one.label}" for one in text.parts}
    labels |= {("recommendation", one.id): f"Recommendation {one.label}" for one in text.clauses()}
    return _workspace(visit, directive_id, said=f"It is {labels.get((kind, object_id), 'moved')} now.")


def delete(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/delete with `what`: part:3, recommendation:5. The next page offers to undo it."""
    kind, object_id = _what(visit.form.get("what"))
    arranging.delete(visit.db, visit.user, directive_id, kind, object_id)
    undo = f"/directives/{directive_id}/bring-back?what={kind}:{object_id}"
    visit.say("It is deleted.", undo=undo, then=f"/directives/{directive_id}/edit")
    return Redirect(f"/directives/{directive_id}/edit")


def bring_back(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/bring-back with `what`, in the form or in the address."""
    kind, object_id = _what(visit.form.get("what") or visit.query.get("what"))
    arranging.bring_back(visit.db, visit.user, directive_id, kind, object_id)
    visit.say("It is back.")
    return Redirect(f"/directives/{directive_id}/edit#{kind}-{object_id}")


def _what(value: str) -> tuple[str, int]:
    kind, _, number = value.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise NotFound("There is no such text.")
    return kind, int(number)


def set_stage(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/stage with `act`: open (with `closes_on`), end or back (with `reason`), final."""
    act = visit.form.get("act")
    typed = {name: visit.form.get(f"{act}-{name}") for name in ("closes_on", "reason")}
    acts: dict[str, tuple[Callable[[], DirectiveView], str]] = {
        "open": (
            lambda: stages.open_for_comment(visit.db, visit.user, directive_id, closes_on=typed["closes_on"]),
            "Everybody can read it and comment on it now.",
        ),
        "end": (
            lambda: stages.end_comments(visit.db, visit.user, directive_id, reason=typed["reason"]),
            "The time to comment is over.",
        ),
        "back": (
            lambda: stages.take_back(visit.db, visit.user, directive_id, reason=typed["reason"]),
            "You can change it again. People still read the last edition, with your reason.",
        ),
        "final": (lambda: stages.finish(visit.db, visit.user, directive_id), "It is final, and it has its number."),
    }
    if act not in acts:
        raise Invalid({"act": "Please choose what should happen."})
    run, said = acts[act]
    try:
        run()
    except Invalid as error:
        wrong = {f"{act}-{name}": sentence for name, sentence in error.errors.items()}
        form: Form[Any] = Form({f"{act}-{name}": value for name, value in typed.items()}).refuse(wrong)
        return _workspace(visit, directive_id, form=form, status=422)
    except Forbidden:
        raise
    except Conflict as error:
        return _workspace(visit, directive_id, problem=str(error), status=errors.status_of(error))
    visit.say(said)
    return Redirect(f"/directives/{directive_id}/edit")


def versions(visit: Visit, directive_id: int) -> Answer:
    """GET /directives/{id}/versions?of=recommendation:5: what each save changed; of the title without `of`."""
    directive = views.get(visit.db, visit.user, directive_id)
    require(visit.user, "directive.write", directive)
    of = visit.query.get("of") or f"directive:{directive_id}"
    kind, object_id = _what(of)
    history = writing.history(visit.db, visit.user, directive_id, kind, object_id)
    text = texts.now_written(visit.db, directive_id)
    options = [(f"directive:{directive_id}", "Title and introduction")]
    options += [(f"part:{part.id}", f"Part {part.label}: {part.title}") for part in text.parts]
    options += [(f"recommendation:{one.id}", f"{one.label} {one.title}") for one in text.clauses()]
    for gone in arranging.deleted(visit.db, directive_id):
        options.append((f"{gone.kind}:{gone.id}", f"Deleted: {gone.title}"))
    context = {
        "directive": directive,
        "history": history,
        "newest": max(one.version.number or 0 for one in history),
        "form": Form({"of": of}),
        "options": options,
        "kind": kind,
        "object_id": object_id,
        "labels": LABELS,
        "is_writable": directive.stage == "drafting",
    }
    return Page("directives/versions.html", context, is_cacheable=False)


LABELS = {"title": "Title", "introduction": "Introduction"} | {name: ask[0] for name, ask in texts.QUESTIONS.items()}
"""Field → how pages call it."""


def restore(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/versions with `version` (its id) and `based_on` (the newest number on the page)."""
    version, based_on = (visit.form.get(name) for name in ("version", "based_on"))
    if not all(one.isascii() and one.isdigit() and len(one) < 19 for one in (version, based_on)):
        raise NotFound("There is no such version.")
    written = writing.restore(visit.db, visit.user, directive_id, int(version), based_on=int(based_on))
    visit.say(f"It reads as before again. This is version {written.version}.")
    return Redirect(f"/directives/{directive_id}/versions?of={written.kind}:{written.id}")
