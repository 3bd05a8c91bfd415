"""The search page: ideas, comments and directives by their words, narrowed by kind and community."""

from typing import Any
from urllib.parse import urlencode

from forum.domain import communities, search
from forum.domain.directives import finding, views
from forum.domain.directives.finding import Found
from forum.domain.ideas import path
from forum.domain.search import Hit, Results
from forum.web import lists
from forum.web.forms import Form
from forum.web.render import Answer, Page
from forum.web.visits import Visit

KINDS = {"idea": "Idea", "comment": "Comment"}
LENGTH = 400  # characters of a query that are looked at
DIRECTIVES = "directive"
"""The kind that stands in no index: a section of its own."""
FEW, MANY = 3, 20  # directives shown beside ideas and comments, and alone


def index(visit: Visit) -> Answer:
    """GET /search: `q`, narrowed by `kind` and `community`, with the off-topic `track` if asked, paged by `after`."""
    q = visit.query.get("q").strip()[:LENGTH]
    kind = visit.query.get("kind") if visit.query.get("kind") in (*KINDS, DIRECTIVES) else ""
    places = communities.directory(visit.db)
    place = next((p for p in places.values() if p.slug == visit.query.get("community")), None)
    track = "off-topic" if visit.query.get("track") == "off-topic" else ""
    results = Results([])
    if q and kind != DIRECTIVES:
        results = search.find(
            visit.db,
            q,
            user=visit.user,
            kinds=[kind] if kind else None,
            community_id=place.id if place else None,
            with_track=track != "",
            after=visit.query.get("after") or None,
        )
    directives = _directives(visit, q, kind, results.suggestion)
    most = MANY if kind == DIRECTIVES else FEW
    context = {
        "q": q,
        "form": Form({"q": q, "kind": kind, "community": place.slug if place else "", "track": track}),
        "communities": lists.options(visit, places),
        "searched": bool(q),
        "hits": [_hit(hit, places) for hit in results.hits],
        "directives": directives[:most],
        "stages": views.STAGES,
        "more_directives": max(0, len(directives) - most),
        "directives_url": _address(visit, kind=DIRECTIVES, after=None) if kind != DIRECTIVES else "",
        "suggestion": results.suggestion,
        "suggestion_url": _address(visit, q=results.suggestion, after=None),
        "total": results.total_is_at_least,
        "is_more": not results.is_total_exact,
        "is_relaxed": results.is_relaxed,
        "page": {
            "previous_url": _address(visit, after=None) if visit.query.get("after") else None,
            "next_url": _address(visit, after=results.next_after) if results.next_after else None,
        },
    }
    return Page("search/index.html", context, blocks=("results",))


def _directives(visit: Visit, q: str, kind: str, suggestion: str | None) -> list[Found]:
    """Public directives that fit; they stand in no community, and on the first page only."""
    if not q or kind in KINDS or visit.query.get("community") or visit.query.get("after"):
        return []
    return finding.find(visit.db, q) or (finding.find(visit.db, suggestion) if suggestion else [])


def _hit(hit: Hit, places: Any) -> dict[str, Any]:
    place = places.get(hit.community_id)
    address = path(hit.idea_id, hit.slug) if hit.kind == "idea" else f"/comments/{hit.object_id}"
    return {
        "kind_label": KINDS.get(hit.kind, hit.kind),
        "url": address,
        "title_html": hit.title_html,
        "snippet_html": hit.snippet_html,
        "community_name": place.name if place else "",
        "created_at": hit.created_at,
        "language": hit.language,
    }


def _address(visit: Visit, **changes: str | None) -> str:
    values = {name: visit.query.get(name) for name in ("q", "kind", "community", "track", "after")}
    values.update({name: value or "" for name, value in changes.items()})
    return "/search?" + urlencode({name: value for name, value in values.items() if value})
