"""Pages of snapshots and of files: made by the policy team, read and checked by everybody, downloaded whole."""

import hashlib
import io
import json
import re
from typing import Any

import openpyxl
import pypdf
import pytest
import sqlalchemy as sa
from docx import Document

from forum.cli import main
from forum.clock import now
from forum.domain import exports
from forum.domain.directives import matrices, publishing
from forum.domain.directives.matrices import Entry
from forum.domain.exports import KINDS, orders
from forum.domain.people import Person
from forum.models import FileOrder, Idea, Snapshot
from forum.web import endpoint
from tests import directing
from tests.making import Make, Site


def fill(make: Make) -> Person:
    place = make.community(slug="records", name="Records")
    for number in range(1, 5):
        idea = make.idea(community=place, title=f"Idea {number}", votes=number, body=f"Body {number}")
        make.comment(idea, body=f"Remark {number}", author=make.user(name="Nora"))
    make.idea(title="مرحبا بالعالم", body="=1+1", votes=1)
    return make.user(role="policy", name="Pia")


@pytest.fixture
def policy(site: Site) -> Person:
    person: Person = site.make(fill)
    site.sign_in(person)
    return person


def freeze(site: Site, query: str = "?method=net", **fields: str) -> Any:
    return site.post(f"/snapshots{query}", {"title": "The first ideas", "most": "3", **fields})


def test_the_policy_team_freezes_a_ranking_and_everybody_reads_it(site: Site, policy: Person) -> None:
    assert 'href="/snapshots/new?method=net&amp;community=records' in site.get("/rankings?community=records").text
    page = site.get("/snapshots/new?method=net&community=records&limit=10")
    assert "Ideas in Records." in page.text
    assert 'value="10"' in page.text
    answer = freeze(site, "?method=net&community=records")
    assert (answer.status_code, answer.headers["location"]) == (303, "/snapshots/1")
    site.work()
    site.sign_out()
    page = site.get("/snapshots/1").text
    assert page.index("Idea 4") < page.index("Idea 3") < page.index("Idea 2")
    assert "Idea 1" not in page
    assert "Ideas in Records." in page
    for name in KINDS:
        assert f'href="/snapshots/1.{name}"' in page
    assert "The first ideas" in site.get("/snapshots").text
    check = site.get("/snapshots/1/check")
    assert "Snapshot 1 is exactly as it was made." in check.text


def test_a_form_that_makes_no_sense_comes_back(site: Site, policy: Person) -> None:
    for fields in ({"title": ""}, {"most": "0"}, {"most": "1001"}, {"most": "many"}):
        answer = freeze(site, **fields)
        assert answer.status_code == 422, fields
        assert "error" in answer.text
    assert freeze(site, "?method=net&status=done").status_code == 422
    assert freeze(site, "?method=none").status_code == 422
    assert site.get("/snapshots/1").status_code == 404


@pytest.mark.parametrize("role", [None, "citizen", "moderator"])
def test_others_freeze_nothing_and_make_no_files(site: Site, role: str | None) -> None:
    site.make(fill)
    if role:
        site.sign_in(site.make(lambda make: make.user(role=role)))
    refused = 403 if role else 303  # to the sign-in page
    assert freeze(site).status_code == refused
    assert site.post("/files?method=net", {"format": "csv", "limit": "3"}).status_code == refused
    for path in ("/snapshots/new?method=net", "/files", "/files/new?method=net", "/files/1", "/files/1/download"):
        assert site.get(path).status_code == refused, path
    assert "/snapshots/new" not in site.get("/rankings").text
    assert site.get("/snapshots").status_code == 200


def test_files_are_downloaded_whole_with_their_kind_and_name(site: Site, policy: Person) -> None:
    freeze(site)
    assert "still making some of these files" in site.get("/snapshots/1").text
    assert site.get("/snapshots/1.csv").status_code == 404
    site.work()
    for name, kind in KINDS.items():
        answer = site.get(f"/snapshots/1.{name}")
        assert answer.headers["content-type"] == kind.media_type
        assert answer.headers["content-disposition"] == f'attachment; filename="snapshot-1.{name}"'
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert site.get(f"/snapshots/1.{name}").content == answer.content
    seal = site.get("/snapshots/1.seal")
    assert hashlib.sha256(seal.content).hexdigest() in site.get("/snapshots/1").text
    assert site.get("/snapshots/1.exe").status_code == 404


def test_a_removed_idea_stands_without_its_words_and_the_policy_team_has_the_first_edition(
    site: Site, policy: Person
) -> None:
    freeze(site)
    site.work()
    first = site.get("/snapshots/1.md").text
    assert "Body 4" in first
    site.write(
        lambda db: db.execute(sa.update(Idea).where(Idea.title == "Idea 4").values(state="removed", is_public=False))
    )
    mine = site.get("/snapshots/1")
    assert "/snapshots/1.md?sealed=yes" in mine.text
    assert site.get("/snapshots/1.md?sealed=yes").text == first
    site.sign_out()
    page = site.get("/snapshots/1").text
    assert "Idea 4" not in page
    assert "The words of this idea are not public any more." in page
    assert "Removed by moderators." in page
    assert "sealed=yes" not in page
    assert "Body 4" not in site.get("/snapshots/1.md").text
    assert site.get("/snapshots/1.md?sealed=yes").status_code == 303
    assert "is exactly as it was made" in site.get("/snapshots/1/check").text


