"""What a ranking costs: counting votes anew looks at every idea, so on a large forum not everybody may ask for it."""

from forum.db import Connection
from forum.domain import communities
from forum.domain.errors import Invalid
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.domain.rankings.selections import Selection

MOST = 100_000
"""Ideas whose votes are counted anew for anybody who asks: about a second of work."""


def check(db: Connection, user: Person | None, selection: Selection) -> None:
    """Invalid where this would keep the site from others: the policy team may ask for it all the same."""
    if not selection.is_counted_anew or can(user, "ranking.export"):
        return
    places = communities.directory(db).values()
    chosen = [place for place in places if not selection.communities or place.slug in selection.communities]
    if sum(place.idea_count for place in chosen) > MOST:
        words = f"Votes of more than {MOST:,} ideas take long to count anew. Choose fewer communities, or all votes."
        raise Invalid({"voters": words})
