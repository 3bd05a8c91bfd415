"""Static files: read once, zipped once, kept by browsers for good because their address carries their hash."""

import gzip
import mimetypes
from pathlib import Path

from starlette.types import Receive, Scope, Send

from forum.web.security import HEADERS

ZIPPED_TYPES = ("text/", "image/svg", "application/javascript", "application/json")
JOINED = {"site.js": ("vendor/htmx.js", "forum.js")}  # sent as one file, which saves each new visitor a request
mimetypes.add_type("text/javascript", ".js")


def parts_of(folder: Path, name: str) -> list[Path]:
    """The files behind the address of a static file: itself, or those that are sent as one; none if it is not there."""
    paths = [(folder / part).resolve() for part in JOINED.get(name, (name,)) if "\x00" not in part]
    return [path for path in paths if path.is_relative_to(folder.resolve()) and path.is_file()]


class Statics:
    """Serves the files of one folder, and nothing outside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._kept: dict[str, tuple[float, str, bytes, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One file, 404 where there is none."""
        name = scope["path"].removeprefix("/static/")
        file = self._file(name) if scope["method"] in ("GET", "HEAD") else None
        if file is None:
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"19"), *HEADERS]
            await send({"type": "http.response.start", "status": 404, "headers": headers})
            await send({"type": "http.response.body", "body": b"There is no file...\n"[:19]})
            return
        media_type, plain, zipped = file
        is_zipped = bool(zipped) and any(k == b"accept-encoding" and b"gzip" in v for k, v in scope["headers"])
        body = zipped if is_zipped else plain
        lasting = b"v=" in scope["query_string"]
        headers = [
            (b"content-type", media_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"public, max-age=31536000, immutable" if lasting else b"no-cache"),
            (b"vary", b"Accept-Encoding"),
            *([(b"content-encoding", b"gzip")] if is_zipped else []),
            *HEADERS,
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _file(self, name: str) -> tuple[str, bytes, bytes] | None:
        paths = parts_of(self._folder, name)
        if not paths:
            return None
        changed_at = max(path.stat().st_mtime for path in paths)
        kept = self._kept.get(name)
        if kept is None or kept[0] != changed_at:
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            if media_type.startswith("text/"):
                media_type += "; charset=utf-8"
            body = b"\n".join(path.read_bytes() for path in paths)
            zipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(ZIPPED_TYPES) else b""
            kept = self._kept[name] = (changed_at, media_type, body, zipped)
        return kept[1:]
