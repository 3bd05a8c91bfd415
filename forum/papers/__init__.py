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
from forum.papers.documents import as_docx
from forum.papers.markdowns import as_markdown
from forum.papers.prints import as_pdf
from forum.papers.workbooks import Field, Sheet, save_xlsx

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
