"""What everything is measured against: an async Starlette handler that returns a ready 20 kB page."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE = b"<!doctype html><title>Bare</title>" + b"<p>Twenty thousand bytes of nothing much.</p>" * 444


async def show(_: Request) -> Response:
    """The page."""
    return Response(PAGE, media_type="text/html")


app = Starlette(routes=[Route("/", show), Route("/ideas", show)])
