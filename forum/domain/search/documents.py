"""Documents: what can be found, put in, changed, hidden and taken out, together with their entries in the index."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from forum.db import Connection, insert_many, is_sqlite
from forum.domain.search import indexes, stored, vocabularies
from forum.domain.search.indexes import Entry
from forum.domain.search.stored import Count, Stems, index_text, storable
from forum.models.search import SearchDocument

KINDS = ("idea", "comment")
BATCH = 1000
DONE_TOGETHER = 10_000_000
"""Characters of texts that go into the index and the counts together: most words then come often, and each is written
once."""

_COLUMNS = (
    SearchDocument.id,
    SearchDocument.is_visible,
    SearchDocument.is_uncounted,
    SearchDocument.words,
    SearchDocument.marks,
    SearchDocument.title,
    SearchDocument.body,
    SearchDocument.community_id,
)
_GET = sa.select(*_COLUMNS).where(
    SearchDocument.kind == sa.bindparam("the_kind"), SearchDocument.object_id == sa.bindparam("the_object")
)
_GET_MANY = (
    sa.select(*_COLUMNS)
    .where(
        SearchDocument.kind == sa.bindparam("the_kind"),
        SearchDocument.object_id.in_(sa.bindparam("the_objects", expanding=True)),
    )
    .order_by(SearchDocument.id)
)
_INSERT = sa.insert(SearchDocument)
_UPDATE = (
    sa.update(SearchDocument)
    .where(SearchDocument.id == sa.bindparam("the_id"))
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in ("community_id", "is_visible", "language", "marks", "words", "title", "body")
        }
    )
)
_SET_VISIBLE = (
    sa.update(SearchDocument)
    .where(SearchDocument.id == sa.bindparam("the_id"))
    .values(is_visible=sa.bindparam("new_is_visible"), words=sa.bindparam("new_words"), marks=sa.bindparam("new_marks"))
)
_DELETE = sa.delete(SearchDocument).where(SearchDocument.id == sa.bindparam("the_id"))
_SQLITE_LAST = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'search_documents'")
_POSTGRESQL_NEXT = sa.text(
    "SELECT nextval(pg_get_serial_sequence('search_documents', 'id')) FROM generate_series(1, :many)"
)


class Document(NamedTuple):
    """Something to be found. `body` is plain text, not Markdown."""

    kind: str
    object_id: int
    title: str
    body: str
    created_at: datetime
    community_id: int | None = None
    language: str = "en"
    is_visible: bool = True
    indexed: tuple[str, str] | None = None  # what storable_index() gives, where it was made beforehand


def put(
    db: Connection,
    kind: str,
    object_id: int,
    *,
    community_id: int | None,
    title: str,
    body: str,
    created_at: datetime,
    language: str = "en",
    is_visible: bool | None = None,
    stems: Stems | None = None,
) -> None:
    """Make something findable, or findable by its new text, from this transaction on.

    `body` is plain text; `stems`: of it, where they are known. Without `is_visible` a new document is visible and a
    known one stays as visible as it is.
    """
    old = db.execute(_GET, {"the_kind": kind, "the_object": object_id}).first()
    shown = is_visible if is_visible is not None else (old is None or old.is_visible)
    index = stored.index_of(kind, stems, community_id) if stems and shown else None
    new = _row(Document(kind, object_id, title, body, created_at, community_id, language, shown, index))
    if old is None:
        found = db.execute(_INSERT, {**new, "is_uncounted": True}).inserted_primary_key
        if shown and found:
            indexes.add(db, [Entry(found[0], new["words"], new["marks"])])
        return
    _forget(db, old)
    keys = ("community_id", "is_visible", "language", "marks", "words", "title", "body")
    db.execute(_UPDATE, {"the_id": old.id, **{f"new_{key}": new[key] for key in keys}})
    if shown:
        _know(db, Entry(old.id, new["words"], new["marks"]), f"{title}\n{body}", is_uncounted=old.is_uncounted)


def put_many(db: Connection, documents: Iterable[Document]) -> int:
    """Put in documents that are all new, as importers do, and count their words at once; returns how many."""
    with Bulk(db) as bulk:
        rest, done = iter(documents), 0
        while batch := list(islice(rest, BATCH)):
            bulk.put(batch)
            done += len(batch)
    return done


class Bulk:
    """Puts in many documents that are all new, into the index and the counts some thousand at a time.

    Use it as a context: the last ones are found and counted from its end on. All of it belongs to one transaction.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._entries: list[Entry] = []  # of documents that are neither in the index nor counted yet
        self._texts: list[str] = []  # theirs
        self._counts: list[Count] = []
        self._size = 0
        self._is_large = False

    def __enter__(self) -> "Bulk":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._finish()
            if self._is_large:
                indexes.make_room(self._db, 1)

    def put(self, documents: Sequence[Document], counted: Count | None = None) -> None:
        """Make these findable; `counted`: what `count` gives for the visible ones, where it was made beforehand."""
        if not documents:
            return
        ids = _next_ids(self._db, len(documents))
        rows = [
            {**_row(document), "id": number, "is_uncounted": False}
            for number, document in zip(ids, documents, strict=True)
        ]
        insert_many(self._db, SearchDocument, rows)
        seen = [row for row in rows if row["is_visible"]]
        self._counts.append(counted or stored.count(row["words"] for row in seen))
        for row in seen:
            self._entries.append(Entry(row["id"], row["words"], row["marks"]))
            self._texts.append(f"{row['title']}\n{row['body']}")
            self._size += len(row["words"]) + len(row["body"])
        if self._size > DONE_TOGETHER:
            if not self._is_large:
                indexes.make_room(self._db)
                self._is_large = True
            self._finish()

    def _finish(self) -> None:
        indexes.add_many(self._db, self._entries)
        vocabularies.add_counts(self._db, self._counts, self._texts)
        self._entries, self._texts, self._counts, self._size = [], [], [], 0


