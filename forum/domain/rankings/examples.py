"""Worked examples: the first idea of a formula's ranking, and how its score comes about."""

from dataclasses import dataclass

import sqlalchemy as sa

from forum.db import Connection
from forum.domain.formulas import Formula, Step
from forum.domain.ideas import path
from forum.domain.rankings.selections import Selection
from forum.domain.rankings.walks import walk
from forum.models import Idea

_IDEA = sa.select(Idea.id, Idea.slug, Idea.title, Idea.up, Idea.down, Idea.created_at).where(
    Idea.id == sa.bindparam("idea_id")
)


@dataclass(frozen=True, slots=True)
class Example:
    """The first idea of a ranking, and its score step by step."""

    title: str
    path: str
    up: int
    down: int
    steps: list[Step]


def example(db: Connection, formula: Formula) -> Example | None:
    """The first public idea by this formula, worked out; None while there is no idea."""
    for first in walk(db, Selection(formula.name), most=1):
        idea = db.execute(_IDEA, {"idea_id": first.idea_id}).one()
        return Example(idea.title, path(idea.id, idea.slug), idea.up, idea.down, formula.work_out(db, idea))
    return None
