"""Seals: what a snapshot says as canonical bytes, the digest over them, and the signature of this server.

The sealed record holds every figure of every idea, and of its words only a digest, salted so that nobody can guess
them. So the record can be public for good, also when the words of an idea had to be taken down (ADR 14).
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from forum.clock import from_microseconds, to_microseconds
from forum.signing import BadToken, Signer

PURPOSE = "snapshot"
FORM = 1  # of the sealed record; a later form gets the next number
KIND = "forum snapshot"
SEAL = "seal"
"""The name, among the names of files, that stands for the sealed record itself."""

FIGURES = (
    "rank", "score", "up", "down", "cast_up", "cast_down", "imported_up", "imported_down", "raw_up", "raw_down",
    "total_up", "total_down", "employee_up", "employee_down", "aside_up", "aside_down", "comment_count", "status",
    "is_by_employee", "community",
    "source", "source_id", "language",
)  # fmt: skip
"""Columns of an idea that stand in the sealed record under the same name."""


def canonical(value: Any) -> bytes:
    """JSON in the one form that is signed: keys in order, no spaces, UTF-8; no infinities (ValueError)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256(content: bytes) -> str:
    """The digest, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def words_digest(salt: str, title: str, body: str, why: str) -> str:
    """What the sealed record says instead of an idea's words."""
    return sha256(canonical({"body": body, "salt": salt, "title": title, "why": why}))


def moment_text(moment: datetime) -> str:
    """A moment to the microsecond, in UTC: scores are worked out from it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{to_microseconds(moment) % 1_000_000:06}Z"


def moment_of(text: str) -> datetime:
    """The same back from a record (ValueError if it is none)."""
    whole, _, rest = text.partition(".")
    seconds = datetime.fromisoformat(f"{whole}+00:00")
    return from_microseconds(to_microseconds(seconds) + int(rest.removesuffix("Z")))


def entry(row: Any) -> dict[str, Any]:
    """What the sealed record says about one idea; `row` has the columns of snapshot_ideas."""
    return {
        "id": row.idea_id,
        "author": row.author_id,
        "created_at": moment_text(row.created_at),
        "words": words_digest(row.salt, row.title, row.body, row.why),
        **{name: getattr(row, name) for name in FIGURES},
    }


def sign(signer: Signer, number: int, digest: str, made_at: datetime, what: str = SEAL) -> str:
    """This server's signature over a digest: of the sealed record, or of a file (`what` is its kind)."""
    return signer.sign(PURPOSE, _signed(number, digest, made_at, what))


def is_signed(signer: Signer, signature: str, number: int, digest: str, made_at: datetime, what: str = SEAL) -> bool:
    """Did this server, with the secret it has now, sign this digest for this snapshot?"""
    try:
        return signer.read(PURPOSE, signature) == _signed(number, digest, made_at, what)
    except BadToken:
        return False


def _signed(number: int, digest: str, made_at: datetime, what: str) -> dict[str, Any]:
    return {"number": number, "what": what, "sha256": digest, "made_at": moment_text(made_at)}
