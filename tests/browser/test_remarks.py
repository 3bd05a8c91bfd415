"""A comment on a directive in a browser: reported, removed with a reason, appealed; and the search that finds it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sites import Site
from tests.browser.steps import sign_in
from tests.browser.tools import axe, html_errors, overflow, shot

DIRECTIVE = "Open government as the way we work"


def look(page: Page, name: str, *, script: bool) -> None:
    """Nothing wrong for everyone's eyes and hands; a picture of it."""
    shot(page, f"remarks/{name}")
    assert overflow(page) <= 0, name
    if script:
        assert axe(page) == [], name
    else:
        assert html_errors({name: page.content()}) == []


def report(reader: Page, words: str, name: str, script: bool) -> None:
    """A reader finds the comment and says what is wrong with it."""
    reader.goto("/directives")
    reader.get_by_role("link", name=DIRECTIVE).click()
    comment = reader.locator("li.comment").filter(has_text=words)
    reader.locator("details.more").filter(has=comment).locator("summary").first.click()
    look(reader, f"place-{name}", script=script)
    comment.get_by_role("link", name="Report the comment").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Report this comment")
    look(reader, f"report-{name}", script=script)
    reader.get_by_role("radio", name="Off topic").check()
    reader.get_by_role("button", name="Send the report").click()
    expect(reader.get_by_text("A moderator will look at it within a working day")).to_be_visible()
    expect(comment).to_be_visible()  # the list is unfolded where it leads


def decide(boss: Page, words: str, name: str, script: bool) -> None:
    """A moderator finds it in the one queue and removes it with a reason."""
    boss.goto("/moderation?kind=report")
    row = boss.locator("tr[data-row]").filter(has_text=words)
    expect(row).to_contain_text("Directives")
    row.get_by_role("link").first.click()
    expect(boss.get_by_text("The recommendation that it is about")).to_be_visible()
    boss.get_by_text("The recommendation that it is about").click()
    look(boss, f"case-{name}", script=script)
    boss.get_by_role("radio", name="Remove").check()
    boss.get_by_role("radio", name="Off topic").check()
    boss.get_by_role("button", name="Decide").click()
    expect(boss.get_by_text("Removed.").first).to_be_visible()


@pytest.mark.parametrize(
    "script, width, scheme, words",
    [(True, 1280, "light", "Three days is fast."), (False, 320, "dark", "Please keep the old papers too.")],
)
def test_a_comment_on_a_directive_goes_the_way_of_every_post(
    live_site: Site, open_page: OpenPage, script: bool, width: int, scheme: str, words: str
) -> None:
    how = {"script": script, "width": width, "color_scheme": scheme}
    name = f"{width}-{scheme}"
    reader, boss, author, visitor = (open_page(live_site, **how) for _ in range(4))
    for page, person in ((reader, "employee"), (boss, "moderator"), (author, "citizen")):
        sign_in(page, live_site, person)
    report(reader, words, name, script)
    decide(boss, words, name, script)
    reader.goto("/directives")
    reader.get_by_role("link", name=DIRECTIVE).click()
    expect(reader.get_by_text(words)).to_have_count(0)
    note = reader.locator("li.tombstone").filter(has_text="Reason: Off topic.").first
    reader.locator("details.more").filter(has=note).locator("summary").first.click()
    expect(note).to_be_visible()
    look(reader, f"note-{name}", script=script)
    author.goto("/log")
    entry = author.locator("tbody tr").filter(has_text="Comment on a directive").first
    number = (entry.get_attribute("id") or "").removeprefix("decision-")
    look(author, f"log-{name}", script=script)
    author.goto(f"/decisions/{number}")
    expect(author.get_by_role("heading", level=1)).to_have_text("Removed: your comment")
    look(author, f"statement-{name}", script=script)
    author.get_by_role("link", name="Appeal", exact=True).click()
    expect(author.get_by_role("heading", level=1)).to_be_visible()
    visitor.goto("/search?q=panels+drawn+by+lot")
    expect(visitor.get_by_role("heading", name="In directives")).to_be_visible()
    look(visitor, f"search-{name}", script=script)
    visitor.locator("section", has_text="In directives").get_by_role("link", name="Use panels").click()
    expect(visitor.get_by_role("heading", name="Use panels drawn by lot on hard questions")).to_be_in_viewport()
