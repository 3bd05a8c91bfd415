"""What one person has done: their ideas, comments and votes, newest first, paged by key.

Comments on recommendations of directives (remarks) are listed among the other comments.
"""

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import from_microseconds, to_microseconds
from forum.db import Connection, after_key
from forum.domain.errors import Invalid
from forum.domain.lists import Listing
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Comment, Community, Idea, RecommendationComment, Vote

PAGE = 25
_FIRST = 2**62  # above every id

_PLACE = (Idea.community_id, Community.status.label("community_status"), Community.visibility, Community.proposed_by_id)
_of_idea = (Idea.slug, Idea.title, Idea.language)
_IDEAS = (
    sa.select(Idea.id, *_of_idea, Idea.status, Idea.state, Idea.up, Idea.down, Idea.comment_count, Idea.created_at)
    .where(Idea.author_id == sa.bindparam("whose"))
    .order_by(Idea.id.desc())
    .limit(sa.bindparam("most"))
)
_COMMENTS: Any = (
    sa.select(
        Comment.id,
        sa.literal_column("'comment'").label("kind"),
        Comment.body,
        Comment.state,
        Comment.created_at,
        Idea.title,
        Idea.language,
    )
    .join_from(Comment, Idea, Idea.id == Comment.idea_id)
    .where(Comment.author_id == sa.bindparam("whose"), Comment.id < sa.bindparam("before", type_=sa.BigInteger))
    .order_by(Comment.id.desc())
    .limit(sa.bindparam("most"))
)
_REMARKS: Any = (
    sa.select(
        RecommendationComment.id,
        sa.literal_column("'remark'").label("kind"),
        RecommendationComment.body,
        RecommendationComment.state,
        RecommendationComment.created_at,
        RecommendationComment.heading.label("title"),
        sa.literal_column("'en'").label("language"),
    )
    .where(
        RecommendationComment.author_id == sa.bindparam("whose"),
        RecommendationComment.id < sa.bindparam("before", type_=sa.BigInteger),
    )
    .order_by(RecommendationComment.id.desc())
    .limit(sa.bindparam("most"))
)
_SAID = (_COMMENTS, _REMARKS)
_SAID_IN_PUBLIC = (  # editions of directives are public for good, so a remark is wherever it stands
    _COMMENTS.where(Comment.state == "published", Idea.is_public),
    _REMARKS.where(RecommendationComment.state == "published"),
)
_VOTES = (
    sa.select(Vote.value, Vote.changed_at, Idea.id, *_of_idea, Idea.state, Idea.author_id, *_PLACE)
    .join_from(Vote, Idea, Idea.id == Vote.idea_id)
    .join(Community, Community.id == Idea.community_id)
    .where(Vote.user_id == sa.bindparam("whose"))
    .order_by(Vote.changed_at.desc(), Vote.idea_id.desc())
    .limit(sa.bindparam("most"))
)
_after_id = sa.bindparam("after_id", type_=sa.BigInteger)
_IDEAS_AFTER = _IDEAS.where(Idea.id < _after_id)
_VOTES_AFTER = _VOTES.where(
    after_key({Vote.changed_at: sa.bindparam("after_moment", type_=Vote.changed_at.type), Vote.idea_id: _after_id})
)


def ideas(db: Connection, user: Person | None, *, after: str | None = None, limit: int = PAGE) -> Listing:
    """One's own ideas in every state: id, slug, title, language, status, state, up, down, comment_count, created_at."""
    user = require(user, "account.use")
    return _by_id(db, (_IDEAS, _IDEAS_AFTER), user.id, after, limit)


def comments(db: Connection, user: Person | None, *, after: str | None = None, limit: int = PAGE) -> Listing:
    """One's own comments in every state: kind (comment, remark), id, body, state, created_at, title, language.

    `title` is what it stands under: the idea, or the directive with its recommendation.
    """
    user = require(user, "account.use")
    return _said(db, _SAID, user.id, after, limit)


def public_comments(db: Connection, user_id: int, *, after: str | None = None, limit: int = PAGE) -> Listing:
    """What a person said where everyone may read it; the same columns. Asks no rights: it is all public."""
    return _said(db, _SAID_IN_PUBLIC, user_id, after, limit)


def votes(db: Connection, user: Person | None, *, after: str | None = None, limit: int = PAGE) -> Listing:
    """One's own votes, the last changed first: value, changed_at, and the idea with all that "idea.read_text" asks.

    The caller asks that right before it shows a title: an idea may have been hidden since.
    """
    user = require(user, "account.use")
    parameters: dict[str, Any] = {"whose": user.id, "most": limit + 1}
    if after:
        parameters["after_moment"], parameters["after_id"] = _moment_and_id(after)
    rows = list(db.execute(_VOTES_AFTER if after else _VOTES, parameters))
    return _listing(rows, limit, lambda row: f"{to_microseconds(row.changed_at)}_{row.id}")


def _by_id(db: Connection, statements: tuple[Any, Any], user_id: int, after: str | None, limit: int) -> Listing:
    parameters: Mapping[str, Any] = {"whose": user_id, "most": limit + 1}
    if after:
        parameters = {**parameters, "after_id": _number(after)}
    return _listing(list(db.execute(statements[bool(after)], parameters)), limit, lambda row: str(row.id))


def _said(db: Connection, statements: tuple[Any, Any], user_id: int, after: str | None, limit: int) -> Listing:
    """Comments and remarks in one list; the page key holds the last id of each kind that was shown, if any."""
    comment_key, _, remark_key = (after or "").partition("_")
    before = [_number(key) if key else None for key in (comment_key, remark_key)]
    found = [
        db.execute(statement, {"whose": user_id, "most": limit + 1, "before": last or _FIRST}).all()
        for statement, last in zip(statements, before, strict=True)
    ]
    rows = list(heapq.merge(*found, key=lambda row: row.created_at, reverse=True))
    for row in rows[:limit]:
        before[row.kind == "remark"] = row.id
    return Listing(rows[:limit], f"{before[0] or ''}_{before[1] or ''}" if len(rows) > limit else None)


def _listing(rows: list[Any], limit: int, key: Callable[[Any], str]) -> Listing:
    return Listing(rows[:limit], key(rows[limit - 1]) if len(rows) > limit else None)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid({"after": "This page key is not one of ours. Start again from the first page."})
    return int(text)


def _moment_and_id(after: str) -> tuple[datetime, int]:
    moment, _, idea_id = after.partition("_")
    try:
        return from_microseconds(_number(moment)), _number(idea_id)
    except OverflowError:
        raise Invalid({"after": "This page key is not one of ours. Start again from the first page."}) from None
