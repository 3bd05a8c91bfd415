"""Lists of ideas: sorted, filtered and paged by the address; as a page, JSON, CSV or Atom."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from forum.clock import now
from forum.db import Connection, address, is_remembering, seen_version
from forum.domain import agencies, communities, lists, records, tags
from forum.domain.communities import CommunityView
from forum.domain.errors import Invalid, NotFound
from forum.domain.ideas import STATUSES
from forum.domain.lists import SORTS, Filters, Listing
from forum.sheets import csv_lines
from forum.shelves import Shelf
from forum.web import cards, shells
from forum.web.forms import Form
from forum.web.render import ENVIRONMENT, UI, Answer, Data, Download, Redirect, json_data
from forum.web.visits import Visit

PARAMETERS = ("sort", "community", "tag", "agency", "status", "author", "since", "until", "track")
CSV_MOST = 10_000
FEED_MOST = 50
HALF_MINUTE = 30  # seconds; phases of communities begin by the clock, and cards say how long ago things were


@dataclass(frozen=True, slots=True)
class _Found:
    """A list as everybody sees it, and by what its shell is known."""

    filters: Filters
    place: CommunityView | None
    listing: Listing
    places: Mapping[int, CommunityView]
    cards: cards.Pile
    pager: Markup
    shell_key: Hashable


_kept: Shelf[Hashable, tuple[Hashable, _Found]] = Shelf(300)


def index(visit: Visit) -> Answer:
    """GET /ideas"""
    if query := visit.query.get("q").strip():
        return Redirect("/search?" + urlencode({"q": query, "community": visit.query.get("community")}))
    return page(visit, "/ideas", heading_of)


def index_json(visit: Visit) -> Answer:
    """GET /ideas.json: the records, and the key and address of the next page."""
    filters, _ = read(visit)
    listing = lists.find(visit.db, filters, after=visit.query.get("after") or None, limit=_limit(visit))
    more = visit.url(_with(visit, "/ideas.json", after=listing.next_after)) if listing.next_after else None
    items = records.of(visit.db, [row.id for row in listing.rows], visit.settings.base_url)
    return json_data({"ideas": items, "after": listing.next_after, "next": more})


def index_csv(visit: Visit) -> Answer:
    """GET /ideas.csv: up to CSV_MOST rows of the list, from `after` on."""
    filters, _ = read(visit)
    after, base_url = visit.query.get("after") or None, visit.settings.base_url
    lists.find(visit.db, filters, after=after, limit=1)  # a bad sort or key is told before the file begins

    def rows(db: Connection) -> Iterator[tuple[Any, ...]]:
        yield records.FIELDS
        for record in records.walk(db, filters, base_url, after=after, most=CSV_MOST):
            yield tuple(record.values())

    return Download("ideas.csv", "text/csv; charset=utf-8", lambda db: csv_lines(rows(db)))


def index_atom(visit: Visit) -> Answer:
    """GET /ideas.atom: the newest first, unless another order is asked for."""
    filters, place = read(visit, default="newest")
    listing = lists.find(visit.db, filters, limit=FEED_MOST)
    items = records.of(visit.db, [row.id for row in listing.rows], visit.settings.base_url, html=True)
    return atom(visit, heading_of(filters, place), items)


def atom(visit: Visit, title: str, items: list[dict[str, Any]]) -> Data:
    """An Atom feed (RFC 4287) of idea records that carry `html`."""
    context = {"visit": visit, "title": title, "items": items, "self_url": visit.url(visit.here)}
    body = ENVIRONMENT.get_template("ideas/feed.xml").render(context)
    return Data(body, "application/atom+xml; charset=utf-8")


def page(
    visit: Visit,
    path: str,
    heading: Any,
    template: str = "ideas/index.html",
    *,
    place: CommunityView | None = None,
    about: Callable[[], dict[str, Any]] = dict,
    about_key: Hashable = (),
) -> Answer:
    """A page with a list at `path`, fixed to the community `place` if given.

    `about` makes what else the template shows; `about_key` is all of it that depends on more than the communities.
    """
    found = _found(visit, path, place)
    if place is None and found.place is not None:
        communities.get(visit.db, visit.user, found.place.slug)  # NotFound for those who may not see it
    filters, place, listing = found.filters, found.place, found.listing

    def context() -> dict[str, Any]:
        return {
            **about(),
            "heading": heading(filters, place),
            "sort_label": SORTS[filters.sort],
            "sorts": _sorts(visit, path, filters),
            "form": Form(_values(visit, filters)),
            "communities": options(visit, found.places),
            "statuses": list(STATUSES.items()),
            "agencies": [(agency.slug, agency.name) for agency in agencies.everyone(visit.db)],
            "is_filtered": any(visit.query.get(name) for name in PARAMETERS if name != "sort"),
            "feeds": {kind: _with(visit, f"/ideas.{kind}", place, after=None) for kind in ("atom", "csv", "json")},
            "count": len(listing.rows),
            "action": path,
        }

    shown = cards.for_visitor(visit, listing.rows, found.places, found.cards)
    fills = {"cards": shown, "pager": found.pager}
    is_cacheable = filters.sort != "random"
    key = (found.shell_key, about_key)
    return shells.compose(visit, template, key, context, fills, blocks=("results",), is_cacheable=is_cacheable)


def _found(visit: Visit, path: str, place: CommunityView | None) -> _Found:
    """The list at this address, from what was kept while nobody changes the database. Asks no rights."""
    db = visit.db
    if visit.query.get("sort") == "random":
        return _find(visit, path, place, None)
    key, mark = (address(db), path, visit.query_string), (seen_version(db), int(now().timestamp()) // HALF_MINUTE)
    kept = _kept.get(key)
    if kept is not None and kept[0] == mark and is_remembering(db):
        return kept[1]
    found = _find(visit, path, place, kept[1] if kept is not None else None)
    if is_remembering(db):
        _kept.put(key, (mark, found))
    return found


def _find(visit: Visit, path: str, place: CommunityView | None, last: _Found | None) -> _Found:
    """The list as it is now: `last` itself, if all that it shows is the same."""
    db = visit.db
    places = communities.directory(db)
    if last is None or last.places is not places or visit.query.get("tag"):
        filters, place = read(visit, place=place)
    else:
        filters, place = last.filters, last.place
    listing = lists.find(db, filters, after=visit.query.get("after") or None)
    if last is not None and last.listing == listing and last.places is places and now().timestamp() < last.cards.until:
        return last
    pager = UI.pager(_pager(visit, path, listing))
    shell_key = (visit.query_string, len(listing.rows), communities.generation(db))
    return _Found(filters, place, listing, places, cards.of_everybody(listing.rows, places), pager, shell_key)


def heading_of(filters: Filters, place: CommunityView | None) -> str:
    """What the list is, in words."""
    where = f" in {place.name}" if place else ""
    kind = {"off-topic": "Off-topic ideas"}.get(filters.state, "Ideas")
    return f"{kind}{where}: {SORTS[filters.sort].lower()}"


def read(
    visit: Visit, *, place: CommunityView | None = None, default: str = "trending"
) -> tuple[Filters, CommunityView | None]:
    """The filters that the address names. NotFound for an unknown community or agency, Invalid for bad values."""
    query = visit.query
    if place is None and (slug := query.get("community")):
        place = communities.get(visit.db, visit.user, slug)
    tag_id, agency_id = None, None
    if name := query.get("tag").strip():
        tag_id = tags.find(visit.db, name)
        tag_id = -1 if tag_id is None else tag_id
    if slug := query.get("agency"):
        agency_id = communities.agency_id(visit.db, slug)
    status, author = query.get("status") or None, query.get("author") or None
    if status is not None and status not in STATUSES:
        raise Invalid({"status": "There is no such status."})
    if author is not None and author not in ("citizen", "employee"):
        raise Invalid({"author": "Authors are citizens or employees."})
    if query.get("track") not in ("", "off-topic"):
        raise NotFound("There is no such list.")
    until = _day(query.get("until"), "until")
    filters = Filters(
        sort=query.get("sort") or default,
        community_id=place.id if place else None,
        tag_id=tag_id,
        agency_id=agency_id,
        status=status,
        author_kind=author,
        state="off-topic" if query.get("track") else "published",
        since=_day(query.get("since"), "since"),
        until=until + timedelta(days=1) if until else None,
    )
    return filters, place


def options(visit: Visit, places: Mapping[int, CommunityView]) -> list[tuple[str, Any]]:
    """Communities as options of a select, by group."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for place in places.values():
        if place.status in ("open", "archived") and place.visibility == "public":
            groups.setdefault(place.group_name or "Communities", []).append((place.slug, place.name))
    return list(groups.items())


