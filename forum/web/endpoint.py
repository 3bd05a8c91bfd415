"""From HTTP to a plain function and back: origin check, form, person, transaction, page cache.

The only place of the pages where a transaction begins and ends, and where it is decided on which thread a handler runs:
short SQLite reads inline on the event loop, writes in the writer's lane, slow reads and PostgreSQL in the pool.
"""

import asyncio
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from forum.db import Connection, Database, DatabaseTrouble
from forum.domain.errors import ForumError
from forum.later import Function
from forum.settings import Settings
from forum.signing import Signer
from forum.web import errors, pages, security
from forum.web.forms import MOST_BYTES, BadForm, FormData
from forum.web.keeper import Keeper
from forum.web.render import Answer, Reply
from forum.web.visits import Visit

Handler = Callable[..., Answer]
Prepare = Callable[..., Any]
Chunks = Callable[[Connection], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Rules:
    """How the adapter treats one address."""

    asks: str = "site.read"
    is_slow: bool = False
    is_cacheable: bool = True
    prepare: Prepare | None = None
    takes_any_origin: bool = False


class Refused(Exception):
    """A handler answered with an error: its work is undone, its answer is kept."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class Door:
    """What all endpoints of one application share."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.signer = Signer(settings.secret)
        self.pages = pages.PageCache()
        self.keeper = Keeper(database)
        self.pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="page")
        self._checking: asyncio.Future[Hashable] | None = None

    async def version(self) -> Hashable:
        """The database's version. On PostgreSQL all who ask at the same time share the next answer."""
        if self.database.is_sqlite:
            return self.database.version()
        if self._checking is None:
            loop = asyncio.get_running_loop()
            self._checking = asyncio.ensure_future(loop.run_in_executor(self.pool, self.database.version))
            asyncio.get_running_loop().call_soon(self._started)
        return await asyncio.shield(self._checking)

    def _started(self) -> None:
        self._checking = None

    async def in_pool(self, work: Callable[[], Any]) -> Any:
        """Run something slow off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)


class Endpoint:
    """One address of the site as an ASGI application."""

    def __init__(self, handler: Handler, rules: Rules) -> None:
        self.handler, self.rules = handler, rules
        self._load = handler.load if isinstance(handler, Function) else None
        self.__name__ = f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door: Door = scope["app"].state.door
        if self._load is not None:
            await door.in_pool(self._load)  # no other page waits for it
            self._load = None
        try:
            visit = await _visit(door, scope, receive)
        except _TooLarge:
            visit = bare_visit(door, scope)
            detail = f"Please send at most {MOST_BYTES // 1000:,} kB."
            await send_reply(door, visit, errors.page(visit, 413, detail).render(visit), send)
            return
        except BadForm:
            visit = bare_visit(door, scope)
            detail = "The form has more fields than any of our pages."
            await send_reply(door, visit, errors.page(visit, 400, detail).render(visit), send)
            return
        try:
            if visit.method in security.SAFE_METHODS:
                await self._read(door, visit, scope, send)
            else:
                await self._write(door, visit, scope, send)
        except DatabaseTrouble:
            door.keeper.log_trouble(visit.path, traceback.format_exc())
            detail = "The database did not answer in time. Nothing was changed. Please try again in a moment."
            answer = errors.page(visit, 503, detail, retry_after=5)
            await send_reply(door, visit, answer.render(visit), send)
        except CutShort:
            door.keeper.log_trouble(visit.path, traceback.format_exc())
            raise
        except Exception:
            door.keeper.log_trouble(visit.path, traceback.format_exc())
            detail = "We have written it down. Nothing was changed. Please try again."
            await send_reply(door, visit, errors.page(visit, 500, detail).render(visit), send)

    async def _read(self, door: Door, visit: Visit, scope: Scope, send: Send) -> None:
        params = scope["path_params"]
        version = await door.version()

        def work() -> tuple[Answer, Reply]:
            with door.database.reading(version) as db:
                answer = self._answer(door, visit, db, params)
            visit.close()
            return answer, answer.render(visit)

        if self.rules.is_slow or not door.database.is_sqlite:
            answer, reply = await door.in_pool(work)
        else:
            answer, reply = work()
        is_kept = (
            self.rules.is_cacheable
            and reply.status == 200
            and reply.chunks is None
            and not visit.cookies.keys() & {security.SESSION_COOKIE, security.FLASH_COOKIE, security.DRAFT_COOKIE}
            and not visit.set_cookies
            and getattr(answer, "is_cacheable", False)
        )
        if is_kept:
            key = page_key(scope, visit.is_htmx)
            kept = door.pages.put(key, version, reply.media_type, reply.body, reply.headers)
            await send_kept(kept, scope, send)
        else:
            await send_reply(door, visit, reply, send)

    def _answer(self, door: Door, visit: Visit, db: Connection, params: dict[str, Any]) -> Answer:
        visit.db = db
        try:
            door.keeper.recognize(visit)
            return self.handler(visit, **params)
        except ForumError as error:
            return errors.answer(visit, error)

    async def _write(self, door: Door, visit: Visit, scope: Scope, send: Send) -> None:
        params = scope["path_params"]
        if not (self.rules.takes_any_origin or security.is_from_here(visit.headers)):
            detail = "This form was sent from another site. Please open the page here and try again."
            await send_reply(door, visit, errors.page(visit, 403, detail).render(visit), send)
            return
        if (prepare := self.rules.prepare) is not None:
            refusal = await door.in_pool(lambda: self._prepare(door, visit, params, prepare))
            if refusal is not None:
                await send_reply(door, visit, refusal.render(visit), send)
                return

        def work(db: Connection) -> Answer:
            answer = self._answer(door, visit, db, params)
            if answer.status >= 400 and not getattr(answer, "keep", False):
                raise Refused(answer)
            return answer

        try:
            answer = await door.database.write_async(work)
            door.keeper.keep(visit)
        except Refused as refused:
            answer = refused.answer
        visit.close()
        await send_reply(door, visit, answer.render(visit), send)

    def _prepare(self, door: Door, visit: Visit, params: dict[str, Any], prepare: Prepare) -> Answer | None:
        """What takes processor time happens before the unit of work goes to the writer."""
        with door.database.reading() as db:
            visit.db = db
            try:
                door.keeper.recognize(visit)
                visit.prepared = prepare(visit, **params)
            except ForumError as error:
                return errors.answer(visit, error)
        return None


class _TooLarge(Exception):
    pass


class CutShort(Exception):
    """A download broke off after it had begun. The server closes the connection without the end that a whole file
    has, so that nobody takes a part for the whole."""


def bare_visit(door: Door, scope: Scope) -> Visit:
    """A visit of which only address and headers are known: for answers to requests that can't be read."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    address = security.client_address(
        scope.get("client"), headers.get("x-forwarded-for"), door.settings.trusted_proxies
    )
    query_string = scope["query_string"].decode("latin-1")
    return Visit(scope["method"], scope["path"], query_string, headers, door.settings, door.signer, address)


