"""Notifications: told once, counted exactly, read by their owner alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import notifications
from forum.domain.errors import Invalid, NotFound, SignInNeeded
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.models import Notification, User
from tests.making import Make


def telling(event: str = "event:1") -> Telling:
    return Telling(event, "idea.posted", "Something happened", "/ideas")


def unread(db: Connection, person: Person) -> tuple[int, int]:
    """The stored count, and what the rows say."""
    stored = db.execute(sa.select(User.unread_count).where(User.id == person.id)).scalar_one()
    rows = sa.select(sa.func.count()).where(Notification.user_id == person.id, Notification.read_at.is_(None))
    return stored, db.execute(rows).scalar_one()


def test_an_event_is_told_to_each_person_once(db: Connection, make: Make) -> None:
    one, two = make.user(), make.user()
    assert notifications.tell(db, [one.id], telling()) == {one.id}
    assert notifications.tell(db, [one.id, two.id, two.id], telling()) == {two.id}
    assert notifications.tell(db, [one.id, two.id], telling()) == set()
    assert unread(db, one) == unread(db, two) == (1, 1)


def test_nobody_to_tell_is_no_error(db: Connection) -> None:
    assert notifications.tell(db, [], telling()) == set()


def test_the_newest_notification_comes_first_and_pages_follow_by_key(db: Connection, make: Make) -> None:
    person = make.user()
    for number in range(7):
        notifications.tell(db, [person.id], telling(f"event:{number}"))
    first = notifications.of(db, person, limit=3)
    second = notifications.of(db, person, limit=3, before=first.next_before)
    third = notifications.of(db, person, limit=3, before=second.next_before)
    ids = [item.id for page in (first, second, third) for item in page.items]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 7
    assert third.next_before is None
    with pytest.raises(Invalid):
        notifications.of(db, person, before="x")


def test_opening_a_notification_reads_it_once_and_says_where_it_leads(db: Connection, make: Make) -> None:
    person = make.user()
    notifications.tell(db, [person.id], telling("event:1"))
    notifications.tell(db, [person.id], telling("event:2"))
    newest = notifications.of(db, person).items[0]
    for _ in range(2):
        assert notifications.open_one(db, person, newest.id) == "/ideas"
        assert unread(db, person) == (1, 1)
    assert [item.is_read for item in notifications.of(db, person).items] == [True, False]


def test_reading_all_reads_what_was_on_the_page_and_not_what_came_after(db: Connection, make: Make) -> None:
    person, other = make.user(), make.user()
    for event in ("event:1", "event:2", "event:3"):
        notifications.tell(db, [person.id, other.id], telling(event))
    middle = notifications.of(db, person).items[1]
    assert notifications.read_all(db, person, up_to=middle.id) == 2
    assert unread(db, person) == (1, 1)
    assert notifications.read_all(db, person) == 1
    assert notifications.read_all(db, person) == 0
    assert unread(db, person) == (0, 0)
    assert unread(db, other) == (3, 3)


def test_notifications_are_their_owners_alone(db: Connection, make: Make) -> None:
    person, other = make.user(), make.user()
    notifications.tell(db, [person.id], telling())
    (mine,) = notifications.of(db, person).items
    with pytest.raises(NotFound):
        notifications.open_one(db, other, mine.id)
    with pytest.raises(SignInNeeded):
        notifications.of(db, None)
    assert notifications.of(db, other).items == []
    assert unread(db, person) == (1, 1)


def test_words_with_new_lines_and_control_characters_are_made_safe(db: Connection, make: Make) -> None:
    person = make.user()
    notifications.tell(db, [person.id], Telling("event:1", "x", "One\r\nTwo\x00", "/ideas", "a\x08b\r\nc"))
    (item,) = notifications.of(db, person).items
    assert (item.title, item.text) == ("One Two", "ab\nc")


def test_a_notification_never_leads_to_another_site(db: Connection, make: Make) -> None:
    with pytest.raises(ValueError, match="page of this site"):
        notifications.later(db, [make.user().id], Telling("e", "k", "t", "//evil.example"))


def test_the_count_stays_exact_while_many_tell_and_read_at_once(database: Database) -> None:
    ids = database.write(lambda db: [Make(db).user().id for _ in range(5)])

    def act(number: int) -> None:
        if number % 4 == 3:
            person = Person(id=ids[number % 5], handle="", name="")
            database.write(lambda db: notifications.read_all(db, person))
        else:
            order = ids if number % 2 else ids[::-1]
            database.write(lambda db: notifications.tell(db, order, telling(f"event:{number % 13}")))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(60)))
    with database.reading() as db:
        for person_id in ids:
            stored, counted = unread(db, Person(id=person_id, handle="", name=""))
            assert stored == counted
        assert db.execute(sa.select(sa.func.count()).select_from(Notification)).scalar_one() == 13 * 5
