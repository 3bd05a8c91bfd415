"""Backups: made while people write, checked, restored whole, and refused where they do not fit."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import backups, recounts, search, votes
from forum.domain.backups import BackupError
from forum.domain.errors import Conflict
from forum.models import Idea, User, Vote
from tests.making import Make


def count(database: Database, table: type[User] | type[Vote]) -> int:
    with database.reading() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_a_backup_made_while_people_write_is_whole(database: Database, tmp_path: Path) -> None:
    with database.transaction() as db:
        make = Make(db)
        idea_id = make.idea(title="Keep me")
        voters = [make.user() for _ in range(60)]
        recounts.mend_all(db)
        search.rebuild(db)
    done = threading.Event()

    def write() -> None:
        for voter in voters:
            database.write(lambda db, voter=voter: votes.cast(db, voter, idea_id, 1))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    sizes = []
    while not sizes or not done.is_set():
        sizes.append(backups.make(database, tmp_path / "backup"))
    writer.join()
    assert all(size > 0 for size in sizes)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    with database.transaction() as db:
        db.execute(sa.delete(Vote))
        db.execute(sa.update(Idea).values(title="Lost"))
    backups.restore(database, tmp_path / "backup", replace=True)
    with database.transaction() as db:
        row = db.execute(sa.select(Idea)).one()
        assert row.title == "Keep me"
        assert row.up == db.execute(sa.select(sa.func.count()).select_from(Vote)).scalar_one()
        assert recounts.mend_all(db) == []
        assert search.check(db) == []


def test_a_restored_database_takes_new_rows(database: Database, tmp_path: Path) -> None:
    with database.transaction() as db:
        Make(db).idea()
    backups.make(database, tmp_path / "backup")
    backups.restore(database, tmp_path / "backup", replace=True)
    with database.transaction() as db:
        Make(db).idea(votes=1)
    assert count(database, Vote) == 1


def test_restoring_over_content_needs_a_word(database: Database, tmp_path: Path) -> None:
    with database.transaction() as db:
        Make(db).user()
    backups.make(database, tmp_path / "backup")
    with pytest.raises(Conflict, match="not empty"):
        backups.restore(database, tmp_path / "backup")
    assert count(database, User) == 1


@pytest.mark.parametrize(
    "content", [b"", b"nothing of the kind", b"SQLite format 3\0" + b"\0" * 4080, b"PGDMP\x01\x0e\0"]
)
def test_a_file_that_is_no_backup_is_refused(database: Database, tmp_path: Path, content: bytes) -> None:
    with database.transaction() as db:
        Make(db).user()
    (tmp_path / "backup").write_bytes(content)
    with pytest.raises(BackupError):
        backups.restore(database, tmp_path / "backup", replace=True)
    assert count(database, User) == 1


def test_a_damaged_backup_is_refused(database: Database, tmp_path: Path) -> None:
    with database.transaction() as db:
        make = Make(db)
        for _ in range(200):
            make.user()
    backups.make(database, tmp_path / "backup")
    content = bytearray((tmp_path / "backup").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    (tmp_path / "backup").write_bytes(content[: -len(content) // 4])
    with pytest.raises(BackupError):
        backups.restore(database, tmp_path / "backup", replace=True)
    assert count(database, User) == 200


def test_a_backup_is_for_its_owner_alone(database: Database, db: Connection, tmp_path: Path) -> None:
    db.commit()
    backups.make(database, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600


def test_a_missing_program_is_named(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.is_sqlite:
        return
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupError, match="postgresql-client"):
        backups.make(database, tmp_path / "backup")
