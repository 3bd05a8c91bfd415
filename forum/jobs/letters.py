"""The words of mails: plain text first, and a simple HTML twin that says the same."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from forum.domain.mails import html_page
from forum.domain.notifications import Telling
from forum.settings import Settings
from forum.signing import Signer

_FOLDER = Path(__file__).parents[2] / "templates" / "mails"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def notification(telling: Telling, text: str, reason: str, settings: Settings) -> tuple[str, str]:
    """Plain text and HTML of the mail about an event, the same for everybody who gets it. `text` may be empty."""
    values = {
        "title": telling.title.rstrip("."),
        "text": text,
        "url": settings.base_url + telling.url,
        "reason": reason,
    }
    parts = [part.split("\n") for part in re.split(r"\n\s*\n", text) if part.strip()]
    html = _ENVIRONMENT.get_template("notification.html").render(values, parts=parts)
    return _ENVIRONMENT.get_template("notification.txt").render(values), html_page(html)


def foot(user_id: int, settings: Settings) -> tuple[str, str]:
    """Plain text and HTML that end a mail of news: the way to get no more of them."""
    values = {
        "site_name": settings.site_name,
        "unsubscribe_url": unsubscribe_url(user_id, settings),
        "follows_url": f"{settings.base_url}/me#follows",
    }
    return _ENVIRONMENT.get_template("_foot.txt").render(values), _ENVIRONMENT.get_template("_foot.html").render(values)


def unsubscribe_url(user_id: int, settings: Settings) -> str:
    """The link that ends a person's mails with one click, without signing in (RFC 8058). It does not grow old."""
    return f"{settings.base_url}/unsubscribe/{Signer(settings.secret).sign('unsubscribe', {'user': user_id})}"
