"""Follows: what may be followed, by whom, and once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database, insert
from forum.domain import follows, people, tags
from forum.domain.errors import Forbidden, NotFound, SignInNeeded
from forum.models import Agency, Follow
from tests.making import Make


def test_following_twice_is_following_once(db: Connection, make: Make) -> None:
    person, idea_id = make.user(), make.idea()
    assert follows.follow(db, person, "idea", idea_id)
    assert not follows.follow(db, person, "idea", idea_id)
    assert follows.is_following(db, person, "idea", idea_id)
    assert follows.count(db, "idea", idea_id) == 1
    assert follows.remove(db, person, "idea", idea_id)
    assert not follows.remove(db, person, "idea", idea_id)
    assert not follows.is_following(db, person, "idea", idea_id)


def test_ideas_communities_tags_and_agencies_can_be_followed(db: Connection, make: Make) -> None:
    person, community = make.user(), make.community(name="Open data", slug="open-data")
    idea_id = make.idea(title="Publish the maps")
    tag_id, agency_id = tags.ensure(db, "Maps"), insert(db, Agency, slug="usgs", name="Geological Survey")
    wanted = [("agency", agency_id), ("community", community.id), ("idea", idea_id), ("tag", tag_id)]
    for kind, object_id in wanted:
        assert follows.follow(db, person, kind, object_id)
    views = follows.of(db, person)
    assert [(view.kind, view.id) for view in views] == wanted
    assert [view.label for view in views] == ["Geological Survey", "Open data", "Publish the maps", "Maps"]
    assert [view.url for view in views] == [
        "/agencies/usgs",
        "/c/open-data",
        f"/ideas/{idea_id}-publish-the-maps",
        "/ideas?tag=maps",
    ]
    assert follows.of(db, person, limit=2) == views[:2]
    assert follows.of(db, person, after=("community", community.id)) == views[2:]


@pytest.mark.parametrize("kind", ["idea", "community", "tag", "agency", "person", ""])
def test_what_is_not_there_can_not_be_followed(db: Connection, make: Make, kind: str) -> None:
    with pytest.raises(NotFound):
        follows.follow(db, make.user(), kind, 987_654)


def test_what_a_person_can_not_see_they_can_not_follow(db: Connection, make: Make) -> None:
    hidden = make.community(visibility="members")
    idea_id, held_id = make.idea(community=hidden), make.idea(state="held")
    person = make.user()
    for kind, object_id in (("community", hidden.id), ("idea", idea_id), ("idea", held_id)):
        with pytest.raises(NotFound):
            follows.follow(db, person, kind, object_id)
    member = make.member(hidden.id, person)
    assert follows.follow(db, member, "community", hidden.id)
    assert follows.follow(db, member, "idea", idea_id)


def test_following_needs_an_account_with_a_confirmed_address(db: Connection, make: Make) -> None:
    idea_id = make.idea()
    with pytest.raises(SignInNeeded):
        follows.follow(db, None, "idea", idea_id)
    with pytest.raises(Forbidden, match="confirm your address"):
        follows.follow(db, make.user(email_confirmed_at=None), "idea", idea_id)
    assert not follows.is_following(db, None, "idea", idea_id)


def test_one_may_always_stop_following(db: Connection, make: Make) -> None:
    hidden = make.community(visibility="members")
    person = make.member(hidden.id, make.user())
    follows.follow(db, person, "community", hidden.id)
    db.execute(sa.text("DELETE FROM community_members"))
    assert follows.remove(db, people.load(db, person.id), "community", hidden.id)


def test_a_removed_idea_is_listed_by_its_number_alone(db: Connection, make: Make) -> None:
    person, idea_id = make.user(), make.idea(title="Something rude")
    follows.follow(db, person, "idea", idea_id)
    db.execute(sa.text("UPDATE ideas SET state = 'removed' WHERE id = :id"), {"id": idea_id})
    assert [view.label for view in follows.of(db, person)] == [f"Idea I-{idea_id}"]


def test_followers_come_in_batches_by_key(db: Connection, make: Make) -> None:
    idea_id, ids = make.idea(), [make.user().id for _ in range(5)]
    db.execute(
        sa.insert(Follow),
        [{"user_id": one, "kind": "idea", "object_id": idea_id, "created_at": now()} for one in ids[::-1]],
    )
    assert follows.followers(db, "idea", idea_id, limit=3) == ids[:3]
    assert follows.followers(db, "idea", idea_id, after=ids[2], limit=3) == ids[3:]


def test_twenty_clicks_at_once_make_one_follow(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, int]:
        make = Make(db)
        return make.user().id, make.idea()

    user_id, idea_id = database.write(prepare)

    def click(_: int) -> bool:
        return database.write(lambda db: follows.follow(db, people.load(db, user_id), "idea", idea_id))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(click, range(20))) == 1
