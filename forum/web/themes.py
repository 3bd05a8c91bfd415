"""Themes: all of them with a chart, one with its ideas by any formula, and both as files."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from forum import charts
from forum.charts import Bar, Chart
from forum.db import Connection
from forum.domain import communities, exports, formulas, rankings, themes
from forum.domain.communities import CommunityView
from forum.domain.errors import NotFound
from forum.domain.formulas import FORMULAS, Formula
from forum.domain.ideas import STATUSES
from forum.domain.rankings import Selection
from forum.domain.themes import Overview, ThemeView
from forum.sheets import csv_lines
from forum.web.render import Answer, Data, Download, Page, Redirect, json_data
from forum.web.visits import Visit

CHARTED = 12
"""Themes with a bar of their own."""
SHOWN = 25
"""Ideas of a theme on its page."""
FILE_MOST = 10_000
TOGETHER = 500
FIELDS = ("id", "theme", "ideas", "up", "down", "net", "center", "url")
"""The fields of a theme in files."""


def index(visit: Visit) -> Answer:
    """GET /themes: all themes, of all ideas or of one community."""
    place = _place(visit)
    run = themes.latest(visit.db, place.id if place else 0)
    found = themes.overview(visit.db, place.id if place else 0)
    query = f"?community={place.slug}" if place else ""
    context = {
        "run": run,
        "found": found,
        "place": place,
        "chart": _chart(found) if found.themes else None,
        "places": _places(visit),
        "files": {kind: f"/themes.{kind}{query}" for kind in ("csv", "json")},
        "least": themes.LEAST_IDEAS,
    }
    return Page("themes/index.html", context)


def index_csv(visit: Visit) -> Answer:
    """GET /themes.csv: each theme with what its ideas come to."""
    rows = ([row[name] for name in FIELDS] for row in _rows(visit))
    disposition = ((b"content-disposition", b'attachment; filename="themes.csv"'),)
    return Data(b"".join(csv_lines([FIELDS, *rows])), "text/csv; charset=utf-8", headers=disposition)


def index_json(visit: Visit) -> Answer:
    """GET /themes.json: the same, with the typical words and the run."""
    place = _place(visit)
    run = themes.latest(visit.db, place.id if place else 0)
    about = None if run is None else {"made_at": f"{run.made_at:%Y-%m-%dT%H:%M:%SZ}", "ideas": run.ideas}
    return json_data({"run": about, "themes": _rows(visit, with_words=True)})


def show(visit: Visit, theme_id: int, slug: str = "") -> Answer:
    """GET /themes/{id}-{slug}; a wrong slug, and a theme that went into another one, lead to the right address."""
    query = f"?{visit.query_string}" if visit.query_string else ""
    if (heir := themes.successor(visit.db, theme_id)) is not None:
        return Redirect(heir.path + query)
    theme, formula = themes.get(visit.db, theme_id), _formula(visit)
    if visit.path != theme.path:
        return Redirect(theme.path + query, status=301)
    directory = communities.directory(visit.db)
    names = {place.slug: place.name for place in directory.values()}
    selection = Selection(method=formula.name, theme=str(theme_id))
    rows = rankings.records(visit.db, selection, "", most=SHOWN)
    context = {
        "theme": theme,
        "place": directory.get(theme.scope),
        "run": themes.latest(visit.db, theme.scope),
        "formula": formula,
        "tabs": [_tab(theme, one, formula) for one in FORMULAS.values()],
        "rows": [_shown(row, names) for row in rows],
        "spread": [(directory[one.community_id], one) for one in themes.places(visit.db, theme_id)],
        "files": {kind: f"/themes/{theme_id}.{kind}?method={formula.name}" for kind in ("csv", "json")},
        "ranking_url": f"/rankings?{urlencode(rankings.as_values(selection))}",
        "file_most": FILE_MOST,
    }
    return Page("themes/show.html", context, blocks=("results",))


def show_csv(visit: Visit, theme_id: int) -> Answer:
    """GET /themes/{id}.csv: its ideas by a formula, with how typical each is."""
    theme, formula = themes.get(visit.db, theme_id), _formula(visit)
    base_url = visit.settings.base_url

    def lines(db: Connection) -> Iterator[Any]:
        yield (*rankings.FIELDS, "strength")
        for row in _records(db, theme, formula, base_url):
            yield row.values()

    return Download(f"theme-{theme_id}.csv", "text/csv; charset=utf-8", lambda db: csv_lines(lines(db)))


def show_json(visit: Visit, theme_id: int) -> Answer:
    """GET /themes/{id}.json: the same as JSON."""
    theme, formula = themes.get(visit.db, theme_id), _formula(visit)
    base_url = visit.settings.base_url
    given = rankings.as_values(Selection(method=formula.name, theme=str(theme_id)))

    def chunks(db: Connection) -> Iterator[bytes]:
        return exports.as_json(formula, given, _records(db, theme, formula, base_url))

    return Download(f"theme-{theme_id}.json", "application/json; charset=utf-8", chunks)


def _records(db: Connection, theme: ThemeView, formula: Formula, base_url: str) -> Iterator[dict[str, Any]]:
    selection = Selection(method=formula.name, theme=str(theme.id))
    rows = rankings.records(db, selection, base_url, most=FILE_MOST)
    while some := list(islice(rows, TOGETHER)):
        strength = themes.strengths(db, theme.id, [row["id"] for row in some])
        yield from ({**row, "strength": strength[row["id"]]} for row in some)


def _place(visit: Visit) -> CommunityView | None:
    """The community that the address names. Themes are everybody's: NotFound for one that is not public."""
    slug = visit.query.get("community")
    place = communities.get(visit.db, visit.user, slug) if slug else None
    if place is not None and place.visibility != "public":
        raise NotFound("There are no themes of this community.")
    return place


def _places(visit: Visit) -> list[CommunityView]:
    """Public communities with themes of their own, by name."""
    scopes = themes.scopes(visit.db)
    found = [place for place in communities.directory(visit.db).values() if place.id in scopes]
    return sorted((place for place in found if place.visibility == "public"), key=lambda place: place.name)


def _formula(visit: Visit) -> Formula:
    return formulas.get(visit.query.get("method") or "net")


def _rows(visit: Visit, *, with_words: bool = False) -> list[dict[str, Any]]:
    place = _place(visit)
    return [
        {
            "id": theme.id,
            "theme": theme.label,
            "ideas": theme.ideas,
            "up": theme.up,
            "down": theme.down,
            "net": theme.net,
            "center": theme.central_title,
            "url": visit.url(theme.path),
            **({"words": [_word(one) for one in theme.words]} if with_words else {}),
        }
        for theme in themes.overview(visit.db, place.id if place else 0).themes
    ]


def _word(one: Any) -> dict[str, Any]:
    return {"word": one.word, "inside": one.inside, "outside": one.outside}


def _chart(found: Overview) -> Chart:
    first = found.themes[0]
    title = f"Largest theme: {first.label} ({first.ideas:,} of {found.public:,} ideas)"
    rows = [Bar(theme.label, theme.ideas) for theme in found.themes[:CHARTED]]
    return charts.bars("themes", title, rows, what="Theme", count="Ideas")


def _shown(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {**row, "community_name": names.get(row["community"], ""), "status_label": STATUSES[row["status"]]}


def _tab(theme: ThemeView, formula: Formula, current: Formula) -> dict[str, Any]:
    return {
        "value": formula.name,
        "label": formula.label,
        "url": f"{theme.path}?method={formula.name}",
        "is_current": formula is current,
    }
