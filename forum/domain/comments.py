"""Comments: find one, read the thread under an idea, and keep the figures that follow from them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import communities, ideas, outbox, search
from forum.domain.communities import CommunityView, InCommunity
from forum.domain.errors import Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Comment, CommentAgreement, Idea, User
from forum.models.base import aliased

PAGE = 100
WIDTH = 8  # base-36 digits of an id within a path: room for 2.8 million million comments
MOST_DEPTH = 8  # a reply below this level stands beside the one it answers
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_author, _parent, _parent_author = aliased(User), aliased(Comment), aliased(User)
_COLUMNS: tuple[Any, ...] = (
    Comment.id,
    Comment.idea_id,
    Comment.parent_id,
    Comment.author_id,
    Comment.path,
    Comment.depth,
    Comment.body_html,
    Comment.state,
    Comment.is_official,
    Comment.is_by_employee,
    Comment.agency_name,
    Comment.agree_count,
    Comment.created_at,
    Comment.edited_at,
    _author.name.label("author_name"),
    _author.handle.label("author_handle"),
    _author.agency_name.label("author_agency"),
)
_thread = (
    sa.select(*_COLUMNS)
    .join_from(Comment, _author, _author.id == Comment.author_id)
    .where(Comment.idea_id == sa.bindparam("idea_id"))
    .order_by(Comment.path)
    .limit(sa.bindparam("most"))
)
_FIRST = _thread
_AFTER = _thread.where(
    Comment.path > sa.select(_parent.path).where(_parent.id == sa.bindparam("after_id")).scalar_subquery()
)
_PARENTS = (
    sa.select(Comment.id, Comment.state, _author.name.label("author_name"))
    .join_from(Comment, _author, _author.id == Comment.author_id)
    .where(Comment.id.in_(sa.bindparam("ids", expanding=True)))
)
_AGREED = sa.select(CommentAgreement.comment_id).where(
    CommentAgreement.user_id == sa.bindparam("user_id"), CommentAgreement.idea_id == sa.bindparam("idea_id")
)
_get = (
    sa.select(
        *_COLUMNS,
        Comment.body,
        Idea.community_id,
        Idea.title.label("idea_title"),
        Idea.slug.label("idea_slug"),
        Idea.state.label("idea_state"),
        Idea.author_id.label("idea_author_id"),
        Idea.is_locked,
        Idea.language,
    )
    .join_from(Comment, _author, _author.id == Comment.author_id)
    .join(Idea, Idea.id == Comment.idea_id)
    .where(Comment.id == sa.bindparam("comment_id"))
)
_GET, _GET_LOCKED = _get, _get.with_for_update(of=Comment)
_STATE = (
    sa.select(Comment.state, Comment.idea_id)
    .where(Comment.id == sa.bindparam("comment_id"))
    .with_for_update(of=Comment)
)
_SET_STATE = sa.update(Comment).where(Comment.id == sa.bindparam("the_id")).values(state=sa.bindparam("new_state"))
_STATES = (
    sa.select(Comment.id, Comment.state, Comment.idea_id)
    .where(Comment.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Comment.id)
    .with_for_update(of=Comment)
)
_SET_STATES = (
    sa.update(Comment)
    .where(Comment.id.in_(sa.bindparam("ids", expanding=True)))
    .values(state=sa.bindparam("new_state"))
)
_COUNT_MORE = (
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("the_id"))
    .values(comment_count=Idea.comment_count + sa.bindparam("more"))
)
_LOCK_IDEA = sa.select(Idea.id).where(Idea.id == sa.bindparam("the_id")).with_for_update()
_STANDING = (
    sa.select(sa.func.count())
    .select_from(Comment)
    .where(Comment.idea_id == sa.bindparam("the_id"), Comment.state == "published")
)
_SET_COUNT = sa.update(Idea).where(Idea.id == sa.bindparam("the_id")).values(comment_count=sa.bindparam("figure"))
_BEFORE = sa.select(sa.func.count()).where(
    Comment.idea_id == sa.bindparam("idea_id"), Comment.path < sa.bindparam("before_path")
)
_AT = (
    sa.select(Comment.id)
    .where(Comment.idea_id == sa.bindparam("idea_id"))
    .order_by(Comment.path)
    .limit(1)
    .offset(sa.bindparam("place"))
)


@dataclass(frozen=True, slots=True)
class CommentView(InCommunity):
    """A comment with the idea and the place it stands in: what rules and pages ask for."""

    id: int
    idea_id: int
    parent_id: int | None
    author_id: int
    path: str
    depth: int
    body: str
    body_html: str
    state: str
    is_official: bool
    is_by_employee: bool
    agency_name: str
    agree_count: int
    created_at: datetime
    edited_at: datetime | None
    author_name: str
    author_handle: str
    author_agency: str
    community_id: int
    idea_title: str
    idea_slug: str
    idea_state: str
    idea_author_id: int
    is_locked: bool
    language: str
    community: CommunityView

    @property
    def idea_path(self) -> str:
        return ideas.path(self.idea_id, self.idea_slug)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the comments under an idea, in order, whoever reads them. Rows carry the columns of comments and
    author_name, author_handle, author_agency. `answered`: id of an answered comment → its author's name, or nothing
    where it is gone. `next_after`: the key of the next page."""

    rows: list[Any]
    answered: dict[int, str]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """One comment in a thread, for a viewer: `is_shown` says whether they may read its words."""

    row: Any
    is_shown: bool
    parent_name: str  # whom it answers; empty for nobody, or for somebody whose comment is gone


