"""Merging in a browser: from the proposal to one idea and back, with and without JavaScript, also on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sites import Site
from tests.browser.steps import sign_in
from tests.browser.tools import axe, html_errors, overflow, shot

SAME = "Both ask for the same thing."


def look(page: Page, name: str, *, script: bool) -> None:
    """Nothing wrong for everyone's eyes and hands; a picture of it."""
    shot(page, f"merging/{name}")
    assert overflow(page) <= 0, name
    if script:
        assert axe(page) == [], name
    else:
        assert html_errors({name: page.content()}) == []


def own_idea(page: Page) -> str:
    """The address of an idea of the one who is signed in."""
    page.goto("/me/ideas")
    return str(page.locator("main li a[href^='/ideas/']").first.get_attribute("href"))


def another_idea(page: Page, absorbed: str) -> str:
    page.goto("/ideas?sort=top")
    links = page.locator("#results h3 a")
    found = [str(links.nth(number).get_attribute("href")) for number in range(3)]
    return next(one for one in found if one != absorbed)


@pytest.mark.parametrize("script, width, scheme", [(True, 1280, "light"), (False, 320, "dark")])
def test_two_ideas_become_one_and_two_again(
    live_site: Site, open_page: OpenPage, script: bool, width: int, scheme: str
) -> None:
    citizen = open_page(live_site, script=script, width=width, color_scheme=scheme)
    name = f"{width}-{scheme}"
    sign_in(citizen, live_site, "citizen")
    absorbed = own_idea(citizen)
    target = another_idea(citizen, absorbed)
    citizen.goto(absorbed)
    citizen.get_by_role("link", name="Merge", exact=True).click()
    look(citizen, f"propose-{name}", script=script)
    citizen.get_by_label(re.compile("Or another one|Which idea stays")).last.fill(f"{live_site.url}{target}")
    citizen.get_by_role("button", name="Propose the merge").click()
    expect(citizen.locator(".error-summary")).to_contain_text("Please say why")
    citizen.get_by_label("Why are both the same?").fill(SAME)
    citizen.get_by_role("button", name="Propose the merge").click()
    expect(citizen.get_by_role("heading", level=1)).to_contain_text("Merge: I-")
    address = citizen.url

    moderator = open_page(live_site, script=script, width=width, color_scheme=scheme)
    sign_in(moderator, live_site, "moderator")
    moderator.goto("/moderation?kind=merge")
    moderator.locator("main a[href^='/moderation/'][href*='kind=merge']").first.click()
    look(moderator, f"case-{name}", script=script)
    moderator.get_by_role("link", name="Decide about this merge").click()
    assert moderator.url == f"{address}?kind=merge"
    look(moderator, f"merge-{name}", script=script)
    moderator.get_by_label("Merge them").check()
    moderator.locator("#decide").click()
    expect(moderator.get_by_text("Merged. ")).to_be_visible()
    moderator.get_by_role("link", name="See this merge").click()
    expect(moderator.get_by_role("heading", level=1)).to_contain_text("Merged: I-")
    look(moderator, f"merged-{name}", script=script)

    citizen.goto(absorbed)
    expect(citizen.get_by_text("You came from")).to_be_visible()
    assert target in citizen.url
    look(citizen, f"idea-{name}", script=script)

    moderator.get_by_text("Undo this merge").click()
    moderator.get_by_label("Why do you undo it?").fill("They differ after all.")
    moderator.locator("#undo").click()
    expect(moderator.get_by_text("The merge is undone.")).to_be_visible()
    citizen.goto(absorbed)
    assert citizen.url.endswith(absorbed)
    citizen.get_by_role("link", name="Split", exact=True).click()
    look(citizen, f"split-{name}", script=script)
