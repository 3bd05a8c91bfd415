"""The vote buttons of one idea as HTML: one shell for all that look alike, filled with the idea's own figures."""

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup, escape

from forum.web.render import ENVIRONMENT, HOLE, Composed, shell_of

FILLED = ("id", "title", "up", "down")


def answer(idea: Any, said: str) -> Composed:
    """The buttons alone, after a vote (a Tally of domain/votes.py); `said` is announced."""
    shell = _shell(idea.my_vote, idea.is_votable, idea.vote_kind, said)
    fills = {"id": str(idea.id), "title": str(escape(idea.title)), "up": str(idea.up), "down": str(idea.down)}
    return Composed(shell, fills, is_cacheable=False)


@lru_cache(maxsize=64)
def _shell(my_vote: int, is_votable: bool, vote_kind: str, said: str) -> tuple[Any, ...]:
    holes = {name: Markup(f"{HOLE}{name}{HOLE}") for name in FILLED}  # noqa: S704 - names of ours
    idea = SimpleNamespace(**holes, is_votable=is_votable, vote_kind=vote_kind)
    html = ENVIRONMENT.get_template("ideas/_tally.html").render(idea=idea, my_vote=my_vote, said=said)
    return shell_of(html)
