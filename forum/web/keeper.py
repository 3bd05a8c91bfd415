"""Who is visiting: sessions recognized from their cookie, kept while nothing changes, and noted as seen."""

import threading
from collections.abc import Hashable
from contextlib import suppress
from datetime import datetime

from forum.clock import now
from forum.db import Database, generation, is_remembering, remembered
from forum.domain import cases, sessions
from forum.domain.permissions import can
from forum.domain.sessions import Visitor
from forum.logs import Log
from forum.shelves import Shelf
from forum.signing import BadToken
from forum.web import security
from forum.web.visits import Visit

LOG = Log("forum.web")


class Keeper:
    """Recognizes visitors. Sightings are gathered here and written by a housekeeper: a GET changes no row."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: Shelf[str, tuple[Hashable, Visitor | None]] = Shelf(5_000)
        self._sightings: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def recognize(self, visit: Visit) -> None:
        """Set the visit's visitor from its session cookie, if the session lives."""
        visit.visitor, visit.queue_count, visit.loaded = None, None, None
        token = visit.token
        if not token or len(token) > 200:
            return
        db = visit.db
        mark = generation(db, "people")
        kept = self._kept.get(token)
        visitor = kept[1] if kept is not None and kept[0] == mark and mark is not None else None
        if visitor is None or not self._is_alive(visitor):
            visitor = sessions.find(db, token)
            visit.loaded = mark, visitor
            if is_remembering(db):
                self.keep(visit)
            if visitor is None or not self._is_alive(visitor):
                return
        visit.visitor = visitor
        if can(visitor.person, "case.list"):
            visit.queue_count = remembered(
                db, ("queue", visitor.person.id), lambda: cases.open_count(db, visitor.person)
            )
        self._sightings[visitor.session_id] = now()

    def keep(self, visit: Visit) -> None:
        """Keep the session that `recognize` had to load: after a change, only once the change is committed."""
        if visit.loaded is not None and visit.token:
            self._kept.put(visit.token, visit.loaded)

    def _is_alive(self, visitor: Visitor) -> bool:
        return visitor.is_alive(self._sightings.get(visitor.session_id))

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
