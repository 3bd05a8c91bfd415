"""Who is visiting: sessions recognized from their cookie, kept while nothing changes, and noted as seen."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from datetime import datetime

import structlog

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import cases, sessions
from forum.domain.permissions import can
from forum.domain.sessions import Visitor
from forum.signing import BadToken
from forum.web import security
from forum.web.visits import Visit

MOST_KEPT = 5_000
LOG = structlog.get_logger("forum.web")


class Keeper:
    """Recognizes visitors. Sightings are gathered here and written by a housekeeper: a GET changes no row."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, tuple[Hashable, Visitor | None, int | None]] = OrderedDict()
        self._sightings: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def recognize(self, visit: Visit, version: Hashable) -> None:
        """Set the visit's visitor from its session cookie, if the session lives."""
        visit.visitor, visit.queue_count = None, None
        token = visit.token
        if not token or len(token) > 200:
            return
        with self._lock:
            kept = self._kept.get(token)
        if version is not None and kept is not None and kept[0] == version:
            visitor, queue_count = kept[1], kept[2]
        else:
            visitor, queue_count = self._load(visit.db, token)
            if version is not None:
                with self._lock:
                    self._kept[token] = (version, visitor, queue_count)
                    while len(self._kept) > MOST_KEPT:
                        self._kept.popitem(last=False)
        if visitor is None or not visitor.is_alive(self._sightings.get(visitor.session_id)):
            return
        visit.visitor, visit.queue_count = visitor, queue_count
        self._sightings[visitor.session_id] = now()

    @staticmethod
    def _load(db: Connection, token: str) -> tuple[Visitor | None, int | None]:
        visitor = sessions.find(db, token)
        if visitor is None:
            return None, None
        is_staff = can(visitor.person, "case.list")
        return visitor, cases.open_count(db, visitor.person) if is_staff else None

    def write_sightings(self) -> None:
        """Write down who was seen since the last time."""
        with self._lock:
            sightings, self._sightings = self._sightings, {}
        if sightings:
            self._database.write(lambda db: sessions.note_seen(db, sightings))

    @staticmethod
    def open_flash(visit: Visit) -> None:
        """Take the message that the last page left for this one."""
        token = visit.cookies.get(security.FLASH_COOKIE)
        if token is None or visit.method != "GET" or visit.is_htmx:
            return
        with suppress(BadToken):
            visit.flash.append(visit.signer.read("flash", token, max_age_seconds=120))
        visit.set_cookies.append(security.set_cookie(security.FLASH_COOKIE, "", max_age=0))

    @staticmethod
    def log_trouble(path: str, trace: str) -> None:
        """Write down what went wrong; never shown to anybody outside."""
        LOG.error("request failed", path=path, trace=trace)
