"""Files of a snapshot. Each is made once, from the sealed record and its rows, and kept with its digest, signed.

Where words had to be taken down since, everybody gets a further edition without them, and the policy team alone the
first one. Nothing in a file is newer than the snapshot, so making an edition again gives the same bytes.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import formulas
from forum.domain.errors import NotFound
from forum.domain.exports import KINDS, as_csv, tables
from forum.domain.exports.dossiers import Dossier, told
from forum.domain.exports.files import DOCUMENTS
from forum.domain.exports.reports import Cover, report
from forum.domain.exports.streams import iso
from forum.domain.ideas import reference
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.snapshots import seals, views
from forum.models import Snapshot, SnapshotFile
from forum.signing import Signer
from forum.text import to_plain

GONE = "The words of this idea are not public any more."
MOST_PAGES = 300
FORMATS = tuple(KINDS)

_KEPT = sa.select(SnapshotFile.content).where(
    SnapshotFile.number == sa.bindparam("number"), SnapshotFile.format == sa.bindparam("format")
)
_MADE = sa.select(SnapshotFile.format, sa.func.length(SnapshotFile.content).label("size"), SnapshotFile.sha256).where(
    SnapshotFile.number == sa.bindparam("number")
)
_COUNTS = (
    sa.select(Snapshot.number, Snapshot.idea_count, sa.func.count(SnapshotFile.format).label("made"))
    .join_from(Snapshot, SnapshotFile, SnapshotFile.number == Snapshot.number, isouter=True)
    .group_by(Snapshot.number, Snapshot.idea_count)
    .order_by(Snapshot.number)
)


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is kept: its kind, its size in bytes, its digest."""

    format: str
    size: int
    sha256: str


def formats_of(idea_count: int) -> tuple[str, ...]:
    """The kinds of files that a snapshot of so many ideas has: documents only where they stay readable."""
    return tuple(name for name in FORMATS if idea_count <= MOST_PAGES or not KINDS[name].is_document)


def kept(db: Connection, number: int) -> list[Made]:
    """The files that are made already, in the order of FORMATS."""
    found = {row.format: Made(row.format, row.size, row.sha256) for row in db.execute(_MADE, {"number": number})}
    return [found[name] for name in FORMATS if name in found]


def wanting(db: Connection) -> list[tuple[int, str]]:
    """The files that are still to be made: number and format."""
    due = [row for row in db.execute(_COUNTS) if row.made < len(formats_of(row.idea_count))]
    result = []
    for row in due:
        there = {one.format for one in kept(db, row.number)}
        result += [(row.number, name) for name in formats_of(row.idea_count) if name not in there]
    return result


def make(db: Connection, number: int, name: str, *, is_public: bool) -> bytes:
    """Make a file from the sealed record and the rows. `is_public`: without the words that are hidden by now."""
    record = json.loads(views.content(db, number))
    view = views.get(db, number)
    ideas = views.ideas(db, number, most=record["idea_count"])
    hidden = frozenset(idea.row.idea_id for idea in ideas if idea.is_hidden) if is_public else frozenset()
    edition = _Edition(record, view, [idea.row for idea in ideas], hidden)
    return edition.made(name)


def keep(db: Connection, signer: Signer, number: int, name: str, content: bytes) -> bool:
    """Keep a file for good, with its digest and this server's signature. False if one is there already."""
    digest = seals.sha256(content)
    made_at = now()
    signature = seals.sign(signer, number, digest, made_at, name)
    return insert_once(
        db,
        SnapshotFile,
        number=number,
        format=name,
        content=content,
        sha256=digest,
        signature=signature,
        made_at=made_at,
    )


def hidden_count(db: Connection, number: int) -> int:
    """How many ideas of a snapshot have words that are not for everybody any more."""
    view = views.get(db, number)
    return sum(idea.is_hidden for idea in views.ideas(db, number, most=view.idea_count))


def download(db: Connection, user: Person | None, number: int, name: str, *, is_sealed: bool = False) -> bytes:
    """A file as this person may have it. NotFound while it is not made yet, and for kinds that there are not.

    `is_sealed`: the first edition, for the policy team, whatever was taken down since.
    """
    if is_sealed:
        require(user, "snapshot.read_sealed")
    view = views.get(db, number)
    if name not in formats_of(view.idea_count):
        raise NotFound("There is no such file of this snapshot.")
    if not is_sealed and hidden_count(db, number):
        return make(db, number, name, is_public=True)
    content = db.execute(_KEPT, {"number": number, "format": name}).scalar()
    if content is None:
        raise NotFound("This file is still being made. Please try again in a minute.")
    return bytes(content)