@dataclass(frozen=True, slots=True)
class Thread:
    """One page of the comments under an idea, as one person sees them, and the key of the next page."""

    items: list[Item]
    next_after: int | None


def path_of(parent_path: str, comment_id: int) -> str:
    """The path of a comment, the way down to it. Sorted by path, replies stand under what they answer, oldest first."""
    digits, rest = "", comment_id
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return parent_path[: MOST_DEPTH * WIDTH] + digits.rjust(WIDTH, "0")


def depth_of(path: str) -> int:
    """How many comments stand above it: 0 for one that answers the idea."""
    return len(path) // WIDTH - 1


def get(db: Connection, user: Person | None, comment_id: int, *, to_change: bool = False) -> CommentView:
    """The comment, if this person may see it and its idea; NotFound otherwise. `to_change` locks its row."""
    row = db.execute(_GET_LOCKED if to_change else _GET, {"comment_id": comment_id}).first()
    if row is None:
        raise NotFound("There is no comment here.")
    place = communities.of(db, row.community_id)
    comment = CommentView(**row._mapping, community=place)
    ideas.get(db, user, comment.idea_id)
    if not can(user, "comment.read", comment):
        raise NotFound("There is no comment here.")
    return comment


def leaf(db: Connection, idea_id: int, after: int | str | None = None) -> Leaf:
    """One page of the comments under an idea, for `view`. `after` is the id of the last comment of the page before;
    Invalid for a wrong key. Asks no rights."""
    values: dict[str, Any] = {"idea_id": idea_id, "most": PAGE + 1}
    after_id = read_key(after)
    found = db.execute(_AFTER, {**values, "after_id": after_id}) if after_id else db.execute(_FIRST, values)
    rows: list[Any] = list(found.all())
    next_after = rows[PAGE - 1].id if len(rows) > PAGE else None
    return Leaf(rows[:PAGE], _answered(db, rows[:PAGE]), next_after)


def view(leaf: Leaf, user: Person | None, idea: ideas.IdeaView) -> Thread:
    """A page of comments as this person sees it, who has been allowed to read the idea.

    Held comments are there for their author and those who manage the community; to others only as a gap, and only where
    an answer hangs on them. Removed and withdrawn ones always keep their place.
    """
    items = []
    for number, row in enumerate(leaf.rows):
        is_shown = row.state == "published" or can_read_text(user, idea, row)
        if row.state == "held" and not is_shown:
            following = leaf.rows[number + 1].path if number + 1 < len(leaf.rows) else ""
            if not following.startswith(row.path):
                continue
        items.append(Item(row, is_shown, leaf.answered.get(row.parent_id, "") if row.parent_id else ""))
    return Thread(items, leaf.next_after)


def thread(db: Connection, user: Person | None, idea: ideas.IdeaView, after: int | str | None = None) -> Thread:
    """One page of the comments under an idea that this person has been allowed to read: `view` of its `leaf`."""
    return view(leaf(db, idea.id, after), user, idea)


