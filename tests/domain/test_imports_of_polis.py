"""Imports of Polis conversations: statements, every vote, passes; broken rows, exact re-runs, refusals."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import people, recounts
from forum.domain.errors import NotFound
from forum.domain.imports import polis as importer
from forum.domain.imports import runs
from forum.domain.imports.reports import Report
from forum.domain.imports.tables import Unreadable
from forum.models import Decision, Idea, IdeaText, Pass, User, Vote
from tests import polis
from tests.making import Make

AT = 1_500_000_000_000
COMMENTS = "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n"
VOTES = "timestamp,datetime,comment-id,voter-id,vote\n"
LONG = "Buses should run at night, because " + "people work at night and have to get home, " * 4 + "safely."
STATEMENTS = [
    f'{AT},Fri Jul 14,0,7,2,1,1,"Trees in every street, please"\n',
    f"{AT + 1},Fri Jul 14,1,7,1,0,1,Benches, and shade, and water\n",  # commas and no quotation marks
    f"{AT + 2},Fri Jul 14,2,8,0,1,0,First line\n\nsecond line\n",  # lines and no quotation marks
    f'{AT + 3},Fri Jul 14,3,9,1,0,-1,"He said ""no"" twice"\n',
    f'{AT + 4},Fri Jul 14,4,9,0,0,1,"Quoted" at the start, not at the end\n',
    f"{AT + 5},Fri Jul 14,5,9,0,0,1,{LONG}\n",
]
CAST = [
    (10, 0, 7, 1),
    (11, 0, 8, -1),
    (12, 0, 9, 0),
    (20, 0, 8, 1),  # changed: the last one counts
    (13, 1, 7, 1),
    (14, 2, 9, -1),
    (15, 3, 8, 1),
    (16, 4, 7, 0),
]


def line(cast: tuple[int, int, int, int]) -> str:
    after, statement, voter, vote = cast
    return f"{AT + after * 1000},Fri Jul 14,{statement},{voter},{vote}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a-conversation"
    made.mkdir()
    write(made)
    return made


def write(folder: Path, statements: list[str] = STATEMENTS, cast: list[Any] = CAST, said: str = "") -> None:
    (folder / "comments.csv").write_text(COMMENTS + "".join(statements), encoding="utf-8")
    (folder / "votes.csv").write_text(VOTES + "".join(line(one) for one in cast), encoding="utf-8")
    url = f"url,https://polis.example/7abc\ncomments,{len(statements)}\n"
    (folder / "summary.csv").write_text(said or f"topic,Streets, and parks\n{url}", encoding="utf-8")


@pytest.fixture
def bring_in(db: Connection, make: Make, folder: Path) -> Any:
    make.community(slug="streets")

    def run(*, is_dry: bool = False, place: str = "streets") -> Report:
        source = importer.Files(folder, place)
        runs.check(source)
        return runs.run(db, source, is_dry=is_dry)

    return run


def by_number(db: Connection) -> dict[str, Any]:
    rows = db.execute(sa.select(Idea, IdeaText.body).join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id))
    return {row.source_id: row for row in rows}


def votes_of(db: Connection) -> dict[tuple[str, str], int]:
    """(person, statement) in the source's numbers → vote, 0 for a pass."""
    found = {}
    for table, value in ((Vote, Vote.value), (Pass, sa.literal(0))):
        statement = sa.select(User.source_id, Idea.source_id, value).join_from(table, User, User.id == table.user_id)
        for person, idea, vote in db.execute(statement.join(Idea, Idea.id == table.idea_id)):
            found[person, idea] = vote
    return found


def test_statements_become_ideas_whole_however_they_were_written(db: Connection, bring_in: Any) -> None:
    report = bring_in()
    found = by_number(db)
    assert {number: row.title for number, row in found.items() if number != "5"} == {
        "0": "Trees in every street, please",
        "1": "Benches, and shade, and water",
        "2": "First line second line",
        "3": 'He said "no" twice',
        "4": '"Quoted" at the start, not at the end',
    }
    assert found["0"].body == ""
    assert found["2"].body == "First line\n\nsecond line"
    assert len(found["5"].title) <= importer.LONGEST_TITLE
    assert found["5"].body == LONG
    assert report.ideas.created == 6
    assert report.bad_count == 0
    assert any("over several lines" in sentence for sentence in report.lines())


