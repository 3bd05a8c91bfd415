"""Rankings: the policy team's and everybody's; each formula explained; as CSV and JSON."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from forum.db import Connection
from forum.domain import communities, exports, formulas, rankings
from forum.domain.errors import Invalid
from forum.domain.formulas import FORMULAS, Formula
from forum.domain.ideas import STATUSES
from forum.domain.rankings import Selection
from forum.web import lists
from forum.web.forms import Form
from forum.web.render import Answer, Download, Page
from forum.web.visits import Visit

LENGTHS = (10, 25, 50, 100)
DEFAULT = 25
FILE_MOST = 10_000
PARAMETERS = ("method", "community", "status", "tag", "agency", "author", "since", "until", "limit")


def index(visit: Visit) -> Answer:
    """GET /rankings: the first ideas by one of the formulas."""
    selection = _read(visit)
    formula = formulas.get(selection.method)
    most = _most(visit, DEFAULT, LENGTHS[-1])
    values: dict[str, Any] = {name: visit.query.get(name) for name in PARAMETERS}
    places = communities.directory(visit.db)
    names = {community.slug: community.name for community in places.values()}
    context: dict[str, Any] = {
        "formula": formula,
        "place": None,
        "tabs": [_tab(visit, one, formula) for one in FORMULAS.values()],
        "rows": [_shown(row, names) for row in rankings.records(visit.db, selection, "", most=most)],
        "form": Form({**values, "method": formula.name, "limit": str(most)}),
        "communities": lists.options(visit, places),
        "statuses": list(STATUSES.items()),
        "lengths": [(str(length), f"First {length}") for length in LENGTHS],
        "is_filtered": any(values[name] for name in PARAMETERS if name not in ("method", "limit")),
        "files": _files(visit, formula, str(most)),
        "all_files": _files(visit, formula, ""),
        "file_most": FILE_MOST,
    }
    return Page("rankings/index.html", context, blocks=("results",))


def show(visit: Visit, method: str) -> Answer:
    """GET /rankings/{method}: one formula explained, with an example from this forum."""
    formula = formulas.get(method)
    example = rankings.example(visit.db, formula)
    others = [one for one in FORMULAS.values() if one is not formula]
    context = {"formula": formula, "example": example, "others": others, "ties": formulas.TIES}
    return Page("rankings/show.html", context)


def index_csv(visit: Visit) -> Answer:
    """GET /rankings.csv: `limit` ideas, or all up to FILE_MOST."""
    selection = _read(visit)
    most, base_url = _most(visit, FILE_MOST, FILE_MOST), visit.settings.base_url

    def chunks(db: Connection) -> Iterator[bytes]:
        return exports.as_csv(rankings.records(db, selection, base_url, most=most))

    return Download(f"ranking-{selection.method}.csv", "text/csv; charset=utf-8", chunks)


def index_json(visit: Visit) -> Answer:
    """GET /rankings.json: the same as JSON."""
    selection = _read(visit)
    most, base_url = _most(visit, FILE_MOST, FILE_MOST), visit.settings.base_url
    given = rankings.as_values(selection)

    def chunks(db: Connection) -> Iterator[bytes]:
        rows = rankings.records(db, selection, base_url, most=most)
        return exports.as_json(formulas.get(selection.method), given, rows)

    return Download(f"ranking-{selection.method}.json", "application/json; charset=utf-8", chunks)


def _read(visit: Visit) -> Selection:
    return rankings.read(visit.db, {name: visit.query.all(name) for name in PARAMETERS})


def _most(visit: Visit, default: int, most: int) -> int:
    given = visit.query.get("limit")
    if not given:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 9 and 1 <= int(given) <= most):
        raise Invalid({"limit": f"Please ask for 1 to {most:,} ideas."})
    return int(given)


def _shown(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {**row, "community_name": names.get(row["community"], ""), "status_label": STATUSES[row["status"]]}


def _files(visit: Visit, formula: Formula, limit: str) -> dict[str, str]:
    return {kind: _with(visit, f"/rankings.{kind}", method=formula.name, limit=limit) for kind in ("csv", "json")}


def _tab(visit: Visit, formula: Formula, current: Formula) -> dict[str, Any]:
    return {
        "value": formula.name,
        "label": formula.label,
        "url": _with(visit, "/rankings", method=formula.name),
        "is_current": formula is current,
    }


def _with(visit: Visit, path: str, **changes: str) -> str:
    values = {**{name: visit.query.get(name) for name in PARAMETERS}, **changes}
    return f"{path}?" + urlencode({name: value for name, value in values.items() if value})
