"""What the pages of the queue share: the filters in the address, and a case as its rows and its page show it."""

from collections.abc import Callable, Mapping
from typing import Any

from forum.clock import now
from forum.db import Connection
from forum.domain import actions, appeals, cases, communities, duplicates, merges, reasons, spam, waves
from forum.domain.cases import Wanted
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.text import excerpt
from forum.web.visits import Visit

DIRECTIVES = "Directives"
"""What is named where the community stands, for a case that stands in none."""
FILTERS = ("kind", "about", "community", "band", "mine")
ABOUT: Mapping[str, Callable[[Connection, Person | None, Any], dict[str, Any]]] = {
    "appeal": appeals.about_case,
    "duplicate": duplicates.about_case,
    "merge": merges.about_case,
    "spam": spam.about_case,
    "wave": waves.about_case,
}
"""Kind of case → what explains it, shown by templates/moderation/about/_<kind>.html."""

ACTION_KEYS = {
    "keep": "k",
    "hold": "h",
    "remove": "r",
    "off-topic": "t",
    "move": "m",
    "lock": "l",
    "unlock": "u",
    "warn": "w",
    "suspend": "s",
}
"""The key that chooses an action on the page of a case."""
REASON_KEYS = "1234567890-."
"""The keys of the reasons, in the order in which they are offered."""


def wanted(visit: Visit) -> Wanted:
    """What the address asks for. NotFound for a kind, a subject or a band that there is not."""
    query, community_id = visit.query, None
    if slug := query.get("community"):
        community_id = communities.get(visit.db, visit.user, slug).id
    known = {"kind": cases.KINDS, "about": actions.SUBJECTS, "band": cases.BANDS}
    if any(query.get(name) not in ("", *keys) for name, keys in known.items()):
        raise NotFound("There is no such list of cases.")
    chosen = {name: query.get(name) or None for name in known}
    return Wanted(**chosen, community_id=community_id, is_mine=query.get("mine") == "1")


def address(visit: Visit, base: str = "/moderation", **changes: str | None) -> str:
    """The address of a page of the queue with the filters of this one, so that they hold from case to case."""
    values = {name: visit.query.get(name) for name in FILTERS}
    values.update({name: value or "" for name, value in changes.items()})
    query = "&".join(f"{name}={value}" for name, value in values.items() if value)
    return f"{base}?{query}" if query else base


def row(visit: Visit, case: Any, found: list[Any]) -> dict[str, Any]:
    """A case for its row in the queue and the head of its page."""
    return {
        **case._mapping,
        "url": address(visit, f"/moderation/{case.id}"),
        "title": case.title or case.details.get("title") or f"Case {case.id}",
        "excerpt": excerpt(case.text or "", 160),
        "is_comment": actions.noun(case.subject_kind) == "comment",
        "community_name": case.community_name or DIRECTIVES,
        "kind_label": cases.KINDS.get(case.kind, case.kind),
        "reasons": [{"label": reasons.label(one.reason), "count": one.count} for one in found],
        "signs": [str(sign) for sign in case.details.get("signs", ())][:2],
        "author": person(case.author_name, case.author_handle, case.author_is_employee, case.author_agency),
        "band": cases.band(case.due_at, now()),
        **_loan(visit, case),
    }


def _loan(visit: Visit, case: Any) -> dict[str, Any]:
    is_lent = case.claimed_until is not None and case.claimed_until > now()
    is_mine = is_lent and visit.user is not None and case.claimed_by_id == visit.user.id
    until = f"{case.claimed_until:%H:%M} UTC" if is_lent else ""
    return {"claimed_by": case.claimer_name if is_lent else "", "is_mine": is_mine, "lent_until": until}


def person(name: str, handle: str, is_employee: bool, agency_name: str) -> dict[str, Any]:
    """A person as the widgets show them."""
    return {"name": name, "handle": handle, "is_employee": is_employee, "agency_name": agency_name}
