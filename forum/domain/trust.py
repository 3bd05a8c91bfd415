"""Trust: what a new account may do grows with the posts that stand. The rules are public (page /rules)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.models import Comment, Decision, Idea, User

KNOWN_POSTS, KNOWN_DAYS = 3, 1
TRUSTED_POSTS, TRUSTED_DAYS = 20, 30
CLEAN_DAYS = 90

_PERSON = sa.select(User.kept_count, User.created_at, User.trust_level, User.email_confirmed_at).where(
    User.id == sa.bindparam("user_id")
)
_removed = (
    sa.select(sa.func.count())
    .select_from(Decision)
    .where(Decision.action == "remove", Decision.created_at > sa.bindparam("since"))
)
_REMOVED_IDEAS = _removed.join(Idea, sa.and_(Decision.subject_kind == "idea", Idea.id == Decision.subject_id)).where(
    Idea.author_id == sa.bindparam("user_id"), Idea.state == "removed"
)
_REMOVED_COMMENTS = _removed.join(
    Comment, sa.and_(Decision.subject_kind == "comment", Comment.id == Decision.subject_id)
).where(Comment.author_id == sa.bindparam("user_id"), Comment.state == "removed")
_KEPT_IDEAS = (
    sa.select(sa.func.count())
    .select_from(Idea)
    .where(Idea.author_id == sa.bindparam("user_id"), Idea.state == "published")
)
_KEPT_COMMENTS = (
    sa.select(sa.func.count())
    .select_from(Comment)
    .where(Comment.author_id == sa.bindparam("user_id"), Comment.state == "published")
)
_SET = (
    sa.update(User)
    .where(User.id == sa.bindparam("the_user"))
    .values(kept_count=sa.bindparam("kept"), trust_level=sa.bindparam("level"))
)
_these: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)
_PEOPLE = (
    sa.select(User.id, User.kept_count, User.created_at, User.trust_level, User.email_confirmed_at)
    .where(User.id.in_(_these))
    .order_by(User.id)
    .with_for_update(key_share=True)
)
_KEPT_BY = tuple(
    sa.select(table.author_id, sa.func.count().label("posts"))
    .where(table.author_id.in_(_these), table.state == "published")
    .group_by(table.author_id)
    for table in (Idea, Comment)
)
_REMOVED_BY = tuple(
    sa.select(table.author_id, sa.func.count().label("posts"))
    .join_from(Decision, table, sa.and_(Decision.subject_kind == kind, table.id == Decision.subject_id))
    .where(Decision.action == "remove", Decision.created_at > sa.bindparam("since"))
    .where(table.author_id.in_(_these), table.state == "removed")
    .group_by(table.author_id)
    for kind, table in (("idea", Idea), ("comment", Comment))
)
_SET_MANY = (
    sa.update(User)
    .where(User.id.in_(_these))
    .values(kept_count=sa.bindparam("kept"), trust_level=sa.bindparam("level"))
)
_ADD_TO_MANY = sa.update(User).where(User.id.in_(_these)).values(kept_count=User.kept_count + sa.bindparam("more"))
_NEARLY = (
    sa.select(User.id)
    .where(User.status == "active", User.trust_level < 2, User.email_confirmed_at.is_not(None))
    .where(User.id > sa.bindparam("after"), User.kept_count >= KNOWN_POSTS)
    .order_by(User.id)
    .limit(sa.bindparam("most"))
)


def level(kept: int, removed: int, joined_at: datetime, *, is_confirmed: bool = True) -> int:
    """The trust level of a person: `kept` posts that stand, `removed` ones within CLEAN_DAYS.

    0: new. 1 (known): 3 posts that stand, a day here, fewer removed than kept. 2 (trusted): 20 posts that stand, 30
    days here, none removed in 90 days.
    """
    age = now() - joined_at
    if not is_confirmed or kept < KNOWN_POSTS or age < timedelta(days=KNOWN_DAYS) or removed >= kept:
        return 0
    return 2 if kept >= TRUSTED_POSTS and age >= timedelta(days=TRUSTED_DAYS) and not removed else 1


_ADD_KEPT = {
    kind: sa.update(User)
    .where(User.id == sa.select(table.author_id).where(table.id == sa.bindparam("object")).scalar_subquery())
    .values(kept_count=User.kept_count + sa.bindparam("more"))
    for kind, table in (("idea", Idea), ("comment", Comment))
}


def add_kept(db: Connection, kind: str, object_id: int, more: int) -> None:
    """One more post of its author stands (`more` = 1), or one less (-1). Levels follow by `update` and `grow`."""
    db.execute(_ADD_KEPT[kind], {"object": object_id, "more": more})


def update(db: Connection, user_id: int) -> int:
    """Count a person's posts that stand anew and set their level by the rules; returns the level.

    Levels 3 and above are given by people, not by counting: they are kept unless a post was removed lately.
    """
    person = db.execute(_PERSON, {"user_id": user_id}).one()
    key = {"user_id": user_id, "since": now() - timedelta(days=CLEAN_DAYS)}
    kept = sum(int(db.execute(count, key).scalar_one()) for count in (_KEPT_IDEAS, _KEPT_COMMENTS))
    removed = sum(int(db.execute(count, key).scalar_one()) for count in (_REMOVED_IDEAS, _REMOVED_COMMENTS))
    new = level(kept, removed, person.created_at, is_confirmed=person.email_confirmed_at is not None)
    if person.trust_level > 2 and not removed:
        new = person.trust_level
    db.execute(_SET, {"the_user": user_id, "kept": kept, "level": new})
    return new


def add_kept_many(db: Connection, more: Mapping[int, int]) -> None:
    """Of each of these people (user id → how many) so many more posts stand, or less where it is below 0."""
    alike: dict[int, list[int]] = defaultdict(list)
    for user_id, change in more.items():
        alike[change].append(user_id)
    for change, user_ids in sorted(alike.items()):
        if change:
            db.execute(_ADD_TO_MANY, {"ids": sorted(user_ids), "more": change})


def update_many(db: Connection, user_ids: Collection[int]) -> None:
    """What `update` does for one person, in a few statements for many."""
    key = {"ids": sorted(user_ids), "since": now() - timedelta(days=CLEAN_DAYS)}
    if not user_ids:
        return
    kept: dict[int, int] = defaultdict(int)
    removed: dict[int, int] = defaultdict(int)
    for counts, statements in ((kept, _KEPT_BY), (removed, _REMOVED_BY)):
        for statement in statements:
            for row in db.execute(statement, key):
                counts[row.author_id] += row.posts
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for person in db.execute(_PEOPLE, {"ids": key["ids"]}):
        has, lost = kept[person.id], removed[person.id]
        new = level(has, lost, person.created_at, is_confirmed=person.email_confirmed_at is not None)
        if person.trust_level > 2 and not lost:
            new = person.trust_level
        if (has, new) != (person.kept_count, person.trust_level):
            alike[has, new].append(person.id)
    for (has, new), ids in sorted(alike.items()):
        db.execute(_SET_MANY, {"ids": ids, "kept": has, "level": new})


def grow(db: Connection, *, after: int = 0, most: int = 500) -> int | None:
    """Raise the levels of people whose time has come, some hundred at a time; returns where to go on."""
    ids = [int(row.id) for row in db.execute(_NEARLY, {"after": after, "most": most})]
    for user_id in ids:
        update(db, user_id)
    return ids[-1] if len(ids) == most else None
