"""Order columns that follow the votes: with the vote where there is time, soon after in a flood, never forgotten."""

import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database, writer
from forum.db.writer import BURST, PAUSE, SHARE
from forum.domain import lists, ranking, recounts, settling, votes
from forum.domain.lists import Filters
from forum.models import Idea, StaleRank
from tests.making import Make

ORDER = [getattr(Idea, name) for name in ranking.Ranks._fields]


def marked(db: Connection) -> int:
    return int(db.execute(sa.select(sa.func.count()).select_from(StaleRank)).scalar_one())


def wrong(db: Connection) -> list[int]:
    """Ideas whose order columns are not those of their counts."""
    rows = db.execute(sa.select(Idea.id, Idea.up, Idea.down, Idea.created_at, *ORDER))
    return [row.id for row in rows if tuple(row[4:]) != ranking.ranks(row.up, row.down, row.created_at)]


def test_a_single_vote_orders_the_lists_with_its_own_commit(database: Database) -> None:
    first, second, user = database.write(lambda db: (make := Make(db)) and (make.idea(), make.idea(), make.user()))
    for idea_id in (first, second, first):
        database.write(lambda db, idea_id=idea_id: votes.cast(db, user, idea_id, 1))  # type: ignore[misc]
        with database.reading() as db:
            assert marked(db) == 0
            assert wrong(db) == []
    database.write(lambda db: votes.cast(db, user, second, 0))
    with database.reading() as db:
        assert [row.id for row in lists.find(db, Filters("top")).rows] == [first, second]


def test_in_a_flood_counts_are_right_at_once_and_the_order_follows(database: Database) -> None:
    ids, users = database.write(
        lambda db: (make := Make(db)) and ([make.idea() for _ in range(150)], [make.user() for _ in range(12)])
    )

    def flood(person: int) -> None:
        for number in range(25):
            idea_id = ids[(person * 25 + number) % len(ids)]
            database.write(partial(votes.cast, user=users[person], idea_id=idea_id, value=1))

    threads = [threading.Thread(target=flood, args=(person,)) for person in range(len(users))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.sum(Idea.up))).scalar() == 12 * 25
        every = [row.id for row in db.execute(sa.select(Idea.id))]
        assert recounts.check(db, "ideas", every) == []
    until = time.monotonic() + 20 * PAUSE
    while time.monotonic() < until:
        with database.reading() as db:
            if not marked(db):
                break
        time.sleep(0.02)
    with database.reading() as db:
        assert marked(db) == 0
        assert wrong(db) == []


def test_turns_go_round_so_that_a_flood_on_some_ideas_does_not_hold_up_others(database: Database) -> None:
    def prepare(db: Connection) -> list[int]:
        make = Make(db)
        found = [make.idea() for _ in range(6)]
        for idea_id in found:
            settling.mark(db, idea_id)
        return found

    ids = database.write(prepare)

    def turn_after_new_votes(db: Connection) -> set[int]:
        more = settling.settle(db, 2)
        for idea_id in ids[:2]:  # the first two are voted on again and again
            settling.mark(db, idea_id)
        return {*db.execute(sa.select(StaleRank.idea_id)).scalars()} if more else set()

    with database.transaction() as db:
        left = [turn_after_new_votes(db) for _ in range(3)]
    assert left == [{*ids}, {*ids[:2], *ids[4:]}, {*ids[:2]}]


