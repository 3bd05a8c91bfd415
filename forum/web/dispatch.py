"""From a method and a path to an endpoint, in one step for fixed paths and a few for the others.

Starlette tries its routes one after the other; with a hundred of them the trying costs more than a kept page. Whatever
is not found here (wrong methods, unknown addresses, static files) goes to Starlette, which knows what to say.
"""

import re
from collections.abc import Iterable
from typing import Any

from starlette.routing import BaseRoute, Route, compile_path

from forum.web.endpoint import Endpoint

Match = tuple[Endpoint, dict[str, Any]]


class Dispatcher:
    """The routes, sorted by what their paths begin with."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._fixed: dict[tuple[str, str], Endpoint] = {}
        self._others: dict[tuple[str, str], list[tuple[re.Pattern[str], dict[str, Any], Endpoint]]] = {}
        for route in routes:
            if isinstance(route, Route) and isinstance(route.app, Endpoint):
                for method in route.methods or ():
                    self._add(method, route.path, route.app)

    def _add(self, method: str, path: str, endpoint: Endpoint) -> None:
        if "{" not in path:
            self._fixed.setdefault((method, path), endpoint)
            return
        pattern, _, convertors = compile_path(path)
        first = path.split("/", 2)[1]
        if "{" in first:
            raise ValueError(f"a path has to begin with a fixed word: {path}")
        self._others.setdefault((method, first), []).append((pattern, convertors, endpoint))

    def find(self, method: str, path: str) -> Match | None:
        """The endpoint and the parameters of its path; None when there is none of ours."""
        endpoint = self._fixed.get((method, path))
        if endpoint is not None:
            return endpoint, {}
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        for pattern, convertors, candidate in self._others.get((method, first), ()):
            if found := pattern.match(path):
                values = {name: convertors[name].convert(value) for name, value in found.groupdict().items()}
                return candidate, values
        return None
