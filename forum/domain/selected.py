"""Selected: posts of any kind that one act is about, read, locked and put into states in a few statements for all."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import comments, remarks, states
from forum.domain.actions import POSTS
from forum.domain.ideas import path
from forum.domain.search.selections import ByIds
from forum.domain.subjects import Named
from forum.models import Comment, Idea, RecommendationComment
from forum.text import excerpt

Key = tuple[str, int]
"""A post: its kind and its id."""

_no_slug: sa.ColumnElement[str] = sa.literal_column("''").label("slug")
_READ = {
    "idea": ByIds(
        sa.select(Idea.id, Idea.author_id, Idea.community_id, Idea.state, Idea.title, Idea.slug)
        .order_by(Idea.id)
        .with_for_update(of=Idea),
        Idea.id,
    ),
    "comment": ByIds(
        sa.select(Comment.id, Comment.author_id, Idea.community_id, Comment.state, Idea.title, _no_slug)
        .join_from(Comment, Idea, Idea.id == Comment.idea_id)
        .order_by(Comment.id)
        .with_for_update(of=Comment),
        Comment.id,
    ),
    "remark": ByIds(
        sa.select(
            RecommendationComment.id,
            RecommendationComment.author_id,
            sa.null().label("community_id"),
            RecommendationComment.state,
            RecommendationComment.heading.label("title"),
            _no_slug,
        )
        .order_by(RecommendationComment.id)
        .with_for_update(of=RecommendationComment),
        RecommendationComment.id,
    ),
}
_CHANGE: dict[str, Any] = {
    "idea": states.change_many,
    "comment": comments.change_many,
    "remark": remarks.change_many,
}


@dataclass(frozen=True, slots=True)
class Post(Named):
    """A post as an act needs it."""

    kind: str
    id: int
    author_id: int
    community_id: int | None
    state: str
    title: str
    path: str

    @property
    def key(self) -> Key:
        return self.kind, self.id


def by_kind(keys: Iterable[Key]) -> dict[str, list[int]]:
    """The ids of each kind, kinds always in the same order, so that two acts never wait for each other."""
    found: dict[str, list[int]] = defaultdict(list)
    for kind, one in keys:
        found[kind].append(one)
    return {kind: sorted(found[kind]) for kind in POSTS if kind in found}


def load(db: Connection, keys: Collection[Key]) -> list[Post]:
    """These posts by kind and id, locked until the commit. Asks no rights."""
    found = []
    for kind, ids in by_kind(keys).items():
        for row in _READ[kind].rows(db, ids):
            is_idea = kind == "idea"
            title = row.title if is_idea else excerpt(row.title, 80)
            where = path(row.id, row.slug) if is_idea else f"/{kind}s/{row.id}"
            found.append(Post(kind, row.id, row.author_id, row.community_id, row.state, title, where))
    return found


def change(db: Connection, wanted: Mapping[Key, str]) -> None:
    """Put each of these posts into its state, with all that follows: lists, counts, search. Asks no rights."""
    alike: dict[str, dict[Key, None]] = defaultdict(dict)
    for key, state in wanted.items():
        alike[state][key] = None
    for state, keys in sorted(alike.items()):
        for kind, ids in by_kind(keys).items():
            _CHANGE[kind](db, ids, state)
