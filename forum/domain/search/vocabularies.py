"""The words in use: how many documents hold each, and which of them a mistyped word may have meant."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum import terms
from forum.db import Connection, PerDialect, insert_rows, is_sqlite
from forum.domain.search import stored
from forum.domain.search.stored import Count
from forum.models.search import SearchDocument, SearchTerm, SearchTotal

FOLD = 1000
"""Documents counted in one transaction."""

_COUNTS = {
    True: sa.text("SELECT term, document_count FROM search_terms WHERE term IN (SELECT value FROM json_each(:terms))"),
    False: sa.text("SELECT term, document_count FROM search_terms WHERE term = ANY(:terms)"),
}
_TOTALS = sa.select(SearchTotal.document_count, SearchTotal.word_count).where(SearchTotal.id == 1)
_UNCOUNTED = (
    sa.select(
        SearchDocument.id, SearchDocument.words, SearchDocument.title, SearchDocument.body, SearchDocument.is_visible
    )
    .where(SearchDocument.is_uncounted)
    .order_by(SearchDocument.id)
    .limit(sa.bindparam("most"))
)
_UNCOUNTED_LOCKED = _UNCOUNTED.with_for_update(skip_locked=True)
_SET_COUNTED = (
    sa.update(SearchDocument).where(SearchDocument.id == sa.bindparam("the_id")).values(is_uncounted=sa.false())
)
_near = (
    sa.select(SearchTerm.term, SearchTerm.word, SearchTerm.document_count)
    .where(
        SearchTerm.document_count >= sa.bindparam("least"),
        sa.func.length(SearchTerm.term).between(sa.bindparam("shortest"), sa.bindparam("longest")),
    )
    .limit(4000)
)
_NEAR_BY_START = _near.where(SearchTerm.term >= sa.bindparam("start"), SearchTerm.term < sa.bindparam("stop"))
_NEAR_BY_END = _near.where(SearchTerm.reverse >= sa.bindparam("start"), SearchTerm.reverse < sa.bindparam("stop"))


def _upsert_totals(insert: Any) -> Any:
    names = ("id", "document_count", "word_count")
    statement = insert(SearchTotal).values({name: sa.bindparam(name) for name in names})
    documents = SearchTotal.document_count + statement.excluded.document_count
    words = SearchTotal.word_count + statement.excluded.word_count
    return statement.on_conflict_do_update(
        index_elements=[SearchTotal.id], set_={"document_count": documents, "word_count": words}
    )


_PUT_TOTALS = PerDialect(_upsert_totals)
_TERM = ("term", "reverse", "word", "document_count")
_ADD_TO_TERM = "ON CONFLICT (term) DO UPDATE SET document_count = search_terms.document_count + excluded.document_count"


@dataclass(frozen=True, slots=True)
class Totals:
    """How many documents are counted, and the mean number of words in one."""

    documents: int
    mean_length: float


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A stem in use that is spelled much like another, with a word it stands for."""

    stem: str
    word: str
    count: int
    distance: int


def totals(db: Connection) -> Totals:
    """How large the counted forum is; never less than one document, so that nothing divides by zero."""
    row = db.execute(_TOTALS).first()
    if row is None or row.document_count < 1:
        return Totals(1, 50.0)
    return Totals(row.document_count, max(1.0, row.word_count / row.document_count))


def counts(db: Connection, stems: Iterable[str]) -> dict[str, int]:
    """In how many documents each stem stands; stems that stand in none are left out."""
    wanted = list(dict.fromkeys(stems))
    sqlite = is_sqlite(db)
    rows = db.execute(_COUNTS[sqlite], {"terms": json.dumps(wanted) if sqlite else wanted})
    return {term: count for term, count in rows.all() if count > 0}


def count_in(db: Connection, words: Iterable[str], texts: Iterable[str], sign: int = 1) -> None:
    """Add (with sign -1: take away) documents given by their stored words; `texts` are theirs, to find new words in."""
    add_counts(db, [stored.count(words)], texts, sign)


