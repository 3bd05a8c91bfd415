"""Rankings as files: CSV and JSON, the same ideas in the same order as the pages, in bounded memory."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from forum.clock import now
from forum.domain.formulas import Formula
from forum.domain.rankings import FIELDS
from forum.sheets import csv_lines

TOGETHER = 200  # ideas in a piece of JSON
Chunks = Iterator[bytes]


def as_csv(rows: Iterable[dict[str, Any]]) -> Chunks:
    """A head line and a line for each idea (RFC 4180); cells that a spreadsheet would run are made harmless."""

    def lines() -> Iterator[Iterable[Any]]:
        yield FIELDS
        for row in rows:
            yield row.values()

    return csv_lines(lines())


def as_json(formula: Formula, filters: dict[str, str], rows: Iterable[dict[str, Any]]) -> Chunks:
    """One object: the formula, the filters as they were given, the moment, and the ideas."""
    rows = iter(rows)
    head = {"method": formula.name, "formula": formula.formula, "filters": filters, "made_at": _moment()}
    yield (json.dumps(head, ensure_ascii=False)[:-1] + ', "ideas": [').encode()
    before = "\n"
    while part := list(islice(rows, TOGETHER)):
        yield (before + ",\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in part)).encode()
        before = ",\n"
    yield b"\n]}\n"


def _moment() -> str:
    return now().isoformat(timespec="seconds").replace("+00:00", "Z")


def save(path: Path, make: Callable[[], Iterable[bytes]]) -> int:
    """Write a file whole or not at all: under another name first, put in place when complete. Returns its bytes."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
    part, size = Path(name), 0
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in make():
                size += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)  # as any new file; mkstemp makes it for its owner alone
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return size
