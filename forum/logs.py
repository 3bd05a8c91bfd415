"""Lines of the log: one JSON object each, on the error channel, so that nothing people send can pass for a line."""

import json
import sys

from forum.clock import now


class Log:
    """What one part of the program has to tell its operator."""

    def __init__(self, name: str) -> None:
        self._name = name

    def warning(self, event: str, **facts: object) -> None:
        """Something did not work and is tried again, or matters to one person only."""
        self._write("warning", event, facts)

    def error(self, event: str, **facts: object) -> None:
        """A fault of the program or of the machine."""
        self._write("error", event, facts)

    def _write(self, level: str, event: str, facts: dict[str, object]) -> None:
        line = {"at": now().isoformat(timespec="seconds"), "level": level, "of": self._name, "event": event, **facts}
        print(json.dumps(line, default=str), file=sys.stderr, flush=True)  # noqa: T201 - this is the log
