"""Texts of the ideas that take part in themes: public ones alone, read some hundred at a time as rows of numbers."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain.duplicates import matrices
from forum.domain.duplicates.matrices import Array, Rows
from forum.domain.duplicates.texts import Progress, Said, said
from forum.models import Idea
from forum.models.search import SearchDocument

STEP = 500
IDS_STEP = 20_000
WORDS = 40_000
"""Stems that are compared, the most frequent ones; the others only make a text longer."""
NO_WORDS = frozenset(("http", "https", "www", "html", "htm", "php", "com", "org", "pdf"))
"""Parts of addresses: ideas are not about the same because both hold links."""

Counts = list[tuple[str, int]]


_IDS = {
    is_one: sa.select(Idea.id)
    .where(Idea.is_public, Idea.id > sa.bindparam("after"), *([Idea.community_id == sa.bindparam("scope")] * is_one))
    .order_by(Idea.id)
    .limit(IDS_STEP)
    for is_one in (False, True)
}
_SAID = sa.select(
    SearchDocument.object_id.label("id"), SearchDocument.title, SearchDocument.words, SearchDocument.is_visible
).where(
    SearchDocument.kind == "idea",
    SearchDocument.is_visible,
    SearchDocument.object_id.in_(sa.bindparam("ids", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The stems that are compared, and in how many of the texts that were learned from each stands."""

    numbers: dict[str, int]
    found_in: Array  # one longer than numbers: the last is for stems that are not compared
    texts: int

    def rows(self, counted: Iterable[Counts]) -> Rows:
        """Texts as vectors."""
        other, whole = len(self.numbers), Said()
        for counts in counted:
            whole.add([(self.numbers.get(stem, other), times) for stem, times in counts])
        return matrices.weighted(whole, self.found_in, self.texts)


def ids(db: Connection, scope: int) -> "array[int]":
    """The ids of all ideas that take part, in order."""
    found, after = array("q"), 0
    while some := db.execute(_IDS[bool(scope)], {"after": after, "scope": scope}).scalars().all():
        found.extend(some)
        after = some[-1]
    return found


def read(database: Database, wanted: Sequence[int], progress: Progress | None = None) -> Iterator[dict[int, Counts]]:
    """What these ideas say, STEP at a time: id → how often it says each stem. Each step sees the data of its moment."""
    for first in range(0, len(wanted), STEP):
        some = list(wanted[first : first + STEP])
        with database.reading() as db:
            rows = db.execute(_SAID, {"ids": some}).all()
        counted = {row.id: _counts(row) for row in rows}
        yield {idea_id: counted[idea_id] for idea_id in some if idea_id in counted}
        if progress:
            progress(min(first + STEP, len(wanted)), len(wanted))


def _counts(row: Any) -> Counts:
    return [(stem, times) for stem, times in said(row)[1] if stem not in NO_WORDS and not stem.isdigit()]


def vocabulary(texts: Iterable[Counts]) -> Vocabulary:
    """The stems that at least two of the texts share, the most frequent WORDS of them."""
    found: dict[str, int] = {}
    count = 0
    for counts in texts:
        count += 1
        for stem, _ in counts:
            found[stem] = found.get(stem, 0) + 1
    kept = sorted((stem for stem, times in found.items() if times > 1), key=lambda stem: (-found[stem], stem))[:WORDS]
    numbers = {stem: number for number, stem in enumerate(kept)}
    return Vocabulary(numbers, np.array([*(found[stem] for stem in kept), 1], np.int64), count)