class _Edition:
    """All that goes into the files of a snapshot."""

    def __init__(
        self, record: dict[str, Any], view: views.SnapshotView, rows: Sequence[Any], hidden: frozenset[int]
    ) -> None:
        self.record, self.view, self.rows, self.hidden = record, view, rows, hidden
        self.base_url = record["address"].rpartition("/snapshots/")[0]
        self.makers: Mapping[str, Callable[[], bytes]] = {
            "csv": lambda: b"".join(as_csv(map(self.line, self.rows), FIELDS)),
            "json": self.json,
            "xlsx": self.table,
        }

    def made(self, name: str) -> bytes:
        if name in self.makers:
            return self.makers[name]()
        lines = [self.line(row) for row in self.rows]
        dossiers = {row.idea_id: self.dossier(row) for row in self.rows}
        return DOCUMENTS[name](report(self.cover(), lines, dossiers))

    def line(self, row: Any) -> dict[str, Any]:
        """One idea with FIELDS."""
        is_hidden = row.idea_id in self.hidden
        values = {
            "rank": row.rank,
            "id": row.idea_id,
            "ref": reference(row.idea_id),
            "title": GONE if is_hidden else row.title,
            "body": "" if is_hidden else row.body,
            "why": "" if is_hidden else row.why,
            "net": row.up - row.down,
            "created_at": iso(row.created_at),
            "url": f"{self.base_url}/ideas/{row.idea_id}",
        }
        return {name: values[name] if name in values else getattr(row, name) for name in FIELDS}

    def json(self) -> bytes:
        """The sealed record, its digest and signature, and the words, whose digests stand in the record."""
        words = [
            {"rank": row.rank, "hidden": True}
            if row.idea_id in self.hidden
            else {name: getattr(row, name) for name in ("rank", "title", "body", "why", "salt")}
            for row in self.rows
        ]
        whole = {"snapshot": self.record, "sha256": self.view.sha256, "signature": self.view.signature, "words": words}
        return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()

    def table(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "snapshot.xlsx"
            tables.save(path, self.cover(), map(self.line, self.rows), count=lambda: len(self.rows), names=FIELDS)
            return path.read_bytes()

    def cover(self) -> Cover:
        record = self.record
        facts = [
            ("Snapshot", str(record["number"])),
            ("SHA-256", self.view.sha256),
            ("Software", f"version {record['version']}"),
        ]
        return Cover(
            title=f"Snapshot {record['number']}: {record['title']}",
            site=record["site"],
            formula=formulas.get(record["method"]),
            sentences=[*record["in_words"], _PROOF, *([_EDITION] if self.hidden else [])],
            made_at=self.view.made_at,
            count=record["idea_count"],
            address=record["address"],
            facts=facts,
            comments=False,
        )

    def dossier(self, row: Any) -> Dossier:
        is_hidden = row.idea_id in self.hidden
        source = [
            (name, value) for name, value in (("Came from", row.source), ("Number there", row.source_id)) if value
        ]
        return Dossier(
            language=row.language,
            community=row.community,
            body=to_plain(row.body),
            why=to_plain(row.why),
            tallies=_tallies(row),
            is_by_employee=row.is_by_employee,
            source=source,
            gone=GONE if is_hidden else "",
        )


def _tallies(row: Any) -> list[tuple[str, int, int]]:
    """Whose votes the idea's own page counted at that moment, as domain/exports/dossiers.py says it."""
    return told(
        all_votes=(row.raw_up, row.raw_down),
        aside=(row.aside_up, row.aside_down),
        imported=(row.total_up, row.total_down),
        employees=(row.employee_up, row.employee_down),
    )


_PROOF = "This is a frozen list. Its record is sealed: who changes a figure or a word in it changes the SHA-256."
_EDITION = "Some words were taken down after the snapshot. This edition leaves them out. All figures are unchanged."

FIELDS = (
    "rank", "id", "ref", "title", "body", "why", "community", "is_by_employee", "up", "down", "net", "score", "cast_up",
    "cast_down", "imported_up", "imported_down", "raw_up", "raw_down", "total_up", "total_down", "employee_up",
    "employee_down", "aside_up", "aside_down", "comment_count", "status", "created_at", "url", "source", "source_id",
    "language",
)  # fmt: skip
"""The fields of an idea in the tables of a snapshot. There is no name: a file can't be called back."""
