"""Communities: found, proposed, opened, joined, edited, in their phases; and invisible to whom they are not for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.domain import communities, founding, members, people
from forum.domain.errors import Conflict, Forbidden
from forum.domain.founding import Phase
from forum.models import Community, CommunityMember, Guideline
from tests.making import Make, Site

EDIT = {
    "name": "Open data", "purpose": "Everything about publishing what offices know.", "guidelines": "Be kind.",
    "visibility": "public", "posting": "everyone", "moderation": "after", "vote_kind": "both", "banner": "3",
    "tags": "data, maps", "agencies": "Office of Maps\nOffice of Records",
}  # fmt: skip


def test_a_visitor_finds_communities_by_group_and_reads_one(site: Site) -> None:
    place = site.make(lambda make: make.community(name="Open data", group_name="Transparency", purpose="About data."))
    site.make(lambda make: make.idea(community=place, title="Publish the maps"))
    listed = site.get("/communities")
    assert "Transparency" in listed.text
    assert f'href="/c/{place.slug}"' in listed.text
    page = site.get(f"/c/{place.slug}")
    assert page.status_code == 200
    assert "Publish the maps" in page.text
    assert "About data." in page.text


def test_somebody_proposes_and_an_administrator_opens(site: Site) -> None:
    citizen, boss = site.make(lambda make: (make.user(), make.user(role="administrator")))
    site.sign_in(citizen)
    short = site.post("/communities", {"name": "Xy", "purpose": "Too short"})
    assert short.status_code == 422
    assert "Too short" in short.text
    sent = site.post("/communities", {"name": "Night buses", "purpose": "Ideas for buses that run at night."})
    assert sent.headers["location"] == "/c/night-buses"
    assert site.get("/c/night-buses").status_code == 200
    assert site.post("/c/night-buses/decide", {"decision": "open"}).status_code == 403
    site.sign_out()
    assert site.get("/c/night-buses").status_code == 404
    assert "Night buses" not in site.get("/communities").text
    site.sign_in(boss)
    assert "Night buses" in site.get("/communities/proposed").text
    assert site.post("/c/night-buses/decide", {"decision": "open", "note": "Welcome."}).status_code == 303
    assert site.post("/c/night-buses/decide", {"decision": "decline"}).status_code == 409
    site.sign_out()
    assert site.get("/c/night-buses").status_code == 200


def test_joining_many_times_at_once_makes_one_member(site: Site) -> None:
    place, citizen = site.make(lambda make: (make.community(), make.user()))

    def join(_: int) -> bool:
        return site.write(lambda db: members.join(db, people.load(db, citizen.id), communities.load(db, place.id)))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(join, range(20))) == 1
    with site.database.reading() as db:
        assert communities.load(db, place.id).member_count == 1
    site.sign_in(citizen)
    left = site.post(f"/c/{place.slug}/join", {"value": "0"}, htmx=True)
    assert 'id="membership"' in left.text
    assert "<html" not in left.text
    with site.database.reading() as db:
        assert communities.load(db, place.id).member_count == 0
        assert db.execute(sa.select(sa.func.count()).select_from(CommunityMember)).scalar_one() == 0


def test_phases_change_by_themselves_on_the_date(site: Site) -> None:
    place = site.make(lambda make: make.community())
    idea_id = site.make(lambda make: make.idea(community=place))
    start = now()
    steps = [
        Phase("brainstorm", start - timedelta(days=1)),
        Phase("discuss", start + timedelta(days=7)),
        Phase("closed", start + timedelta(days=14)),
    ]
    site.write(lambda db: founding.write_phases(db, place.id, steps))
    citizen = site.make(lambda make: make.user())
    site.sign_in(citizen)
    assert "you can post ideas, vote and comment" in site.get(f"/c/{place.slug}").text
    with time_machine.travel(start + timedelta(days=8), tick=False):
        assert "you can vote and comment" in site.get(f"/c/{place.slug}").text
        assert site.post(f"/ideas/{idea_id}/vote", {"value": "1"}).status_code == 303
    with time_machine.travel(start + timedelta(days=13, hours=23), tick=False):
        site.sign_in(citizen)
        assert site.post(f"/ideas/{idea_id}/vote", {"value": "-1"}).status_code == 303
    with time_machine.travel(start + timedelta(days=14), tick=False):
        assert site.post(f"/ideas/{idea_id}/vote", {"value": "1"}).status_code == 403


def test_a_manager_edits_and_guidelines_keep_their_versions(site: Site) -> None:
    manager = site.make(lambda make: make.user())
    place = site.make(lambda make: make.community(name="Data", guidelines="Old rules.", managers=(manager,)))
    site.sign_in(manager)
    assert site.get(f"/c/{place.slug}/edit").status_code == 200
    begins = datetime(2030, 5, 1, 9, 0, tzinfo=UTC)
    phases = {"phase_1": "discuss", "phase_1_at": begins.strftime("%Y-%m-%dT%H:%M")}
    assert site.post(f"/c/{place.slug}/edit", {**EDIT, **phases}).status_code == 303
    with site.database.reading() as db:
        changed = communities.load(db, place.id)
        assert (changed.name, changed.banner, changed.guidelines_version) == ("Open data", 3, 2)
        assert [agency.name for agency in changed.agencies] == ["Office of Maps", "Office of Records"]
        assert founding.suggested_tags(db, place.id) == ["data", "maps"]
        assert founding.phases(db, place.id) == [Phase("discuss", begins)]
        assert db.execute(sa.select(Guideline.body).order_by(Guideline.version.desc())).scalars().first() == "Be kind."
    history = site.get(f"/c/{place.slug}/guidelines")
    assert "Be kind." in history.text
    page = site.get(f"/c/{place.slug}/edit")
    assert 'value="2030-05-01T09:00"' in page.text
    wrong = site.post(f"/c/{place.slug}/edit", {**EDIT, "phase_1": "discuss", "phase_1_at": "soon", "banner": "99"})
    assert wrong.status_code == 422
    assert "Please give the day and time" in wrong.text
    assert "Everything about publishing" in wrong.text


def test_only_managers_edit_and_only_administrators_appoint(site: Site) -> None:
    outsider, boss = site.make(lambda make: (make.user(), make.user(role="administrator")))
    place = site.make(lambda make: make.community())
    site.sign_in(outsider)
    assert site.get(f"/c/{place.slug}/edit").status_code == 403
    assert site.post(f"/c/{place.slug}/edit", EDIT).status_code == 403
    assert site.post(f"/c/{place.slug}/managers", {"handle": outsider.handle}).status_code == 403
    site.sign_in(boss)
    assert site.post(f"/c/{place.slug}/managers", {"handle": "nobody-here"}).status_code == 422
    assert site.post(f"/c/{place.slug}/managers", {"handle": outsider.handle}).status_code == 303
    site.sign_in(outsider)
    assert site.get(f"/c/{place.slug}/edit").status_code == 200
    assert outsider.name in site.get(f"/c/{place.slug}").text


def test_an_archived_community_is_readable_at_the_same_addresses_and_nothing_changes(site: Site) -> None:
    boss, citizen = site.make(lambda make: (make.user(role="administrator"), make.user()))
    place = site.make(lambda make: make.community())
    idea_id = site.make(lambda make: make.idea(community=place, title="Still readable"))
    site.sign_in(boss)
    assert site.post(f"/c/{place.slug}/archive", {"value": "1"}).status_code == 303
    site.sign_in(citizen)
    assert "archived" in site.get(f"/c/{place.slug}").text
    assert site.get(f"/ideas/{idea_id}-still-readable").status_code == 200
    refused = site.post(f"/ideas/{idea_id}/vote", {"value": "1"})
    assert refused.status_code == 403
    assert "archived" in refused.text
    site.sign_in(boss)
    assert site.post(f"/c/{place.slug}/archive", {"value": "0"}).status_code == 303
    site.sign_in(citizen)
    assert site.post(f"/ideas/{idea_id}/vote", {"value": "1"}).status_code == 303


@pytest.mark.parametrize("visibility", ["members", "employees"])
def test_what_is_not_for_everybody_is_invisible_everywhere(site: Site, visibility: str) -> None:
    insider, outsider = site.make(lambda make: (make.user(is_employee=True), make.user()))
    place = site.make(lambda make: make.community(name="Hidden Place", visibility=visibility))
    site.make(lambda make: make.member(place.id, insider))
    idea_id = site.make(lambda make: make.idea(community=place, title="Hidden Thing"))
    addresses = [
        "/", "/ideas", "/ideas?sort=newest", "/ideas?sort=random", "/ideas.json", "/ideas.csv", "/ideas.atom",
        "/communities", f"/c/{place.slug}", f"/ideas?community={place.slug}", f"/ideas/{idea_id}-hidden-thing",
        f"/ideas.json?community={place.slug}", f"/c/{place.slug}/guidelines",
    ]  # fmt: skip
    for somebody in (None, outsider):
        site.sign_out()
        if somebody:
            site.sign_in(somebody)
        for address in addresses:
            text = site.get(address).text
            assert "Hidden Thing" not in text, address
            assert "Hidden Place" not in text, address
    site.sign_in(site.write(lambda db: people.load(db, insider.id)))
    assert "Hidden Thing" in site.get(f"/c/{place.slug}").text
    assert site.get(f"/ideas/{idea_id}-hidden-thing").status_code == 200
    assert "Hidden Thing" not in site.get("/ideas").text
    assert "Hidden Thing" in site.get(f"/ideas?community={place.slug}").text
    site.sign_out()  # what was kept for those who may see it is theirs
    assert site.get(f"/ideas?community={place.slug}").status_code == 404
    assert site.get(f"/c/{place.slug}").status_code == 404


def test_a_slug_is_never_taken_twice(site: Site) -> None:
    def make_two(make: Make) -> list[str]:
        founding.create(make.db, name="Parks")
        founding.create(make.db, name="Parks")
        return [row.slug for row in make.db.execute(sa.select(Community.slug).order_by(Community.id))]

    assert site.make(make_two) == ["parks", "parks-2"]
    with pytest.raises(Conflict):
        site.write(lambda db: founding.create(db, name="Parks", slug="parks"))
    with pytest.raises(Forbidden):
        site.write(lambda db: members.join(db, Make(db).user(email_confirmed_at=None), Make(db).community()))
