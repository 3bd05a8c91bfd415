"""The text of a directive: parts and recommendations in order, as they are written now or as an edition froze them."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.models import Citation, Directive, DirectivePart, Recommendation

FIELDS: Mapping[str, tuple[str, ...]] = {
    "directive": ("title", "introduction"),
    "part": ("title", "introduction"),
    "recommendation": ("title", "who", "what", "why", "how"),
}
"""What is written of each kind of text."""

TABLES: Mapping[str, Any] = {"directive": Directive, "part": DirectivePart, "recommendation": Recommendation}
"""Where each kind of text is kept."""

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "who": ("Who", "The office that acts. Name it."),
    "what": ("What", "What it does, in one or two sentences."),
    "why": ("Why", "What gets better, and for whom."),
    "how": ("How", "The first steps, with dates if you can."),
}
"""Field of a recommendation → how it is asked, with a hint."""

MOST: Mapping[str, int] = {
    "title": 120,
    "introduction": 6_000,
    "who": 600,
    "what": 600,
    "why": 600,
    "how": 600,
}
"""Field → most characters."""


@dataclass(frozen=True, slots=True)
class Cited:
    """What a recommendation rests on: an idea, or a comment (`object_id`) on the idea `idea_id`."""

    kind: str  # idea, comment
    object_id: int
    idea_id: int
    note: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A recommendation at its place."""

    id: int
    label: str  # 2.3: the third of the second part
    version: int
    title: str
    who: str
    what: str
    why: str
    how: str
    citations: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part with its recommendations."""

    id: int
    label: str
    version: int
    title: str
    introduction: str
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A whole directive."""

    title: str
    introduction: str
    parts: tuple[Part, ...] = ()

    def clauses(self) -> Iterator[Clause]:
        """Every recommendation, in order."""
        for part in self.parts:
            yield from part.clauses

    def clause(self, clause_id: int) -> Clause | None:
        """The recommendation with this id, if it is in this text."""
        return next((clause for clause in self.clauses() if clause.id == clause_id), None)

    def citing(self) -> dict[int, list[Clause]]:
        """Idea → the recommendations that cite it or a comment on it."""
        found: dict[int, list[Clause]] = {}
        for clause in self.clauses():
            for idea_id in sorted({cited.idea_id for cited in clause.citations}):
                found.setdefault(idea_id, []).append(clause)
        return found


_HEAD = sa.select(Directive.title, Directive.introduction).where(Directive.id == sa.bindparam("directive_id"))
_PARTS = (
    sa.select(
        DirectivePart.id,
        DirectivePart.version,
        DirectivePart.title,
        DirectivePart.introduction,
    )
    .where(DirectivePart.directive_id == sa.bindparam("directive_id"), DirectivePart.deleted_at.is_(None))
    .order_by(DirectivePart.position, DirectivePart.id)
)
_CLAUSES = (
    sa.select(
        Recommendation.id,
        Recommendation.part_id,
        Recommendation.version,
        Recommendation.title,
        Recommendation.who,
        Recommendation.what,
        Recommendation.why,
        Recommendation.how,
    )
    .where(Recommendation.directive_id == sa.bindparam("directive_id"), Recommendation.deleted_at.is_(None))
    .order_by(Recommendation.position, Recommendation.id)
)
_CITATIONS = (
    sa.select(Citation.recommendation_id, Citation.kind, Citation.object_id, Citation.idea_id, Citation.note)
    .where(Citation.directive_id == sa.bindparam("directive_id"))
    .order_by(Citation.id)
)


def now_written(db: Connection, directive_id: int) -> Text:
    """The text as it is written at this moment. Asks no rights: only for the policy team."""
    values = {"directive_id": directive_id}
    head = db.execute(_HEAD, values).one()
    citations: dict[int, list[Cited]] = {}
    for row in db.execute(_CITATIONS, values):
        citations.setdefault(row.recommendation_id, []).append(Cited(row.kind, row.object_id, row.idea_id, row.note))
    rows: dict[int, list[Any]] = {}
    for clause in db.execute(_CLAUSES, values):
        rows.setdefault(clause.part_id, []).append(clause)
    parts = []
    for number, part in enumerate(db.execute(_PARTS, values), 1):
        clauses = tuple(
            _clause(row, f"{number}.{place}", tuple(citations.get(row.id, ())))
            for place, row in enumerate(rows.get(part.id, ()), 1)
        )
        parts.append(Part(part.id, str(number), part.version, part.title, part.introduction, clauses))
    return Text(head.title, head.introduction, tuple(parts))


def _clause(row: Any, label: str, citations: tuple[Cited, ...]) -> Clause:
    written = {name: getattr(row, name) for name in FIELDS["recommendation"]}
    return Clause(id=row.id, label=label, version=row.version, citations=citations, **written)


def canonical(text: Text, **more: Any) -> str:
    """The text as one JSON object, always the same for the same text: keys sorted, no spaces, UTF-8 as it is."""
    return json.dumps({**asdict(text), **more}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(content: str) -> str:
    """SHA-256 of a canonical text, in hexadecimal digits."""
    return hashlib.sha256(content.encode()).hexdigest()


def parse(content: str) -> Text:
    """A canonical text, read again."""
    data = json.loads(content)
    parts = []
    for part in data["parts"]:
        clauses = tuple(
            Clause(**{**clause, "citations": tuple(Cited(**cited) for cited in clause["citations"])})
            for clause in part["clauses"]
        )
        parts.append(Part(**{**part, "clauses": clauses}))
    return Text(data["title"], data["introduction"], tuple(parts))
