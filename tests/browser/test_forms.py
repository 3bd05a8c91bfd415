"""Forms that fail: nothing typed is lost, the summary takes the focus and leads to the fields, and errors help."""

import re
import sqlite3

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sites import Site
from tests.browser.steps import PASSWORD, announced, mail_to, sign_in, until
from tests.browser.tools import axe

WORDS = "Put the list of all public meetings in one calendar that a phone can read."
with_and_without_script = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])


def _summary_leads_to(page: Page, field: str) -> None:
    """The error summary has the focus, and its first line leads into the field."""
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    wrong = page.locator(f"#field-{field}")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#field-{field}-error")).to_be_visible()
    assert f"field-{field}-error" in (wrong.get_attribute("aria-describedby") or "")


@with_and_without_script
def test_an_idea_that_can_not_be_posted_keeps_every_word(script, open_page, live_site: Site):
    page = open_page(live_site, script=script)
    sign_in(page, live_site, "citizen")
    page.goto("/ideas/new")
    page.get_by_label("Your idea").fill(WORDS)
    page.get_by_label("Why it matters").fill("I miss most of them.")
    page.get_by_label("Tags").fill("one, two, three, four, five, six")
    page.locator(".actions").get_by_role("button", name="Post idea").click()
    _summary_leads_to(page, "title")
    expect(page.locator(".error-summary li")).to_have_count(3)
    expect(page.get_by_label("Your idea")).to_have_value(WORDS)
    expect(page.get_by_label("Why it matters")).to_have_value("I miss most of them.")
    expect(page.get_by_label("Tags")).to_have_value("one, two, three, four, five, six")
    if script:
        assert axe(page) == []
    else:
        expect(page).to_have_title(re.compile("^Error: "))


@with_and_without_script
def test_an_account_that_can_not_be_made_keeps_all_but_the_password(script, open_page, live_site: Site):
    page = open_page(live_site, script=script)
    page.goto("/sign-up")
    page.get_by_label("Display name").fill("Ada")
    page.get_by_label("E-mail address").fill("ada at example")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Make my account").click()
    _summary_leads_to(page, "email")
    expect(page.get_by_label("Display name")).to_have_value("Ada")
    expect(page.get_by_label("E-mail address")).to_have_value("ada at example")
    expect(page.get_by_label("Password")).to_have_value("")


@with_and_without_script
def test_a_session_that_ended_meanwhile_keeps_the_idea(script, open_page, live_site: Site):
    page = open_page(live_site, script=script)
    sign_in(page, live_site, "employee", anew=True)
    page.goto("/ideas/new")
    page.get_by_label("Title").fill("One calendar for all public meetings")
    page.get_by_label("Your idea").fill(WORDS)
    page.get_by_label("Community").select_option("new-tools-and-technologies")
    page.context.clear_cookies(name="__Host-session")
    page.locator(".actions").get_by_role("button", name="Post idea").click()
    page.wait_for_url("**/sign-in?*")
    expect(page.locator("main")).to_contain_text("kept")
    page.get_by_label("E-mail address").fill("employee@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/ideas/new*")
    expect(page.get_by_label("Title")).to_have_value("One calendar for all public meetings")
    expect(page.get_by_label("Your idea")).to_have_value(WORDS)
    expect(page.get_by_label("Community")).to_have_value("new-tools-and-technologies")


@with_and_without_script
def test_an_empty_comment_and_a_wrong_password_say_what_to_do(script, open_page, live_site: Site):
    page = open_page(live_site, script=script)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("citizen@example.org")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    _summary_leads_to(page, "password")
    expect(page.get_by_label("E-mail address")).to_have_value("citizen@example.org")

    sign_in(page, live_site, "citizen")
    page.goto("/ideas?sort=discussed")
    page.locator("li.idea h3 a").first.click()
    page.get_by_role("button", name="Post comment").click()
    _summary_leads_to(page, "body")


def test_a_draft_is_kept_while_typing_and_found_again(page: Page, live_site: Site):
    sign_in(page, live_site, "manager")
    page.goto("/ideas/new")
    page.get_by_label("Title").fill("Lend readers for old tape formats")
    page.get_by_label("Your idea").fill("Half of our tapes can be read by nobody.")
    expect(page.locator("[data-draft-note]")).to_contain_text("Draft kept at")
    page.goto("/me")
    page.locator("#drafts").get_by_role("link", name="Lend readers").click()
    expect(page.get_by_label("Your idea")).to_have_value("Half of our tapes can be read by nobody.")
    page.goto("/me")
    page.get_by_role("button", name=re.compile("Throw away")).first.click()
    expect(page.locator("#drafts")).to_have_count(0)


def test_a_lost_connection_loses_no_words(page: Page, live_site: Site):
    sign_in(page, live_site, "citizen")
    page.goto("/ideas?sort=discussed")
    page.locator("li.idea h3 a").first.click()
    page.get_by_label("Your comment").fill(WORDS)
    page.context.set_offline(True)
    page.get_by_role("button", name="Post comment").click()
    announced(page, "We could not reach the site. Please try again.")
    expect(page.get_by_label("Your comment")).to_have_value(WORDS)
    page.context.set_offline(False)
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("li.comment", has_text=WORDS)).to_be_focused()


