"""Lessons: the score learns from decisions, takes back what falls, and comes to the same however often one looks."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database, insert
from forum.domain import moderation, spam, undoing
from forum.domain.actions import DecisionFields
from forum.domain.spam import classifiers, lessons, readings
from forum.domain.spam.classifiers import Totals
from forum.domain.spam.verdicts import Author, Post
from forum.models import Comment, Decision, Idea, SpamFeature, SpamLesson, SpamModel
from tests import spam_samples
from tests.making import Make

SAMPLES = spam_samples.read()


def decide(
    db: Connection, subject: tuple[str, int], action: str, reason: str = "", *, undoes_id: int | None = None
) -> int:
    """A decision as a row; undoing is a decision, too, and marks the other."""
    kind, subject_id = subject
    table = Idea if kind == "idea" else Comment
    author_id = db.execute(sa.select(table.author_id).where(table.id == subject_id)).scalar_one()
    decision_id = insert(
        db,
        Decision,
        subject_kind=kind,
        subject_id=subject_id,
        author_id=author_id,
        action=action,
        reason=reason,
        state_before="published",
        state_after="published",
        undoes_id=undoes_id,
        created_at=now(),
    )
    if undoes_id is not None:
        db.execute(sa.update(Decision).where(Decision.id == undoes_id).values(undone_at=now()))
    return decision_id


def undo(db: Connection, subject: tuple[str, int], decision_id: int) -> int:
    return decide(db, subject, "undo", undoes_id=decision_id)


def posts(make: Make, count: int, *, is_spam: bool, seed: int = 0) -> list[tuple[str, int]]:
    """So many posts of the labelled set, ideas and comments."""
    chosen = random.Random(seed).sample(
        [sample for sample in SAMPLES if sample.is_spam == is_spam and len(sample.body) > 20], count
    )
    place, author = make.community(), make.user()
    room = make.idea(community=place, author=author)
    return [
        ("idea", make.idea(community=place, author=author, title=sample.title, body=sample.body))
        if sample.title
        else ("comment", make.comment(room, author=author, body=sample.body))
        for sample in chosen
    ]


def learn_all(db: Connection) -> int:
    learned = 0
    while more := lessons.learn_some(db):
        learned += more
    return learned


def state(db: Connection) -> tuple[list[tuple[int, int, int]], tuple[int, int]]:
    """Everything the score reads: the counts of every feature, and the totals."""
    columns = (SpamFeature.bucket, SpamFeature.good_count, SpamFeature.spam_count)
    rows = [tuple(row) for row in db.execute(sa.select(*columns).order_by(SpamFeature.bucket))]
    model = db.execute(sa.select(SpamModel.good_count, SpamModel.spam_count)).first()
    return rows, tuple(model) if model else (0, 0)


def anew(db: Connection) -> tuple[list[tuple[int, int, int]], tuple[int, int]]:
    """The same, counted from the lessons that stand."""
    counts: dict[int, list[int]] = {}
    totals = [0, 0]
    for row in db.execute(sa.select(SpamLesson.label, SpamLesson.features).where(SpamLesson.label != "")):
        place = int(row.label == "spam")
        totals[place] += 1
        for bucket in memoryview(row.features).cast("I"):
            counts.setdefault(bucket, [0, 0])[place] += 1
    return [(bucket, *counts[bucket]) for bucket in sorted(counts)], (totals[0], totals[1])


def test_kept_posts_are_good_and_posts_removed_as_spam_are_spam(db: Connection, make: Make) -> None:
    good, bad = posts(make, 3, is_spam=False), posts(make, 2, is_spam=True)
    for post in good:
        decide(db, post, "keep")
    for post in bad:
        decide(db, post, "remove", "spam")
    assert learn_all(db) == 5
    assert state(db)[1] == (3, 2)
    assert state(db) == anew(db)
    assert learn_all(db) == 0


@pytest.mark.parametrize(
    ("action", "reason"),
    [("remove", "personal-attack"), ("remove", "off-topic"), ("hold", "spam"), ("off-topic", "off-topic")],
)
def test_only_removal_as_spam_teaches_spam_so_that_no_view_is_learned(
    db: Connection, make: Make, action: str, reason: str
) -> None:
    [post] = posts(make, 1, is_spam=True)
    decide(db, post, action, reason)
    assert learn_all(db) == 1
    assert state(db) == ([], (0, 0))


def test_a_held_post_that_is_kept_later_is_good(db: Connection, make: Make) -> None:
    [post] = posts(make, 1, is_spam=False)
    decide(db, post, "hold", "spam")
    learn_all(db)
    decide(db, post, "keep")
    learn_all(db)
    assert state(db)[1] == (1, 0)


def test_what_is_undone_is_unlearned_and_all_is_as_before(db: Connection, make: Make) -> None:
    for post in posts(make, 4, is_spam=False):
        decide(db, post, "keep")
    learn_all(db)
    before = state(db)
    for post in posts(make, 4, is_spam=True):
        decision_id = decide(db, post, "remove", "spam")
        learn_all(db)
        assert state(db) != before
        undo(db, post, decision_id)
        learn_all(db)
        assert state(db) == before


def test_undoing_a_removal_brings_back_the_decision_before_it(db: Connection, make: Make) -> None:
    [post] = posts(make, 1, is_spam=False)
    decide(db, post, "keep")
    learn_all(db)
    before = state(db)
    removal = decide(db, post, "remove", "spam")
    learn_all(db)
    assert state(db)[1] == (0, 1)
    undo(db, post, removal)
    learn_all(db)
    assert state(db) == before


@pytest.mark.parametrize("seed", range(6))
def test_after_any_decisions_and_undos_the_counts_are_those_of_the_lessons_that_stand(
    db: Connection, make: Make, seed: int
) -> None:
    chance = random.Random(seed)
    subjects = posts(make, 4, is_spam=True, seed=seed) + posts(make, 4, is_spam=False, seed=seed)
    standing: dict[tuple[str, int], list[tuple[int, str, str]]] = {post: [] for post in subjects}
    for _ in range(60):
        post = chance.choice(subjects)
        if standing[post] and chance.random() < 0.35:
            undo(db, post, standing[post].pop(chance.randrange(len(standing[post])))[0])
        else:
            action, reason = chance.choice([("keep", ""), ("remove", "spam"), ("remove", "hate"), ("hold", "other")])
            standing[post].append((decide(db, post, action, reason), action, reason))
        if chance.random() < 0.1:
            table, key = (Idea, post[1]) if post[0] == "idea" else (Comment, post[1])
            field = "title" if post[0] == "idea" else "body"
            db.execute(sa.update(table).where(table.id == key).values(**{field: f"Changed {chance.random()}"}))
        if chance.random() < 0.5:
            learn_all(db)
    learn_all(db)
    last = [made[-1][1:] for made in standing.values() if made]
    assert state(db)[1] == (
        sum(action == "keep" for action, _ in last),
        sum(one == ("remove", "spam") for one in last),
    )
    assert state(db) == anew(db)


def test_several_workers_at_once_learn_each_post_once(database: Database) -> None:
    def prepare(db: Connection) -> None:
        make = Make(db)
        for post in posts(make, 40, is_spam=False):
            decide(db, post, "keep")
        for post in posts(make, 40, is_spam=True):
            decide(db, post, "remove", "spam")

    database.write(prepare)
    with ThreadPoolExecutor(6) as pool:
        learned = list(pool.map(lambda _: spam.learn_new(database), range(6)))
    assert sum(learned) == 80
    with database.reading() as db:
        assert state(db)[1] == (40, 40)
        assert state(db) == anew(db)


def test_decisions_are_read_on_from_where_all_is_certain(db: Connection, make: Make) -> None:
    first, second = posts(make, 2, is_spam=True)
    with time_machine.travel(now() - timedelta(hours=1), tick=False):
        old = decide(db, first, "remove", "spam")
    decide(db, second, "remove", "spam")
    learn_all(db)
    assert lessons.model(db).read_until == old  # the newer one may still have neighbors that are not committed
    undo(db, first, old)
    learn_all(db)
    assert state(db)[1] == (0, 1)


def test_a_new_version_of_the_features_learns_everything_anew(
    db: Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for post in posts(make, 3, is_spam=True):
        decide(db, post, "remove", "spam")
    learn_all(db)
    before = state(db)
    monkeypatch.setattr(readings, "VERSION", readings.VERSION + 1)
    assert lessons.totals(lessons.model(db)) == Totals()
    assert learn_all(db) == 3
    assert state(db) == before
    monkeypatch.undo()
    assert learn_all(db) == 0  # an older program beside the newer one leaves its lessons alone
    assert state(db) == before


def test_the_oldest_lessons_are_taken_back_when_there_are_too_many(
    db: Connection, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "MOST_LESSONS", 5)
    subjects = posts(make, 9, is_spam=True)
    for post in subjects:
        decide(db, post, "remove", "spam")
    learn_all(db)
    assert state(db)[1] == (0, 5)
    assert state(db) == anew(db)
    kept = db.execute(sa.select(SpamLesson.subject_kind, SpamLesson.subject_id).where(SpamLesson.label == "spam"))
    assert {tuple(row) for row in kept} == set(subjects[4:])
    assert learn_all(db) == 0


def test_a_lesson_holds_no_words(db: Connection, make: Make) -> None:
    [post] = posts(make, 1, is_spam=True)
    decide(db, post, "remove", "spam")
    learn_all(db)
    features = db.execute(sa.select(SpamLesson.features)).scalar_one()
    assert 0 < len(features) <= 4 * 400
    assert set(memoryview(features).cast("I")) <= set(range(readings.BUCKETS))


def test_words_of_removed_posts_raise_the_score_and_are_named(db: Connection, make: Make) -> None:
    text = "Our splendid zeppelin rides are waiting for you, see https://zeppelins.example"
    author = Author(make.user().id, now())
    place = make.community()
    before = spam.score(db, Post("comment", author, spam.read("", text)))
    for number in range(14):
        idea_id = make.idea(community=place, title="Zeppelin rides", body=f"Splendid zeppelin rides number {number}")
        decide(db, ("idea", idea_id), "remove", "spam")
    for post in posts(make, 30, is_spam=False):
        decide(db, post, "keep")
    learn_all(db)
    after = spam.score(db, Post("comment", author, spam.read("", text)))
    assert after.score > before.score + 0.3
    assert any("seen in 14 removed posts" in sign and "“zeppelin”" in sign for sign in after.signs)


def test_words_of_kept_posts_lower_the_score(db: Connection, make: Make) -> None:
    text = "Buy cheap bicycles from the police auction, best price"
    author = Author(make.user().id, now())
    before = spam.score(db, Post("comment", author, spam.read("", text)))
    place = make.community()
    for number in range(20):
        idea_id = make.idea(community=place, body=f"The police auction of bicycles, number {number}, best price")
        decide(db, ("idea", idea_id), "keep")
    for post in posts(make, 20, is_spam=True):
        decide(db, post, "remove", "spam")
    learn_all(db)
    assert spam.score(db, Post("comment", author, spam.read("", text))).score < before.score


def test_one_kind_of_decision_alone_teaches_nothing_yet(db: Connection, make: Make) -> None:
    for post in posts(make, 20, is_spam=True):
        decide(db, post, "remove", "spam")
    learn_all(db)
    reading = spam.read("", "A word about our town and its rides.")
    assert classifiers.weigh(lessons.counts(db, reading.features), Totals(0, 20)) == classifiers.NOTHING


def test_what_words_say_is_bounded_and_grows_with_the_number_of_decisions() -> None:
    counts = dict.fromkeys(range(200), (0, 10))
    odds = [classifiers.weigh(counts, Totals(count, count)).odds for count in (10, 30, 300, 30_000)]
    assert odds == sorted(odds)
    assert odds[-1] <= classifiers.LIMIT
    opposite = dict.fromkeys(range(200), (10, 0))
    assert classifiers.weigh(opposite, Totals(300, 300)).odds == pytest.approx(-odds[2])


def test_a_decision_that_is_really_undone_on_its_page_is_unlearned_and_learned_again_when_that_is_undone(
    db: Connection, make: Make
) -> None:
    [(kind, idea_id)] = [post for post in posts(make, 30, is_spam=True) if post[0] == "idea"][:1]
    boss = make.user(role="moderator")
    fields = DecisionFields(action="remove", reason="spam")
    decision_id = moderation.act(db, boss, kind, idea_id, fields)
    learn_all(db)
    learned = state(db)
    assert learned[1] == (0, 1)
    undo_id = undoing.undo(db, boss, decision_id)
    learn_all(db)
    assert state(db) == ([], (0, 0))
    undoing.undo(db, boss, undo_id)
    learn_all(db)
    assert state(db) == learned
