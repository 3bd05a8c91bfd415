"""Waves on the web: the case in the queue, the page of the wave, one act on all, the next case, taking it back."""

import re
from datetime import timedelta

import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.domain import commenting, posting, search, waves
from forum.domain.commenting import CommentFields
from forum.domain.people import Person
from forum.domain.posting import IdeaFields
from forum.models import Case, Comment, Decision, Idea, Wave
from tests import crowds
from tests.making import Make, Site


def flood(site: Site, many: int = 8) -> tuple[Person, int, list[int]]:
    """A moderator, and a wave of so many copies: its id, and those of its ideas."""
    slug, boss = site.make(lambda make: (make.community().slug, make.user(role="moderator")))

    def post(make: Make, title: str, body: str) -> int:
        fields = IdeaFields(title=title, body=body, community=slug)
        return posting.post(make.db, make.user(trust_level=0), fields).id

    ids = [site.make(lambda make, text=text: post(make, *text)) for text in crowds.copies(many)]
    site.write(search.fold_in)
    while waves.look_at_new(site.database):
        pass
    site.sign_in(boss)
    with site.database.reading() as db:
        return boss, db.execute(sa.select(Wave.id)).scalar_one(), ids


def states(site: Site, ids: list[int]) -> set[str]:
    with site.database.reading() as db:
        return set(db.execute(sa.select(Idea.state).where(Idea.id.in_(ids))).scalars())


def test_a_wave_is_one_case_in_the_queue_and_leads_to_its_page(site: Site) -> None:
    _, wave_id, __ = flood(site)
    page = site.get("/moderation?kind=wave").text
    assert "Looks like a wave (1)" in page
    assert "Repeated text: Free the secret weather machine" in page
    with site.database.reading() as db:
        case_id = db.execute(sa.select(Case.id).where(Case.kind == "wave")).scalar_one()
    case = site.get(f"/moderation/{case_id}?kind=wave").text
    assert "8 posts by 8 people." in case
    assert f'href="/moderation/waves/{wave_id}?kind=wave"' in case
    assert site.post(f"/moderation/{case_id}", {"action": "keep"}).status_code == 409  # it has a page of its own
    listed = site.get("/moderation/waves").text
    assert f"/moderation/waves/{wave_id}" in listed
    assert site.get("/moderation/waves?state=nothing").status_code == 404
    assert "No waves here" in site.get("/moderation/waves?state=dismissed").text
    shown = site.get(f"/moderation/waves/{wave_id}").text
    assert "posts repeat one another" in shown
    assert "What it changes on the first page" in shown


def test_one_act_puts_all_on_the_track_goes_on_and_is_taken_back(site: Site) -> None:
    boss, wave_id, ids = flood(site)
    path = f"/moderation/waves/{wave_id}"
    refused = site.post(path, {"action": "off-topic"})
    assert refused.status_code == 422
    assert "Please choose a reason" in refused.text
    done = site.post(f"{path}?kind=wave", {"action": "off-topic", "reason": "spam", "note": "Once is enough."})
    assert (done.status_code, done.headers["location"]) == (303, "/moderation?kind=wave")
    said = site.get("/moderation?kind=wave").text
    assert "8 posts on the off-topic track now. Each author is told once. Nothing else waits." in said
    assert f'action="{path}/undo"' in said
    assert states(site, ids) == {"off-topic"}
    assert site.post(path, {"action": "remove", "reason": "spam"}).status_code == 409
    with site.database.reading() as db:
        act_id = db.execute(sa.select(Decision.act_id).where(Decision.action == "off-topic")).scalars().first()
    assert "8 decisions" in site.get(f"/acts/{act_id}").text or site.get(f"/acts/{act_id}").status_code == 200
    assert site.get("/log").text.count("Put on the off-topic track") >= 8
    back = site.post(f"{path}/undo")
    assert (back.status_code, back.headers["location"]) == (303, path)
    assert states(site, ids) == {"held"}
    assert "Taken back" in site.get(path).text
    assert site.post(f"{path}/undo").status_code == 409
    assert boss.id


def test_the_page_of_the_act_takes_a_wave_back_and_the_page_of_that_puts_it_back(site: Site) -> None:
    _, wave_id, ids = flood(site)
    site.post(f"/moderation/waves/{wave_id}", {"action": "remove", "reason": "spam"})
    assert states(site, ids) == {"removed"}
    with site.database.reading() as db:
        act_id = db.execute(sa.select(Decision.act_id).where(Decision.action == "remove")).scalars().first()
    undone = site.post(f"/acts/{act_id}/undo")
    assert undone.status_code == 303
    assert states(site, ids) == {"held"}
    assert "Waiting" in site.get(f"/moderation/waves/{wave_id}").text
    back = undone.headers["location"]
    assert f'href="/moderation/waves/{wave_id}"' in site.get(back).text
    again = site.post(f"{back}/undo")
    assert again.status_code == 303
    assert states(site, ids) == {"removed"}
    assert "Decided" in site.get(f"/moderation/waves/{wave_id}").text
    assert site.post(f"{again.headers['location']}/undo").status_code == 303
    assert states(site, ids) == {"held"}
    assert site.post(f"{back}/undo").status_code == 404  # there is nothing left of it


