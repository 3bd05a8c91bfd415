"""The page of an idea: what stands on it, for whom, what is left when it is gone, and the acts that lead there."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.domain import ideas, moderation, posting, progress, search, states, votes
from forum.domain.people import Person
from forum.domain.posting import IdeaFields, TextFields
from forum.domain.progress import StatusFields
from forum.models import Decision, Idea
from tests.making import Make, Site

BODY = "Put every report that was paid for with **public money** on one site."


def post(make: Make, author: Person, slug: str, title: str = "Publish the reports", **values: str) -> int:
    posted = posting.post(make.db, author, IdeaFields(title=title, body=BODY, community=slug, **values))
    search.fold_in(make.db)
    return posted.id


def posted(site: Site, **values: str) -> tuple[Person, int, str]:
    """An author, their idea, the slug of its community."""

    def prepare(make: Make) -> tuple[Person, int, str]:
        author, place = make.user(), make.community()
        return author, post(make, author, place.slug, **values), place.slug

    return site.make(prepare)


def page_of(site: Site, idea_id: int) -> Any:
    answer = site.get(f"/ideas/{idea_id}")
    return site.get(answer.headers["location"]) if answer.status_code == 301 else answer


def test_the_page_says_all_there_is_to_say(site: Site) -> None:
    author, idea_id, slug = posted(site, why="We paid for them.", tags="open data")

    def vote(make: Make) -> None:
        make.votes(idea_id, 3, 1)
        votes.cast(make.db, make.user(is_employee=True), idea_id, 1)

    site.make(vote)
    page = page_of(site, idea_id)
    assert page.status_code == 200
    for words in (
        f"I-{idea_id}",
        "Publish the reports",
        "<strong>public money</strong>",
        "We paid for them.",
        author.name,
        f"/c/{slug}",
        "/ideas?tag=open-data",
        "Where it stands",
        f"https://testserver/ideas/{idea_id}-publish-the-reports",
        f"/ideas/{idea_id}/qr.svg",
        f"/ideas/{idea_id}/report",
        f'rel="canonical" href="https://testserver/ideas/{idea_id}-publish-the-reports"',
    ):
        assert words in page.text, words
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td class="num">(\d+)</td><td class="num">(\d+)</td>', page.text)
    assert rows == [("Citizens", "3", "1"), ("Public employees", "1", "0"), ("Together", "4", "1")]


def test_imported_totals_stand_apart(site: Site) -> None:
    totals = {"up": 12, "down": 4, "imported_up": 10, "imported_down": 3, "employee_up": 1}
    idea_id = site.make(lambda make: make.idea(source="somewhere", source_id="7", **totals))
    page = page_of(site, idea_id).text
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td class="num">(\d+)</td><td class="num">(\d+)</td>', page)
    assert rows == [
        ("Citizens", "1", "1"),
        ("Public employees", "1", "0"),
        ("Brought from another site", "10", "3"),
        ("Together", "12", "4"),
    ]
    assert "came from another site" in page


def test_every_address_of_an_idea_leads_to_the_one_that_lasts(site: Site) -> None:
    _, idea_id, _ = posted(site)
    right = f"/ideas/{idea_id}-publish-the-reports"
    for path in (f"/ideas/{idea_id}", f"/ideas/{idea_id}-something-else", f"/ideas/{idea_id}-x?after=5"):
        answer = site.get(path)
        assert answer.status_code == 301
        assert answer.headers["location"] == right + ("?after=5" if "after" in path else "")
    assert site.get(right).status_code == 200
    assert site.get("/ideas/999").status_code == 404
    assert site.get(f"/ideas/{10**30}").status_code == 404


def test_what_others_do_shows_at_once_also_on_kept_pages(site: Site) -> None:
    author, idea_id, _ = posted(site)
    path = f"/ideas/{idea_id}-publish-the-reports"
    assert "<b>0</b>" in site.get(path).text
    site.make(lambda make: make.votes(idea_id, 2))
    assert "<b>2</b>" in site.get(path).text
    fields = TextFields(title="Publish the reports", body="Quite another text, and long enough.")
    site.write(lambda db: posting.edit(db, author, idea_id, fields))
    assert "Quite another text" in site.get(path).text
    manager = site.make(lambda make: make.user(role="moderator", is_employee=True, agency_name="Archives"))
    status = StatusFields(status="planned", note="We begin in *May*.")
    site.write(lambda db: progress.set_status(db, manager, idea_id, status))
    page = site.get(path).text
    assert "We begin in <em>May</em>." in page
    assert "Official answer" in page
    assert page.index("Official answer") < page.index('id="comments"')
    assert "Planned" in page


def test_a_page_shows_its_reader_their_vote_and_what_they_may_do(site: Site) -> None:
    author, idea_id, _ = posted(site)
    path = f"/ideas/{idea_id}-publish-the-reports"
    voter, moderator = site.make(lambda make: (make.user(), make.user(role="moderator")))
    site.write(lambda db: votes.cast(db, voter, idea_id, 1))
    acts = {name: f"/ideas/{idea_id}/{name}" for name in ("edit", "withdraw", "report", "status", "move")}

    def offered(person: Person | None) -> set[str]:
        site.sign_out()
        if person:
            site.sign_in(person)
        page = site.get(path).text
        return {name for name, address in acts.items() if f'href="{address}"' in page}

    assert offered(None) == {"report"}
    assert offered(author) == {"edit", "withdraw"}
    assert offered(moderator) == {"report", "status", "move"}
    assert offered(voter) == {"report"}
    page = site.get(path).text
    assert f'id="for-{idea_id}" name="value" value="0"' in page
    assert f'id="against-{idea_id}" name="value" value="-1"' in page
    assert "Following" not in page
    site.sign_in(author)
    assert "Following" in site.get(path).text


def test_a_closed_circle_s_idea_is_not_there_for_outsiders(site: Site) -> None:
    def prepare(make: Make) -> tuple[Person, int]:
        place = make.community(visibility="members")
        author = make.member(place.id, make.user())
        return author, post(make, author, place.slug)

    author, idea_id = site.make(prepare)
    for path in ("", "-publish-the-reports", "/history", "/similar", "/qr.svg", "/edit", "/move", "/report"):
        assert site.get(f"/ideas/{idea_id}{path}").status_code == 404, path
    site.sign_in(author)
    page = page_of(site, idea_id)
    assert page.status_code == 200
    assert "noindex" in page.text
    site.sign_out()
    assert page_of(site, idea_id).status_code == 404


def test_similar_ideas_are_found_on_demand_and_then_stand_on_the_page(site: Site) -> None:
    _, idea_id, slug = posted(site)
    other = site.make(lambda make: post(make, make.user(), slug, "Publish all the reports we paid for"))
    path = f"/ideas/{idea_id}-publish-the-reports"
    page = site.get(path).text
    assert f'data-hx-get="/ideas/{idea_id}/similar"' in page
    assert f"/ideas/{other}-" not in page
    fragment = site.get(f"/ideas/{idea_id}/similar", htmx=True)
    assert fragment.text.lstrip().startswith('<div id="similar">')
    assert f"/ideas/{other}-publish-all-the-reports-we-paid-for" in fragment.text
    whole = site.get(f"/ideas/{idea_id}/similar").text
    assert whole.startswith("<!doctype html>")
    assert f"/ideas/{other}-" in whole
    site.make(lambda make: make.votes(other, 1))
    page = site.get(path).text
    assert f"/ideas/{other}-" in page
    assert "1 for, 0 against" in page
    site.write(lambda db: states.change(db, other, "removed"))
    assert f"/ideas/{other}-" not in site.get(path).text


def test_the_qr_code_is_an_image_of_the_short_address(site: Site) -> None:
    _, idea_id, _ = posted(site)
    answer = site.get(f"/ideas/{idea_id}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    assert "style=" not in answer.text


def test_withdrawing_leaves_a_page_with_the_reason_and_no_words(site: Site) -> None:
    author, idea_id, slug = posted(site)
    site.sign_in(author)
    path = f"/ideas/{idea_id}-publish-the-reports"
    assert "Why do you withdraw it?" in site.get(f"/ideas/{idea_id}/withdraw").text
    for htmx in (False, True):
        answer = site.post(f"/ideas/{idea_id}/withdraw", {"reason": "No"}, htmx=htmx)
        assert answer.status_code == 422
        assert ">\nNo</textarea>" in answer.text
    answer = site.post(f"/ideas/{idea_id}/withdraw", {"reason": "It is <b>done</b> already."})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = site.get(path).text
    assert "public money" in page
    assert "Others see only the reason" in page
    site.sign_out()
    for address in (path, f"/ideas/{idea_id}"):
        page = site.get(address)
        assert page.status_code == 200
        assert "The author withdrew this idea" in page.text
        assert "It is &lt;b&gt;done&lt;/b&gt; already." in page.text
        assert "public money" not in page.text
        assert "Publish the reports" not in page.text
        assert "noindex" in page.text
    for address in ("/ideas", f"/c/{slug}", "/ideas.json", "/ideas.atom", "/search?q=reports"):
        assert "Publish the reports" not in site.get(address).text
    for address in ("history", "similar"):
        assert "public money" not in site.get(f"/ideas/{idea_id}/{address}").text


def test_a_removed_idea_says_why_and_is_whole_for_its_author_and_moderators(site: Site) -> None:
    author, idea_id, _ = posted(site)

    def remove(make: Make) -> None:
        states.change(make.db, idea_id, "removed")
        place_id = ideas.get(make.db, None, idea_id).community_id
        row = {"subject_kind": "idea", "subject_id": idea_id, "community_id": place_id, "author_id": author.id}
        words = {"action": "remove", "reason": "spam", "state_before": "published", "state_after": "removed"}
        make.db.execute(sa.insert(Decision), {**row, **words, "created_at": now()})

    site.make(remove)
    page = site.get(f"/ideas/{idea_id}-publish-the-reports").text
    assert "Moderators removed this idea" in page
    assert "Spam" in page
    assert "public money" not in page
    assert "Publish the reports" not in page
    for person in (author, site.make(lambda make: make.user(role="moderator"))):
        site.sign_in(person)
        assert "public money" in site.get(f"/ideas/{idea_id}-publish-the-reports").text
    with site.database.reading() as db:
        assert moderation.reason_for(db, "idea", idea_id) == "spam"


def test_a_moderator_moves_an_idea_and_all_that_belongs_to_it(site: Site) -> None:
    _, idea_id, slug = posted(site)
    other, moderator = site.make(lambda make: (make.community(), make.user(role="moderator")))
    site.make(lambda make: make.votes(idea_id, 3, 1))
    site.sign_in(moderator)
    assert f'value="{other.slug}"' in site.get(f"/ideas/{idea_id}/move").text
    wrong = site.post(f"/ideas/{idea_id}/move", {"community": other.slug, "note": ""})
    assert wrong.status_code == 422
    assert f'value="{other.slug}" selected' in wrong.text
    elsewhere = site.post(f"/ideas/{idea_id}/move", {"community": slug, "note": "It fits there."})
    assert elsewhere.status_code == 422
    assert "already" in elsewhere.text
    answer = site.post(f"/ideas/{idea_id}/move", {"community": other.slug, "note": "It fits there."})
    path = f"/ideas/{idea_id}-publish-the-reports"
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    site.sign_out()
    page = site.get(path).text
    assert other.name in page
    assert "It fits there." in page
    assert "<b>3</b>" in page
    assert "Publish the reports" not in site.get(f"/ideas?community={slug}").text
    assert "Publish the reports" in site.get(f"/ideas?community={other.slug}").text


def test_a_status_is_set_with_a_note_that_everybody_reads(site: Site) -> None:
    _, idea_id, slug = posted(site)

    def manager_of(make: Make) -> Person:
        place_id = ideas.get(make.db, None, idea_id).community_id
        return make.member(place_id, make.user(), role="manager")

    site.sign_in(site.make(manager_of))
    wrong = site.post(f"/ideas/{idea_id}/status", {"status": "won", "note": "A good <note> to keep."})
    assert wrong.status_code == 422
    assert "A good &lt;note&gt; to keep." in wrong.text
    sent = {"status": "declined", "note": "The law does not allow it. <script>alert(1)</script>"}
    answer = site.post(f"/ideas/{idea_id}/status", sent)
    assert answer.status_code == 303
    site.sign_out()
    page = page_of(site, idea_id).text
    assert "The law does not allow it." in page
    assert "<script>alert" not in page
    assert "Declined" in page
    assert "Declined" in site.get(f"/ideas?community={slug}").text


@pytest.mark.parametrize("act", ["withdraw", "move", "status", "edit"])
def test_acts_on_an_idea_ask_who_you_are(site: Site, act: str) -> None:
    _, idea_id, _ = posted(site)
    for answer in (site.get(f"/ideas/{idea_id}/{act}"), site.post(f"/ideas/{idea_id}/{act}", {"reason": "Because"})):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?")
    site.sign_in(site.make(lambda make: make.user()))
    assert site.get(f"/ideas/{idea_id}/{act}").status_code == 403
    assert site.post(f"/ideas/{idea_id}/{act}", {"reason": "Because"}).status_code == 403
    with site.database.reading() as db:
        assert db.execute(sa.select(Idea.state)).scalar_one() == "published"


def test_a_page_costs_few_statements_however_long_its_history(site: Site) -> None:
    author, idea_id, _ = posted(site, tags="a1, b2, c3")
    moderator = site.make(lambda make: make.user(role="moderator"))
    for number in range(6):
        status = StatusFields(status="acknowledged", note=f"Note number {number}.")
        site.write(lambda db, status=status: progress.set_status(db, moderator, idea_id, status))  # type: ignore[misc]
    path = f"/ideas/{idea_id}-publish-the-reports"

    def statements() -> int:
        with site.counting() as seen:
            assert site.get(path).status_code == 200
        return len([one for one in seen if "pg_current_snapshot" not in one and "generations" not in one])

    assert statements() <= 12
    site.sign_in(author)
    assert statements() <= 17  # one more to know whether a directive names it
    if site.database.is_sqlite:  # the tests that run beside this one share the server, and so the version of its data
        assert statements() <= 2
    site.make(lambda make: make.user())
    assert statements() <= 17  # one more to know whether a directive names it


def test_edits_of_long_ago_are_paged(site: Site) -> None:
    author, idea_id, _ = posted(site)
    moment = now() - timedelta(days=1)
    site.write(lambda db: db.execute(sa.update(Idea).values(created_at=moment)))
    for number in range(12):
        fields = TextFields(title=f"Publish report {number}", body=BODY)
        site.write(lambda db, fields=fields: posting.edit(db, author, idea_id, fields))  # type: ignore[misc]
    first = site.get(f"/ideas/{idea_id}/history").text
    assert "Version 13" in first
    assert "Version 3<" not in first
    older = re.search(r'href="(/ideas/\d+/history\?before=\d+)"', first)
    assert older
    last = site.get(older[1]).text
    assert "Version 2<" in last
    assert "Version 4<" not in last
    fragment = site.get(older[1], htmx=True).text
    assert fragment.lstrip().startswith('<div class="stack-l" id="versions">')


def test_a_vote_on_its_page_also_tells_who_voted(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea())
    site.sign_in(site.make(lambda make: make.user(is_employee=True)))
    path = f"/ideas/{idea_id}/vote"
    in_list = site.post(path, {"value": "1"}, htmx=True, headers={"hx-current-url": "https://testserver/ideas"}).text
    assert "Public employees" not in in_list
    page = {"hx-current-url": f"https://testserver/ideas/{idea_id}-a-slug"}
    on_page = site.post(path, {"value": "-1"}, htmx=True, headers=page).text
    assert f'<tbody id="voters-{idea_id}" data-hx-swap-oob="true">' in on_page
    assert '<th scope="row">Public employees</th><td class="num">0</td><td class="num">1</td>' in on_page
