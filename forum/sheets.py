"""CSV as spreadsheets and programs read it: RFC 4180, UTF-8, formula cells made harmless."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from forum.text import csv_cell


def csv_lines(rows: Iterable[Iterable[Any]], *, batch: int = 200) -> Iterator[bytes]:
    """Rows as bytes, some hundred lines a piece, so that a million rows need no memory."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for number, row in enumerate(rows, 1):
        writer.writerow(map(csv_cell, row))
        if number % batch == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if rest := buffer.getvalue():
        yield rest.encode()
