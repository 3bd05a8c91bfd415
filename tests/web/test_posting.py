"""Writing an idea as people do: with and without JavaScript, interrupted, refused, and twice at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from forum.domain import drafts
from forum.domain.people import Person
from forum.models import Draft, Idea, Vote
from tests.making import Make, Site
from tests.web.writing import TITLE, assert_kept, count, fields, ready, typed


def test_the_form_is_there_for_everybody_and_preselects_the_community(site: Site) -> None:
    slug = site.make(lambda make: make.community()).slug
    page = site.get(f"/ideas/new?community={slug}&title=Hello%20there").text
    assert typed(page, "community") == slug
    assert typed(page, "title") == "Hello there"
    assert "public record" in page
    assert "ask you to sign in" in page
    assert "data-draft=" not in page
    ready(site)
    page = site.get("/ideas/new").text
    assert 'data-draft="/drafts"' in page
    assert len(typed(page, "draft_key")) > 40


def test_an_idea_is_posted_and_its_page_says_so(site: Site) -> None:
    author, slug = ready(site)
    answer = site.post("/ideas", fields(slug))
    assert answer.status_code == 303
    page = site.get(answer.headers["location"])
    assert page.status_code == 200
    assert "Your idea is posted" in page.text
    assert "<strong>public money</strong>" in page.text
    assert author.name in page.text
    assert TITLE in site.get("/ideas?sort=newest").text


def test_with_htmx_the_browser_is_sent_to_the_new_page(site: Site) -> None:
    _, slug = ready(site)
    answer = site.post("/ideas", fields(slug), htmx=True)
    assert answer.status_code == 200
    assert answer.headers["hx-redirect"].startswith("/ideas/")
    assert "Your idea is posted" in site.get(answer.headers["hx-redirect"]).text


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"title": "Hey"}, "at least 5 characters"),
        ({"body": "x" * 10_001}, "10,001 characters"),
        ({"why": "y" * 2_001}, "2,001 characters"),
        ({"tags": "a1, b2, c3, d4, e5, f6"}, "6 tags"),
        ({"community": ""}, "choose a community"),
        ({"title": "<b>\"Hi\"</b> & 'all'", "body": "short"}, "a little more"),
    ],
)
def test_a_form_that_fails_keeps_all_that_was_typed(site: Site, htmx: bool, wrong: dict[str, str], words: str) -> None:
    _, slug = ready(site)
    sent = fields(slug, draft_key="k" * 43, **wrong)
    answer = site.post("/ideas", sent, htmx=htmx)
    assert answer.status_code == 422
    assert words in answer.text
    assert_kept(answer.text, sent)
    assert answer.text.lstrip().startswith("<form" if htmx else "<!doctype")
    assert 'id="error-summary"' in answer.text
    assert count(site, Idea) == 0


@pytest.mark.parametrize(
    "values, status, words",
    [
        ({"email_confirmed_at": None}, 403, "confirm your address"),
        ({"status": "suspended"}, 403, "suspended"),
    ],
)
def test_who_may_not_post_is_told_so_and_loses_nothing(
    site: Site, values: dict[str, Any], status: int, words: str
) -> None:
    _, slug = ready(site, **values)
    assert words in site.get("/ideas/new").text
    answer = site.post("/ideas", fields(slug))
    assert answer.status_code == status
    assert words in answer.text
    assert_kept(answer.text, fields(slug))
    assert count(site, Idea) == 0


def test_a_limit_is_told_with_the_time_to_wait_and_nothing_is_lost(site: Site) -> None:
    _, slug = ready(site, trust_level=0)
    numbers = ("zero", "one", "two", "three", "four", "five")
    answers = [site.post("/ideas", fields(slug, title=f"Publish {word}", seen=seen_all(site))) for word in numbers]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert_kept(answers[-1].text, fields(slug, title="Publish five"))


def seen_all(site: Site) -> str:
    with site.database.reading() as db:
        return ",".join(map(str, db.execute(sa.select(Idea.id)).scalars()))


def test_a_community_one_can_not_see_is_no_choice(site: Site) -> None:
    ready(site)
    hidden = site.make(lambda make: make.community(visibility="members")).slug
    assert hidden not in site.get("/ideas/new").text
    answer = site.post("/ideas", fields(hidden))
    assert answer.status_code == 422
    assert "Please choose one of the communities" in answer.text


def test_similar_ideas_are_shown_once_before_posting(site: Site) -> None:
    author, slug = ready(site)
    first = site.make(lambda make: make.user())
    site.sign_in(first)
    other = site.post("/ideas", fields(slug)).headers["location"]
    other_id = int(other.split("/")[2].split("-")[0])
    site.sign_in(author)
    sent = fields(slug, title="Publish all the reports we paid for", draft_key="k" * 43)
    check = site.post("/ideas", sent)
    assert check.status_code == 200
    assert "One more look" in check.text
    assert other in check.text
    assert "<strong>public money</strong>" in check.text
    assert_kept(check.text, sent)
    assert typed(check.text, "seen") == str(other_id)
    assert count(site, Idea) == 1
    with site.database.reading() as db:
        assert [draft.heading for draft in drafts.of(db, author)] == [sent["title"]]
    posted = site.post("/ideas", {**sent, "seen": str(other_id)})
    assert posted.status_code == 303
    assert count(site, Idea) == 2
    assert count(site, Draft) == 0


def test_who_has_seen_the_similar_ones_while_typing_posts_at_once(site: Site) -> None:
    author, slug = ready(site)
    site.sign_in(site.make(lambda make: make.user()))
    other = site.post("/ideas", fields(slug)).headers["location"]
    site.sign_in(author)
    sent = fields(slug, title="Publish all the reports we paid for")
    panel = site.post("/ideas/similar", sent, htmx=True)
    assert panel.status_code == 200
    assert other in panel.text
    assert 'id="similar"' in panel.text
    assert "1 similar idea found" in panel.text
    again = site.post("/ideas/similar", {**sent, "seen": typed(panel.text, "seen")}, htmx=True)
    assert "data-announce" not in again.text
    assert site.post("/ideas", {**sent, "seen": typed(panel.text, "seen")}).status_code == 303


def test_the_panel_tells_how_a_text_reads(site: Site) -> None:
    ready(site)
    easy = "We pay for the road. It has holes. Cars break. Fix it now. Then we can all go to work. We will thank you."
    hard = (
        "Notwithstanding the aforementioned administrative considerations, interdepartmental coordination necessitates "
        "comprehensive reorganization of procedural documentation requirements within governmental institutions."
    )
    levels = []
    for body in (easy, f"{hard} {hard}"):
        page = site.get("/ideas/similar", params={"title": TITLE, "body": body})
        assert page.status_code == 200
        levels.append(int(re.search(r'<progress[^>]*value="(\d+)"', page.text)[1]))  # type: ignore[index]
    assert levels[0] <= 8 < levels[1]
    assert "<progress" not in site.get("/ideas/similar", params={"title": TITLE, "body": "Too short"}).text


def test_a_preview_shows_the_text_and_changes_nothing(site: Site) -> None:
    _, slug = ready(site)
    sent = fields(slug, title="x", body="# Big <script>alert(1)</script>\n\n- **one**")
    before = counts(site)
    page = site.post("/ideas/preview", sent)
    assert page.status_code == 200
    assert "<strong>one</strong>" in page.text
    assert "<script>alert" not in page.text
    assert_kept(page.text, sent)
    fragment = site.post("/ideas/preview", sent, htmx=True)
    assert fragment.text.lstrip().startswith('<div id="preview">')
    site.post("/ideas/similar", sent)
    assert counts(site) == before


def counts(site: Site) -> list[int]:
    return [count(site, table) for table in (Idea, Draft, Vote)]


def test_an_expired_session_keeps_what_was_typed_until_after_the_sign_in(site: Site) -> None:
    author, slug = site.make(lambda make: (make.user(), make.community().slug))
    answer = site.post("/ideas", fields(slug))
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    assert where.path == "/sign-in"
    assert parse_qs(where.query)["next"] == ["/ideas/new"]
    assert count(site, Idea) == 0
    site.sign_in(author)
    page = site.get("/ideas/new").text
    assert_kept(page, fields(slug))
    assert count(site, Draft) == 1
    key = typed(page, "draft_key")
    assert site.post("/ideas", fields(slug, draft_key=key)).status_code == 303
    assert count(site, Draft) == 0
    assert "__Host-draft" not in site.client.cookies
    assert typed(site.get("/ideas/new").text, "title") == ""


def test_a_draft_of_nobody_is_for_the_browser_that_has_its_key_alone(site: Site) -> None:
    slug = site.make(lambda make: make.community().slug)
    site.post("/ideas", fields(slug))
    site.sign_out()
    ready(site)
    assert typed(site.get("/ideas/new").text, "title") == ""


def test_nobody_fills_the_table_of_drafts_from_one_address(site: Site) -> None:
    slug = site.make(lambda make: make.community().slug)
    answers = [site.post("/ideas", fields(slug, title=f"Number {number}")) for number in range(21)]
    assert [answer.status_code for answer in answers] == [303] * 20 + [429]
    assert_kept(answers[-1].text, fields(slug, title="Number 20"))
    assert count(site, Draft) == 20


def test_a_draft_is_kept_while_typing_and_gone_when_posted(site: Site) -> None:
    author, slug = ready(site)
    key = typed(site.get("/ideas/new").text, "draft_key")
    for title in ("Pub", "Publish", TITLE):
        sent = fields(slug, title=title, draft="idea", draft_key=key)
        assert site.post("/drafts", sent).status_code == 200
    assert count(site, Draft) == 1
    with site.database.reading() as db:
        draft = drafts.of(db, author)[0]
    page = site.get(draft.path).text
    assert_kept(page, fields(slug))
    assert site.post("/ideas", fields(slug, draft_key=typed(page, "draft_key"))).status_code == 303
    assert count(site, Draft) == 0


def test_the_button_keeps_a_draft_without_javascript(site: Site) -> None:
    author, slug = ready(site)
    key = typed(site.get("/ideas/new").text, "draft_key")
    answer = site.post("/ideas", fields(slug, title="x", act="draft", draft_key=key))
    assert (answer.status_code, answer.headers["location"]) == (303, "/me#drafts")
    assert count(site, Idea) == 0
    with site.database.reading() as db:
        draft_id = drafts.of(db, author)[0].id
    empty = site.post("/ideas", {"act": "draft", "draft_key": key, "title": ""})
    assert empty.status_code == 422
    assert "nothing to keep" in empty.text
    assert site.post(f"/drafts/{draft_id}/delete").status_code == 303
    assert count(site, Draft) == 0
    assert site.post(f"/drafts/{draft_id}/delete").status_code == 404


def test_drafts_of_others_are_out_of_reach(site: Site) -> None:
    author, slug = ready(site)
    site.post("/drafts", fields(slug, draft="idea", draft_key="k" * 43))
    with site.database.reading() as db:
        draft_id = drafts.of(db, author)[0].id
    ready(site)
    assert site.get(f"/ideas/new?draft={draft_id}").status_code == 404
    assert site.post(f"/drafts/{draft_id}/delete").status_code == 404
    assert site.post("/drafts", fields(slug, draft="idea", draft_key=f"id:{draft_id}")).status_code == 404
    site.sign_out()
    assert site.post("/drafts", fields(slug, draft="idea", draft_key="k" * 43)).status_code == 303
    assert count(site, Draft) == 1


@pytest.mark.parametrize("draft", ["", "poem", "comment:x", "idea:" + "9" * 30])
def test_what_is_no_draft_is_refused(site: Site, draft: str) -> None:
    _, slug = ready(site)
    assert site.post("/drafts", fields(slug, draft=draft, draft_key="k" * 43)).status_code == 422


def test_a_double_click_posts_one_idea(site: Site) -> None:
    _, slug = ready(site)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: site.post("/ideas", fields(slug, seen="1")), range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert count(site, Idea) == 1


def test_a_held_idea_is_the_author_s_and_the_moderators_alone(site: Site) -> None:
    def prepare(make: Make) -> tuple[Person, Person, Person, str]:
        place = make.community(moderation="first-posts")
        return make.user(trust_level=0), make.user(), make.user(role="moderator"), place.slug

    author, other, moderator, slug = site.make(prepare)
    site.sign_in(author)
    path = site.post("/ideas", fields(slug)).headers["location"]
    page = site.get(path).text
    assert "A moderator looks at your idea" in page
    assert "waits for a check" in page
    everywhere = (
        "/ideas",
        "/ideas.json",
        "/ideas.csv",
        "/ideas.atom",
        f"/c/{slug}",
        "/search?q=reports",
        "/ideas?tag=reports",
    )
    for person in (other, None):
        site.sign_out()
        if person:
            site.sign_in(person)
        assert site.get(path).status_code == 404
        for address in (*everywhere, f"/ideas/similar?title={TITLE}", f"/people/{author.handle}"):
            assert TITLE not in site.get(address).text, address
        for act in ("history", "similar", "qr.svg", "edit"):
            assert site.get(f"/ideas/{path.split('/')[2].split('-')[0]}/{act}").status_code == 404
    site.sign_in(moderator)
    assert "waits for a check" in site.get(path).text


def test_posts_from_other_sites_are_refused(site: Site) -> None:
    _, slug = ready(site)
    for path in ("/ideas", "/ideas/preview", "/ideas/similar", "/drafts"):
        answer = site.client.post(path, data=fields(slug), headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
    assert counts(site) == [0, 0, 0]
