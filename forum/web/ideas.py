"""The page of one idea."""

from forum.domain import ideas, votes
from forum.web.render import Answer, Page, Redirect
from forum.web.visits import Visit


def show(visit: Visit, idea_id: int, slug: str = "") -> Answer:
    """GET /ideas/{id}-{slug}; a wrong or missing slug leads to the right address."""
    idea = ideas.get(visit.db, visit.user, idea_id)
    if visit.path != idea.path:
        return Redirect(idea.path, status=301)
    my_vote = votes.mine(visit.db, visit.user, [idea_id]).get(idea_id, 0)
    return Page("ideas/show.html", {"idea": idea, "my_vote": my_vote, "said": ""}, blocks=("tally",))
