"""The writer of SQLite: one thread that takes what is waiting and commits it together."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from forum.db.prepared import say

Work = Callable[[Connection], Any]
Unit = tuple[Work, Any]
PutOff = Callable[[Connection], bool]
Result = tuple[Any, Any, BaseException | None]  # whom to tell, the value, the error


PAUSE = 0.25  # seconds; in a flood, work that is put off gets its turn this often
LULL = 0.02  # seconds without anything to do, after which what was put off goes on
FEW = 2  # units; a group no larger, with nothing waiting, is no flood


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


class Writer:
    """One thread, one connection: takes what is waiting, gives each unit a savepoint, commits them together."""

    GROUP = 64

    def __init__(self, engine: sa.Engine, lane: Any) -> None:
        """`engine`: one whose connections say no BEGIN by themselves."""
        self._engine, self._lane = engine, lane
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._put_off: dict[PutOff, None] = {}
        self._went_on = 0.0  # when put off work had its turn
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: "Future[Any] | asyncio.Future[Any]") -> None:
        """Queue a unit of work; `done` gets its result, or its error, after the commit."""
        self._queue.put((work, done))

    def stop(self) -> None:
        """Do what is queued or put off, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping or self._put_off:
            group, ends = self._next_group(stopping)
            stopping = stopping or ends
            if group or self._put_off:
                is_flood = len(group) > FEW or not self._queue.empty()
                is_due = time.monotonic() - self._went_on >= PAUSE
                _deliver(self._commit(group, goes_on=stopping or is_due or not is_flood))
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
        try:
            with self._lane:
                connection = self._connection = self._connection or self._connect()
                driver: Any = connection.connection.dbapi_connection
                say(connection, "BEGIN IMMEDIATE")
                try:
                    results = [_one(connection, driver, work, done) for work, done in group]
                    left = self._go_on(connection) if goes_on else dict(self._put_off)
                    say(connection, "COMMIT")
                finally:
                    if driver.in_transaction:
                        driver.execute("ROLLBACK")
        except BaseException as error:  # the commit failed: nobody's work is kept, everybody hears of it
            self._put_off.clear()
            self._let_go()
            return [(done, None, error) for _, done in group]
        self._put_off.clear()
        self._put_off.update(left)
        return results

    def _go_on(self, connection: Connection) -> dict[PutOff, None]:
        """Give what was put off its turn; returns what is not done with."""
        self._went_on = time.monotonic()
        return {work: None for work in list(self._put_off) if work(connection)}

    def _connect(self) -> Connection:
        # SQLAlchemy's own transaction stays open for good and says nothing to SQLite: we do, at a tenth of the cost.
        connection = self._engine.connect()
        connection.begin()
        connection.info["put_off"] = self._put_off
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.info["put_off"] = None  # the connection goes back to the pool, and may read from then on
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
