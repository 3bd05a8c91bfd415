"""The moderators' pages: report, take, decide, many at once, and what the author and everybody else then read."""

import re

import sqlalchemy as sa

from forum.models import Decision
from tests.making import Site


def waiting(site: Site, count: int = 1, **values: object) -> tuple[list[int], list[int]]:
    """So many reported ideas: their ids and their cases'."""
    ideas, found = [], []
    for number in range(count):
        idea_id = site.make(lambda make, n=number: make.idea(title=f"Reported idea {n}", **values))  # type: ignore[misc]
        site.sign_in(site.make(lambda make: make.user()))
        answer = site.post(f"/ideas/{idea_id}/report", {"reason": "spam", "note": "Look at this."})
        assert answer.status_code == 303, answer.text
        ideas.append(idea_id)
    site.sign_in(site.make(lambda make: make.user(role="moderator", name="Mo Derator")))
    found = [int(number) for number in re.findall(r'name="case" value="(\d+)"', site.get("/moderation").text)]
    return ideas, found


def test_a_reader_reports_and_a_moderator_removes_with_a_reason(site: Site) -> None:
    author = site.make(lambda make: make.user())
    [idea_id], [case_id] = waiting(site, author=author)
    queue = site.get("/moderation").text
    assert "Reported idea 0" in queue
    assert "Spam" in queue
    page = site.get(f"/moderation/{case_id}").text
    assert "Look at this." in page
    no_reason = site.post(f"/moderation/{case_id}", {"action": "remove", "note": "A long explanation."})
    assert no_reason.status_code == 422
    assert "A long explanation." in no_reason.text
    done = site.post(f"/moderation/{case_id}", {"action": "remove", "reason": "spam", "note": "Once is enough."})
    assert done.headers["location"] == "/moderation"
    site.sign_out()
    tombstone = site.get(f"/ideas/{idea_id}-reported-idea-0")
    assert "A body." not in tombstone.text
    assert "Spam" in tombstone.text
    assert "Reported idea 0" not in site.get("/ideas").text
    site.work()
    site.sign_in(author)
    told = site.get("/notifications").text
    assert "was removed" in told
    with site.database.reading() as db:
        decision_id = db.execute(sa.select(Decision.id)).scalar_one()
    statement = site.get(f"/decisions/{decision_id}").text
    assert "Once is enough." in statement
    assert "No program took part." in statement
    mails = [path.read_text() for path in site.settings.mail_folder.rglob("*.eml")]
    assert any("was removed" in mail for mail in mails)


def test_the_loser_of_a_race_sees_the_decision_and_keeps_the_words(site: Site) -> None:
    _, [case_id] = waiting(site)
    assert site.post(f"/moderation/{case_id}", {"action": "keep"}).status_code == 303
    site.sign_in(site.make(lambda make: make.user(role="moderator")))
    late = site.post(f"/moderation/{case_id}", {"action": "remove", "reason": "spam", "note": "My careful words."})
    assert late.status_code == 409
    assert "Mo Derator has decided: kept" in late.text
    assert "My careful words." in late.text


def test_many_cases_are_decided_at_once_or_not_at_all(site: Site) -> None:
    ideas, found = waiting(site, 3)
    assert len(found) == 3
    nothing = site.post("/moderation", {"action": "remove", "reason": "spam"})
    assert nothing.status_code == 422
    own = site.make(lambda make: make.user(role="moderator"))
    mine = site.make(lambda make: make.idea(author=own, title="My own idea"))
    site.sign_in(site.make(lambda make: make.user()))
    site.post(f"/ideas/{mine}/report", {"reason": "other"})
    site.sign_in(own)
    every = re.findall(r'name="case" value="(\d+)"', site.get("/moderation").text)
    refused = site.post("/moderation", {"case": every, "action": "remove", "reason": "spam"})
    assert refused.status_code == 409
    assert "Nothing was decided" in refused.text
    assert "Reported idea 1" in site.get("/ideas").text
    done = site.post("/moderation", {"case": [str(case) for case in found], "action": "remove", "reason": "spam"})
    assert done.status_code == 303
    assert "Reported idea" not in site.get("/ideas").text
    assert ideas


def test_the_next_case_comes_after_a_decision(site: Site) -> None:
    _, found = waiting(site, 2)
    taken = site.post("/moderation/next").headers["location"]
    assert taken == f"/moderation/{found[0]}"
    assert "You have it" in site.get(taken).text
    assert site.post(taken, {"action": "keep"}).headers["location"] == f"/moderation/{found[1]}"
    assert site.post(f"/moderation/{found[1]}", {"action": "keep"}).headers["location"] == "/moderation"
    assert "Nothing waits" in site.get("/moderation").text


def test_the_navigation_counts_what_waits_for_those_who_moderate(site: Site) -> None:
    waiting(site, 2)
    assert re.search(r'class="count">2<', site.get("/ideas").text)
    site.sign_in(site.make(lambda make: make.user()))
    assert "/moderation" not in site.get("/ideas").text
    assert site.get("/moderation").status_code == 403


def test_filters_stand_in_the_address(site: Site) -> None:
    waiting(site, 1)
    assert "Reported idea 0" in site.get("/moderation?kind=report").text
    assert "Reported idea 0" not in site.get("/moderation?kind=held").text
    assert "Reported idea 0" not in site.get("/moderation?band=overdue&mine=1").text
    assert site.get("/moderation?kind=nonsense").status_code == 404
    fragment = site.get("/moderation?kind=report", htmx=True).text
    assert "Reported idea 0" in fragment
    assert "<html" not in fragment


def test_a_held_first_post_is_seen_by_its_author_and_moderators_only(site: Site) -> None:
    place = site.make(lambda make: make.community(moderation="first-posts"))
    newcomer = site.make(lambda make: make.user(trust_level=0))
    site.sign_in(newcomer)
    words = {"title": "My very first idea", "body": "Here is what I would like to see done.", "community": place.slug}
    sent = site.post("/ideas", {**words, "is_checked": "1", "checked": "1"})
    assert sent.status_code == 303, sent.text
    address = sent.headers["location"]
    assert "waits for a check" in site.get(address).text
    site.sign_out()
    assert site.get(address).status_code == 404
    assert "My very first idea" not in site.get("/ideas").text
    assert "My very first idea" not in site.get(f"/c/{place.slug}").text
    site.sign_in(site.make(lambda make: make.user(role="moderator")))
    [case_id] = re.findall(r'name="case" value="(\d+)"', site.get("/moderation?kind=held").text)
    site.post(f"/moderation/{case_id}", {"action": "keep"})
    site.sign_out()
    assert site.get(address).status_code == 200
    assert "My very first idea" in site.get("/ideas").text


def test_the_rules_are_public_and_name_every_reason(site: Site) -> None:
    page = site.get("/rules")
    assert page.status_code == 200
    for label in ("Off topic", "Personal attack", "Private information", "Spam", "Level 2"):
        assert label in page.text
