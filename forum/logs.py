"""Lines of the log: one JSON object each, on the error channel, so that nothing people send can pass for a line."""

import sys
from typing import Any

from forum.clock import now


class Log:
    """What one part of the program has to tell its operator; structlog writes it, loaded with the first line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def warning(self, event: str, **facts: object) -> None:
        """Something did not work and is tried again, or matters to one person only."""
        self._logger().warning(event, **facts)

    def error(self, event: str, **facts: object) -> None:
        """A fault of the program or of the machine."""
        self._logger().error(event, **facts)

    def _logger(self) -> Any:
        import structlog  # it brings a terminal's colors along, and most starts have nothing to tell

        written_by: list[Any] = [structlog.processors.add_log_level, structlog.processors.JSONRenderer(default=str)]
        lines = structlog.wrap_logger(structlog.PrintLogger(sys.stderr), processors=written_by)
        return lines.bind(at=now().isoformat(timespec="seconds"), of=self._name)
