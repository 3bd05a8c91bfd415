"""CSV as spreadsheets and programs read it: RFC 4180, UTF-8, formula cells made harmless."""

from collections.abc import Iterable, Iterator
from typing import Any

from forum.text import csv_cell


def csv_lines(rows: Iterable[Iterable[Any]], *, batch: int = 200) -> Iterator[bytes]:
    """Rows as bytes, some hundred lines a piece, so that a million rows need no memory."""
    lines: list[str] = []
    for row in rows:
        # A cell that begins with a letter or a digit is no formula. The csv module looks at every single character of
        # long texts, which takes several times as long as a million rows may take.
        cells = [
            str(value)
            if (kind := type(value)) is int or kind is float
            else _quoted(value)
            if kind is str and value[:1].isalnum()
            else ""
            if value is None
            else _quoted(str(csv_cell(value)))
            for value in row
        ]
        lines.append(",".join(cells) if len(cells) != 1 or cells[0] else '""')
        if len(lines) == batch:
            yield ("\r\n".join(lines) + "\r\n").encode()
            lines.clear()
    if lines:
        yield ("\r\n".join(lines) + "\r\n").encode()


def _quoted(text: str) -> str:
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text or "\n" in text or "\r" in text else text
