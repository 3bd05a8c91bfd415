"""Claims across processes: fifty people who take a case at once each get another one, and a dead one's comes back."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import cases, people, reports
from forum.domain.errors import Conflict
from forum.domain.reports import ReportFields
from forum.models import Case
from tests.making import Make

PEOPLE, PROCESSES = 50, 5
TAKE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from forum.db import Database
from forum.domain import cases, people
database = Database(sys.argv[1])
def take(boss):
    return database.write(lambda db: cases.claim_next(db, people.load(db, boss)))
with ThreadPoolExecutor(10) as pool:
    print(*pool.map(take, map(int, sys.argv[2:])), flush=True)
if sys.stdin.read(1) == "k":
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
database.close()
"""


def prepared(database: Database) -> list[int]:
    """Fifty cases that wait, and fifty moderators."""

    def work(db: Connection) -> list[int]:
        make = Make(db)
        place = make.community()
        for _ in range(PEOPLE):
            reports.file(db, make.user(), "idea", make.idea(community=place), ReportFields(reason="spam"))
        return [make.user(role="moderator").id for _ in range(PEOPLE)]

    return database.write(work)


def test_fifty_people_in_five_processes_each_get_another_case_and_a_crash_gives_them_back(
    database: Database, database_url: str
) -> None:
    bosses = prepared(database)
    share = PEOPLE // PROCESSES
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, database_url, *map(str, bosses[start : start + share])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for start in range(0, PEOPLE, share)
    ]
    said = [process.communicate("k", timeout=120)[0] for process in running]  # each is killed once it has spoken
    taken = [number for line in said for number in line.split()]
    assert len(taken) == PEOPLE
    assert "None" not in taken
    assert len(set(taken)) == PEOPLE
    late = bosses[0]
    assert database.write(lambda db: cases.claim_next(db, people.load(db, late))) is None
    with time_machine.travel(now() + timedelta(minutes=15, seconds=1), tick=False):
        again = database.write(lambda db: cases.claim_next(db, people.load(db, late)))
    assert str(again) in taken


def test_fifty_people_who_want_the_same_case_leave_it_with_one(database: Database) -> None:
    bosses = prepared(database)
    with database.reading() as db:
        case_id = db.execute(sa.select(sa.func.min(Case.id))).scalar_one()

    def claim(boss: int) -> bool:
        try:
            database.write(lambda db: cases.claim(db, people.load(db, boss), case_id))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(claim, bosses)) == 1
