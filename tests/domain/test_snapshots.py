"""Snapshots: what is frozen stays as it was, and a check finds every change of a byte, a row or a file."""

import io
import json
import threading
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import exports, ideas, privacy, sessions, snapshots, votes
from forum.domain.account_mails import Sender
from forum.domain.errors import Forbidden, Invalid, NotFound
from forum.domain.exports import Origin
from forum.domain.people import Person
from forum.domain.rankings import Selection
from forum.domain.snapshots import SnapshotFields, seals
from forum.models import Community, Idea, Snapshot, SnapshotFile, SnapshotIdea
from forum.models.snapshots import LASTING
from forum.signing import Signer
from tests.making import Make

SIGNER = Signer("a secret of tests only")
ORIGIN = Origin("A Forum", "https://forum.example")


def policy(make: Make) -> Person:
    return make.user(role="policy")


def some_ideas(make: Make, count: int = 4) -> list[int]:
    """Ideas in one community, the first with the most votes."""
    community = make.community()
    return [
        make.idea(
            community=community,
            votes=2 * (count - number),
            against=number % 2,
            title=f"Idea {number}",
            body=f"Body {number}",
        )
        for number in range(count)
    ]


def freeze(db: Connection, user: Person, selection: Selection | None = None, most: int = 3) -> int:
    fields = SnapshotFields(most=str(most), title="A list")
    return snapshots.create(db, user, SIGNER, ORIGIN, selection or Selection(), fields)


def keep_files(db: Connection, number: int, *names: str) -> dict[str, bytes]:
    made = {name: snapshots.make(db, number, name, is_public=False) for name in names}
    for name, content in made.items():
        assert snapshots.keep(db, SIGNER, number, name, content)
    return made


def holds(db: Connection, number: int, **more: Any) -> bool:
    return snapshots.verify(db, SIGNER, number, **more).holds


def test_a_snapshot_holds_the_first_ideas_and_all_that_their_places_came_from(db: Connection, make: Make) -> None:
    first = some_ideas(make)
    number = freeze(db, policy(make), Selection("approval"))
    view = snapshots.get(db, number)
    assert (number, view.idea_count, view.method, view.most) == (1, 3, "approval", 3)
    rows = [idea.row for idea in snapshots.ideas(db, number)]
    assert [row.rank for row in rows] == [1, 2, 3]
    assert {row.idea_id for row in rows} <= set(first)
    assert (rows[0].title, rows[0].body, rows[0].up, rows[0].down) == ("Idea 0", "Body 0", 8, 0)
    record = json.loads(snapshots.content(db, number))
    assert record["ideas"][0]["up"] == 8
    assert record["previous"] == ""
    assert record["selection"] == {"method": "approval"}
    assert "Idea 0" not in snapshots.content(db, number).decode(), "words stand there by their digest alone"
    assert holds(db, number)