def answer_first_ideas(make: Make, policy: Person, *, is_public: bool) -> None:
    """A directive that accepts the first idea and declines the second; the third waits."""
    first, second, third = make.db.execute(
        sa.select(Idea.id).where(Idea.title.startswith("Idea")).order_by(Idea.up.desc()).limit(3)
    ).scalars()
    directive, _, _ = directing.draft(make.db, policy, ideas=(first,))
    entries = {first: Entry("accepted", "In May.", 0), second: Entry("declined", "Too dear.", 0)}
    matrices.save(make.db, policy, directive.id, entries | {third: Entry("deferred", "", 0)})
    if is_public:
        directing.open_it(make.db, policy, directive.id)
        publishing.publish_now(make.db, policy, directive.id, moment=now())


def reasons(site: Site) -> str:
    """The page where everybody reads what became of each idea."""
    site.sign_out()
    return site.get("/directives/1/dispositions").text


def test_a_snapshot_says_what_a_directive_made_of_its_ideas(site: Site, policy: Person) -> None:
    freeze(site)
    seal = site.get("/snapshots/1.seal").content
    assert site.get("/snapshots/1").text.count("Nothing new") == 3
    site.make(lambda make: answer_first_ideas(make, policy, is_public=True))
    page = site.get("/snapshots/1").text
    assert "It answered 2 of these 3 ideas." in page
    assert "Accepted: 1" in page
    assert "Declined: 1" in page
    assert "Deferred" not in page  # it has no reason yet, and so it is not out
    rows = [row for row in page.split("<tr>") if "Since then" in row and "<td" in row]
    assert ["Accepted" in rows[0], "Declined" in rows[1], "Nothing new" in rows[2]] == [True, True, True]
    linked = re.findall(r"/directives/1/dispositions#idea-(\d+)", page)
    assert sorted(linked) == sorted(re.findall(r'id="idea-(\d+)"', reasons(site)))
    assert len(linked) == 2
    assert site.get("/snapshots/1.seal").content == seal
    assert "is exactly as it was made" in site.get("/snapshots/1/check").text


def test_a_snapshot_says_nothing_of_a_directive_that_is_still_written(site: Site, policy: Person) -> None:
    freeze(site)
    site.make(lambda make: answer_first_ideas(make, policy, is_public=False))
    for _ in ("the policy team", "everybody"):
        page = site.get("/snapshots/1").text
        assert page.count("Nothing new") == 3
        assert "Records online" not in page
        site.sign_out()


def test_the_words_of_a_removed_idea_stay_hidden_when_it_was_answered(site: Site, policy: Person) -> None:
    freeze(site)
    site.make(lambda make: answer_first_ideas(make, policy, is_public=True))
    site.write(
        lambda db: db.execute(sa.update(Idea).where(Idea.title == "Idea 4").values(state="removed", is_public=False))
    )
    site.sign_out()
    page = site.get("/snapshots/1").text
    assert "Accepted" in page
    assert "Idea 4" not in page


def test_a_snapshot_that_was_changed_is_called_so(site: Site, policy: Person) -> None:
    freeze(site)

    def tamper(db: Any) -> None:
        trigger = "snapshots_update_never" if db.dialect.name == "sqlite" else "snapshots_never ON snapshots"
        db.execute(sa.text(f"DROP TRIGGER {trigger}"))
        db.execute(sa.update(Snapshot).values(title="Another title"))

    site.write(tamper)
    page = site.get("/snapshots/1/check").text
    assert "Snapshot 1 does not hold." in page
    assert "What stands beside the record is not the same as in it." in page


def test_pages_of_a_long_snapshot(site: Site, policy: Person) -> None:
    site.make(lambda make: [make.idea(votes=0, community=make.community()) for _ in range(60)])
    freeze(site, most="65")
    first = site.get("/snapshots/1", htmx=True)
    assert first.text.startswith('<div class="stack" id="ideas">')
    assert first.text.count("<tr><td") == 50
    assert "/snapshots/1?after=50" in first.text
    assert site.get("/snapshots/1?after=50").text.count("<tr><td") == 15
    assert site.get("/snapshots/1?after=x").status_code == 422


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_asked_for_made_and_downloaded(site: Site, policy: Person, name: str) -> None:
    assert "/files/new?method=net" in site.get("/rankings").text
    assert site.get("/files/new?method=net&limit=10").status_code == 200
    answer = site.post("/files?method=net&community=records", {"format": name, "limit": "3"})
    path = answer.headers["location"]
    waiting = site.get(path)
    assert 'data-hx-trigger="every 2s"' in waiting.text
    assert site.get(f"{path}/download").status_code == 404
    site.work()
    ready = site.get(path)
    assert "Your file is ready." in ready.text
    assert "every 2s" not in ready.text
    file = site.get(f"{path}/download")
    assert file.headers["content-type"] == KINDS[name].media_type
    assert re.search(rf'filename="ranking-net-[\d-]+\.{name}"', file.headers["content-disposition"])
    text = words(name, file.content)
    assert "Idea 4" in text
    assert "Idea 1" not in text
    if KINDS[name].is_document:
        assert "Remark 4" in text
        assert "Ideas in Records." in text
    site.sign_in(site.make(lambda make: make.user(role="policy")))
    assert site.get(path).status_code == site.get(f"{path}/download").status_code == 404


