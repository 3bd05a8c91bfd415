"""Footnotes of a Word document: the part of the file that python-docx does not know."""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_FIRST = 1  # -1 and 0 are the separators


class Footnotes:
    """Collects the notes of one document and writes their part at the end."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    def add(self, text: str, *, is_rightward: bool, language: str) -> int:
        """Keep a note; returns the id that its mark in the text refers to."""
        number = _FIRST + len(self._notes)
        way = "" if is_rightward else "<w:bidi/>"
        run = f"<w:rPr>{'' if is_rightward else '<w:rtl/>'}<w:lang w:val={quoteattr(language)}/></w:rPr>"
        self._notes.append(
            f'<w:footnote w:id="{number}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/>{way}</w:pPr>'
            '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>'
            f'<w:r>{run}<w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:footnote>'
        )
        return number

    def finish(self, document: Any) -> None:
        """Put the part into the document, if there are notes."""
        if not self._notes:
            return
        lines = "".join(
            f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:pPr><w:spacing w:after="0" w:line="240" '
            f'w:lineRule="auto"/></w:pPr><w:r><w:{mark}/></w:r></w:p></w:footnote>'
            for kind, number, mark in (
                ("separator", -1, "separator"),
                ("continuationSeparator", 0, "continuationSeparator"),
            )
        )
        head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        xml = f'{head}<w:footnotes xmlns:w="{_W}">{lines}{"".join(self._notes)}</w:footnotes>'
        part = Part(PackURI("/word/footnotes.xml"), _TYPE, xml.encode(), document.part.package)
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