def test_the_last_vote_of_a_person_counts_and_a_pass_is_kept_as_seen(db: Connection, bring_in: Any) -> None:
    report = bring_in()
    assert votes_of(db) == {
        ("7", "0"): 1, ("8", "0"): 1, ("9", "0"): 0, ("7", "1"): 1, ("9", "2"): -1, ("8", "3"): 1, ("7", "4"): 0,
    }  # fmt: skip
    first = by_number(db)["0"]
    assert (first.up, first.down, first.net, first.imported_up) == (2, 0, 2, 0)
    assert recounts.mend_all(db) == []
    assert report.ballots is not None
    assert (report.ballots.rows, report.ballots.up, report.ballots.down, report.ballots.passed) == (8, 4, 1, 2)


def test_people_have_no_address_and_are_shown_by_number(db: Connection, bring_in: Any) -> None:
    report = bring_in()
    rows = db.execute(sa.select(User).where(User.source == "polis:7abc").order_by(User.source_id)).all()
    assert [(row.name, row.status, row.email, row.password_hash) for row in rows] == [
        (f"Participant {number}", "imported", None, None) for number in (7, 8, 9)
    ]
    assert report.people_created == 3
    assert people.load(db, rows[0].id).handle == "participant-7"


def test_what_moderators_took_out_comes_as_removed_with_the_reason_that_there_is(db: Connection, bring_in: Any) -> None:
    bring_in()
    gone = by_number(db)["3"]
    assert (gone.state, gone.is_public, gone.up) == ("removed", False, 1)
    decision = db.execute(sa.select(Decision).where(Decision.subject_id == gone.id)).one()
    assert decision.action == "remove"
    assert "does not say why" in decision.facts


def test_a_second_run_changes_nothing(db: Connection, bring_in: Any) -> None:
    bring_in()
    before = everything(db)
    report = bring_in()
    assert everything(db) == before
    assert report.ideas.unchanged == 6
    assert report.ballots is not None
    assert (report.ballots.votes.created, report.ballots.votes.updated, report.ballots.votes.unchanged) == (0, 0, 7)


def everything(db: Connection) -> list[Any]:
    return [
        sorted(map(str, db.execute(sa.select(*table.__table__.columns))))
        for table in (Idea, IdeaText, User, Vote, Pass)
    ]


def test_changed_rows_are_brought_up_to_date(db: Connection, folder: Path, bring_in: Any) -> None:
    bring_in()
    changed = [STATEMENTS[0].replace("Trees", "Lime trees").replace(",2,1,1,", ",2,3,1,"), *STATEMENTS[1:]]
    later = [(30, 0, 7, -1), (31, 0, 8, 0), (32, 0, 9, -1), (33, 1, 10, 1)]
    write(folder, changed, [*CAST, *later])
    report = bring_in()
    votes = votes_of(db)
    assert [votes["7", "0"], votes["8", "0"], votes["9", "0"], votes["10", "1"]] == [-1, 0, -1, 1]
    first = by_number(db)["0"]
    assert (first.title, first.up, first.down) == ("Lime trees in every street, please", 0, 2)
    assert recounts.mend_all(db) == []
    assert (report.ideas.updated, report.people_created) == (1, 1)
    assert report.ballots is not None
    assert (report.ballots.votes.created, report.ballots.votes.updated) == (1, 3)


def test_a_dry_run_says_the_same_and_writes_nothing(db: Connection, bring_in: Any) -> None:
    before = everything(db)
    dry = bring_in(is_dry=True)
    assert everything(db) == before
    wet = bring_in()
    assert dry.ballots == wet.ballots
    assert (dry.ideas, dry.people_created) == (wet.ideas, wet.people_created)
    assert "would be created" in "\n".join(dry.lines())


