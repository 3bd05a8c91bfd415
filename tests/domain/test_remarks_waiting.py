"""Remarks that wait: first posts, links and spam on directives, what is taken back, and who writes nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import cases, decisions, moderation, people, remarking, remarks, subjects
from forum.domain.actions import DecisionFields
from forum.domain.cases import Wanted
from forum.domain.errors import Conflict, Forbidden, NotFound
from forum.domain.spam import lessons
from forum.models import SpamLesson
from tests.making import Make
from tests.remarking import REMOVE, Scene, kept, make_old, told


@pytest.fixture
def scene(make: Make) -> Scene:
    return Scene(make)


def test_the_first_posts_of_a_new_account_wait(db: Connection, make: Make, scene: Scene) -> None:
    newcomer = make.user(trust_level=0)
    make_old(db, newcomer)
    remark = scene.say("Begin with the courts.", newcomer)
    assert remark.state == "held"
    assert scene.read(None) == []
    assert scene.read(scene.writer) == []
    assert scene.read(newcomer) == [("held", "Begin with the courts.", "")]
    with pytest.raises(NotFound):
        remarks.get(db, scene.reader, remark.id)
    [case] = cases.queue(db, scene.boss, Wanted(kind="held")).cases
    moderation.decide(db, scene.boss, case.id, DecisionFields(action="keep"))
    assert scene.read(None) == [("published", "Begin with the courts.", "")]
    assert kept(db, newcomer) == 1
    assert "Your comment is published now" in told(db, newcomer)
    with pytest.raises(NotFound):
        subjects.get(db, scene.reader, "remark", scene.say("Then the police.", newcomer).id)


def test_a_text_that_looks_like_spam_waits_in_a_case_that_says_why(db: Connection, make: Make, scene: Scene) -> None:
    newcomer = make.user(trust_level=1)
    words = "Buy cheap watches online now, best price and free shipping. Order now at http://watches.example today!"
    remark = scene.say(words + " WhatsApp +1 555 010 2233. Satisfaction guaranteed!", newcomer)
    assert remark.state == "held"
    [case] = cases.queue(db, scene.boss, Wanted(kind="spam")).cases
    assert case.details["signs"]
    decision_id = moderation.decide(db, scene.boss, case.id, DecisionFields(action="remove", reason="spam"))
    assert decisions.load(db, decision_id).machine == "found"
    lesson = sa.select(SpamLesson.label).where(SpamLesson.subject_kind == "remark", SpamLesson.subject_id == remark.id)
    assert lessons.learn_some(db) == 1
    assert db.execute(lesson).scalar_one() == "spam"


def test_many_links_wait_and_the_words_of_staff_do_not(db: Connection, make: Make, scene: Scene) -> None:
    links = "Look: " + " ".join(f"https://city-{number}.example/records" for number in range(21))
    make_old(db, scene.author)
    assert scene.say(links).state == "held"
    assert scene.say(links, scene.writer).state == "published"
    assert scene.say("A first word.", make.user(role="policy", trust_level=0)).state == "published"
    assert scene.say("A first word.", make.user(role="moderator", trust_level=0)).state == "published"


def test_what_its_author_withdraws_waits_no_more_and_never_comes_back(db: Connection, make: Make, scene: Scene) -> None:
    newcomer = make.user(trust_level=0)
    remark = scene.say("Begin with the courts.", newcomer)
    remarking.withdraw(db, newcomer, remark.id)
    assert cases.open_count(db, scene.boss) == 0
    assert scene.read(None) == [("withdrawn", "", "")]
    moderation.act(db, scene.boss, "remark", remark.id, REMOVE)
    assert scene.read(None) == [("withdrawn", "", "")]
    with pytest.raises(Forbidden):
        remarking.withdraw(db, newcomer, remark.id)


def test_two_clicks_at_once_make_one_comment(database: Database) -> None:
    scene = database.write(lambda db: Scene(Make(db)))
    words = ["Begin with the courts.", "Begin with the courts.", "And the police.", "And the police."]

    def say(body: str) -> int:
        return database.write(lambda db: remarking.say(db, scene.author, scene.directive.id, scene.clause, body)).id

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(say, words))
    assert len(set(ids)) == 2
    with database.reading() as db:
        assert kept(db, scene.author) == 2


def test_removed_words_do_not_come_back_by_posting_them_again(db: Connection, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    moderation.act(db, scene.boss, "remark", remark.id, REMOVE)
    with pytest.raises(Conflict, match="You can appeal"):
        scene.say("You are all fools.")


def test_a_suspended_person_writes_reports_and_withdraws_nothing(db: Connection, scene: Scene) -> None:
    mine, other = scene.say("Begin with the courts."), scene.say("No, with the police.", scene.reader)
    fields = DecisionFields(action="suspend", reason="hate", days=7)
    moderation.act_on_account(db, scene.boss, scene.author.id, fields)
    author = people.load(db, scene.author.id)
    for act in (
        lambda: scene.say("Again.", author),
        lambda: scene.report(other, author),
        lambda: remarking.withdraw(db, author, mine.id),
        lambda: remarking.agree(db, author, scene.directive.id, scene.clause, True),
    ):
        with pytest.raises(Forbidden, match="suspended"):
            act()
