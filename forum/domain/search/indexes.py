"""The index of each database: entries put in and taken out, and the newest documents that fit an expression."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from forum.db import Connection, insert_rows, is_sqlite
from forum.domain.search.expressions import MARK, Expression, for_postgresql, for_sqlite

# PostgreSQL has no order within its index. Each entry there also names its stretches of ids, fine and coarse, so that
# "the newest so many" is a part of what is looked up and not a sort of everything that was found.
STRETCHES = (("a", 12), ("b", 16), ("d", 20))
MOST_STRETCHES = 24

_ADD = {
    True: sa.text("INSERT INTO search_index (rowid, words, marks) VALUES (:id, :words, :marks)"),
    False: sa.text("INSERT INTO search_index (document_id, vector) VALUES (:id, CAST(:vector AS tsvector))"),
}
_REMOVE = {
    True: sa.text(
        "INSERT INTO search_index (search_index, rowid, words, marks) VALUES ('delete', :id, :words, :marks)"
    ),
    False: sa.text("DELETE FROM search_index WHERE document_id = :id"),
}
_SET_HASH_SIZE = sa.text("INSERT INTO search_index (search_index, rank) VALUES ('hashsize', :bytes)")
_NEWEST_ID = sa.text("SELECT max(id) FROM search_documents")


class Entry(NamedTuple):
    """What the index holds of one document: its stems and its marks, each set apart by blanks."""

    id: int
    words: str
    marks: str


@dataclass(frozen=True, slots=True)
class Arm:
    """One walk through the index: the newest `most` documents with ids from `low` on that fit."""

    expression: Expression
    most: int
    worth: int = 1  # what a document gains that it leads to
    low: int = 0
    prefixes: tuple[str, ...] = ("",)  # where it may be said: "" in ideas, ELSEWHERE in the rest


def add(db: Connection, entries: Sequence[Entry]) -> None:
    """Put entries in; none of these documents is in the index yet."""
    sqlite = is_sqlite(db)
    if entries:
        db.execute(_ADD[sqlite], [_plain(entry) if sqlite else _vector(entry) for entry in entries])


def add_many(db: Connection, entries: Sequence[Entry]) -> None:
    """The same for thousands of entries."""
    if is_sqlite(db):
        insert_rows(db, "search_index", ("rowid", "words", "marks"), entries)
    else:
        insert_rows(
            db, "search_index", ("document_id", "vector"), [tuple(_vector(entry).values()) for entry in entries]
        )


def make_room(db: Connection, megabytes: int = 16) -> None:
    """Let FTS5 collect so much before it writes, for thousands of entries: it then has less to merge. SQLite only.

    What is set is kept with the index and known to everybody from the commit on, so set it back to 1 in the end.
    """
    if is_sqlite(db):
        db.execute(_SET_HASH_SIZE, {"bytes": megabytes * 1024 * 1024})


def remove(db: Connection, entries: Sequence[Entry]) -> None:
    """Take entries out. Each must be exactly what was put in: FTS5 takes out the postings of the words it is given."""
    sqlite = is_sqlite(db)
    if entries:
        db.execute(_REMOVE[sqlite], [_plain(entry) if sqlite else {"id": entry.id} for entry in entries])


def newest_id(db: Connection) -> int:
    """The id of the newest document, 0 if there is none."""
    return int(db.execute(_NEWEST_ID).scalar() or 0)


def walk(db: Connection, arms: Sequence[Arm], newest: int, most: int) -> dict[int, int]:
    """Document id → the worth of all arms that lead to it, the `most` worthy and of equals the newest; one statement.

    `newest` is what newest_id() said.
    """
    if not arms:
        return {}
    sqlite = is_sqlite(db)
    values: dict[str, Any] = {"most": most}
    for number, arm in enumerate(arms):
        values[f"match_{number}"] = _for_sqlite(arm) if sqlite else _for_postgresql(arm, newest)
        values[f"low_{number}"] = arm.low
        values[f"most_{number}"] = arm.most
        values[f"worth_{number}"] = arm.worth
    return {row[0]: int(row[1]) for row in db.execute(_walk_statement(sqlite, len(arms)), values).all()}


@lru_cache(maxsize=64)
def _walk_statement(sqlite: bool, arms: int) -> sa.TextClause:
    # On PostgreSQL the order is by an expression, or the planner may walk all documents backward to save the sort.
    arm = (
        "SELECT * FROM (SELECT rowid AS id, :worth_{n} AS worth FROM search_index WHERE search_index MATCH :match_{n}"
        " AND rowid >= :low_{n} ORDER BY rowid DESC LIMIT :most_{n})"
        if sqlite
        else "SELECT * FROM (SELECT document_id AS id, CAST(:worth_{n} AS bigint) AS worth FROM search_index"
        " WHERE vector @@ CAST(:match_{n} AS tsquery) AND document_id >= :low_{n}"
        " ORDER BY document_id + 0 DESC LIMIT :most_{n}) AS arm_{n}"
    )
    together = " UNION ALL ".join(arm.format(n=number) for number in range(arms))
    return sa.text(
        f"SELECT id, sum(worth) FROM ({together}) AS arms GROUP BY id ORDER BY 2 DESC, 1 DESC LIMIT :most"  # noqa: S608
    )


def _for_sqlite(arm: Arm) -> str:
    return " OR ".join(for_sqlite(arm.expression, prefix) for prefix in arm.prefixes)


def _for_postgresql(arm: Arm, newest: int) -> str:
    found = " | ".join(for_postgresql(arm.expression, prefix) for prefix in arm.prefixes)
    if stretches := _stretches(arm.low, newest):
        return f"({found}) & ({' | '.join(stretches)})"
    return found


def _stretches(low: int, newest: int) -> list[str]:
    """The lexemes of the stretches that hold the ids from `low` to `newest`; none where that is nearly everything."""
    if low <= 1:
        return []
    for name, bits in STRETCHES:
        first, last = low >> bits, newest >> bits
        if last - first < MOST_STRETCHES:
            return [f"'{MARK}{name}{number}'" for number in range(first, last + 1)]
    return []


def _plain(entry: Entry) -> dict[str, Any]:
    return {"id": entry.id, "words": entry.words, "marks": entry.marks}


def _vector(entry: Entry) -> dict[str, Any]:
    """The entry as the text of a tsvector, with the places of its words (256 a word at most, the rest says nothing)."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(entry.words.split(" "), 1):
        if word:
            places.setdefault(word, []).append(str(place))
    parts = [f"'{word}':{','.join(where[:255])}" for word, where in places.items()]
    parts += [f"'{mark}'" for mark in entry.marks.split(" ") if mark]
    parts += [f"'{MARK}{name}{entry.id >> bits}'" for name, bits in STRETCHES]
    return {"id": entry.id, "vector": " ".join(parts)}
