"""What imports do for thousands of rows together is what is done for them one by one."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from forum.db import Connection, UniqueViolation, insert_many, insert_rows
from forum.domain import search, tags
from forum.domain.imports.memories import COMMENTS, IDEAS, Memory
from forum.domain.imports.rows import digest
from forum.domain.imports.texts import Job, convert
from forum.domain.search import Document, documents
from forum.domain.search.expressions import ELSEWHERE, Word
from forum.domain.search.indexes import Arm, newest_id, walk
from forum.models import SearchDocument, SearchTerm, SearchTotal, Tag

MOMENT = datetime(2009, 5, 21, tzinfo=UTC)
TEXTS = ["Voters vote", "A voter voted for votes", "Openness of open records", "Open & opened", "Nothing new", "Record"]


def test_rows_are_written_with_their_defaults_and_read_as_what_they_were(db: Connection) -> None:
    names = ["tab\tand \\N", "line\nend", "\u20ac%s \\\\.", "", "\\."]
    insert_many(db, Tag, [{"slug": f"tag-{number}", "name": name} for number, name in enumerate(names)])
    rows = db.execute(sa.select(Tag.name, Tag.idea_count).order_by(Tag.slug)).all()
    assert [tuple(row) for row in rows] == [(name, 0) for name in names]


def test_a_row_that_is_there_already_is_refused_or_passed_over(db: Connection) -> None:
    columns, row = ("slug", "name", "idea_count"), ("budget", "Budget", 0)
    assert insert_rows(db, "tags", columns, [row]) == 1
    with pytest.raises(UniqueViolation), db.begin_nested():
        insert_rows(db, "tags", columns, [row])
    others = [row, ("law", "Law", 0)]
    assert insert_rows(db, "tags", columns, others, on_conflict="ON CONFLICT DO NOTHING") == 1
    assert insert_rows(db, "tags", columns, []) == 0


def test_tags_made_together_are_those_made_one_by_one(db: Connection) -> None:
    old = tags.ensure(db, "Open Data")
    found = tags.ensure_many(db, ["law", "open data", "Law", "\u6cd5\u5f8b"])
    assert found["open data"] == old
    assert found["law"] == found["Law"] == tags.ensure(db, "LAW")
    assert found["law"] < found["\u6cd5\u5f8b"] == tags.find(db, "\u6cd5\u5f8b")
    assert db.execute(sa.select(Tag.name).where(Tag.id == found["law"])).scalar() == "law"
    assert tags.ensure_many(db, []) == {}


def test_a_run_remembers_each_row_once(db: Connection) -> None:
    memory = Memory(db)
    assert memory.keep(IDEAS, [1, 2, 2]) == set()
    assert memory.keep(IDEAS, [2, 3]) == {2}
    assert memory.keep(IDEAS, [1, 2, 3]) == {1, 2, 3}
    assert memory.keep(COMMENTS, [1]) == set()
    assert memory.known(IDEAS, [0, 1, 3]) == {1, 3}
    memory.close()


def _terms(db: Connection) -> list[tuple[object, ...]]:
    terms = sa.select(SearchTerm.term, SearchTerm.reverse, SearchTerm.word, SearchTerm.document_count)
    totals = sa.select(SearchTotal.document_count, SearchTotal.word_count)
    return [tuple(row) for statement in (terms.order_by(SearchTerm.term), totals) for row in db.execute(statement)]


def _put(db: Connection, kind: str, first: int, batches: list[list[str]], *, counted: bool) -> None:
    """Put each batch of texts in; the last text of each is hidden. `counted`: beside the texts, as imports do it."""
    number = first
    with search.Bulk(db) as bulk:
        for texts in batches:
            jobs = [Job(kind, "", body, 7, text != len(texts) - 1) for text, body in enumerate(texts)]
            made = convert(jobs)
            put = []
            for job, one in zip(jobs, made.texts, strict=True):
                index = one.indexed if counted else None
                put.append(Document(kind, number, "", one.plain, MOMENT, 7, is_visible=job.is_counted, indexed=index))
                number += 1
            bulk.put(put, made.counted if counted else None)


@pytest.mark.parametrize("together", [1, documents.DONE_TOGETHER])
def test_words_counted_beside_the_texts_are_those_counted_later(
    db: Connection, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(documents, "DONE_TOGETHER", together)  # at 1 each batch goes into the index by itself
    batches = [TEXTS[:2], TEXTS[2:], [*TEXTS, "More open voting"]]
    held = db.begin_nested()
    _put(db, "comment", 1, batches, counted=False)
    later = _terms(db)
    held.rollback()
    _put(db, "comment", 1, batches, counted=True)
    assert _terms(db) == later
    assert ("open", "nepo", "openness", 4) in later
    arm = Arm(Word("open"), most=99, prefixes=(ELSEWHERE,))
    found = walk(db, [arm], newest_id(db), 99)
    ids = sa.select(SearchDocument.object_id).where(SearchDocument.id.in_(found)).order_by(SearchDocument.object_id)
    assert db.execute(ids).scalars().all() == [3, 4, 9, 10]


def test_a_row_has_the_fingerprint_that_earlier_versions_gave_it() -> None:
    assert digest({"name": "value"}) == "4ce41abe8773e5787928b4730053ffd8"
    odd = {"b%s": 'say "%s"', "a\n": "\\ \u2028\x01\xe9"}
    assert digest(odd) == digest(dict(reversed(odd.items()))) == "e5a627e4e08c2d296d22e6d825105ac6"
