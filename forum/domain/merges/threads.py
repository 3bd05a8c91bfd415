"""Threads that go to another idea and come back: a comment that answers the idea, with all that hangs on it.

Comments keep their addresses: these name the comment alone. Where a thread was written is kept by its top comment;
answers go where that one goes, also those written after a merge: an answer makes no sense apart from what it answers.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, PerDialect
from forum.domain import communities, outbox, recounts, search
from forum.domain.comments import WIDTH
from forum.domain.merges import places
from forum.models import Case, Comment, CommentAgreement, Idea, MergeComment, SplitComment, User
from forum.models.base import aliased

INDEXED = 100  # comments that the search gets to know anew in one transaction

_from: Any = sa.bindparam("from_id", type_=sa.BigInteger)
_to: Any = sa.bindparam("to_id", type_=sa.BigInteger)
_ids: Any = sa.bindparam("ids", expanding=True)
_root = aliased(Comment)
_is_root = Comment.depth == 0

_KEEP_HOMES = PerDialect(
    lambda insert: (
        insert(MergeComment)
        .from_select(["comment_id", "home_id"], sa.select(Comment.id, _from).where(Comment.idea_id == _from, _is_root))
        .on_conflict_do_nothing()
    )
)
_MOVE_ALL = sa.update(Comment).where(Comment.idea_id == _from).values(idea_id=_to)


def _thread_of(roots: Any) -> Any:
    """Comments under `from_id` that stand in one of these threads: their path begins with its top's."""
    return sa.and_(Comment.idea_id == _from, sa.func.substr(Comment.path, 1, WIDTH).in_(roots))


_AT_HOME_IN = (
    sa.select(_root.path)
    .join_from(_root, MergeComment, MergeComment.comment_id == _root.id)
    .where(_root.idea_id == _from, MergeComment.home_id.in_(_ids))
)
_MOVE_HOME = sa.update(Comment).where(_thread_of(_AT_HOME_IN)).values(idea_id=_to)
_AMONG = sa.select(_root.path).where(_root.idea_id == _from, _root.id.in_(_ids))
_MOVE_SOME = sa.update(Comment).where(_thread_of(_AMONG)).values(idea_id=_to)
_AGREEMENTS = (
    sa.update(CommentAgreement)
    .where(CommentAgreement.comment_id.in_(sa.select(Comment.id).where(Comment.idea_id == _to)))
    .where(CommentAgreement.idea_id == _from)
    .values(idea_id=_to)
)
_CASES = (
    sa.update(Case)
    .where(
        Case.is_open,
        Case.subject_kind == "comment",
        Case.subject_id.in_(sa.select(Comment.id).where(Comment.idea_id == _to)),
    )
    .values(community_id=sa.bindparam("place"))
)
_ARE_HOME = sa.delete(MergeComment).where(
    MergeComment.home_id == _to, MergeComment.comment_id.in_(sa.select(Comment.id).where(Comment.idea_id == _to))
)
_FORGET_HOMES = sa.delete(MergeComment).where(MergeComment.comment_id.in_(_ids))
_HOMES_OF = (
    sa.select(Comment.id, sa.func.coalesce(MergeComment.home_id, Comment.idea_id).label("home_id"))
    .join_from(Comment, MergeComment, MergeComment.comment_id == Comment.id, isouter=True)
    .where(Comment.idea_id == _from, _is_root, Comment.id.in_(_ids))
)
_PLACES = sa.select(Idea.id, Idea.community_id).where(Idea.id.in_(_ids))
_LEFT = sa.select(Comment.id).where(Comment.idea_id == _from).limit(1)
_OF_SPLIT = sa.select(SplitComment.comment_id, SplitComment.home_id).where(
    SplitComment.split_id == sa.bindparam("split")
)
_ORIGINS = (
    sa.select(MergeComment.comment_id, MergeComment.home_id)
    .join_from(MergeComment, Comment, Comment.id == MergeComment.comment_id)
    .where(Comment.idea_id == sa.bindparam("idea_id"))
)
_NEXT = (
    sa.select(Comment.id)
    .where(Comment.idea_id == sa.bindparam("idea_id"), Comment.id > sa.bindparam("after"))
    .order_by(Comment.id)
    .limit(INDEXED)
)
_TOPS = (
    sa.select(Comment.id, Comment.body, Comment.created_at, User.name.label("author_name"))
    .join_from(Comment, User, User.id == Comment.author_id)
    .where(Comment.idea_id == sa.bindparam("idea_id"), _is_root, Comment.state == "published")
    .order_by(Comment.path)
    .limit(sa.bindparam("most"))
)


