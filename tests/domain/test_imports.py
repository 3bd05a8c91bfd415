"""Imports: IdeaScale files read exactly, taken once, refused whole when broken, and followed when they change."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import communities, ideas, lists, people, recounts, search, votes
from forum.domain.imports import ideascale, runs
from forum.domain.imports.reports import Report
from forum.domain.imports.tables import Unreadable
from forum.domain.lists import Filters
from forum.models import Comment, Community, Idea, IdeaTag, IdeaText, Tag, User
from tests.making import Make

SOURCE = Path(__file__).parents[3] / "shared" / "data" / "dialogue-2009"
IDEA = {
    "Date/Time": "20/May/09 9:48 PM",
    "Idea ID": "7",
    "Idea Number": "3",
    "Stage": "Archive",
    "Author": "Ann Example",
    "Campaign": "Open Data",
    "Campaign Group": "1. Transparency",
    "Total Votes": "7",
    "Vote Up": "9",
    "Vote Down": "2",
    "Comments": "1",
    "Title": "Publish the budget",
    "Details": "All of it.<br /><br />Every <b>year</b>.",
    "Tags": "budget, open data",
    "URL": "https://example.org/7",
}
COMMENT = {
    "Date": "21/May/09 9:00 AM",
    "Idea ID": "7",
    "Idea Number": "3",
    "Author": "Bob Example",
    "Comment": "Yes, please.",
    "Attachments": "",
}


def as_csv(rows: list[dict[str, str]], *, bom: bool = True, end: str = "\r\n") -> bytes:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator=end, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return (b"\xef\xbb\xbf" if bom else b"") + buffer.getvalue().encode()


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., ideascale.Files]:
    """A function that writes rows, or bytes, to files and gives the source."""

    def write(ideas: list[dict[str, str]] | bytes, comments: list[dict[str, str]] | bytes | None = None) -> Any:
        (tmp_path / "ideas.csv").write_bytes(ideas if isinstance(ideas, bytes) else as_csv(ideas))
        if comments is None:
            return ideascale.Files(tmp_path / "ideas.csv")
        (tmp_path / "comments.csv").write_bytes(comments if isinstance(comments, bytes) else as_csv(comments))
        return ideascale.Files(tmp_path / "ideas.csv", tmp_path / "comments.csv")

    return write


def count(db: Connection, table: type[Any]) -> int:
    return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def the_idea(db: Connection) -> Any:
    query = sa.select(Idea, IdeaText).join(IdeaText, IdeaText.idea_id == Idea.id)
    return db.execute(query.where(Idea.source_id == "7")).one()


def totals(report: Report) -> list[tuple[int, int, int, int]]:
    return [(t.created, t.updated, t.unchanged, t.skipped) for t in (report.ideas, report.comments)]


# What comes in


def test_an_idea_comes_in_whole(db: Connection, files: Any) -> None:
    report = runs.run(db, files([IDEA], [COMMENT]))
    assert totals(report) == [(1, 0, 0, 0), (1, 0, 0, 0)]
    row = the_idea(db)
    assert (row.title, row.up, row.down, row.imported_up, row.imported_down, row.net) == (
        "Publish the budget", 9, 2, 9, 2, 7,
    )  # fmt: skip
    assert row.created_at == datetime(2009, 5, 20, 21, 48, tzinfo=UTC)
    assert row.body == "All of it.\n\nEvery **year**."
    assert row.body_html == "<p>All of it.</p>\n<p>Every <strong>year</strong>.</p>\n"
    assert (row.source, row.source_id, row.source_number) == ("ideascale", "7", "3")
    assert row.source_url == "https://example.org/7"
    assert row.status == "open"
    assert row.source_data["Stage"] == "Archive"
    assert row.comment_count == 1
    place = communities.load(db, row.community_id)
    assert (place.name, place.group_name, place.idea_count) == ("Open Data", "1. Transparency", 1)
    author = people.load(db, row.author_id)
    assert (author.name, author.handle, author.status) == ("Ann Example", "ann-example", "imported")
    tags = db.execute(sa.select(Tag.name, Tag.idea_count).join(IdeaTag).order_by(Tag.slug)).all()
    assert [tuple(tag) for tag in tags] == [("budget", 1), ("open data", 1)]


def test_what_was_imported_is_found_and_every_count_is_right(db: Connection, files: Any) -> None:
    runs.run(db, files([IDEA], [COMMENT]))
    assert [hit.kind for hit in search.find(db, "budget").hits] == ["idea"]
    assert search.check(db) == []
    assert recounts.mend_all(db) == []


def test_columns_are_read_by_their_heads_in_any_order(db: Connection, files: Any) -> None:
    turned = dict(reversed(IDEA.items()))
    turned["TITLE "] = turned.pop("Title")
    runs.run(db, files(as_csv([turned], bom=False, end="\n")))
    assert the_idea(db).title == "Publish the budget"


def test_unknown_columns_are_kept_and_told(db: Connection, files: Any) -> None:
    report = runs.run(db, files([{**IDEA, "Cost in euros": "12", "Annotations": "x"}]))
    assert report.unknown_columns == {"ideas.csv": ["Cost in euros"]}
    assert the_idea(db).source_data["Cost in euros"] == "12"
    assert the_idea(db).source_data["Annotations"] == "x"


def test_new_lines_and_quotes_in_a_cell_are_text(db: Connection, files: Any) -> None:
    runs.run(db, files([{**IDEA, "Details": 'One "two"\r\nthree, four'}]))
    assert the_idea(db).body == 'One "two"\nthree, four'


def test_ideas_of_one_day_keep_the_order_of_the_file(db: Connection, files: Any) -> None:
    rows = [{**IDEA, "Idea ID": str(number), "Date/Time": "20/May/09 12:00 AM"} for number in (5, 9, 3, 7)]
    runs.run(db, files(rows))
    newest = lists.find(db, Filters(sort="newest")).rows
    found = {row.id: row.source_id for row in db.execute(sa.select(Idea.id, Idea.source_id))}
    assert [found[row.id] for row in newest] == ["7", "3", "9", "5"]


def test_a_text_past_our_limits_is_kept_whole(db: Connection, files: Any) -> None:
    words = " ".join(f"word{number}" for number in range(9037))
    runs.run(db, files([{**IDEA, "Title": "T" * 300, "Details": words}]))
    assert the_idea(db).body == words
    assert len(the_idea(db).title) == 300


def test_campaigns_of_one_name_in_two_groups_stay_apart(db: Connection, files: Any) -> None:
    rows = [IDEA, {**IDEA, "Idea ID": "8", "Campaign Group": "2. Participation"}]
    runs.run(db, files(rows))
    slugs = db.execute(sa.select(Community.slug).order_by(Community.id)).scalars().all()
    assert slugs == ["open-data", "open-data-2"]


def test_people_whose_names_give_the_same_handle_stay_apart(db: Connection, files: Any) -> None:
    names = ["Ann Example", "Ann-Example", "ann example", "Änn Example", "李", ""]
    rows = [{**IDEA, "Idea ID": str(number), "Author": name} for number, name in enumerate(names)]
    runs.run(db, files(rows))
    assert count(db, User) == len(names)


def test_no_mail_address_of_an_author_is_shown(db: Connection, files: Any) -> None:
    runs.run(db, files([{**IDEA, "Author": "ann.example@mail.example.org"}]))
    row = db.execute(sa.select(User.name, User.handle, User.email)).one()
    assert tuple(row) == ("ann.example", "ann-example", None)


def test_a_private_idea_is_held(db: Connection, files: Any) -> None:
    report = runs.run(db, files([{**IDEA, "Private": "Private"}]))
    row = the_idea(db)
    assert (row.state, row.is_listed, row.is_public) == ("held", False, False)
    assert report.private == 1
    assert search.find(db, "budget").hits == []


@pytest.mark.parametrize(
    ("stage", "status"),
    [("Archive", "open"), ("", "open"), ("Planned", "planned"), ("Implemented", "done"), ("declined", "declined")],
)
def test_a_stage_that_we_know_becomes_a_status(db: Connection, files: Any, stage: str, status: str) -> None:
    report = runs.run(db, files([{**IDEA, "Stage": stage}]))
    assert the_idea(db).status == status
    assert report.stages == {(stage, status): 1}


def test_an_address_that_is_no_web_address_is_not_linked(db: Connection, files: Any) -> None:
    runs.run(db, files([{**IDEA, "URL": "javascript:alert(1)"}]))
    assert the_idea(db).source_url is None


def test_markup_that_could_harm_is_gone(db: Connection, files: Any) -> None:
    harmful = "<script>alert(1)</script><a href='javascript:x()' onclick='y()'>link</a><img src=x onerror=z()>"
    runs.run(db, files([{**IDEA, "Details": harmful}], [{**COMMENT, "Comment": harmful}]))
    shown = the_idea(db).body_html + db.execute(sa.select(Comment.body_html)).scalar_one()
    assert not any(word in shown for word in ("<script", "javascript:", "onclick", "onerror"))


# Again


def test_a_second_run_changes_nothing(db: Connection, files: Any) -> None:
    rows, said = [IDEA, {**IDEA, "Idea ID": "8"}], [COMMENT, COMMENT, {**COMMENT, "Idea ID": "8"}]
    runs.run(db, files(rows, said))
    before = everything(db)
    report = runs.run(db, files(rows, said))
    assert totals(report) == [(0, 0, 2, 0), (0, 0, 3, 0)]
    assert (report.communities_created, report.people_created) == (0, 0)
    assert everything(db) == before


def everything(db: Connection) -> list[Any]:
    tables = (Idea, IdeaText, IdeaTag, Comment, Community, User, Tag)
    return [sorted(map(repr, db.execute(sa.select(table)))) for table in tables]


def test_a_changed_row_is_followed_and_votes_cast_here_stay(db: Connection, make: Make, files: Any) -> None:
    runs.run(db, files([IDEA]))
    idea_id = the_idea(db).id
    votes.cast(db, make.user(), idea_id, 1)
    changed = {**IDEA, "Title": "Publish every budget", "Details": "New words", "Vote Up": "20", "Tags": "money"}
    report = runs.run(db, files([changed]))
    assert totals(report)[0] == (0, 1, 0, 0)
    row = the_idea(db)
    assert (row.id, row.title, row.slug, row.body) == (
        idea_id,
        "Publish every budget",
        "publish-every-budget",
        "New words",
    )
    assert (row.up, row.imported_up, row.net) == (21, 20, 19)
    assert ideas.get(db, None, idea_id).tags[0].slug == "money"
    assert search.find(db, "New words").hits[0].object_id == idea_id
    assert recounts.mend_all(db) == []


def test_what_moderators_decided_stays_when_a_row_changes(db: Connection, make: Make, files: Any) -> None:
    runs.run(db, files([IDEA]))
    elsewhere = make.community()
    values = {
        "community_id": elsewhere.id,
        "status": "planned",
        "state": "removed",
        "is_listed": False,
        "is_public": False,
    }
    db.execute(sa.update(Idea).values(values))
    runs.run(db, files([{**IDEA, "Title": "Another title"}]))
    row = the_idea(db)
    assert (row.community_id, row.status, row.state, row.is_listed) == (elsewhere.id, "planned", "removed", False)


def test_an_idea_follows_when_the_source_moves_it(db: Connection, files: Any) -> None:
    runs.run(db, files([IDEA]))
    runs.run(db, files([{**IDEA, "Campaign": "Records", "Stage": "Declined"}]))
    row = the_idea(db)
    assert communities.load(db, row.community_id).name == "Records"
    assert row.status == "declined"
    counts = dict(db.execute(sa.select(Community.name, Community.idea_count)).all())
    assert counts == {"Open Data": 0, "Records": 1}


def test_rows_that_are_gone_stay_and_are_told(db: Connection, files: Any) -> None:
    runs.run(db, files([IDEA, {**IDEA, "Idea ID": "8"}], [COMMENT, {**COMMENT, "Comment": "More."}]))
    report = runs.run(db, files([IDEA], [COMMENT]))
    assert (report.ideas.missing, report.comments.missing) == (1, 1)
    assert (count(db, Idea), count(db, Comment)) == (2, 2)


def test_a_changed_comment_is_the_same_comment(db: Connection, files: Any) -> None:
    said = [{**COMMENT, "Comment": words} for words in ("One.", "Two.", "Three.")]
    runs.run(db, files([IDEA], said))
    before = dict(db.execute(sa.select(Comment.body, Comment.id)).all())
    report = runs.run(db, files([IDEA], [said[0], {**COMMENT, "Comment": "Two and a half."}, said[2]]))
    assert totals(report)[1] == (0, 1, 2, 0)
    after = dict(db.execute(sa.select(Comment.body, Comment.id)).all())
    assert after == {"One.": before["One."], "Two and a half.": before["Two."], "Three.": before["Three."]}


def test_a_dry_run_tells_the_same_and_writes_nothing(database: Database, files: Any) -> None:
    rows = [IDEA, IDEA, {**IDEA, "Idea ID": "8", "Vote Up": "many"}]
    source = files(rows, [COMMENT, {**COMMENT, "Idea ID": "99"}])
    with database.reading() as db:
        dry = runs.run(db, source, is_dry=True)
        assert count(db, Idea) == count(db, User) == count(db, Community) == 0
    with database.transaction() as db:
        wet = runs.run(db, source)
    assert dry.is_dry
    assert [line.replace("would be ", "") for line in dry.lines()] == wet.lines()


# What is left out, and what is refused


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Idea ID": ""}, "has no id"),
        ({"Title": " "}, "has no title"),
        ({"Date/Time": "2009-05-20"}, "The date '2009-05-20'"),
        ({"Date/Time": "31/Feb/09 1:00 PM"}, "The date"),
        ({"Vote Up": "-3"}, "'-3'"),
        ({"Vote Down": "lots"}, "'lots'"),
        ({"Idea ID": "7"}, "further up"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_left_out(db: Connection, files: Any, change: Any, reason: str) -> None:
    first = {**IDEA, "Details": "on\r\nthree\r\nlines"}
    report = runs.run(db, files([first, {**IDEA, "Idea ID": "8", **change}, {**IDEA, "Idea ID": "9"}]))
    assert totals(report)[0] == (2, 0, 0, 1)
    [bad] = report.bad
    assert (bad.file, bad.line) == ("ideas.csv", 5)
    assert reason in bad.reason


def test_a_row_with_too_few_cells_is_left_out(db: Connection, files: Any) -> None:
    good = as_csv([IDEA])
    report = runs.run(db, files(good + b"one,two\r\n"))
    assert str(report.bad[0]) == "ideas.csv, line 3: The row has 2 cells, but there are 15 columns."


def test_a_comment_on_no_idea_is_reported(db: Connection, files: Any) -> None:
    report = runs.run(db, files([IDEA], [COMMENT, {**COMMENT, "Idea ID": "44"}]))
    assert (report.comments.created, report.joinless) == (1, 1)
    assert "Comments that belong to no idea here: 1" in "\n".join(report.lines())


GOOD = as_csv([IDEA, {**IDEA, "Idea ID": "8"}])
BROKEN = {
    "a quotation mark that is never closed": (GOOD[: GOOD.rindex(b"All of it") + 30] + b'"', 3),
    "cut off in the middle of a row": (GOOD[:-60], 3),
    "another encoding": (GOOD + "9,Bürger\r\n".encode("latin-1"), 4),
    "UTF-16": (GOOD.decode().encode("utf-16"), 1),
    "zeros at the end, as a crash leaves them": (GOOD + b"\0" * 512, 4),
    "a missing column": (GOOD.replace(b"Vote Up", b"Votes"), 1),
    "not a table at all": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 1),
    "a workbook": (b"PK\x03\x04" + b"\x14\0" * 40, 1),
    "empty": (b"", 1),
    "a quotation mark within a field": (GOOD + b'8,"a"b",c\r\n', 4),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_whole_with_its_line(database: Database, files: Any, name: str) -> None:
    content, line = BROKEN[name]
    source = files(content)
    with pytest.raises(Unreadable) as refused:
        runs.check(source)
    assert (refused.value.file, refused.value.line) == ("ideas.csv", line)
    with pytest.raises(Unreadable), database.transaction() as db:
        runs.run(db, source)
    with database.reading() as db:
        assert count(db, Idea) == count(db, User) == count(db, Community) == 0


def test_a_broken_file_of_comments_takes_the_ideas_back_too(database: Database, files: Any) -> None:
    source = files([IDEA], as_csv([COMMENT]) + b'"')
    with pytest.raises(Unreadable), database.transaction() as db:
        runs.run(db, source)
    with database.reading() as db:
        assert count(db, Idea) == 0


def test_a_single_nul_byte_in_a_text_is_left_out_and_told(db: Connection, files: Any) -> None:
    report = runs.run(db, files(as_csv([IDEA]).replace(b"All of it", b"A\0l\0l of it")))
    assert the_idea(db).body.startswith("All of it")
    assert "NUL bytes on line 2" in report.lines()[-1]


# The real thing


@pytest.mark.skipif(not SOURCE.is_dir(), reason=f"the real data of 2009 is not at {SOURCE}")
def test_the_dialogue_of_2009_comes_in_with_its_known_totals(db: Connection) -> None:
    source = ideascale.Files(SOURCE / "ideas.csv", SOURCE / "comments.csv")
    report = runs.run(db, source)
    assert totals(report) == [(1157, 0, 0, 0), (2417, 0, 0, 0)]
    assert (report.communities_created, report.people_created) == (18, 1108)
    sums = db.execute(sa.select(sa.func.sum(Idea.up), sa.func.sum(Idea.down), sa.func.sum(Idea.comment_count))).one()
    assert tuple(sums) == (37_543, 11_655, 2_417)
    groups = db.execute(sa.select(Community.group_name).distinct()).scalars().all()
    assert len(groups) == 6
    best = lists.find(db, Filters(sort="top"), limit=3).rows
    assert [row.up - row.down for row in best] == [732, 364, 341]
    assert recounts.mend_all(db) == []
    assert search.check(db) == []
    again = runs.run(db, source)
    assert totals(again) == [(0, 0, 1157, 0), (0, 0, 2417, 0)]
