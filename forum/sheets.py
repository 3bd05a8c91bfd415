"""CSV as spreadsheets and programs read it: RFC 4180, UTF-8, formula cells made harmless."""

from collections.abc import Iterable, Iterator
from typing import Any

from forum.text import csv_cell


def csv_lines(rows: Iterable[Iterable[Any]], *, batch: int = 200) -> Iterator[bytes]:
    """Rows as bytes, some hundred lines a piece, so that a million rows need no memory."""
    lines: list[str] = []
    for row in rows:
        cells = _cells(row)
        lines.append(",".join(cells) if len(cells) != 1 or cells[0] else '""')
        if len(lines) == batch:
            yield ("\r\n".join(lines) + "\r\n").encode()
            lines.clear()
    if lines:
        yield ("\r\n".join(lines) + "\r\n").encode()


def _cells(row: Iterable[Any]) -> list[str]:
    # In one loop without calls: a million rows have some twenty million cells. A cell that begins with a letter or a
    # digit is no formula. The csv module looks at every single character of long texts: it takes several times as long.
    cells: list[str] = []
    for value in row:
        kind = type(value)
        if kind is int or kind is float:
            cells.append(str(value))
            continue
        text = value if kind is str and value[:1].isalnum() else "" if value is None else str(csv_cell(value))
        if '"' in text:
            text = '"' + text.replace('"', '""') + '"'
        elif "," in text or "\n" in text or "\r" in text:
            text = f'"{text}"'
        cells.append(text)
    return cells
