"""The worker: claims messages of the outbox under a lease, does them, tries again what failed."""

import threading
import traceback
from collections.abc import Callable

import structlog

from forum.db import Connection, Database
from forum.domain import outbox
from forum.domain.outbox import Message
from forum.settings import Settings

LOG = structlog.get_logger("forum.worker")
IDLE_SECONDS = 1.0

Task = Callable[[Connection, Message, Settings], None]
TASKS: dict[str, Task] = {}
"""Kind of message → what to do, in one transaction with its removal from the outbox; safe to repeat."""


class Worker:
    """One worker, in a thread of its own or in the caller's."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in a thread of its own until stop()."""
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the message in hand, then end."""
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def run(self) -> None:
        """Work until stop()."""
        while not self._stopping.is_set():
            try:
                busy = self.once() > 0
            except Exception:
                LOG.error("worker trouble", trace=traceback.format_exc())
                busy = False
            if not busy:
                self._stopping.wait(IDLE_SECONDS)

    def once(self) -> int:
        """Do what is due now; say how many messages were claimed."""
        messages = self._database.write(outbox.claim)
        for message in messages:
            self._do(message)
        return len(messages)

    def _do(self, message: Message) -> None:
        task = TASKS.get(message.kind)

        def work(db: Connection) -> None:
            if task is not None:
                task(db, message, self._settings)
            outbox.done(db, message.id)

        try:
            self._database.write(work)
        except Exception as error:
            LOG.warning("message failed", kind=message.kind, message_id=message.id, error=str(error))
            reason = f"{type(error).__name__}: {error}"
            self._database.write(lambda db: outbox.put_back(db, message, reason))