def words(name: str, content: bytes) -> str:
    """All words of a file, however it holds them."""
    if name == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        return "\n".join(str(cell.value) for page in book for row in page.iter_rows() for cell in row)
    if name == "docx":
        document = Document(io.BytesIO(content))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(one.text for one in document.paragraphs), *cells])
    if name == "pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return content.decode()


def test_a_document_of_too_many_ideas_is_refused_with_a_way_out(site: Site, policy: Person) -> None:
    answer = site.post("/files?method=net", {"format": "pdf", "limit": "301"})
    assert answer.status_code == 422
    assert "take CSV or Excel" in answer.text
    assert site.post("/files?method=net", {"format": "exe", "limit": "3"}).status_code == 422
    assert site.post("/files?method=net", {"format": "pdf", "limit": "x"}).status_code == 422


def test_one_person_has_three_files_made_at_a_time_and_a_dead_worker_is_replaced(site: Site, policy: Person) -> None:
    for _ in range(orders.MOST_OPEN):
        assert site.post("/files?method=net", {"format": "csv", "limit": "3"}).status_code == 303
    assert site.post("/files?method=net", {"format": "csv", "limit": "3"}).status_code == 409
    dead = site.write(orders.claim)
    assert dead is not None
    site.work()
    assert site.get(f"/files/{dead.id}").text.count("We are making your file.") == 1
    long_ago = dead.touched_at - 2 * orders.SILENCE
    site.write(lambda db: db.execute(sa.update(FileOrder).where(FileOrder.id == dead.id).values(touched_at=long_ago)))
    site.work()
    assert "Your file is ready." in site.get(f"/files/{dead.id}").text


def test_a_file_that_can_not_be_made_leaves_nothing(
    site: Site, policy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(exports, "write", broken)
    path = site.post("/files?method=net", {"format": "csv", "limit": "3"}).headers["location"]
    site.work()
    assert "We could not make this file." in site.get(path).text
    assert site.get(f"{path}/download").status_code == 404


def test_a_download_that_breaks_off_is_not_ended_as_a_whole_one_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.make(fill)

    def half(*_: Any, **__: Any) -> Any:
        yield b"rank,id\r\n"
        raise OSError("the disk is gone")

    monkeypatch.setattr(exports, "as_csv", half)
    with pytest.raises(endpoint.CutShort):
        site.get("/rankings.csv")


def test_the_commands_make_list_and_verify(
    site: Site, policy: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setenv("FORUM_DATABASE_URL", site.settings.database_url)
    monkeypatch.setenv("FORUM_SECRET", site.settings.secret)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["forum", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    create = ["snapshot", "create", "--title", "A list", "--by", str(policy.email), "--top", "3"]
    code, said = run(*create, "--choose", "method=approval", "--choose", "community=records")
    assert (code, "Made snapshot 1 of 3 ideas" in said) == (0, True)
    assert run(*create, "--choose", "colour=red")[0] == 2
    assert run(*create[:-4], "--by", "nobody@example.org")[0] == 2
    assert "3 ideas by approval  A list" in run("snapshot", "list")[1]
    code, said = run("snapshot", "verify", "1")
    assert (code, "Snapshot 1 is exactly as it was made." in said) == (0, True)
    file = tmp_path / "snapshot.json"
    file.write_bytes(site.get("/snapshots/1.json").content)
    assert run("snapshot", "verify", "1", "--file", str(file))[0] == 0
    file.write_bytes(file.read_bytes().replace(b"Idea 4", b"Idea 5"))
    code, said = run("snapshot", "verify", "1", "--file", str(file))
    assert code == 1
    assert "something in it was changed" in said
    for name in KINDS:
        target = tmp_path / f"top.{name}"
        assert run("export", "top", "--community", "records", "--limit", "2", "-o", str(target))[0] == 0
        assert "Idea 4" in words(name, target.read_bytes())
    assert json.loads(run("export", "top", "--format", "json", "--limit", "1")[1])["in_words"]
    assert run("export", "top", "--format", "xlsx")[0] == 2
    assert sorted(path.name for path in tmp_path.glob(".top*")) == []
