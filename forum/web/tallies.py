"""The vote buttons of one idea as HTML: one shell for all that look alike, filled with the idea's own figures."""

from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup, escape

from forum.domain.ideas import IdeaView
from forum.web.render import ENVIRONMENT, HOLE, Composed, shell_of

FILLED = ("id", "title", "up", "down")


def answer(idea: Any, said: str) -> Composed:
    """The buttons alone, after a vote (a Tally of domain/votes.py); `said` is announced."""
    shell = _shell(idea.my_vote, idea.is_votable, idea.vote_kind, said)
    fills = {"id": str(idea.id), "title": str(escape(idea.title)), "up": str(idea.up), "down": str(idea.down)}
    return Composed(shell, fills, is_cacheable=False)


def with_voters(answer: Composed, idea: IdeaView) -> Composed:
    """The answer with the rows of the page's table of voters, which htmx puts where they belong."""
    template = ENVIRONMENT.get_template("ideas/_voter_rows.html")
    html = template.render(idea=idea, tallies=rows(idea), is_apart=True)
    pieces = (*answer.shell[:-1], answer.shell[-1] + html.encode())
    return replace(answer, shell=pieces)


def rows(idea: IdeaView) -> list[dict[str, Any]]:
    """Where the votes come from: citizens, employees, and totals that came without voters."""
    citizens = idea.up - idea.employee_up - idea.imported_up, idea.down - idea.employee_down - idea.imported_down
    rows = [("Citizens", *citizens), ("Public employees", idea.employee_up, idea.employee_down)]
    if idea.imported_up or idea.imported_down:
        rows.append(("Brought from another site", idea.imported_up, idea.imported_down))
    rows.append(("Together", idea.up, idea.down))
    return [{"label": label, "up": up, "down": down} for label, up, down in rows]


@lru_cache(maxsize=64)
def _shell(my_vote: int, is_votable: bool, vote_kind: str, said: str) -> tuple[Any, ...]:
    holes = {name: Markup(f"{HOLE}{name}{HOLE}") for name in FILLED}  # noqa: S704 - names of ours
    idea = SimpleNamespace(**holes, is_votable=is_votable, vote_kind=vote_kind)
    html = ENVIRONMENT.get_template("ideas/_tally.html").render(idea=idea, my_vote=my_vote, said=said)
    return shell_of(html)
