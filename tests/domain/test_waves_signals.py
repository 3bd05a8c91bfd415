"""Signals: shared rare words of new people, one person's flood, sketches of texts, rushes, and what is usual."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import people, search, waves
from forum.domain.waves import purposes, signals, sketches
from forum.models import Idea, Wave, WaveKey, WaveMember
from tests import crowds
from tests.making import Make


@pytest.mark.parametrize("trust_level", [0, 1])
def test_new_people_who_share_rare_words_make_a_wave_and_known_people_do_not(
    database: Database, trust_level: int
) -> None:
    def work(db: Connection) -> list[int]:
        make = Make(db)
        place = make.community(name="Open government", purpose="Open records and public data for every citizen.")
        texts, ids = crowds.different(180, seed=2), []
        for number, body in enumerate(ZORBLAX):
            texts.insert(number * 24, (f"Tell us about the zorblax, part {number}", body))
        for number, (title, body) in enumerate(texts):
            author, moment = make.user(trust_level=trust_level), now() - timedelta(hours=len(texts) - number)
            idea_id = make.idea(community=place, author=author, title=title, body=body, created_at=moment)
            search.refresh(db, "idea", idea_id)
            seen = waves.Seen(waves.sketch(title, body), is_fresh=trust_level == 0)
            about = {"author_id": author.id, "community_id": place.id, "created_at": moment}
            waves.note(db, seen, idea_id=idea_id, **about)
            if "zorblax" in title:
                ids.append(idea_id)
        search.fold_in(db)
        return ids

    ids = database.write(work)
    while waves.look_at_new(database):
        pass
    with database.reading() as db:
        found = db.execute(sa.select(*Wave.__table__.columns).where(Wave.title.contains("orblax"))).all()
        assert len(found) == (1 if trust_level == 0 else 0)
        for wave in found:
            members = sa.select(WaveMember.subject_id).where(WaveMember.wave_id == wave.id)
            assert set(ids) <= set(db.execute(members).scalars())
            assert {signal["name"] for signal in wave.signals} >= {"words", "fresh"}
        states = db.execute(sa.select(Idea.state).where(Idea.id.in_(ids))).scalars().all()
        assert set(states) == {"published"}  # shared words alone hide nothing


ZORBLAX = [
    "The zorblax lands at night near our farm. Release the zorblax files.",
    "My cousin met a zorblax by the lake. Why does the air force keep silent about zorblax?",
    "A zorblax pilot spoke on the radio. I want the zorblax tapes.",
    "Three zorblax ships were seen above the hills. Count every zorblax.",
    "Who pays for zorblax research? The zorblax budget must be known.",
    "Children draw zorblax in school now. Teach them what a zorblax is.",
    "Old pilots swear they chased a zorblax. Honor them and show the zorblax logs.",
]


def test_one_person_who_posts_far_too_much_is_a_wave_of_their_own(database: Database) -> None:
    def work(db: Connection) -> None:
        make = Make(db)
        place, author, staff = make.community(), make.user(trust_level=2), make.user(is_employee=True)
        for number, (title, body) in enumerate(crowds.different(48)):
            person = (author, author, staff)[number % 3]
            idea_id = make.idea(community=place, author=person, title=title, body=body)
            search.refresh(db, "idea", idea_id)
            seen = waves.Seen(waves.sketch(title, body), is_fresh=False)
            waves.note(db, seen, idea_id=idea_id, author_id=person.id, community_id=place.id)
        search.fold_in(db)

    database.write(work)
    while waves.look_at_new(database):
        pass
    with database.reading() as db:
        [wave] = db.execute(sa.select(*Wave.__table__.columns)).all()
        assert wave.flood_by_id == wave.author_id
        assert wave.member_count == 32
        assert "32 ideas within 24 hours" in wave.signals[0]["text"]
        assert set(db.execute(sa.select(Idea.state)).scalars()) == {"published"}


def test_copies_by_known_people_are_found_too_though_their_sketches_are_written_only_by_the_watch(
    database: Database,
) -> None:
    def work(db: Connection) -> list[int]:
        make = Make(db)
        place, ids = make.community(), []
        for title, body in [*crowds.copies(8), *crowds.different(30)]:
            author = make.user(trust_level=2)
            ids.append(make.idea(community=place, author=author, title=title, body=body))
            search.refresh(db, "idea", ids[-1])
            seen = waves.look(db, people.load(db, author.id), search.Stems.of(title, body))
            assert not seen.is_fresh
            waves.note(db, seen, idea_id=ids[-1], author_id=author.id, community_id=place.id)
        search.fold_in(db)
        assert db.execute(sa.select(sa.func.count()).select_from(WaveKey)).scalar_one() == 0
        return ids[:8]

    ids = database.write(work)
    while waves.look_at_new(database):
        pass
    with database.reading() as db:
        [wave] = db.execute(sa.select(*Wave.__table__.columns)).all()
        members = sa.select(WaveMember.subject_id).where(WaveMember.wave_id == wave.id)
        assert set(db.execute(members).scalars()) == set(ids)
        assert "equal" in {signal["name"] for signal in wave.signals}


def test_sketches_of_copies_are_alike_and_those_of_other_texts_are_not() -> None:
    copies = [sketches.of(*text) for text in crowds.copies(20)]
    near = [sketches.likeness(one, other) for one in copies for other in copies]
    assert sum(value >= sketches.NEAR for value in near) > 0.8 * len(near)
    different = [sketches.of(*text) for text in crowds.different(60)]
    far = [sketches.likeness(one, two) for number, one in enumerate(different) for two in different[:number]]
    assert max(far) < sketches.NEAR
    assert all(sketches.is_sketch(key) for sketch in copies for key in sketch)
    assert not sketches.is_sketch(sketches.of_word("machine"))
    assert sketches.of("Hi", "there") == ()


def test_a_rush_is_what_is_far_above_the_usual_and_days_alone_are_none() -> None:
    start = now().replace(second=0, microsecond=0)
    arrivals = signals.Arrivals()
    arrivals.add(start + timedelta(minutes=15 * number) for number in range(300))
    crowd = start + timedelta(days=4)
    arrivals.add(crowd + timedelta(seconds=2 * number) for number in range(300))
    usual = arrivals.usual()
    assert not any(arrivals.is_rush(signals.minute_of(start) + 15 * number, usual) for number in range(300))
    assert all(arrivals.is_rush(signals.minute_of(crowd) + number, usual) for number in range(10))
    days = signals.Arrivals()
    days.add(start + timedelta(days=number // 100) for number in range(900))
    assert not any(days.is_rush(signals.minute_of(start) + 1_440 * number, days.usual()) for number in range(9))
    assert signals.improbable(3, 5.0) == 1.0
    assert signals.improbable(50, 1.0) < 1e-6


def test_what_is_usual_needs_some_posts_and_is_measured_in_deviations() -> None:
    assert purposes.usual([0.1] * 5).distance(0.0) == 0.0
    usual = purposes.usual([number / 100 for number in range(100)])
    assert usual.distance(usual.middle) == 0.0
    assert usual.distance(0.0) == pytest.approx(0.5 / (0.25 * 1.4826), rel=0.05)
