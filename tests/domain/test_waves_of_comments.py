"""Floods of near-equal comments: one case, one act for all, undone exactly; and what is no flood."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import cases, commenting, decisions, ideas, moderation, recounts, reports, search, undoing, waves
from forum.domain.actions import DecisionFields
from forum.domain.commenting import CommentFields
from forum.domain.errors import Conflict, Forbidden
from forum.domain.people import Person
from forum.domain.reports import ReportFields
from forum.domain.waves import WaveFields
from forum.models import Case, Comment, Decision, OutboxMessage, Wave, WaveCommentKey, WaveMember, WaveTurn
from tests import crowds
from tests.making import Make

TEXT = (
    "Send the weather machine papers to every county court before the harvest ends and let the farmers read what the"
    " silver towers did to rain clouds over their barley fields in nineteen counties, number {}."
)


class Scene:
    """Ideas in one community, and copies of one comment by newcomers under them."""

    def __init__(self, database: Database, many: int = 8, *, trust: int = 0, text: str = TEXT) -> None:
        self.database = database
        self.place, self.moderator, self.ideas = self.make(
            lambda make: (
                place := make.community(moderation="after"),
                make.user(role="moderator"),
                [make.idea(community=place) for _ in range(3)],
            )
        )
        database.write(recounts.mend_all)
        self.ids = [self.say(text.format(number), trust=trust) for number in range(many)]

    def make(self, work):
        return self.database.write(lambda db: work(Make(db)))

    def say(self, body: str, author: Person | None = None, *, trust: int = 0, idea: int | None = None) -> int:
        user = author or self.make(lambda make: make.user(trust_level=trust))
        idea_id = idea or self.ideas[user.id % 3]
        return self.database.write(lambda db: commenting.post(db, user, idea_id, CommentFields(body=body)).id)

    def watch(self) -> None:
        self.database.write(search.fold_in)
        while waves.look_at_comments(self.database):
            pass

    def decide(self, action: str, user: Person | None = None) -> waves.Done:
        fields = WaveFields(action=action, reason="" if action == "keep" else "spam")  # type: ignore[arg-type]
        return self.database.write(lambda db: waves.decide(db, user or self.moderator, self.wave.id, fields))

    def take_back(self) -> waves.Done:
        return self.database.write(lambda db: waves.take_back(db, self.moderator, self.wave.id))

    def put_back(self) -> waves.Done:
        return self.database.write(lambda db: waves.put_back(db, self.moderator, self.wave.id))

    @property
    def wave(self) -> waves.WaveView:
        with self.database.reading() as db:
            return waves.get(db, self.moderator, db.execute(sa.select(Wave.id)).scalar_one())

    def count(self) -> int:
        with self.database.reading() as db:
            return int(db.execute(sa.select(sa.func.count()).select_from(Wave)).scalar_one())

    def states(self, ids: Sequence[int] = ()) -> list[str]:
        with self.database.reading() as db:
            found = sa.select(Comment.state).where(Comment.id.in_(ids or self.ids)).order_by(Comment.id)
            return list(db.execute(found).scalars())

    def open_cases(self) -> list[tuple[str, str]]:
        with self.database.reading() as db:
            rows = db.execute(sa.select(Case.kind, Case.subject_kind).where(Case.is_open).order_by(Case.id))
            return [(row.kind, row.subject_kind) for row in rows]

    def differences(self) -> list[recounts.Difference]:
        with self.database.reading() as db:
            return [one for kind in recounts.KINDS for one in recounts.check(db, kind, recounts.next_ids(db, kind))]


def test_near_equal_comments_of_newcomers_are_one_case_and_wait(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    assert (scene.wave.subject_kind, scene.wave.member_count) == ("comment", 8)
    assert scene.wave.title.startswith("Repeated comment: Send the weather machine papers")
    assert {signal["name"] for signal in scene.wave.signals} == {"equal", "fresh"}
    assert set(scene.states()) == {"held"}
    assert scene.open_cases() == [("wave", "wave")]
    with database.reading() as db:
        held = db.execute(sa.select(Decision.subject_kind, Decision.action, Decision.machine)).all()
        assert {tuple(row) for row in held} == {("comment", "hold", "decided")}
        told = [row.payload for row in db.execute(sa.select(OutboxMessage)) if row.kind == "people.told"]
        assert sum(payload["title"] == "Your comment waits for a second look" for payload in told) == 8
        [case] = cases.queue(db, scene.moderator, cases.Wanted(kind="wave")).cases
        about = waves.about_case(db, scene.moderator, case)
        assert (about["post_count"], about["people_count"], about["waiting_count"]) == (8, 8, 8)
        assert about["first"][0]["path"] == f"/comments/{scene.ids[0]}"
        rows, _ = waves.members(db, scene.moderator, scene.wave)
        assert [row.id for row in rows] == scene.ids
        assert len(waves.senders(db, scene.wave)) == 8
        assert waves.preview(db, scene.wave).now == []
    assert scene.differences() == []


def test_a_flood_that_goes_on_joins_its_case(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    scene.ids += [scene.say(TEXT.format(number)) for number in range(20, 25)]
    scene.watch()
    scene.watch()
    assert (scene.count(), scene.wave.member_count) == (1, 13)
    assert set(scene.states()) == {"held"}
    assert scene.open_cases() == [("wave", "wave")]


def test_copies_by_known_people_are_noticed_and_stay_readable(database: Database) -> None:
    scene = Scene(database, trust=2)
    scene.watch()
    assert scene.wave.member_count == 8
    assert set(scene.states()) == {"published"}
    assert scene.open_cases() == [("wave", "wave")]


@pytest.mark.parametrize(
    ("action", "after", "cases_after"),
    [("remove", "removed", []), ("hold", "held", [("wave", "wave")]), ("keep", "published", [])],
)
def test_one_act_decides_about_all_and_is_taken_back_and_put_back_exactly(
    database: Database, action: str, after: str, cases_after: list[tuple[str, str]]
) -> None:
    scene = Scene(database, trust=2 if action == "hold" else 0)
    scene.watch()
    before, counts = scene.states(), figures(scene)
    database.write(lambda db: db.execute(sa.delete(OutboxMessage)))
    done = scene.decide(action)
    assert (done.changed, done.left) == (8, 0)
    assert set(scene.states()) == {after}
    assert scene.open_cases() == cases_after
    assert scene.differences() == []
    with database.reading() as db:
        told = [row.payload for row in db.execute(sa.select(OutboxMessage)) if row.kind == "people.told"]
        assert len(told) == 8
        assert {one.reason for one in decisions.of_act(db, done.act_id)} == {"" if action == "keep" else "spam"}
    for _ in range(2):
        assert scene.take_back().changed == 8
        assert (scene.states(), figures(scene)) == (before, counts)
        assert scene.open_cases() == [("wave", "wave")]
        assert scene.differences() == []
        assert scene.put_back().changed == 8
        assert set(scene.states()) == {after}
        assert scene.open_cases() == cases_after
        assert scene.differences() == []
    database.write(lambda db: undoing.undo_act(db, scene.moderator, done.act_id))
    assert scene.states() == before


def figures(scene: Scene) -> list[int]:
    with scene.database.reading() as db:
        return [ideas.get(db, None, one).comment_count for one in scene.ideas]


def test_what_was_held_for_a_second_look_is_published_when_the_wave_is_dismissed(database: Database) -> None:
    scene = Scene(database, trust=2)
    scene.watch()
    scene.decide("hold")
    assert scene.wave.state == "open"
    assert scene.decide("keep").changed == 8
    assert set(scene.states()) == {"published"}
    assert scene.open_cases() == []
    scene.take_back()
    assert set(scene.states()) == {"held"}
    scene.take_back()
    assert set(scene.states()) == {"published"}


def test_what_is_held_already_is_not_held_once_more(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    with pytest.raises(Conflict, match="held already"):
        scene.decide("hold")
    assert scene.open_cases() == [("wave", "wave")]
    assert scene.decide("remove").changed == 8


def test_a_dismissed_wave_of_comments_does_not_come_back(database: Database) -> None:
    scene = Scene(database)
    scene.watch()
    scene.decide("keep")
    more = [scene.say(TEXT.format(number)) for number in range(30, 33)]
    scene.watch()
    assert scene.count() == 1
    assert set(scene.states(more)) == {"published"}
    assert scene.open_cases() == []


def test_reports_about_members_end_with_the_act_and_what_a_person_kept_stays(database: Database) -> None:
    scene = Scene(database, trust=2)
    reader, other = scene.make(lambda make: (make.user(), make.user(role="moderator")))
    reported = ReportFields(reason="spam")
    case_ids = [
        database.write(lambda db, one=one: reports.file(db, reader, "comment", one, reported))  # type: ignore[misc]
        for one in scene.ids[:2]
    ]
    scene.watch()
    database.write(lambda db: moderation.decide(db, other, case_ids[1], DecisionFields(action="keep")))
    done = scene.decide("remove")
    assert (done.changed, done.left) == (7, 1)
    assert scene.states() == ["removed", "published", *["removed"] * 6]
    assert scene.open_cases() == []


def test_what_is_on_the_track_is_for_ideas_and_nobody_decides_on_their_own(database: Database) -> None:
    scene = Scene(database)
    boss = scene.make(lambda make: make.user(role="moderator"))
    scene.watch()
    with pytest.raises(Conflict, match="not for comments"):
        scene.decide("off-topic")
    database.write(
        lambda db: db.execute(sa.update(Comment).where(Comment.id == scene.ids[0]).values(author_id=boss.id))
    )
    with pytest.raises(Forbidden, match="yours"):
        scene.decide("remove", boss)
    assert set(scene.states()) == {"held"}


@pytest.mark.parametrize("text", ["I agree.", "Great idea, thank you!", "This is a good idea and I support it."])
def test_what_many_people_say_in_few_words_is_no_flood(database: Database, text: str) -> None:
    scene = Scene(database, text=text)
    scene.watch()
    assert scene.count() == 0
    assert set(scene.states()) == {"published"}


def test_short_texts_have_to_be_the_same(database: Database) -> None:
    scene = Scene(database, 4, text="Buy cheap silver pills at zqpharma today.")
    scene.ids += [scene.say(f"Buy cheap silver {what} somewhere else tomorrow.") for what in ("spoons", "towers")]
    scene.watch()
    assert scene.count() == 0
    scene.ids.append(scene.say("Buy cheap silver pills at zqpharma today."))
    scene.watch()
    assert scene.wave.member_count == 5


def test_different_comments_answers_of_staff_and_quotes_are_no_flood(database: Database) -> None:
    scene = Scene(database, 0)
    for _, body in crowds.different(12):
        scene.say(body)
    staff = scene.make(lambda make: make.user(role="moderator"))
    for idea in scene.ideas * 2:
        scene.say(TEXT.format(idea) + f" {len(scene.ids)}", staff, idea=idea)
        scene.ids.append(0)
    for _, body in crowds.different(6, seed=9):
        scene.say(f"> {TEXT.format(1)}\n\n{body}")
    scene.watch()
    assert scene.count() == 0


def test_comments_of_long_ago_are_left_alone_and_keys_are_forgotten(database: Database) -> None:
    with time_machine.travel(now() - timedelta(days=20), tick=False):
        scene = Scene(database, 4)
    for number in range(3):
        scene.say(TEXT.format(number))
    scene.watch()
    assert scene.count() == 0

    def keys(db: Connection) -> int:
        return int(db.execute(sa.select(sa.func.count(sa.distinct(WaveCommentKey.comment_id)))).scalar_one())

    with database.reading() as db:
        assert keys(db) == 3
    database.write(waves.forget_comments)
    with database.reading() as db:
        assert keys(db) == 3  # the window is far larger


def test_workers_that_look_at_the_same_comments_open_one_wave(database: Database) -> None:
    scene = Scene(database)
    database.write(search.fold_in)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: waves.look_at_comments(database), range(4)))
    assert (scene.count(), scene.wave.member_count) == (1, 8)
    assert scene.open_cases() == [("wave", "wave")]
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        scene.watch()
        with database.reading() as db:
            assert db.execute(sa.select(sa.func.count()).select_from(WaveMember)).scalar_one() == 8
        scene.watch()
        turn = sa.select(WaveTurn.turn).where(WaveTurn.id == 2)
        with database.reading() as db:
            assert db.execute(turn).scalar_one() == scene.ids[-1]  # it is done with them