def can_read_text(user: Person | None, idea: Any, row: Any) -> bool:
    """May this person read the words of a comment (author_id, state) under an idea that they may read?"""
    return can(user, "comment.read_text", _Subject(row.author_id, row.state, idea))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A comment of a thread as the rules see it, without reading it again."""

    author_id: int
    state: str
    idea: Any

    @property
    def community_id(self) -> int:
        return int(self.idea.community_id)

    @property
    def community_status(self) -> str:
        return str(self.idea.community_status)

    @property
    def visibility(self) -> str:
        return str(self.idea.visibility)


def read_key(after: int | str | None) -> int | None:
    """The key of a page, checked. Invalid for anything that can't be one."""
    if after in (None, ""):
        return None
    if not str(after).isascii() or not str(after).isdigit() or len(str(after)) > 18:
        raise Invalid({"after": "This page key is not one of ours. Start again from the first page."})
    return int(after or 0)


def _answered(db: Connection, rows: list[Any]) -> dict[int, str]:
    names = {row.id: row.author_name if row.state == "published" else "" for row in rows}
    others = sorted({row.parent_id for row in rows if row.parent_id is not None and row.parent_id not in names})
    if others:
        for row in db.execute(_PARENTS, {"ids": others}):
            names[row.id] = row.author_name if row.state == "published" else ""
    return names


def agreed(db: Connection, user: Person | None, idea_id: int) -> frozenset[int]:
    """The comments under an idea that this person agrees with."""
    if user is None:
        return frozenset()
    return frozenset(db.execute(_AGREED, {"user_id": user.id, "idea_id": idea_id}).scalars())


def page_key(db: Connection, comment: CommentView) -> int | None:
    """The `after` key of the page of the thread that the comment stands on; None for the first page."""
    before = int(db.execute(_BEFORE, {"idea_id": comment.idea_id, "before_path": comment.path}).scalar_one())
    first = before // PAGE * PAGE
    if first == 0:
        return None
    return int(db.execute(_AT, {"idea_id": comment.idea_id, "place": first - 1}).scalar_one())


def address(db: Connection, comment: CommentView) -> str:
    """Where the comment stands: the idea's page, the page of the thread, the spot on it."""
    key = page_key(db, comment)
    return f"{comment.idea_path}{f'?after={key}' if key else ''}#comment-{comment.id}"


def change_state(db: Connection, comment_id: int, state: str) -> str | None:
    """Put a comment into a state (published, held, removed, withdrawn), with the idea's count and the search index.

    Returns the state before, or None when it was in that state already. Asks no rights; NotFound if there is none.
    A held comment that is published is announced; telling people twice is prevented where the telling is done.
    """
    row = db.execute(_STATE, {"comment_id": comment_id}).first()
    if row is None:
        raise NotFound("There is no comment here.")
    if row.state == state:
        return None
    db.execute(_SET_STATE, {"the_id": comment_id, "new_state": state})
    if more := (state == "published") - (row.state == "published"):
        count_more(db, row.idea_id, more)
        (search.show if more > 0 else search.hide)(db, "comment", comment_id)
    if row.state == "held" and state == "published":
        outbox.add(db, "idea.commented", comment_id=comment_id)
    return str(row.state)


def change_many(db: Connection, comment_ids: Collection[int], state: str) -> None:
    """Put many comments into one state, whoever asks: what `change_state` does for one, in a few statements for all."""
    rows = db.execute(_STATES, {"ids": sorted(comment_ids)}).all() if comment_ids else []
    changed = [row for row in rows if row.state != state]
    if not changed:
        return
    db.execute(_SET_STATES, {"ids": [row.id for row in changed], "new_state": state})
    turned = [row for row in changed if "published" in (state, row.state)]
    by = 1 if state == "published" else -1
    for idea_id, some in sorted(Counter(row.idea_id for row in turned).items()):
        count_more(db, idea_id, by * some)
    (search.show_many if by > 0 else search.hide_many)(db, "comment", [row.id for row in turned])
    if by > 0:
        outbox.add_many(db, "idea.commented", [{"comment_id": row.id} for row in changed if row.state == "held"])


def count_more(db: Connection, idea_id: int, more: int) -> None:
    """So many more comments stand under an idea (fewer, when negative)."""
    db.execute(_COUNT_MORE, {"the_id": idea_id, "more": more})


def recount(db: Connection, idea_id: int) -> int:
    """Count the comments that stand under an idea anew. Exact beside others who post: they wait for the idea's row."""
    db.execute(_LOCK_IDEA, {"the_id": idea_id})
    figure = int(db.execute(_STANDING, {"the_id": idea_id}).scalar_one())
    db.execute(_SET_COUNT, {"the_id": idea_id, "figure": figure})
    return figure
