"""Ideas as records for machines: the fields of every JSON and CSV list, read in bounded memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import lists
from forum.domain.ideas import path, reference
from forum.domain.lists import Filters
from forum.models import Community, Idea, IdeaText, User

FIELDS = (
    "id",
    "ref",
    "title",
    "body",
    "community",
    "author",
    "up",
    "down",
    "net",
    "approval",
    "comment_count",
    "status",
    "created_at",
    "url",
    "source_id",
    "raw_up",
    "raw_down",
)
"""The fields of a record, in order."""

ROWS = (
    sa.select(
        Idea.id,
        Idea.slug,
        Idea.title,
        IdeaText.body,
        Community.slug.label("community"),
        User.name.label("author"),
        Idea.up,
        Idea.down,
        Idea.net,
        Idea.approval,
        Idea.comment_count,
        Idea.status,
        Idea.created_at,
        Idea.source_id,
        Idea.aside_up,
        Idea.aside_down,
    )
    .join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
    .join(Community, Community.id == Idea.community_id)
    .join(User, User.id == Idea.author_id)
    .where(Idea.id.in_(sa.bindparam("ids", expanding=True)))
)
"""What a record is made of; more columns may be added."""
_ROWS_WITH_HTML = ROWS.add_columns(IdeaText.body_html)


def of(db: Connection, ids: Sequence[int], base_url: str, *, html: bool = False) -> list[dict[str, Any]]:
    """The records of these ideas, in this order; `html` adds the body. Asks no rights: the ids come from a list."""
    rows = {row.id: row for row in db.execute(_ROWS_WITH_HTML if html else ROWS, {"ids": list(ids)})}
    return [record(rows[idea_id], base_url, html=html) for idea_id in ids if idea_id in rows]


def record(row: Any, base_url: str, *, html: bool = False) -> dict[str, Any]:
    """One record: approval is the Wilson lower bound (0 to 1, six digits), created_at ISO 8601 in UTC."""
    values = {
        "id": row.id,
        "ref": reference(row.id),
        "title": row.title,
        "body": row.body,
        "community": row.community,
        "author": row.author,
        "up": row.up,
        "down": row.down,
        "net": row.net,
        "approval": round(row.approval, 6),
        "comment_count": row.comment_count,
        "status": row.status,
        "created_at": f"{row.created_at.isoformat()[:19]}Z",
        "url": base_url + path(row.id, row.slug),
        "source_id": row.source_id,
        "raw_up": row.up + row.aside_up,
        "raw_down": row.down + row.aside_down,
    }
    return {**values, "html": row.body_html} if html else values


def walk(
    db: Connection, filters: Filters, base_url: str, *, after: str | None = None, most: int | None = None
) -> Iterator[dict[str, Any]]:
    """Every record of a list in its order, some hundred at a time, at most `most`."""
    for ids in lists.walk(db, filters, after=after, most=most):
        yield from of(db, ids, base_url)
