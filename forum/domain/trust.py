"""Trust: what a new account may do grows with the posts that stand. The rules are public (page /rules)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now, to_microseconds
from forum.db import Connection
from forum.domain import notifications
from forum.domain.errors import Invalid, NotFound
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Comment, Decision, Idea, RecommendationComment, User, UserChange
from forum.text.links import ADDRESS, WWW

KNOWN_POSTS, KNOWN_DAYS = 3, 1
TRUSTED_POSTS, TRUSTED_DAYS = 20, 30
CLEAN_DAYS = 90
GIVEN = 3  # levels from here on are given by people


@dataclass(frozen=True, slots=True)
class Level:
    """One level: what it is called, how one gets there, and how many links one post may have before it waits."""

    number: int
    name: str
    how: str
    what: str
    most_links: int | None  # None: no limit


LEVELS = (
    Level(
        0,
        "New",
        "Everybody starts here.",
        f"In some communities, and on directives, your first {KNOWN_POSTS} posts wait for a check.",
        9,
    ),
    Level(
        1,
        "Known",
        f"You have {KNOWN_POSTS} posts that stand, and a day here. More of your posts stand than were removed.",
        "Your posts do not wait, except where every post is checked.",
        20,
    ),
    Level(
        2,
        "Trusted",
        f"You have {TRUSTED_POSTS} posts that stand, and {TRUSTED_DAYS} days here. For {CLEAN_DAYS} days nothing of"
        " yours was removed, and you were not warned.",
        "You may do more each hour. No program holds your posts back.",
        50,
    ),
    Level(
        3,
        "Proven",
        "An administrator gives it to people with a long, good record.",
        "Your posts never wait, also where every post is checked.",
        None,
    ),
    Level(
        4,
        "Desk",
        "An administrator gives it to people who post for many others, for example at an event.",
        "As level 3, with far higher limits.",
        None,
    ),
)
"""The levels, in order. A test keeps their words plain.

Nine links: of the 3,574 posts of the dialogue of 2009, 5 have more, and 77 have more than two.
"""

_POSTS: tuple[tuple[str, Any], ...] = (("idea", Idea), ("comment", Comment), ("remark", RecommendationComment))
"""Kinds of post that stand or were removed, with their tables."""

_PERSON = sa.select(User.kept_count, User.created_at, User.trust_level, User.email_confirmed_at).where(
    User.id == sa.bindparam("user_id")
)
_against = (
    sa.select(sa.func.count())
    .select_from(Decision)
    .where(
        Decision.author_id == sa.bindparam("user_id"),
        Decision.created_at > sa.bindparam("since", type_=Decision.created_at.type),
        Decision.undone_at.is_(None),
    )
)
_AGAINST = (
    *(
        _against.where(Decision.action == "remove")
        .join(table, sa.and_(Decision.subject_kind == kind, table.id == Decision.subject_id))
        .where(table.state == "removed")
        for kind, table in _POSTS
    ),
    _against.where(Decision.action.in_(("warn", "suspend"))),
)
_KEPT = tuple(
    sa.select(sa.func.count())
    .select_from(table)
    .where(table.author_id == sa.bindparam("user_id"), table.state == "published")
    for _, table in _POSTS
)
_SET = (
    sa.update(User)
    .where(User.id == sa.bindparam("the_user"))
    .values(kept_count=sa.bindparam("kept"), trust_level=sa.bindparam("level"))
)
_GIVE = (
    sa.update(User)
    .where(User.id == sa.bindparam("the_user"), User.status.in_(("active", "suspended")))
    .values(trust_level=sa.bindparam("level"))
    .returning(User.id)
)
_LEVEL = sa.select(User.trust_level).where(User.id == sa.bindparam("user_id")).with_for_update()
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
    for _, table in _POSTS
)
_decided = (
    sa.select(Decision.author_id, sa.func.count().label("posts"))
    .where(
        Decision.author_id.in_(_these),
        Decision.created_at > sa.bindparam("since", type_=Decision.created_at.type),
        Decision.undone_at.is_(None),
    )
    .group_by(Decision.author_id)
)
_AGAINST_MANY = (
    *(
        _decided.where(Decision.action == "remove")
        .join(table, sa.and_(Decision.subject_kind == kind, table.id == Decision.subject_id))
        .where(table.state == "removed")
        for kind, table in _POSTS
    ),
    _decided.where(Decision.action.in_(("warn", "suspend"))),
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


def level(kept: int, against: int, joined_at: datetime, *, is_confirmed: bool = True) -> int:
    """The level of a person by the rules: `kept` posts that stand, `against` them within CLEAN_DAYS.

    0: new. 1 (known): 3 posts that stand, a day here, more kept than decided against. 2 (trusted): 20 posts that stand,
    30 days here, nothing against them in 90 days. Against somebody are removed posts, warnings and suspensions, as
    long as they were not undone; never the off-topic track, which is no reproach.
    """
    age = now() - joined_at
    if not is_confirmed or kept < KNOWN_POSTS or age < timedelta(days=KNOWN_DAYS) or against >= kept:
        return 0
    return 2 if kept >= TRUSTED_POSTS and age >= timedelta(days=TRUSTED_DAYS) and not against else 1


_ADD_KEPT = {
    kind: sa.update(User)
    .where(User.id == sa.select(table.author_id).where(table.id == sa.bindparam("object")).scalar_subquery())
    .values(kept_count=User.kept_count + sa.bindparam("more"))
    for kind, table in _POSTS
}


def never_waits(user: Person) -> bool:
    """Does this person's level spare them every check before posting?"""
    return user.trust_level >= GIVEN


