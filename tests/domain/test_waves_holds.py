"""What waits because it repeats others: copies at posting, edits that become copies, and whose word counts more."""

import sqlalchemy as sa

from forum.db import Database
from forum.domain import moderation, people, posting
from forum.domain.moderation import DecisionFields
from forum.domain.posting import TextFields
from forum.domain.waves import prints
from forum.models import Case, WaveMember, WavePrint
from tests import crowds
from tests.surges import Scene


def test_the_first_copies_of_newcomers_are_published_and_later_ones_wait(database: Database) -> None:
    scene = Scene(database)
    assert scene.states() == ["published"] * prints.FEW + ["held"] * (8 - prints.FEW)
    known = scene.make(lambda make: make.user(trust_level=1))
    title, body = crowds.copies(1, seed=9)[0]
    assert scene.state(scene.post(title, body, author=known)) == "published"
    assert scene.state(scene.post("Longer hours for the library", "It closes before people leave work.")) == "published"


def test_what_its_community_checks_waits_on_its_own_again_when_a_wave_is_dismissed(database: Database) -> None:
    scene = Scene(database, moderation="before")
    assert scene.open_kinds() == ["held"] * 8
    scene.watch()
    assert scene.open_kinds() == ["wave"]
    scene.decide("keep")
    assert set(scene.states()) == {"held"}
    assert scene.open_kinds() == ["held"] * 8
    scene.take_back()
    assert scene.open_kinds() == ["wave"]


def test_an_idea_that_becomes_a_copy_by_an_edit_is_looked_at_again(database: Database) -> None:
    scene = Scene(database, many=7)
    author = scene.make(lambda make: make.user(trust_level=0))
    idea_id = scene.post("Longer hours for the library", "It closes before people leave work.", author=author)
    scene.watch()
    title, body = crowds.copies(1, seed=11)[0]
    fields = TextFields(title=title, body=body)
    database.write(lambda db: posting.edit(db, people.load(db, author.id), idea_id, fields))
    scene.watch()
    assert scene.state(idea_id) == "held"
    with database.reading() as db:
        members = db.execute(sa.select(WaveMember.subject_id)).scalars().all()
    assert idea_id in members


def test_what_a_person_kept_by_itself_is_left_alone_by_the_watch_and_by_the_act(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    kept = scene.ids[6]
    keep = DecisionFields(action="keep")
    database.write(lambda db: moderation.act(db, scene.moderator, "idea", kept, keep))
    assert scene.state(kept) == "published"
    database.write(lambda db: db.execute(sa.update(WavePrint).values(is_new=True)))
    scene.watch()
    assert scene.state(kept) == "published"
    done = scene.track()
    assert (done.changed, done.left) == (7, 1)
    assert scene.state(kept) == "published"
    assert scene.take_back().changed == 7
    assert scene.states() == ["held"] * 6 + ["published", "held"]
    assert scene.differences() == []


def test_what_its_score_holds_waits_on_its_own_again_with_its_signs_when_a_wave_is_dismissed(
    database: Database,
) -> None:
    scene = Scene(database, many=0)
    links = " ".join(f"https://shop-{number}.example/sale" for number in range(12))
    body = f"Look at all of these wonderful shops and buy the cheap watches today: {links}"
    scene.ids = [scene.post(f"Cheap watches for all number {number}", body) for number in range(8)]
    assert scene.open_kinds() == ["spam"] * 8
    scene.watch()
    assert scene.open_kinds() == ["wave"]
    scene.decide("keep")
    assert set(scene.states()) == {"held"}
    assert scene.open_kinds() == ["spam"] * 8
    with database.reading() as db:
        found = db.execute(sa.select(Case.details).where(Case.is_open)).scalars().all()
        assert all("Twelve links." in details["signs"] or "12 links." in details["signs"] for details in found)
    scene.take_back()
    assert scene.open_kinds() == ["wave"]
    assert scene.differences() == []
