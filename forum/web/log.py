"""The public log of moderation: a page, one entry, Atom and CSV; filters stand in the address."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from forum.db import Connection
from forum.domain import actions, communities, log, reasons
from forum.domain.errors import Invalid
from forum.domain.log import Entry, Filters
from forum.domain.permissions import can
from forum.sheets import csv_lines
from forum.web.forms import Form
from forum.web.render import ENVIRONMENT, Answer, Data, Download, Page
from forum.web.visits import Visit

PARAMETERS = ("action", "about", "reason", "community", "since", "until", "machine")
FIELDS = (
    "decision", "at", "action", "reason", "kind", "subject", "url", "community", "office", "machine", "until",
    "undone_at", "undoes", "appeal",
)  # fmt: skip
"""Columns of the CSV; told in docs/moderation.md."""


def index(visit: Visit) -> Answer:
    """GET /log: filters `action`, `about`, `reason`, `community`, `since`, `until`, `machine`; paged by key."""
    filters = _filters(visit)
    after = visit.query.get("after") or None
    found = log.find(visit.db, visit.user, filters, after=after)
    context = {
        "entries": found.entries,
        "form": Form({name: visit.query.get(name) for name in PARAMETERS}),
        "is_filtered": any(visit.query.get(name) for name in PARAMETERS),
        "actions": list(log.ACTIONS.items()),
        "subjects": list(actions.SUBJECTS.items()),
        "reasons": reasons.options(with_text=False),
        "machines": list(log.MACHINES.items()),
        "communities": [
            (place.slug, place.name)
            for place in communities.directory(visit.db).values()
            if place.status in ("open", "archived") and can(visit.user, "community.read", place)
        ],
        "feeds": {kind: _address(visit, f"/log.{kind}") for kind in ("atom", "csv")},
        "page": {
            "previous_url": _address(visit) if after else None,
            "next_url": _address(visit, after=found.next_after) if found.next_after else None,
        },
    }
    return Page("log/index.html", context, blocks=("results",))


def show(visit: Visit, decision_id: int) -> Answer:
    """GET /log/{id}: one entry, for links to it."""
    entry = log.get(visit.db, visit.user, decision_id)
    return Page("log/show.html", {"entry": entry, "undone_by": log.undone_by(visit.db, entry.id)})


def index_atom(visit: Visit) -> Answer:
    """GET /log.atom: the newest entries, with the same filters."""
    found = log.find(visit.db, visit.user, _filters(visit))
    context = {"visit": visit, "entries": found.entries, "self_url": visit.url(visit.here)}
    body = ENVIRONMENT.get_template("log/feed.xml").render(context)
    return Data(body, "application/atom+xml; charset=utf-8")


def index_csv(visit: Visit) -> Answer:
    """GET /log.csv: the newest first, with the same filters; at most log.MOST_ROWS, from `after` on."""
    filters, after = _filters(visit), visit.query.get("after") or None
    log.find(visit.db, visit.user, filters, after=after, limit=1)  # a bad key is told before the file begins
    unseen, base_url = log.hidden(visit.db, visit.user), visit.settings.base_url

    def rows(db: Connection) -> Iterator[tuple[Any, ...]]:
        yield FIELDS
        for entry in log.walk(db, unseen, filters, after=after):
            yield _row(entry, base_url)

    return Download("log.csv", "text/csv; charset=utf-8", lambda db: csv_lines(rows(db)))


def _row(entry: Entry, base_url: str) -> tuple[Any, ...]:
    return (
        entry.id,
        _stamp(entry.at),
        entry.action,
        entry.reason,
        entry.kind,
        entry.what,
        base_url + entry.path if entry.path else "",
        entry.community,
        entry.office,
        entry.machine,
        _stamp(entry.ends_at),
        _stamp(entry.undone_at),
        entry.undoes_id or "",
        entry.appeal,
    )


def _stamp(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _filters(visit: Visit) -> Filters:
    query, community_id = visit.query, None
    if slug := query.get("community"):
        community_id = communities.get(visit.db, visit.user, slug).id
    until = _day(query.get("until"), "until")
    return log.check(
        Filters(
            action=query.get("action") or None,
            about=query.get("about") or None,
            reason=query.get("reason") or None,
            machine=query.get("machine") or None,
            community_id=community_id,
            since=_day(query.get("since"), "since"),
            until=until + timedelta(days=1) if until else None,
        )
    )


def _day(given: str, name: str) -> datetime | None:
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
        if not 1970 <= day.year < 9999:
            raise ValueError
        return datetime.combine(day, time(), UTC)
    except ValueError:
        raise Invalid({name: "Please give a date like 2009-05-21."}) from None


def _address(visit: Visit, path: str = "/log", **more: str) -> str:
    values = {name: visit.query.get(name) for name in PARAMETERS} | more
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
