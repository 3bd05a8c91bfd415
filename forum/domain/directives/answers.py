"""What public directives made of the ideas of a snapshot: each idea's answers, and how many there are of which kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain.directives import matrices, texts, views
from forum.domain.directives.matrices import Became
from forum.domain.directives.outcomes import OUTCOMES
from forum.models import Directive, DirectiveEdition, Disposition, SnapshotIdea

_OUTCOMES = (
    sa.select(Disposition.directive_id, Disposition.published_outcome, sa.func.count().label("ideas"))
    .join_from(SnapshotIdea, Disposition, Disposition.idea_id == SnapshotIdea.idea_id)
    .where(SnapshotIdea.number == sa.bindparam("number"), Disposition.published_outcome != "")
    .group_by(Disposition.directive_id, Disposition.published_outcome)
)
_DIRECTIVES = (
    sa.select(Directive.id, Directive.number, DirectiveEdition.content)
    .join_from(Directive, DirectiveEdition, DirectiveEdition.id == Directive.edition_id)
    .where(Directive.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Directive.id)
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A directive that said what becomes of ideas of a snapshot. `outcomes`: (code, label, how many ideas)."""

    title: str
    path: str
    number: int | None
    outcomes: list[tuple[str, str, int]]

    @property
    def ideas(self) -> int:
        """How many ideas it answered."""
        return sum(count for _, _, count in self.outcomes)


def of_snapshot(db: Connection, number: int) -> list[Answered]:
    """The public directives that answered ideas of this snapshot, the oldest first. Asks no rights: this is public."""
    counts: dict[int, dict[str, int]] = {}
    for row in db.execute(_OUTCOMES, {"number": number}):
        counts.setdefault(row.directive_id, {})[row.published_outcome] = row.ideas
    if not counts:
        return []
    return [_answered(row, counts[row.id]) for row in db.execute(_DIRECTIVES, {"ids": sorted(counts)})]


def _answered(row: Any, counts: dict[str, int]) -> Answered:
    title = texts.parse(row.content).title
    outcomes = [(code, label, counts[code]) for code, label in OUTCOMES.items() if code in counts]
    return Answered(title, views.path(row.id, title), row.number, outcomes)


def by_idea(db: Connection, idea_ids: Iterable[int]) -> dict[int, list[Became]]:
    """What public directives made of each of these ideas, the newest first; an idea without an answer is left out."""
    found: dict[int, list[Became]] = {}
    for one in matrices.become_of(db, list(idea_ids)):
        found.setdefault(one.idea_id, []).append(one)
    return found
