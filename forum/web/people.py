"""The public page of a person: who they are here, their ideas, what they say."""

from markupsafe import Markup

from forum.domain import activity, communities, lists, profiles
from forum.domain.lists import Filters
from forum.domain.profiles import Profile
from forum.domain.users import ROLE_LABELS
from forum.text.markdown import to_html
from forum.web import cards
from forum.web.me import comment_item, pager
from forum.web.render import Answer, Page
from forum.web.visits import Visit

COMMENTS_SHOWN = 5


def show(visit: Visit, handle: str) -> Answer:
    """GET /people/{handle}: badge, words about themselves, public ideas by page, the newest comments."""
    person = profiles.get(visit.db, handle)
    filters = Filters(sort="newest", author_id=person.id)
    listing = lists.find(visit.db, filters, after=visit.query.get("after") or None)
    said = activity.public_comments(visit.db, person.id, limit=COMMENTS_SHOWN)
    context = {
        **_about(person),
        "cards": cards.render(visit, listing.rows, communities.directory(visit.db)),
        "count": len(listing.rows),
        "page": pager(visit, listing),
        "is_first": not visit.query.get("after"),
        "comments": [comment_item(row) for row in said.rows],
        "more_comments": said.next_after is not None,
    }
    return Page("people/show.html", context, blocks=("results",))


def comments(visit: Visit, handle: str) -> Answer:
    """GET /people/{handle}/comments: all they said in public."""
    person = profiles.get(visit.db, handle)
    listing = activity.public_comments(visit.db, person.id, after=visit.query.get("after") or None)
    items = [comment_item(row) for row in listing.rows]
    context = {**_about(person), "comments": items, "page": pager(visit, listing)}
    return Page("people/comments.html", context, blocks=("results",))


def _about(person: Profile) -> dict[str, object]:
    role = ROLE_LABELS[person.role] if person.role != "citizen" else ""
    return {"person": person, "bio_html": Markup(to_html(person.bio)) if person.bio else "", "role_label": role}  # noqa: S704 - to_html gives safe HTML
