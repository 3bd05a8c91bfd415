"""Every page of the site as people meet it: for everyone's eyes and hands, sound, light, and no wider than a phone."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.sites import Site
from tests.browser.steps import sign_in
from tests.browser.tools import axe, html_errors, overflow

LONG = "/ideas?sort=discussed"
COMMUNITY = "/c/legal-and-policy-challenges"
ONE = "an idea of one's own"
TALKED = "an idea with a discussion"
CASE = "a case in the queue"

# The pages that every kind of visitor is shown, and the answer that each must have.
PAGES: dict[str, dict[str, int]] = {
    "nobody": {
        "/": 200,
        "/ideas": 200,
        "/ideas?sort=contested&status=answered&since=2009-05-01": 200,
        "/ideas?tag=nothing-has-this-tag": 200,
        "/ideas/new": 200,
        TALKED: 200,
        "/communities": 200,
        COMMUNITY: 200,
        f"{COMMUNITY}/guidelines": 200,
        "/search": 200,
        "/search?q=records": 200,
        "/search?q=whistelblower": 200,
        "/search?q=zzqqxx": 200,
        "/sign-up": 200,
        "/sign-in": 200,
        "/reset": 200,
        "/confirm/nonsense": 410,
        "/rules": 200,
        "/log": 200,
        "/log?action=lock": 200,
        "/log/1": 200,
        "/transparency": 200,
        f"/transparency/{datetime.now(UTC):%Y-%m}": 200,
        "/rankings": 200,
        "/rankings?method=approval&community=rulemaking": 200,
        "/rankings?voters=employee&confirmed=yes&track=yes&aside=yes": 200,
        "/rankings?since=2009-06-01&until=2009-05-01": 422,
        "/rankings/approval": 200,
        "/snapshots": 200,
        "/snapshots/1": 200,
        "/snapshots/1/check": 200,
        "/snapshots/9": 404,
        "/directives": 200,
        "/directives/1": 200,
        "/directives/1/dispositions": 200,
        "/directives/1/editions/1": 200,
        "/directives/2": 404,
        "/rankings/laboratory": 200,
        "/rankings/laboratory?method=net&voters=citizen&top=50": 200,
        "/rankings/laboratory?first=9": 422,
        "/people/daniel-reyes": 200,
        "/people/daniel-reyes/comments": 200,
        "/agencies/budget-office": 200,
        "/no/such/page": 404,
    },
    "citizen": {
        "/": 200,
        "/ideas/new": 200,
        ONE: 200,
        f"{TALKED}/report": 200,
        "/me": 200,
        "/me/votes": 200,
        "/me/comments": 200,
        "/me/follows": 200,
        "/me/settings": 200,
        "/me/address": 200,
        "/me/data": 200,
        "/me/delete": 200,
        "/notifications": 200,
        "/communities/new": 200,
        "/moderation": 403,
    },
    "moderator": {
        TALKED: 200,
        f"{TALKED}/status": 200,
        f"{TALKED}/move": 200,
        "/moderation": 200,
        CASE: 200,
    },
    "analyst": {
        "/snapshots": 200,
        "/snapshots/new?method=approval&community=rulemaking": 200,
        "/files": 200,
        "/files/new?method=net": 200,
        "/directives": 200,
        "/directives/new": 200,
        "/directives/1/edit": 200,
        "/directives/1/dispositions": 200,
        "/directives/2": 200,
        "/directives/2/edit": 200,
        "/directives/2/texts/directive/2": 200,
        "/directives/2/texts/recommendation/19?q=records": 200,
        "/directives/2/versions?of=recommendation:19": 200,
        "/desk": 200,
        "/rankings/laboratory": 200,
    },
    "administrator": {
        "/": 200,
        "/users": 200,
        "/users/4": 200,
        "/communities/proposed": 200,
        f"{COMMUNITY}/edit": 200,
    },
}
FORCED = ("/", "/ideas", TALKED, "/ideas/new", "/moderation", "/transparency")

TOO_SMALL = """() => {
  const seen = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".visually-hidden");
  const controls = "button, select, textarea, summary, input:not([type=hidden]), a.button";
  return [...document.querySelectorAll(controls)].filter(seen).map((node) => [node, node.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.width < 23.9 || box.height < 23.9))
    .filter(([node]) => !node.matches(".link"))
    .map(([node, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${node.outerHTML.slice(0, 120)}`);
}"""


def _address(page: Page, path: str) -> str:
    """The address behind a name such as "an idea with a discussion/report"."""
    name, slash, rest = path.partition("/") if not path.startswith("/") else ("", "", "")
    if not name:
        return path
    listed, link = {
        TALKED: (LONG, "li.idea h3 a"),
        ONE: ("/me", "#ideas li a"),
        CASE: ("/moderation", "[data-row] th a"),
    }[name]
    page.goto(listed)
    found = page.locator(link).first.get_attribute("href")
    assert found, f"{listed} lists nothing"
    return re.sub(r"^(/ideas/\d+)-.*", r"\1", found) + slash + rest if rest else found


def _visit(page: Page, path: str, status: int) -> Response:
    response = page.goto(_address(page, path))
    assert response is not None
    assert response.status == status, path
    return response


@pytest.mark.parametrize("who", PAGES)
def test_every_page_is_open_to_everyone_and_sound(who, page: Page, live_site: Site):
    if who != "nobody":
        sign_in(page, live_site, who)
    page.emulate_media(reduced_motion="reduce")  # colors change at once, so that axe sees them as they will stay
    found: list[str] = []
    sources: dict[str, str] = {}
    for path, status in PAGES[who].items():
        page.set_viewport_size({"width": 1280, "height": 900})
        response = _visit(page, path, status)
        sources[path] = response.text()
        expect(page.locator("h1")).to_have_count(1)
        name = f"{who} {path}"
        found += [f"{name}, light: {line}" for line in axe(page)]
        page.emulate_media(color_scheme="dark")
        found += [f"{name}, dark: {line}" for line in axe(page)]
        if path in FORCED:
            page.emulate_media(forced_colors="active")
            found += [f"{name}, forced colors: {line}" for line in axe(page)]
        page.emulate_media(color_scheme="light", forced_colors="none")
        found += [f"{name}: {line}" for line in _narrow(page)]
    assert not found, "\n".join(found)
    assert not (errors := html_errors(sources)), "\n".join(errors)


def _narrow(page: Page) -> list[str]:
    """What is wrong with the page on a small phone, and for people who read in letters of twice the size."""
    found = []
    page.set_viewport_size({"width": 320, "height": 800})
    if wide := overflow(page):
        found.append(f"{wide} px wider than 320")
    found += [f"too small to hit: {control}" for control in page.evaluate(TOO_SMALL)]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.set_viewport_size({"width": 640, "height": 800})
    if wide := overflow(page):
        found.append(f"{wide} px wider than 640 with text of 200 %")
    return found


def test_a_first_visit_is_light(page: Page):
    files: list[Response] = []
    page.on("response", lambda response: files.append(response))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    sizes = {response.url: response.request.sizes()["responseBodySize"] for response in files}
    assert len(files) <= 4, list(sizes)
    assert all(response.headers.get("content-encoding") == "gzip" for response in files), list(sizes)
    assert sum(size for url, size in sizes.items() if re.search(r"\.(css|js)\?", url)) < 30_000, sizes
    lasting = [response for response in files if "/static/" in response.url]
    assert all("immutable" in response.headers["cache-control"] for response in lasting), "asked for on each page again"


def test_the_print_view_is_text_alone(page: Page):
    page.goto(_address(page, TALKED))
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("li.comment").first).to_be_visible()
    for selector in ("header.site nav", "form.search", ".account", "footer nav", "form.form", "a.button"):
        for element in page.locator(selector).all():
            expect(element).to_be_hidden()


def test_a_reader_who_wants_less_motion_gets_none(page: Page):
    page.emulate_media(reduced_motion="reduce")
    page.goto("/ideas")
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((node) => {
          const style = getComputedStyle(node);
          const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0.01);
          return lasts(style.transitionDuration) || lasts(style.animationDuration);
        }).map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert moving == []
