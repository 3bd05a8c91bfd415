"""The queue in a browser: thirty cases by keyboard alone, with and without JavaScript, and fifty moderators at once."""

import http.client
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import cases, sessions, subjects
from tests.browser.sites import Site
from tests.browser.steps import sign_in, tab_to
from tests.browser.tools import axe, html_errors, overflow, shot
from tests.making import Make

CASES = 30
FIFTY = 50
KINDS = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def _fill(site: Site, count: int, people: int = 1) -> list[str]:
    """So many reported ideas, and so many moderators; the tokens of their sessions."""

    def work(db: Connection) -> list[str]:
        make = Make(db)
        place, author = make.community(), make.user()
        boss = make.user(role="moderator")
        for number in range(count):
            idea_id = make.idea(community=place, author=author, title=f"Case in question {number}")
            due_at = now() + timedelta(hours=1, seconds=number)
            cases.open_for(db, "report", subjects.get(db, boss, "idea", idea_id), due_at=due_at)
        return [sessions.start(db, make.user(role="moderator")) for _ in range(people)]

    with closing(Database(site.database_url)) as database:
        return database.write(work)


def _enter(page: Page, site: Site, token: str) -> None:
    where: Any = {
        "domain": urlsplit(site.url).hostname,
        "path": "/",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
    }
    page.context.add_cookies([{"name": "__Host-session", "value": token, **where}])


def _waiting(page: Page) -> int:
    return int(re.findall(r"\d+", page.get_by_text("waiting. The most urgent").inner_text())[0])


