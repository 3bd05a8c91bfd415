"""Fixtures of the browser tests: Chromium, a running site, and pages that notice what a person would not see."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests import postgres
from tests.browser import sites

# The same outside and inside a container, with nothing that asks the network for anything.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]
OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m "not browser"` leaves them out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    program = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def start_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sites.StartSite]:
    """A function that starts further sites: `start_site("postgresql", demo=False)`. All end with the module."""
    running: list[sites.Site] = []

    def start(kind: sites.Kind = "sqlite", *, demo: bool = True, database_url: str = "", **options: Any) -> sites.Site:
        """Serve a new database of this kind, or the migrated one at `database_url`."""
        folder = tmp_path_factory.mktemp("site")
        url = database_url or sites.database(kind, folder, demo=demo)
        running.append(sites.start(kind, url, folder, **options))
        return running[-1]

    yield start
    for site in running:
        site.stop()
        if site.kind == "postgresql":
            postgres.drop_database(site.database_url)


@pytest.fixture(scope="module")
def live_site(request: pytest.FixtureRequest, start_site: sites.StartSite) -> sites.Site:
    """A site with the demo, shared by the tests of a module. It is on SQLite, unless the test asks otherwise:

    @pytest.mark.parametrize("live_site", ["sqlite", "postgresql"], indirect=True)
    """
    return start_site(getattr(request, "param", "sqlite"))


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """A function that opens a page in a browser profile of its own, on the live site unless `site=` names another.

    `width` and `height` in pixels, `script=False` for a browser without JavaScript, and what Playwright's new_context
    takes, such as `color_scheme="dark"`. In the end the test fails if a page broke its security policy, ran into an
    error in a script, or asked another origin for anything.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_one(
        site: sites.Site | None = None, *, width: int = 1280, height: int = 900, script: bool = True, **options: Any
    ) -> Page:
        site = site or request.getfixturevalue("live_site")
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": height},
            java_script_enabled=script,
            locale="en-US",
            timezone_id="UTC",
            **options,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        _watch(page, site.url, problems)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)


def _watch(page: Page, origin: str, problems: list[str]) -> None:
    """Note what goes wrong in a page without anybody seeing it."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            problems.append(f"The page broke its policy: {message.text}")

    def on_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and f"{address.scheme}://{address.netloc}" != origin:
            problems.append(f"The page asked another origin: {request.url}")

    page.on("console", on_console)
    page.on("request", on_request)
    page.on("pageerror", lambda error: problems.append(f"A script failed: {error}"))


@pytest.fixture
def page(open_page: OpenPage, live_site: sites.Site) -> Page:
    """A page of 1280 x 900 with JavaScript."""
    return open_page(live_site)


@pytest.fixture
def page_without_script(open_page: OpenPage, live_site: sites.Site) -> Page:
    """The same in a browser that runs no JavaScript."""
    return open_page(live_site, script=False)