def bring(db: Connection, absorbed_id: int, target_id: int) -> None:
    """Put all threads of an idea under another one, and keep where they were written."""
    where = {"from_id": absorbed_id, "to_id": target_id}
    db.execute(_KEEP_HOMES(db), {"from_id": absorbed_id})
    db.execute(_MOVE_ALL, where)
    _follow(db, absorbed_id, target_id)


def give_back(db: Connection, absorbed_id: int, held_by_id: int) -> None:
    """Put the threads that were written under an idea, or under one that is in it, from where they stand back to it."""
    where = {"from_id": held_by_id, "to_id": absorbed_id}
    db.execute(_MOVE_HOME, {**where, "ids": places.homes(db, absorbed_id)})
    db.execute(_ARE_HOME, {"to_id": absorbed_id})
    _follow(db, held_by_id, absorbed_id)


def take_out(db: Connection, split_id: int, idea_id: int, new_id: int, root_ids: Collection[int]) -> None:
    """Put some threads of an idea, named by their top comments, under a new one that is their home from now on."""
    found = db.execute(_HOMES_OF, {"from_id": idea_id, "ids": list(root_ids)}).all()
    if not found:
        return
    rows = [{"split_id": split_id, "comment_id": row.id, "home_id": row.home_id} for row in found]
    db.execute(sa.insert(SplitComment), rows)
    ids = [row.id for row in found]
    db.execute(_FORGET_HOMES, {"ids": ids})
    db.execute(_MOVE_SOME, {"from_id": idea_id, "to_id": new_id, "ids": ids})
    _follow(db, idea_id, new_id)


def put_back(db: Connection, split_id: int, new_id: int) -> None:
    """Put the threads that a split took along back to where they were at home, wherever that is now."""
    by_home: dict[int, list[int]] = {}
    for row in db.execute(_OF_SPLIT, {"split": split_id}):
        by_home.setdefault(row.home_id, []).append(row.comment_id)
    for home_id, ids in sorted(by_home.items()):
        to_id = places.top(db, home_id)
        here = [row.id for row in db.execute(_HOMES_OF, {"from_id": new_id, "ids": ids})]
        if not here:
            continue
        db.execute(_MOVE_SOME, {"from_id": new_id, "to_id": to_id, "ids": here})
        if to_id != home_id:
            db.execute(sa.insert(MergeComment), [{"comment_id": number, "home_id": home_id} for number in here])
        _follow(db, new_id, to_id)


def of_split(db: Connection, split_id: int) -> set[int]:
    """The ids of the ideas at which the threads of a split were at home before."""
    return {int(row.home_id) for row in db.execute(_OF_SPLIT, {"split": split_id})}


def sweep(db: Connection, absorbed_id: int) -> bool:
    """Bring along what was posted under an absorbed idea in the very moment of the merge. True if there was any."""
    target_id = places.top(db, absorbed_id)
    if target_id == absorbed_id or db.execute(_LEFT, {"from_id": absorbed_id}).first() is None:
        return False
    bring(db, absorbed_id, target_id)
    recounts.mend(db, "ideas", sorted((absorbed_id, target_id)))
    return True


def _follow(db: Connection, from_id: int, to_id: int) -> None:
    """What goes with comments: who agrees with them, open cases, and the community that the search knows them by."""
    where = {"from_id": from_id, "to_id": to_id}
    db.execute(_AGREEMENTS, where)
    found = {row.id: row.community_id for row in db.execute(_PLACES, {"ids": [from_id, to_id]})}
    if found[from_id] != found[to_id]:
        place = communities.load(db, found[to_id])
        db.execute(_CASES, {"to_id": to_id, "place": place.id})
        outbox.add(db, "idea.threads_moved", idea_id=to_id)


def index_threads(db: Connection, idea_id: int, *, after: int = 0) -> int | None:
    """Let the search know the next INDEXED comments under an idea as they stand; returns the last id if more follow."""
    ids = list(db.execute(_NEXT, {"idea_id": idea_id, "after": after}).scalars())
    for number in ids:
        search.refresh(db, "comment", number)
    return ids[-1] if len(ids) == INDEXED else None


def origins(db: Connection, idea_id: int) -> dict[int, int]:
    """Threads under an idea that were written under another one: id of the top comment → id of that idea."""
    return {row.comment_id: row.home_id for row in db.execute(_ORIGINS, {"idea_id": idea_id})}


def tops(db: Connection, idea_id: int, *, most: int) -> list[Any]:
    """The comments that answer an idea itself, in their order: id, body, created_at, author_name."""
    return list(db.execute(_TOPS, {"idea_id": idea_id, "most": most}))
