"""Rankings as people use them: which ideas, which votes, side by side; with a script and without."""

import csv
import io

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site
from tests.browser.steps import sign_in
from tests.browser.tools import axe

with_and_without_script = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])


def _titles(page: Page) -> list[str]:
    return page.locator("#results tbody th a").all_inner_texts()


def _file(page: Page, label: str) -> list[str]:
    """The titles in the file behind this link of the results."""
    address = page.locator("#results").get_by_role("link", name=label, exact=True).first.get_attribute("href")
    answer = page.request.get(address)
    assert answer.ok
    return [row["title"] for row in csv.DictReader(io.StringIO(answer.text(), newline=""))]


@with_and_without_script
def test_an_analyst_chooses_ideas_and_votes_and_compares_the_formulas(script, open_page, live_site: Site):
    page = open_page(live_site, script=script)
    sign_in(page, live_site, "analyst")
    page.goto("/")
    page.get_by_role("link", name="Policy desk").click()
    page.get_by_role("link", name="Rankings", exact=True).first.click()
    everything = _titles(page)
    page.get_by_text("Communities: all").click()
    page.get_by_label("Rulemaking").check()
    page.get_by_label("Votes of", exact=True).select_option("citizen")
    page.get_by_role("button", name="Show ranking").click()
    expect(page.locator("#shown")).to_contain_text("Ideas in Rulemaking. Votes of citizens count.")
    assert "community=rulemaking" in page.url
    chosen = _titles(page)
    assert chosen
    assert chosen != everything
    assert _file(page, "CSV") == chosen
    page.get_by_text("How it was counted").click()
    expect(page.get_by_text("the one that was added to this forum later comes first")).to_be_visible()
    page.get_by_label("Posted from").fill("2009-06-02")
    page.get_by_label("Posted up to").fill("2009-06-01")
    page.get_by_role("button", name="Show ranking").click()
    expect(page.locator(".error-summary")).to_contain_text("The last day comes before the first day.")
    expect(page.get_by_label("Votes of", exact=True)).to_have_value("citizen")
    page.go_back()
    page.get_by_role("link", name="Compare the formulas side by side").click()
    expect(page.get_by_role("heading", level=1, name="Ranking laboratory")).to_be_visible()
    expect(page.get_by_role("link", name="Net votes: Rulemaking, votes of citizens")).to_be_visible()
    before = page.get_by_text("Take out").count()
    page.get_by_text("Take out").first.click()
    expect(page.get_by_text("Take out")).to_have_count(before - 1)
    page.get_by_text("Add a ranking").click()
    page.get_by_label("Formula").select_option("net")
    page.get_by_label("Votes of", exact=True).select_option("employee")
    page.get_by_role("button", name="Add this ranking").click()
    expect(page.get_by_role("link", name="Net votes: votes of public employees")).to_be_visible()
    page.get_by_label("To", exact=True).select_option("3")
    page.get_by_role("button", name="Compare", exact=True).click()
    assert "second=3" in page.url
    if script:
        assert axe(page) == []


def test_the_laboratory_fits_a_phone(open_page, live_site: Site):
    page = open_page(live_site, width=320, height=640)
    page.goto("/rankings/laboratory")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("region", name="authors posted one idea").locator("summary").click()
    expect(page.get_by_role("cell").first).to_be_visible()
