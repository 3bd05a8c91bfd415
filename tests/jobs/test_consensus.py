"""The consensus ranking kept fresh: when a run is due, here or in a process of its own."""

import pytest
import sqlalchemy as sa

from forum.db import Database
from forum.domain import consensus
from forum.jobs import consensus as jobs
from forum.jobs.consensus import Keeper
from forum.models import ConsensusRun
from tests.domain.test_consensus import SMALL, fill
from tests.making import Make


def test_a_worker_computes_when_a_run_is_due_and_only_then(database: Database) -> None:
    keeper = Keeper()
    keeper.keep_fresh(database)
    with database.transaction() as db:
        assert consensus.latest(db) is None
        fill(db, Make(db), SMALL)
    for _ in range(2):
        keeper.keep_fresh(database)
    with database.reading() as db:
        run = consensus.latest(db)
        assert db.execute(sa.select(sa.func.count()).select_from(ConsensusRun)).scalar_one() == 1
    assert run is not None
    assert run.ranked > 15


def test_many_votes_are_computed_in_a_process_of_its_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FEW", 100)
    with database.transaction() as db:
        fill(db, Make(db), SMALL)
    keeper = Keeper()
    keeper.keep_fresh(database)
    assert keeper._apart.is_running()
    keeper._apart.wait(120)
    with database.reading() as db:
        run = consensus.latest(db)
    assert run is not None
    assert run.ranked > 15
    keeper.keep_fresh(database)  # the process asks, and has nothing to do
    keeper._apart.wait(120)
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(ConsensusRun)).scalar_one() == 1
