"""What changes in place: address and history stay right, the focus stays where it was, and a screen reader is told."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site
from tests.browser.steps import announced, sign_in, stays_in_place

TALKED = "/ideas?sort=discussed"


def _titles(page: Page) -> list[str]:
    return page.locator("li.idea h3").all_inner_texts()


def test_a_sort_swaps_the_list_and_the_back_button_brings_the_old_one(page: Page):
    page.goto("/ideas")
    before = _titles(page)
    top = page.get_by_role("link", name="Top", exact=True)
    top.focus()
    stays_in_place(page, lambda: page.keyboard.press("Enter"), "sort=top")
    expect(page).to_have_url(re.compile(r"/ideas\?sort=top$"))
    expect(top).to_have_attribute("aria-current", "true")
    expect(top).to_be_focused()
    announced(page, re.compile(r"\d+ shown"))
    after = _titles(page)
    assert after != before
    page.go_back()
    expect(page).to_have_url(re.compile(r"/ideas$"))
    expect(page.locator("li.idea h3").first).to_have_text(before[0])
    page.go_forward()
    expect(page.locator("li.idea h3").first).to_have_text(after[0])
    page.reload()
    assert _titles(page) == after


def test_a_filter_swaps_the_list_and_stands_in_the_address(page: Page):
    page.goto("/ideas?sort=top")
    page.get_by_label("Community").select_option("rulemaking")
    go = page.get_by_role("button", name="Show ideas")
    go.focus()
    stays_in_place(page, lambda: page.keyboard.press("Enter"), "community=rulemaking")
    expect(page).to_have_url(re.compile(r"community=rulemaking"))
    expect(page.locator("li.idea").first).to_contain_text("Rulemaking")
    assert all("Rulemaking" in text for text in page.locator("li.idea .meta").all_inner_texts())
    expect(page.get_by_role("button", name="Show ideas")).to_be_focused()
    expect(page.get_by_label("Community")).to_have_value("rulemaking")
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_label("Community")).to_have_value("")


def test_paging_swaps_the_list_and_the_focus_goes_to_its_heading(page: Page):
    page.goto("/ideas?sort=newest")
    first = _titles(page)
    page.get_by_role("link", name="Next").focus()
    stays_in_place(page, lambda: page.keyboard.press("Enter"), "after=")
    expect(page).to_have_url(re.compile("after="))
    expect(page.locator("#results h2[data-focus-lost]")).to_be_focused()
    second = _titles(page)
    assert second
    assert not set(first) & set(second)
    page.go_back()
    expect(page.locator("li.idea h3").first).to_have_text(first[0])


def test_without_script_sorts_filters_and_pages_are_plain_links(page_without_script: Page):
    page = page_without_script
    page.goto("/ideas")
    page.get_by_role("link", name="Newest", exact=True).click()
    expect(page).to_have_url(re.compile("sort=newest"))
    first = _titles(page)
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("after="))
    assert not set(first) & set(_titles(page))
    page.get_by_label("Where it stands").select_option("planned")
    page.get_by_role("button", name="Show ideas").click()
    expect(page).to_have_url(re.compile("status=planned"))
    assert all("Planned" in text for text in page.locator("li.idea .meta").all_inner_texts())
    page.get_by_role("searchbox").fill("whistelblower")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("main ol.list li").first).to_contain_text(re.compile("whistle", re.IGNORECASE))


@pytest.mark.parametrize("name", ["I agree", "Follow"])
def test_agreeing_and_following_swap_one_button_and_keep_the_focus_on_it(name, page: Page, live_site: Site):
    sign_in(page, live_site, "citizen")
    page.goto(TALKED)
    page.locator("li.idea h3 a").first.click()
    found = page.get_by_role("button", name=re.compile(f"^{name}")).and_(page.locator("[aria-pressed=false]")).first
    button = page.locator(f"#{found.get_attribute('id')}")
    before = button.inner_text()
    button.focus()
    for pressed in ("true", "false"):
        stays_in_place(page, lambda: page.keyboard.press("Space"), "/agree" if name == "I agree" else "/follows")
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(button).to_be_focused()
        expect(page.locator("#announce")).not_to_be_empty()
    assert button.inner_text() == before


def test_similar_ideas_come_by_themselves_beside_an_idea_and_under_a_title(page: Page, live_site: Site):
    sign_in(page, live_site, "citizen")
    page.goto(TALKED)
    page.locator("li.idea h3 a").first.click()
    expect(page.locator("aside li a").first).to_be_visible()

    page.goto("/ideas/new")
    title = page.get_by_label("Title")
    title.press_sequentially("Give the public time to read big spending bills before the vote")
    expect(page.locator("#similar li").first).to_contain_text("72 hours")
    announced(page, re.compile(r"similar ideas? found"))
    expect(title).to_be_focused()
    vote = page.locator("#similar button[aria-pressed=false]").first
    button = page.locator(f"#{vote.get_attribute('id')}")
    stays_in_place(page, button.click, "/vote")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(title).to_have_value("Give the public time to read big spending bills before the vote")
    stays_in_place(page, button.click, "/vote")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_search_swaps_its_results_and_helps_with_a_typo(page: Page):
    page.goto("/search?q=records")
    box = page.locator("#q")
    box.fill("whistelblower")
    stays_in_place(page, lambda: box.press("Enter"), "whistelblower")
    expect(page).to_have_url(re.compile("q=whistelblower"))
    expect(page.locator("#results ol.list li").first).to_contain_text(re.compile("whistle", re.IGNORECASE))
    announced(page, re.compile("whistelblower"))
    expect(page.locator("#q")).to_be_focused()
    page.go_back()
    expect(page.locator("#q")).to_have_value("records")


def test_a_case_list_is_filtered_in_place(page: Page, live_site: Site):
    sign_in(page, live_site, "moderator")
    page.goto("/moderation")
    stays_in_place(page, page.get_by_role("link", name="Waiting for a check").click, "kind=")
    expect(page).to_have_url(re.compile("kind="))
    texts = page.locator("[data-row] td[data-label=Why]").all_inner_texts()
    assert texts
    assert all("Waiting for a check" in text for text in texts)
    page.go_back()
    expect(page.locator("[data-row]")).not_to_have_count(len(texts))