async def _visit(door: Door, scope: Scope, receive: Receive) -> Visit:
    visit = bare_visit(door, scope)
    visit.query = FormData.read(scope["query_string"])
    if cookie := visit.headers.get("cookie"):
        read_cookies(door, visit, cookie)
    if visit.method not in security.SAFE_METHODS:
        visit.form = FormData.read(await _body(visit, receive))
    return visit


def read_cookies(door: Door, visit: Visit, header: str) -> None:
    """Read the cookies, and take the message that the last page left."""
    visit.cookies = security.cookies(header)
    door.keeper.open_flash(visit)


async def _body(visit: Visit, receive: Receive) -> bytes:
    if int(visit.headers.get("content-length") or 0) > MOST_BYTES:
        raise _TooLarge
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            raise _TooLarge
        parts.append(part)
        if not message.get("more_body"):
            break
    return b"".join(parts)


def page_key(scope: Scope, is_htmx: bool) -> Hashable:
    """By what the page cache knows a page again."""
    return scope["path"], scope["query_string"], is_htmx


async def send_kept(kept: pages.KeptPage, scope: Scope, send: Send) -> None:
    """Send a kept page: 304 if the browser has it, zipped if it may be."""
    is_zippable = False
    for name, value in scope["headers"]:
        if name == b"if-none-match" and kept.etag in value:
            await send({"type": "http.response.start", "status": 304, "headers": kept.unchanged})
            await send({"type": "http.response.body", "body": b""})
            return
        if name == b"accept-encoding":
            is_zippable = b"gzip" in value
    headers, body = pages.zipped(kept) if is_zippable else (kept.plain, kept.body)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})


async def send_reply(door: Door, visit: Visit, reply: Reply, send: Send) -> None:
    """Send an answer that is for this visitor alone."""
    headers: pages.HeaderList = [
        (b"content-type", reply.media_type.encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Cookie, HX-Request"),
        *reply.headers,
        *visit.set_cookies,
        *security.HEADERS,
    ]
    if reply.chunks is not None:
        await _send_chunks(door, reply.status, reply.chunks, headers, send)
        return
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if visit.method != "HEAD" else b""})


async def _send_chunks(door: Door, status: int, make: Chunks, headers: pages.HeaderList, send: Send) -> None:
    loop = asyncio.get_running_loop()

    def stream() -> None:
        with door.database.reading() as db:
            for chunk in make(db):
                message = {"type": "http.response.body", "body": chunk, "more_body": True}
                asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()

    await send({"type": "http.response.start", "status": status, "headers": headers})
    try:
        await door.in_pool(stream)
    except Exception as error:
        raise CutShort from error
    await send({"type": "http.response.body", "body": b""})


class ReplyResponse(Response):
    """One of our answers where Starlette wants a response of its own kind."""

    def __init__(self, door: Door, visit: Visit, reply: Reply, more: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=reply.status)
        extra = tuple((name.lower().encode(), value.encode()) for name, value in (more or {}).items())
        self._door, self._visit, self._reply = door, visit, replace(reply, headers=(*reply.headers, *extra))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send_reply(self._door, self._visit, self._reply, send)


async def _sent(send: Send, message: Any) -> None:
    await send(message)