def _went_on(page: Page, key: str) -> None:
    """Press a key that leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.keyboard.press(key)


@KINDS
def test_a_moderator_clears_thirty_cases_with_three_keys_each(kind, start_site, open_page):
    site = start_site(kind, demo=False)
    [token] = _fill(site, CASES)
    page = open_page(site)
    _enter(page, site, token)
    page.goto("/moderation")
    assert _waiting(page) == CASES
    _went_on(page, "n")
    for number in range(CASES):
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Case in question {number}")
        if number % 3:
            page.keyboard.press("k")
        else:
            page.keyboard.press("r")
            page.keyboard.press("6")
            expect(page.get_by_role("radio", name=re.compile("^Spam"))).to_be_checked()
        _went_on(page, "d")
    page.wait_for_url("**/moderation")
    expect(page.get_by_text("Nothing else waits.")).to_be_visible()
    expect(page.get_by_text("Nothing waits", exact=True)).to_be_visible()


def test_without_script_thirty_cases_take_tab_space_and_enter(start_site, open_page):
    site = start_site("sqlite", demo=False)
    [token] = _fill(site, CASES)
    page = open_page(site, script=False)
    _enter(page, site, token)
    page.goto("/moderation")
    tab_to(page, page.locator("#take-next"))
    _went_on(page, "Enter")
    for number in range(CASES):
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Case in question {number}")
        tab_to(page, page.locator("input[name=action]").first)
        page.keyboard.press("Space")
        _went_on(page, "Enter")
    expect(page.get_by_text("Nothing waits", exact=True)).to_be_visible()


def test_keys_choose_many_show_what_changes_and_take_it_back(start_site, open_page):
    site = start_site("sqlite", demo=False)
    [token] = _fill(site, 4)
    page = open_page(site)
    _enter(page, site, token)
    page.goto("/moderation")
    for key in ("j", "x", "ArrowDown", "x"):
        page.keyboard.press(key)
    expect(page.locator(".pick:checked")).to_have_count(2)
    page.keyboard.press("a")
    expect(page.locator(".pick:checked")).to_have_count(4)
    page.locator(".pick").last.press("x")
    expect(page.locator(".pick:checked")).to_have_count(3)
    page.keyboard.press("b")
    expect(page.get_by_label("Decision")).to_be_focused()
    page.keyboard.type("Remove")
    page.keyboard.press("Tab")
    page.keyboard.type("Spam")
    page.locator(".pick").first.focus()
    _went_on(page, "p")
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove: 3 cases")
    expect(page.get_by_text("Nothing has changed yet.")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("Message to each author").fill("d is a letter here, and so are q and z.")
    page.locator("section[data-keys]").focus()
    _went_on(page, "d")
    expect(page.get_by_text("3 cases decided: removed.")).to_be_visible()
    page.get_by_role("button", name="Undo all of them").press("Enter")
    expect(page.get_by_text("Undone. All is as it was before.")).to_be_visible()


def test_a_slip_is_taken_back_with_one_key(start_site, open_page):
    site = start_site("sqlite", demo=False)
    [token] = _fill(site, 2)
    page = open_page(site)
    _enter(page, site, token)
    page.goto("/moderation")
    for key in ("n", "r", "1"):
        page.keyboard.press(key) if key != "n" else _went_on(page, key)
    _went_on(page, "d")
    expect(page.get_by_text("Removed. Here is the next case.")).to_be_visible()
    assert axe(page) == []
    shot(page, "queue-undo-1280-light")
    _went_on(page, "z")
    expect(page.get_by_text("Undone. All is as it was before that decision.")).to_be_visible()
    expect(page.get_by_role("link", name="Decide on it anew")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Case in question 1")


def test_keys_rest_while_one_types_and_can_be_switched_off(start_site, open_page):
    site = start_site("sqlite", demo=False)
    [token] = _fill(site, 2)
    page = open_page(site)
    _enter(page, site, token)
    page.goto("/moderation")
    _went_on(page, "n")
    case = page.url
    note = page.get_by_label("Message to the author")
    note.press_sequentially("kind readers do ask: quiz?")
    expect(note).to_have_value("kind readers do ask: quiz?")
    expect(page.locator("input[name=action]:checked")).to_have_count(0)
    page.locator("section[data-keys]").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("Use these keys in this browser").press("Space")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for _ in range(2):  # here, and on every page from now on
        page.locator("section[data-keys]").focus()
        for key in ("k", "d", "q", "?"):
            page.keyboard.press(key)
        assert page.url == case
        expect(page.locator("input[name=action]:checked")).to_have_count(0)
        expect(page.locator("kbd.key").first).to_be_hidden()
        page.reload()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use these keys in this browser").check()
    page.get_by_role("button", name="Close").click()
    page.locator("section[data-keys]").focus()
    page.keyboard.press("k")
    expect(page.get_by_role("radio", name=re.compile("^Keep"))).to_be_checked()


@KINDS
def test_fifty_moderators_at_once_each_get_another_case(kind, start_site):
    site = start_site(kind, demo=False, workers=2)
    tokens = _fill(site, FIFTY, FIFTY)
    together = threading.Barrier(FIFTY)

    def take(token: str) -> str:
        headers = {"Cookie": f"__Host-session={token}", "Sec-Fetch-Site": "same-origin"}
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(site.url).port, timeout=60)
        together.wait(30)
        with closing(connection):
            connection.request("POST", "/moderation/next", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 303
            return answer.headers["location"]

    with ThreadPoolExecutor(FIFTY) as pool:
        found = list(pool.map(take, tokens))
    assert len({*found}) == FIFTY
    assert all(re.fullmatch(r"/moderation/\d+", address) for address in found)


def test_the_pages_of_the_queue_are_open_to_everyone(page: Page, live_site: Site):
    sign_in(page, live_site, "moderator")
    page.emulate_media(reduced_motion="reduce")
    page.goto("/moderation")
    pages = [("queue", "/moderation"), ("filtered", "/moderation?kind=wave&band=new&mine=1")]
    for kind in ("report", "held", "spam", "duplicate", "wave", "appeal"):
        page.goto(f"/moderation?kind={kind}")
        if page.locator("[data-row] th a").count():
            pages.append((kind, str(page.locator("[data-row] th a").first.get_attribute("href"))))
    page.goto("/moderation/waves")
    pages += [("waves", "/moderation/waves"), ("one-wave", str(page.locator("main h2 a").first.get_attribute("href")))]
    pages.append(("votes-of-a-wave", "/moderation/votes?wave=1&of_wave=authors"))
    found: list[str] = []
    sources: dict[str, str] = {}
    for name, address in pages:
        page.goto(address)
        sources[name] = page.content()
        _look(page, f"queue-{name}", found)
    page.goto("/moderation?all=1")
    page.get_by_label("Decision").select_option("off-topic")
    page.get_by_label("Reason").select_option("off-topic")
    with page.expect_navigation():
        page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_text("What stays out")).to_be_visible()
    _look(page, "queue-preview", found)
    assert not found, "\n".join(found)
    assert not (errors := html_errors(sources)), "\n".join(errors)


def _look(page: Page, name: str, found: list[str]) -> None:
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{name}, {scheme}: {line}" for line in axe(page)]
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            if wide := overflow(page):
                found.append(f"{name}: {wide} px wider than {width}")
            if scheme == "light" or width == 1280:
                shot(page, f"{name}-{width}-{scheme}")
