"""Where documents come from: ideas and comments as they stand, read for the index and for what is shown of a hit."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from forum import text
from forum.db import Connection
from forum.domain.search.documents import Document
from forum.domain.search.selections import ByIds, among
from forum.models import Comment, Idea, IdeaText

FOUND_IN = ("published", "off-topic")
"""States in which an idea can be found; one on the off-topic track only by those who ask for it."""
STEP = 500

_idea = sa.select(
    Idea.id,
    Idea.community_id,
    Idea.title,
    Idea.state,
    Idea.language,
    Idea.created_at,
    IdeaText.body,
    IdeaText.why,
).join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
_comment = sa.select(
    Comment.id,
    Comment.body,
    Comment.state,
    Comment.created_at,
    Idea.community_id,
    Idea.language,
).join_from(Comment, Idea, Idea.id == Comment.idea_id)
_ONE: dict[str, Any] = {
    "idea": _idea.where(Idea.id == sa.bindparam("the_id")),
    "comment": _comment.where(Comment.id == sa.bindparam("the_id")),
}
_STEPS: dict[str, Any] = {
    "idea": _idea.where(Idea.id > sa.bindparam("after")).order_by(Idea.id).limit(STEP),
    "comment": _comment.where(Comment.id > sa.bindparam("after")).order_by(Comment.id).limit(STEP),
}
_COMMENTS_OF = sa.select(Comment.id).where(Comment.idea_id == sa.bindparam("the_id")).order_by(Comment.id)
_about = (Idea.slug, Idea.title.label("idea_title"), Idea.status, Idea.state)
_SHOWN = {
    "idea": ByIds(
        sa.select(Idea.id, Idea.id.label("idea_id"), Idea.net, *_about).where(among(Idea.state, FOUND_IN)), Idea.id
    ),
    "comment": ByIds(
        sa.select(Comment.id, Comment.idea_id, sa.literal(0).label("net"), *_about)
        .join_from(Comment, Idea, Idea.id == Comment.idea_id)
        .where(Comment.state == "published", among(Idea.state, FOUND_IN)),
        Comment.id,
    ),
}


def one(db: Connection, kind: str, object_id: int) -> Document | None:
    """The document of one idea or comment as it stands now; None if there is no such thing."""
    row = db.execute(_ONE[kind], {"the_id": object_id}).first()
    return None if row is None else _document(kind, row)


def every(db: Connection, kind: str) -> Iterator[Document]:
    """The documents of all ideas or comments in order of id, read some hundred at a time."""
    after = 0
    while rows := db.execute(_STEPS[kind], {"after": after}).all():
        yield from (_document(kind, row) for row in rows)
        after = rows[-1].id


def comments_of(db: Connection, idea_id: int) -> Sequence[int]:
    """The ids of an idea's comments."""
    return db.execute(_COMMENTS_OF, {"the_id": idea_id}).scalars().all()


def shown(db: Connection, kind: str, ids: Iterable[int]) -> dict[int, Any]:
    """What is shown of hits, by id: idea_id, slug, idea_title, net, status, state. What is hidden now is left out."""
    return {row.id: row for row in _SHOWN[kind].rows(db, ids)}


def _document(kind: str, row: Any) -> Document:
    is_idea = kind == "idea"
    body = row.body + (f"\n\n{row.why}" if is_idea and row.why else "")
    return Document(
        kind=kind,
        object_id=row.id,
        title=row.title if is_idea else "",
        body=text.to_plain(body, links=False),
        created_at=row.created_at,
        community_id=row.community_id,
        language=row.language,
        is_visible=row.state in FOUND_IN if is_idea else row.state == "published",
    )
