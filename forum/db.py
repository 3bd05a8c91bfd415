"""The database: engine, transactions, the writer lane, and the few things that differ between SQLite and PostgreSQL."""

import asyncio
import queue
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection as Connection
from sqlalchemy.engine import Row as Row
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from forum.lane import Lane

T = TypeVar("T")
Work = Callable[[Connection], T]
UniqueViolation = IntegrityError
DatabaseTrouble = OperationalError
RETRIES = 5  # a unit that lost a race (deadlock, serialization) is done again this often


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
        self._writes = self.engine.execution_options(write=True)
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
            with self.engine.connect() as connection, connection.begin():
                yield from _with_version(connection, version)
            return
        kept: Connection | None = getattr(self._local, "reader", None)
        if kept is None:
            kept = self._local.reader = self.engine.connect()
        elif kept.in_transaction():  # a page within a page
            with self.engine.connect() as fresh, fresh.begin():
                yield fresh
            return
        try:
            with kept.begin():
                yield from _with_version(kept, version)
        except DBAPIError:
            self._local.reader = None
            kept.close()
            raise

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
        if reader := getattr(self._local, "reader", None):
            reader.close()
            self._local.reader = None
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

    def _get_writer(self) -> "Writer":
        with self._lock:
            if self._writer is None:
                self._writer = Writer(self._writes, self._lane or _nothing())
            return self._writer


def _with_version(connection: Connection, version: Hashable) -> Iterator[Connection]:
    connection.info["version"] = version
    try:
        yield connection
    finally:
        connection.info["version"] = None


MOST_REMEMBERED = 1_000
_remembered: OrderedDict[tuple[str, Hashable], tuple[Hashable, Any]] = OrderedDict()
MOST_REMEMBERED = 4_000


def address(db: Connection) -> str:
    """The database's address as text, worked out once for each connection."""
    address: str | None = db.info.get("address")
    if address is None:
        address = db.info["address"] = str(db.engine.url)
    return address


def is_remembering(db: Connection) -> bool:
    """Does remembered() keep anything here? In a page that knows the version of the data; never in a change."""
    return db.info.get("version") is not None


def remembered(db: Connection, key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, kept until anybody changes the database. In a write, or without a version, made anew."""
    version = db.info.get("version")
    if version is None:
        return make()
    full_key = (address(db), key)
    kept = _remembered.get(full_key)
    if kept is not None and kept[0] == version:
        return kept[1]  # type: ignore[no-any-return]
    made = make()
    _remembered.pop(full_key, None)
    _remembered[full_key] = (version, made)
    while len(_remembered) > MOST_REMEMBERED:
        with suppress(KeyError, RuntimeError):  # another thread is doing the same
            del _remembered[next(iter(_remembered))]
    return made


_SNAPSHOT = sa.text("SELECT pg_current_snapshot()::text")


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _lost_race(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


class Writer:
    """One thread, one connection: takes what is waiting, gives each unit a savepoint, commits them together."""

    GROUP = 64

    def __init__(self, engine: sa.Engine, lane: Any) -> None:
        self._engine, self._lane = engine, lane
        self._queue: queue.SimpleQueue[tuple[Work[Any], Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[Any], done: "Future[Any] | asyncio.Future[Any]") -> None:
        """Queue a unit of work; `done` gets its result, or its error, after the commit."""
        self._queue.put((work, done))

    def stop(self) -> None:
        """Do what is queued, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group, stopping = [first], False
            while len(group) < self.GROUP:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    stopping = True
                    break
                group.append(item)
            self._commit(group)
            if stopping:
                return

    def _commit(self, group: list[tuple[Work[Any], Any]]) -> None:
        results: list[tuple[Any, Any, BaseException | None]] = []
        try:
            with self._lane, self._engine.connect() as connection, connection.begin():
                for work, done in group:
                    results.append(self._one(connection, work, done))
        except BaseException as error:  # the commit failed: nobody's work is kept, everybody hears of it
            results = [(done, None, error) for _, done in group]
        _deliver(results)

    @staticmethod
    def _one(connection: Connection, work: Work[Any], done: Any) -> tuple[Any, Any, BaseException | None]:
        try:
            with connection.begin_nested():
                return done, work(connection), None
        except BaseException as error:  # this unit's savepoint is rolled back, its neighbors stay
            if not connection.in_transaction() or connection.invalidated:
                raise
            return done, None, error


def _deliver(results: list[tuple[Any, Any, BaseException | None]]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any, BaseException | None]]] = {}
    for result in results:
        if isinstance(result[0], Future):
            _settle([result])
        else:
            loops.setdefault(result[0].get_loop(), []).append(result)
    for loop, theirs in loops.items():
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(_settle, theirs)


