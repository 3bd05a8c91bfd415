"""Rankings as files: CSV and JSON, the same ideas in the same order as the pages, in bounded memory."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from forum.clock import now
from forum.domain.formulas import Formula
from forum.domain.rankings import FIELDS
from forum.sheets import csv_lines

TOGETHER = 200  # ideas in a piece of JSON
TELLING = 500  # rows between two words about the progress
Chunks = Iterator[bytes]
Row = TypeVar("Row")


def as_csv(rows: Iterable[dict[str, Any]], fields: Sequence[str] = FIELDS) -> Chunks:
    """A head line and a line for each idea (RFC 4180); cells that a spreadsheet would run are made harmless."""

    def lines() -> Iterator[Iterable[Any]]:
        yield fields
        for row in rows:
            yield row.values()

    return csv_lines(lines())


def as_json(
    formula: Formula,
    filters: Mapping[str, str],
    rows: Iterable[dict[str, Any]],
    *,
    made_at: datetime | None = None,
    about: Mapping[str, Any] | None = None,
) -> Chunks:
    """One object: the formula, the filters as they were given, the moment, what else is said about it, the ideas."""
    rows = iter(rows)
    moment = iso(made_at or now())
    head = {"method": formula.name, "formula": formula.formula, "filters": dict(filters), "made_at": moment}
    yield (json.dumps(head | dict(about or {}), ensure_ascii=False)[:-1] + ', "ideas": [').encode()
    before = "\n"
    while part := list(islice(rows, TOGETHER)):
        yield (before + ",\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in part)).encode()
        before = ",\n"
    yield b"\n]}\n"


def iso(moment: datetime) -> str:
    """A moment as files write it: ISO 8601, UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def read_iso(text: str) -> datetime:
    """Such a moment back from a file."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def counted(rows: Iterable[Row], tell: Callable[[int], object] | None) -> Iterator[Row]:
    """The same rows; `tell` hears now and then how many there were, and at the end."""
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if tell and number % TELLING == 0:
            tell(number)
    if tell:
        tell(number)


def save(path: Path, make: Callable[[], Iterable[bytes]]) -> int:
    """Write a file whole or not at all, from pieces. Returns its bytes."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            for chunk in make():
                file.write(chunk)

    return save_by(path, write)


def save_by(path: Path, write: Callable[[Path], object]) -> int:
    """The same, by a function that writes to a path: under another name first, put in place when complete."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
    os.close(descriptor)
    part = Path(name)
    try:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)  # as any new file; mkstemp makes it for its owner alone
        size = part.stat().st_size
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return size
