"""A file lock that lets the writers of several processes take turns, instead of polling a busy database."""

import os
import threading
from pathlib import Path
from types import ModuleType, TracebackType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # not a POSIX system: the database's own busy timeout has to do
    fcntl = None


class Lane:
    """Held by one thread of one process at a time. A thread that holds it may enter again."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock, self._depth = path, threading.RLock(), 0
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1
        if fcntl and self._depth == 1:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if fcntl and self._depth == 0 and self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._lock.release()
