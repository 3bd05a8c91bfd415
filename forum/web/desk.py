"""The policy desk: one page from which the policy team reaches its tools."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from forum.domain import consensus, snapshots, themes
from forum.domain.directives import views
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


STAGES = {"drafting": "in drafting", "comment": "in public comment", "final": "final"}
"""Stage of a directive → how many of them stand where."""


@dataclass(frozen=True, slots=True)
class Fact:
    """How things stand at a tool: words, and the moment they speak of, if there is one."""

    text: str
    moment: datetime | None = None


def index(visit: Visit) -> Answer:
    """GET /desk"""
    require(visit.user, "desk.read")
    facts = {
        "/rankings": _consensus(visit),
        "/themes": _themes(visit),
        "/snapshots": _snapshots(visit),
        "/directives": _directives(visit),
    }
    return Page("desk/index.html", {"tools": TOOLS, "facts": facts})


def _consensus(visit: Visit) -> Fact:
    run = consensus.latest(visit.db)
    if run is None:
        return Fact("Consensus has not been worked out yet. It waits for 20 votes cast here.")
    return Fact(f"Consensus from {run.votes:,} votes of {run.people:,} people, worked out", run.made_at)


def _themes(visit: Visit) -> Fact:
    run = themes.latest(visit.db)
    return Fact(f"{run.placed:,} of {run.ideas:,} ideas grouped", run.made_at) if run else Fact("None made yet.")


def _snapshots(visit: Visit) -> Fact:
    found = snapshots.listing(visit.db)
    return Fact(f"{len(found):,} made, the newest", found[0].made_at) if found else Fact("None made yet.")


def _directives(visit: Visit) -> Fact:
    counts = Counter(one.stage for one in views.every(visit.db, visit.user))
    return Fact(
        ", ".join(f"{counts[stage]:,} {words}" for stage, words in STAGES.items() if counts[stage]) or "None yet."
    )
