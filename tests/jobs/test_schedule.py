"""Housekeeping: done when due, one failure stops no other, nothing is kept longer than needed."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import drafts, limits, sessions
from forum.domain.rankings import participation
from forum.jobs import figures, schedule
from forum.jobs.apart import Apart
from forum.jobs.schedule import CHORES, WALKS, Schedule
from forum.jobs.worker import Worker
from forum.models import Draft, LimitHit, Session
from forum.settings import Settings
from tests.making import Make


def test_everything_is_done_once_when_due_and_not_again_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [0.0]
    monkeypatch.setattr(schedule, "monotonic", lambda: moment[0])
    keeping = Schedule(database)
    assert keeping.run() == []
    moment[0] = 61.0
    assert keeping.run() == [*CHORES, *WALKS]
    assert keeping.run() == []
    moment[0] = 61.0 + 301.0
    assert "sessions" in keeping.run()


def test_one_failure_stops_no_other(database: Database) -> None:
    done = []

    def broken(_: Connection) -> None:
        raise OSError("no space left")

    keeping = Schedule(database, {"broken": (0.0, broken), "whole": (0.0, lambda _: done.append(1))}, {})
    assert keeping.run() == ["whole"]
    assert done == [1]


def test_what_is_past_its_time_is_forgotten(database: Database) -> None:
    def prepare(db: Connection) -> None:
        person = Make(db).user()
        sessions.start(db, person)
        limits.hit(db, person, "comment")
        drafts.keep_for_nobody(db, "comment", 1, {"body": "Words"})

    database.write(prepare)
    with time_machine.travel(now() + timedelta(days=60)):
        for _, chore in CHORES.values():
            database.write(chore)
    with database.reading() as db:
        for table in (Session, LimitHit, Draft):
            assert db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


def test_a_large_forum_has_its_figures_counted_by_a_process_of_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write(lambda db: Make(db).idea())
    figures.count(database)
    assert not figures.COUNTING.is_running()  # small: counted when somebody asks
    monkeypatch.setattr("forum.domain.rankings.participation.MOST_IDEAS", -1)
    with database.reading() as db:
        assert participation.find(db) is None
    figures.count(database)
    figures.COUNTING.wait(60)
    with database.reading() as db:
        found = participation.find(db)
    assert found is not None
    assert found.authors == {1: 1}


def test_work_apart_that_fails_is_told_in_the_log(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    apart = Apart("no-such-command")
    apart.start(database)
    apart.wait(60)
    assert not apart.is_running()
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["command"]) for line in told] == [("work apart failed", "no-such-command")]


def test_a_worker_that_ends_leaves_nothing_running_behind_it(database: Database, settings: Settings) -> None:
    endless = Apart("worker")  # any command that does not end by itself
    endless.start(database)
    process = endless._process
    assert process is not None
    assert endless.is_running()
    hand = Worker(database, settings)
    hand.start()
    hand.stop()
    assert process.poll() is not None
    assert not endless.is_running()
