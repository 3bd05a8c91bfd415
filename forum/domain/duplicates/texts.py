"""Texts of all ideas as numbers: which stems each says how often, read once, a few hundred rows at a time."""

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from forum import terms
from forum.db import Connection
from forum.domain.search import likenesses
from forum.models import Idea
from forum.models.search import SearchDocument

STEP = 500
MOST_STEMS = 300
"""Different stems of one text that are kept, those said most often; the longest idea of 2009 has some 1,500."""

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""

_ROWS = (
    sa.select(
        Idea.id,
        Idea.source_id,
        Idea.state,
        Idea.net,
        SearchDocument.title,
        SearchDocument.body,
        SearchDocument.words,
        SearchDocument.is_visible,
    )
    .join_from(Idea, SearchDocument, sa.and_(SearchDocument.kind == "idea", SearchDocument.object_id == Idea.id))
    .where(Idea.id > sa.bindparam("after"), Idea.state != "withdrawn")
    .order_by(Idea.id)
    .limit(STEP)
)
_COUNT = sa.select(sa.func.count()).select_from(Idea).where(Idea.state != "withdrawn")


@dataclass(slots=True)
class Said:
    """Texts as one long list of stem numbers and one of how often each is said; `ends[n]` is where text n ends."""

    stems: "array[int]" = field(default_factory=lambda: array("i"))
    times: "array[int]" = field(default_factory=lambda: array("i"))
    ends: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, counts: Collection[tuple[int, int]]) -> None:
        """Append one text."""
        for stem, said in counts:
            self.stems.append(stem)
            self.times.append(said)
        self.ends.append(len(self.stems))


@dataclass(slots=True)
class Texts:
    """All ideas but withdrawn ones, in order of id. `names` are the ids of the source where an idea was imported."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    names: list[str] = field(default_factory=list)
    nets: "array[int]" = field(default_factory=lambda: array("q"))
    published: bytearray = field(default_factory=bytearray)  # 1 for ideas that can be proposed
    whole: Said = field(default_factory=Said)
    titles: Said = field(default_factory=Said)
    stem_count: int = 0


def read(db: Connection, progress: Progress | None = None) -> Texts:
    """Read the text of every idea. Some 90 numbers each are kept: 100,000 ideas take about 100 MB."""
    texts, numbers = Texts(), dict[str, int]()
    total = int(db.execute(_COUNT).scalar_one())
    for row in _rows(db):
        titled, whole = said(row)
        texts.ids.append(row.id)
        texts.names.append(row.source_id or str(row.id))
        texts.nets.append(max(0, row.net))
        texts.published.append(row.state == "published")
        texts.whole.add([(numbers.setdefault(stem, len(numbers)), count) for stem, count in whole])
        texts.titles.add([(numbers.setdefault(stem, len(numbers)), count) for stem, count in titled])
        if progress and len(texts.ids) % STEP == 0:
            progress(len(texts.ids), total)
    texts.stem_count = len(numbers)
    return texts


def _rows(db: Connection) -> Iterator[Any]:
    after = 0
    while rows := db.execute(_ROWS, {"after": after}).all():
        yield from rows
        after = rows[-1].id


def said(row: Any) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """How often the title says each stem, and how often the whole does, where the title counts several times."""
    title = terms.stems(row.title)
    # Of a text that nobody can find the index keeps no words: they are made anew.
    body = row.words.split() if row.is_visible else [*title, *terms.stems(row.body)]
    whole = Counter(body)
    for stem in title:
        whole[stem] += likenesses.TITLE_WEIGHT - 1
    return likenesses.without_small(Counter(title)).most_common(), likenesses.without_small(whole).most_common(
        MOST_STEMS
    )
