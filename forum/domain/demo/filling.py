"""What the loader of the demo needs at every step: rows in, ids out, and who and what is where."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import tags
from forum.domain.comments import depth_of, path_of
from forum.domain.demo.content import Content, HeldIdea, Idea
from forum.domain.demo.parts import number
from forum.domain.demo.surges import Proposal
from forum.domain.exports import Origin
from forum.domain.lists import SHUFFLE_RANGE
from forum.models import Comment, IdeaText
from forum.signing import Signer
from forum.text import excerpt, slug, to_html

_SET_PATH = (
    sa.update(Comment)
    .where(Comment.id == sa.bindparam("comment_id"))
    .values(path=sa.bindparam("new_path"), depth=sa.bindparam("new_depth"))
)


class Filling:
    """One load of the demo. What was inserted is found again by the names that the content uses."""

    def __init__(self, db: Connection, demo: Content, seal: tuple[Signer, Origin] | None = None) -> None:
        self.db, self.demo, self.seal, self.now = db, demo, seal, now()
        self.people: dict[str, int] = {}
        self.agencies: dict[str, int] = {}
        self.communities: dict[str, int] = {}
        self.ideas: dict[int, int] = {}
        self.comments: dict[tuple[int, int], int] = {}
        self._tags: dict[str, int] = {}
        self._paths: dict[int, str] = {}

    def fill(self, table: type[Any], rows: Iterable[dict[str, Any]]) -> list[int]:
        """Insert rows and return their ids in the same order."""
        listed = list(rows)
        if not listed:
            return []
        statement = sa.insert(table).returning(table.id, sort_by_parameter_order=True)
        return list(self.db.execute(statement, listed).scalars())

    def put(self, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows of a table whose key is known."""
        if listed := list(rows):
            self.db.execute(sa.insert(table), listed)

    def tag(self, name: str) -> int:
        """The id of a tag."""
        if name not in self._tags:
            self._tags[name] = tags.ensure(self.db, name)
        return self._tags[name]

    def idea_row(self, idea: Idea | HeldIdea | Proposal, posted: datetime) -> dict[str, Any]:
        """What the row of an idea holds in any case."""
        return {
            "community_id": self.communities[idea.community],
            "author_id": self.people[idea.author],
            "title": idea.title,
            "slug": slug(idea.title),
            "excerpt": excerpt(idea.body),
            "is_by_employee": self.demo.person[idea.author].is_employee,
            "shuffle": number(idea.title, SHUFFLE_RANGE),
            "created_at": posted,
        }

    def posted_step(self, idea_id: int, author: str, posted: datetime) -> dict[str, Any]:
        """The first step in the history of an idea."""
        return {"idea_id": idea_id, "kind": "posted", "by_id": self.people[author], "created_at": posted}

    def add_texts(self, idea: Idea | HeldIdea | Proposal, idea_id: int) -> None:
        """The texts and tags of an idea whose row is there."""
        texts = {"body": idea.body, "body_html": to_html(idea.body), "why": idea.why, "why_html": to_html(idea.why)}
        self.put(IdeaText, [{"idea_id": idea_id, **texts}])
        tag_ids = dict.fromkeys(self.tag(name) for name in idea.tags)
        tags.put(self.db, ((idea_id, tag_id) for tag_id in tag_ids))

    def add_comment(
        self, idea: int, author: str, text: str, posted: datetime, *, reply_to: int | None = None, **more: Any
    ) -> int:
        """A comment under the idea with this source id, at its place in the thread; returns its id."""
        parent_id = self.comments[idea, reply_to] if reply_to else None
        row = {
            "idea_id": self.ideas[idea],
            "parent_id": parent_id,
            "author_id": self.people[author],
            "path": "",
            "body": text,
            "body_html": to_html(text),
            "is_by_employee": self.demo.person[author].is_employee,
            "created_at": posted,
            **more,
        }
        [comment_id] = self.fill(Comment, [row])
        path = path_of(self._paths[parent_id] if parent_id else "", comment_id)
        self._paths[comment_id] = path
        self.db.execute(_SET_PATH, {"comment_id": comment_id, "new_path": path, "new_depth": depth_of(path)})
        return comment_id
