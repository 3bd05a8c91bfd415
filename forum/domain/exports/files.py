"""Files of any kind from any selection: streams for tables, documents up to some hundred ideas."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from forum.clock import now
from forum.db import Connection
from forum.domain import formulas, rankings
from forum.domain.errors import Invalid
from forum.domain.exports import dossiers, tables
from forum.domain.exports.kinds import KINDS, Kind, too_many
from forum.domain.exports.reports import Cover, report
from forum.domain.exports.streams import as_csv, as_json, counted
from forum.domain.rankings import Selection
from forum.papers import as_docx, as_markdown, as_pdf

Tell = Callable[[int], object]
DOCUMENTS = {"docx": as_docx, "pdf": as_pdf, "md": as_markdown}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file comes from: the name of this site and its address, without a slash at the end."""

    site: str
    base_url: str


def address(selection: Selection, origin: Origin) -> str:
    """The address of a ranking."""
    return f"{origin.base_url}/rankings?{urlencode(rankings.as_values(selection))}"


def cover(db: Connection, selection: Selection, origin: Origin, count: int, made_at: datetime) -> Cover:
    """What the title page of a ranking says."""
    formula = formulas.get(selection.method)
    title = f"Ideas ranked by {formula.label.lower()}"
    sentences = rankings.in_words(db, selection)
    return Cover(title, origin.site, formula, sentences, made_at, count, address(selection, origin))


def check_length(kind: Kind, count: int) -> None:
    """Invalid if a document can't hold so many ideas."""
    if kind.is_document and count > kind.most:
        raise Invalid({"limit": too_many(kind)})


def write(
    path: Path, db: Connection, selection: Selection, name: str, origin: Origin, *, most: int | None, tell: Tell | None
) -> None:
    """Write a file of this kind to the path. Invalid for a document of more ideas than fit. Asks no rights."""
    if name == "xlsx":
        _write_table(path, db, selection, origin, most, tell)
        return
    with path.open("wb") as file:
        for chunk in chunks(db, selection, name, origin, most=most, tell=tell):
            file.write(chunk)


def chunks(
    db: Connection, selection: Selection, name: str, origin: Origin, *, most: int | None, tell: Tell | None = None
) -> Iterator[bytes]:
    """The bytes of any kind but a spreadsheet, which has to be written to a path."""
    kind = KINDS[name]
    if kind.is_document:
        yield _document(db, selection, kind, origin, most, tell)
        return
    rows = counted(rankings.records(db, selection, origin.base_url, most=most), tell)
    if name == "csv":
        yield from as_csv(rows)
        return
    about = {"in_words": rankings.in_words(db, selection), "address": address(selection, origin), "site": origin.site}
    yield from as_json(formulas.get(selection.method), rankings.as_values(selection), rows, about=about)


def _write_table(
    path: Path, db: Connection, selection: Selection, origin: Origin, most: int | None, tell: Tell | None
) -> None:
    made_at, count = now(), 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal count
        for count, row in enumerate(rankings.records(db, selection, origin.base_url, most=most), 1):  # noqa: B007
            yield row

    page = cover(db, selection, origin, 0, made_at)
    tables.save(path, page, counted(rows(), tell), count=lambda: count)


def _document(
    db: Connection, selection: Selection, kind: Kind, origin: Origin, most: int | None, tell: Tell | None
) -> bytes:
    wanted = kind.most + 1 if most is None else min(most, kind.most + 1)
    found = list(islice(rankings.records(db, selection, origin.base_url, most=wanted), wanted))
    check_length(kind, len(found))
    full: dict[int, dossiers.Dossier] = {}
    for row in counted(found, tell):
        full |= dossiers.of(db, [row["id"]], origin.base_url)
    return DOCUMENTS[kind.name](report(cover(db, selection, origin, len(found), now()), found, full))
