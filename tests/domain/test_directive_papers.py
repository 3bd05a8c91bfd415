"""Directives as files: headings, contents, footnotes, a tagged PDF, Markdown and a spreadsheet that runs nothing."""

import io
import zipfile

import pytest
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader

from forum.db import Connection
from forum.domain import remarking
from forum.domain.directives import matrices, papers
from forum.domain.directives.matrices import Entry
from forum.domain.errors import NotFound
from forum.domain.exports import Origin
from forum.domain.people import Person
from tests import directing
from tests.making import Make

ORIGIN = Origin("A forum", "https://forum.example")


@pytest.fixture
def prepared(db: Connection, make: Make) -> tuple[Person, int, int]:
    """A final directive with dispositions and an answered comment."""
    writer, citizen = make.user(role="policy"), make.user(name="Cy Citizen")
    first, second = make.idea(title="=1+1 and more", votes=2), make.idea(title="عنوان الفكرة")
    directive, _, clauses = directing.public(db, writer, ideas=(first, second))
    entries = {first: Entry("accepted", "=We do it.", 0), second: Entry("declined", "It costs too much.", 0)}
    assert matrices.save(db, writer, directive.id, entries).count == 2
    said = remarking.say(db, citizen, directive.id, clauses[0], "Add the courts.")
    remarking.answer(db, writer, said.id, "They are in.")
    remarking.agree(db, citizen, directive.id, clauses[0], True)
    directing.finish(db, writer, directive.id)
    return writer, directive.id, first


def test_word_has_true_headings_contents_and_footnotes(db: Connection, prepared: tuple[Person, int, int]) -> None:
    _, directive_id, idea_id = prepared
    content = papers.make(db, None, directive_id, "docx", ORIGIN)
    document = Document(io.BytesIO(content))
    headings = {p.text: p.style.name for p in document.paragraphs if p.style and p.style.name.startswith("Heading")}
    assert headings["1 Open records"] == "Heading 1"
    assert headings["1.1 Post every record"] == "Heading 2"
    assert headings["What becomes of the ideas"] == "Heading 1"
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        notes = parts.read("word/footnotes.xml").decode()
        body = parts.read("word/document.xml").decode()
    assert f"I-{idea_id}: =1+1 and more (2 for, 0 against). https://forum.example/ideas/{idea_id}" in notes
    assert "TOC" in body
    assert "They are in." in body


def test_the_pdf_is_tagged_and_names_itself(db: Connection, prepared: tuple[Person, int, int]) -> None:
    reader = PdfReader(io.BytesIO(papers.make(db, None, prepared[1], "pdf", ORIGIN)))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert "/StructTreeRoot" in root  # type: ignore[operator]
    assert reader.metadata is not None
    assert reader.metadata.title == "Records online"
    words = " ".join(page.extract_text() for page in reader.pages)
    for said in ("Directive No. 1", "Post every record", "It costs too much.", "Add the courts.", "1 person agrees."):
        assert said in words, said


def test_markdown_and_excel_say_the_same(db: Connection, prepared: tuple[Person, int, int]) -> None:
    _, directive_id, _ = prepared
    words = papers.make(db, None, directive_id, "md", ORIGIN).decode()
    assert "### 1.1 Post every record" in words
    assert "[^1]:" in words
    book = load_workbook(io.BytesIO(papers.make(db, None, directive_id, "xlsx", ORIGIN)))
    assert book.sheetnames == ["Recommendations", "Ideas", "Comments", "About"]
    assert [row[0].value for row in book["Recommendations"].iter_rows(min_row=2)] == ["1.1", "1.2", "2.1"]
    assert book["Recommendations"]["I2"].value == 1
    ideas = list(book["Ideas"].iter_rows(min_row=2))
    assert [row[2].value for row in ideas] == ["=1+1 and more", "عنوان الفكرة"]
    assert {cell.data_type for row in ideas for cell in row[1:7]} <= {"s", "n"}
    assert [cell.value for cell in book["Comments"][2]][3:] == ["Add the courts.", "They are in."]


def test_files_of_a_draft_are_the_policy_teams_and_say_so(db: Connection, make: Make) -> None:
    writer = make.user(role="policy")
    idea_id = make.idea()
    directive, _, _ = directing.draft(db, writer, ideas=(idea_id,))
    matrices.save(db, writer, directive.id, {idea_id: Entry("declined", "Not yet said.", 0)})
    words = papers.make(db, writer, directive.id, "md", ORIGIN).decode()
    assert papers.DRAFT.replace(".", "") in words.replace("\\", "").replace(".", "")
    assert "Not yet said" in words
    for person in (None, make.user()):
        with pytest.raises(NotFound):
            papers.make(db, person, directive.id, "md", ORIGIN)
    with pytest.raises(NotFound):
        papers.make(db, writer, directive.id, "exe", ORIGIN)


def test_unpublished_dispositions_are_in_no_public_file(db: Connection, make: Make) -> None:
    writer = make.user(role="policy")
    idea_id = make.idea()
    directive, _, _ = directing.public(db, writer, ideas=(idea_id,))
    matrices.save(db, writer, directive.id, {idea_id: Entry("declined", "Not yet said.", 0)})
    for person in (None, writer):
        assert "Not yet said" not in papers.make(db, person, directive.id, "md", ORIGIN).decode()