def add_counts(db: Connection, counted: Sequence[Count], texts: Iterable[str], sign: int = 1) -> None:
    """The same for documents that are counted already; `texts` are those of all counts, in their order."""
    changes: Counter[str] = Counter()
    for one in counted:
        changes.update(one.stems)
    documents = sum(one.documents for one in counted)
    if not documents:
        return
    new = changes.keys() - counts(db, changes).keys() if sign > 0 else set()
    surfaces = _surfaces(counted, new, texts)
    rows = [
        (stem, stem[::-1], surfaces.get(stem, stem), sign * count)
        for stem, count in sorted(changes.items())  # in one order everywhere: two who count never wait for each other
    ]
    insert_rows(db, SearchTerm.__tablename__, _TERM, rows, on_conflict=_ADD_TO_TERM)
    length = sum(one.words for one in counted)
    db.execute(_PUT_TOTALS(db), {"id": 1, "document_count": sign * documents, "word_count": sign * length})


def _surfaces(counted: Sequence[Count], new: set[str], texts: Iterable[str]) -> dict[str, str]:
    """For each new stem a word that it stands for, from the first document that holds it."""
    wanted: dict[int, set[str]] = {}  # the number of a document → the stems that stand first in it
    before = 0
    for one in counted:
        for stem, number in zip(one.stems, one.firsts, strict=True):
            if stem in new:
                new.discard(stem)
                wanted.setdefault(before + number, set()).add(stem)
        before += one.documents
    surfaces: dict[str, str] = {}
    for number, text in enumerate(texts):
        if number in wanted:
            surfaces |= terms.examples(text, wanted[number])
    return surfaces


def fold_in(db: Connection, most: int = FOLD) -> int:
    """Count the words of documents that are not counted yet; returns how many there were. For the worker, now and then.

    Finding needs no counts: a new text is found at once. Counts make ranking better and typing errors known.
    """
    rows = db.execute(_UNCOUNTED if is_sqlite(db) else _UNCOUNTED_LOCKED, {"most": most}).all()
    if not rows:
        return 0
    seen = [row for row in rows if row.is_visible]
    count_in(db, (row.words for row in seen), (f"{row.title}\n{row.body}" for row in seen))
    db.execute(_SET_COUNTED, [{"the_id": row.id} for row in rows])
    return len(rows)


def neighbors(db: Connection, word: str, documents: int, most: int = 3) -> list[Neighbor]:
    """Words in use that `word` (folded, not stemmed) may be a typing error of, the nearest and most used first.

    Letters changed, left out, added or swapped with the next: one, and two in words of seven letters or more. A word
    with errors both at its very beginning and at its very end is not found.
    """
    if len(word) < 4 or not word.isalpha():
        return []
    from rapidfuzz.distance import OSA  # here: 4 MB that a process without typing errors never needs

    stem = terms.stem(word)
    length = 2 if len(stem) < 6 else 3 if len(stem) < 8 else 4
    allowed = 1 if len(word) < 7 else 2
    bounds = {
        "least": 1 if documents < 20_000 else 3,
        "shortest": len(stem) - allowed - 1,
        "longest": len(word) + allowed,
    }
    found = {row.term: (row.word, row.document_count) for row in _near_rows(db, stem, word, length, bounds)}
    if documents < 20_000:
        found = {**_uncounted_words(db), **found}
    near: list[Neighbor] = []
    for term, (surface, count) in found.items():
        distance = min(
            OSA.distance(stem, term, score_cutoff=allowed), OSA.distance(word, surface, score_cutoff=allowed)
        )
        if distance <= allowed and term != stem and surface != word:
            near.append(Neighbor(term, surface, count, distance))
    return sorted(near, key=lambda one: (one.distance, -one.count, one.stem))[:most]


def _near_rows(db: Connection, stem: str, word: str, length: int, bounds: Mapping[str, int]) -> list[Any]:
    rows: list[Any] = []
    starts = [(_NEAR_BY_START, stem[:length]), (_NEAR_BY_END, stem[::-1][:length]), (_NEAR_BY_END, word[::-1][:length])]
    for statement, start in dict.fromkeys(starts):
        rows += db.execute(statement, {**bounds, "start": start, "stop": start[:-1] + chr(ord(start[-1]) + 1)})
    return rows


def _uncounted_words(db: Connection) -> dict[str, tuple[str, int]]:
    """Words of the newest texts that nobody has counted yet: stem → (word, 1)."""
    found: dict[str, tuple[str, int]] = {}
    for row in db.execute(_UNCOUNTED, {"most": 50}):
        if row.is_visible:
            text = f"{row.title}\n{row.body}"
            stems = set(terms.stems(text))
            found |= {stem: (word, 1) for stem, word in terms.examples(text, stems).items()}
    return found
