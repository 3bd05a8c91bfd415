"""The engine of one database: views for pages, transactions for changes, and the version of the data."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from forum.db import memory
from forum.db.writer import Writer
from forum.lane import Lane

T = TypeVar("T")
Work = Callable[[Connection], T]
UniqueViolation = IntegrityError
DatabaseTrouble = OperationalError
RETRIES = 5  # a unit that lost a race (deadlock, serialization) is done again this often
VIEW = "REPEATABLE READ"
_SNAPSHOT = sa.text("SELECT pg_current_snapshot()::text")


class Database:
    """One database, seen from one process. Cheap to make; nothing connects before the first use."""

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.path: Path | None = None
        if self.is_sqlite:
            self.path = Path(parsed.database or "forum.db").absolute()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.engine = sa.create_engine(parsed, pool_size=10, max_overflow=20)
            sa.event.listen(self.engine, "connect", _sqlite_connect)
            sa.event.listen(self.engine, "begin", _sqlite_begin)
        else:
            self.engine = sa.create_engine(parsed, pool_size=8, max_overflow=8, pool_recycle=1800)
        self.url = parsed
        # One view of the data for all statements of a page; PostgreSQL would else give each statement a newer one.
        self._reads = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level=VIEW)
        self._writes = self.engine.execution_options(begins="IMMEDIATE")
        self._manual = self.engine.execution_options(begins="")
        self._lane = Lane(self.path.with_name(self.path.name + ".lane")) if self.path else None
        self._writer: Writer | None = None
        self._lock = threading.Lock()
        self._local = threading.local()
        self._watcher: sqlite3.Connection | None = None

    @contextmanager
    def reading(self, version: Hashable = None) -> Iterator[Connection]:
        """A consistent view for one page. On SQLite each thread keeps one connection open for it.

        `version`, when given, is what version() said before: remembered() then shares work between pages.
        """
        if not self.is_sqlite:
            with self._reads.connect() as connection, connection.begin():
                yield from _remembering(connection, version)
            return
        kept, driver = getattr(self._local, "reader", None) or self._new_reader()
        if driver.in_transaction:  # a page within a page
            with self.engine.connect() as fresh, fresh.begin():
                yield fresh
            return
        driver.execute("BEGIN")
        try:
            try:
                yield from _remembering(kept, version)
            finally:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")  # it has read only
        except DBAPIError:
            self._drop_reader()
            raise

    def _new_reader(self) -> tuple[Connection, sqlite3.Connection]:
        # SQLAlchemy's own transaction stays open for good and says nothing to SQLite: we do, at a tenth of the cost.
        connection = self._manual.connect()
        connection.begin()
        self._local.reader = connection, connection.connection.dbapi_connection
        return self._local.reader  # type: ignore[no-any-return]

    def _drop_reader(self) -> None:
        if reader := getattr(self._local, "reader", None):
            self._local.reader = None
            reader[0].close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One unit of work that writes, in the caller's thread: committed at the block's end, undone if it raises."""
        with self._lane or _nothing(), self._writes.connect() as connection, connection.begin():
            yield connection

    def write(self, work: Work[T]) -> T:
        """Do a unit of work that writes; return when it is durable. On SQLite it joins the writer's next group."""
        if self.is_sqlite:
            done: Future[T] = Future()
            self._get_writer().submit(work, done)
            return done.result()
        return self._retried(work)

    async def write_async(self, work: Work[T]) -> T:
        """The same from the event loop, without blocking it."""
        loop = asyncio.get_running_loop()
        if not self.is_sqlite:
            return await loop.run_in_executor(None, self._retried, work)
        done: asyncio.Future[T] = loop.create_future()
        self._get_writer().submit(work, done)
        return await done

    def version(self) -> Hashable:
        """A value that changes whenever anybody, in any process, commits a change. Equal values mean equal data.

        SQLite: PRAGMA data_version of a connection that never writes. PostgreSQL: the text of pg_current_snapshot(),
        which names every transaction whose effects can be seen.
        """
        if self.path:
            if self._watcher is None:
                self._watcher = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            return self._watcher.execute("PRAGMA data_version").fetchone()[0]  # type: ignore[no-any-return]
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return connection.execute(_SNAPSHOT).scalar_one()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Finish what is waiting and let go of every connection."""
        with self._lock:
            if self._writer:
                self._writer.stop()
                self._writer = None
        if self._watcher:
            self._watcher.close()
            self._watcher = None
        self._drop_reader()
        self.engine.dispose()

    def _retried(self, work: Work[T]) -> T:
        for attempt in range(RETRIES):
            try:
                with self.transaction() as connection:
                    return work(connection)
            except OperationalError as error:
                if attempt + 1 == RETRIES or not (_lost_race(error) or error.connection_invalidated):
                    raise
        raise AssertionError("unreachable")

    def _get_writer(self) -> Writer:
        with self._lock:
            if self._writer is None:
                self._writer = Writer(self._manual, self._lane or _nothing())
            return self._writer


def _remembering(connection: Connection, version: Hashable) -> Iterator[Connection]:
    memory.begin(connection, version)
    try:
        yield connection
    finally:
        memory.end(connection)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _lost_race(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def _sqlite_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy, not the driver, says BEGIN
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=15000",
        "foreign_keys=ON",
        "cache_size=-4000",  # kB for each connection: what does not fit, the system keeps anyway
        "temp_store=MEMORY",
        "journal_size_limit=67108864",
        "wal_autocheckpoint=16000",  # pages; the writer copies them sooner and in a thread of its own
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get("begins", "DEFERRED")
    if kind:
        connection.exec_driver_sql(f"BEGIN {kind}")
