"""Trust: levels follow from public rules, people give the upper two, and each spares or costs what the page says."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import commenting, holds, posting, trust
from forum.domain.errors import Forbidden, Invalid, NotFound
from forum.domain.people import Person
from forum.models import Decision, OutboxMessage, User, UserChange
from forum.text.grades import grade
from tests.making import Make


def level_of(db: Connection, person: Person) -> int:
    """The level in the row."""
    return int(db.execute(sa.select(User.trust_level).where(User.id == person.id)).scalar_one())


def settled(make: Make, *, posts: int = 20, **values: Any) -> tuple[Person, list[int]]:
    """Somebody who has been here for long and has posts that stand."""
    author, place = make.user(created_at=now() - timedelta(days=60), **values), make.community()
    return author, [make.idea(author=author, community=place) for _ in range(posts)]


def against(make: Make, author: Person, action: str, **values: Any) -> None:
    """Something decided against somebody."""
    given = {"subject_kind": "user", "subject_id": author.id, "author_id": author.id, "reason": "hate"}
    states = {"state_before": "active", "state_after": "active", "created_at": now()}
    insert(make.db, Decision, action=action, **{**given, **states, **values})


def test_twenty_posts_and_thirty_days_make_a_person_trusted(db: Connection, make: Make) -> None:
    author, _ = settled(make)
    assert trust.update(db, author.id) == 2
    assert level_of(db, author) == 2


@pytest.mark.parametrize("action", ["warn", "suspend"])
def test_a_warning_counts_against_a_person_until_it_is_undone_or_old(db: Connection, make: Make, action: str) -> None:
    author, _ = settled(make)
    against(make, author, action, undone_at=now())
    against(make, author, action, created_at=now() - timedelta(days=trust.CLEAN_DAYS + 1))
    assert trust.update(db, author.id) == 2
    against(make, author, action)
    assert trust.update(db, author.id) == 1


def test_the_off_topic_track_is_no_reproach(db: Connection, make: Make) -> None:
    author, ideas = settled(make)
    subject = {"subject_kind": "idea", "subject_id": ideas[0]}
    against(make, author, "off-topic", **subject)
    assert trust.update(db, author.id) == 2


def test_people_rise_by_themselves_when_their_time_has_come(db: Connection, make: Make) -> None:
    author, _ = settled(make, trust_level=0, kept_count=20)
    fresh = make.user(trust_level=0, kept_count=20)
    after: int | None = 0
    while after is not None:
        after = trust.grow(db, after=after, most=1)
    assert (level_of(db, author), level_of(db, fresh)) == (2, 0)


def test_an_administrator_gives_level_3_and_the_person_is_told(db: Connection, make: Make) -> None:
    boss, person = make.user(role="administrator"), make.user(trust_level=1)
    assert trust.give(db, boss, person.id, 3) == 3
    assert trust.give(db, boss, person.id, 3) == 3
    change = db.execute(sa.select(UserChange.kind, UserChange.before, UserChange.after, UserChange.by_id)).all()
    assert [tuple(row) for row in change] == [("trust", "1", "3", boss.id)]
    told = db.execute(sa.select(OutboxMessage.payload)).scalars().all()
    assert [payload["title"] for payload in told] == ["You have trust level 3 now: Proven"]
    assert trust.update(db, person.id) == 3


def test_a_given_level_ends_by_the_rules_or_by_an_administrator(db: Connection, make: Make) -> None:
    boss = make.user(role="administrator")
    author, _ = settled(make)
    trust.give(db, boss, author.id, 4)
    assert trust.give(db, boss, author.id, None) == 2
    assert trust.give(db, boss, author.id, None) == 2
    trust.give(db, boss, author.id, 3)
    against(make, author, "warn")
    assert trust.update(db, author.id) == 1


def test_who_gives_levels_and_which(db: Connection, make: Make) -> None:
    person, boss = make.user(), make.user(role="administrator")
    for other in (make.user(), make.user(role="moderator"), make.user(role="policy")):
        with pytest.raises(Forbidden):
            trust.give(db, other, person.id, 3)
    for number in (-1, 0, 1, 2, 5):
        with pytest.raises(Invalid):
            trust.give(db, boss, person.id, number)
    with pytest.raises(NotFound):
        trust.give(db, boss, person.id + 999, 3)
    with pytest.raises(NotFound):
        trust.give(db, boss, make.user(status="imported").id, 3)


def test_posts_of_level_3_wait_nowhere(db: Connection, make: Make) -> None:
    place = make.community(moderation="before")
    fields = posting.IdeaFields(title="Open the archives", body="All of them, and at once.", community=place.slug)
    assert posting.post(db, make.user(trust_level=2), fields).is_held
    posted = posting.post(db, make.user(trust_level=3), fields)
    assert not posted.is_held
    comment = commenting.CommentFields(body="A comment on it.")
    assert commenting.post(db, make.user(trust_level=2), posted.id, comment).is_held
    assert not commenting.post(db, make.user(trust_level=4), posted.id, comment).is_held


@pytest.mark.parametrize(
    "text, links",
    [
        ("No link at all.", 0),
        ("See https://a.example/x and http://b.example.", 2),
        ("[Here](https://a.example) and www.b.example/page", 2),
        ("<https://a.example>\n" * 10, 10),
    ],
)
def test_links_are_counted_however_they_are_written(text: str, links: int) -> None:
    assert trust.link_count(text) == links


def test_a_new_account_has_fewer_links_than_a_trusted_one(make: Make) -> None:
    ten = "https://a.example/x " * 10
    allowed = [not trust.has_too_many_links(make.user(trust_level=number), ten) for number in range(5)]
    assert allowed == [False, True, True, True, True]
    assert not trust.has_too_many_links(make.user(trust_level=0), "https://a.example and www.b.example " * 4)


def test_a_new_account_that_posts_ten_links_waits_and_a_trusted_one_does_not(db: Connection, make: Make) -> None:
    place = make.community()
    manager = make.member(place.id, make.user(trust_level=0), role="manager")
    ten = "Look here: " + "https://a.example/x " * 10
    for author, is_held in ((make.user(trust_level=0), True), (make.user(trust_level=2), False), (manager, False)):
        fields = posting.IdeaFields(title=f"Ten links of {author.id}", body=ten, community=place.slug)
        posted = posting.post(db, author, fields)
        assert posted.is_held == is_held
        idea_id = make.idea(community=place)
        assert commenting.post(db, author, idea_id, commenting.CommentFields(body=ten)).is_held == is_held


def test_links_added_later_wait_too_and_other_edits_do_not(db: Connection, make: Make) -> None:
    author, place = make.user(trust_level=0), make.community()
    nine, ten = ("www.a.example " * number for number in (9, 10))
    assert not trust.has_too_many_links(author, nine, nine)
    assert trust.has_too_many_links(author, ten, nine)
    assert not trust.has_too_many_links(author, ten, ten)
    idea_id = make.idea(author=author, community=place, title="Some links", body="See www.a.example for the report.")
    assert posting.edit(db, author, idea_id, posting.TextFields(title="Ten links", body=ten)).is_held


def test_the_rules_are_told_in_plain_words() -> None:
    assert [level.number for level in trust.LEVELS] == [0, 1, 2, 3, 4]
    for level in trust.LEVELS:
        found = grade(f"{level.how} {level.what}")
        assert found.grade <= 8, level.name
        assert not found.long_sentences
    assert trust.KNOWN_POSTS == holds.FIRST_POSTS
