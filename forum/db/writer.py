"""The writer of SQLite: one thread that takes what is waiting and commits it together."""

import asyncio
import queue
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from forum.db import memory
from forum.db.prepared import say
from forum.logs import Log

T = TypeVar("T")
Work = Callable[[Connection], Any]
Unit = tuple[Work, Any]
PutOff = Callable[[Connection], bool]
Result = tuple[Any, Any, BaseException | None]  # whom to tell, the value, the error

LOG = Log("forum.db")

PAUSE = 0.1  # seconds; in a flood, work that is put off gets its turn this often at most
SHARE = 0.1  # of the writer's time; in a flood, work that is put off gets no more
CHECKPOINT = 0.25  # seconds between two looks at the log, in a thread of its own, so that commits need not wait for it
LULL = 0.02  # seconds without anything to do, after which what was put off goes on
CACHE = 16_000  # kilobytes of the database's pages: votes come back to the same ones
CALM, BURST = 50.0, 20.0  # units a second, and units at once: more is a flood


def put_off(db: Connection, work: PutOff) -> bool:
    """Have the writer do this work once for all that ask for it: at the end of the group, in a flood a little later.

    `work` gets the connection and says whether more is left to do; what it does is to be found from the rows alone, as
    it may also be done after a crash. False where nobody can: then it is to be done at once. (SQLite; see ADR 8.)
    """
    waiting: dict[PutOff, None] | None = db.info.get("put_off")
    if waiting is None:
        return False
    waiting[work] = None
    return True


class _Pace:
    """Tells a flood from usual times, and how often work that is put off gets its turn in one.

    A bucket holds BURST units and fills by CALM a second; while it is empty, there is a flood.
    """

    def __init__(self) -> None:
        self._room, self._seen = BURST, time.monotonic()
        self._next_turn = 0.0

    def is_flood(self, units: int) -> bool:
        """Are these units, which came just now, part of a flood?"""
        moment = time.monotonic()
        self._room = min(BURST, self._room + (moment - self._seen) * CALM) - units
        self._seen = moment
        if self._room > 0:
            return False
        self._room = 0.0
        return True

    def is_due(self) -> bool:
        """Has put off work waited long enough, even though the flood goes on?"""
        return time.monotonic() >= self._next_turn

    def took_turn(self, began: float) -> None:
        """Put off work had its turn from then until now."""
        moment = time.monotonic()
        self._next_turn = moment + max(PAUSE, (moment - began) * (1 / SHARE - 1))


