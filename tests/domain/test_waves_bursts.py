"""Bursts: 500 copies become one case within a minute and never reach the front page; 300 different ideas raise none."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import cases, communities, lists, people, recounts, search, waves
from forum.domain.lists import Filters
from forum.models import Case, Decision, Idea, Wave, WaveMember
from forum.web.home import RISING, SETTLED
from tests import crowds
from tests.making import Make

MOST_STATEMENTS = 150
START = datetime(2026, 3, 4, 20, tzinfo=UTC)


def prepare(database: Database) -> tuple[str, int]:
    """A community with two hundred ideas of the last four days, none with votes, and a moderator."""

    def work(db: Connection) -> tuple[str, int]:
        make = Make(db)
        place = make.community(name="Open government", purpose="Ideas for an open and helpful administration.")
        people_here = [make.user(trust_level=2) for _ in range(80)]
        for number, (title, body) in enumerate(crowds.different(200, seed=7)):
            moment = START - timedelta(minutes=28 * (200 - number))
            author = people_here[number % len(people_here)]
            idea_id = make.idea(community=place, author=author, title=title, body=body, created_at=moment)
            search.refresh(db, "idea", idea_id)
            seen = waves.Seen(waves.sketch(title, body), is_fresh=False)
            about = {"author_id": author.id, "community_id": place.id, "created_at": moment}
            waves.note(db, seen, idea_id=idea_id, **about)
        while search.fold_in(db):
            pass
        return place.slug, make.user(role="moderator").id

    prepared = database.write(work)
    watch(database)
    return prepared


def watch(database: Database) -> None:
    while waves.look_at_new(database):
        pass


def front_page(db: Connection) -> set[int]:
    """The ideas that rise to the front page now."""
    return {row.id for row in lists.find(db, Filters("trending", until=now() - SETTLED), limit=RISING).rows}


def test_five_hundred_copies_are_one_case_within_a_minute_and_never_on_the_front_page(database: Database) -> None:
    slug, _ = prepare(database)
    with database.reading() as db:
        before = set(db.execute(sa.select(Wave.id)).scalars())
    posted: list[int] = []
    found_at, looked_at = None, START
    for moment, idea_id in crowds.post_all(database, crowds.copies(500), slug, START, timedelta(seconds=1.2)):
        posted.append(idea_id)
        if moment - looked_at >= timedelta(seconds=10):
            watch(database)
            looked_at = moment
            with database.reading() as db:
                assert not front_page(db) & set(posted)
                if found_at is None and set(db.execute(sa.select(Wave.id)).scalars()) - before:
                    found_at = moment
    with time_machine.travel(START + timedelta(minutes=15), tick=False):
        watch(database)
        with database.reading() as db:
            assert not front_page(db) & set(posted)
            wave = db.execute(sa.select(Wave.id, Wave.member_count).where(Wave.id.not_in(before))).one()
            assert wave.member_count == 500
            states = db.execute(sa.select(Idea.state).where(Idea.id.in_(posted))).scalars().all()
            assert set(states) == {"held"}
            open_cases = db.execute(sa.select(Case.kind).where(Case.is_open)).scalars().all()
            assert open_cases == ["wave"]
    assert found_at is not None
    assert found_at - START <= timedelta(minutes=1)


def test_three_hundred_different_ideas_in_ten_minutes_raise_none(database: Database) -> None:
    slug, _ = prepare(database)
    with database.reading() as db:
        before = set(db.execute(sa.select(Wave.id)).scalars())
    looked_at = START
    for moment, _ in crowds.post_all(database, crowds.different(300), slug, START, timedelta(seconds=2)):
        if moment - looked_at >= timedelta(seconds=10):
            watch(database)
            looked_at = moment
    watch(database)
    with database.reading() as db:
        assert set(db.execute(sa.select(Wave.id)).scalars()) == before
        assert db.execute(sa.select(sa.func.count()).where(Idea.state == "held")).scalar_one() == 0


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the database meanwhile; many rows of one statement count once. Seconds are in waves_figures."""
    seen: list[str] = []

    def note(*args: Any) -> None:
        seen.append(args[2])

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(database.engine, "before_cursor_execute", note)


def counts(db: Connection) -> list[recounts.Difference]:
    return [
        difference for kind in recounts.KINDS for difference in recounts.check(db, kind, recounts.next_ids(db, kind, 0))
    ]


@pytest.mark.parametrize("are_held", [False, True])
def test_five_hundred_go_to_the_track_and_back_in_few_statements(database: Database, are_held: bool) -> None:
    def work(db: Connection) -> tuple[int, int, list[int]]:
        make = Make(db)
        place = make.community()
        ids = []
        for number, (title, body) in enumerate(crowds.copies(500)):
            author = make.user(trust_level=0)
            state = {"state": "held", "is_listed": False, "is_public": False} if are_held and number > 2 else {}
            idea_id = make.idea(community=place, author=author, title=title, body=body, **state)
            search.refresh(db, "idea", idea_id)
            waves.note(
                db,
                waves.Seen(waves.sketch(title, body), is_fresh=True),
                idea_id=idea_id,
                author_id=author.id,
                community_id=place.id,
                is_held=bool(state),
            )
            ids.append(idea_id)
        while search.fold_in(db):
            pass
        for kind in recounts.KINDS:
            recounts.mend(db, kind, recounts.next_ids(db, kind, 0))
        return make.user(role="moderator").id, place.id, ids

    moderator_id, place_id, ids = database.write(work)
    watch(database)
    with database.reading() as db:
        wave_id = db.execute(sa.select(Wave.id)).scalar_one()
        assert counts(db) == []
        user = people.load(db, moderator_id)
        before = db.execute(sa.select(Idea.id, Idea.state, Idea.is_public).order_by(Idea.id)).all()
    for _ in range(2):
        with statements(database) as there:
            done = database.write(lambda db: waves.put_on_track(db, user, wave_id, "spam", "One is enough."))
        assert done.changed == 500
        with database.reading() as db:
            assert set(db.execute(sa.select(Idea.state).where(Idea.id.in_(ids))).scalars()) == {"off-topic"}
            assert lists.find(db, Filters("newest")).rows == []
            assert communities.load(db, place_id).idea_count == 0
            assert search.check(db) == []
            assert counts(db) == []
            assert cases.open_count(db, user) == 0
        with statements(database) as back:
            done = database.write(lambda db: waves.take_back(db, user, wave_id))
        assert max(len(there), len(back)) < MOST_STATEMENTS
        assert done.changed == 500
        with database.reading() as db:
            assert db.execute(sa.select(Idea.id, Idea.state, Idea.is_public).order_by(Idea.id)).all() == before
            assert search.check(db) == []
            assert counts(db) == []
            assert cases.open_count(db, user) == 1
            assert set(db.execute(sa.select(WaveMember.is_waiting)).scalars()) == {True}
    with database.reading() as db:
        decisions = dict(db.execute(sa.select(Decision.action, sa.func.count()).group_by(Decision.action)).all())
        assert decisions["off-topic"] == decisions["undo"] == 1000
