"""What a handler returns: a page, an address to go to, data, or a file. Rendered after the transaction has ended."""

import hashlib
import json
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from jinja2_fragments import render_block
from markupsafe import Markup

from forum import text
from forum.clock import now
from forum.db import Connection
from forum.domain.permissions import can
from forum.shelves import Shelf
from forum.web.statics import parts_of
from forum.web.visits import Site, Visit

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"


class Compiled(FileSystemBytecodeCache):
    """Compiled templates beside the templates, as Python keeps its own modules, and only where it may write those."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one. Where nothing can be written each start compiles anew."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    bytecode_cache=Compiled(str(TEMPLATES / "__pycache__")),
    autoescape=select_autoescape(["html", "xml"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # looking at the file's date for every page costs more than many a page
    cache_size=-1,
)


class Widgets:
    """Macros as `ui.name(...)` everywhere: a block rendered alone does not see its template's imports."""

    def __getattr__(self, name: str) -> Any:
        macro = getattr(ENVIRONMENT.get_template("ui/widgets.html").module, name)
        setattr(self, name, macro)
        return macro


@cache
def asset(path: str) -> str:
    """The address of a static file, with its content's hash, so that browsers may keep it for good."""
    parts = [part.read_bytes() for part in parts_of(STATIC, path)]
    version = hashlib.sha256(b"\n".join(parts)).hexdigest()[:10] if parts else "0"
    return f"/static/{path}?v={version}"


UI = Widgets()
ENVIRONMENT.globals.update(ui=UI, can=can, asset=asset, site=Site(""))
ENVIRONMENT.filters.update(
    relative=lambda moment: text.relative(moment, now()),
    date=text.date,
    moment=text.moment,
    number=lambda value: f"{value:,}",
)

Headers = tuple[tuple[bytes, bytes], ...]


_corners: Shelf[Hashable, Markup] = Shelf(4_000)


def corners(visit: Visit) -> dict[str, Markup]:
    """What of the header depends on the visitor: `account`, and `staff` for those with a queue or a desk. Kept."""
    user, queue_count, has_desk = visit.user, visit.queue_count, can(visit.user, "desk.read")
    if user is None:
        account = _corner("_account.html", user=None, unread_count=0, next_path=visit.next_path)
    else:
        account = _corner("_account.html", user=user, unread_count=user.unread_count, next_path="")
    here = visit.path if visit.path in ("/moderation", "/desk") else ""
    staff = Markup("")
    if queue_count is not None or has_desk:
        staff = _corner("_staff.html", queue_count=queue_count, has_desk=has_desk, here=here)
    return {"account": account, "staff": staff}


def _corner(template: str, **context: Any) -> Markup:
    key = (template, *context.values())
    kept = _corners.get(key)
    if kept is None:
        kept = _corners.put(key, Markup(ENVIRONMENT.get_template(template).render(context)))  # noqa: S704 - our own template
    return kept


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes ready to send."""

    status: int
    media_type: str
    body: bytes
    headers: Headers = ()
    chunks: Callable[[Connection], Iterator[bytes]] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page; for htmx, only the named blocks of it. `keep`: commit although the status says refused."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()
    status: int = 200
    keep: bool = False
    headers: Headers = ()
    is_cacheable: bool = True

    def render(self, visit: Visit) -> Reply:
        """HTML of the page, or of its blocks when htmx asks."""
        context = {"visit": visit, "flash": visit.flash, **corners(visit), **self.context}
        if self.blocks and visit.is_htmx:
            html = "".join(render_block(ENVIRONMENT, self.template, block, **context) for block in self.blocks)
        else:
            html = ENVIRONMENT.get_template(self.template).render(context)
        return Reply(self.status, "text/html; charset=utf-8", html.encode(), self.headers)


HOLE = "\x02"  # stands around the names of what is filled in for each visitor; no text holds it (see forms.py)


@dataclass(frozen=True, slots=True)
class Composed:
    """A page made of a shell, the same for many visitors, and of what is each visitor's own (see web/shells.py)."""

    shell: tuple[Any, ...]  # bytes, name, bytes, name ... bytes
    fills: Mapping[str, Any]  # Markup, or what gives bytes
    status: int = 200
    is_cacheable: bool = True
    keep: bool = False

    def render(self, visit: Visit) -> Reply:
        """The shell with its holes filled."""
        pieces = list(self.shell)
        fills = {**corners(visit), **self.fills} if "account" in pieces else self.fills
        pieces[1::2] = [fill.encode() if isinstance(fill := fills[name], str) else bytes(fill) for name in pieces[1::2]]
        return Reply(self.status, "text/html; charset=utf-8", b"".join(pieces))


def shell_of(html: str) -> tuple[Any, ...]:
    """A page with names between HOLEs, as Composed wants it. Encoded now: a page is put together from bytes."""
    pieces: list[Any] = html.split(HOLE)
    pieces[::2] = [piece.encode() for piece in pieces[::2]]
    return tuple(pieces)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go and look (303), after a change. htmx follows it as a whole page unless told otherwise."""

    url: str
    status: int = 303
    headers: Headers = ()

    def render(self, visit: Visit) -> Reply:
        """An empty answer with the address."""
        location = quote(self.url, safe="/?&=#%:,;@!$'()*+~-._").encode()
        visit.pass_on_message()
        if visit.is_htmx:
            return Reply(200, "text/html; charset=utf-8", b"", ((b"hx-redirect", location), *self.headers))
        return Reply(self.status, "text/html; charset=utf-8", b"", ((b"location", location), *self.headers))


@dataclass(frozen=True, slots=True)
class Data:
    """A text that is not a page: a feed, JSON, an SVG, a calendar."""

    body: str | bytes
    media_type: str
    status: int = 200
    headers: Headers = ()
    is_cacheable: bool = True
    keep: bool = False

    def render(self, visit: Visit) -> Reply:
        """The bytes as they are."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return Reply(self.status, self.media_type, body, self.headers)


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is sent, in bounded memory. `chunks` gets a connection of its own."""

    name: str
    media_type: str
    chunks: Callable[[Connection], Iterator[bytes]]
    status: int = 200

    def render(self, visit: Visit) -> Reply:
        """Headers now, chunks later."""
        disposition = f'attachment; filename="{self.name}"'.encode("ascii", "ignore")
        return Reply(self.status, self.media_type, b"", ((b"content-disposition", disposition),), self.chunks)


Answer = Page | Composed | Redirect | Data | Download


def json_data(value: Any, *, status: int = 200, media_type: str = "application/json") -> Data:
    """A value as JSON; moments as ISO 8601."""
    return Data(json.dumps(value, ensure_ascii=False, default=str), f"{media_type}; charset=utf-8", status)


def problem(status: int, title: str, detail: str, **more: Any) -> Data:
    """An error for machines (RFC 9457, application/problem+json)."""
    value = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return json_data(value, status=status, media_type="application/problem+json")
