"""Waves: copies wait, a wave is one case, one act settles it, undoing it restores what was, and others decide alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import (
    cases,
    moderation,
    people,
    progress,
    reports,
    search,
    waves,
)
from forum.domain.errors import Conflict, Forbidden, NotFound
from forum.domain.moderation import DecisionFields
from forum.domain.people import Person
from forum.domain.progress import MoveFields
from forum.domain.reports import ReportFields
from forum.domain.waves import WaveFields, prints
from forum.models import Case, Decision, Idea, OutboxMessage, StatusChange, Wave, WaveKey, WaveMember, WavePrint
from tests import crowds
from tests.making import Make
from tests.surges import Scene


def test_copies_become_one_case_and_the_first_ones_wait_too(database: Database) -> None:
    scene = Scene(database)
    assert scene.open_kinds() == ["held"] * (8 - prints.FEW)
    scene.watch()
    assert set(scene.states()) == {"held"}
    assert scene.open_kinds() == ["wave"]
    with database.reading() as db:
        wave = waves.get(db, scene.moderator, scene.wave_id)
        assert wave.member_count == 8
        assert next(signal["name"] for signal in wave.signals) in ("equal", "words")
        assert "equal" in {signal["name"] for signal in wave.signals}
        held = db.execute(sa.select(Decision.subject_id, Decision.machine, Decision.action).order_by(Decision.id)).all()
        assert [tuple(row) for row in held] == [(idea_id, "decided", "hold") for idea_id in scene.ids[: prints.FEW]]
        case = cases.get(db, scene.moderator, cases.open_ids(db, "wave", wave.id)[0])
        about = waves.about_case(db, scene.moderator, case)
        assert (about["post_count"], about["people_count"], about["waiting_count"]) == (8, 8, 8)
        assert about["url"] == f"/moderation/waves/{wave.id}"
    assert scene.differences() == []


def test_a_growing_wave_is_still_one_case(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    scene.ids += [scene.post(title, body) for title, body in crowds.copies(5, seed=3)]
    assert scene.open_kinds() == ["wave"]  # at once, without a look of the watch
    scene.watch()
    assert scene.open_kinds() == ["wave"]
    with database.reading() as db:
        assert db.execute(sa.select(Wave.member_count)).scalar_one() == 13
        assert db.execute(sa.select(Case.details)).scalars().all()[-1]["members"] == 13


def test_looking_twice_changes_nothing(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    with database.reading() as db:
        before = db.execute(sa.select(*Wave.__table__.columns)).all()
    database.write(lambda db: db.execute(sa.update(WavePrint).values(is_new=True)))
    scene.watch()
    with database.reading() as db:
        after = db.execute(sa.select(*Wave.__table__.columns)).all()
    assert [(row.id, row.member_count, row.state) for row in after] == [
        (row.id, row.member_count, row.state) for row in before
    ]


def test_workers_that_look_at_the_same_posts_open_one_wave(database: Database) -> None:
    scene = Scene(database)
    database.write(search.fold_in)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: waves.look_at_new(database), range(4)))
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Wave)).scalar_one() == 1
    assert scene.open_kinds() == ["wave"]


def test_one_act_puts_all_on_the_track_and_each_author_hears_once(database: Database) -> None:
    scene = Scene(database)
    busy = scene.make(lambda make: make.user(trust_level=0))
    scene.ids += [scene.post(title, body, author=busy) for title, body in crowds.copies(3, seed=4)]
    scene.watch()
    database.write(lambda db: db.execute(sa.delete(OutboxMessage)))
    done = scene.track()
    assert (done.changed, done.left) == (11, 0)
    assert set(scene.states()) == {"off-topic"}
    assert scene.open_kinds() == []
    assert scene.differences() == []
    with database.reading() as db:
        told = [row.payload for row in db.execute(sa.select(OutboxMessage)) if row.kind == "people.told"]
        assert sorted(payload["user_ids"][0] for payload in told) == sorted(set(authors(db, scene.ids)))
        [mine] = [payload for payload in told if payload["user_ids"] == [busy.id]]
        assert "2 more of your ideas" in mine["text"]
        assert "Once is enough." in mine["text"]
        made = db.execute(sa.select(Decision).where(Decision.action == "off-topic")).all()
        assert len(made) == 11
        steps = db.execute(sa.select(StatusChange.kind).where(StatusChange.idea_id == scene.ids[0])).scalars().all()
        assert steps == ["posted", "held", "off-topic"]
        assert waves.get(db, scene.moderator, scene.wave_id).state == "on-track"


def authors(db: Connection, ids: list[int]) -> list[int]:
    return list(db.execute(sa.select(Idea.author_id).where(Idea.id.in_(ids))).scalars())


def test_taking_it_back_restores_what_was_but_not_what_changed_since(database: Database) -> None:
    scene = Scene(database)
    elsewhere = scene.make(lambda make: make.community())
    scene.watch()
    before = scene.states()
    scene.track()
    removed, moved, withdrawn, kept = scene.ids[:4]

    def remove(db: Connection) -> None:
        reports.file(db, Make(db).user(), "idea", removed, ReportFields(reason="spam"))
        [case_id] = cases.open_ids(db, "idea", removed)
        moderation.decide(db, scene.moderator, case_id, DecisionFields(action="remove", reason="spam"))

    def keep(db: Connection) -> None:
        from forum.domain import states

        states.change(db, kept, "published")

    database.write(remove)
    database.write(keep)
    fields = MoveFields(community=elsewhere.slug, note="It fits better there.")
    database.write(lambda db: progress.move(db, scene.moderator, moved, fields))
    author = database.write(lambda db: people.load(db, authors(db, [withdrawn])[0]))
    database.write(
        lambda db: progress.withdraw(db, author, withdrawn, progress.WithdrawFields(reason="I changed my mind."))
    )
    done = scene.take_back()
    assert (done.changed, done.left) == (5, 3)
    assert scene.states() == ["removed", before[1], "withdrawn", "published", *before[4:]]
    with database.reading() as db:  # where it is, is not what the act was about
        assert db.execute(sa.select(Idea.community_id).where(Idea.id == moved)).scalar_one() == elsewhere.id
    assert scene.open_kinds() == ["wave"]
    assert scene.differences() == []
    with pytest.raises(Conflict, match="nothing to take back"):
        scene.take_back()


def test_acts_can_follow_one_another_and_are_taken_back_in_turn(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    scene.track()
    scene.ids += [scene.post(title, body) for title, body in crowds.copies(4, seed=5)]
    scene.watch()
    assert scene.open_kinds() == ["wave"]
    assert scene.decide("remove").changed == 4
    assert scene.states() == ["off-topic"] * 8 + ["removed"] * 4
    assert scene.take_back().changed == 4
    assert scene.states() == ["off-topic"] * 8 + ["held"] * 4
    assert scene.take_back().changed == 8
    assert set(scene.states()) == {"held"}
    with database.reading() as db:
        assert waves.get(db, scene.moderator, scene.wave_id).state == "open"
    assert scene.differences() == []


def test_an_act_that_was_taken_back_is_put_back_exactly_and_its_authors_read_the_statement_again(
    database: Database,
) -> None:
    scene = Scene(database)
    scene.watch()
    scene.track()
    scene.take_back()
    later = [scene.post(title, body) for title, body in crowds.copies(2, seed=6)]
    appealed, removed = scene.ids[:2]
    fields = DecisionFields(action="remove", reason="spam")
    database.write(lambda db: moderation.act(db, scene.moderator, "idea", removed, fields))
    database.write(lambda db: db.execute(sa.delete(OutboxMessage)))
    done = database.write(lambda db: waves.put_back(db, scene.moderator, scene.wave_id))
    assert (done.changed, done.left) == (7, 1)
    assert scene.states() == ["off-topic", "removed", *["off-topic"] * 6]
    with database.reading() as db:
        told = [row.payload for row in db.execute(sa.select(OutboxMessage)) if row.kind == "people.told"]
        assert len(told) == 7
        assert {payload["title"] for payload in told} == {"Your idea is on the off-topic track now"}
        first = db.execute(sa.select(Decision).where(Decision.action == "off-topic").order_by(Decision.id)).first()
        assert first is not None
        assert first.subject_id == appealed
        assert first.undone_at is None
        assert told[0]["url"] == f"/decisions/{first.id}"
        waits = sa.select(WaveMember.subject_id).where(WaveMember.is_waiting).order_by(WaveMember.subject_id)
        assert list(db.execute(waits).scalars()) == later  # they came after the act: somebody still has to look
        assert waves.get(db, scene.moderator, scene.wave_id).state == "on-track"
    assert scene.open_kinds() == ["wave"]
    assert scene.differences() == []
    with pytest.raises(Conflict, match="does not come back"):
        database.write(lambda db: waves.put_back(db, scene.moderator, scene.wave_id))
    assert scene.take_back().changed == 7
    assert scene.states() == ["held", "removed", *["held"] * 6]
    assert database.write(lambda db: waves.put_back(db, scene.moderator, scene.wave_id)).changed == 7
    assert scene.take_back().changed == 7
    assert scene.differences() == []


def test_acts_are_put_back_in_the_order_in_which_they_were_made(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    scene.track()
    scene.ids += [scene.post(title, body) for title, body in crowds.copies(4, seed=5)]
    scene.watch()
    scene.decide("remove")
    scene.take_back()
    scene.take_back()

    def put_back() -> list[str]:
        database.write(lambda db: waves.put_back(db, scene.moderator, scene.wave_id))
        return scene.states()

    assert put_back() == ["off-topic"] * 8 + ["held"] * 4
    assert scene.open_kinds() == ["wave"]
    assert put_back() == ["off-topic"] * 8 + ["removed"] * 4
    assert scene.open_kinds() == []
    assert scene.differences() == []


def test_a_dismissal_that_was_taken_back_is_put_back_and_what_its_community_checks_waits_alone(
    database: Database,
) -> None:
    scene = Scene(database, moderation="before")
    scene.watch()
    scene.decide("keep")
    assert scene.open_kinds() == ["held"] * 8
    scene.take_back()
    assert scene.open_kinds() == ["wave"]
    database.write(lambda db: waves.put_back(db, scene.moderator, scene.wave_id))
    assert set(scene.states()) == {"held"}
    assert scene.open_kinds() == ["held"] * 8


def test_nobody_puts_back_what_is_their_own_or_lent_to_another(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    scene.track()
    scene.take_back()
    with database.reading() as db:
        author = people.load(db, authors(db, scene.ids)[0])
    with pytest.raises(NotFound):
        database.write(lambda db: waves.put_back(db, author, scene.wave_id))
    other = scene.make(lambda make: make.user(role="moderator"))
    with database.reading() as db:
        [case_id] = cases.open_ids(db, "wave", scene.wave_id)
    database.write(lambda db: cases.claim(db, other, case_id))
    with pytest.raises(Conflict, match="has this case right now"):
        database.write(lambda db: waves.put_back(db, scene.moderator, scene.wave_id))
    assert set(scene.states()) == {"held"}


def test_later_copies_of_a_wave_on_the_track_wait_for_a_person(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    scene.track()
    late = scene.post(*crowds.copies(1, seed=6)[0])
    assert scene.state(late) == "held"
    assert scene.open_kinds() == ["wave"]
    scene.watch()
    assert scene.state(late) == "held"
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Wave)).scalar_one() == 1
        waiting = sa.select(WaveMember.subject_id).where(WaveMember.is_waiting)
        assert db.execute(waiting).scalars().all() == [late]


def test_a_dismissed_wave_publishes_what_it_held_and_does_not_come_back(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    assert scene.decide("keep").changed == 8
    assert set(scene.states()) == {"published"}
    assert scene.open_kinds() == []
    scene.ids += [scene.post(title, body) for title, body in crowds.copies(3, seed=7)]
    assert set(scene.states()) == {"published"}
    database.write(lambda db: db.execute(sa.update(WavePrint).values(is_new=True)))
    scene.watch()
    assert scene.open_kinds() == []
    assert scene.differences() == []


def test_a_reader_who_reported_a_member_hears_what_became_of_it(database: Database) -> None:
    scene = Scene(database, many=4)
    reporter = scene.make(lambda make: make.user())
    database.write(lambda db: reports.file(db, reporter, "idea", scene.ids[0], ReportFields(reason="spam")))
    scene.ids += [scene.post(title, body) for title, body in crowds.copies(4, seed=8)]
    scene.watch()
    scene.track()
    assert scene.open_kinds() == []
    with database.reading() as db:
        told = [row.payload for row in db.execute(sa.select(OutboxMessage)) if row.kind == "people.told"]
    assert any(payload["user_ids"] == [reporter.id] and "Thank you" in payload["text"] for payload in told)


def test_nobody_decides_on_a_wave_that_holds_their_own_posts_or_reaches_beyond_what_they_manage(
    database: Database,
) -> None:
    scene = Scene(database)
    scene.watch()
    with database.reading() as db:
        author = people.load(db, authors(db, scene.ids)[-1])
    promoted = database.write(lambda db: Make(db).member(scene.place.id, author, role="manager"))
    with pytest.raises(Forbidden):
        scene.decide("off-topic", promoted)
    other = scene.make(lambda make: make.community())
    manager = database.write(lambda db: Make(db).member(scene.place.id, Make(db).user(), role="manager"))
    outsider = scene.make(lambda make: make.member(other.id, make.user(), role="manager"))
    with database.reading() as db, pytest.raises(NotFound):
        waves.get(db, outsider, scene.wave_id)
    fields = MoveFields(community=other.slug, note="It fits better there.")
    database.write(lambda db: progress.move(db, scene.moderator, scene.ids[0], fields))
    with pytest.raises(Forbidden, match="do not manage"):
        scene.decide("off-topic", manager)
    with database.reading() as db:
        seen, _ = waves.members(db, manager, waves.get(db, manager, scene.wave_id))
        assert {row.id for row in seen} == set(scene.ids[1:])
    both = database.write(lambda db: Make(db).member(other.id, manager, role="manager"))
    assert scene.decide("off-topic", both).changed == 8


def test_of_two_who_decide_at_once_one_does(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    second = scene.make(lambda make: make.user(role="moderator"))

    def act(user: Person) -> str:
        try:
            scene.decide("off-topic", user)
        except Conflict:
            return "late"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(act, [scene.moderator, second])) == ["done", "late"]
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).where(Decision.action == "off-topic")).scalar_one() == 8


def test_a_case_that_is_lent_to_another_is_theirs(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    second = scene.make(lambda make: make.user(role="moderator", name="Mo"))

    def claim(db: Connection) -> None:
        cases.claim(db, second, cases.open_ids(db, "wave", scene.wave_id)[0])

    database.write(claim)
    with pytest.raises(Conflict, match="Mo has this case"):
        scene.track()


def test_prints_are_forgotten_after_some_weeks(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    with time_machine.travel(now() + prints.KEPT + timedelta(minutes=1)):
        while database.write(waves.forget):
            pass
    with database.reading() as db:
        for table in (WavePrint, WaveKey):
            assert db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
        assert db.execute(sa.select(sa.func.count()).select_from(WaveMember)).scalar_one() == 8


def test_an_act_needs_a_reason_and_a_wave_that_waits(database: Database) -> None:
    with pytest.raises(ValueError, match="choose a reason"):
        WaveFields(action="off-topic")
    scene = Scene(database)
    scene.watch()
    scene.track()
    with pytest.raises(Conflict, match="Nothing waits"):
        scene.track()


def test_the_preview_shows_the_first_page_with_and_without_the_wave(database: Database) -> None:
    scene = Scene(database)
    others = [scene.make(lambda make: make.idea(votes=2)) for _ in range(3)]
    scene.watch()
    database.write(lambda db: db.execute(sa.update(Idea).values(state="published", is_listed=True, is_public=True)))
    with database.reading() as db:
        shown = waves.preview(db, waves.get(db, scene.moderator, scene.wave_id))
    assert shown.count_now == 7
    assert [row.id for row in shown.without] == others[::-1]
