"""Spreadsheets of several sheets, written row by row in bounded memory; no text of them is ever run as a formula."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forum.text import tidy

MOST_ROWS = 1_048_575  # of a sheet, under its head; what is more goes on to a further sheet
MOST_CHARACTERS = 32_767  # of a cell
_MOST_NUMBER = 10**15  # whole numbers above lose digits in a spreadsheet: they are written as text
_CUT = " [cut: a cell holds no more]"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a sheet. `width` in characters. Aware datetimes are shown as dates in UTC."""

    title: str
    width: float = 12.0
    wraps: bool = False  # long texts take several lines, which makes rows high


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name (31 characters of it are kept), its columns, and its rows, which are read once."""

    name: str
    fields: Sequence[Field]
    rows: Iterable[Sequence[Any]]


def save_xlsx(path: Path, sheets: Iterable[Sheet], *, title: str, made_at: datetime, author: str = "") -> None:
    """Write the sheets to a file. The same sheets at the same `made_at` make the same bytes.

    Numbers are numbers, moments are dates, all else is text: nothing is taken for a formula or a link.
    """
    options: dict[str, Any] = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    options |= {"strings_to_numbers": False, "remove_timezone": True, "tmpdir": str(path.absolute().parent)}
    import xlsxwriter  # only where it is needed: the site starts sooner and smaller

    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": tidy(title), "author": tidy(author), "created": made_at.astimezone(UTC)})
        formats = {
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "text": book.add_format({"valign": "top"}),
            "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
            "number": book.add_format({"valign": "top"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top", "align": "left"}),
        }
        names: set[str] = set()
        for sheet in sheets:
            rows, part = iter(sheet.rows), 1
            while _write(book, _name(sheet.name, part, names), sheet.fields, rows, formats):
                part += 1


def _name(name: str, part: int, taken: set[str]) -> str:
    base = "".join(" " if letter in "[]:*?/\\" else letter for letter in tidy(name)).strip(" '") or "Sheet"
    number = part
    while True:
        end = f" {number}" if number > 1 else ""
        result = base[: 31 - len(end)] + end
        if result.lower() not in taken:
            taken.add(result.lower())
            return result
        number += 1


def _write(book: Any, name: str, fields: Sequence[Field], rows: Any, formats: dict[str, Any]) -> bool:
    """One sheet; says whether rows are left for another one."""
    page = book.add_worksheet(name)
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    for column, field in enumerate(fields):
        page.set_column(column, column, field.width)
    for column, field in enumerate(fields):
        page.write_string(0, column, field.title, formats["head"])
    styles = [formats["wrapped" if field.wraps else "text"] for field in fields]
    number = 0
    for number in range(1, MOST_ROWS + 1):
        row = next(rows, None)
        if row is None:
            number -= 1
            break
        for column, (value, style) in enumerate(zip(row, styles, strict=True)):
            _put(page, number, column, value, style, formats)
    if number:
        page.autofilter(0, 0, number, len(fields) - 1)
    return number == MOST_ROWS


def _put(page: Any, row: int, column: int, value: Any, style: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        page.write_datetime(row, column, value.astimezone(UTC), formats["moment"])
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        if abs(value) < _MOST_NUMBER:
            page.write_number(row, column, value, formats["number"])
        else:
            page.write_string(row, column, str(value), style)
    else:
        words = tidy(("no", "yes")[value] if isinstance(value, bool) else str(value))
        if len(words) > MOST_CHARACTERS:
            words = words[: MOST_CHARACTERS - len(_CUT)] + _CUT
        page.write_string(row, column, words, style)
