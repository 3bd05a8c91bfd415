"""Put the parts together: the ASGI application, its static files, its page cache, its housekeeping."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from forum.db import Database
from forum.settings import Settings
from forum.web import endpoint, errors, render
from forum.web.dispatch import Dispatcher
from forum.web.endpoint import Door
from forum.web.routes import ROUTES
from forum.web.security import SESSION_COOKIE
from forum.web.statics import Statics
from forum.web.visits import Site

if TYPE_CHECKING:
    from forum.jobs.worker import Worker

HOUSEKEEPING_SECONDS = 60.0
WORKER_AFTER = 1.0  # seconds: the first pages come first
PERSONAL = (SESSION_COOKIE.encode(), b"__Host-flash", b"__Host-draft")


class Forum:
    """The whole site. Pages that are still true are answered here at once; everything else goes down to the routes."""

    def __init__(self, settings: Settings, *, with_worker: bool = False) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.door = Door(settings, self.database)
        self.with_worker = with_worker
        render.ENVIRONMENT.globals["site"] = Site(settings.site_name)
        self.routes = Starlette(
            routes=[*ROUTES, Mount("/static", Statics(render.STATIC))],
            exception_handlers={HTTPException: self._http_error},
            lifespan=self._lifespan,
        )
        self.routes.state.door = self.door
        self.dispatcher = Dispatcher(ROUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the page cache, or by the endpoint of the address; Starlette has the rest."""
        if scope["type"] == "http":
            method = scope["method"]
            if method == "GET" and await self._kept(scope, send):
                return
            if match := self.dispatcher.find(method, scope["path"]):
                scope["app"], scope["path_params"] = self.routes, match[1]
                await match[0](scope, receive, send)
                return
        await self.routes(scope, receive, send)

    async def _kept(self, scope: Scope, send: Send) -> bool:
        is_htmx = False
        for name, value in scope["headers"]:
            if name == b"cookie" and any(cookie in value for cookie in PERSONAL):
                return False
            if name == b"hx-request":
                is_htmx = True
            elif name == b"hx-history-restore-request":
                return False
        kept = self.door.pages.get(endpoint.page_key(scope, is_htmx), await self.door.version())
        if kept is None:
            return False
        await endpoint.send_kept(kept, scope, send)
        return True

    async def _http_error(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        visit = endpoint.bare_visit(self.door, request.scope)
        if cookie := request.headers.get("cookie"):
            endpoint.read_cookies(self.door, visit, cookie)
        detail = {404: "We looked, but there is no page at this address."}.get(
            error.status_code, "This address can be read, but not sent to, or the other way round."
        )

        def work() -> render.Reply:
            with self.database.reading() as db:
                visit.db = db
                self.door.keeper.recognize(visit)
            return errors.page(visit, error.status_code, detail).render(visit)

        return endpoint.ReplyResponse(self.door, visit, await self.door.in_pool(work), error.headers)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: ASGIApp) -> AsyncIterator[None]:
        keeping = asyncio.create_task(self._keep_house())
        hand = _Hand(self.database, self.settings) if self.with_worker else None
        try:
            yield
        finally:
            keeping.cancel()
            if hand:
                await asyncio.to_thread(hand.stop)
            await asyncio.to_thread(self.door.keeper.write_sightings)
            await asyncio.to_thread(self.database.close)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            with contextlib.suppress(Exception):
                await asyncio.to_thread(self.door.keeper.write_sightings)


class _Hand:
    """The worker of a single process, in a thread of its own, which begins when the site answers already."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._stopping = threading.Event()
        self._worker: Worker | None = None
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        if self._stopping.wait(WORKER_AFTER):
            return
        from forum.jobs.worker import Worker  # here: it loads nearly everything that the forum can do

        self._worker = Worker(self._database, self._settings)
        if not self._stopping.is_set():
            self._worker.run()

    def stop(self) -> None:
        """Finish what is in hand, then end."""
        self._stopping.set()
        if self._worker:
            self._worker.stop()
        self._thread.join()


def create_app(settings: Settings | None = None, *, with_worker: bool = False) -> Forum:
    """The site as an ASGI application, set up from FORUM_* variables unless settings are given."""
    return Forum(settings or Settings.from_env(), with_worker=with_worker)
