"""The queue of those who moderate: cases by due time, one case, and the decision on it or on many."""

from typing import Any

from forum.clock import now
from forum.domain import (
    appeals,
    cases,
    communities,
    decisions,
    merges,
    moderation,
    notes,
    reasons,
    reports,
    spam,
    subjects,
)
from forum.domain.actions import DecisionFields, label
from forum.domain.cases import Wanted
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.permissions import can, require
from forum.text import excerpt
from forum.web import decisions as decision_pages
from forum.web.forms import Form
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

MOST_AT_ONCE = 100
ABOUT = {"appeal": appeals.about_case, "merge": merges.about_case, "spam": spam.about_case}
"""Kind of case → what explains it, shown by templates/moderation/about/_<kind>.html."""


def index(visit: Visit) -> Answer:
    """GET /moderation: filters `kind`, `community`, `band`, `mine` stand in the address."""
    return _index(visit, Form[DecisionFields]())


def _index(visit: Visit, form: Form[Any], status: int = 200, chosen: list[str] | None = None) -> Answer:
    user = require(visit.user, "case.list")
    wanted = _wanted(visit)
    queue = cases.queue(visit.db, user, wanted, after=visit.query.get("after") or None)
    found = reports.reasons_of(visit.db, [case.id for case in queue.cases])
    moment = now()
    rows = [_row(visit, case, found.get(case.id, [])) for case in queue.cases]
    bands = [
        {"key": key, "label": text, "cases": [row for row in rows if row["band"] == key]}
        for key, text in cases.BANDS.items()
    ]
    following = _address(visit, after=queue.next_after) if queue.next_after else None
    context = {
        "bands": [band for band in bands if band["cases"]],
        "sorts": _kinds(visit, wanted),
        "filters": Form({name: visit.query.get(name) for name in ("kind", "community", "band", "mine")}),
        "communities": [
            (c.slug, c.name) for c in communities.directory(visit.db).values() if can(user, "case.read", c)
        ],
        "band_options": list(cases.BANDS.items()),
        "reasons": reasons.options(with_text=False),
        "form": form,
        "chosen": chosen or [],
        "page": {
            "previous_url": _address(visit, after="") if visit.query.get("after") else None,
            "next_url": following,
        },
        "waiting": cases.open_count(visit.db, user),
        "moment": moment,
        "action": _address(visit),
    }
    return Page("moderation/index.html", context, blocks=("results",), status=status)


def _wanted(visit: Visit) -> Wanted:
    query, community_id = visit.query, None
    if slug := query.get("community"):
        community_id = communities.get(visit.db, visit.user, slug).id
    if query.get("kind") not in ("", *cases.KINDS) or query.get("band") not in ("", *cases.BANDS):
        raise NotFound("There is no such list of cases.")
    return Wanted(query.get("kind") or None, community_id, query.get("band") or None, query.get("mine") == "1")


def _address(visit: Visit, **changes: str | None) -> str:
    values = {name: visit.query.get(name) for name in ("kind", "community", "band", "mine")}
    values.update({name: value or "" for name, value in changes.items()})
    query = "&".join(f"{name}={value}" for name, value in values.items() if value)
    return f"/moderation?{query}" if query else "/moderation"


def _kinds(visit: Visit, wanted: Wanted) -> list[dict[str, Any]]:
    kinds = [("", "All"), *cases.KINDS.items()]
    return [
        {
            "value": kind or "all",
            "label": text,
            "url": _address(visit, kind=kind),
            "is_current": (wanted.kind or "") == kind,
        }
        for kind, text in kinds
    ]


def _row(visit: Visit, case: Any, found: list[Any]) -> dict[str, Any]:
    return {
        **case._mapping,
        "url": f"/moderation/{case.id}",
        "excerpt": excerpt(case.text or "", 160),
        "kind_label": cases.KINDS.get(case.kind, case.kind),
        "reasons": [{"label": reasons.label(row.reason), "count": row.count} for row in found],
        "author": _person(case.author_name, case.author_handle, case.author_is_employee, case.author_agency),
        "band": cases.band(case.due_at, now()),
        **_loan(visit, case),
    }


def _loan(visit: Visit, case: Any) -> dict[str, Any]:
    is_lent = case.claimed_until is not None and case.claimed_until > now()
    is_mine = is_lent and visit.user is not None and case.claimed_by_id == visit.user.id
    return {"claimed_by": case.claimer_name if is_lent else "", "is_mine": is_mine}


def _person(name: str, handle: str, is_employee: bool, agency_name: str) -> dict[str, Any]:
    return {"name": name, "handle": handle, "is_employee": is_employee, "agency_name": agency_name}


def show(visit: Visit, case_id: int) -> Answer:
    """GET /moderation/{id}"""
    return _show(visit, case_id, Form())


def show_again(visit: Visit, case_id: int, form: Form[Any], status: int, notice: str = "") -> Answer:
    """The page of a case with what was typed and what is wrong with it."""
    return _show(visit, case_id, form, status, notice)


