"""Directives in a browser: written, cited, in conflict, published, read as a citizen; with and without JavaScript."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sites import Site
from tests.browser.steps import announced, sign_in, stays_in_place, tab_to
from tests.browser.tools import axe, html_errors, overflow, shot


def look(page: Page, name: str, *, script: bool) -> None:
    """Nothing wrong for everyone's eyes and hands; a picture of it."""
    shot(page, f"directives/{name}")
    assert overflow(page) <= 0, name
    if script:
        assert axe(page) == [], name
    else:
        assert html_errors({name: page.content()}) == []


def fill_in(page: Page, what: str) -> None:
    for name, words in (("Who", "Each clinic."), ("What", what), ("Why", "To see a doctor."), ("How", "From May on.")):
        page.get_by_label(name, exact=True).fill(words)


def write(writer: Page, title: str, name: str, script: bool) -> str:
    """Two recommendations, each with an idea; the address of the second."""
    writer.goto("/directives")
    look(writer, f"list-{name}", script=script)
    writer.get_by_role("link", name="New directive").click()
    writer.get_by_role("button", name="Begin").click()
    expect(writer.locator(".error-summary")).to_contain_text("Please give it a title.")
    writer.get_by_label("Title", exact=True).fill(title)
    writer.get_by_label("Introduction").fill("For *all* who wait.")
    writer.get_by_role("button", name="Begin").click()
    writer.get_by_label("Title of the part").fill("Doctors")
    writer.get_by_role("button", name="Add the part").click()
    for clause in ("Open late", "Open early"):
        writer.get_by_label("New recommendation").fill(clause)
        writer.get_by_role("button", name="Add", exact=True).click()
        expect(writer.get_by_role("heading", level=1)).to_contain_text("Recommendation 1.")
        fill_in(writer, f"{clause} at all clinics.")
        writer.locator("#find-ideas").fill("records")
        writer.locator("#find").click()
        writer.get_by_role("button", name="Cite").first.click()
        expect(writer.get_by_role("button", name="Take away")).to_be_visible()
        expect(writer.get_by_label("Who", exact=True)).to_have_value("Each clinic.")
        if script and clause == "Open late":
            expect(writer.locator("#grade-what")).to_contain_text("Reads at grade")
        writer.get_by_role("button", name="Save", exact=True).click()
        expect(writer.get_by_text("Saved as version 2.")).to_be_visible()
        address = writer.url
        writer.get_by_role("link", name=title).click()
    look(writer, f"workspace-{name}", script=script)
    return address


def collide(writer: Page, other: Page, address: str, name: str, script: bool) -> None:
    """Two at once: the second sees both texts, and nothing is lost."""
    writer.goto(address)
    other.goto(address)
    other.get_by_label("What", exact=True).fill("Open at dawn at all clinics.")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_text("Saved as version 3.")).to_be_visible()
    writer.get_by_label("What", exact=True).fill("Open at noon at all clinics.")
    writer.get_by_role("button", name="Save", exact=True).click()
    expect(writer.get_by_role("heading", name="Two texts at once")).to_be_visible()
    expect(writer.locator(".diff ins")).to_have_text("noon")
    look(writer, f"conflict-{name}", script=script)
    writer.get_by_role("textbox", name="What").fill("Open at dawn and noon at all clinics.")
    writer.get_by_role("button", name="Save", exact=True).click()
    expect(writer.get_by_text("Saved as version 4.")).to_be_visible()


def arrange(writer: Page, script: bool) -> None:
    """Moved by a button and by dragging, and deleted with undo."""
    up = writer.get_by_role("button", name="Up recommendation 1.2")
    if script:
        tab_to(writer, up)
        stays_in_place(writer, lambda: writer.keyboard.press("Enter"), "/order")
        announced(writer, "It is Recommendation 1.1 now.")
    else:
        up.click()
    expect(writer.locator("[id^=recommendation-] h3").first).to_have_text("1.1 Open early")
    if script:
        writer.locator("li[data-clause]").nth(1).drag_to(writer.locator("li[data-clause]").nth(0))
        expect(writer.locator("[id^=recommendation-] h3").first).to_have_text("1.1 Open late")
    writer.get_by_role("button", name="Delete recommendation 1.2").click()
    expect(writer.get_by_text("It is deleted.")).to_be_visible()
    writer.get_by_role("button", name="Undo").click()
    expect(writer.get_by_text("It is back.")).to_be_visible()


