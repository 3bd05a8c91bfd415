"""Limits: each act has one, by level; no window ever holds more, whatever processes do; the wait is told and enough."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import limits
from forum.domain.errors import TooMany
from forum.models import LimitHit
from tests.making import Make

ROOT = Path(__file__).parents[2]
IN_A_PROCESS = """
import sys
from functools import partial
from forum.db import Database
from forum.domain import limits, people
from forum.domain.errors import TooMany
database = Database(sys.argv[1])
done = refused = 0
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    try:
        database.write(lambda db: limits.hit(db, people.load(db, int(sys.argv[2])), "idea"))
        done += 1
    except TooMany as error:
        assert error.retry_after > 0
        refused += 1
database.close()
print(done, refused)
"""


@pytest.mark.parametrize("act", limits.PERSONAL)
@pytest.mark.parametrize("level", range(5))
def test_nobody_gets_less_for_more_trust(act: str, level: int) -> None:
    most, seconds = limits.PERSONAL[act]
    assert len(most) == 5
    assert seconds in (3600, 86_400)
    assert most[level] >= most[max(0, level - 1)] > 0


@pytest.mark.parametrize("level", [0, 2, 4])
def test_each_level_may_do_just_so_much(db: Connection, make: Make, level: int) -> None:
    person = make.user(trust_level=level)
    most = limits.PERSONAL["idea"][0][level]
    for _ in range(most):
        limits.hit(db, person, "idea")
    with pytest.raises(TooMany):
        limits.hit(db, person, "idea")
    limits.hit(db, make.user(trust_level=level), "idea")


def test_who_waits_as_long_as_told_may_go_on(db: Connection, make: Make) -> None:
    person = make.user(trust_level=0)
    for _ in range(limits.PERSONAL["propose"][0][0]):
        limits.hit(db, person, "propose")
    with pytest.raises(TooMany) as caught:
        limits.hit(db, person, "propose")
    db.execute(sa.update(LimitHit).values(hits=LimitHit.hits - 1))  # a refused act is undone with its transaction
    with time_machine.travel(now() + timedelta(seconds=caught.value.retry_after + 1)):
        limits.hit(db, person, "propose")


def test_staff_who_clear_queues_are_not_limited(db: Connection, make: Make) -> None:
    for role in ("moderator", "administrator"):
        person = make.user(role=role, trust_level=0)
        for _ in range(limits.PERSONAL["propose"][0][0] + 5):
            limits.hit(db, person, "propose")


def test_two_processes_share_one_limit(database: Database) -> None:
    person = database.write(lambda db: Make(db).user(trust_level=1))
    most = limits.PERSONAL["idea"][0][1]
    command = [sys.executable, "-c", IN_A_PROCESS, database.url.render_as_string(hide_password=False)]
    processes = [
        subprocess.Popen([*command, str(person.id), str(most)], stdin=-1, stdout=-1, text=True, cwd=ROOT)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    results = []
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        results.append([int(word) for word in output.split()])
    assert sum(done for done, _ in results) == most
    assert sum(refused for _, refused in results) == most