def test_the_page_of_a_wave_puts_back_what_was_taken_back_until_somebody_decides_anew(site: Site) -> None:
    _, wave_id, ids = flood(site)
    path = f"/moderation/waves/{wave_id}"
    assert "Put it back" not in site.get(path).text
    site.post(path, {"action": "remove", "reason": "spam"})
    site.post(f"{path}/undo")
    assert "An act was taken back: Removed." in site.get(path).text
    assert site.post(f"{path}/redo").status_code == 303
    assert "The act counts again, for 8 posts." in site.get(path).text
    assert states(site, ids) == {"removed"}
    assert site.post(f"{path}/redo").status_code == 409
    site.post(f"{path}/undo")
    site.post(path, {"action": "off-topic", "reason": "spam"})
    assert "Put it back" not in site.get(path).text
    refused = site.post(f"{path}/redo")
    assert refused.status_code == 409
    assert "somebody decided since" in refused.text
    assert states(site, ids) == {"off-topic"}


def test_each_member_has_a_decision_with_a_statement_and_its_author_can_appeal(site: Site) -> None:
    boss, wave_id, ids = flood(site)
    site.post(f"/moderation/waves/{wave_id}", {"action": "off-topic", "reason": "spam"})
    with site.database.reading() as db:
        made = db.execute(sa.select(Decision.id, Decision.author_id).where(Decision.subject_id == ids[4])).one()
        author = Person(id=made.author_id, handle="", name="")
    site.sign_in(author)
    statement = site.get(f"/decisions/{made.id}").text
    assert "A program brought it up. A person looked at it and decided." in statement
    assert "one of many that came together" in statement
    answer = site.post(f"/decisions/{made.id}/appeal", {"text": "I wrote this alone and meant every word of it."})
    assert answer.status_code == 303
    with site.database.reading() as db:
        appeal_id = db.execute(sa.text("SELECT id FROM appeals")).scalar_one()
    other = site.make(lambda make: make.user(role="moderator"))
    site.sign_in(other)
    words = {"outcome": "upheld", "answer": "You did write it alone, so it goes back."}
    assert site.post(f"/appeals/{appeal_id}", words).status_code == 303
    assert states(site, [ids[4]]) == {"held"}
    assert states(site, ids[:4] + ids[5:]) == {"off-topic"}
    site.sign_in(boss)
    site.post(f"/moderation/waves/{wave_id}/undo")
    assert states(site, ids) == {"held"}


def test_readers_and_managers_of_other_places_find_no_wave(site: Site) -> None:
    _, wave_id, __ = flood(site, many=6)
    path = f"/moderation/waves/{wave_id}"
    site.sign_in(site.make(lambda make: make.user()))
    assert site.get(path).status_code == 404
    assert site.get("/moderation/waves").status_code == 403
    site.sign_in(site.make(lambda make: make.member(make.community().id, make.user(), role="manager")))
    assert site.get(path).status_code == 404
    assert site.post(path, {"action": "keep"}).status_code == 404
    assert re.search("No waves here", site.get("/moderation/waves").text)


def test_an_idea_rises_to_the_front_page_when_it_is_a_minute_old(site: Site) -> None:
    old, young = site.make(
        lambda make: (
            make.idea(title="A bench at the ferry", created_at=now() - timedelta(minutes=2)),
            make.idea(title="A lamp at the ferry", votes=3),
        )
    )
    page = site.get("/").text
    assert f"/ideas/{old}-" in page
    assert f"/ideas/{young}-" not in page
    assert f"/ideas/{young}-" in site.get("/ideas").text
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert "A lamp at the ferry" in site.get("/?later").text


def test_a_flood_of_comments_is_a_case_with_a_page_where_all_are_decided(site: Site) -> None:
    def prepare(make: Make) -> tuple[Person, list[int]]:
        ids = [make.idea(title=f"Idea {number}") for number in range(2)]
        for number, (_, body) in enumerate(crowds.copies(7)):
            author = make.user(trust_level=2, name=f"Person {number}")
            commenting.post(make.db, author, ids[number % 2], CommentFields(body=body))
        return make.user(role="moderator"), ids

    boss, _ = site.make(prepare)
    site.write(search.fold_in)
    waves.look_at_comments(site.database)
    site.sign_in(boss)
    queue = site.get("/moderation?kind=wave").text
    assert "Repeated comment: " in queue
    path = "/moderation/waves/1"
    page = site.get(path).text
    for words in ("Posts (7)", "Comment on", 'href="/comments/1"', "Hold all for a second look", "Remove all"):
        assert words in page, words
    for words in ("off-topic track", "What it changes on the first page", "Set votes aside", "Votes on these posts"):
        assert words not in page.partition("<main")[2], words
    assert site.post(path, {"action": "off-topic", "reason": "spam"}).status_code == 409
    assert site.post(path, {"action": "hold", "reason": "spam"}).status_code == 303
    assert "7 posts held. Each author is told once." in site.get("/moderation").text
    page = site.get(path).text
    assert "Hold all" not in page
    assert "waits for a decision" in page
    site.post(path, {"action": "remove", "reason": "spam"})
    with site.database.reading() as db:
        assert set(db.execute(sa.select(Comment.state)).scalars()) == {"removed"}
    site.post(f"{path}/undo")
    assert "An act was taken back: Removed." in site.get(path).text
    assert "Wave" not in site.get("/log?about=comment").text.partition("<tbody>")[2]
