"""Papers as Word documents (DOCX): true headings, contents, tables with repeated heads, footnotes, directions."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from forum.papers.blocks import (
    Block,
    Contents,
    Facts,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    Points,
    Prose,
    Span,
    Table,
    Words,
    is_rightward,
    language_of,
    paragraphs,
    plain,
    spans,
)
from forum.papers.footnotes import Footnotes
from forum.papers.looks import element, set_up

_STYLES = {"lead": "Lead", "small": "Small", "": "Body Text"}
_FACT_NAME = 0.06  # of four parts of the width: a letter of the name of a fact
_CELL_EDGES, _LETTER, _MOST_LETTERS = 230, 122, 12  # of a table: twentieths of a point, and letters of a word
_ZIPPED_AT = (1980, 1, 1, 0, 0, 0)


def as_docx(paper: Paper) -> bytes:
    """The paper as a DOCX file. The same paper makes the same bytes."""
    writer = _Writer(paper)
    around = (PageBreak(), *paper.blocks, PageBreak())
    for before, block, after in zip(around[:-2], paper.blocks, around[2:], strict=True):
        # Words between two headings go with the second one to the next page.
        writer.stays = isinstance(before, Heading) and isinstance(after, Heading) and not isinstance(block, Heading)
        writer.stays = writer.stays or (_is_label(block) and isinstance(after, Prose))
        writer.add(block)
    return writer.finish()


def _is_label(block: Block) -> bool:
    """Does it say what the words below it are?"""
    return isinstance(block, Paragraph) and all(piece.is_strong for piece in spans(block.words))


class _Writer:
    """Writes one document, block by block."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.notes = Footnotes()
        self.document: Any = Document()
        self.body = self.document.element.body
        self.headings = [block for block in paper.blocks if isinstance(block, Heading)]
        self.heading_count = 0
        self.breaks = self.stays = False
        set_up(self.document, paper)
        title = self.document.add_paragraph(style="Title")
        self.write(title._p, paper.title)
        for line in paper.subtitle:
            self.write(self.document.add_paragraph(style="Subtitle")._p, line)

    def add(self, block: Block) -> None:
        """One block at the end of the document."""
        match block:
            case Heading():
                self.heading(block)
            case Paragraph():
                self.write(self.paragraph(_STYLES[block.style]), block.words)
            case Prose():
                for text in paragraphs(block):
                    span = Span(text, language=block.language)
                    self.write(self.paragraph("Quote" if block.is_quote else "Body Text"), span)
            case Points():
                self.points(block)
            case Table():
                self.table(block)
            case Facts():
                self.facts(block)
            case Contents():
                self.contents(block)
            case PageBreak():
                self.breaks = True

    def paragraph(self, style: str) -> Any:
        """A new paragraph at the end; it opens a page where a break was asked for."""
        made = self.document.add_paragraph(style=style)
        if self.stays:
            made.paragraph_format.keep_with_next = True
        if self.breaks:
            made.paragraph_format.page_break_before = True
            self.breaks = False
        return made._p

    def heading(self, block: Heading) -> None:
        paragraph = self.paragraph(f"Heading {min(max(block.level, 1), 4)}")
        self.heading_count += 1
        names = [self.mark(self.heading_count)]
        if block.anchor:
            names.append(_bookmark(block.anchor))
        for offset, name in enumerate(names):
            number = str(self.heading_count * 2 + offset)
            paragraph.append(element("w:bookmarkStart", id=number, name=name))
        self.write(paragraph, block.words)
        for offset in range(len(names)):
            paragraph.append(element("w:bookmarkEnd", id=str(self.heading_count * 2 + offset)))

    @staticmethod
    def mark(number: int) -> str:
        """The bookmark of a heading that the contents lead to."""
        return f"_Toc{number:08}"

    def points(self, block: Points) -> None:
        number = self.new_numbering() if block.is_numbered else 0
        for item in block.items:
            paragraph = self.paragraph("List Number" if block.is_numbered else "List Bullet")
            if number:
                numbering = element("w:numPr")
                numbering.append(element("w:ilvl", val="0"))
                numbering.append(element("w:numId", val=str(number)))
                paragraph.get_or_add_pPr().append(numbering)
            self.write(paragraph, item)

    def new_numbering(self) -> int:
        """A list that counts from 1 again."""
        numbering = self.document.part.numbering_part.element
        style = self.document.styles["List Number"].element
        base = style.pPr.numPr.numId.val
        abstract = numbering.num_having_numId(base).abstractNumId.val
        number = numbering.add_num(abstract)
        number.add_lvlOverride(ilvl=0).add_startOverride(1)
        return int(number.numId)

    def write(self, paragraph: Any, words: Words) -> None:
        """Put words into a paragraph element, with its direction."""
        pieces = list(spans(words))
        rightward = is_rightward("".join(piece.text for piece in pieces))
        if not rightward:
            paragraph.get_or_add_pPr().append(element("w:bidi"))
        for piece in pieces:
            inside = paragraph
            if piece.href:
                inside = self.link(piece.href)
                paragraph.append(inside)
            for run in self.runs(piece):
                inside.append(run)
            if piece.note:
                paragraph.append(self.note(piece.note))

    def link(self, href: str) -> Any:
        if href.startswith("#"):
            return element("w:hyperlink", anchor=_bookmark(href[1:]), history="1")
        number = self.document.part.relate_to(href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        made = element("w:hyperlink", history="1")
        made.set(qn("r:id"), number)
        return made

    def runs(self, piece: Span) -> list[Any]:
        """A run of text; line breaks within become breaks."""
        run, about = element("w:r"), element("w:rPr")
        if piece.href:
            about.append(element("w:rStyle", val="Hyperlink"))
        if piece.is_strong:
            about.append(element("w:b"))
            about.append(element("w:bCs"))
        if not is_rightward(piece.text):
            about.append(element("w:rtl"))
        language = language_of(piece.text, piece.language, self.paper.language)
        if language != self.paper.language:
            about.append(element("w:lang", val=language, bidi=language))
        if len(about):
            run.append(about)
        for number, line in enumerate(piece.text.split("\n")):
            if number:
                run.append(element("w:br"))
            text = element("w:t")
            text.text = line
            text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            run.append(text)
        return [run]

    def note(self, text: str) -> Any:
        language = language_of(text, "", self.paper.language)
        number = self.notes.add(text, is_rightward=is_rightward(text), language=language)
        run, about = element("w:r"), element("w:rPr")
        about.append(element("w:rStyle", val="FootnoteReference"))
        run.append(about)
        run.append(element("w:footnoteReference", id=str(number)))
        return run

    def table(self, block: Table) -> None:
        if block.caption:
            self.write(self.paragraph("Caption"), block.caption)
        weights = [column.weight for column in block.columns]
        table = self.new_table(weights, block.caption, has_head=True, least=[_least(*one) for one in _columns(block)])
        self.row(table, [Span(column.title, is_strong=True) for column in block.columns], block, is_head=True)
        for row in block.rows:
            self.row(table, row, block)
        self.after_table()

    def facts(self, block: Facts) -> None:
        longest = max((len(name) for name, _ in block.rows), default=0)
        names = min(1.0, _FACT_NAME * (longest + 2))  # as wide as the longest name, and never above a quarter
        table = self.new_table([names, 4.0 - names], block.caption, has_head=False)
        for name, words in block.rows:
            self.row(table, [Span(name, is_strong=True), words], None)
        self.after_table()

    def new_table(
        self, weights: Sequence[float], caption: str, *, has_head: bool, least: Sequence[int] | None = None
    ) -> Any:
        section = self.document.sections[0]
        room = (section.page_width - section.left_margin - section.right_margin) // 635  # twentieths of a point
        self.widths = _widths(room, weights, least or [0] * len(weights))
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in self.widths)
        look = (
            f'w:firstRow="{int(has_head)}" w:lastRow="0" w:firstColumn="1" w:lastColumn="0" w:noHBand="1" w:noVBand="1"'
        )
        table = parse_xml(
            f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="PaperTable"/><w:tblW w:w="{sum(self.widths)}" '
            f'w:type="dxa"/><w:tblLayout w:type="fixed"/><w:tblLook w:val="0000" {look}/></w:tblPr>'
            f"<w:tblGrid>{grid}</w:tblGrid></w:tbl>"
        )
        if caption:
            table.tblPr.append(element("w:tblCaption", val=caption))
        self.body.insert(len(self.body) - 1, table)  # before the section's own element
        return table

    def row(self, table: Any, cells: Sequence[Words], block: Table | None, *, is_head: bool = False) -> None:
        row, about = element("w:tr"), element("w:trPr")
        about.append(element("w:cantSplit"))
        if is_head:
            about.append(element("w:tblHeader"))
        if is_head or sum(len(plain(cell)) for cell in cells) < 400:
            row.append(about)  # long rows may break, or a page could stay empty
        for index, (words, width) in enumerate(zip(cells, self.widths, strict=True)):
            cell, properties = element("w:tc"), element("w:tcPr")
            properties.append(element("w:tcW", w=str(width), type="dxa"))
            cell.append(properties)
            paragraph = element("w:p")
            settings = element("w:pPr")
            settings.append(element("w:pStyle", val="TableText"))
            if is_head:
                settings.append(element("w:keepNext"))
            paragraph.append(settings)
            self.write(paragraph, words)
            if block is not None and block.columns[index].is_number:
                settings.append(element("w:jc", val="right"))
            cell.append(paragraph)
            row.append(cell)
        table.append(row)

    def after_table(self) -> None:
        """Word wants a paragraph between two tables; it also makes room."""
        self.document.add_paragraph(style="After Table")

    def contents(self, block: Contents) -> None:
        """A field that Word fills with page numbers; until then it holds the headings as links."""
        self.write(self.paragraph("Contents Heading"), block.title)
        listed = [(n, h) for n, h in enumerate(self.headings, 1) if h.level <= block.depth]
        begin = self.field("begin", dirty="true")
        code = element("w:r")
        text = element("w:instrText")
        text.text = f' TOC \\o "1-{block.depth}" \\h \\z \\u '
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        code.append(text)
        opening = [begin, code, self.field("separate")]
        for number, heading in listed:
            paragraph = self.paragraph(f"toc {min(max(heading.level, 1), 4)}")
            while opening:
                paragraph.append(opening.pop(0))
            link = element("w:hyperlink", anchor=self.mark(number), history="1")
            for span in spans(heading.words):
                for run in self.runs(Span(span.text, language=span.language)):
                    link.append(run)
            if not is_rightward(plain(heading.words)):
                paragraph.get_or_add_pPr().append(element("w:bidi"))
            paragraph.append(link)
        closing = self.paragraph("After Table") if not listed else paragraph
        while opening:
            closing.append(opening.pop(0))
        closing.append(self.field("end"))

    @staticmethod
    def field(kind: str, **more: str) -> Any:
        run = element("w:r")
        run.append(element("w:fldChar", fldCharType=kind, **more))
        return run

    def finish(self) -> bytes:
        self.notes.finish(self.document)
        raw, result = io.BytesIO(), io.BytesIO()
        self.document.save(raw)
        # The packer writes the present time beside each part: packed again, the same paper makes the same bytes.
        with zipfile.ZipFile(raw) as old, zipfile.ZipFile(result, "w") as new:
            for name in old.namelist():
                about = zipfile.ZipInfo(name, _ZIPPED_AT)
                about.external_attr = 0o600 << 16
                new.writestr(about, old.read(name), zipfile.ZIP_DEFLATED, 6)
        return result.getvalue()


def _bookmark(anchor: str) -> str:
    return "a_" + anchor.replace("-", "_")[:38]


def _columns(block: Table) -> Iterator[tuple[str, ...]]:
    """Each column's words: its title, then its cells."""
    for index, column in enumerate(block.columns):
        yield (column.title, *(plain(row[index]) for row in block.rows))


def _least(*cells: str) -> int:
    """The width, in twentieths of a point, at which no usual word of these is torn."""
    longest = max((len(word) for cell in cells for word in cell.split()), default=0)
    return _CELL_EDGES + _LETTER * min(longest, _MOST_LETTERS)


def _widths(room: int, weights: Sequence[float], least: Sequence[int]) -> list[int]:
    """The room shared by weight, but to each at least what it needs, if there is as much."""
    if sum(least) > room:
        least = [0] * len(weights)
    narrow: set[int] = set()
    while True:
        left = room - sum(least[one] for one in narrow)
        share = left / (sum(weight for one, weight in enumerate(weights) if one not in narrow) or 1)
        more = {one for one, weight in enumerate(weights) if one not in narrow and share * weight < least[one]}
        if not more:
            return [least[one] if one in narrow else int(share * weight) for one, weight in enumerate(weights)]
        narrow |= more