def _settle(results: list[tuple[Any, Any, BaseException | None]]) -> None:
    for done, value, error in results:
        if done.cancelled():
            continue
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)


class PerDialect:
    """A statement that is written differently on the two databases, built once for each.

    `build` gets the dialect's own insert(); ask with `statement(db)`.
    """

    def __init__(self, build: Callable[[Callable[..., Any]], Any]) -> None:
        self._sqlite, self._postgresql = build(sqlite.insert), build(postgresql.insert)

    def __call__(self, db: Connection) -> Any:
        return self._sqlite if is_sqlite(db) else self._postgresql


def is_sqlite(db: Connection) -> bool:
    """Is this connection one to SQLite?"""
    return db.dialect.name == "sqlite"


def insert_once(db: Connection, table: type[Any], **values: Any) -> bool:
    """Insert a row unless one with the same key is there; say whether it was new. Races are settled by the key."""
    insert = sqlite.insert if is_sqlite(db) else postgresql.insert
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(sa.literal(1))
    return db.execute(statement).first() is not None


def insert(db: Connection, table: type[Any], **values: Any) -> int:
    """Insert a row and return its id."""
    return int(db.execute(sa.insert(table).values(**values)).inserted_primary_key[0])  # type: ignore[index]


def take_ids(db: Connection, table: type[Any], count: int) -> list[int]:
    """Ids for rows that will be inserted in bulk in this transaction, and that nobody else gets."""
    if is_sqlite(db):  # the write transaction holds everything
        last = db.execute(sa.select(sa.func.max(table.id))).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    sequence = sa.func.pg_get_serial_sequence(table.__tablename__, "id")
    numbers = sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, count))
    return list(db.execute(numbers).scalars())


def cache_more(db: Connection, megabytes: int = 64) -> None:
    """Let this connection keep more of the database in memory: for work that touches all of it. SQLite only."""
    if is_sqlite(db):
        db.exec_driver_sql(f"PRAGMA cache_size=-{megabytes * 1000}")


def insert_many(db: Connection, table: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, three times as fast as one by one: for loaders of many thousands.

    Columns that are not named get their default, or null.
    """
    if not rows:
        return
    plan = _insert_plan(db.dialect, table, frozenset(rows[0]))  # type: ignore[arg-type]  # classes are hashable
    columns = [
        map(process, values) if process else values
        for name, default, process in plan.columns
        for values in [[row[name] for row in rows] if name in rows[0] else [default] * len(rows)]
    ]
    db.exec_driver_sql(plan.statement, list(zip(*columns, strict=True)))


@dataclass(frozen=True, slots=True)
class _InsertPlan:
    statement: str
    columns: list[tuple[str, Any, Callable[[Any], Any] | None]]  # name, default, what makes it a value of the driver


@lru_cache(maxsize=64)
def _insert_plan(dialect: sa.Dialect, table: type[Any], names: frozenset[str]) -> _InsertPlan:
    columns: list[tuple[str, Any, Callable[[Any], Any] | None]] = []
    for column in table.__table__.columns:
        default = column.default.arg if column.default is not None and column.default.is_scalar else None
        if column.name in names or default is not None:
            processor = column.type.dialect_impl(dialect).bind_processor(dialect)
            columns.append((column.name, default, processor))
    quote = dialect.identifier_preparer.quote
    mark = "?" if dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(columns))
    named = ", ".join(quote(name) for name, _, _ in columns)
    statement = f"INSERT INTO {quote(table.__tablename__)} ({named}) VALUES ({marks})"  # noqa: S608 - our own names
    return _InsertPlan(statement, columns)


def after_key(columns: Mapping[Any, Any], *, descending: bool = True) -> sa.ColumnElement[bool]:
    """The rows behind a key, for keyset paging: (a, b) < (:a, :b), or > when ascending."""
    left, right = sa.tuple_(*columns.keys()), sa.tuple_(*columns.values())
    return left < right if descending else left > right


def lock_row(statement: sa.Select[Any], *, of: Any = None) -> sa.Select[Any]:
    """The select, with its row locked until the commit (on SQLite the write transaction holds everything anyway)."""
    return statement.with_for_update(of=of)


def _sqlite_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy, not the driver, says BEGIN
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=15000",
        "foreign_keys=ON",
        "cache_size=-16000",
        "temp_store=MEMORY",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
