"""Spam on the web: who posts it is told to wait, who moderates reads why, and the decision teaches the score."""

import sqlalchemy as sa

from forum.domain import people, posting, spam
from forum.domain.people import Person
from forum.domain.posting import IdeaFields
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


def test_a_community_sets_its_own_limit_of_links_and_its_own_spam_score(site: Site) -> None:
    boss, place = site.make(lambda make: (make.user(role="administrator"), make.community()))
    new, trusted = site.make(lambda make: (make.user(trust_level=0), make.user(trust_level=2)))
    site.sign_in(boss)
    edit = {"name": place.name, "purpose": place.purpose or "A place to talk about shops.", "banner": "1"}
    wrong = site.post(f"/c/{place.slug}/edit", {**edit, "most_links": "many", "spam_threshold": "20"})
    assert wrong.status_code == 422
    assert "Please give a whole number, from 0 to 50, or nothing." in wrong.text
    assert "Please give whole percent, from 50 to 99, or nothing." in wrong.text
    assert site.post(f"/c/{place.slug}/edit", {**edit, "most_links": "1", "spam_threshold": "55"}).status_code == 303
    page = site.get(f"/c/{place.slug}/edit").text
    assert 'value="55"' in page
    body = "Compare https://one.example/prices and https://two.example/prices before you write, please."

    def post(author: Person, title: str, community: str) -> bool:
        fields = IdeaFields(title=title, body=body, community=community)
        return site.make(lambda make: posting.post(make.db, people.load(make.db, author.id), fields).is_held)

    elsewhere = site.make(lambda make: make.community().slug)
    assert not post(new, "Two lists of prices", elsewhere)
    assert post(new, "Two lists of prices here", place.slug)
    assert not post(trusted, "Two more lists of prices", place.slug)
    assert site.post(f"/c/{place.slug}/edit", edit).status_code == 303
    assert not post(site.make(lambda make: make.user(trust_level=1)), "Two lists of prices once more", place.slug)
