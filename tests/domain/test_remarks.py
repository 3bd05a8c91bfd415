"""Remarks: comments on directives are reported, decided on, appealed and undone as every other post is."""

import io
import zipfile

import pytest
import sqlalchemy as sa

from forum.db import Connection
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
from forum.domain.reports import ReportFields
from forum.domain.spam import lessons
from forum.models import SpamLesson
from tests import directing
from tests.making import Make
from tests.remarking import REMOVE, Scene, kept, make_old, told

ORIGIN = Origin("The forum", "https://forum.example")


@pytest.fixture
def scene(make: Make) -> Scene:
    return Scene(make)


def unzipped(file: bytes) -> str:
    """All the text of a file of Word or Excel."""
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


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
