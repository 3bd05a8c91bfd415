"""A visit: one request, ready for a handler, with its form, its person and its open transaction."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from forum.db import Connection
from forum.domain.people import Person
from forum.domain.sessions import Visitor
from forum.settings import Settings
from forum.signing import Signer
from forum.text import safe_next
from forum.web import security
from forum.web.forms import FormData


@dataclass(slots=True)
class Site:
    """What pages say about the site itself."""

    name: str
    tagline: str = "Post an idea, vote, and see what your government makes of it."


@dataclass(slots=True)
class Visit:
    """One request. `db` is open only while the handler runs; templates see this object as `visit`."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    settings: Settings
    signer: Signer
    address: str = "unknown"
    query: FormData = field(default_factory=FormData)
    form: FormData = field(default_factory=FormData)
    cookies: dict[str, str] = field(default_factory=dict)
    visitor: Visitor | None = None
    loaded: tuple[Hashable, Visitor | None] | None = None  # by web/keeper.py
    prepared: Any = None
    queue_count: int | None = None
    flash: list[Any] = field(default_factory=list)
    set_cookies: list[tuple[bytes, bytes]] = field(default_factory=list)
    _db: Connection | None = None

    @property
    def db(self) -> Connection:
        """The open transaction of this request."""
        if self._db is None:
            raise RuntimeError("the transaction of this visit has ended")
        return self._db

    @db.setter
    def db(self, connection: Connection) -> None:
        self._db = connection

    def close(self) -> None:
        """The transaction has ended: from here on there is only rendering."""
        self._db = None

    @property
    def user(self) -> Person | None:
        """Who is signed in, if anybody."""
        return self.visitor.person if self.visitor else None

    @property
    def unread_count(self) -> int:
        return self.visitor.person.unread_count if self.visitor else 0

    @property
    def is_htmx(self) -> bool:
        """Does htmx ask for a fragment? A history restore wants the whole page."""
        return "hx-request" in self.headers and "hx-history-restore-request" not in self.headers

    @property
    def token(self) -> str | None:
        """The session cookie's token."""
        return self.cookies.get(security.SESSION_COOKIE)

    @property
    def here(self) -> str:
        """The address of this page with its query."""
        return self.path + (f"?{self.query_string}" if self.query_string else "")

    @property
    def next_path(self) -> str:
        """Where to return to after signing in: this page, or where this page itself was to return to."""
        if self.path.startswith(("/sign-", "/confirm", "/reset")):
            return safe_next(self.query.get("next") or self.form.get("next"), default="")
        return self.here if self.method in security.SAFE_METHODS else ""

    def then(self, default: str = "/") -> str:
        """The local path that the form or the query asks to go to next."""
        return safe_next(self.form.get("next") or self.query.get("next"), default=default)

    def url(self, path: str) -> str:
        """A full address for mails, feeds and files."""
        return self.settings.base_url + quote(path, safe="/?&=#%:,;@!$'()*+~-._")

    def pass_on_message(self) -> None:
        """This page leads on to another one: the message that the last page left is for that one."""
        gone = security.set_cookie(security.FLASH_COOKIE, "", max_age=0)
        self.set_cookies = [cookie for cookie in self.set_cookies if cookie != gone]

    def say(
        self, text: str, tone: str = "good", *, undo: str = "", then: str = "", link: tuple[str, str] | None = None
    ) -> None:
        """A message for the next page this person sees.

        `undo`: an address that takes POST and undoes it, then leads back to `then`; `link`: an address and its words.
        """
        message = {"text": text, "tone": tone, "undo": undo, "then": then, "link": link}
        token = self.signer.sign("flash", {name: value for name, value in message.items() if value})
        self.set_cookies.append(security.set_cookie(security.FLASH_COOKIE, token, max_age=120))