def link_count(*texts: str) -> int:
    """How many addresses stand in these texts."""
    return sum(len(pattern.findall(text)) for text in texts for pattern in (ADDRESS, WWW))


def has_too_many_links(user: Person, words: str, before: str = "", *, here: int | None = None) -> bool:
    """Has a post of this person more links than their level may post unchecked?

    `before` is the text that an edit replaces: whoever adds no link is not asked again. `here`: how many their
    community lets new and known people post unchecked, where that is fewer.
    """
    most = LEVELS[max(0, min(user.trust_level, len(LEVELS) - 1))].most_links
    if most is not None and here is not None and user.trust_level < 2:
        most = min(most, here)
    count = link_count(words)
    return most is not None and count > most and count > link_count(before)


def add_kept(db: Connection, kind: str, object_id: int, more: int) -> None:
    """One more post of its author stands (`more` = 1), or one less (-1). Levels follow by `update` and `grow`."""
    db.execute(_ADD_KEPT[kind], {"object": object_id, "more": more})


def update(db: Connection, user_id: int) -> int:
    """Count a person's posts that stand anew and set their level by the rules; returns the level.

    Levels 3 and 4 are given by people, not by counting: they stay until something is decided against the person.
    """
    person = db.execute(_PERSON, {"user_id": user_id}).one()
    key = {"user_id": user_id, "since": now() - timedelta(days=CLEAN_DAYS)}
    kept = sum(int(db.execute(count, {"user_id": user_id}).scalar_one()) for count in _KEPT)
    against = sum(int(db.execute(count, key).scalar_one()) for count in _AGAINST)
    new = level(kept, against, person.created_at, is_confirmed=person.email_confirmed_at is not None)
    if person.trust_level >= GIVEN and not against:
        new = person.trust_level
    db.execute(_SET, {"the_user": user_id, "kept": kept, "level": new})
    return new


def give(db: Connection, user: Person | None, user_id: int, number: int | None) -> int:
    """Give somebody level 3 or 4, or (None) let the rules decide again; returns the level they have now.

    They are told, and the change is written down. Invalid for another level, NotFound for somebody without an account.
    """
    user = require(user, "user.mark")
    if number is not None and not GIVEN <= number < len(LEVELS):
        raise Invalid({"level": "Levels 3 and 4 are given by people. The others follow from the rules."})
    before = db.execute(_LEVEL, {"user_id": user_id}).scalar()
    if before is None or (number is None and before < GIVEN) or number == before:
        if before is None:
            raise NotFound("There is no such user.")
        return int(before)
    if db.execute(_GIVE, {"the_user": user_id, "level": 0 if number is None else number}).first() is None:
        raise NotFound("This person has no account here.")
    new = update(db, user_id) if number is None else number
    moment = now()
    row = {"user_id": user_id, "by_id": user.id, "kind": "trust", "before": str(before), "after": str(new)}
    db.execute(sa.insert(UserChange), {**row, "created_at": moment})
    event = f"trust:{user_id}:{to_microseconds(moment)}"
    told = f"You have trust level {new} now: {LEVELS[new].name}"
    telling = Telling(event, "trust.changed", told, "/rules#trust-title", LEVELS[new].what)
    notifications.later(db, [user_id], telling, reason="it is about your account")
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
    if not user_ids:
        return
    key = {"ids": sorted(user_ids)}
    since = {"since": now() - timedelta(days=CLEAN_DAYS)}
    people = db.execute(_PEOPLE, key).all()  # locked before their posts are counted
    kept, against = Counter[int](), Counter[int]()
    for counts, statements, values in ((kept, _KEPT_BY, key), (against, _AGAINST_MANY, {**key, **since})):
        for statement in statements:
            for row in db.execute(statement, values):
                counts[row.author_id] += row.posts
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for person in people:
        has, lost = kept[person.id], against[person.id]
        new = level(has, lost, person.created_at, is_confirmed=person.email_confirmed_at is not None)
        if person.trust_level >= GIVEN and not lost:
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