def test_a_visitor_who_asks_too_often_is_told_how_long_to_wait(page: Page):
    for _ in range(6):
        page.goto("/reset")
        page.get_by_label("E-mail address").fill("nobody-we-know@example.org")
        page.get_by_role("button", name="Mail me the link").click()
        page.wait_for_load_state()
    expect(page.locator(".error-summary")).to_contain_text(re.compile(r"try again in \d+ minutes?"))
    expect(page.get_by_label("E-mail address")).to_have_value("nobody-we-know@example.org")
    assert axe(page) == []


def test_a_site_in_trouble_says_so_and_keeps_the_way_out(start_site, open_page):
    site = start_site(demo=False)
    page = open_page(site)
    with sqlite3.connect(site.folder / "forum.db") as database:
        database.execute("ALTER TABLE ideas RENAME TO lost")
    database.close()
    response = page.goto("/ideas")
    assert response.status == 503
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text("Try again in a minute.")
    expect(page.locator("main")).not_to_contain_text("Traceback")
    assert axe(page) == []


def test_an_idea_that_is_taken_away_leaves_a_reason_for_its_author(open_page, live_site: Site):
    """Post, edit, be reported, be removed, read why; and withdraw another one oneself."""
    author, reader, moderator = (open_page(live_site) for _ in range(3))
    for page, person in ((author, "analyst"), (reader, "employee"), (moderator, "moderator")):
        sign_in(page, live_site, person)
    path = _post(author, "Buy tickets for my cousin's concert on Friday night")
    author.get_by_role("link", name="Edit", exact=True).click()
    assert axe(author) == []
    author.get_by_label("Your idea").fill("Fun for all. Doors open at eight. Bring a friend and a hat.")
    author.get_by_role("button", name="Save").click()
    expect(author.locator("#flash")).to_contain_text("Saved.")
    author.goto(re.sub(r"(/ideas/\d+).*", r"\1/history", path))
    expect(author.get_by_role("heading", name="No edits")).to_be_visible()

    reader.goto(path)
    reader.locator("main").get_by_role("link", name="Report", exact=True).click()
    reader.get_by_role("button", name="Send the report").click()
    expect(reader.locator(".error-summary")).to_be_focused()
    reader.get_by_role("radio", name=re.compile("^Spam")).check()
    reader.get_by_role("button", name="Send the report").click()
    expect(reader.locator("#flash")).not_to_be_empty()

    moderator.goto("/moderation")
    moderator.locator("[data-row] a", has_text="Buy tickets").click()
    moderator.get_by_role("radio", name=re.compile("^Remove")).check()
    moderator.get_by_role("button", name="Decide").click()
    expect(moderator.locator(".error-summary")).to_be_focused()
    moderator.get_by_role("radio", name=re.compile("^Spam")).check()
    moderator.get_by_label("Message to the author").fill("This is an advertisement.")
    moderator.get_by_role("button", name="Decide").click()
    expect(moderator.locator("#flash")).not_to_be_empty()

    reader.goto(path)
    expect(reader.get_by_role("heading", level=1)).to_have_text("Moderators removed this idea")
    expect(reader.locator("main")).not_to_contain_text("Doors open at eight")
    assert axe(reader) == []
    mail = mail_to(live_site, "analyst@example.org", "removed")
    assert "This is an advertisement." in mail

    def told() -> bool:
        author.goto("/notifications")
        return author.locator("main button.told.is-new").count() > 0

    until(told)
    author.locator("main button.told.is-new").first.click()
    expect(author.get_by_text("This is an advertisement.").first).to_be_visible()
    assert axe(author) == []


def test_an_author_takes_an_idea_back_with_a_reason(page: Page, live_site: Site):
    sign_in(page, live_site, "analyst")
    path = _post(page, "Print the whole budget on one very long roll of paper")
    page.get_by_role("link", name="Withdraw", exact=True).click()
    page.get_by_role("button", name="Withdraw it").click()
    _summary_leads_to(page, "reason")
    page.get_by_label("Why do you withdraw it?").fill("I have thought of the trees.")
    page.get_by_role("button", name="Withdraw it").click()
    page.wait_for_url(f"**{path}*")
    page.context.clear_cookies(name="__Host-session")
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("The author withdrew this idea")
    expect(page.locator("main")).to_contain_text("I have thought of the trees.")
    assert axe(page) == []


def _post(page: Page, title: str) -> str:
    """Post an idea, past the step that shows what is like it; returns its path."""
    page.goto("/ideas/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Your idea").fill("Everyone is welcome. It will be a night to remember.")
    page.get_by_label("Community").select_option("new-tools-and-technologies")
    post = page.locator(".actions").get_by_role("button", name=re.compile("^Post (idea|it anyway)$"))
    post.click()
    expect(page.locator("#idea-form .tone-accent, #comments").first).to_be_visible()
    if page.locator("#idea-form").count():
        post.click()
    page.wait_for_url(re.compile(r"/ideas/\d+-"))
    return re.sub(r"^https?://[^/]+|#.*$", "", page.url)
