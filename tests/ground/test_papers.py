"""Papers: the same blocks as Word document, tagged PDF, Markdown and spreadsheet, opened again and looked into."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from docx import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from forum.papers import (
    Column,
    Contents,
    Facts,
    Field,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    Points,
    Prose,
    Sheet,
    Span,
    Table,
    as_docx,
    as_markdown,
    as_pdf,
    save_xlsx,
)

MADE = datetime(2009, 6, 3, 12, 30, 15, tzinfo=UTC)
ARABIC, HEBREW, HINDI = "مرحبا بالعالم", "שלום עולם", "हिन्दी"
NASTY = "# Not a heading\n[a link](http://evil.example) <b>bold</b> `code` *star* | pipe\n---\n- point\n1. number"


def paper(**values: Any) -> Paper:
    rows = [[str(n), Span(f"Idea {n}", href=f"https://forum.example/ideas/{n}"), f"{n * 1000:,}"] for n in range(1, 80)]
    rows[1][1] = ARABIC
    blocks = [
        Facts(
            "About", [("Method", "Net votes"), ("Address", Span("https://forum.example", href="https://forum.example"))]
        ),
        Contents(),
        PageBreak(),
        Heading(1, "Ranked ideas", "ranked"),
        Table("By net votes", [Column("Rank", 0.5, True), Column("Idea", 4), Column("Net", 1, True)], rows, 1),
        PageBreak(),
        Heading(2, ["1. An idea", Span("", note="I-1, https://forum.example/ideas/1")], "idea-1"),
        Paragraph(["See ", Span("the table", href="#ranked"), ", please", Span(".", note="A second note.")]),
        Prose(NASTY),
        Prose(f"{ARABIC}\n\n{HEBREW}", is_quote=True),
        Points(["one", "two"], is_numbered=True),
        Points(["again one"], is_numbered=True),
        Points(["a point"]),
        Paragraph("Small words", "small"),
    ]
    return Paper("The ideas that lead", blocks, MADE, **{"subtitle": ("A Forum",), "author": "A Forum", **values})


def element(parent: Any, path: str) -> list[Any]:
    return list(parent.iter(qn(path)))


def test_a_word_document_has_true_headings_contents_footnotes_and_repeated_table_heads() -> None:
    document = Document(io.BytesIO(as_docx(paper())))
    styles = [(one.style.name, one.text) for one in document.paragraphs]
    assert ("Title", "The ideas that lead") in styles
    assert ("Heading 1", "Ranked ideas") in styles
    assert ("Heading 2", "1. An idea") in styles
    assert ("toc 1", "Ranked ideas") in styles
    assert any('TOC \\o "1-2"' in code.text for code in element(document.element, "w:instrText"))
    table = document.tables[1]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert [cell.text for cell in table.rows[1].cells] == ["1", "Idea 1", "1,000"]
    assert len(table.rows) == 80
    marks = [mark.get(qn("w:id")) for mark in element(document.element, "w:footnoteReference")]
    assert marks == ["1", "2"]
    notes = next(part for part in document.part.package.iter_parts() if part.partname == "/word/footnotes.xml")
    assert "A second note." in notes.blob.decode()


def test_words_between_two_headings_go_with_the_second_one_and_names_of_facts_take_no_more_room_than_they_need() -> (
    None
):
    blocks = [
        Heading(1, "Part"),
        Paragraph("Between."),
        Heading(2, "Clause"),
        Facts("Clause", [("Who", "All.")]),
        Paragraph("After."),
        Facts("About", [("A name that is quite long", "Yes.")]),
    ]
    document = Document(io.BytesIO(as_docx(Paper("Title", blocks, MADE))))
    keeps = {one.text: one.paragraph_format.keep_with_next for one in document.paragraphs}
    assert keeps["Between."] is True
    assert not keeps["After."]
    shares = [table.columns[0].width / (table.columns[0].width + table.columns[1].width) for table in document.tables]
    assert shares[0] < 0.1
    assert shares[1] == pytest.approx(0.25, abs=0.01)


def test_columns_are_as_wide_as_their_words_and_a_label_stays_with_what_it_is_about() -> None:
    columns = [Column("Rank", 0.5, True), Column("Idea", 8.0), Column("Against", 0.5, True)]
    blocks = [
        Table("Ranking", columns, [["1", "Words " * 80, "12"]]),
        Paragraph(Span("Answered, an office", is_strong=True)),
        Prose("What it says.", is_quote=True),
        Paragraph(Span("The last words", is_strong=True)),
    ]
    document = Document(io.BytesIO(as_docx(Paper("Title", blocks, MADE))))
    section, table = document.sections[0], document.tables[0]
    widths = [column.width.pt for column in table.columns]
    letter, edges = 0.62 * 9.5, 2 * 5.4  # of bold words in cells, in points
    assert widths[0] > edges + letter * len("Rank")
    assert widths[2] > edges + letter * len("Against")
    assert sum(widths) == pytest.approx(
        (section.page_width - section.left_margin - section.right_margin) / 12700, abs=1
    )
    assert widths[1] > 0.75 * sum(widths)
    keeps = {one.text: one.paragraph_format.keep_with_next for one in document.paragraphs}
    assert keeps["Answered, an office"] is True
    assert not keeps["The last words"]


def test_a_word_document_says_its_language_and_title_and_marks_text_from_right_to_left() -> None:
    document = Document(io.BytesIO(as_docx(paper(language="fr"))))
    about = document.core_properties
    assert (about.title, about.language, about.created) == ("The ideas that lead", "fr", MADE)
    normal = document.styles["Normal"].element
    assert [lang.get(qn("w:val")) for lang in element(normal, "w:lang")] == ["fr"]
    quotes = {one.text: one for one in document.paragraphs if one.style.name == "Quote"}
    assert quotes.keys() == {ARABIC, HEBREW}
    for text, language in ((ARABIC, "ar"), (HEBREW, "he")):
        assert element(quotes[text]._p, "w:bidi")
        assert element(quotes[text]._p, "w:rtl")
        assert [one.get(qn("w:bidi")) for one in element(quotes[text]._p, "w:lang")] == [language]


def test_numbered_lists_begin_with_one_again() -> None:
    document = Document(io.BytesIO(as_docx(paper())))
    numbers = [one._p.pPr.numPr.numId.val for one in document.paragraphs if one.style.name == "List Number"]
    assert numbers[0] == numbers[1] != numbers[2]


def structure(node: Any) -> list[tuple[str, Any]]:
    """The tags of a PDF in reading order."""
    node = node.get_object()
    if not isinstance(node, pypdf.generic.DictionaryObject):
        return []
    found = [(str(node["/S"]), node)] if "/S" in node else []
    kids = node.get("/K", [])
    kids = kids.get_object() if hasattr(kids, "get_object") else kids
    for kid in kids if isinstance(kids, list) else [kids]:
        if not isinstance(kid, int):
            found += structure(kid)
    return found


@pytest.fixture(scope="module")
def pdf() -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(as_pdf(paper())))


def test_a_pdf_is_tagged_and_says_that_it_is_pdf_ua(pdf: pypdf.PdfReader) -> None:
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - its own type
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "The ideas that lead" in metadata
    assert pdf.metadata is not None
    assert pdf.metadata.title == "The ideas that lead"


def test_the_tags_of_a_pdf_are_headings_lists_tables_with_heads_links_and_notes(pdf: pypdf.PdfReader) -> None:
    found = structure(pdf.trailer["/Root"]["/StructTreeRoot"])
    tags = [tag.lstrip("/") for tag, _ in found]
    for tag in ("H1", "H2", "P", "Table", "THead", "TH", "TD", "L", "LI", "Link", "Note", "TOC", "TOCI", "Caption"):
        assert tag in tags, tag
    assert tags.count("TR") == 80 * 1
    assert all(node.get("/A") is not None for tag, node in found if tag == "/TH")  # says what it is the head of


def test_a_pdf_shows_the_same_words(pdf: pypdf.PdfReader) -> None:
    text = "\n".join(page.extract_text() for page in pdf.pages)
    for words in ("The ideas that lead", "Idea 79", "79,000", "A second note.", "# Not a heading", "- point"):
        assert words in text
    assert len(pdf.outline) >= 1


def test_letters_without_a_font_are_named_and_nothing_is_left_out_unsaid() -> None:
    odd = "\U00014400"  # a hieroglyph of Anatolia or, where there is a font for it, one more that has none
    reader = pypdf.PdfReader(io.BytesIO(as_pdf(Paper("T", [Prose(f"Before {odd}\U0001fbf0日本 after")], MADE))))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "Before" in text
    assert "after" in text
    assert ("this file can’t show" in text) == ("Some letters have no form" in text)


def test_the_same_paper_makes_the_same_bytes() -> None:
    for make in (as_docx, as_pdf, as_markdown):
        assert make(paper()) == make(paper())


def test_no_part_of_a_word_document_tells_the_moment_of_its_packing() -> None:
    with zipfile.ZipFile(io.BytesIO(as_docx(paper()))) as packed:
        assert {about.date_time[0] for about in packed.infolist()} == {1980}


def kinds(tokens: Any) -> set[str]:
    found = set()
    for token in tokens:
        found.add(token.type)
        found |= kinds(token.children or [])
    return found


def test_markdown_keeps_our_headings_and_makes_none_of_what_people_wrote() -> None:
    text = as_markdown(paper()).decode()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    headings = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == ["The ideas that lead", "Ranked ideas", "1\\. An idea[^1]"]
    assert "[the table](#ranked-ideas)" in text
    assert "[^2]: A second note." in text
    assert "](http://evil" not in text


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("# -*_`[]()<>!|~=+.1ab\n\\&:/hw@"), max_size=60))
def test_no_text_becomes_markup_in_markdown(text: str) -> None:
    made = as_markdown(Paper("T", [Prose(text)], MADE)).decode()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(made)
    plain = {"heading_open", "heading_close", "inline", "text", "paragraph_open", "paragraph_close", "em_open"}
    plain |= {"em_close", "hardbreak", "softbreak", "text_special"}
    assert kinds(tokens) <= plain
    assert sum(token.type == "heading_open" for token in tokens) == 1


def sheets(*rows: list[Any]) -> list[Sheet]:
    fields = [Field("Rank", 6), Field("Title", 40), Field("Posted", 17)]
    return [Sheet("Ideas", fields, rows), Sheet("Ideas", [Field("What"), Field("Value", 60, wraps=True)], [("a", "b")])]


def test_a_spreadsheet_holds_numbers_dates_and_texts_and_no_formula(tmp_path: Path) -> None:
    rows = [
        [1, '=HYPERLINK("http://evil.example")', MADE],
        [2, "+1", None],
        [3.5, "https://forum.example", MADE],
        [10**17, "0123", ARABIC],
        [True, "@x\t-1", "\x00\ud800 odd"],
    ]
    path = tmp_path / "ideas.xlsx"
    save_xlsx(path, sheets(*rows), title="Ideas", made_at=MADE, author="A Forum")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Ideas", "Ideas 2"]
    page = book["Ideas"]
    assert page.freeze_panes == "A2"
    assert page.column_dimensions["B"].width > 40
    cells = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    assert cells[0] == [1, '=HYPERLINK("http://evil.example")', MADE.replace(tzinfo=None)]
    assert page["B2"].data_type == "s"
    assert page["C2"].is_date
    assert cells[1] == [2, "+1", None]
    assert cells[2][0] == 3.5
    assert cells[3] == [str(10**17), "0123", ARABIC]
    assert cells[4][0] == "yes"
    assert not any(cell.data_type == "f" or cell.hyperlink for row in page.iter_rows() for cell in row)
    assert book.properties.title == "Ideas"


def test_a_long_text_is_cut_with_a_word_about_it_and_too_many_rows_go_on_another_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.papers.workbooks.MOST_ROWS", 3)
    path = tmp_path / "ideas.xlsx"
    save_xlsx(path, sheets(*([n, "x" * 40_000, MADE] for n in range(5))), title="Ideas", made_at=MADE)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Ideas", "Ideas 2", "Ideas 3"]
    assert book["Ideas"]["B2"].value.endswith("[cut: a cell holds no more]")
    assert [row[0].value for row in book["Ideas 2"].iter_rows(min_row=2)] == [3, 4]


def test_the_same_sheets_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_xlsx(tmp_path / name, sheets([1, "x", MADE]), title="Ideas", made_at=MADE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