def _values(visit: Visit, filters: Filters) -> dict[str, Any]:
    values: dict[str, Any] = {name: visit.query.get(name) for name in PARAMETERS}
    values["sort"] = filters.sort
    return values


def _sorts(visit: Visit, path: str, filters: Filters) -> list[dict[str, Any]]:
    offered = [sort for sort in SORTS if sort != "approval" or filters.sort == "approval"]
    return [
        {
            "value": sort,
            "label": SORTS[sort],
            "url": _with(visit, path, sort=sort, after=None),
            "is_current": sort == filters.sort,
        }
        for sort in offered
    ]


def _pager(visit: Visit, path: str, listing: Listing) -> dict[str, str | None]:
    following = _with(visit, path, after=listing.next_after) if listing.next_after else None
    first = _with(visit, path, after=None) if visit.query.get("after") else None
    return {"previous_url": first, "next_url": following}


def _with(visit: Visit, path: str, place: CommunityView | None = None, **changes: str | None) -> str:
    """The address of this list with some parameters changed."""
    values = {name: visit.query.get(name) for name in (*PARAMETERS, "after")}
    if place is not None:
        values["community"] = place.slug
    values.update({name: value or "" for name, value in changes.items()})
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path


def _limit(visit: Visit) -> int:
    given = visit.query.get("limit")
    if not given:
        return lists.PAGE
    if not given.isdigit() or not 1 <= int(given) <= 100:
        raise Invalid({"limit": "A page has 1 to 100 ideas."})
    return int(given)


def _day(given: str, name: str) -> datetime | None:
    if not given:
        return None
    try:
        return datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid({name: "Please give a date like 2009-05-21."}) from None
