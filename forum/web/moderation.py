"""The queue of those who moderate: cases by due time, one case, the decision on it, and then the next."""

from typing import Any

from forum.clock import now
from forum.domain import cases, communities, decisions, histories, moderation, notes, reasons, reports, subjects
from forum.domain.actions import ACTIONS, SUBJECTS, DecisionFields, label
from forum.domain.cases import Counts, Wanted
from forum.domain.errors import Conflict, Invalid
from forum.domain.permissions import can, require
from forum.web import decisions as decision_pages
from forum.web import queues
from forum.web.forms import Form
from forum.web.queues import ABOUT, ACTION_KEYS, REASON_KEYS, address
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit

BULK = ("keep", "hold", "remove", "off-topic", "lock", "warn")
"""What can be decided about many posts at once; a move and a suspension ask for more than a reason."""


def index(visit: Visit) -> Answer:
    """GET /moderation: filters `kind`, `about`, `community`, `band`, `mine` stand in the address.

    So do `all`, which ticks every case of the page, and what a preview leads back with: `case`, `action`, `reason`.
    """
    form = Form[DecisionFields]({name: visit.query.get(name) for name in ("action", "reason")})
    return show_index(visit, form, chosen=visit.query.all("case"))


def show_index(visit: Visit, form: Form[Any], status: int = 200, chosen: list[str] | None = None) -> Page:
    """The queue, with what was chosen in it and what is wrong with that."""
    user = require(visit.user, "case.list")
    wanted = queues.wanted(visit)
    queue = cases.queue(visit.db, user, wanted, after=visit.query.get("after") or None)
    counts = cases.counts(visit.db, user, wanted)
    found = reports.reasons_of(visit.db, [case.id for case in queue.cases])
    rows = [queues.row(visit, case, found.get(case.id, [])) for case in queue.cases]
    if visit.query.get("all") == "1":
        chosen = [str(row["id"]) for row in rows if row["is_mine"] or not row["claimed_by"]]
    bands = [
        {"key": key, "label": text, "count": counts.bands[key], "cases": [row for row in rows if row["band"] == key]}
        for key, text in cases.BANDS.items()
    ]
    context = {
        "bands": [band for band in bands if band["cases"]],
        "sorts": _kinds(visit, wanted, counts),
        "filters": Form({name: visit.query.get(name) for name in queues.FILTERS}),
        "is_filtered": any(visit.query.get(name) for name in queues.FILTERS),
        "communities": [
            (c.slug, c.name) for c in communities.directory(visit.db).values() if can(user, "case.read", c)
        ],
        "subjects": list(SUBJECTS.items()),
        "band_options": [(key, f"{text} ({counts.bands[key]})") for key, text in cases.BANDS.items()],
        "actions": [(code, ACTIONS[code].verb) for code in BULK],
        "reasons": reasons.options(with_text=False),
        "form": form,
        "chosen": chosen or [],
        "page": {
            "previous_url": address(visit, after="") if visit.query.get("after") else None,
            "next_url": address(visit, after=queue.next_after) if queue.next_after else None,
        },
        "shown": len(rows),
        "waiting": cases.open_count(visit.db, user),
        "moment": now(),
        "urls": {
            "preview": address(visit, "/moderation/preview", after=visit.query.get("after")),
            "next": address(visit, "/moderation/next"),
            "all": address(visit, after=visit.query.get("after"), all="1"),
            "none": address(visit, after=visit.query.get("after")),
        },
    }
    return Page("moderation/index.html", context, blocks=("results",), status=status)


def _kinds(visit: Visit, wanted: Wanted, counts: Counts) -> list[dict[str, Any]]:
    numbers = {"": sum(counts.kinds.values()), **counts.kinds}
    return [
        {
            "value": kind or "all",
            "label": f"{text} ({numbers[kind]})" if numbers.get(kind) else text,
            "url": address(visit, kind=kind),
            "is_current": (wanted.kind or "") == kind,
        }
        for kind, text in (("", "All"), *cases.KINDS.items())
    ]


def show(visit: Visit, case_id: int) -> Answer:
    """GET /moderation/{id}"""
    return _show(visit, case_id, Form())


def show_again(visit: Visit, case_id: int, form: Form[Any], status: int, notice: str = "") -> Page:
    """The page of a case with what was typed and what is wrong with it."""
    return _show(visit, case_id, form, status, notice)


