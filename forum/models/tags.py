"""Tags, and where each idea stands in the lists of its tags: copies of its order columns, kept the same by triggers."""

from datetime import datetime

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, ref
from forum.models.ideas import RANKS

FOLLOWED = ("is_public", *RANKS, "shuffle", "created_at")
"""Columns of an idea that each of its rows in `idea_tags` repeats."""
IN_ORDER = ("net", "trending", "comment_count", "shuffle", "created_at")
"""Those that lists of a tag are read from in order. By the others, few rows as narrow as these are sorted (ADR 16)."""


class Tag(Base):
    __tablename__ = "tags"
    id: Column[int] = key()
    slug: Column[str] = column(unique=True)
    name: Column[str]
    idea_count: Column[int] = column(default=0)


class IdeaTag(Base):
    """One idea of one tag. Rows of a tag lie together; `domain/tags.py` puts them in, with what they repeat."""

    __tablename__ = "idea_tags"
    tag_id: Column[int] = ref("tags.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id", primary_key=True)
    is_public: Column[bool]
    net: Column[int]
    approval: Column[float]
    trending: Column[float]
    contested: Column[float]
    uncertainty: Column[float]
    comment_count: Column[int]
    shuffle: Column[int] = column(BigId)
    created_at: Column[datetime]
    __table_args__ = (
        sa.Index("ix_idea_tags_idea_id", "idea_id"),
        # With `is_public` in the key, not as a condition: SQLite would rather sort all the rows of the tag.
        *(sa.Index(f"ix_idea_tags_{name}", "tag_id", "is_public", name, "idea_id") for name in IN_ORDER),
        {"sqlite_with_rowid": False},
    )


# SQLite changes every index over a column that a statement names: so what a vote changes, what a comment changes, and
# the rest have a trigger each.
_PARTS = {
    "ranks": tuple(name for name in RANKS if name != "comment_count"),
    "comments": ("comment_count",),
    "places": ("is_public", "shuffle", "created_at"),
}
_SQLITE_TRIGGER = (
    "CREATE TRIGGER idea_tags_follow_{part} AFTER UPDATE OF {columns} ON ideas WHEN ({old}) IS NOT ({new})"
    " BEGIN UPDATE idea_tags SET {changes} WHERE idea_id = new.id; END"
)
_POSTGRESQL_FUNCTION = (
    "CREATE OR REPLACE FUNCTION idea_tags_follow() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN UPDATE idea_tags SET {changes} WHERE idea_id = new.id; RETURN NULL; END $$"
)
_POSTGRESQL_TRIGGER = (
    "CREATE TRIGGER idea_tags_follow AFTER UPDATE OF {columns} ON ideas FOR EACH ROW"
    " WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION idea_tags_follow()"
)


def _listed(columns: tuple[str, ...]) -> dict[str, str]:
    return {
        "columns": ", ".join(columns),
        "old": ", ".join(f"old.{name}" for name in columns),
        "new": ", ".join(f"new.{name}" for name in columns),
        "changes": ", ".join(f"{name} = new.{name}" for name in columns),
    }


def _follow(dialect: str, statement: str, columns: tuple[str, ...], part: str = "") -> None:
    """Make this with the tables."""
    ddl = sa.DDL(statement.format(part=part, **_listed(columns)))  # type: ignore[no-untyped-call]
    sa.event.listen(Base.metadata, "after_create", ddl.execute_if(dialect=dialect))


for _part, _columns in _PARTS.items():
    _follow("sqlite", _SQLITE_TRIGGER, _columns, _part)
_follow("postgresql", _POSTGRESQL_FUNCTION, FOLLOWED)
_follow("postgresql", _POSTGRESQL_TRIGGER, FOLLOWED)