def test_two_conversations_have_people_and_statements_of_their_own(
    db: Connection, make: Make, folder: Path, bring_in: Any
) -> None:
    bring_in()
    make.community(slug="parks")
    write(folder, said="url,https://polis.example/8xyz\n")
    report = bring_in(place="parks")
    assert (report.ideas.created, report.ideas.missing, report.people_created) == (6, 0, 3)
    handles = db.execute(sa.select(User.handle).where(User.source_id == "7")).scalars().all()
    assert len(set(handles)) == 2


def test_a_community_that_is_not_here_is_named(bring_in: Any) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        bring_in(place="nowhere")


def test_signs_that_stand_the_other_way_round_are_turned(db: Connection, folder: Path, bring_in: Any) -> None:
    write(folder, cast=[(*cast[:3], -cast[3]) for cast in CAST])
    report = bring_in()
    assert votes_of(db)["7", "0"] == 1
    assert any("turned the signs" in sentence for sentence in report.lines())


def test_rows_that_make_no_sense_are_left_out_with_line_and_reason(db: Connection, folder: Path, bring_in: Any) -> None:
    statements = [*STATEMENTS, f"{AT},Fri,6,7,0,0,1,\n", f"{AT},Fri,7,7,0,0,2,A statement\n"]
    cast = [*CAST, (40, 99, 7, 1), (41, 0, 7, 5)]
    write(folder, statements, cast)
    report = bring_in()
    reasons = [str(row) for row in report.bad]
    assert reasons == [
        "comments.csv, line 10: Statement 6 has no text.",
        "comments.csv, line 11: '2' is no state of moderation: 1, 0 or -1.",
        "votes.csv, line 11: The vote '5' is not 1, 0 or -1.",
    ]
    assert report.ballots is not None
    assert report.ballots.homeless == 1
    assert votes_of(db)["7", "0"] == 1


@pytest.mark.parametrize(
    ("file", "change", "line_number", "reason"),
    [
        ("comments.csv", lambda text: "", 1, "empty"),
        ("comments.csv", lambda text: text.replace("moderated", "state"), 1, "columns must be"),
        ("comments.csv", lambda text: text.replace(COMMENTS, COMMENTS + "no figures here\n"), 2, "begin with"),
        ("comments.csv", lambda text: text[: text.rindex("safely")], 9, "ends in the middle"),
        ("comments.csv", lambda text: text.replace(STATEMENTS[5], f'{AT},F,5,9,0,0,1,"Cut\n'), 9, "none closes"),
        ("comments.csv", lambda text: text.replace(STATEMENTS[5], ""), 6, "counts 6 statements"),
        ("votes.csv", lambda text: text.replace("voter-id", "person"), 1, "voter-id"),
        ("votes.csv", lambda text: text[: text.rindex(",7,0") - 10], 9, "ends in the middle"),
        ("votes.csv", lambda text: "".join(text.splitlines(keepends=True)[:4]), 4, "may be cut off"),
        ("votes.csv", lambda text: text.replace("Jul", "J\xfcl", 1).encode("latin-1"), 2, "not UTF-8"),
    ],
)
def test_a_broken_or_another_file_is_refused_whole(
    db: Connection, folder: Path, bring_in: Any, file: str, change: Any, line_number: int, reason: str
) -> None:
    changed = change((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    before = everything(db)
    with pytest.raises(Unreadable, match=reason) as refused:
        bring_in()
    assert (refused.value.file, refused.value.line) == (file, line_number)
    assert everything(db) == before


@pytest.mark.parametrize("conversation", polis.folders(), ids=lambda path: path.name)
def test_a_real_conversation_comes_whole(database: Database, conversation: Path) -> None:
    expected = polis.load(conversation)
    with database.transaction() as db:
        Make(db).community(slug="talk")
        source = importer.Files(conversation, "talk")
        read: list[int] = []
        runs.check(source, read.append)
        report = runs.run(db, source, progress=read.append)
        assert sum(read) == 2 * source.size()
        found = votes_of(db)
        assert recounts.mend_all(db) == []
    assert Counter(found.values()) == Counter(expected.vote.tolist())
    assert (report.ideas.created, report.bad_count) == (expected.statements, 0)
    assert report.people_created == expected.voters
