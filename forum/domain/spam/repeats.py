"""Repeats: the same text posted again, by this account or by others, known by fingerprints of the last weeks."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect
from forum.domain.spam.readings import Reading
from forum.models import SpamPrint

KEPT = timedelta(days=30)

_KEY: dict[str, Any] = {"subject_kind": sa.bindparam("kind"), "subject_id": sa.bindparam("subject_id")}


def _putting(insert: Any) -> Any:
    values: dict[str, Any] = {
        "author_id": sa.bindparam("author_id"),
        "fingerprint": sa.bindparam("fingerprint"),
        "created_at": sa.bindparam("created_at"),
    }
    statement = insert(SpamPrint).values(**_KEY, **values)
    return statement.on_conflict_do_update(
        index_elements=[SpamPrint.subject_kind, SpamPrint.subject_id],
        set_={"fingerprint": statement.excluded.fingerprint, "created_at": statement.excluded.created_at},
    )


_PUT = PerDialect(_putting)
_DROP = sa.delete(SpamPrint).where(
    SpamPrint.subject_kind == _KEY["subject_kind"], SpamPrint.subject_id == _KEY["subject_id"]
)
_FORGET = sa.delete(SpamPrint).where(SpamPrint.created_at < sa.bindparam("before"))
_SAME = (
    sa.select(
        sa.func.count().filter(SpamPrint.author_id == sa.bindparam("author_id")).label("own"),
        sa.func.count().filter(SpamPrint.author_id != sa.bindparam("author_id")).label("others"),
    )
    .where(SpamPrint.fingerprint == sa.bindparam("fingerprint"), SpamPrint.created_at >= sa.bindparam("since"))
    .where(
        sa.not_(
            sa.and_(SpamPrint.subject_kind == sa.bindparam("kind"), SpamPrint.subject_id == sa.bindparam("subject_id"))
        )
    )
)


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many other posts of the last weeks have the same text."""

    own: int = 0
    others: int = 0


def put(db: Connection, kind: str, subject_id: int, author_id: int, reading: Reading) -> None:
    """Remember the text of a post, instead of the one it had before an edit."""
    key = {"kind": kind, "subject_id": subject_id}
    if reading.fingerprint is None:
        db.execute(_DROP, key)
        return
    values = {"author_id": author_id, "fingerprint": reading.fingerprint, "created_at": now()}
    db.execute(_PUT(db), {**key, **values})


def of(db: Connection, kind: str, subject_id: int | None, author_id: int, reading: Reading) -> Repeats:
    """The posts with the same text; `subject_id` is the post itself, None for one that is being made."""
    if reading.fingerprint is None:
        return Repeats()
    key = {"fingerprint": reading.fingerprint, "author_id": author_id, "since": now() - KEPT}
    row = db.execute(_SAME, {**key, "kind": kind, "subject_id": subject_id or 0}).one()
    return Repeats(row.own, row.others)


def forget(db: Connection) -> None:
    """Delete fingerprints that are too old to matter."""
    db.execute(_FORGET, {"before": now() - KEPT})
