"""Setting votes aside on the web: choose, preview, do it, what everybody sees of it, undo."""

import sqlalchemy as sa

from forum.domain import communities, votes
from forum.domain.people import Person
from forum.models import Idea
from tests.making import Make, Site


def crowd(make: Make) -> tuple[int, str, list[Person]]:
    """An idea with two honest votes and three of a crowd: its id, the slug of its community, the crowd."""
    idea_id = make.idea(title="Open the budget", votes=2)
    people = [make.user() for _ in range(3)]
    for person in people:
        votes.cast(make.db, person, idea_id, 1)
    place = make.db.execute(sa.select(Idea.community_id).where(Idea.id == idea_id)).scalar_one()
    return idea_id, communities.load(make.db, place).slug, people


def test_a_moderator_previews_sets_aside_and_undoes_and_everybody_reads_how_many(site: Site) -> None:
    idea_id, slug, people = site.make(crowd)
    boss = site.make(lambda make: make.user(role="moderator"))
    site.sign_in(boss)
    assert f"/moderation/votes?idea={idea_id}" in site.get(f"/ideas/{idea_id}/decision").text
    assert f'value="{idea_id}"' in site.get(f"/moderation/votes?idea={idea_id}").text
    fields = {"community": slug, "people": " ".join(person.handle for person in people), "reason": "spam"}
    page = site.post("/moderation/votes/preview", fields).text
    assert "3 votes on 1 idea" in page
    assert "First 20 by net votes now" in page
    assert "First 20 by net votes then" in page
    assert "Set 3 votes aside" in page
    done = site.post("/moderation/votes", fields)
    assert done.status_code == 303
    act = done.headers["location"]
    site.sign_out()
    public = site.get(f"/ideas/{idea_id}", follow_redirects=True).text
    assert "3 votes were set aside: 3 for, 0 against." in public
    number = public.split('href="/log/')[1].split('"')[0]
    assert "votes set aside" in site.get(f"/log/{number}").text
    site.sign_in(people[0])
    answer = site.post(f"/ideas/{idea_id}/vote", {"value": "-1"}, htmx=True)
    assert "it was set aside" in answer.text
    site.sign_in(boss)
    assert site.post("/moderation/votes", fields).status_code == 409
    assert site.post(f"{act}/undo").status_code == 303
    page = site.get(f"/ideas/{idea_id}", follow_redirects=True).text
    assert "set aside" not in page
    assert site.post("/moderation/votes", fields).status_code == 303


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(site: Site) -> None:
    idea_id, _, __ = site.make(crowd)
    site.sign_in(site.make(lambda make: make.user(role="moderator")))
    answer = site.post("/moderation/votes/preview", {"idea": str(idea_id), "people": "nobody-here", "reason": "spam"})
    assert answer.status_code == 422
    assert "We do not know nobody-here." in answer.text
    answer = site.post("/moderation/votes/preview", {"idea": str(idea_id), "hours": "24"})
    assert answer.status_code == 422
    assert "Please choose a reason." in answer.text
    assert 'value="24"' in answer.text
    assert site.post("/moderation/votes", {"idea": "999999", "hours": "1", "reason": "spam"}).status_code == 422
    empty = site.post(
        "/moderation/votes/preview", {"idea": str(idea_id), "hours": "1", "since": "2999-01-01", "reason": "spam"}
    )
    assert "No vote that counts fits" in empty.text


def test_citizens_and_managers_of_other_places_may_not(site: Site) -> None:
    idea_id, slug, _ = site.make(crowd)
    site.sign_in(site.make(lambda make: make.user()))
    assert site.get("/moderation/votes").status_code == 403
    manager = site.make(lambda make: make.member(make.community().id, make.user(), role="manager"))
    site.sign_in(manager)
    assert slug not in site.get("/moderation/votes").text
    for fields in ({"idea": str(idea_id)}, {"community": slug}):
        for path in ("/moderation/votes/preview", "/moderation/votes"):
            assert site.post(path, {**fields, "hours": "24", "reason": "spam"}).status_code == 403


def test_exports_tell_both_tallies(site: Site) -> None:
    idea_id, _, people = site.make(crowd)
    site.sign_in(site.make(lambda make: make.user(role="administrator")))
    fields = {"idea": str(idea_id), "people": ", ".join(person.handle for person in people), "reason": "spam"}
    assert site.post("/moderation/votes", fields).status_code == 303
    assert '"up": 2, "down": 0, "net": 2' in site.get("/rankings.json?formula=net").text
    assert '"raw_up": 5, "raw_down": 0' in site.get("/rankings.json?formula=net").text
    assert "raw_up,raw_down" in site.get("/rankings.csv?formula=net").text
