"""The ground of the browser tests: sites that start and end as they should, and pages that notice what goes wrong."""

import urllib.request

import pytest
from playwright.sync_api import Error

from tests.browser.tools import axe, html_errors, overflow, shot

STRICT = "<!doctype html><html lang='en'><title>Strict</title><h1>Strict</h1>"


@pytest.mark.parametrize("live_site", ["sqlite", "postgresql"], indirect=True)
def test_a_site_with_the_demo_answers_on_both_databases(live_site, page):
    page.goto("/ideas")
    assert page.locator("h1").count() == 1
    assert page.get_by_text("MyGov").count() or page.locator("article").count() >= 10
    assert live_site.forum("migrate")


def test_two_sites_have_databases_of_their_own(start_site, live_site, open_page):
    empty = start_site(demo=False)
    assert empty.database_url != live_site.database_url
    with_demo, without = open_page(live_site), open_page(empty)
    with_demo.goto("/ideas")
    without.goto("/ideas")
    assert with_demo.locator("article").count() > without.locator("article").count() == 0


def test_a_site_ends_when_it_is_asked_to(start_site):
    site = start_site(demo=False)
    assert site.stop() in (0, -15), site.log()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(site.url, timeout=5)


def test_what_goes_wrong_at_the_start_is_told(start_site, tmp_path):
    with pytest.raises(RuntimeError, match="did not start"):
        start_site(database_url="nonsense://")


def test_the_script_of_the_pages_needs_no_exception_from_the_policy(page):
    page.goto("/ideas")
    assert page.evaluate("htmx.version").startswith("4.")
    with pytest.raises(Error, match="unsafe-eval"):
        page.evaluate("document.body.append('x'); (0, window.eval)('1')")


def test_a_page_without_script_runs_none(page_without_script):
    page_without_script.goto("/ideas")
    assert page_without_script.locator("html").evaluate("() => typeof htmx") == "undefined"
    with pytest.raises(ValueError, match="axe is a script"):
        axe(page_without_script)


def test_the_checkers_see_what_is_wrong_and_only_that(page):
    page.set_content(f"{STRICT}<main><p>Fine</p><div style='width: 3000px'><img src='data:,'></div></main>")
    assert [rule.partition(":")[0] for rule in axe(page)] == ["image-alt"]
    assert overflow(page) > 0
    assert shot(page, "checkers").stat().st_size > 500
    found = html_errors({"good": f"{STRICT}<p>Fine</p>", "bad": f"{STRICT}<p><nonsense></p>"})
    assert found
    assert all(line.startswith("bad: ") for line in found)
