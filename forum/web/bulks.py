"""Many cases at once: the preview of what a decision would do to each, and the decision, all or none."""

from typing import Any

from forum.domain import moderation, reasons
from forum.domain.actions import ACTIONS, DecisionFields, label
from forum.domain.errors import Conflict, Invalid
from forum.domain.permissions import require
from forum.web import decisions as decision_pages
from forum.web import queues
from forum.web.forms import Form
from forum.web.moderation import BULK, show_index
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

MOST_AT_ONCE = 100


def preview(visit: Visit) -> Answer:
    """POST /moderation/preview with `case` many times, `action` and `reason`: what would happen. Changes nothing."""
    require(visit.user, "case.list")
    form, chosen, refused = _read(visit)
    return refused or _preview(visit, form, chosen)


def decide(visit: Visit) -> Answer:
    """POST /moderation with the same fields: all are decided alike, or none; then the page of the act."""
    require(visit.user, "case.list")
    form, chosen, refused = _read(visit)
    if refused is not None or form.data is None:
        return refused or _preview(visit, form, chosen, 422)
    try:
        with visit.db.begin_nested():  # a refusal shows the cases as they are
            act_id = moderation.decide_many(visit.db, visit.user, chosen, form.data)
    except Invalid as error:
        return _preview(visit, form, chosen, 422, " ".join(error.errors.values()))
    except Conflict as error:
        return _preview(visit, form, chosen, 409, str(error))
    done = f"{_cases(len(chosen))} decided: {label(form.data.action).lower()}."
    visit.say(done, link=(queues.address(visit), "Back to the queue"))
    return Redirect(f"/acts/{act_id}")


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def _read(visit: Visit) -> tuple[Form[DecisionFields], list[int], Answer | None]:
    """The form, the cases that were chosen, and the queue with what is wrong with them."""
    given = visit.form.all("case")
    chosen = sorted({int(value) for value in given if value.isascii() and value.isdigit() and len(value) < 19})
    form = decision_pages.read_fields(visit)
    if form.data is not None and form.data.action not in BULK:
        form = form.refuse({"action": "Please decide on this one case at a time."})
    if not chosen:
        form = form.refuse({"case": "Please choose at least one case first."})
    if len(chosen) > MOST_AT_ONCE:
        form = form.refuse({"case": f"Please choose at most {MOST_AT_ONCE} cases at once."})
    is_about_choice = {"case", "action", "reason"} & set(form.errors)
    return form, chosen, show_index(visit, form, 422, given) if is_about_choice else None


def _preview(visit: Visit, form: Form[DecisionFields], chosen: list[int], status: int = 200, problem: str = "") -> Page:
    fields = form.data or DecisionFields(action=form.values["action"], reason=form.values.get("reason", ""))
    outlooks = moderation.preview(visit.db, visit.user, chosen, fields)
    able = [one for one in outlooks if not one.why_not]
    context: dict[str, Any] = {
        "verb": ACTIONS[fields.action].verb,
        "told": ACTIONS[fields.action].scope,
        "reason": reasons.BY_CODE.get(fields.reason),
        "fields": fields,
        "form": form,
        "able": able,
        "unable": [one for one in outlooks if one.why_not],
        "count": _cases(len(able)),
        "problem": problem,
        "action": queues.address(visit),
        "back": _back(visit, chosen, fields),
    }
    return Page("moderation/preview.html", context, status=status)


def _back(visit: Visit, chosen: list[int], fields: DecisionFields) -> str:
    """The queue as it was, with what was chosen."""
    here = queues.address(visit)
    rest = "&".join([*(f"case={case_id}" for case_id in chosen), f"action={fields.action}", f"reason={fields.reason}"])
    return f"{here}{'&' if '?' in here else '?'}{rest}"
