"""Papers: neutral blocks written as Word documents, tagged PDF, Markdown and spreadsheets. They know no forum."""

from forum.papers.blocks import (
    Block,
    Column,
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
)
from forum.papers.markdowns import as_markdown
from forum.papers.prints import as_pdf
from forum.papers.workbooks import Field, Sheet, save_xlsx


def as_docx(paper: Paper) -> bytes:
    """The paper as a DOCX file. The same paper makes the same bytes."""
    from forum.papers import documents  # python-docx: only where it is needed, the site starts sooner and smaller

    return documents.as_docx(paper)


__all__ = [
    "Block",
    "Column",
    "Contents",
    "Facts",
    "Field",
    "Heading",
    "PageBreak",
    "Paper",
    "Paragraph",
    "Points",
    "Prose",
    "Sheet",
    "Span",
    "Table",
    "Words",
    "as_docx",
    "as_markdown",
    "as_pdf",
    "save_xlsx",
]