def answer_and_publish(writer: Page, title: str, name: str, script: bool) -> None:
    """A disposition, public comment, and the word about it."""
    writer.get_by_role("link", name="Dispositions").first.click()
    row = writer.locator("tr[data-row]").first
    row.get_by_role("combobox").select_option("accepted")
    row.get_by_role("textbox").fill("From May on.")
    look(writer, f"matrix-{name}", script=script)
    writer.locator("#save").click()
    expect(writer.get_by_text("Saved for 1 idea.")).to_be_visible()
    writer.get_by_role("link", name=title).click()
    writer.get_by_label("Last day for comments").fill(f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}")
    writer.get_by_role("button", name="Open for public comment").click()
    expect(writer.get_by_text("Everybody can read it and comment on it now.")).to_be_visible()
    writer.get_by_role("link", name="Dispositions").first.click()
    writer.get_by_role("button", name="Publish 1").click()
    expect(writer.get_by_text("Published for 1 idea.")).to_be_visible()


def read(citizen: Page, title: str, name: str, script: bool) -> None:
    """As a citizen reads it, agrees, comments, and sees what became of an idea."""
    citizen.goto("/directives")
    citizen.get_by_role("link", name=title).click()
    agree = citizen.get_by_role("button", name="I agree").first
    if script:
        stays_in_place(citizen, agree.click, "/agree")
    else:
        agree.click()
    expect(citizen.get_by_role("button", name="I agree").first).to_have_attribute("aria-pressed", "true")
    citizen.get_by_text("Comment on recommendation").first.click()
    citizen.get_by_label("Your comment").first.fill("And on Sundays?")
    citizen.get_by_role("button", name="Post the comment").first.click()
    expect(citizen.get_by_text("And on Sundays?")).to_be_visible()
    look(citizen, f"read-{name}", script=script)
    citizen.get_by_role("link", name="Every idea with its reason").click()
    look(citizen, f"became-{name}", script=script)
    citizen.locator("tbody th a").first.click()
    expect(citizen.get_by_role("heading", name="What became of it")).to_be_visible()
    expect(citizen.get_by_role("link", name=title).first).to_be_visible()
    look(citizen, f"idea-{name}", script=script)


@pytest.mark.parametrize("script, width, scheme", [(True, 1280, "light"), (False, 320, "dark")])
def test_a_directive_is_written_published_and_read_as_a_citizen(
    live_site: Site, open_page: OpenPage, script: bool, width: int, scheme: str
) -> None:
    how = {"script": script, "width": width, "color_scheme": scheme}
    title, name = f"Clinics at {width}", f"{width}-{scheme}"
    writer, other, citizen = (open_page(live_site, **how) for _ in range(3))
    for page, person in ((writer, "analyst"), (other, "analyst"), (citizen, "citizen")):
        sign_in(page, live_site, person)
    address = write(writer, title, name, script)
    collide(writer, other, address, name, script)
    writer.get_by_role("link", name="Version 4").click()
    look(writer, f"versions-{name}", script=script)
    writer.get_by_role("link", name=title).click()
    arrange(writer, script)
    answer_and_publish(writer, title, name, script)
    read(citizen, title, name, script)


def test_the_directive_of_the_demo_reads_well(live_site: Site, open_page: OpenPage) -> None:
    for width, scheme in ((1280, "light"), (320, "dark")):
        page = open_page(live_site, width=width, color_scheme=scheme)
        page.goto("/directives")
        page.get_by_role("link", name="Open government as the way we work").click()
        look(page, f"demo-{width}-{scheme}", script=True)
        page.get_by_role("link", name="Every idea with its reason").click()
        look(page, f"demo-became-{width}-{scheme}", script=True)
        page.context.clear_cookies()
