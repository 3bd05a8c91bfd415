"""Moves: where an idea may go, and putting it there with its votes, comments and address."""

from forum.db import Connection
from forum.domain import communities
from forum.domain.communities import CommunityView
from forum.domain.errors import Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import can, manages


def targets(db: Connection, user: Person | None, community_id: int) -> list[CommunityView]:
    """Where this person may move an idea from here: open communities that everybody sees, or that they manage."""
    return [
        place
        for place in communities.directory(db).values()
        if place.id != community_id and can(user, "community.read", place) and _takes(user, place)
    ]


def target(db: Connection, user: Person | None, community_id: int, slug: str) -> CommunityView:
    """The community with this slug, if an idea of the first one may go there; Invalid with the reason otherwise."""
    try:
        place = communities.get(db, user, slug)
    except NotFound:
        raise Invalid({"community": "Please choose one of the communities."}) from None
    if place.id == community_id:
        raise Invalid({"community": f"The idea is in {place.name} already."})
    if not _takes(user, place):
        raise Invalid({"community": "This community does not take ideas from elsewhere."})
    return place


def _takes(user: Person | None, place: CommunityView) -> bool:
    return place.status == "open" and (place.visibility == "public" or manages(user, place))