def hide(db: Connection, kind: str, object_id: int) -> None:
    """Let nobody find it any more; its text is kept for show(). Hiding what is hidden or unknown changes nothing."""
    old = db.execute(_GET, {"the_kind": kind, "the_object": object_id}).first()
    if old is not None and old.is_visible:
        _forget(db, old)
        db.execute(_SET_VISIBLE, {"the_id": old.id, "new_is_visible": False, "new_words": "", "new_marks": ""})


def show(db: Connection, kind: str, object_id: int) -> None:
    """Let what was hidden be found again. Showing what is visible or unknown changes nothing."""
    old = db.execute(_GET, {"the_kind": kind, "the_object": object_id}).first()
    if old is not None and not old.is_visible:
        words, marks = index_text(kind, old.title, old.body, old.community_id)
        db.execute(_SET_VISIBLE, {"the_id": old.id, "new_is_visible": True, "new_words": words, "new_marks": marks})
        _know(db, Entry(old.id, words, marks), f"{old.title}\n{old.body}", is_uncounted=old.is_uncounted)


def hide_many(db: Connection, kind: str, object_ids: Sequence[int]) -> None:
    """What `hide` does for one, in a few statements for many."""
    rows = [row for row in _many(db, kind, object_ids) if row.is_visible]
    if not rows:
        return
    indexes.remove(db, [Entry(row.id, row.words, row.marks) for row in rows])
    vocabularies.count_in(db, [row.words for row in rows if not row.is_uncounted], [], sign=-1)
    hidden = {"new_is_visible": False, "new_words": "", "new_marks": ""}
    db.execute(_SET_VISIBLE, [{"the_id": row.id, **hidden} for row in rows])


def show_many(db: Connection, kind: str, object_ids: Sequence[int]) -> None:
    """What `show` does for one, in a few statements for many."""
    rows = [row for row in _many(db, kind, object_ids) if not row.is_visible]
    if not rows:
        return
    texts = [index_text(kind, row.title, row.body, row.community_id) for row in rows]
    db.execute(
        _SET_VISIBLE,
        [
            {"the_id": row.id, "new_is_visible": True, "new_words": words, "new_marks": marks}
            for row, (words, marks) in zip(rows, texts, strict=True)
        ],
    )
    indexes.add(db, [Entry(row.id, *text) for row, text in zip(rows, texts, strict=True)])
    counted = [(words, row) for row, (words, _) in zip(rows, texts, strict=True) if not row.is_uncounted]
    vocabularies.count_in(db, [words for words, _ in counted], [f"{row.title}\n{row.body}" for _, row in counted])


def _many(db: Connection, kind: str, object_ids: Sequence[int]) -> Sequence[Any]:
    ids = sorted(object_ids)
    return db.execute(_GET_MANY, {"the_kind": kind, "the_objects": ids}).all() if ids else []


def remove(db: Connection, kind: str, object_id: int) -> None:
    """Forget it altogether. Removing what is unknown changes nothing."""
    old = db.execute(_GET, {"the_kind": kind, "the_object": object_id}).first()
    if old is not None:
        _forget(db, old)
        db.execute(_DELETE, {"the_id": old.id})


def _row(document: Document) -> dict[str, Any]:
    title, body = storable(document.title), storable(document.body)
    words, marks = "", ""
    if document.is_visible:
        words, marks = document.indexed or index_text(document.kind, title, body, document.community_id)
    return {
        "kind": document.kind,
        "object_id": document.object_id,
        "community_id": document.community_id,
        "is_visible": document.is_visible,
        "created_at": document.created_at,
        "language": document.language,
        "marks": marks,
        "words": words,
        "title": title,
        "body": body,
    }


def _next_ids(db: Connection, many: int) -> Sequence[int]:
    """Ids for new documents. On SQLite nobody else writes meanwhile."""
    if is_sqlite(db):
        last = int(db.execute(_SQLITE_LAST).scalar() or 0)
        return range(last + 1, last + 1 + many)
    return [row[0] for row in db.execute(_POSTGRESQL_NEXT, {"many": many})]


def _forget(db: Connection, old: Any) -> None:
    """Take a visible document's entry out of the index, and its words out of the counts."""
    if old.is_visible:
        indexes.remove(db, [Entry(old.id, old.words, old.marks)])
        if not old.is_uncounted:
            vocabularies.count_in(db, [old.words], [], sign=-1)


def _know(db: Connection, entry: Entry, text: str, *, is_uncounted: bool) -> None:
    """Put the entry of a document that just became visible, or changed, into the index and into the counts."""
    indexes.add(db, [entry])
    if not is_uncounted:
        vocabularies.count_in(db, [entry.words], [text])
