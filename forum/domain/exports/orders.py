"""Orders: files that take a while, made by a worker while the person waits or does something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import rankings
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.exports.files import Origin
from forum.domain.exports.kinds import KINDS, too_many
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.rankings import Selection
from forum.models import FileOrder

KEPT = timedelta(days=1)
SILENCE = timedelta(minutes=6)
"""After so long without a word a worker has died, and another one may begin again."""

MOST_OPEN = 3  # orders of one person that wait or are being made

_COLUMNS = tuple(column for column in FileOrder.__table__.columns if column.name != "content")
_open = FileOrder.stage.in_(("waiting", "working"))
_OPEN = sa.select(sa.func.count()).select_from(FileOrder).where(FileOrder.user_id == sa.bindparam("user_id"), _open)
_MINE = sa.select(*_COLUMNS).where(FileOrder.user_id == sa.bindparam("user_id"))
_ONE = _MINE.where(FileOrder.id == sa.bindparam("order_id"))
_ALL = _MINE.order_by(FileOrder.id.desc())
_CONTENT = sa.select(FileOrder.content).where(FileOrder.id == sa.bindparam("order_id"), FileOrder.stage == "done")
_due = sa.or_(
    FileOrder.stage == "waiting",
    sa.and_(FileOrder.stage == "working", FileOrder.touched_at < sa.bindparam("silent_since")),
)
_DUE = sa.select(FileOrder.id).where(_due).order_by(FileOrder.id).limit(1)
_CLAIM = (
    sa.update(FileOrder)
    .where(FileOrder.id == sa.bindparam("the_order"), _due)
    .values(stage="working", touched_at=sa.bindparam("moment"))
    .returning(*_COLUMNS)
)
_TOUCH = (
    sa.update(FileOrder)
    .where(FileOrder.id == sa.bindparam("the_order"), FileOrder.stage == "working")
    .values(done_count=sa.bindparam("number"), touched_at=sa.bindparam("moment"))
)
_END = (
    sa.update(FileOrder)
    .where(FileOrder.id == sa.bindparam("the_order"), FileOrder.stage == "working")
    .values(stage=sa.bindparam("end"), content=sa.bindparam("bytes"), touched_at=sa.bindparam("moment"))
)
_FORGET = sa.delete(FileOrder).where(FileOrder.touched_at < sa.bindparam("before"))


@dataclass(frozen=True, slots=True)
class Order:
    """A file that was asked for. `stage`: waiting, working, done, failed."""

    id: int
    user_id: int
    name: str
    format: str
    given: Mapping[str, Any]
    stage: str
    done_count: int
    total: int
    asked_at: datetime
    touched_at: datetime

    @property
    def is_open(self) -> bool:
        return self.stage in ("waiting", "working")

    @property
    def origin(self) -> Origin:
        return Origin(self.given["site"], self.given["base_url"])


def ask(db: Connection, user: Person | None, origin: Origin, selection: Selection, name: str, most: int) -> int:
    """Ask for a file of the first `most` ideas of a ranking; returns the id of the order.

    Invalid for a kind that there is not or more ideas than fit; Conflict while MOST_OPEN files are being made.
    """
    user = require(user, "ranking.export")
    kind = KINDS.get(name)
    if kind is None:
        raise Invalid({"format": "Please choose a kind of file."})
    if most > kind.most:
        raise Invalid({"limit": too_many(kind)})
    if db.execute(_OPEN, {"user_id": user.id}).scalar_one() >= MOST_OPEN:
        raise Conflict(f"We are making {MOST_OPEN} files for you. Please wait until one is ready.")
    moment = now()
    given = {"site": origin.site, "base_url": origin.base_url, "most": most, "selection": rankings.as_values(selection)}
    return insert(
        db,
        FileOrder,
        user_id=user.id,
        name=f"ranking-{selection.method}-{moment:%Y-%m-%d}.{name}",
        format=name,
        given=given,
        stage="waiting",
        done_count=0,
        total=most,
        asked_at=moment,
        touched_at=moment,
    )


def get(db: Connection, user: Person | None, order_id: int) -> Order:
    """One's own order. NotFound for those of others, and for those that were forgotten."""
    user = require(user, "ranking.export")
    row = db.execute(_ONE, {"user_id": user.id, "order_id": order_id}).first()
    if row is None:
        raise NotFound("There is no such file. We keep files for a day.")
    return Order(**row._mapping)


def mine(db: Connection, user: Person | None) -> list[Order]:
    """One's own orders, the newest first."""
    user = require(user, "ranking.export")
    return [Order(**row._mapping) for row in db.execute(_ALL, {"user_id": user.id})]


def content(db: Connection, user: Person | None, order_id: int) -> bytes:
    """The whole file. NotFound until it is done."""
    get(db, user, order_id)
    found = db.execute(_CONTENT, {"order_id": order_id}).scalar()
    if found is None:
        raise NotFound("This file is not ready yet.")
    return bytes(found)


def is_due(db: Connection) -> bool:
    """Does a file wait for a worker?"""
    return db.execute(_DUE, {"silent_since": now() - SILENCE}).first() is not None


def claim(db: Connection) -> Order | None:
    """Take the next file to be made; no two workers get the same one."""
    moment = now()
    silent = {"silent_since": moment - SILENCE}
    order_id = db.execute(_DUE, silent).scalar()
    if order_id is None:
        return None
    row = db.execute(_CLAIM, {"the_order": order_id, "moment": moment, **silent}).first()
    return None if row is None else Order(**row._mapping)


def touch(db: Connection, order_id: int, number: int) -> None:
    """So many ideas are done."""
    db.execute(_TOUCH, {"the_order": order_id, "number": number, "moment": now()})


def finish(db: Connection, order_id: int, made: bytes | None) -> None:
    """The file is whole, or (None) it could not be made."""
    end = "failed" if made is None else "done"
    db.execute(_END, {"the_order": order_id, "end": end, "bytes": made, "moment": now()})


def forget(db: Connection) -> int:
    """Housekeeping: files that nobody needs any more."""
    return db.execute(_FORGET, {"before": now() - KEPT}).rowcount
