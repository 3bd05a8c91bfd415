"""Snapshots that somebody changed behind the program's back: a check finds every column, row, byte and file."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.db import Connection
from forum.domain import snapshots
from forum.domain.snapshots import seals
from forum.models import Snapshot, SnapshotFile, SnapshotIdea
from forum.signing import Signer
from tests.freezing import SIGNER, freeze, holds, keep_files, other, policy, some_ideas, unguarded
from tests.making import Make


@pytest.mark.parametrize("model", [Snapshot, SnapshotIdea, SnapshotFile])
def test_a_change_of_any_column_of_any_table_is_found(db: Connection, make: Make, model: Any) -> None:
    some_ideas(make)
    number = freeze(db, policy(make))
    keep_files(db, number, "csv", "json")
    unguarded(db)
    table = model.__table__
    row = db.execute(sa.select(table).where(table.c.number == number).limit(1)).one()
    missed = []
    for column in table.columns:
        if column.name == "number":
            continue  # the key by which the rows are found; rows of another snapshot are another test
        spot = db.begin_nested()
        where = [key == getattr(row, key.name) for key in table.primary_key.columns]
        value = other(getattr(row, column.name))
        if column.name in ("idea_id", "author_id", "made_by_id"):
            target = next(iter(column.foreign_keys)).column  # has to be there
            value = db.execute(sa.select(target).where(target != getattr(row, column.name)).limit(1)).scalar_one()
        db.execute(sa.update(table).where(*where).values({column.name: value}))
        if holds(db, number):
            missed.append(column.name)
        spot.rollback()
    assert missed == []
    assert holds(db, number)


def test_rows_that_are_taken_out_or_put_in_are_found(db: Connection, make: Make) -> None:
    some_ideas(make, 5)
    user = policy(make)
    freeze(db, user)
    number = freeze(db, user)
    unguarded(db)
    row = db.execute(sa.select(SnapshotIdea.__table__).where(SnapshotIdea.number == number)).first()
    assert row is not None
    spot = db.begin_nested()
    db.execute(sa.insert(SnapshotIdea), {**row._mapping, "rank": 4})
    assert not holds(db, number)
    spot.rollback()
    spot = db.begin_nested()
    db.execute(sa.delete(SnapshotIdea).where(SnapshotIdea.number == number, SnapshotIdea.rank == 3))
    assert not holds(db, number)
    spot.rollback()
    db.execute(sa.delete(SnapshotIdea).where(SnapshotIdea.number == 1))
    db.execute(sa.delete(Snapshot).where(Snapshot.number == 1))
    assert not holds(db, number), "the one before is gone"


def test_a_record_that_was_written_anew_with_its_digest_is_found_by_the_signature(db: Connection, make: Make) -> None:
    some_ideas(make)
    number = freeze(db, policy(make))
    unguarded(db)
    record = json.loads(snapshots.content(db, number)) | {"title": "Another list"}
    content = seals.canonical(record)
    values = {"content": content, "sha256": seals.sha256(content), "title": "Another list"}
    db.execute(sa.update(Snapshot).values(values))
    report = snapshots.verify(db, SIGNER, number)
    assert [check.name for check in report.checks if not check.holds] == ["Signature"]
    assert not snapshots.verify(db, Signer("another secret"), number).holds


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_the_record_or_of_a_file_can_be_flipped(
    frozen: tuple[Connection, int, dict[str, bytes]], data: st.DataObject
) -> None:
    db, number, made = frozen
    content = made[data.draw(st.sampled_from(sorted(made)))]
    place = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    assert not holds(db, number, file=bytes(flipped))
    if content == made["seal"]:
        spot = db.begin_nested()
        db.execute(sa.update(Snapshot).where(Snapshot.number == number).values(content=bytes(flipped)))
        assert not holds(db, number)
        spot.rollback()


@pytest.fixture
def frozen(db: Connection, make: Make) -> tuple[Connection, int, dict[str, bytes]]:
    some_ideas(make)
    number = freeze(db, policy(make))
    made = keep_files(db, number, "csv", "json", "md")
    unguarded(db)
    return db, number, {**made, "seal": snapshots.content(db, number)}