def test_put_off_work_gets_its_share_of_a_flood_and_all_of_usual_times(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(writer, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    pace = writer._Pace()
    for _ in range(100):  # twenty votes a second
        clock[0] += 0.05
        assert not pace.is_flood(1)
    for _ in range(int(BURST) - 2):  # somebody in a hurry
        assert not pace.is_flood(1)
    assert pace.is_flood(2)  # and then many people
    spent, start = 0.0, clock[0]
    while clock[0] < start + 60:
        clock[0] += 0.01
        assert pace.is_flood(8)
        if pace.is_due():
            began = clock[0]
            clock[0] += 0.04
            pace.took_turn(began)
            spent += 0.04
    assert SHARE * 0.9 < spent / 60 < SHARE * 1.1
    clock[0] += 1
    assert not pace.is_flood(1)


def test_what_a_crash_left_is_settled_later(database: Database) -> None:
    def crash(db: Connection) -> list[int]:
        make = Make(db)
        found = [make.idea() for _ in range(settling.MOST + 5)]
        for idea_id in found:
            db.execute(sa.update(Idea).where(Idea.id == idea_id).values(up=7, down=2))
            settling.mark(db, idea_id)
            settling.mark(db, idea_id)
        return found

    ids = database.write(crash)
    with database.reading() as db:
        assert set(wrong(db)) == set(ids)
    assert database.write(settling.settle)
    with database.reading() as db:
        assert marked(db) == 5
    database.write(settling.settle_all)
    with database.reading() as db:
        assert marked(db) == 0
        assert wrong(db) == []


def test_closing_the_database_settles_first(database: Database) -> None:
    ids, users = database.write(
        lambda db: (make := Make(db)) and ([make.idea() for _ in range(30)], [make.user() for _ in range(4)])
    )
    threads = [
        threading.Thread(
            target=lambda user=user: [  # type: ignore[misc]
                database.write(partial(votes.cast, user=user, idea_id=idea_id, value=1)) for idea_id in ids
            ]
        )
        for user in users
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    again = Database(database.url.render_as_string(hide_password=False))
    with again.reading() as db:
        assert marked(db) == 0
        assert wrong(db) == []
    again.close()


def test_a_wrong_count_is_found_even_while_the_order_is_yet_to_follow(database: Database) -> None:
    def spoil(db: Connection) -> int:
        idea_id = Make(db).idea(up=3)
        db.execute(sa.update(Idea).where(Idea.id == idea_id).values(up=4, imported_up=3))
        settling.mark(db, idea_id)
        return idea_id

    idea_id = database.write(spoil)
    with database.reading() as db:
        assert [found.column for found in recounts.check(db, "ideas", [idea_id])] == ["up"]


class _EndsJustNow(threading.Event):
    """The end comes right after somebody has looked for it."""

    def __init__(self, committed: threading.Event) -> None:
        super().__init__()
        self._committed = committed

    def wait(self, timeout: float | None = None) -> bool:
        found = super().wait(0)
        self.set()
        self._committed.set()
        return found


def test_a_database_closes_though_its_log_is_being_copied(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/forum.db")
    thread = database._get_writer()
    thread._ended = _EndsJustNow(thread._committed)
    database.write(lambda db: db.exec_driver_sql("CREATE TABLE things (size)"))
    thread._copier.join(10)
    assert not thread._copier.is_alive()
    database.close()


def test_put_off_work_that_fails_is_logged_and_takes_nothing_else_with_it(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(db: Connection) -> bool:
        db.execute(sa.update(Idea).values(title="damaged"))
        raise ValueError("a row that nobody thought of")

    def rename(db: Connection, title: str) -> bool:
        db.execute(sa.update(Idea).values(title=title))
        return writer.put_off(db, fail)

    database.write(lambda db: Make(db).idea())
    titles = [f"title {number}" for number in range(int(BURST) + 5)]  # the last of them come in a flood
    for title in titles:
        is_put_off = database.write(partial(rename, title=title))
        with database.reading() as db:
            assert db.execute(sa.select(Idea.title)).scalar_one() == title
    time.sleep(3 * PAUSE)
    database.write(lambda db: db.execute(sa.update(Idea).values(slug="still-here")))
    with database.reading() as db:
        assert db.execute(sa.select(Idea.title, Idea.slug)).one() == (titles[-1], "still-here")
    assert ("a row that nobody thought of" in capsys.readouterr().err) == is_put_off == database.is_sqlite


def test_an_idea_with_a_damaged_count_does_not_keep_others_from_their_order(database: Database) -> None:
    damaged, other = database.write(lambda db: (make := Make(db)) and (make.idea(), make.idea()))

    def damage(db: Connection) -> None:
        db.execute(sa.update(Idea).where(Idea.id == damaged).values(up=-1))
        db.execute(sa.update(Idea).where(Idea.id == other).values(up=7))
        for idea_id in (damaged, other):
            settling.mark(db, idea_id)

    database.write(damage)
    database.write(settling.settle_all)
    with database.reading() as db:
        assert dict(db.execute(sa.select(Idea.id, Idea.net)).all()) == {damaged: 0, other: 7}  # type: ignore[arg-type]
        assert marked(db) == 0
