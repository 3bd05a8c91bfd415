"""The worker: claims messages of the outbox under a lease, does them, sends mail, keeps house."""

import threading
import traceback

from forum.db import Connection, Database
from forum.domain import outbox
from forum.domain.outbox import Message
from forum.jobs import apart, files, mail
from forum.jobs.schedule import Schedule
from forum.jobs.tasks import TASKS, Task
from forum.logs import Log
from forum.settings import Settings

__all__ = ["TASKS", "Task", "Worker"]

LOG = Log("forum.worker")
IDLE_SECONDS = 1.0


class Worker:
    """One worker, in a thread of its own or in the caller's."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._schedule = Schedule(database)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in a thread of its own until stop()."""
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand here, then end; what runs apart is ended, and done again when it is due."""
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def run(self) -> None:
        """Work until stop()."""
        while not self._stopping.is_set():
            try:
                busy = self.once() > 0
                self._schedule.run()
            except Exception:
                LOG.error("worker trouble", trace=traceback.format_exc())
                busy = False
            if not busy:
                self._stopping.wait(IDLE_SECONDS)
        apart.end_all()

    def once(self) -> int:
        """Do what is due now; say how many messages, mails and files were claimed."""
        done = self._messages() + mail.send_due(self._database, self._settings)
        return done + files.make_due(self._database, self._settings)

    def _messages(self) -> int:
        with self._database.reading() as db:
            if not outbox.has_due(db):
                return 0
        messages = self._database.write(outbox.claim)
        for message in messages:
            if self._stopping.is_set():
                break  # the lease gives the others back
            self._do(message)
        return len(messages)

    def _do(self, message: Message) -> None:
        def work(db: Connection) -> None:
            if outbox.done(db, message.id):
                TASKS[message.kind](db, message, self._settings)

        try:
            self._database.write(work)
        except Exception as error:
            LOG.warning("message failed", kind=message.kind, message_id=message.id, trace=traceback.format_exc())
            reason = f"{type(error).__name__}: {error}"
            self._database.write(lambda db: outbox.put_back(db, message, reason))
