"""Dispositions: the matrix of a directive, filled in by the policy team, read by everybody once it is published."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from forum.clock import now
from forum.domain.directives import chosen, matrices, publishing, views
from forum.domain.directives.matrices import PAGE, SHOWN, Entry, Row
from forum.domain.directives.outcomes import MEANINGS, OUTCOMES
from forum.domain.directives.views import DirectiveView
from forum.domain.permissions import can, require
from forum.web.directives import text_of
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

OPTIONS = list(OUTCOMES.items())


def index(visit: Visit, directive_id: int) -> Answer:
    """GET /directives/{id}/dispositions?show=no-reason&page=2"""
    directive = views.get(visit.db, visit.user, directive_id)
    if can(visit.user, "directive.write"):
        return _desk(visit, directive)
    rows = matrices.rows(visit.db, visit.user, directive, text_of(visit, directive))
    context = {
        "directive": directive,
        "rows": [row for row in rows if row.published_outcome],
        "outcomes": matrices.outcomes(rows),
        "snapshot": chosen.chosen(visit.db, directive.snapshot_id),
        "meanings": MEANINGS,
    }
    return Page("directives/dispositions.html", context)


def _desk(
    visit: Visit,
    directive: DirectiveView,
    *,
    typed: dict[int, Entry] | None = None,
    wrong: dict[int, str] | None = None,
    bulk: Form[Any] | None = None,
    status: int = 200,
) -> Answer:
    rows = matrices.rows(visit.db, visit.user, directive, text_of(visit, directive))
    shown = _shown(visit)
    fitting = [row for row in rows if row.is_in(shown)] if typed is None else [r for r in rows if r.idea_id in typed]
    number = min(_page_number(visit), max(1, -(-len(fitting) // PAGE)))
    page = fitting[(number - 1) * PAGE : number * PAGE] if typed is None else fitting
    address = f"/directives/{directive.id}/dispositions"
    context = {
        "directive": directive,
        "rows": page,
        "entries": {row.idea_id: _entry(row, (typed or {}).get(row.idea_id)) for row in page},
        "versions": {row.idea_id: row.version for row in page},
        "wrong": wrong or {},
        "form": Form({}).refuse({f"outcome-{key}": text for key, text in (wrong or {}).items()}),
        "bulk": bulk or Form({}),
        "picked": set(visit.form.all("pick")),
        "coverage": matrices.coverage(rows),
        "ready": publishing.ready(visit.db, directive),
        "tabs": [_tab(address, rows, code, label, shown) for code, label in SHOWN.items()],
        "shown": shown,
        "page": _pages(address, shown, number, len(fitting)),
        "number": number,
        "options": OPTIONS,
        "meanings": MEANINGS,
        "snapshot": chosen.chosen(visit.db, directive.snapshot_id),
        "offered": chosen.offered(visit.db),
        "most": matrices.REASON_MOST,
    }
    return Page("directives/matrix.html", context, status=status, is_cacheable=False)


def _shown(visit: Visit) -> str:
    shown = visit.query.get("show") or visit.form.get("show")
    return shown if shown in SHOWN else "all"


def _page_number(visit: Visit) -> int:
    number = visit.query.get("page") or visit.form.get("page")
    return int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 6 and int(number) else 1


def _entry(row: Row, typed: Entry | None) -> Entry:
    """What the form shows of a row: what was typed, on top of what is stored now."""
    shown = typed if typed is not None and typed.is_touched else row
    return Entry(shown.outcome, shown.reason, row.version, matrices.mark(row.outcome, row.reason))


def _tab(address: str, rows: Sequence[Row], code: str, label: str, shown: str) -> dict[str, Any]:
    count = sum(row.is_in(code) for row in rows)
    return {
        "value": code,
        "label": f"{label} ({count})",
        "url": address + (f"?{urlencode({'show': code})}" if code != "all" else ""),
        "is_current": code == shown,
    }


def _pages(address: str, shown: str, number: int, total: int) -> dict[str, str | None]:
    def url(to: int) -> str:
        return f"{address}?{urlencode({'show': shown, 'page': to})}"

    return {
        "previous_url": url(number - 1) if number > 1 else None,
        "next_url": url(number + 1) if number * PAGE < total else None,
    }


def save(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/dispositions: a row an idea (`outcome-12`, `reason-12`, `version-12`).

    With `act` apply, the rows chosen by `pick` get `outcome_all` and `reason_all` first. All rows are saved, or none,
    and each that is wrong says why.
    """
    directive = views.get(visit.db, visit.user, directive_id)
    require(visit.user, "directive.write", directive)
    typed = _typed(visit)
    if visit.form.get("act") == "apply":
        values = {name: visit.form.get(name) for name in ("outcome_all", "reason_all")}
        picked = [int(one) for one in visit.form.all("pick") if one.isdigit() and int(one) in typed]
        bulk: Form[Any] = Form(values)
        if not picked:
            bulk = bulk.refuse({"outcome_all": "Please tick the ideas that this is for."})
        elif values["outcome_all"] not in OUTCOMES:
            bulk = bulk.refuse({"outcome_all": "Please choose what becomes of them."})
        if bulk.errors:
            return _desk(visit, directive, typed=typed, bulk=bulk, status=422)
        for idea_id in picked:
            old = typed[idea_id]
            reason = values["reason_all"].strip() or old.reason
            typed[idea_id] = Entry(values["outcome_all"], reason, old.version, old.was)
    saved = matrices.save(visit.db, visit.user, directive_id, typed)
    if saved.errors:
        return _desk(visit, directive, typed=typed, wrong=saved.errors, status=422)
    visit.say(_outcome(saved.count))
    query = urlencode({"show": _shown(visit), "page": _page_number(visit)})
    return Redirect(f"/directives/{directive_id}/dispositions?{query}")


def _outcome(count: int) -> str:
    return "Nothing was changed." if not count else f"Saved for {count} idea{'' if count == 1 else 's'}."


def _typed(visit: Visit) -> dict[int, Entry]:
    found = {}
    for number in visit.form.all("idea"):
        if number.isascii() and number.isdigit() and len(number) < 19:
            version = visit.form.get(f"version-{number}")
            based_on = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
            outcome, reason, was = (visit.form.get(f"{name}-{number}") for name in ("outcome", "reason", "was"))
            found[int(number)] = Entry(outcome, reason, based_on, was)
    return found


def publish(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/dispositions/publish"""
    count = publishing.publish_now(visit.db, visit.user, directive_id, moment=now())
    many = "" if count == 1 else "s"
    visit.say(f"Published for {count} idea{many}. Authors and supporters hear of it.")
    return Redirect(f"/directives/{directive_id}/dispositions")


def choose(visit: Visit, directive_id: int) -> Answer:
    """POST /directives/{id}/snapshot with `snapshot`: whose ideas this directive answers."""
    found = chosen.choose(visit.db, visit.user, directive_id, visit.form.get("snapshot"))
    visit.say(f"This directive answers {found.label}." if found else "This directive answers no snapshot.")
    return Redirect(f"/directives/{directive_id}/dispositions")
