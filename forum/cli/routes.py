"""The command that prints the map of the site."""

from starlette.routing import Route

from forum.cli.base import say
from forum.web.endpoint import Endpoint
from forum.web.routes import ROUTES


def routes() -> None:
    """Print every address of the site: method, path, the permission it asks for, and the function that answers."""
    lines = [
        (method, route.path, route.app.rules.asks, route.app.__name__)
        for route in ROUTES
        if isinstance(route, Route) and isinstance(route.app, Endpoint)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for line in lines:
        say("  ".join([*(word.ljust(width) for word, width in zip(line, widths, strict=False)), line[3]]))
