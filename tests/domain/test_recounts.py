"""Recounts: stored counts equal what their rows say, and are put right where they do not."""

from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import ranking, recounts, tags, votes
from forum.models import (
    Comment,
    CommentAgreement,
    Community,
    Idea,
    Notification,
    Tag,
    User,
)
from tests.making import Make

WRONG = [
    (Idea, "up", 77),
    (Idea, "down", 3),
    (Idea, "employee_up", 9),
    (Idea, "net", -5),
    (Idea, "approval", 0.999),
    (Idea, "trending", 1.0),
    (Idea, "contested", 4.0),
    (Idea, "uncertainty", 0.5),
    (Idea, "comment_count", 12),
    (Comment, "agree_count", 8),
    (Community, "idea_count", 0),
    (Community, "member_count", 40),
    (Tag, "idea_count", 6),
    (User, "unread_count", 2),
    (User, "kept_count", 31),
]


@pytest.fixture
def forum(db: Connection, make: Make) -> Connection:
    """A forum with something of everything that is counted, and every count right."""
    place, author = make.community(), make.user()
    make.member(place.id, author)
    idea_id = make.idea(community=place, author=author, votes=3, against=1, imported_up=10, imported_down=4)
    votes.cast(db, make.user(is_employee=True, agency_name="Office"), idea_id, 1)
    make.idea(community=place, author=author, state="held", is_listed=False, is_public=False)
    tag_id = insert(db, Tag, slug="budget", name="budget", idea_count=0)
    tags.put(db, [(idea_id, tag_id)])
    for state in ("published", "published", "removed"):
        comment: dict[str, Any] = {"path": state, "body": "b", "body_html": "b", "state": state, "created_at": now()}
        comment_id = insert(db, Comment, idea_id=idea_id, author_id=author.id, **comment)
        agreement = {"comment_id": comment_id, "user_id": make.user().id, "idea_id": idea_id, "created_at": now()}
        db.execute(sa.insert(CommentAgreement), agreement)
    told = {"kind": "k", "title": "t", "url": "/", "created_at": now(), "user_id": author.id}
    insert(db, Notification, event="one", **told)
    insert(db, Notification, event="two", read_at=now(), **told)
    recounts.mend_all(db)
    return db


def first(db: Connection, table: type[Any], column: str) -> Any:
    query = sa.select(table.id, getattr(table, column)).order_by(table.id).limit(1)
    return tuple(db.execute(query).one())


def test_what_is_counted_is_what_the_rows_say(forum: Connection) -> None:
    row = forum.execute(sa.select(Idea).order_by(Idea.id).limit(1)).one()
    assert (row.up, row.down, row.employee_up, row.employee_down) == (14, 5, 1, 0)
    assert row.comment_count == 2
    assert ranking.Ranks(row.net, row.approval, row.trending, row.contested, row.uncertainty) == ranking.ranks(
        14, 5, row.created_at
    )
    assert first(forum, Community, "idea_count")[1] == first(forum, Community, "member_count")[1] == 1
    assert first(forum, Tag, "idea_count")[1] == 1
    assert first(forum, Comment, "agree_count")[1] == 1
    assert first(forum, User, "unread_count")[1] == 1
    assert first(forum, User, "kept_count")[1] == 3


def test_a_right_count_is_no_difference(forum: Connection) -> None:
    assert [one for kind in recounts.KINDS for one in recounts.check(forum, kind, recounts.next_ids(forum, kind))] == []


@pytest.mark.parametrize(
    ("table", "column", "value"), WRONG, ids=lambda part: getattr(part, "__tablename__", str(part))
)
def test_a_wrong_count_is_found_and_put_right(forum: Connection, table: type[Any], column: str, value: float) -> None:
    key, right = first(forum, table, column)
    forum.execute(sa.update(table).where(table.id == key).values({column: value}))
    kind = table.__tablename__
    ids = recounts.next_ids(forum, kind)
    wanted = [(kind, key, column, value, pytest.approx(right))]
    assert [(d.kind, d.id, d.column, d.stored, d.counted) for d in recounts.check(forum, kind, ids)] == wanted
    assert first(forum, table, column)[1] == value
    recounts.mend(forum, kind, ids)
    assert first(forum, table, column)[1] == pytest.approx(right)
    assert recounts.check(forum, kind, ids) == []


def test_every_batch_comes_once(db: Connection, make: Make) -> None:
    ids = [make.user().id for _ in range(7)]
    found, after = [], 0
    while part := recounts.next_ids(db, "users", after, most=3):
        found += part
        after = part[-1]
    assert found == ids
