"""Kinds of files: what each is called, what it holds, and how many ideas fit in one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. `most`: ideas in one file that is made for a page; documents have a page for each idea."""

    name: str
    label: str
    media_type: str
    most: int
    is_document: bool = False
    about: str = ""


MOST_PAGES = 300
MOST_ROWS = 10_000
_OFFICE = "application/vnd.openxmlformats-officedocument"

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("csv", "CSV", "text/csv; charset=utf-8", MOST_ROWS, about="A plain table for any program."),
        Kind("json", "JSON", "application/json; charset=utf-8", MOST_ROWS, about="For programs, with the method."),
        Kind("xlsx", "Excel", f"{_OFFICE}.spreadsheetml.sheet", MOST_ROWS, about="A spreadsheet with three sheets."),
        Kind(
            "docx",
            "Word",
            f"{_OFFICE}.wordprocessingml.document",
            MOST_PAGES,
            is_document=True,
            about="A document to edit.",
        ),
        Kind("pdf", "PDF", "application/pdf", MOST_PAGES, is_document=True, about="A document to read and print."),
        Kind(
            "md",
            "Markdown",
            "text/markdown; charset=utf-8",
            MOST_PAGES,
            is_document=True,
            about="A plain text with headings.",
        ),
    )
}
"""Name, which is also the ending of the file → kind."""


def too_many(kind: Kind) -> str:
    """Why a file can't hold more ideas, in a sentence that helps."""
    return (
        f"A file of this kind holds up to {kind.most:,} ideas, a page for each. For more, take CSV or Excel."
        if kind.is_document
        else f"A file from this page holds up to {kind.most:,} ideas. For all of them, use the command line."
    )