def _show(visit: Visit, case_id: int, form: Form[Any], status: int = 200, notice: str = "") -> Page:
    user = require(visit.user, "case.list")
    case = cases.get(visit.db, user, case_id)
    is_post = case.subject_kind in subjects.KINDS
    subject = subjects.get(visit.db, user, case.subject_kind, case.subject_id) if is_post else None
    why_not = _why_not(visit, case)
    codes = moderation.choices(user, case) if is_post and case.kind not in moderation.OWN_PAGES else ()
    found = queues.row(visit, case, [])
    context = {
        "case": found,
        "subject": subject,
        "title": subject.title if subject else found["title"],
        "author": found["author"],
        "summary": histories.summary(visit.db, user, case.author_id),
        "reports": [_report(row) for row in reports.of_case(visit.db, case_id)],
        "history": [_entry(row) for row in decisions.earlier(visit.db, case.subject_kind, case.subject_id)],
        "form": form,
        "typed": _typed(form) if why_not else [],
        "may_decide": not why_not,
        "why_not": why_not,
        "notice": notice,
        "about": _explained(visit, case),
        "decision_id": case.decision_id,
        "notes": notes.of(visit.db, user, case.subject_kind, case.subject_id) if is_post else [],
        "note_kind": case.subject_kind,
        "note_id": case.subject_id,
        "note_form": Form(),
        "urls": {
            "queue": address(visit),
            "take": address(visit, f"/moderation/{case_id}/take"),
            "next": address(visit, "/moderation/next"),
        },
        **_choices(visit, codes, case.community_id),
    }
    return Page("moderation/show.html", context, status=status)


def _explained(visit: Visit, case: Any) -> dict[str, Any] | None:
    """What its kind says about a case; pages of its own keep the filters of the queue in their addresses."""
    if case.kind not in ABOUT:
        return None
    found = ABOUT[case.kind](visit.db, visit.user, case)
    return {**found, "url": address(visit, found["url"])} if found.get("url") else found


def _choices(visit: Visit, codes: tuple[str, ...], community_id: int | None) -> dict[str, Any]:
    """What the form offers, each with its key; reasons with what they mean."""
    found = decision_pages.choices(visit, codes, community_id)
    found["actions"] = [(*option, ACTION_KEYS.get(option[0], "")) for option in found["actions"]]
    found["reasons"] = [
        (*option, key) for option, key in zip(reasons.options(), REASON_KEYS.ljust(len(reasons.REASONS)), strict=False)
    ]
    return found


def _typed(form: Form[Any]) -> list[tuple[str, str]]:
    """What somebody filled in who can't decide any more: (name, words)."""
    values = form.values
    found = [
        ("Decision", label(str(values.get("action") or ""))),
        ("Reason", reasons.label(str(values.get("reason") or ""))),
        ("What you base it on", str(values.get("facts") or "")),
        ("Message to the author", str(values.get("note") or "")),
    ]
    return [(name, words) for name, words in found if words.strip()]


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
    reporter = queues.person(row.name, row.handle, row.is_employee, row.agency_name)
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
    try:
        cases.claim(visit.db, visit.user, case_id)
    except Conflict as error:
        return _show(visit, case_id, Form(), 409, str(error))
    return Redirect(address(visit, f"/moderation/{case_id}"))


def take_next(visit: Visit) -> Answer:
    """POST /moderation/next: the most urgent free case is mine, of those that the filters in the address want."""
    case_id = cases.claim_next(visit.db, visit.user, queues.wanted(visit))
    if case_id is None:
        visit.say("Nothing else waits here for you right now.")
        return Redirect(address(visit))
    return Redirect(address(visit, f"/moderation/{case_id}"))


def decide(visit: Visit, case_id: int) -> Answer:
    """POST /moderation/{id} with the fields of a decision; then the next case, if one waits."""
    cases.get(visit.db, visit.user, case_id)
    form = decision_pages.read_fields(visit)
    if form.data is None:
        return _show(visit, case_id, form, status=422)
    try:
        with visit.db.begin_nested():  # the page of a refusal shows the case as it is
            decision_id = moderation.decide(visit.db, visit.user, case_id, form.data)
    except Invalid as error:
        return _show(visit, case_id, form.refuse(error.errors), status=422)
    except Conflict as error:
        return _show(visit, case_id, form, status=409, notice=str(error))
    done, undo = label(form.data.action), f"/decisions/{decision_id}/undo"
    if form.data.action in ("suspend", "unsuspend"):
        here = address(visit, f"/moderation/{case_id}")
        visit.say(f"{done}. Now decide what happens with the post.", undo=undo, then=here)
        return Redirect(here)
    return go_on(visit, f"{done}.", undo)


def go_on(visit: Visit, done: str, undo: str = "", link: tuple[str, str] | None = None) -> Redirect:
    """To the next case, which is lent to this person, or to the queue when nothing else waits.

    `done`: a sentence about what was decided; `undo`: an address that takes POST and takes it back; `link`: an address
    and its words.
    """
    following = cases.claim_next(visit.db, visit.user, queues.wanted(visit))
    there = address(visit) if following is None else address(visit, f"/moderation/{following}")
    rest = "Nothing else waits." if following is None else "Here is the next case."
    visit.say(f"{done} {rest}", undo=undo, then=there, link=link)
    return Redirect(there)
