"""Spam on the web: who posts it is told to wait, who moderates reads why, and the decision teaches the score."""

import sqlalchemy as sa

from forum.domain import spam
from forum.models import Case, Idea, SpamModel
from tests.making import Site

TEN_LINKS = "Look at these: " + " ".join(f"https://shop-{number}.example/sale" for number in range(10))


def test_a_new_account_posts_ten_links_and_a_moderator_reads_why_they_wait(site: Site) -> None:
    author, boss, place = site.make(
        lambda make: (
            make.user(trust_level=0),
            make.user(role="moderator", is_employee=True),
            make.community(phase="brainstorm", moderation="after"),
        )
    )
    site.sign_in(author)
    form = {"title": "Ten fine shops", "body": TEN_LINKS, "community": place.slug, "why": "", "tags": ""}
    answer = site.post("/ideas", form)
    page = site.get(answer.headers["location"])
    assert "A moderator looks at your idea" in page.text
    site.sign_in(boss)
    case_id, idea_id = site.write(lambda db: db.execute(sa.select(Case.id, Case.subject_id)).one())
    page = site.get(f"/moderation/{case_id}")
    assert page.status_code == 200
    assert "Why it waits" in page.text
    assert '<li dir="auto">Ten links.</li>' in page.text
    assert "of 100" in page.text
    assert site.get("/moderation?kind=spam").text.count(f"/moderation/{case_id}")
    answer = site.post(f"/moderation/{case_id}", {"action": "remove", "reason": "spam", "note": "Please no lists."})
    assert answer.status_code == 303
    assert site.write(lambda db: db.execute(sa.select(Idea.state).where(Idea.id == idea_id)).scalar_one()) == "removed"
    assert spam.learn_new(site.database) == 1
    assert site.write(lambda db: db.execute(sa.select(SpamModel.spam_count)).scalar_one()) == 1