@pytest.mark.parametrize("method", ["net", "approval", "trending", "contested"])
def test_scores_and_ranks_are_worked_out_again_for_every_formula(db: Connection, make: Make, method: str) -> None:
    community = make.community()
    for number in range(6):
        make.idea(community=community, votes=number, against=number // 2, created_at=now() - timedelta(hours=number))
    report = snapshots.verify(db, SIGNER, freeze(db, policy(make), Selection(method), most=6))
    assert report.holds, report.checks


@pytest.mark.parametrize("chosen", [{"voters": "citizen"}, {"confirmed": True}, {"aside": True}, {"track": True}])
def test_votes_that_are_counted_anew_can_be_recomputed_too(db: Connection, make: Make, chosen: dict[str, Any]) -> None:
    some_ideas(make)
    idea = make.idea(imported_up=5, up=5)
    votes.cast(db, make.user(is_employee=True), idea, 1)
    assert holds(db, freeze(db, policy(make), Selection(**chosen), most=9))


def test_later_votes_edits_merges_and_removals_change_nothing(db: Connection, make: Make) -> None:
    first = some_ideas(make)
    number = freeze(db, policy(make))
    before = (
        snapshots.content(db, number),
        [tuple(idea.row)[: len(SnapshotIdea.__table__.columns)] for idea in snapshots.ideas(db, number)],
    )
    make.votes(first[0], 3, 2)
    db.execute(sa.update(Idea).where(Idea.id == first[1]).values(title="Another title", status="accepted"))
    db.execute(sa.update(Idea).where(Idea.id == first[2]).values(state="removed", is_public=False))
    after = (
        snapshots.content(db, number),
        [tuple(idea.row)[: len(SnapshotIdea.__table__.columns)] for idea in snapshots.ideas(db, number)],
    )
    assert before == after
    assert holds(db, number)
    fates = [[fate.words for fate in idea.fates] for idea in snapshots.ideas(db, number)]
    assert fates[0] == ["Votes: 3 more for and 2 more against."]
    assert fates[1] == ["Renamed. Its title is now: Another title", "Where it stands: accepted, before that open."]
    assert fates[2] == ["Removed by moderators. Its page gives the reason."]


def test_numbers_have_no_gaps_and_each_record_names_the_one_before(db: Connection, make: Make) -> None:
    some_ideas(make)
    user = policy(make)
    assert [freeze(db, user), freeze(db, user), freeze(db, user)] == [1, 2, 3]
    assert json.loads(snapshots.content(db, 3))["previous"] == snapshots.get(db, 2).sha256
    assert all(holds(db, number) for number in (1, 2, 3))
    assert [view.number for view in snapshots.listing(db)] == [3, 2, 1]


def test_a_number_is_not_lost_when_making_one_fails(database: Database) -> None:
    def prepare(db: Connection) -> Person:
        some_ideas(Make(db))
        return policy(Make(db))

    user = database.write(prepare)

    def broken(db: Connection) -> None:
        freeze(db, user)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        database.write(broken)
    assert database.write(lambda db: freeze(db, user)) == 1


def test_two_made_at_once_get_two_numbers(database: Database) -> None:
    def prepare(db: Connection) -> Person:
        some_ideas(Make(db))
        return policy(Make(db))

    user, found = database.write(prepare), []

    def one() -> None:
        with database.transaction() as db:
            found.append(freeze(db, user))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2, 3, 4]
    with database.reading() as db:
        assert all(holds(db, number) for number in found)


def test_only_the_policy_team_freezes(db: Connection, make: Make) -> None:
    some_ideas(make)
    for role in ("citizen", "moderator"):
        with pytest.raises(Forbidden):
            freeze(db, make.user(role=role))
    with pytest.raises(Invalid, match="nothing to freeze"):
        freeze(db, policy(make), Selection(status="done"))


def test_the_database_refuses_every_change_of_a_snapshot(database: Database) -> None:
    def prepare(db: Connection) -> None:
        make = Make(db)
        some_ideas(make)
        keep_files(db, freeze(db, policy(make)), "csv")

    database.write(prepare)
    for table in LASTING:
        for act in (f"UPDATE {table} SET number = number", f"DELETE FROM {table}"):
            with pytest.raises(sa.exc.DBAPIError, match="snapshots never change"), database.transaction() as db:
                db.execute(sa.text(act))


def unguarded(db: Connection) -> None:
    """Take the triggers away, as somebody could who owns the database."""
    for table in LASTING:
        if db.dialect.name == "sqlite":
            for act in ("update", "delete"):
                db.execute(sa.text(f"DROP TRIGGER {table}_{act}_never"))
        else:
            db.execute(sa.text(f"DROP TRIGGER {table}_never ON {table}"))