class Writer:
    """One thread, one connection: takes what is waiting, gives each unit a savepoint, commits them together."""

    GROUP = 64

    def __init__(self, engine: sa.Engine, lane: Any) -> None:
        """`engine`: one whose connections say no BEGIN by themselves."""
        self._engine, self._lane = engine, lane
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._put_off: dict[PutOff, None] = {}
        self._pace = _Pace()
        self._committed, self._ended = threading.Event(), threading.Event()
        self._copier = threading.Thread(target=self._copy_log, name="checkpoints", daemon=True)
        self._copier.start()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: "Future[Any] | asyncio.Future[Any]") -> None:
        """Queue a unit of work; `done` gets its result, or its error, after the commit."""
        self._queue.put((work, done))

    def stop(self) -> None:
        """Do what is queued or put off, then end the thread."""
        self._queue.put(None)
        self._thread.join()
        self._ended.set()
        self._committed.set()
        self._copier.join()

    def _copy_log(self) -> None:
        """Copy the log into the database beside the commits. The writer has to only where this does not keep up."""
        while True:
            self._committed.wait()
            self._committed.clear()  # before the look at the end: `stop` sets that first, so it is never missed
            if self._ended.wait(CHECKPOINT):
                return
            with suppress(DBAPIError), self._engine.connect() as connection:
                say(connection, "PRAGMA wal_checkpoint(PASSIVE)")

    def _run(self) -> None:
        stopping = False
        while not stopping or self._put_off:
            group, ends = self._next_group(stopping)
            stopping = stopping or ends
            is_flood = self._pace.is_flood(len(group))
            if group:
                _deliver(self._commit(group, goes_on=not is_flood))
            if self._put_off and (stopping or not group or self._pace.is_due()):
                self._take_turn()
        self._let_go()

    def _next_group(self, stopping: bool) -> tuple[list[Unit], bool]:
        """What waits, up to GROUP units, and whether that is the end. Waits for the first, unless work is put off."""
        group: list[Unit] = []
        try:
            item = self._queue.get(timeout=0 if stopping else LULL if self._put_off else None)
            while item is not None:
                group.append(item)
                if len(group) == self.GROUP:
                    return group, False
                item = self._queue.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _commit(self, group: list[Unit], *, goes_on: bool) -> list[Result]:
        """Do these units; `goes_on`: and what is put off, with the same commit."""
        left = dict[PutOff, None]()

        def do(connection: Connection, driver: Any) -> list[Result]:
            results = [_one(connection, driver, work, done) for work, done in group]
            left.update(self._go_on(connection, driver) if goes_on else self._put_off)
            return results

        try:
            results = self._in_transaction(do)
        except BaseException as error:  # the commit failed: nobody's work is kept, everybody hears of it
            self._put_off.clear()
            self._let_go()
            return [(done, None, error) for _, done in group]
        self._keep(left)
        return results

    def _take_turn(self) -> None:
        """Give what was put off a transaction of its own. If it fails it is forgotten here, but its rows are not."""
        began, left = time.monotonic(), dict[PutOff, None]()
        try:
            left = self._in_transaction(self._go_on)
        except Exception:  # whatever it is: many wait for this thread
            LOG.error("work that was put off could not be done", trace=traceback.format_exc())
            self._let_go()
        self._keep(left)
        self._pace.took_turn(began)

    def _in_transaction(self, do: Callable[[Connection, Any], T]) -> T:
        with self._lane:
            connection = self._connection = self._connection or self._connect()
            driver: Any = connection.connection.dbapi_connection
            say(connection, "BEGIN IMMEDIATE")
            memory.forget_numbers(connection)
            try:
                result = do(connection, driver)
                say(connection, "COMMIT")
                self._committed.set()
            finally:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
        return result

    def _go_on(self, connection: Connection, driver: Any) -> dict[PutOff, None]:
        """Do a turn of what was put off; returns what is not done with. What fails is undone, and nothing else."""
        left = dict[PutOff, None]()
        for work in list(self._put_off):
            _, is_left, error = _one(connection, driver, work, None)
            if error is not None:
                LOG.error("work that was put off failed", trace="".join(traceback.format_exception(error)))
            elif is_left:
                left[work] = None
        return left

    def _keep(self, left: dict[PutOff, None]) -> None:
        self._put_off.clear()
        self._put_off.update(left)

    def _connect(self) -> Connection:
        # SQLAlchemy's own transaction stays open for good and says nothing to SQLite: we do, at a tenth of the cost.
        connection = self._engine.connect()
        connection.begin()
        connection.info["put_off"] = self._put_off
        say(connection, f"PRAGMA cache_size = -{CACHE}")
        memory.listen(connection)
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.info["put_off"] = None  # the connection goes back to the pool, and may read from then on
            memory.stop_listening(self._connection)
            self._connection.close()
            self._connection = None


def _one(connection: Connection, driver: Any, work: Work, done: Any) -> Result:
    driver.execute("SAVEPOINT unit")
    try:
        value = work(connection)
    except BaseException as error:  # this unit is undone, its neighbors stay
        if connection.invalidated or not driver.in_transaction:
            raise
        driver.execute("ROLLBACK TO unit")
        memory.forget_numbers(connection)
        driver.execute("RELEASE unit")
        return done, None, error
    driver.execute("RELEASE unit")
    return done, value, None


def _deliver(results: list[Result]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[Result]] = {}
    for result in results:
        if isinstance(result[0], Future):
            _settle([result])
        else:
            loops.setdefault(result[0].get_loop(), []).append(result)
    for loop, theirs in loops.items():
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(_settle, theirs)


def _settle(results: list[Result]) -> None:
    for done, value, error in results:
        if done.cancelled():
            continue
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)
