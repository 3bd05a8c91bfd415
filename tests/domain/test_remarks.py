"""Remarks: comments on directives are reported, held, decided on, appealed and undone as every other post is."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import (
    appeals,
    cases,
    decisions,
    histories,
    log,
    moderation,
    notes,
    outcomes,
    people,
    remarking,
    remarks,
    reports,
    statements,
    subjects,
    transparency,
    trust,
    undoing,
)
from forum.domain.actions import DecisionFields
from forum.domain.appeals import AppealFields, OutcomeFields
from forum.domain.cases import Wanted
from forum.domain.directives import arranging, papers, stages, writing
from forum.domain.errors import Conflict, Forbidden, NotFound
from forum.domain.exports import Origin
from forum.domain.people import Person
from forum.domain.remarks import Remark
from forum.domain.reports import ReportFields
from forum.domain.spam import lessons
from forum.models import OutboxMessage, SpamLesson, User
from tests import directing
from tests.making import Make

REMOVE = DecisionFields(action="remove", reason="personal-attack", note="Please talk about the idea.")
ORIGIN = Origin("The forum", "https://forum.example")


class Scene:
    """A directive before the public, and people around it."""

    def __init__(self, make: Make) -> None:
        self.db, self.make = make.db, make
        self.writer = make.user(role="policy", name="Wren Writer")
        self.directive, _, (self.clause, *self.others) = directing.public(make.db, self.writer)
        self.author, self.reader = make.user(name="Ada Author"), make.user(name="Ray Reader")
        self.boss, self.other = (make.user(role="moderator", name=name) for name in ("First", "Second"))

    def say(self, body: str, author: Person | None = None) -> Remark:
        return remarking.say(self.db, author or self.author, self.directive.id, self.clause, body)

    def report(self, remark: Remark, user: Person | None = None) -> int:
        return reports.file(self.db, user or self.reader, "remark", remark.id, ReportFields(reason="personal-attack"))

    def read(self, user: Person | None) -> list[tuple[str, str, str]]:
        """What this person reads below the recommendation: (state, words, reason)."""
        found = remarks.of(self.db, user, self.directive.id).get(self.clause, [])
        return [(one.state, one.body, one.reason_label) for one in found]


@pytest.fixture
def scene(make: Make) -> Scene:
    return Scene(make)


def told(db: Connection, user: Person) -> list[str]:
    rows = db.execute(sa.select(OutboxMessage.payload).where(OutboxMessage.kind == "people.told")).scalars()
    return [row["title"] for row in rows if user.id in row["user_ids"]]


def kept(db: Connection, user: Person) -> int:
    return int(db.execute(sa.select(User.kept_count).where(User.id == user.id)).scalar_one())


def unzipped(file: bytes) -> str:
    """All the text of a file of Word or Excel."""
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def make_old(db: Connection, user: Person) -> None:
    """The account is not new any more, so its age speaks for it."""
    db.execute(sa.update(User).where(User.id == user.id).values(created_at=now() - timedelta(days=60)))


# From the report to the undo


def test_a_report_makes_a_case_and_a_removal_leaves_a_note_with_the_reason(db: Connection, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    case_id = scene.report(remark)
    [case] = cases.queue(db, scene.boss, Wanted(kind="report")).cases
    assert (case.id, case.subject_kind, case.community_id, case.text) == (case_id, "remark", None, "You are all fools.")
    assert case.title == "Records online: 1.1 Post every record"
    subject = subjects.get(db, scene.boss, "remark", remark.id)
    assert dict(subject.context)["What"] == directing.CLAUSE["what"]
    assert subject.label == "comment on “Records online: 1.1 Post every record”"
    decision_id = moderation.decide(db, scene.boss, case_id, REMOVE)
    assert scene.read(None) == [("removed", "", "Personal attack")]
    assert scene.read(scene.reader) == [("removed", "", "Personal attack")]
    assert scene.read(scene.writer) == [("removed", "", "Personal attack")]
    assert scene.read(scene.author) == [("removed", "You are all fools.", "Personal attack")]
    assert "Your comment was removed" in told(db, scene.author)
    assert "Your report: the comment was removed" in told(db, scene.reader)
    decision = decisions.get(db, scene.author, decision_id)
    parts = dict(statements.parts(decision, subject.label))
    assert parts["What"] == "Your comment on “Records online: 1.1 Post every record” was removed."
    assert parts["Facts"] == "A reader reported it: personal attack."
    assert parts["Message"] == "Please talk about the idea."
    assert (decision.office, decision.community) == ("Moderators", None)


def test_each_person_reports_it_once_and_never_their_own(db: Connection, make: Make, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    case_id = scene.report(remark)
    with pytest.raises(Conflict, match="reported this already"), db.begin_nested():
        scene.report(remark)
    assert scene.report(remark, make.user()) == case_id
    for nobody in (scene.author, None, make.user(email_confirmed_at=None), make.user(status="suspended")):
        with pytest.raises(Forbidden):
            reports.file(db, nobody, "remark", remark.id, ReportFields(reason="spam"))
    assert cases.get(db, scene.boss, case_id).report_count == 2


def test_only_moderators_of_the_whole_forum_see_the_case(db: Connection, make: Make, scene: Scene) -> None:
    place = make.community()
    manager = make.member(place.id, make.user(), role="manager")
    remark = scene.say("You are all fools.")
    case_id = scene.report(remark)
    assert cases.open_count(db, manager) == 0
    assert cases.queue(db, manager, Wanted()).cases == []
    assert cases.claim_next(db, manager) is None
    for nobody in (manager, scene.writer, scene.author):
        with pytest.raises(NotFound):
            cases.get(db, nobody, case_id)
        with pytest.raises(Forbidden):
            moderation.act(db, nobody, "remark", remark.id, REMOVE)
    assert cases.claim_next(db, scene.boss) == case_id
    own = scene.say("I moderate, and I think so too.", scene.boss)
    with pytest.raises(Forbidden, match="your own"):
        moderation.act(db, scene.boss, "remark", own.id, REMOVE)


def test_an_undo_restores_exactly(db: Connection, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    remarking.answer(db, scene.writer, remark.id, "We disagree.")
    before, figures = remarks.get(db, None, remark.id), kept(db, scene.author)
    decision_id = moderation.decide(db, scene.boss, scene.report(remark), REMOVE)
    assert kept(db, scene.author) == figures - 1
    undoing.undo(db, scene.boss, decision_id, note="I was too quick.")
    assert remarks.get(db, None, remark.id) == before
    assert kept(db, scene.author) == figures
    assert "A decision about your comment was undone" in told(db, scene.author)


def test_an_appeal_goes_to_another_moderator_and_restores(db: Connection, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    decision_id = moderation.decide(db, scene.boss, scene.report(remark), REMOVE)
    appeal_id = appeals.file(db, scene.author, decision_id, AppealFields(text="It was meant as a joke, no more."))
    upheld = OutcomeFields(outcome="upheld", answer="It was one, and a mild one.")
    with pytest.raises(Forbidden, match="You made the decision"):
        outcomes.decide(db, scene.boss, appeal_id, upheld)
    [case] = cases.queue(db, scene.other, Wanted(kind="appeal")).cases
    assert (case.subject_kind, case.community_id) == ("remark", None)
    appeal = appeals.get(db, scene.author, appeal_id)
    assert appeals.is_anybody_free(db, appeal)
    outcomes.decide(db, scene.other, appeal_id, upheld)
    assert scene.read(None) == [("published", "You are all fools.", "")]
    assert "Your appeal was upheld" in told(db, scene.author)


def test_the_log_and_the_report_of_the_month_count_it(db: Connection, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    decision_id = moderation.decide(db, scene.boss, scene.report(remark), REMOVE)
    entry = log.get(db, None, decision_id)
    assert (entry.what, entry.path) == (f"Comment on a directive {remark.id}", f"/remarks/{remark.id}")
    assert (entry.community, entry.reason_label, entry.office) == ("", "Personal attack", "Moderators")
    numbers = transparency.numbers(db, transparency.present())
    assert (numbers.reports, numbers.actions) == ({"personal-attack": 1}, {"remove": 1})
    assert (numbers.on_directives, numbers.communities) == (1, {})
    assert transparency.posts(db, transparency.present())["comments-on-directives"] == 1
    held = moderation.act(
        db, scene.boss, "remark", scene.say("More.").id, DecisionFields(action="hold", reason="other")
    )
    assert log.get(db, None, held).path == ""


def test_there_is_no_off_topic_track_for_a_comment(db: Connection, scene: Scene) -> None:
    case_id = scene.report(scene.say("Buy my boat."))
    assert moderation.choices(scene.boss, cases.get(db, scene.boss, case_id)) == (
        *("keep", "hold", "remove", "warn"),
        "suspend",
    )


def test_several_cases_are_decided_in_one_act_and_undone_together(db: Connection, make: Make, scene: Scene) -> None:
    words = [scene.say(f"Buy my boat number {number}.") for number in range(3)]
    idea_id = make.idea(author=scene.author)
    chosen = [scene.report(one) for one in words]
    chosen.append(reports.file(db, scene.reader, "idea", idea_id, ReportFields(reason="spam")))
    fields = DecisionFields(action="remove", reason="spam")
    assert [one.effect for one in moderation.preview(db, scene.boss, chosen, fields)] == ["Removed."] * 4
    act_id = moderation.decide_many(db, scene.boss, chosen, fields)
    assert {state for state, _, _ in scene.read(None)} == {"removed"}
    undoing.undo_act(db, scene.boss, act_id)
    assert {state for state, _, _ in scene.read(None)} == {"published"}


# What waits for a check


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


# What follows from it


def test_posts_that_stand_and_removals_count_for_the_level_of_trust(db: Connection, make: Make, scene: Scene) -> None:
    make_old(db, scene.author)
    said = [scene.say(f"Point {number} is about courts.") for number in range(3)]
    assert kept(db, scene.author) == 3
    assert trust.update(db, scene.author.id) == 1
    for one in said[:2]:
        moderation.act(db, scene.boss, "remark", one.id, REMOVE)
    assert people.load(db, scene.author.id).trust_level == 0
    trust.update_many(db, [scene.author.id])
    assert (kept(db, scene.author), people.load(db, scene.author.id).trust_level) == (1, 0)


def test_files_of_the_directive_hold_only_what_stands(db: Connection, make: Make, scene: Scene) -> None:
    scene.say("These words stand.")
    moderation.act(db, scene.boss, "remark", scene.say("Zqremoved words.").id, REMOVE)
    scene.say("Zqheld words.", make.user(trust_level=0))
    remarking.withdraw(db, scene.author, scene.say("Zqwithdrawn words.").id)
    for user in (None, scene.author, scene.boss, scene.writer):
        files = {name: papers.make(db, user, scene.directive.id, name, ORIGIN) for name in ("md", "docx", "xlsx")}
        for name, file in files.items():
            words = file.decode() if name == "md" else unzipped(file)
            assert "These words stand." in words, name
            assert "Zq" not in words, name


def test_only_what_stands_is_answered(db: Connection, make: Make, scene: Scene) -> None:
    removed = scene.say("You are all fools.")
    moderation.act(db, scene.boss, "remark", removed.id, REMOVE)
    with pytest.raises(Forbidden, match="does not stand here"):
        remarking.answer(db, scene.writer, removed.id, "We disagree.")
    held = scene.say("Begin with the courts.", make.user(trust_level=0))
    with pytest.raises(NotFound):
        remarking.answer(db, scene.writer, held.id, "We will.")


def test_a_moderator_finds_it_in_the_history_of_the_person(db: Connection, make: Make, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    case_id = scene.report(remark)
    moderation.decide(db, scene.boss, case_id, REMOVE)
    notes.write(db, scene.boss, "remark", remark.id, notes.NoteFields(body="Not the first time."))
    found = histories.get(db, scene.boss, scene.author.handle)
    assert [(row.id, row.title) for row in found.remarks] == [(remark.id, "Records online: 1.1 Post every record")]
    assert [row.id for row in found.cases] == [case_id]
    assert histories.summary(db, scene.boss, scene.author.id).posts == {"removed": 1}
    place = make.community()
    manager = make.member(place.id, make.user(), role="manager")
    seen = histories.get(db, manager, scene.author.handle)
    assert (seen.remarks, seen.cases, seen.decisions) == ([], [], [])
    with pytest.raises(Forbidden):
        notes.of(db, manager, "remark", remark.id)


def test_drafts_stay_drafts_where_a_comment_is_moderated(db: Connection, scene: Scene) -> None:
    remark = scene.say("You are all fools.")
    case_id = scene.report(remark)
    stages.take_back(db, scene.writer, scene.directive.id, reason="Written anew.")
    fields = {name: f"Zqsecret {name}" for name in directing.CLAUSE}
    writing.save(db, scene.writer, scene.directive.id, "recommendation", scene.clause, fields, based_on=1)
    case = cases.get(db, scene.boss, case_id)
    subject = subjects.get(db, scene.boss, "remark", remark.id)
    assert "Zq" not in f"{case.title} {case.text} {subject}"
    assert (
        remarks.address(db, remark)
        == f"/directives/{scene.directive.id}/editions/1?remark={remark.id}#remark-{remark.id}"
    )


def test_its_address_leads_to_the_last_edition_that_has_its_recommendation(db: Connection, scene: Scene) -> None:
    remark = scene.say("Begin with the courts.")
    base, spot = f"/directives/{scene.directive.id}", f"?remark={remark.id}#remark-{remark.id}"
    assert remarks.address(db, remark) == base + spot
    stages.take_back(db, scene.writer, scene.directive.id, reason="One goes.")
    arranging.delete(db, scene.writer, scene.directive.id, "recommendation", scene.clause)
    directing.open_it(db, scene.writer, scene.directive.id)
    assert remarks.address(db, remark) == f"{base}/editions/1{spot}"
    assert remarks.recommendation(db, remark)["title"] == "Post every record"


def test_spam_learns_nothing_from_other_decisions(db: Connection, scene: Scene) -> None:
    remark = scene.say("Begin with the courts.")
    moderation.act(db, scene.boss, "remark", remark.id, REMOVE)
    lessons.learn_some(db)
    assert db.execute(sa.select(SpamLesson.label).where(SpamLesson.subject_kind == "remark")).scalar_one() == ""


def test_an_appeal_about_an_account_of_somebody_who_only_commented_on_directives(db: Connection, scene: Scene) -> None:
    scene.say("Begin with the courts.")
    fields = DecisionFields(action="suspend", reason="hate", days=7)
    decision_id = moderation.act_on_account(db, scene.boss, scene.author.id, fields)
    author = people.load(db, scene.author.id)
    appeals.file(db, author, decision_id, AppealFields(text="I said nothing of that kind."))
    [case] = cases.queue(db, scene.other, Wanted(kind="appeal")).cases
    assert (case.subject_kind, case.title, case.community_id) == ("user", "Ada Author", None)