def other(value: Any) -> Any:
    """A value of the same kind that is not the same."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 100
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, dict):
        return {**value, "x": "y"}
    if isinstance(value, str):
        return value + "x"
    return value + timedelta(microseconds=1)


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


def test_the_signature_of_one_snapshot_or_file_is_none_of_another() -> None:
    digest, moment = seals.sha256(b"x"), now()
    signature = seals.sign(SIGNER, 1, digest, moment)
    assert seals.is_signed(SIGNER, signature, 1, digest, moment)
    assert not seals.is_signed(SIGNER, signature, 2, digest, moment)
    assert not seals.is_signed(SIGNER, signature, 1, digest, moment, "csv")
    assert not seals.is_signed(SIGNER, signature, 1, seals.sha256(b"y"), moment)
    assert not seals.is_signed(SIGNER, signature, 1, digest, moment + timedelta(seconds=1))


FORMATS = ("csv", "json", "xlsx", "md", "docx", "pdf")


def test_files_are_made_once_and_known_byte_for_byte(db: Connection, make: Make) -> None:
    some_ideas(make)
    number = freeze(db, policy(make))
    assert [name for _, name in snapshots.wanting(db)] == list(snapshots.FORMATS)
    made = keep_files(db, number, *FORMATS)
    assert snapshots.wanting(db) == []
    for name, content in made.items():
        assert content == snapshots.make(db, number, name, is_public=True), name
        assert snapshots.download(db, None, number, name) == content
        assert holds(db, number, file=content)
        assert not holds(db, number, file=other(content))
        assert not holds(db, number, file=content + b" ")
    assert holds(db, number, file=snapshots.content(db, number))
    assert not snapshots.keep(db, SIGNER, number, "csv", b"another")


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


def test_the_json_file_is_enough_to_work_everything_out_without_this_program(db: Connection, make: Make) -> None:
    some_ideas(make)
    number = freeze(db, policy(make))
    data = json.loads(snapshots.make(db, number, "json", is_public=True))
    canonical = json.dumps(data["snapshot"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert seals.sha256(canonical) == data["sha256"] == snapshots.get(db, number).sha256
    for entry, words in zip(data["snapshot"]["ideas"], data["words"], strict=True):
        parts = {name: words[name] for name in ("title", "body", "why", "salt")}
        whole = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert seals.sha256(whole.encode()) == entry["words"]
        assert entry["score"] == entry["up"] - entry["down"]


@pytest.mark.parametrize("change", ["removed", "withdrawn", "held", "closed community"])
def test_words_that_were_taken_down_are_in_no_public_file(db: Connection, make: Make, change: str) -> None:
    first = some_ideas(make)
    user = policy(make)
    number = freeze(db, user)
    made = keep_files(db, number, *FORMATS)
    if change == "closed community":
        community_id = ideas.get(db, None, first[0]).community_id
        db.execute(sa.update(Community).where(Community.id == community_id).values(visibility="members"))
    else:
        db.execute(sa.update(Idea).where(Idea.id == first[0]).values(state=change, is_public=False))
    assert snapshots.hidden_count(db, number) == (3 if change == "closed community" else 1)
    for name in FORMATS:
        public = snapshots.download(db, None, number, name)
        assert public == snapshots.download(db, make.user(), number, name)
        assert public != made[name]
        assert holds(db, number, file=public)
        if name not in ("docx", "pdf", "xlsx"):
            assert b"Body 0" in made[name]
            assert b"Body 0" not in public
            assert b"Idea 0" not in public
        with pytest.raises(Forbidden):
            snapshots.download(db, make.user(role="moderator"), number, name, is_sealed=True)
        assert snapshots.download(db, user, number, name, is_sealed=True) == made[name]
    page = openpyxl.load_workbook(io.BytesIO(snapshots.download(db, None, number, "xlsx")))["Ideas"]
    assert "Idea 0" not in [cell.value for row in page.iter_rows() for cell in row]
    assert snapshots.ideas(db, number)[0].is_hidden
    assert holds(db, number)


def test_no_file_names_a_person_and_a_deleted_account_has_no_name_on_the_page(db: Connection, make: Make) -> None:
    author = make.user(name="Ada Lovelace", handle="ada")
    make.idea(author=author, votes=2)
    number = freeze(db, policy(make))
    for name in ("csv", "json", "md"):
        assert b"Ada" not in snapshots.make(db, number, name, is_public=False)
    assert b"Ada" not in snapshots.content(db, number)
    visitor = sessions.find(db, sessions.start(db, author))
    privacy.delete_account(db, visitor, Sender("A Forum", "https://forum.example"))
    assert [idea.row.author_name for idea in snapshots.ideas(db, number)] == ["Former member"]
    assert holds(db, number)


def test_what_is_not_there_is_not_found(db: Connection, make: Make) -> None:
    some_ideas(make)
    number = freeze(db, policy(make))
    for ask in (
        lambda: snapshots.get(db, 9),
        lambda: snapshots.content(db, 9),
        lambda: snapshots.verify(db, SIGNER, 9),
        lambda: snapshots.download(db, None, number, "exe"),
        lambda: snapshots.download(db, None, number, "csv"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_snapshot_of_many_ideas_has_tables_and_no_documents() -> None:
    assert snapshots.formats_of(1_000) == ("csv", "json", "xlsx")
    assert snapshots.formats_of(300) == tuple(exports.KINDS)


def test_moments_come_back_to_the_microsecond() -> None:
    moment = now().replace(microsecond=42)
    assert seals.moment_of(seals.moment_text(moment)) == moment
