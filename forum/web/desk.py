"""The policy desk: one page from which the policy team reaches its tools."""

from dataclasses import dataclass

from forum.domain.permissions import require
from forum.web.render import Answer, Page
from forum.web.visits import Visit


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of the desk: where it is, what it is called, and what one does with it."""

    path: str
    label: str
    text: str


TOOLS = (
    Tool("/rankings", "Rankings", "See which ideas lead, by the formula and the votes you choose. Take the list away."),
    Tool(
        "/rankings/laboratory", "Laboratory", "Compare rankings. See what they share, and how few people do how much."
    ),
    Tool("/themes", "Themes", "See what people write about: similar ideas in groups, with their votes."),
    Tool("/snapshots", "Snapshots", "Rankings that are frozen for good, with files and a proof that nothing changed."),
    Tool("/directives", "Directives", "Write them together, cite the ideas, and say what becomes of each one."),
    Tool("/files", "Your files", "The files that you asked for: Word, PDF, Excel and others."),
)
"""In the order in which the work goes."""


def index(visit: Visit) -> Answer:
    """GET /desk"""
    require(visit.user, "desk.read")
    return Page("desk/index.html", {"tools": TOOLS})
