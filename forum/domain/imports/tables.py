"""Tables as other systems export them: CSV read by header, a row at a time, with the line of everything wrong."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from forum.domain.errors import ForumError

LONGEST = 16_000_000
"""Characters of one field, bytes of one line: past that the file is none that can be read."""

Progress = Callable[[int], None]
"""Told how many bytes of a file have been read since the last time."""


class Unreadable(ForumError):
    """A file that can't be read to its end. Nothing of it is taken."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason} Nothing was imported.")
        self.file, self.line, self.reason = file, line, reason


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that can't be taken; the others can."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class Row(NamedTuple):
    """One row: the line it begins on, and what stands in each column (stripped; empty where there is nothing)."""

    file: str
    line: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """What stands in a column; empty where the file does not have it."""
        return self.cells.get(column, "")

    def bad(self, reason: str) -> BadRow:
        """This row, refused."""
        return BadRow(self.file, self.line, reason)


@dataclass(slots=True)
class Table:
    """A CSV file. `required`: columns without which it is another kind of file; `known`: all that the kind may have."""

    path: Path
    required: Sequence[str]
    known: Sequence[str]
    delimiter: str = ","
    columns: list[str] = field(default_factory=list)
    nul_lines: list[int] = field(default_factory=list)  # on which there were NUL bytes, which are left out

    @property
    def unknown(self) -> list[str]:
        """Columns of the file that its kind does not have. Known after the first row was read."""
        return [column for column in self.columns if column not in self.known]

    def rows(self, progress: Progress | None = None) -> Iterator[Row | BadRow]:
        """Every row, in order. Raises Unreadable where the file can't be read on, and OSError."""
        name = self.path.name
        for line, values in self._read(progress):
            yield self._row(name, line, values)

    def _read(self, progress: Progress | None) -> Iterator[tuple[int, list[str]]]:
        """The line on which each row begins, and its cells; none for rows that are empty."""
        name = self.path.name
        csv.field_size_limit(LONGEST)
        with self.path.open("rb") as file:
            lines = Lines(name, file, progress)
            self.nul_lines = lines.nul_lines
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            begins_on = 1
            try:
                self.columns = self._header(next(reader, None), name)
                begins_on = reader.line_num + 1
                for values in reader:
                    if len(values) < len(self.columns) and lines.is_cut_off:
                        raise Unreadable(name, begins_on, "The file ends in the middle of this row.")
                    if values:
                        yield begins_on, values
                    begins_on = reader.line_num + 1
            except csv.Error as error:
                raise Unreadable(name, begins_on, _sentence(error)) from None

    def check(self, progress: Progress | None = None) -> None:
        """Read the file to its end. Raises Unreadable and OSError."""
        for _ in self._read(progress):
            pass

    def _header(self, values: list[str] | None, name: str) -> list[str]:
        if values is None:
            raise Unreadable(name, 1, "The file is empty.")
        known = {column.casefold(): column for column in self.known}
        columns: list[str] = []
        for number, value in enumerate(values, 1):
            column = known.get(value.strip().casefold(), value.strip()) or f"Column {number}"
            same = sum(other == column or other.startswith(f"{column} (") for other in columns)
            columns.append(f"{column} ({same + 1})" if same else column)
        missing = [column for column in self.required if column not in columns]
        if missing:
            raise Unreadable(name, 1, f"These columns are missing: {', '.join(missing)}.")
        return columns

    def _row(self, name: str, line: int, values: list[str]) -> Row | BadRow:
        if len(values) > len(self.columns) and not any(values[len(self.columns) :]):
            values = values[: len(self.columns)]
        if len(values) != len(self.columns):
            return BadRow(name, line, f"The row has {len(values)} cells, but there are {len(self.columns)} columns.")
        return Row(name, line, dict(zip(self.columns, map(str.strip, values), strict=True)))


class Lines:
    """The lines of a file as text: UTF-8, with or without a byte-order mark. Raises Unreadable for anything else."""

    def __init__(self, name: str, file: BinaryIO, progress: Progress | None) -> None:
        self.name, self.file, self.progress = name, file, progress
        self.number, self.unreported = 0, 0
        self.nul_lines: list[int] = []
        self.is_cut_off = False  # the last line was read, and no line end stood after it

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        raw = self.file.readline(LONGEST)
        if not raw:
            self.tell()
            raise StopIteration
        self.number += 1
        self.unreported += len(raw)
        if self.unreported > 200_000:
            self.tell()
        self.is_cut_off = not raw.endswith(b"\n")
        if self.is_cut_off and len(raw) >= LONGEST:
            raise Unreadable(self.name, self.number, "This line is far too long. Is it a CSV file?")
        if self.number == 1:
            raw = self.opening(raw)
        if b"\0" in raw:
            raw = self.without_nul(raw)
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            place = f"Byte {error.start + 1} of this line is not UTF-8."
            raise Unreadable(self.name, self.number, f"{place} Please save the file as CSV in UTF-8.") from None

    def opening(self, raw: bytes) -> bytes:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Unreadable(self.name, 1, "The file is in UTF-16. Please save it as CSV in UTF-8.")
        if raw.startswith(b"PK\x03\x04"):
            raise Unreadable(self.name, 1, "This is a workbook or archive. Please save the sheet as CSV in UTF-8.")
        return raw.removeprefix(b"\xef\xbb\xbf")

    def without_nul(self, raw: bytes) -> bytes:
        # Single ones are left behind where a text was pasted in UTF-16; several in a row are a damaged or another file.
        if self.number == 1 or b"\0\0" in raw:
            raise Unreadable(self.name, self.number, "There are NUL bytes here. The file is damaged, or no CSV file.")
        self.nul_lines.append(self.number)
        return raw.replace(b"\0", b"")

    def tell(self) -> None:
        if self.progress and self.unreported:
            self.progress(self.unreported)
        self.unreported = 0


def _sentence(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "A quotation mark opens in this row, and none closes it. The file may be cut off."
    if "field larger" in text:
        return "A field is far too long. A quotation mark may be missing."
    if "expected after" in text:
        return "A quotation mark stands in the middle of a field. The file is not proper CSV."
    return f"This row is not proper CSV ({text})."
