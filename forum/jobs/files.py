"""Files that take a while: what people asked for, and the files of new snapshots. Made outside of any transaction."""

import tempfile
import traceback
from pathlib import Path
from time import monotonic

from forum.db import Database
from forum.domain import exports, rankings, snapshots
from forum.domain.exports import orders
from forum.domain.exports.orders import Order
from forum.logs import Log
from forum.settings import Settings
from forum.signing import Signer

LOG = Log("forum.files")
PAUSE = 600.0  # seconds until a file of a snapshot that failed is tried again
_failed: dict[tuple[int, str], float] = {}  # what failed → when to try again


def make_due(database: Database, settings: Settings) -> int:
    """Make one file that somebody asked for and one of a snapshot, if any are due; says how many were made."""
    return _order(database) + _snapshot_file(database, settings)


def _order(database: Database) -> int:
    with database.reading() as db:
        if not orders.is_due(db):
            return 0
    order = database.write(orders.claim)
    if order is None:
        return 0
    made = None
    try:
        made = _made(database, order)
    except Exception:
        LOG.error("file failed", order=order.id, format=order.format, trace=traceback.format_exc())
    database.write(lambda db: orders.finish(db, order.id, made))
    return 1


def _made(database: Database, order: Order) -> bytes:
    def tell(number: int) -> None:
        database.write(lambda db: orders.touch(db, order.id, number))

    with tempfile.TemporaryDirectory() as folder, database.reading() as db:
        path = Path(folder) / order.name
        selection = rankings.read(db, order.given["selection"])
        most = order.given["most"]
        exports.write(path, db, selection, order.format, order.origin, most=most, tell=tell)
        return path.read_bytes()


def _snapshot_file(database: Database, settings: Settings) -> int:
    with database.reading() as db:
        due = [one for one in snapshots.wanting(db) if _failed.get(one, 0.0) <= monotonic()]
    if not due:
        return 0
    number, name = due[0]
    try:
        with database.reading() as db:
            content = snapshots.make(db, number, name, is_public=False)
    except Exception:
        _failed[due[0]] = monotonic() + PAUSE
        LOG.error("file of a snapshot failed", number=number, format=name, trace=traceback.format_exc())
        return 0
    signer = Signer(settings.secret)
    database.write(lambda db: snapshots.keep(db, signer, number, name, content))
    return 1
