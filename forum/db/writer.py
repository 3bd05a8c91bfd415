"""The writer of SQLite: one thread that takes what is waiting and commits it together."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from forum.db.prepared import say

Work = Callable[[Connection], Any]
Unit = tuple[Work, Any]
Result = tuple[Any, Any, BaseException | None]  # whom to tell, the value, the error


class Writer:
    """One thread, one connection: takes what is waiting, gives each unit a savepoint, commits them together."""

    GROUP = 64

    def __init__(self, engine: sa.Engine, lane: Any) -> None:
        """`engine`: one whose connections say no BEGIN by themselves."""
        self._engine, self._lane = engine, lane
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: "Future[Any] | asyncio.Future[Any]") -> None:
        """Queue a unit of work; `done` gets its result, or its error, after the commit."""
        self._queue.put((work, done))

    def stop(self) -> None:
        """Do what is queued, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            group: list[Unit] = []
            item = self._queue.get()
            while item is not None:
                group.append(item)
                if len(group) == self.GROUP:
                    break
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            stopping = item is None
            if group:
                _deliver(self._commit(group))
        self._let_go()

    def _commit(self, group: list[Unit]) -> list[Result]:
        try:
            with self._lane:
                connection = self._connection = self._connection or self._connect()
                driver: Any = connection.connection.dbapi_connection
                say(connection, "BEGIN IMMEDIATE")
                try:
                    results = [_one(connection, driver, work, done) for work, done in group]
                    say(connection, "COMMIT")
                finally:
                    if driver.in_transaction:
                        driver.execute("ROLLBACK")
        except BaseException as error:  # the commit failed: nobody's work is kept, everybody hears of it
            self._let_go()
            return [(done, None, error) for _, done in group]
        return results

    def _connect(self) -> Connection:
        # SQLAlchemy's own transaction stays open for good and says nothing to SQLite: we do, at a tenth of the cost.
        connection = self._engine.connect()
        connection.begin()
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
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
