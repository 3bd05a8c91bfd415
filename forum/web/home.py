"""The front page: what is open now, what rises, the newest official answers."""

from datetime import timedelta

from forum.clock import now
from forum.domain import communities, fronts, lists
from forum.domain.lists import Filters
from forum.web import cards
from forum.web.render import Answer, Page
from forum.web.visits import Visit

RISING = 6
COMMUNITIES = 9
SETTLED = timedelta(minutes=1)
"""So old is an idea before it can rise to the front page: the watch for waves has looked at it by then."""


def index(visit: Visit) -> Answer:
    """GET /"""
    front = fronts.front(visit.db)
    rising = lists.find(visit.db, Filters("trending", until=now() - SETTLED), limit=RISING).rows
    is_administrator = visit.user is not None and visit.user.role == "administrator"
    context = {
        "communities": front.open_communities[:COMMUNITIES],
        "community_count": len(front.open_communities),
        "joined": visit.user.joined if visit.user else frozenset(),
        "cards": cards.render(visit, rising, communities.directory(visit.db)),
        "count": len(rising),
        "answers": front.answers,
        "overdue": [],
        "figures": [
            {"label": "Ideas", "value": front.idea_count},
            {"label": "Communities open now", "value": len(front.open_communities)},
            {"label": "Ideas with an answer", "value": front.answered_count},
        ],
        "next_steps": _next_steps(front) if is_administrator else [],
    }
    return Page("home/index.html", context)


def _next_steps(front: fronts.Front) -> list[dict[str, object]]:
    """What an administrator does first; none once the forum lives."""
    if front.idea_count and front.open_communities:
        return []
    return [
        {"label": "Open a community", "url": "/communities/new", "is_done": bool(front.open_communities)},
        {"label": "Mark your public employees and moderators", "url": "/users", "is_done": False},
        {
            "label": "Post the first idea, or import a consultation",
            "url": "/ideas/new",
            "is_done": bool(front.idea_count),
        },
    ]
