"""What every response carries, whose posts are taken, and which cookie means whom."""

import http.cookies
from collections.abc import Iterable, Mapping

from forum.domain.limits import address_range

SESSION_COOKIE = "__Host-session"
FLASH_COOKIE = "__Host-flash"
DRAFT_COOKIE = "__Host-draft"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)


def is_from_here(headers: Mapping[str, str]) -> bool:
    """May a request that changes things be taken?

    Browsers say where a post comes from: by Sec-Fetch-Site, older ones by Origin, which must name our own host. A
    request with neither is no browser: taken only without a session cookie (as Go 1.25's CrossOriginProtection does).
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is not None:
        return origin != "null" and origin.partition("://")[2] == headers.get("host", "")
    return SESSION_COOKIE not in headers.get("cookie", "")


def cookies(header: str) -> dict[str, str]:
    """The cookies of a request, name → value."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name not in found:
            found[name] = value.strip('"')
    return found


def set_cookie(name: str, value: str, *, max_age: int | None = None) -> tuple[bytes, bytes]:
    """A header that sets a cookie no script reads and no other site gets. `max_age` in seconds; 0 deletes it."""
    morsel: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
    morsel[name] = value
    morsel[name]["path"] = "/"
    morsel[name]["secure"] = True
    morsel[name]["httponly"] = True
    morsel[name]["samesite"] = "Lax"
    if max_age is not None:
        morsel[name]["max-age"] = max_age
    return b"set-cookie", morsel[name].OutputString().encode("latin-1")


def client_address(client: tuple[str, int] | None, forwarded: str | None, trusted: Iterable[str]) -> str:
    """The address range of whoever asks; X-Forwarded-For counts only from a proxy that we trust."""
    address = client[0] if client else ""
    if forwarded and address in trusted:
        hops = [hop.strip() for hop in forwarded.split(",")]
        address = next((hop for hop in reversed(hops) if hop not in trusted), address)
    return address_range(address)
