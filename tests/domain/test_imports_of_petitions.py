"""Imports of UK petitions: states, rejections with reasons, answers, thresholds and signatures, and exact re-runs."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import ideas, people, progress, recounts, search
from forum.domain.imports import runs, ukpetitions
from forum.domain.imports.reports import Report
from forum.domain.imports.tables import Unreadable
from forum.models import Community, Decision, Idea, IdeaText, OutboxMessage, StatusChange
from tests import petitions
from tests.making import Make

PETITION: dict[str, Any] = {
    "type": "petition",
    "id": 700001,
    "links": {"self": "https://petitions.example.org/petitions/700001.json"},
    "attributes": {
        "action": "Plant trees beside every school",
        "background": "Shade helps & costs little.\r\n\r\nIt lasts.",
        "additional_details": "Lime trees – for example.",
        "state": "open",
        "signature_count": 1200,
        "created_at": "2021-05-01T10:00:00.000Z",
        "opened_at": "2021-05-03T10:00:00.000Z",
        "response_threshold_reached_at": "2021-06-01T10:00:00.000Z",
        "rejection": None,
        "government_response": None,
        "debate": None,
        "departments": [{"acronym": "DFE", "name": "Department of Schools ", "url": "https://example.org"}],
        "topics": ["climate"],
    },
}
REJECTED = {
    "id": 700002,
    "state": "rejected",
    "signature_count": 5,
    "rejected_at": "2021-05-04T10:00:00.000Z",
    "opened_at": None,
    "response_threshold_reached_at": None,
}


def petition(**values: Any) -> dict[str, Any]:
    made = deepcopy(PETITION)
    made["id"] = values.pop("id", made["id"])
    made["attributes"].update(values)
    return made


def rejected(code: str, details: str = "", **values: Any) -> dict[str, Any]:
    return petition(**{**REJECTED, "rejection": {"code": code, "details": details}, **values})


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., ukpetitions.Files]:
    """A function that writes petitions, or bytes, to a page and gives the source."""

    def write(*rows: Any) -> ukpetitions.Files:
        file = tmp_path / "page.json"
        whole = rows[0] if rows and isinstance(rows[0], bytes) else None
        file.write_bytes(whole if whole is not None else json.dumps({"links": {}, "data": rows}, indent=1).encode())
        return ukpetitions.Files([file])

    return write


def the_idea(db: Connection, number: int = 700001) -> Any:
    query = sa.select(Idea, IdeaText.body, IdeaText.source_url, IdeaText.source_data).join(IdeaText)
    return db.execute(query.where(Idea.source == "uk-petitions", Idea.source_id == str(number))).one()


def decisions(db: Connection) -> list[Any]:
    return list(db.execute(sa.select(Decision).order_by(Decision.id)))


def test_a_petition_becomes_an_idea_with_signatures_as_an_imported_tally(db: Connection, source: Any) -> None:
    report = runs.run(db, source(petition()))
    idea = the_idea(db)
    assert (report.ideas.created, report.votes_for, report.bad) == (1, 1200, [])
    assert (idea.title, idea.state, idea.status, idea.is_listed) == (
        "Plant trees beside every school",
        "published",
        "open",
        True,
    )
    assert (idea.up, idea.imported_up, idea.down, idea.net, idea.is_locked) == (1200, 1200, 0, 1200, False)
    assert idea.body == "Shade helps & costs little.\n\nIt lasts.\n\nLime trees – for example."
    assert idea.created_at == datetime(2021, 5, 1, 10, tzinfo=UTC)
    assert idea.source_url == "https://petitions.example.org/petitions/700001"
    assert db.execute(sa.select(Community.name)).scalars().all() == ["Department of Schools"]


def test_thresholds_answer_and_debate_stand_in_the_history(db: Connection, source: Any) -> None:
    answer = {"responded_on": "2021-07-01", "summary": "We will.", "details": "More to come.", "created_at": None}
    debate = {"debated_on": "2021-09-01", "transcript_url": "https://example.org/t", "overview": "Long."}
    runs.run(db, source(petition(government_response=answer, debate=debate, state="closed")))
    idea = the_idea(db)
    assert (idea.status, idea.is_locked) == ("answered", True)
    lines = progress.changes(db, idea.id)
    assert [line.label for line in lines] == [
        "Opened for signatures",
        "Reached the threshold for an answer",
        "Answered",
        "Debated in parliament",
    ]
    (note,) = progress.notes(lines)
    assert note.note == "We will.\n\nMore to come."
    assert "https://example.org/t" in lines[-1].note


@pytest.mark.parametrize(
    ("code", "state", "reason", "status"),
    [
        ("duplicate", "removed", "duplicate", "declined"),
        ("fake-name", "removed", "impersonation", "declined"),
        ("libellous", "removed", "illegal", "declined"),
        ("irrelevant", "off-topic", "off-topic", "out-of-scope"),
        ("no-action", "off-topic", "off-topic", "out-of-scope"),
        ("already-happening", "off-topic", "other", "declined"),
        ("something new", "off-topic", "other", "declined"),
    ],
)
def test_a_rejection_keeps_its_reason(
    db: Connection, source: Any, code: str, state: str, reason: str, status: str
) -> None:
    runs.run(db, source(rejected(code, "See petition 7.")))
    idea = the_idea(db, 700002)
    assert (idea.state, idea.status, idea.is_listed, idea.is_public, idea.is_locked) == (
        state,
        status,
        False,
        False,
        True,
    )
    (decision,) = decisions(db)
    assert (decision.subject_id, decision.author_id, decision.reason, decision.facts) == (
        idea.id,
        idea.author_id,
        reason,
        "See petition 7.",
    )
    assert (decision.state_after, decision.created_at) == (state, datetime(2021, 5, 4, 10, tzinfo=UTC))
    assert decision.machine == ""
    assert not search.find(db, "trees school").hits
    assert bool(search.find(db, "trees school", with_track=True).hits) == (state == "off-topic")
    assert search.check(db) == []


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        ("pending", "held"),
        ("sponsored", "held"),
        ("stopped", "published"),
        ("hidden", "removed"),
        ("removed", "removed"),
    ],
)
def test_other_states_find_their_place(db: Connection, source: Any, state: str, becomes: str) -> None:
    runs.run(db, source(petition(state=state)))
    assert the_idea(db).state == becomes


def test_a_second_run_changes_nothing(db: Connection, source: Any) -> None:
    rows = (petition(), rejected("duplicate", "See 700001."))
    runs.run(db, source(*rows))
    report = runs.run(db, source(*rows))
    assert (report.ideas.created, report.ideas.updated, report.ideas.unchanged) == (0, 0, 2)
    assert len(decisions(db)) == 1


def test_a_petition_that_is_answered_or_rejected_later_follows(db: Connection, source: Any) -> None:
    runs.run(db, source(petition()))
    runs.run(db, source(petition(government_response={"summary": "Yes.", "responded_on": "2021-07-01"})))
    idea = the_idea(db)
    assert (idea.status, len(progress.notes(progress.changes(db, idea.id)))) == ("answered", 1)
    for _ in range(2):
        runs.run(db, source(rejected("no-action", "Not ours.", id=700001)))
    idea = the_idea(db)
    assert (idea.state, idea.status, idea.is_listed, idea.is_locked) == ("off-topic", "out-of-scope", False, True)
    assert len(decisions(db)) == 1
    assert recounts_are_right(db)


def test_what_moderators_here_decided_stays(db: Connection, source: Any) -> None:
    runs.run(db, source(petition(state="rejected", rejection={"code": "irrelevant", "details": ""})))
    db.execute(sa.update(Idea).values(state="published", is_listed=True, is_public=True))
    runs.run(db, source(petition(state="rejected", rejection={"code": "no-action", "details": "x"})))
    assert the_idea(db).state == "published"


def test_a_dry_run_writes_nothing(db: Connection, source: Any) -> None:
    report = runs.run(db, source(petition(), rejected("duplicate")), is_dry=True)
    assert report.ideas.created == 2
    for table in (Idea, Decision, StatusChange, OutboxMessage):
        assert db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": 1}, "no attributes"),
        (petition(id=None), "no id"),
        (petition(action=" "), "no title"),
        (petition(signature_count=-1), "signatures"),
        (petition(signature_count="many"), "signatures"),
        (petition(state="asleep"), "state"),
        (petition(created_at=None), "no date"),
        (petition(created_at="yesterday"), "date"),
        (7, "no petition"),
    ],
)
def test_a_bad_row_is_told_with_file_line_and_reason(db: Connection, source: Any, row: Any, reason: str) -> None:
    report: Report = runs.run(db, source(row, petition(id=700009)))
    (bad,) = report.bad
    assert (bad.file, bad.line) == ("page.json", 4)
    assert reason in bad.reason
    assert report.ideas.created == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"results": []}',
        b'{"data": [',
        b'{"data": [{"id": 1}',
        b'{"data": [{"id": 1}]} and more',
        b'{"data": [1,]}',
        b"\xff\xfe",
        b"PK\x03\x04",
        b"[" * 100_000,
    ],
)
def test_a_file_that_cant_be_read_to_its_end_is_refused_whole(database: Database, source: Any, content: bytes) -> None:
    with pytest.raises(Unreadable), database.transaction() as db:
        runs.run(db, source(content))
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Idea)).scalar_one() == 0


def test_a_single_petition_and_a_byte_order_mark_are_read(db: Connection, source: Any) -> None:
    single = {"data": petition(signatures_by_country=[]), "links": {}}
    report = runs.run(db, source(b"\xef\xbb\xbf" + json.dumps(single).encode()))
    assert report.ideas.created == 1


def test_attributes_that_are_not_known_are_kept_and_told(db: Connection, source: Any) -> None:
    report = runs.run(db, source(petition(weather="fine")))
    assert report.unknown_columns == {"page.json": ["weather"]}
    assert the_idea(db).source_data["weather"] == "fine"


def test_an_import_has_the_worker_look_for_duplicates(db: Connection, source: Any) -> None:
    runs.run(db, source(petition()))
    (message,) = db.execute(sa.select(OutboxMessage.kind, OutboxMessage.payload))
    assert message.kind == "ideas.arrived"
    assert message.payload["until_id"] == the_idea(db).id


def test_real_petitions_reproduce_their_totals(db: Connection) -> None:
    texts, _ = petitions.read()
    report = runs.run(db, ukpetitions.Files(sorted(petitions.FOLDER.glob("petitions-*.json"))))
    assert (report.ideas.created, report.bad, report.unknown_columns) == (len(texts), [], {})
    assert report.votes_for == sum(text.supporters for text in texts)
    states = dict(db.execute(sa.select(Idea.state, sa.func.count()).group_by(Idea.state)).all())
    assert states["published"] == sum(text.state in ("open", "closed") for text in texts)
    assert len(decisions(db)) == sum(text.state == "rejected" for text in texts)
    answered = sa.select(sa.func.count()).select_from(Idea).where(Idea.status == "answered")
    assert db.execute(answered).scalar_one() == 77
    assert recounts_are_right(db)


def test_a_rejected_petition_shows_its_reason_to_everyone(make: Make, source: Any) -> None:
    runs.run(make.db, source(rejected("no-action", "Ask your council.")))
    idea = ideas.get(make.db, None, the_idea(make.db, 700002).id)
    assert [line.note for line in progress.changes(make.db, idea.id)] == ["Off topic. Ask your council."]
    assert people.load(make.db, idea.author_id).name == ukpetitions.NO_NAME


def recounts_are_right(db: Connection) -> bool:
    return not any(recounts.check(db, kind, recounts.next_ids(db, kind, 0)) for kind in recounts.KINDS)
