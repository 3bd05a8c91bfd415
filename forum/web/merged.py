"""What the page of an idea says to those who come by the address of one that was merged into it."""

from markupsafe import Markup

from forum.domain import ideas
from forum.domain.errors import Forbidden, NotFound
from forum.domain.ideas import IdeaView
from forum.domain.merges import places, views
from forum.web.render import ENVIRONMENT, Answer, Redirect
from forum.web.visits import Visit


def lead_on(visit: Visit, idea: IdeaView) -> Answer | None:
    """From the old address of a merged idea to the one that it is in, if this visitor may see that one."""
    number = places.top(visit.db, idea.id)
    if number == idea.id:
        return None
    try:
        target = ideas.get(visit.db, visit.user, number)
    except (NotFound, Forbidden):
        return None
    return Redirect(f"{target.path}?merged={idea.id}", status=301)


def banner(visit: Visit, idea: IdeaView) -> Markup:
    """A note for somebody who came by the old address of an idea that is in this one."""
    came = visit.query.get("merged")
    if not (came.isascii() and came.isdigit() and len(came) < 19):
        return Markup()
    found = [one for one in views.includes(visit.db, idea) if one.id == int(came)]
    if not found:
        return Markup()
    return Markup(ENVIRONMENT.get_template("merges/_came.html").render(one=found[0]))  # noqa: S704 - our own template
