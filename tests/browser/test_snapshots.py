"""The policy analyst freezes a ranking, takes files away, and a citizen checks it: with and without JavaScript."""

from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sites import Site
from tests.browser.steps import sign_in
from tests.browser.tools import axe, html_errors, overflow, shot

SECONDS = 60_000


def sound(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it stands: for eyes, hands and ears, as HTML, on a phone."""
    found = [*axe(page), *html_errors({page.url: page.request.get(page.url).text()})]
    shot(page, f"{name}-1280")
    page.set_viewport_size({"width": 320, "height": 800})
    if pixels := overflow(page):
        found.append(f"{pixels} pixels too wide")
    shot(page, f"{name}-320")
    page.set_viewport_size({"width": 1280, "height": 900})
    return [f"{page.url}: {one}" for one in found]


def wait_for(page: Page, words: str, *, again: str = "") -> None:
    """Until the page says so: by itself, or by looking again."""
    for _ in range(60):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(1_000)
        if again:
            page.get_by_role("link", name=again).click()
    expect(page.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_ranking_is_frozen_checked_and_taken_away(
    script: bool, open_page: OpenPage, live_site: Site, tmp_path: Path
) -> None:
    page = open_page(live_site, script=script)
    sign_in(page, live_site, "analyst")
    page.goto("/rankings?method=approval")
    page.get_by_role("link", name="Freeze this ranking").click()
    problems = sound(page, "snapshot-new") if script else []
    page.get_by_role("button", name="Freeze it for good").click()
    expect(page.get_by_role("link", name="Please give the snapshot a title.")).to_be_visible()
    page.get_by_label("Title").fill("For the first draft")
    page.get_by_label("How many ideas").fill("5")
    page.get_by_role("button", name="Freeze it for good").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("For the first draft")
    address = page.url
    for _ in range(60):
        if not page.get_by_text("still making some of these files").count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    citizen = open_page(live_site, script=script)
    citizen.goto(address)
    expect(citizen.get_by_role("row")).to_have_count(6)
    problems += sound(citizen, "snapshot") if script else []
    with citizen.expect_download() as downloading:
        citizen.get_by_role("link", name="PDF").click()
    target = tmp_path / "snapshot.pdf"
    downloading.value.save_as(target)
    assert "For the first draft" in pypdf.PdfReader(target).pages[0].extract_text()
    citizen.get_by_role("button", name="Check now").click()
    expect(citizen.get_by_text("is exactly as it was made.")).to_be_visible()
    problems += sound(citizen, "snapshot-check") if script else []
    citizen.goto("/snapshots")
    problems += sound(citizen, "snapshots") if script else []
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_file_is_asked_for_and_downloaded_when_it_is_whole(
    script: bool, open_page: OpenPage, live_site: Site, tmp_path: Path
) -> None:
    page = open_page(live_site, script=script)
    sign_in(page, live_site, "analyst")
    page.goto("/rankings?method=net")
    page.get_by_role("link", name="More files").click()
    problems = sound(page, "file-new") if script else []
    page.get_by_label("Word").check()
    page.get_by_label("How many ideas").fill("3")
    page.get_by_role("button", name="Make the file").click()
    wait_for(page, "Your file is ready.", again="" if script else "Look again")
    problems += sound(page, "file") if script else []
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download the Word file").click()
    target = tmp_path / "ranking.docx"
    downloading.value.save_as(target)
    assert target.read_bytes()[:2] == b"PK"
    page.goto("/files")
    problems += sound(page, "files") if script else []
    assert not problems, "\n".join(problems)
