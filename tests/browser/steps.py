"""Steps that many journeys share: signing in, reading the mail, and seeing where the focus is."""

import email
import email.policy
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as WaitedTooLong

from tests.browser.sites import Site

PASSWORD = "open-dialogue-2009"
MAIL_SECONDS = 15
_sessions: dict[tuple[str, str], list[Any]] = {}


def sign_in(page: Page, site: Site, person: str, *, anew: bool = False) -> None:
    """Sign in as a person of the demo: citizen, employee, moderator, manager, analyst, administrator.

    By the form for the first time on a site, and with the same session after that: sites limit how often people sign in
    from one address. `anew` for a session of this page's own.
    """
    key = (site.url, person)
    if key in _sessions and not anew:
        page.context.add_cookies(_sessions[key])
        return
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(f"{person}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    if not anew:
        _sessions[key] = [dict(cookie) for cookie in page.context.cookies() if cookie["name"] == "__Host-session"]


def until(look: Callable[[], Any], seconds: float = MAIL_SECONDS) -> Any:
    """What `look` finds, as soon as it finds anything. For what happens outside a page; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{look} found nothing in {seconds} s"
        time.sleep(0.05)
    return found


def mail_to(site: Site, address: str, subject: str) -> str:
    """The text of the newest mail to this address whose subject has these words, as soon as it was sent."""

    def look() -> str:
        for source in reversed(site.mails()):
            message = email.message_from_string(source, policy=email.policy.default)
            if address in str(message["to"]) and subject in str(message["subject"]):
                part = message.get_body(("plain",))
                return str(part.get_content()) if part else ""
        return ""

    return str(until(look))


def link_in(text: str) -> str:
    """The one link of a mail that leads to a page of the site for it, as path."""
    found = re.search(r"https?://[^/\s]+(/confirm/\S+)", text)
    assert found, text
    return found.group(1)


def tab_to(page: Page, wanted: Locator, most: int = 80) -> None:
    """Press Tab until something has the focus: what a person without a mouse can reach."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"{most} times Tab did not lead to {wanted}")


def announced(page: Page, words: str | re.Pattern[str]) -> None:
    """A screen reader was told these words after a change in place."""
    expect(page.locator("#announce")).to_have_text(words)


def stays_in_place(page: Page, act: Callable[[], object], answer: str) -> None:
    """Do something that swaps a part of the page: `answer` is in the address of the request, no page is loaded."""
    page.evaluate("window.stillHere = true")
    with page.expect_response(lambda response: answer in response.url):
        act()
    with suppress(WaitedTooLong):
        page.wait_for_load_state("load", timeout=1000)
    assert page.evaluate("window.stillHere === true"), "The whole page was loaded again."
