"""What the parts of one run share: connection, report, who and what is known, and which counts are to be mended."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from forum.db import Connection, is_sqlite
from forum.domain import recounts, tags
from forum.domain.imports.memories import Memory
from forum.domain.imports.people import People, Places
from forum.domain.imports.reports import Report
from forum.domain.search import Bulk
from forum.models import Base, Idea, IdeaTag

MOST_TOUCHED = 400_000
"""Rows whose counts wait to be mended; past that they are mended at once."""

MOST_NUMBERS = 50_000
"""Groups whose last number is kept at hand: many more than there are in the batches that wait to be written."""

MANY = 10_000
NEEDED = ("ix_ideas_author", "ix_idea_tags_idea_id")
"""Indexes that an import itself needs."""


@dataclass(slots=True)
class State:
    """One run of an importer on one source."""

    db: Connection
    source: str
    report: Report
    memory: Memory
    people: People
    places: Places
    bulk: Bulk
    last_comment_id: int = 0  # comments with higher ids were made by this run
    language: str = "en"
    _tags: dict[str, int] = field(default_factory=dict)
    ideas_before: int = 0
    _inserted: int = 0
    _left_out: list[sa.Index] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _touched: dict[str, set[int]] = field(default_factory=dict)

    @property
    def is_dry(self) -> bool:
        return self.report.is_dry

    def tags(self, names: Iterable[str]) -> dict[str, int]:
        """The ids of tags by their names, made where they are new."""
        wanted = dict.fromkeys(names)
        if len(self._tags) > MOST_TOUCHED:
            self._tags.clear()
        if unknown := [name for name in wanted if name not in self._tags]:
            self._tags.update(tags.ensure_many(self.db, unknown))
        return {name: self._tags[name] for name in wanted}

    def number_in(self, group: str, highest: int) -> int:
        """The next number in a group of comments, of which `highest` is the highest that is written."""
        number = max(highest, self._numbers.pop(group, 0)) + 1
        self._numbers[group] = number  # at the end: what was given last is kept longest
        if len(self._numbers) > MOST_NUMBERS:
            del self._numbers[next(iter(self._numbers))]
        return number

    def touch(self, kind: str, ids: Iterable[int]) -> None:
        """Note rows of a table of recounts.KINDS whose counts this run changes."""
        waiting = self._touched.setdefault(kind, set())
        waiting.update(ids)
        if len(waiting) > MOST_TOUCHED:
            recounts.mend_some(self.db, kind, waiting)
            waiting.clear()

    def note_inserted(self, count: int) -> None:
        """Count new ideas. When they become many, the indexes of lists are left out until `mend`: made once and whole,
        they take a fifth of the time that they take row by row. Only on SQLite, where nobody who reads is kept waiting.
        """
        self._inserted += count
        if not self._left_out and is_sqlite(self.db) and self._inserted > max(MANY, self.ideas_before // 3):
            tables = [Base.metadata.tables[table.__tablename__] for table in (Idea, IdeaTag)]
            indexes = [index for table in tables for index in table.indexes]
            self._left_out = [index for index in indexes if str(index.name) not in NEEDED]
            for index in self._left_out:
                index.drop(self.db)

    def mend(self) -> None:
        """Put everything right: the counts of everything touched, the indexes that were left out."""
        self._mend_counts("ideas")  # before their indexes are there, which would follow each change
        for index in self._left_out:
            index.create(self.db)
        self._left_out = []
        for kind in recounts.KINDS:
            self._mend_counts(kind)

    def _mend_counts(self, kind: str) -> None:
        if ids := self._touched.pop(kind, None):
            recounts.mend_some(self.db, kind, ids)
