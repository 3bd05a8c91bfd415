"""The database: engine, transactions, the writer lane, and the few things that differ between SQLite and PostgreSQL."""

from sqlalchemy.engine import Connection, Row

from forum.db.bulk import cache_more, insert_many, insert_rows, take_ids
from forum.db.dialects import PerDialect, after_key, insert, insert_once, is_sqlite, joining_sets, lock_row
from forum.db.engine import Database, DatabaseTrouble, UniqueViolation
from forum.db.memory import address, generation, is_remembering, remembered, seen_version
from forum.db.prepared import Prepared, insert_of
from forum.db.writer import put_off

__all__ = [
    "Connection",
    "Database",
    "DatabaseTrouble",
    "PerDialect",
    "Prepared",
    "Row",
    "UniqueViolation",
    "address",
    "after_key",
    "cache_more",
    "generation",
    "insert",
    "insert_many",
    "insert_of",
    "insert_once",
    "insert_rows",
    "is_remembering",
    "is_sqlite",
    "joining_sets",
    "lock_row",
    "put_off",
    "remembered",
    "seen_version",
    "take_ids",
]
