"""Rankings: the policy team's and everybody's; which ideas, which votes; each formula explained; as CSV and JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from forum.db import Connection, remembered
from forum.domain import agencies, communities, exports, formulas, rankings, themes
from forum.domain.errors import Invalid
from forum.domain.formulas import FORMULAS
from forum.domain.ideas import STATUSES
from forum.domain.rankings import Selection, comparisons, costs
from forum.domain.rankings.selections import KINDS, PARAMETERS, YES
from forum.web import laboratory, lists
from forum.web.forms import Form
from forum.web.render import Answer, Download, Page
from forum.web.visits import Visit

LENGTHS = (10, 25, 50, 100)
DEFAULT = 25
FILE_MOST = 10_000
FILES = ("csv", "json")


def index(visit: Visit) -> Answer:
    """GET /rankings: the first ideas by one of the formulas. 422 with what is wrong beside the fields."""
    errors: dict[str, str] = {}
    selection, most = Selection(), DEFAULT
    try:
        selection = read(visit)
    except Invalid as error:
        errors |= error.errors
    try:
        most = _most(visit, DEFAULT, LENGTHS[-1])
    except Invalid as error:
        errors |= error.errors
    context = {
        **_frame(visit, selection, most),
        "form": Form(_typed(visit) if errors else _values(selection, most), errors),
        "rows": [] if errors else _rows(visit, selection, most),
        "words": [] if errors else rankings.in_words(visit.db, selection),
        **laboratory.runs(visit, selection.method),
    }
    return Page("rankings/index.html", context, blocks=("results",), status=422 if errors else 200)


def show(visit: Visit, method: str) -> Answer:
    """GET /rankings/{method}: one formula explained, with an example from this forum."""
    formula = formulas.get(method)
    example = rankings.example(visit.db, formula)
    others = [one for one in FORMULAS.values() if one is not formula]
    context = {"formula": formula, "example": example, "others": others, "ties": formulas.TIES}
    context |= laboratory.runs(visit, formula.name)
    return Page("rankings/show.html", context)


def index_csv(visit: Visit) -> Answer:
    """GET /rankings.csv: `limit` ideas, or all up to FILE_MOST."""
    selection = read(visit)
    most, base_url = _most(visit, FILE_MOST, FILE_MOST), visit.settings.base_url

    def chunks(db: Connection) -> Iterator[bytes]:
        return exports.as_csv(rankings.records(db, selection, base_url, most=most))

    return Download(f"ranking-{selection.method}.csv", "text/csv; charset=utf-8", chunks)


def index_json(visit: Visit) -> Answer:
    """GET /rankings.json: the same as JSON."""
    selection = read(visit)
    most, base_url = _most(visit, FILE_MOST, FILE_MOST), visit.settings.base_url
    given = rankings.as_values(selection)

    def chunks(db: Connection) -> Iterator[bytes]:
        rows = rankings.records(db, selection, base_url, most=most)
        return exports.as_json(formulas.get(selection.method), given, rows)

    return Download(f"ranking-{selection.method}.json", "application/json; charset=utf-8", chunks)


def read(visit: Visit) -> Selection:
    """The selection that the address names. Invalid for what makes no sense."""
    selection = rankings.read(visit.db, {name: visit.query.all(name) for name in PARAMETERS})
    costs.check(visit.db, visit.user, selection)
    return selection


def address(path: str, selection: Selection, **more: str) -> str:
    """The address of a page about this selection."""
    values = {**rankings.as_values(selection), **{name: value for name, value in more.items() if value}}
    return f"{path}?{urlencode(values, safe=',')}"


def _most(visit: Visit, default: int, most: int) -> int:
    given = visit.query.get("limit")
    if not given:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 9 and 1 <= int(given) <= most):
        raise Invalid({"limit": f"Please ask for 1 to {most:,} ideas."})
    return int(given)


def _frame(visit: Visit, selection: Selection, most: int) -> dict[str, Any]:
    """Everything around the table."""
    formula, places = formulas.get(selection.method), communities.directory(visit.db)
    options = [(slug, name) for _, group in lists.options(visit, places) for slug, name in group]
    return {
        "formula": formula,
        "tabs": [_tab(one, selection, most) for one in FORMULAS.values()],
        "communities": options,
        "chosen": [name for slug, name in options if slug in selection.communities],
        "statuses": list(STATUSES.items()),
        "agencies": [(agency.slug, agency.name) for agency in agencies.everyone(visit.db)],
        "themes": _themes(visit, selection),
        "kinds": list(KINDS.items()),
        "lengths": [(str(length), f"First {length}") for length in LENGTHS],
        "is_filtered": selection != Selection(selection.method),
        "compare_url": laboratory.address(laboratory.State(_by_all(selection))),
        "files": {kind: address(f"/rankings.{kind}", selection, limit=str(most)) for kind in FILES},
        "all_files": {kind: address(f"/rankings.{kind}", selection) for kind in FILES},
        "file_most": FILE_MOST,
        "freeze_url": address("/snapshots/new", selection, limit=str(most)),
        "make_url": address("/files/new", selection, limit=str(most)),
    }


def _themes(visit: Visit, selection: Selection) -> list[tuple[str, str]]:
    """Themes as options: of all ideas, and the one that is chosen, which may belong to a community."""
    options = [(str(theme.id), theme.label) for theme in themes.overview(visit.db).themes]
    chosen = themes.find(visit.db, selection.theme) if selection.theme else None
    if chosen is not None and str(chosen.id) not in dict(options):
        options.append((str(chosen.id), chosen.label))
    return options


def _values(selection: Selection, most: int) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(PARAMETERS, "")
    return values | rankings.as_values(selection) | {"community": list(selection.communities), "limit": str(most)}


def _typed(visit: Visit) -> dict[str, Any]:
    """What the form held, right or wrong."""
    values: dict[str, Any] = {name: visit.query.get(name) for name in (*PARAMETERS, "limit")}
    named = [slug for value in visit.query.all("community") for slug in value.split(",")]
    return values | {"community": named, **{name: values[name] == YES for name in ("confirmed", "track", "aside")}}


def _rows(visit: Visit, selection: Selection, most: int) -> list[dict[str, Any]]:
    names = {community.slug: community.name for community in communities.directory(visit.db).values()}
    rows = remembered(
        visit.db, ("ranking", selection, most), lambda: list(rankings.records(visit.db, selection, "", most=most))
    )
    return [_shown(row, names) for row in rows]


def _shown(row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {**row, "community_name": names.get(row["community"], ""), "status_label": STATUSES[row["status"]]}


def _by_all(selection: Selection) -> tuple[Selection, ...]:
    """The same ideas and votes by each formula that can do it."""
    return tuple(_by(formula, selection) for formula in FORMULAS.values())[: comparisons.MOST]


def _by(formula: formulas.Formula, selection: Selection) -> Selection:
    other = replace(selection, method=formula.name)
    return other if formula.is_by_tally else replace(other, voters="", confirmed=False, aside=False)


def _tab(formula: formulas.Formula, selection: Selection, most: int) -> dict[str, Any]:
    return {
        "value": formula.name,
        "label": formula.label,
        "url": address("/rankings", _by(formula, selection), limit=str(most)),
        "is_current": formula.name == selection.method,
    }
