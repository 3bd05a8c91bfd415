"""Comments in a browser: found by a filter of the queue, removed together, put back; what their author reads."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sites import Site
from tests.browser.steps import sign_in
from tests.browser.tools import axe, html_errors, overflow, shot

DIRECTIVE = "Open government as the way we work"


def look(page: Page, name: str, *, script: bool) -> None:
    """Nothing wrong for everyone's eyes and hands; a picture of it."""
    shot(page, f"comments/{name}")
    assert overflow(page) <= 0, name
    if script:
        assert axe(page) == [], name
    else:
        assert html_errors({name: page.content()}) == []


def say(page: Page, words: list[str]) -> None:
    """The citizen comments on the first recommendation of the directive that is before the public."""
    for one in words:
        page.goto("/directives")
        page.get_by_role("link", name=DIRECTIVE).click()
        path = page.locator("form[action*='/recommendations/'][action$='/comments']").first.get_attribute("action")
        answer = page.request.post(path or "", form={"body": one}, headers={"origin": page.url.split("/directives")[0]})
        assert answer.ok, answer.status


@pytest.mark.parametrize("script, width, scheme", [(True, 1280, "light"), (False, 320, "dark")])
def test_comments_on_a_directive_are_removed_together_and_put_back(
    live_site: Site, open_page: OpenPage, script: bool, width: int, scheme: str
) -> None:
    name = f"{width}"
    words = [f"The market hall opens at {hour} for all with a list." for hour in ((7, 8) if script else (9, 10))]
    author = open_page(width=width, color_scheme=scheme, script=script)
    sign_in(author, live_site, "citizen")
    say(author, words)
    reader = open_page(width=width, color_scheme=scheme, script=script)
    sign_in(reader, live_site, "employee")
    for one in words:
        reader.goto("/directives")
        reader.get_by_role("link", name=DIRECTIVE).click()
        comment = reader.locator("li.comment").filter(has_text=one)
        reader.locator("details.more").filter(has=comment).locator("summary").first.click()
        comment.get_by_role("link", name="Report the comment").click()
        reader.get_by_role("radio", name="Off topic").check()
        reader.get_by_role("button", name="Send the report").click()

    boss = open_page(width=width, color_scheme=scheme, script=script)
    sign_in(boss, live_site, "moderator")
    boss.goto("/moderation")
    boss.locator("#filter-about").select_option("Comments on directives")
    boss.locator("#filter-go").click()
    boss.wait_for_url("**about=remark*")
    look(boss, f"queue-{name}", script=script)
    for one in words:
        boss.locator("tr[data-row]").filter(has_text=one).get_by_role("checkbox").check()
    boss.locator("select[name=action]").select_option("Remove")
    boss.locator("select[name=reason]").select_option("Off topic")
    boss.locator("#bulk-go").click()
    for one in words:
        expect(boss.get_by_text(one)).to_be_visible()
    look(boss, f"preview-{name}", script=script)
    boss.locator("#confirm").click()
    expect(boss.get_by_role("heading", level=1)).to_have_text("Decided together")
    look(boss, f"act-{name}", script=script)

    author.goto("/me/comments")
    said = author.locator("li").filter(has_text=words[0])
    expect(said).to_contain_text("Removed")
    look(author, f"mine-{name}", script=script)
    said.get_by_role("link", name="Why").click()
    expect(author.get_by_role("heading", name="Decided together with it")).to_be_visible()
    look(author, f"statement-{name}", script=script)
    boss.get_by_role("button", name="Undo all of them").click()
    expect(boss.get_by_text("All is as it was before")).to_be_visible()
    author.goto("/me")
    author.get_by_role("link", name="My public page").click()
    expect(author.get_by_text(words[0])).to_be_visible()
    look(author, f"public-{name}", script=script)
