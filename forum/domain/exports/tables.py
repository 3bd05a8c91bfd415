"""Rankings as spreadsheets: how they were made, the ranked ideas, and the columns explained."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from forum.domain.exports.reports import Cover
from forum.domain.exports.streams import read_iso
from forum.papers import Field, Sheet, save_xlsx

COLUMNS: dict[str, tuple[Field, str]] = {
    "rank": (Field("Rank", 6), "The place in this ranking, counted from 1."),
    "ref": (Field("Reference", 11), "The number of the idea for people and paper."),
    "title": (Field("Title", 60), "The title as it stands now."),
    "community": (Field("Community", 22), "The community, by the name in its address."),
    "author": (Field("Author", 20), "Who posted it, by their name on this forum."),
    "up": (Field("For", 9), "Votes for the idea that count in this ranking."),
    "down": (Field("Against", 9), "Votes against the idea that count in this ranking."),
    "net": (Field("Net", 9), "For less against."),
    "approval": (
        Field("Approval", 10),
        "The lower bound of the share of votes for, 0 to 1, with 95 percent certainty.",
    ),
    "score": (Field("Score", 12), "What the ideas are ordered by here."),
    "cast_up": (Field("Cast for", 10), "Of the votes for: cast on this forum."),
    "cast_down": (Field("Cast against", 10), "Of the votes against: cast on this forum."),
    "imported_up": (Field("Imported for", 10), "Of the votes for: totals from before this forum, without names."),
    "imported_down": (Field("Imported against", 10), "Of the votes against: totals from before, without names."),
    "raw_up": (Field("Raw for", 9), "All votes for, those that were set aside included."),
    "raw_down": (Field("Raw against", 9), "All votes against, those that were set aside included."),
    "comment_count": (Field("Comments", 10), "Comments that stand."),
    "status": (Field("Where it stands", 16), "What became of the idea so far."),
    "created_at": (Field("Posted", 17), "When it was posted, in UTC."),
    "url": (Field("Address", 50), "Where the idea is."),
    "source_id": (Field("Number at its source", 16), "Its number in the system that it came from."),
    "body": (Field("Text", 80), "The text as written, with its Markdown."),
    "why": (Field("Why it matters", 40), "What its author wrote under this heading."),
    "id": (Field("Number", 8), "The number of the idea in its address."),
    "is_by_employee": (Field("By employee", 10), "Whether a public employee posted it."),
    "total_up": (Field("Totals for", 10), "On the page of the idea: totals for, from before this forum."),
    "total_down": (Field("Totals against", 10), "On the page of the idea: totals against, from before this forum."),
    "employee_up": (Field("Employees for", 10), "On the page of the idea: votes for by public employees."),
    "employee_down": (Field("Employees against", 10), "On the page of the idea: votes against by public employees."),
    "aside_up": (Field("Aside for", 10), "Votes for that were set aside and do not count."),
    "aside_down": (Field("Aside against", 10), "Votes against that were set aside and do not count."),
    "source": (Field("Source", 12), "The system that it came from."),
    "language": (Field("Language", 9), "The language of its text, as a code."),
}
"""Field of a ranked idea → its column and what it means."""


NAMES = (
    "rank", "ref", "title", "community", "author", "up", "down", "net", "approval", "score", "cast_up", "cast_down",
    "imported_up", "imported_down", "raw_up", "raw_down", "comment_count", "status", "created_at", "url", "source_id",
    "body",
)  # fmt: skip
"""The columns of a live ranking, in their order."""


def save(
    path: Path,
    cover: Cover,
    rows: Iterable[Mapping[str, Any]],
    *,
    count: Callable[[], int],
    names: Sequence[str] = NAMES,
) -> None:
    """Write the spreadsheet in bounded memory; `rows` are read once, and `count` tells then how many they were."""

    def about() -> Iterator[tuple[str, str]]:
        yield from replace(cover, count=count()).rows()
        for number, sentence in enumerate(cover.sentences):
            yield "" if number else "Choice", sentence

    meanings = [(COLUMNS[name][0].title, COLUMNS[name][1]) for name in names]
    sheets = (
        Sheet("Ideas", [COLUMNS[name][0] for name in names], _cells(rows, names)),
        Sheet("How it was made", [Field("What", 16), Field("Value", 100, wraps=True)], about()),
        Sheet("Columns", [Field("Column", 22), Field("Meaning", 90)], meanings),
    )
    save_xlsx(path, sheets, title=cover.title, made_at=cover.made_at, author=cover.site)


def _cells(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> Iterator[list[Any]]:
    for row in rows:
        yield [read_iso(row[name]) if name == "created_at" else row.get(name) for name in names]
