"""Tables of the search: one document for everything that can be found, the words in use, and the index itself.

The index is an FTS5 table on SQLite and a table with a tsvector on PostgreSQL. Neither can be declared, so it is made
by DDL that follows its documents: with Base.metadata.create_all, and in a migration by `create_index(connection)`.
"""

from datetime import datetime

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, only_where

INDEX_TABLES = ("search_index", "search_index_config", "search_index_data", "search_index_idx")
"""Tables that are in a database but not in the metadata; a comparison of the two must leave them out."""


class SearchDocument(Base):
    """What the search knows of one idea or comment. Short columns first: the long ones are read only when needed."""

    __tablename__ = "search_documents"
    id: Column[int] = key()
    kind: Column[str]  # idea, comment
    object_id: Column[int] = column(BigId)
    community_id: Column[int | None] = column(BigId)
    is_visible: Column[bool] = column(default=True)  # hidden ones keep their row, without words and marks
    is_uncounted: Column[bool] = column(default=True)  # its words are not in search_terms yet
    created_at: Column[datetime]
    language: Column[str] = column(default="en")
    marks: Column[str]  # ·stem for each word of the title, §kind, §c and the community
    words: Column[str]  # the stems of title and body in their order
    title: Column[str]
    body: Column[str]  # plain text
    __table_args__ = (
        sa.UniqueConstraint("kind", "object_id"),
        sa.Index("ix_search_documents_uncounted", "id", **only_where("is_uncounted")),
        {"sqlite_autoincrement": True},  # an id is never used twice, or an old posting could name a new document
    )


class SearchTerm(Base):
    """A stem in use: how many visible documents hold it, and a word that it stands for."""

    __tablename__ = "search_terms"
    term: Column[str] = column(sa.String(collation="C").with_variant(sa.String(), "sqlite"), primary_key=True)
    reverse: Column[str] = column(sa.String(collation="C").with_variant(sa.String(), "sqlite"), index=True)
    word: Column[str]
    document_count: Column[int]
    __table_args__ = {"sqlite_with_rowid": False}


class SearchTotal(Base):
    """One row: how many documents are counted in search_terms, and how many words they have together."""

    __tablename__ = "search_totals"
    id: Column[int] = key()
    document_count: Column[int] = column(BigId)
    word_count: Column[int] = column(BigId)


_CREATE = {
    # Our own words come in, set apart by blanks; every other character must be part of a word: so does `ascii` read.
    "sqlite": (
        "CREATE VIRTUAL TABLE search_index USING fts5(words, marks, content='search_documents', content_rowid='id',"
        " columnsize=0, tokenize='ascii')",
    ),
    # A short list of postings that wait to be sorted in: each search reads all of it.
    "postgresql": (
        "CREATE TABLE search_index (document_id bigint PRIMARY KEY"
        " REFERENCES search_documents (id) ON DELETE CASCADE, vector tsvector NOT NULL)",
        "CREATE INDEX ix_search_index_vector ON search_index USING gin (vector) WITH (gin_pending_list_limit = 256)",
    ),
}


def create_index(connection: sa.Connection) -> None:
    """Make the index of an existing, empty search_documents (in a migration: `create_index(op.get_bind())`)."""
    for statement in _CREATE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def drop_index(connection: sa.Connection) -> None:
    """Take the index away; search_documents stays."""
    connection.exec_driver_sql("DROP TABLE IF EXISTS search_index")


sa.event.listen(SearchDocument.__table__, "after_create", lambda table, connection, **_: create_index(connection))
sa.event.listen(SearchDocument.__table__, "before_drop", lambda table, connection, **_: drop_index(connection))
