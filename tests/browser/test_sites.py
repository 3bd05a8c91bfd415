"""The ground of the browser tests: sites that start and end as they should, and pages that notice what goes wrong."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.browser.tools import axe, html_errors, overflow, shot

GOOD = "<!doctype html><html lang='en'><title>Good</title><main><h1>Good</h1><p>Text</p>{}</main></html>"


@pytest.mark.parametrize("live_site", ["sqlite", "postgresql"], indirect=True)
def test_a_site_with_the_demo_answers_on_both_databases(live_site, page):
    page.goto("/ideas")
    assert page.locator("h1").count() == 1
    assert page.locator("li.idea").count() >= 10
    assert live_site.forum("migrate")


def test_two_sites_have_databases_of_their_own(start_site, live_site, open_page):
    empty = start_site(demo=False)
    assert empty.database_url != live_site.database_url
    with_demo, without = open_page(live_site), open_page(empty)
    with_demo.goto("/ideas")
    without.goto("/ideas")
    assert with_demo.locator("li.idea").count() > without.locator("li.idea").count() == 0


def test_a_site_ends_when_it_is_asked_to(start_site):
    site = start_site(demo=False)
    assert site.stop() in (0, -15), site.log()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(site.url).port), timeout=5)


def test_what_goes_wrong_at_the_start_is_told(start_site, tmp_path):
    with pytest.raises(RuntimeError, match="did not start"):
        start_site(database_url="nonsense://")


def test_the_script_from_the_set_up_runs_under_the_policy_of_the_pages(page):
    page.goto("/ideas")
    assert page.evaluate("htmx.version").startswith("4.")


def test_a_page_without_script_runs_none(page_without_script):
    page_without_script.goto("/ideas")
    assert page_without_script.locator("html").evaluate("() => typeof htmx") == "undefined"
    with pytest.raises(ValueError, match="axe is a script"):
        axe(page_without_script)


def test_the_checkers_see_what_is_wrong_and_only_that(page):
    page.set_content(GOOD.format("<div style='width: 3000px'><img src='data:,'></div>"))
    assert [rule.partition(":")[0] for rule in axe(page)] == ["image-alt"]
    assert overflow(page) > 0
    assert shot(page, "checkers").stat().st_size > 500
    found = html_errors({"good": GOOD.format(""), "bad": GOOD.format("<p><nonsense></p>")})
    assert found
    assert all(line.startswith("bad: ") for line in found)
