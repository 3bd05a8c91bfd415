"""Checks of a snapshot: everything is worked out again from what is stored, and each finding is said in plain words."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain.errors import NotFound
from forum.domain.rankings.walks import SCORES
from forum.domain.snapshots import files, seals
from forum.models import Snapshot, SnapshotFile, SnapshotIdea
from forum.signing import Signer

CAMPS_FAR = 1e-3  # weights of camps are kept with few digits
_MOST_NAMED = 3  # of the ideas that differ
_SNAPSHOT = sa.select(*Snapshot.__table__.columns).where(Snapshot.number == sa.bindparam("number"))
_IDEAS = (
    sa.select(*SnapshotIdea.__table__.columns)
    .where(SnapshotIdea.number == sa.bindparam("number"))
    .order_by(SnapshotIdea.rank)
)
_FILES = sa.select(*SnapshotFile.__table__.columns).where(SnapshotFile.number == sa.bindparam("number"))
_DIGEST = sa.select(Snapshot.sha256, Snapshot.content).where(Snapshot.number == sa.bindparam("number"))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what, whether it holds, and what was found."""

    name: str
    holds: bool
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one snapshot."""

    number: int
    checks: Sequence[Check]

    @property
    def holds(self) -> bool:
        """Is everything as it was sealed?"""
        return all(check.holds for check in self.checks)


def verify(db: Connection, signer: Signer, number: int, *, file: bytes | None = None) -> Report:
    """Check a snapshot, and a file that somebody has of it. NotFound if there is no such snapshot."""
    snapshot = db.execute(_SNAPSHOT, {"number": number}).first()
    if snapshot is None:
        raise NotFound("There is no snapshot of this number.")
    rows = db.execute(_IDEAS, {"number": number}).all()
    made = db.execute(_FILES, {"number": number}).all()
    checks = list(_checks(db, signer, snapshot, rows, made))
    if file is not None:
        checks.append(_given(db, number, snapshot, made, file, is_whole=all(check.holds for check in checks)))
    return Report(number, checks)


def _checks(db: Connection, signer: Signer, snapshot: Any, rows: Sequence[Any], made: Sequence[Any]) -> Iterator[Check]:
    content = bytes(snapshot.content)
    is_digest = seals.sha256(content) == snapshot.sha256
    yield _check(
        "Digest",
        is_digest,
        f"The SHA-256 of the sealed record is {snapshot.sha256}.",
        "The sealed record does not match its SHA-256. It was changed.",
    )
    yield _check(
        "Signature",
        seals.is_signed(signer, snapshot.signature, snapshot.number, snapshot.sha256, snapshot.made_at),
        "The signature was made by this server.",
        "The signature does not match. The digest was changed, or the secret of this server is another one now.",
    )
    record = _read(content)
    is_form = record is not None and record.get("form") == seals.FORM and seals.canonical(record) == content
    yield _check(
        "Record",
        is_form and record is not None and _is_headed(snapshot, record),
        "What stands beside the record is the same as in it.",
        "What stands beside the record is not the same as in it.",
    )
    if record is None or not is_form:
        return
    ideas = record.get("ideas")
    if not isinstance(ideas, list) or not all(isinstance(entry, dict) for entry in ideas):
        ideas = []
    yield _rows(ideas, rows)
    yield _ranks(record, ideas, rows)
    yield _previous(db, record, snapshot.number)
    yield _files(signer, snapshot, made)


def _check(name: str, holds: bool, good: str, bad: str) -> Check:
    return Check(name, holds, good if holds else bad)


def _read(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _is_headed(snapshot: Any, record: Mapping[str, Any]) -> bool:
    names = ("number", "title", "method", "selection", "most", "idea_count", "version")
    return all(getattr(snapshot, name) == record.get(name) for name in names) and (
        seals.moment_text(snapshot.made_at) == record.get("made_at") and snapshot.made_by_id == record.get("made_by")
    )


def _rows(ideas: Sequence[Any], rows: Sequence[Any]) -> Check:
    """Each stored row against the record: figures one by one, words by their digest."""
    wrong = [
        row.rank for entry, row in zip(ideas, rows, strict=False) if seals.canonical(seals.entry(row)) != _plain(entry)
    ]
    holds = not wrong and len(ideas) == len(rows)
    named = ", ".join(str(rank) for rank in wrong[:_MOST_NAMED])
    bad = f"The stored ideas differ from the record at rank {named}." if wrong else "Ideas are missing, or too many."
    return _check("Ideas", holds, f"All {len(rows):,} stored ideas are as they were sealed, with their words.", bad)


def _plain(entry: Any) -> bytes:
    try:
        return seals.canonical(entry)
    except ValueError:
        return b""


def _ranks(record: Mapping[str, Any], ideas: Sequence[Any], rows: Sequence[Any]) -> Check:
    """Scores worked out again from the tallies by the formula, ranks from the scores; ties: the higher id first."""
    score = SCORES.get(str(record.get("method")))
    keys = [(row.score, row.idea_id) for row in rows]
    is_ordered = keys == sorted(keys, reverse=True) and [row.rank for row in rows] == list(range(1, len(rows) + 1))
    are_sums = all(
        row.up == row.cast_up + row.imported_up and row.down == row.cast_down + row.imported_down for row in rows
    )
    holds = bool(rows) and len(ideas) == len(rows) and is_ordered and are_sums
    if score is None:
        good = "The ranks follow from the scores, and the scores from the figures of the camps."
        exact, far = _by_camps(record, rows), CAMPS_FAR
    else:
        good, far = "Scores and ranks, worked out again from the votes, are the same.", 1e-9
        exact = [score(row.up, row.down, row.created_at) for row in rows]
    holds = holds and len(exact) == len(rows)
    holds = holds and all(
        math.isclose(a, row.score, rel_tol=1e-9, abs_tol=far) for a, row in zip(exact, rows, strict=True)
    )
    return _check("Ranks", holds, good, "Scores or ranks do not follow from the votes by the formula.")


def _by_camps(record: Mapping[str, Any], rows: Sequence[Any]) -> list[float]:
    """Consensus scores from the sealed figures of the camps: the product of their shares, each worked out again."""
    try:
        camps = {one["id"]: one["camps"] for one in record["model"]["ideas"]}
        return [
            math.prod((camp["weight_for"] + 1) / (camp["weight"] + 2) for camp in camps[row.idea_id]) for row in rows
        ]
    except (KeyError, TypeError):
        return []


def _previous(db: Connection, record: Mapping[str, Any], number: int) -> Check:
    """Each record names the digest of the one before, so none can be taken out or put between."""
    before = db.execute(_DIGEST, {"number": number - 1}).first()
    found = "" if before is None else seals.sha256(bytes(before.content))
    holds = record.get("previous") == found and (before is not None) == (number > 1)
    good = f"It follows snapshot {number - 1}, by its SHA-256." if number > 1 else "It is the first snapshot."
    return _check("Chain", holds, good, "The snapshot before it is gone or was changed.")


def _files(signer: Signer, snapshot: Any, made: Sequence[Any]) -> Check:
    wrong = [
        one.format
        for one in made
        if seals.sha256(bytes(one.content)) != one.sha256
        or one.format not in files.FORMATS
        or not seals.is_signed(signer, one.signature, snapshot.number, one.sha256, one.made_at, one.format)
    ]
    left = len(files.formats_of(snapshot.idea_count)) - len(made)
    good = f"All {len(made)} files are as they were made."
    if left > 0:
        good += f" {left} more are still to be made."
    return _check("Files", not wrong, good, f"These files were changed: {', '.join(sorted(wrong))}.")


def _given(db: Connection, number: int, snapshot: Any, made: Sequence[Any], file: bytes, *, is_whole: bool) -> Check:
    """Is this file, byte for byte, one of this snapshot?"""
    if not is_whole:
        return Check("Your file", False, "The snapshot itself does not hold, so nothing can be said of your file.")
    if file == bytes(snapshot.content):
        return Check("Your file", True, "Your file is the sealed record, byte for byte.")
    for one in made:
        if file == bytes(one.content):
            return Check("Your file", True, f"Your file is the {one.format} file of this snapshot, byte for byte.")
    if files.hidden_count(db, number):
        for name in files.formats_of(snapshot.idea_count):
            if file == files.make(db, number, name, is_public=True):
                words = f"Your file is the present {name} edition, without the words that were taken down."
                return Check("Your file", True, words)
    return Check("Your file", False, "Your file is not a file of this snapshot, or something in it was changed.")
