"""Rankings as files: CSV and JSON, the same ideas in the same order as the pages, in bounded memory."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from forum.clock import now
from forum.db import Connection
from forum.domain import lists, records
from forum.domain.formulas import Formula
from forum.domain.lists import Filters
from forum.models import Idea
from forum.sheets import csv_lines

FIELDS = ("rank", *records.FIELDS, "score", "cast_up", "cast_down", "imported_up", "imported_down")
"""The fields of a ranked idea: its record, the score of the formula, and what of up and down was cast or imported."""

TOGETHER = 200  # ideas in a piece of JSON
_ROWS = records.ROWS.add_columns(Idea.imported_up, Idea.imported_down, Idea.trending, Idea.contested)

Chunks = Iterator[bytes]


def ranked(
    db: Connection, formula: Formula, filters: Filters, base_url: str, *, most: int | None = None
) -> Iterator[dict[str, Any]]:
    """Ideas in the order of the formula, each with its FIELDS; at most `most`. Asks no rights: see lists.find."""
    rank = 0
    for ids in lists.walk(db, replace(filters, sort=formula.sort), most=most):
        rows = {row.id: row for row in db.execute(_ROWS, {"ids": ids})}
        for row in (rows[idea_id] for idea_id in ids):
            rank += 1
            yield {
                "rank": rank,
                **records.record(row, base_url),
                "score": round(getattr(row, formula.column), 7),
                "cast_up": row.up - row.imported_up,
                "cast_down": row.down - row.imported_down,
                "imported_up": row.imported_up,
                "imported_down": row.imported_down,
            }


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