def _show(visit: Visit, case_id: int, form: Form[Any], status: int = 200, notice: str = "") -> Answer:
    user = require(visit.user, "case.list")
    case = cases.get(visit.db, user, case_id)
    is_post = case.subject_kind in subjects.KINDS
    subject = subjects.get(visit.db, user, case.subject_kind, case.subject_id) if is_post else None
    why_not = _why_not(visit, case)
    codes = moderation.choices(user, case) if is_post and case.kind not in moderation.OWN_PAGES else ()
    context = {
        "case": _row(visit, case, []),
        "subject": subject,
        "title": subject.title if subject else case.title or "",
        "author": _person(case.author_name, case.author_handle, case.author_is_employee, case.author_agency),
        "reports": [_report(row) for row in reports.of_case(visit.db, case_id)],
        "history": [_entry(row) for row in decisions.earlier(visit.db, case.subject_kind, case.subject_id)],
        "form": form,
        "may_decide": not why_not,
        "why_not": why_not,
        "notice": notice,
        "about": ABOUT[case.kind](visit.db, user, case) if case.kind in ABOUT else None,
        "decision_id": case.decision_id,
        "notes": notes.of(visit.db, user, case.subject_kind, case.subject_id) if is_post else [],
        "note_kind": case.subject_kind,
        "note_id": case.subject_id,
        "note_form": Form(),
        **decision_pages.choices(visit, codes, case.community_id),
    }
    return Page("moderation/show.html", context, status=status)


def _why_not(visit: Visit, case: Any) -> str:
    """Why this person can't decide on the case now; empty if they can."""
    if not case.is_open:
        return _decided(decisions.of_case(visit.db, case.id))
    user = require(visit.user, "case.list")
    if not can(user, "case.decide", case):
        if user.id != case.author_id:
            return "You made the decision, so somebody else decides on the appeal."
        return "This is your own post, so somebody else decides on it."
    if cases.is_lent_to_another(case, user):
        return f"{case.claimer_name} has this case right now. You can decide on it when their 15 minutes are over."
    return ""


def _decided(decision: Any) -> str:
    if decision is None:
        return "This case is closed."
    reason = f": {reasons.label(decision.reason).lower()}" if decision.reason else ""
    return f"{decision.by_name or 'Somebody'} has decided: {label(decision.action).lower()}{reason}."


def _report(row: Any) -> dict[str, Any]:
    reporter = _person(row.name, row.handle, row.is_employee, row.agency_name)
    label = reasons.label(row.reason)
    return {"reason_label": label, "note": row.note, "reporter": reporter, "created_at": row.created_at}


def _entry(row: Any) -> dict[str, Any]:
    return {
        "action_label": label(row.action),
        "reason_label": reasons.label(row.reason) if row.reason else "",
        "by_name": row.by_name or "",
        "url": f"/decisions/{row.id}",
        "is_undone": row.undone_at is not None,
        "created_at": row.created_at,
    }


def take(visit: Visit, case_id: int) -> Answer:
    """POST /moderation/{id}/take: the case is mine for 15 minutes."""
    cases.claim(visit.db, visit.user, case_id)
    return Redirect(f"/moderation/{case_id}")


def take_next(visit: Visit) -> Answer:
    """POST /moderation/next: the most urgent free case is mine."""
    case_id = cases.claim_next(visit.db, visit.user)
    if case_id is None:
        visit.say("Nothing waits. You are done for now.")
        return Redirect("/moderation")
    return Redirect(f"/moderation/{case_id}")


def decide(visit: Visit, case_id: int) -> Answer:
    """POST /moderation/{id} with the fields of a decision; then the next case, if one waits."""
    cases.get(visit.db, visit.user, case_id)
    form = decision_pages.read_fields(visit)
    if form.data is None:
        return _show(visit, case_id, form, status=422)
    try:
        moderation.decide(visit.db, visit.user, case_id, form.data)
    except Invalid as error:
        return _show(visit, case_id, form.refuse(error.errors), status=422)
    except Conflict as error:
        return _show(visit, case_id, form, status=409, notice=str(error))
    done = label(form.data.action)
    if form.data.action in ("suspend", "unsuspend"):
        visit.say(f"{done}. Now decide what happens with the post.")
        return Redirect(f"/moderation/{case_id}")
    visit.say(f"{done}. Here is the next case.")
    following = cases.claim_next(visit.db, visit.user)
    if following is None:
        visit.set_cookies.clear()
        visit.say(f"{done}. Nothing else waits.")
        return Redirect("/moderation")
    return Redirect(f"/moderation/{following}")


def decide_many(visit: Visit) -> Answer:
    """POST /moderation with `case` many times: all are decided alike, or none."""
    require(visit.user, "case.list")
    chosen = [int(value) for value in visit.form.all("case") if value.isdigit()][:MOST_AT_ONCE]
    form = decision_pages.read_fields(visit)
    if not chosen:
        form = form.refuse({"action": "Please choose at least one case first."})
    if form.data is None:
        return _index(visit, form, status=422, chosen=visit.form.all("case"))
    try:
        moderation.decide_many(visit.db, visit.user, chosen, form.data)
    except Invalid as error:
        return _index(visit, form.refuse(error.errors), 422, visit.form.all("case"))
    except Conflict as error:
        return _index(visit, form.refuse({"action": str(error)}), 409, visit.form.all("case"))
    visit.say(f"{len(chosen)} case{'' if len(chosen) == 1 else 's'} decided: {label(form.data.action).lower()}.")
    return Redirect(_address(visit))
