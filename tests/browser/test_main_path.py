"""The main path, whole: from a visitor who finds the forum to a ranked file on the analyst's desk."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site
from tests.browser.steps import (
    PASSWORD,
    announced,
    link_in,
    mail_to,
    sign_in,
    stays_in_place,
    tab_to,
    until,
)

TITLE = "Say once a year which records may be opened, in a list that everyone can search"
BODY = (
    "Each agency holds records that could be open but that nobody asks for. "
    "Let each agency make a list of them once a year. Put all the lists on one page with one search box. "
    "A person who finds something in the list can then ask for it by its number."
)


@pytest.fixture(params=["with script", "without script"])
def visitor(request: pytest.FixtureRequest, open_page, live_site) -> Page:
    """A page of somebody who has never been here."""
    return open_page(live_site, script=request.param == "with script")


both_databases = pytest.mark.parametrize("live_site", ["sqlite", "postgresql"], indirect=True)


@both_databases
def test_a_citizen_finds_the_forum_and_ends_with_an_idea_of_their_own(visitor, live_site, request):
    script = "with script" in request.node.name.replace("without script", "")
    page, name = visitor, "Ruth Adeyemi" if script else "Sam Whitfield"
    address = f"{name.split()[0].lower()}@example.net"

    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="Read ideas").click()
    page.locator("li.idea h3 a").first.click()
    expect(page.get_by_role("heading", name="What do you think of it?")).to_be_visible()

    _sign_up(page, live_site, name, address)
    path = _post_an_idea(page, f"{TITLE}, please" if script else TITLE)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(TITLE))
    _comment_and_reply(page, name, script=script)

    page.goto("/me")
    expect(page.locator("#ideas").get_by_role("link", name=re.compile(TITLE))).to_have_attribute("href", path)
    expect(page.locator("#drafts")).to_have_count(0)


def _sign_up(page: Page, site: Site, name: str, address: str) -> None:
    page.get_by_role("link", name="Sign in", exact=True).first.click()
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Display name").fill(name)
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(PASSWORD + " and more")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="We sent you a mail")).to_be_visible()
    expect(page.get_by_text(address)).to_be_visible()
    link = link_in(mail_to(site, address, "Confirm your address"))
    page.goto(link)
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("status").filter(has_text=f"Welcome, {name}")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()


def _post_an_idea(page: Page, title: str) -> str:
    """Post it after a look at what is like it; returns its path."""
    page.get_by_role("link", name="Post an idea").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Your idea").fill(BODY)
    page.get_by_label("Why it matters").fill("You can only ask for what you know is there.")
    page.get_by_label("Community").select_option("making-data-more-accessible")
    page.get_by_label("Tags").fill("records, search")
    similar = page.locator("#similar li")
    if page.evaluate("typeof htmx") != "undefined":
        expect(similar.first).to_be_visible()  # while typing
    else:
        page.get_by_role("button", name="Post idea").click()
        expect(page.get_by_text("One more look before we post it.")).to_be_visible()
        expect(similar.first).to_be_visible()
        expect(page.get_by_label("Your idea")).to_have_value(BODY)
        expect(page.locator("#preview")).to_contain_text("Let each agency make a list")
    page.locator(".actions").get_by_role("button", name=re.compile("^Post (idea|it anyway)$")).click()
    page.wait_for_url(re.compile(r"/ideas/\d+-"))
    expect(page.locator("#flash")).to_contain_text("Your idea is posted.")
    return page.url[page.url.index("/ideas/") :].partition("#")[0]


def _comment_and_reply(page: Page, name: str, *, script: bool) -> None:
    page.get_by_label("Your comment").fill("I can help to **test** the first list.")
    page.get_by_role("button", name="Post comment").click()
    comment = page.locator("li.comment", has_text="I can help to test")
    expect(comment).to_be_visible()
    expect(comment.locator("strong")).to_have_text("test")
    if script:
        announced(page, "Your comment is posted.")
        expect(comment).to_be_focused()
    comment.get_by_role("link", name="Reply").click()
    page.get_by_label("Your answer").fill("One month is enough for that.")
    if script:
        expect(page.get_by_label("Your answer")).to_be_focused()
    page.get_by_role("button", name="Post answer").click()
    answer = page.locator("li.comment.depth-1", has_text="One month is enough")
    expect(answer).to_be_visible()
    expect(answer).to_contain_text(f"to {name}")
    expect(page.locator("#comments-title")).to_have_text("2 comments")


@both_databases
def test_a_vote_is_cast_changed_and_taken_back_in_place(page, live_site):
    sign_in(page, live_site, "employee")
    page.goto("/ideas?sort=newest")
    card = page.locator("li.idea:has(button.vote[aria-pressed=false] + button.vote[aria-pressed=false])").first
    number = (card.get_attribute("id") or "").removeprefix("idea-")
    pro, con = page.locator(f"#for-{number}"), page.locator(f"#against-{number}")
    before = int(pro.locator("b").inner_text()), int(con.locator("b").inner_text())

    def press(button, pressed, counts, said):
        button.focus()
        stays_in_place(page, lambda: page.keyboard.press("Enter"), f"/ideas/{number}/vote")
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(button).to_be_focused()
        announced(page, re.compile(said))
        assert (int(pro.locator("b").inner_text()), int(con.locator("b").inner_text())) == counts
        page.reload()
        assert (int(pro.locator("b").inner_text()), int(con.locator("b").inner_text())) == counts
        expect(button).to_have_attribute("aria-pressed", pressed)

    for_it, against = before
    press(pro, "true", (for_it + 1, against), "Your vote for this idea counts.")
    press(con, "true", (for_it, against + 1), "Your vote against this idea counts.")
    press(con, "false", before, "back")


@both_databases
def test_a_vote_without_script_brings_the_same_page_back(page_without_script, live_site):
    page = page_without_script
    sign_in(page, live_site, "analyst")
    page.goto("/ideas?sort=newest&author=citizen")
    button = page.locator("li.idea button.vote[aria-pressed=false]").first
    name, before = button.get_attribute("id"), int(button.locator("b").inner_text())
    button.click()
    page.wait_for_url("**/ideas?sort=newest&author=citizen*")
    after = page.locator(f"#{name}")
    expect(after).to_have_attribute("aria-pressed", "true")
    assert int(after.locator("b").inner_text()) == before + 1
    after.click()
    expect(page.locator(f"#{name}")).to_have_attribute("aria-pressed", "false")
    assert int(page.locator(f"#{name} b").inner_text()) == before


@both_databases
def test_an_author_is_told_of_an_answer(open_page, live_site):
    author, other = open_page(live_site), open_page(live_site)
    sign_in(author, live_site, "citizen")
    path = _post_an_idea(author, f"{TITLE}, in libraries too")
    sign_in(other, live_site, "employee")
    other.goto(path)
    other.get_by_label("Your comment").fill("Two libraries in my county do this already.")
    other.get_by_label("Post as my agency").check()
    other.get_by_role("button", name="Post comment").click()
    expect(other.locator("li.comment.official")).to_contain_text("Two libraries")

    def told() -> bool:
        author.goto("/notifications")
        return author.locator("main button.told.is-new").filter(has_text="Official comment on").count() > 0

    until(told)
    expect(author.locator("details.menu summary")).to_contain_text(re.compile(r"\d+ unread"))
    author.locator("main button.told.is-new").filter(has_text="Official comment on").first.click()
    author.wait_for_url(f"**{path}*")
    expect(author.locator("li.comment.official")).to_contain_text("Two libraries")
    mail = mail_to(live_site, "citizen@example.org", "Official comment on")
    assert "Two libraries" in mail
    assert f"{live_site.url}/unsubscribe/" in mail


@both_databases
def test_a_moderator_decides_a_case_without_a_mouse(page, live_site):
    sign_in(page, live_site, "moderator")
    page.goto("/moderation")
    waiting = int(re.search(r"\d+", page.get_by_text("waiting. The most urgent").inner_text()).group())
    tab_to(page, page.locator("[data-row] .pick").first)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator("[data-row] th a").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("[data-row] th a").first).to_be_focused()
    page.keyboard.press("o")
    page.wait_for_url(re.compile(r"/moderation/\d+$"))

    tab_to(page, page.get_by_role("button", name="Take this case for 15 minutes"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("You have it").first).to_be_visible()
    case = page.url
    subject = page.get_by_role("link", name="See it in place").get_attribute("href")
    tab_to(page, page.get_by_role("radio", name=re.compile("^Keep")))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name=re.compile("^Remove"))).to_be_checked()
    tab_to(page, page.get_by_role("radio", name=re.compile("^Off topic")))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name=re.compile("^Personal attack"))).to_be_checked()
    tab_to(page, page.get_by_label("Message to the author"))
    page.keyboard.type("Please talk about the idea, not about people.")
    tab_to(page, page.get_by_role("button", name="Decide"))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: address != case)
    expect(page.locator("#flash")).not_to_be_empty()
    page.goto("/moderation")
    expect(page.get_by_text(f"{waiting - 1} waiting. The most urgent")).to_be_visible()
    page.context.clear_cookies(name="__Host-session")
    page.goto(subject)
    expect(page.locator("main")).to_contain_text("Moderators removed this")


@both_databases
def test_an_analyst_takes_the_ranking_away_as_files(page, live_site, tmp_path):
    sign_in(page, live_site, "analyst")
    page.goto("/rankings")
    with page.expect_response(lambda response: "method=approval" in response.url):
        page.get_by_role("link", name="Approval").first.click()
    expect(page.get_by_role("heading", level=2, name="Approval")).to_be_visible()
    shown = page.locator("tbody th a").all_inner_texts()

    def take(label: str) -> Path:
        with page.expect_download() as download:
            page.get_by_role("link", name=label, exact=True).first.click()
        download.value.save_as(tmp_path / label)
        return tmp_path / label

    rows = list(csv.DictReader(io.StringIO(take("CSV").read_text(encoding="utf-8-sig"), newline="")))
    assert [row["title"] for row in rows][: len(shown)] == shown
    assert {"id", "ref", "title", "up", "down", "net", "approval", "url", "source_id"} <= set(rows[0])
    scores = [float(row["approval"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    items = json.loads(take("JSON").read_text(encoding="utf-8"))
    items = items if isinstance(items, list) else next(value for value in items.values() if isinstance(value, list))
    assert [item["title"] for item in items] == [row["title"] for row in rows]
