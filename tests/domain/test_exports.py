"""Exports: what a document says about an idea, and that no vote of anybody shows through."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from docx import Document

from forum.clock import now
from forum.db import Connection
from forum.domain import exports, votes
from forum.domain.errors import Invalid
from forum.domain.exports import Origin, dossiers
from forum.domain.people import Person
from forum.domain.rankings import Selection
from forum.models import Comment, CommentAgreement, Idea
from tests.making import Make

ORIGIN = Origin("A Forum", "https://forum.example")


def agree(db: Connection, comment_id: int, idea_id: int, people: list[Person]) -> None:
    """Let these people agree with a comment."""
    for person in people:
        row = {"comment_id": comment_id, "user_id": person.id, "idea_id": idea_id, "created_at": now()}
        db.execute(sa.insert(CommentAgreement), row)
    db.execute(sa.update(Comment).where(Comment.id == comment_id).values(agree_count=len(people)))


def voters(make: Make, idea_id: int, value: int, count: int) -> list[Person]:
    people = [make.user() for _ in range(count)]
    for person in people:
        votes.cast(make.db, person, idea_id, value)
    return people


def groups(db: Connection, idea_id: int) -> dict[str, list[str]]:
    found = dossiers.of(db, [idea_id], "")[idea_id].voices
    return {name: [voice.text for voice in voices] for name, voices in found.items() if voices}


def test_comments_stand_with_the_side_of_those_who_agree(db: Connection, make: Make) -> None:
    idea = make.idea()
    fans, critics = voters(make, idea, 1, 6), voters(make, idea, -1, 6)
    agree(db, make.comment(idea, body="Loved"), idea, [*fans[:5], critics[0]])
    agree(db, make.comment(idea, body="Hated"), idea, [*critics[:4], fans[0]])
    agree(db, make.comment(idea, body="Shared"), idea, [*fans[:3], *critics[:3]])
    make.comment(idea, body="Unread")
    make.comment(idea, body="Official words", is_official=True)
    make.comment(idea, body="Gone", state="removed")
    assert groups(db, idea) == {
        "official": ["Official words"],
        "supported": ["Loved"],
        "opposed": ["Hated"],
        "agreed": ["Shared"],
    }


def test_no_vote_of_one_person_shows_through(db: Connection, make: Make) -> None:
    idea = make.idea()
    fans, critics = voters(make, idea, 1, 9), voters(make, idea, -1, 1)
    for body, people in (("Few", fans[:4]), ("All alike", fans), ("Strangers", [make.user() for _ in range(6)])):
        agree(db, make.comment(idea, body=body), idea, people)
    assert set(groups(db, idea)) == {"agreed"}, "too few, all of one side, or no voters at all"
    for up in range(12):
        for down in range(12):
            named = dossiers.side(up, down)
            if named != "agreed":
                # Whichever one of them had voted the other way, the comment would stand on no other side.
                assert {dossiers.side(up - 1, down + 1), dossiers.side(up + 1, down - 1)} <= {named, "agreed"}
                assert min(up, down) >= 1
                assert up + down >= dossiers.VOICES
    assert critics


def test_tallies_tell_citizens_employees_totals_and_votes_set_aside() -> None:
    told = dossiers.told(all_votes=(100, 50), aside=(10, 5), imported=(60, 30), employees=(7, 3))
    assert {name: (up, down) for name, up, down in told} == {
        "Citizens": (23, 12),
        "Public employees": (7, 3),
        "Totals from before this forum, without names": (60, 30),
        "All that count": (90, 45),
        "Set aside, not counted": (10, 5),
        "All votes, those set aside included": (100, 50),
    }


@pytest.mark.parametrize("name", ["docx", "pdf", "md"])
def test_a_document_of_more_ideas_than_fit_is_refused(
    db: Connection, make: Make, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    few = exports.Kind(
        **{**{field: getattr(exports.KINDS[name], field) for field in exports.KINDS[name].__slots__}, "most": 2}
    )
    monkeypatch.setitem(exports.KINDS, name, few)
    for _ in range(3):
        make.idea()
    with pytest.raises(Invalid, match="up to 2 ideas"):
        list(exports.chunks(db, Selection(), name, ORIGIN, most=None))
    assert b"".join(exports.chunks(db, Selection(), name, ORIGIN, most=2))


def test_a_document_has_title_page_table_and_a_page_for_each_idea(db: Connection, make: Make) -> None:
    first = make.idea(
        title="First", votes=3, body="# Big words\n\nA body.", why="Because.", source="ideascale", source_id="77"
    )
    make.idea(title="مرحبا", votes=1)
    make.comment(first, body="A remark")
    content = b"".join(exports.chunks(db, Selection(), "docx", ORIGIN, most=None))
    document = Document(io.BytesIO(content))
    headings = [one.text for one in document.paragraphs if one.style.name.startswith("Heading")]
    assert headings[:4] == ["How the ranking is made", "Ranked ideas", "1. First", "Why it matters"]
    facts = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}
    assert facts["Ideas"] == "2"
    assert facts["Address"] == "https://forum.example/rankings?method=net"
    about = {row.cells[0].text: row.cells[1].text for row in document.tables[2].rows}
    assert (about["Came from"], about["Number there"], about["Reference"]) == ("ideascale", "77", f"I-{first}")
    words = [one.text for one in document.paragraphs]
    assert "Big words" in words
    assert "A remark" in words
    assert "Ideas in all public communities." in words


def test_a_spreadsheet_has_the_ideas_the_method_and_the_columns(db: Connection, make: Make, tmp_path: Path) -> None:
    make.idea(title="=1+1", votes=3)
    make.idea(title="Second", votes=1)
    heard: list[int] = []
    path = tmp_path / "ideas.xlsx"
    exports.write(path, db, Selection(), "xlsx", ORIGIN, most=None, tell=heard.append)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Ideas", "How it was made", "Columns"]
    rows: list[Any] = list(book["Ideas"].iter_rows(values_only=True))
    named = dict(zip(rows[0], rows[1], strict=True))
    assert (named["Title"], named["For"], named["Rank"]) == ("=1+1", 3, 1)
    assert book["Ideas"]["C2"].data_type == "s"
    made = {row[0]: row[1] for row in book["How it was made"].iter_rows(values_only=True)}
    assert made["Ideas"] == "2"
    assert heard == [2]


def test_json_says_the_choice_in_words_and_where_it_is(db: Connection, make: Make) -> None:
    make.idea(votes=1)
    data = json.loads(b"".join(exports.chunks(db, Selection("approval", track=True), "json", ORIGIN, most=None)))
    assert data["filters"] == {"method": "approval", "track": "yes"}
    assert "Ideas on the off-topic track are included." in data["in_words"]
    assert data["address"] == "https://forum.example/rankings?method=approval&track=yes"
    assert len(data["ideas"]) == 1


def test_what_is_not_public_is_in_no_file(db: Connection, make: Make) -> None:
    hidden = make.idea(title="Hidden", up=5, state="held", is_listed=False, is_public=False)
    closed = make.idea(title="Closed", up=4, community=make.community(visibility="members"))
    make.idea(title="Open")
    for name in ("csv", "json", "md"):
        text = b"".join(exports.chunks(db, Selection(), name, ORIGIN, most=None)).decode()
        assert "Open" in text
        assert "Hidden" not in text
        assert "Closed" not in text
    assert db.execute(sa.select(sa.func.count()).where(Idea.id.in_([hidden, closed]))).scalar_one() == 2
