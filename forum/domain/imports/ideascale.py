"""IdeaScale's exports: the ideas as CSV, and the comments as CSV (without threads, which that export loses)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from forum.domain.ideas import STATUSES
from forum.domain.imports.rows import CommentRow, IdeaRow, PlaceKey, digest
from forum.domain.imports.tables import BadRow, Progress, Row, Table
from forum.text import tidy_line

NAME = "ideascale"
NO_PLACE = "Without a campaign"
NO_NAME = "Name not given"

IDEAS_REQUIRED = ("Date/Time", "Idea ID", "Author", "Campaign", "Vote Up", "Vote Down", "Title", "Details")
IDEAS_KNOWN = (
    *IDEAS_REQUIRED,
    "Idea Number",
    "Stage",
    "Campaign Group",
    "Total Votes",
    "Comments",
    "Tags",
    "URL",
    "Attachments",
    "Owner",
    "Contributors",
    "Latitude",
    "Longitude",
    "Team",
    "Reviewscale",
    "Estimate ROI",
    "Pairwise Win %",
    "Fund Collected %",
    "Last Stage Change",
    "Private",
    "Annotations",
)
_HAS_A_COLUMN = frozenset(
    {"Date/Time", "Idea ID", "Idea Number", "Author", "Vote Up", "Vote Down", "Title", "Details", "Tags", "URL"}
)
COMMENTS_REQUIRED = ("Date", "Idea ID", "Author", "Comment")
COMMENTS_KNOWN = (*COMMENTS_REQUIRED, "Idea Number", "Attachments")

_STAGES = {
    **{label.casefold(): code for code, label in STATUSES.items()},
    **{code: code for code in STATUSES},
    "under review": "acknowledged",
    "in review": "acknowledged",
    "approved": "accepted",
    "implemented": "done",
    "completed": "done",
    "rejected": "declined",
    "not approved": "declined",
}
_DATE = re.compile(r"(\d{1,2})/([A-Za-z]{3})/(\d{4}|\d{2})(?: +(\d{1,2}):(\d{2})(?::(\d{2}))? *([AaPp])\.?[Mm]\.?)?")
_MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}  # fmt: skip
_NUMBER = re.compile(r"\d{1,9}")


class Files:
    """An export of ideas, and one of comments if there is one."""

    name = NAME

    def __init__(self, ideas: Path, comments: Path | None = None) -> None:
        self._ideas = Table(ideas, IDEAS_REQUIRED, IDEAS_KNOWN)
        self._comments = Table(comments, COMMENTS_REQUIRED, COMMENTS_KNOWN) if comments else None

    def size(self) -> int:
        """Bytes of both files."""
        return sum(table.path.stat().st_size for table in (self._ideas, self._comments) if table)

    def check(self, progress: Progress | None = None) -> None:
        """Read both files to their end. Raises Unreadable and OSError."""
        for table in (self._ideas, self._comments):
            if table:
                table.check(progress)

    def ideas(self, progress: Progress | None = None) -> Iterator[IdeaRow | BadRow]:
        """The ideas in the order of the file."""
        for row in self._ideas.rows(progress):
            yield row if isinstance(row, BadRow) else _idea(row)

    def comments(self, progress: Progress | None = None) -> Iterator[CommentRow | BadRow]:
        """The comments in the order of the file; none without a file."""
        for row in self._comments.rows(progress) if self._comments else ():
            yield row if isinstance(row, BadRow) else _comment(row)

    def notes(self) -> list[str]:
        """NUL bytes that were left out."""
        return [
            f"{table.path.name} has NUL bytes on line {table.nul_lines[0]}"
            + (f" and {len(table.nul_lines) - 1} more" if len(table.nul_lines) > 1 else "")
            + ". We left these bytes out and kept the rest."
            for table in (self._ideas, self._comments)
            if table and table.nul_lines
        ]

    def unknown_columns(self) -> dict[str, list[str]]:
        """Columns that IdeaScale's own exports do not have: custom fields, mostly."""
        tables = (self._ideas, self._comments)
        return {table.path.name: table.unknown for table in tables if table and table.unknown}


@lru_cache(maxsize=10_000)
def moment(text: str) -> datetime | None:
    """`18/Aug/20 9:48 PM` or `20/May/09`, taken as UTC since the export names no zone; None for anything else."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day, month, year = int(found[1]), _MONTHS.get(found[2].casefold()), int(found[3])
    hour = int(found[4] or 12) % 12 + (12 if (found[7] or "a") in "pP" else 0)
    if month is None or int(found[4] or 12) not in range(1, 13):
        return None
    try:
        return datetime(year if year > 99 else 2000 + year, month, day, hour, int(found[5] or 0), tzinfo=UTC)
    except ValueError:
        return None


def _idea(row: Row) -> IdeaRow | BadRow:
    cell = row.get
    source_id, title, created_at = cell("Idea ID"), tidy_line(cell("Title")), moment(cell("Date/Time"))
    up, down = _votes(cell("Vote Up")), _votes(cell("Vote Down"))
    if not source_id:
        return row.bad("The idea has no id.")
    if not title:
        return row.bad(f"Idea {source_id} has no title.")
    if created_at is None:
        return row.bad(f"The date {cell('Date/Time')!r} is not one like 18/Aug/20 9:48 PM.")
    if up is None or down is None:
        wrong = cell("Vote Up") if up is None else cell("Vote Down")
        return row.bad(f"The number of votes {wrong!r} is not a whole number from 0 on.")
    stage, filled = cell("Stage"), {column: value for column, value in row.cells.items() if value}
    return IdeaRow(
        file=row.file,
        line=row.line,
        source_id=source_id,
        number=cell("Idea Number"),
        title=title,
        body=cell("Details"),
        author=_name(cell("Author")),
        place=_place(cell("Campaign"), cell("Campaign Group")),
        tags=_tags(cell("Tags")),
        up=up,
        down=down,
        created_at=created_at,
        status=_STAGES.get(stage.casefold(), "open"),
        stage=stage,
        url=cell("URL"),
        is_private=cell("Private").casefold() in ("private", "yes", "true", "1"),
        hash=digest(filled),
        data={column: value for column, value in filled.items() if column not in _HAS_A_COLUMN},
    )


@lru_cache(maxsize=1000)
def _place(campaign: str, group: str) -> PlaceKey:
    return PlaceKey(tidy_line(campaign) or NO_PLACE, tidy_line(group))


@lru_cache(maxsize=10_000)
def _name(text: str) -> str:
    return tidy_line(text) or NO_NAME


@lru_cache(maxsize=10_000)
def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := tidy_line(part))))


def _comment(row: Row) -> CommentRow | BadRow:
    created_at = moment(row.get("Date"))
    if not row.get("Idea ID"):
        return row.bad("The comment names no idea.")
    if created_at is None:
        return row.bad(f"The date {row.get('Date')!r} is not one like 18/Aug/20 9:48 PM.")
    if not row.get("Comment"):
        return row.bad("The comment is empty.")
    author = _name(row.get("Author"))
    return CommentRow(
        file=row.file,
        line=row.line,
        idea=row.get("Idea ID"),
        author=author,
        body=row.get("Comment"),
        created_at=created_at,
        group=f"{row.get('Idea ID')}/{digest([author, row.get('Date')])[:16]}",
        hash=digest({column: value for column, value in row.cells.items() if value}),
    )


def _votes(text: str) -> int | None:
    if not text:
        return 0
    return int(text) if _NUMBER.fullmatch(text) else None
