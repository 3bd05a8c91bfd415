"""The page cache: whole answers for people who are not signed in, kept while the data they show has not changed."""

import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from forum.web.render import Headers
from forum.web.security import HEADERS

KEPT_SECONDS = 30.0  # pages say how long ago things were; phases change by the clock
MOST_BYTES = 20_000_000  # of bodies; their zipped forms add up to a fifth
NOT_MODIFIED_DROPS = frozenset({b"content-type", b"content-length", b"content-encoding"})

HeaderList = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class KeptPage:
    """An answer, ready to send in every form a browser may ask for."""

    version: Hashable
    until: float
    kind: tuple[str, Headers]
    etag: bytes
    plain: HeaderList
    body: bytes
    zipped_headers: HeaderList
    zipped: bytes
    unchanged: HeaderList


class PageCache:
    """Answers by (path, query, htmx), the least recently used thrown out first. Belongs to one event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, version: Hashable) -> KeptPage | None:
        """The answer, if nothing has changed since it was made."""
        page = self._kept.get(key)
        if page is None or page.version != version or time.monotonic() > page.until:
            return None
        return page

    def put(self, key: Hashable, version: Hashable, media_type: str, body: bytes, more: Headers) -> KeptPage:
        """Keep an answer and return it. One that is the same as before keeps its zipped form."""
        page = self._kept.pop(key, None)
        if page is not None:
            self._bytes -= len(page.body)
        if page is None or page.body != body or page.kind != (media_type, more):
            page = make(version, media_type, body, more)
        page.version, page.until = version, time.monotonic() + KEPT_SECONDS
        self._kept[key] = page
        self._bytes += len(body)
        while self._bytes > MOST_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.body)
        return page


def make(version: Hashable, media_type: str, body: bytes, more: Headers) -> KeptPage:
    """An answer with its headers. It is zipped when first asked for in that form (see `zipped`)."""
    # SHA-1, because processors have it built in: a third of what BLAKE2 takes, and nothing here is a secret
    etag = b'W/"' + hashlib.sha1(body, usedforsecurity=False).hexdigest()[:18].encode() + b'"'
    shared: HeaderList = [
        (b"content-type", media_type.encode()),
        (b"etag", etag),
        (b"cache-control", b"no-cache"),
        (b"vary", b"Cookie, HX-Request, Accept-Encoding"),
        *more,
        *HEADERS,
    ]
    plain = [*shared, (b"content-length", str(len(body)).encode())]
    unchanged = [header for header in shared if header[0] not in NOT_MODIFIED_DROPS]
    return KeptPage(version, time.monotonic() + KEPT_SECONDS, (media_type, more), etag, plain, body, [], b"", unchanged)


def zipped(page: KeptPage) -> tuple[HeaderList, bytes]:
    """The gzipped form, made once."""
    if not page.zipped:
        page.zipped = gzip.compress(page.body, 1, mtime=0)
        kept = [header for header in page.plain if header[0] != b"content-length"]
        page.zipped_headers = [
            *kept,
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(page.zipped)).encode()),
        ]
    return page.zipped_headers, page.zipped
