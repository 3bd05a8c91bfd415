"""Many cases about comments, comments on directives and ideas decided in one act: as if one by one, told once."""

from typing import Any

import pytest
import sqlalchemy as sa

from forum.db import Connection
from forum.domain import (
    appeals,
    cases,
    commenting,
    comments,
    decisions,
    holds,
    ideas,
    moderation,
    people,
    recounts,
    remarks,
    reports,
    search,
    subjects,
    undoing,
)
from forum.domain.actions import DecisionFields
from forum.domain.appeals import AppealFields
from forum.domain.cases import Wanted
from forum.domain.commenting import CommentFields
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.people import Person
from forum.domain.reports import ReportFields
from forum.models import Case, Comment, Decision, Idea, OutboxMessage, StatusChange
from tests.making import Make
from tests.remarking import Scene as Directing

REMOVE = DecisionFields(action="remove", reason="spam", note="Once is enough.")


class Scene:
    """Six reported comments of two people under two ideas, two reported remarks and a reported idea of one of them."""

    def __init__(self, make: Make) -> None:
        self.db, self.make = make.db, make
        self.directing = Directing(make)
        self.boss, self.busy, self.other = self.directing.boss, self.directing.author, make.user(name="Other")
        self.reader = self.directing.reader
        self.ideas = [make.idea(title=f"Idea {number}") for number in range(2)]
        authors = [self.busy, self.busy, self.busy, self.other, self.other, self.busy]
        self.comments = [
            commenting.post(
                self.db, author, self.ideas[number % 2], CommentFields(body=f"My zqboat is no. {number}.")
            ).id
            for number, author in enumerate(authors)
        ]
        self.remarks = [self.directing.say(f"Buy zqboat number {number}.").id for number in (7, 8)]
        self.own_idea = make.idea(author=self.busy)
        self.posts = [
            *(("comment", one) for one in self.comments),
            *(("remark", one) for one in self.remarks),
            ("idea", self.own_idea),
        ]
        recounts.mend_all(self.db)
        self.cases = [reports.file(self.db, self.reader, *post, ReportFields(reason="spam")) for post in self.posts]

    def states(self) -> list[str]:
        return [str(moderation.effects.read(self.db, *post)["state"]) for post in self.posts]

    def told(self, title: str) -> list[tuple[list[int], str]]:
        """Who was told something with this title, and the words, since the last time that somebody asked."""
        rows = self.db.execute(sa.select(OutboxMessage.payload).where(OutboxMessage.kind == "people.told")).scalars()
        found = [(row["user_ids"], row["text"]) for row in rows if row["title"].startswith(title)]
        self.db.execute(sa.delete(OutboxMessage))
        return found

    def figures_are_exact(self) -> None:
        for kind in recounts.KINDS:
            assert recounts.check(self.db, kind, recounts.next_ids(self.db, kind)) == []
        held = self.db.execute(sa.select(Case.subject_kind, Case.subject_id).where(Case.kind == "held", Case.is_open))
        states = zip(self.posts, self.states(), strict=True)
        assert {tuple(row) for row in held} == {post for post, state in states if state == "held"}


@pytest.fixture
def scene(make: Make) -> Scene:
    return Scene(make)


def test_one_act_removes_comments_remarks_and_ideas_and_each_author_hears_once(db: Connection, scene: Scene) -> None:
    scene.told("")
    outlook = moderation.preview(db, scene.boss, scene.cases, REMOVE)
    assert [(one.effect, one.why_not) for one in outlook] == [("Removed.", "")] * 9
    act_id = moderation.decide_many(db, scene.boss, scene.cases, REMOVE)
    assert scene.states() == ["removed"] * 9
    made = decisions.of_act(db, act_id)
    assert {one.key for one in made} == set(scene.posts)
    assert {(one.action, one.reason, one.note) for one in made} == {("remove", "spam", "Once is enough.")}
    assert {one.facts for one in made} == {"A reader reported it: spam."}
    told = {users[0]: words for users, words in scene.told("Your ")}
    assert told.keys() == {scene.busy.id, scene.other.id, scene.reader.id}
    assert "The same goes for 6 more of your posts." in told[scene.busy.id]
    assert "The same goes for 1 more of your comments." in told[scene.other.id]
    assert [ideas.get(db, None, one).comment_count for one in scene.ideas] == [0, 0]
    assert not search.find(db, "zqboat", kinds=["comment"]).hits
    assert [row.reason for row in db.execute(sa.select(Decision).where(Decision.action == "remove"))] == ["spam"] * 9
    assert not cases.queue(db, scene.boss, Wanted()).cases
    for case_id, post in zip(scene.cases, scene.posts, strict=True):
        decision = decisions.of_case(db, case_id)
        assert (decision.subject_kind, decision.subject_id) == post
    scene.figures_are_exact()


def test_it_is_undone_exactly_as_often_as_one_likes(db: Connection, scene: Scene) -> None:
    moderation.act(
        db, scene.directing.other, "comment", scene.comments[0], DecisionFields(action="hold", reason="spam")
    )
    scene.cases[0] = cases.open_ids(db, "comment", scene.comments[0])[0]
    before = scene.states()
    assert before == ["held"] + ["published"] * 8
    act_id = moderation.decide_many(db, scene.boss, scene.cases, REMOVE)
    scene.told("")
    for _ in range(2):
        back = undoing.undo_act(db, scene.boss, act_id)
        assert scene.states() == before
        assert all(not one.is_in_force for one in decisions.of_act(db, act_id))
        assert len(scene.told("A decision about your")) == 2
        scene.figures_are_exact()
        act_id = undoing.undo_act(db, scene.boss, back)
        assert scene.states() == ["removed"] * 9
        [first] = decisions.earlier(db, "comment", scene.comments[1])[-1:]
        assert (first.action, first.undone_at) == ("remove", None)
        told = scene.told("Your ")
        assert len(told) == 2
        assert all("Rule: Spam" in words for _, words in told)
        scene.figures_are_exact()


def state_of(db: Connection, scene: Scene) -> Any:
    """All that decisions leave behind, for a comparison."""
    lines = sa.select(Decision.subject_kind, Decision.subject_id, Decision.action, Decision.state_before)
    lines = lines.add_columns(Decision.state_after, Decision.facts, Decision.machine, Decision.author_id)
    lines = lines.add_columns(Decision.community_id, Decision.office, Decision.before, Decision.after, Decision.case_id)
    rows = db.execute(lines.order_by(Decision.subject_kind, Decision.subject_id, Decision.id)).all()
    waiting = db.execute(sa.select(Case.kind, Case.subject_kind, Case.subject_id, Case.is_open).order_by(Case.id)).all()
    counts = db.execute(sa.select(Idea.id, Idea.comment_count, Idea.state).order_by(Idea.id)).all()
    history = db.execute(sa.select(StatusChange.idea_id, StatusChange.kind, StatusChange.note)).all()
    trusted = [people.load(db, person.id).trust_level for person in (scene.busy, scene.other)]
    rows = [(*row[:10], str(row[10]), str(row[11]), row[12]) for row in rows]
    return scene.states(), rows, sorted(waiting), counts, sorted(history), trusted


@pytest.mark.parametrize("action", ["keep", "hold", "remove", "warn"])
def test_many_at_once_leave_what_many_one_by_one_leave(db: Connection, make: Make, action: str) -> None:
    fields = DecisionFields(action=action, reason="" if action == "keep" else "spam", facts="Seen it.")
    left = []
    for is_bulk in (True, False):
        with db.begin_nested() as savepoint:
            scene = Scene(make)
            moderation.act(db, scene.boss, "comment", scene.comments[1], DecisionFields(action="hold", reason="spam"))
            held = cases.open_ids(db, "comment", scene.comments[1])
            chosen = [*scene.cases, *held]
            chosen.remove(scene.cases[1])  # ended with the decision to hold
            if is_bulk:
                moderation.decide_many(db, scene.boss, chosen, fields)
            else:
                for case_id in sorted(chosen):
                    moderation.decide(db, scene.boss, case_id, fields)
            scene.figures_are_exact()
            left.append(plain(state_of(db, scene), scene))
            savepoint.rollback()
    assert left[0] == left[1]


def plain(found: Any, scene: Scene) -> Any:
    """Ids as places: PostgreSQL does not count back."""
    return str([found[0], len(found[1]), [row[2:7] for row in found[1]], [row[0] for row in found[2] if row[3]]]) + str(
        [[tuple(row[1:]) for row in found[3]], [tuple(row[1:]) for row in found[4]], found[5]]
    )


def test_a_warning_of_many_changes_nothing_and_is_told_and_taken_back_once(db: Connection, scene: Scene) -> None:
    scene.told("")
    chosen = scene.cases[:6]
    fields = DecisionFields(action="warn", reason="spam")
    act_id = moderation.decide_many(db, scene.boss, chosen, fields)
    assert scene.states() == ["published"] * 9
    told = scene.told("A warning about your comment")
    assert sorted(users[0] for users, _ in told) == sorted([scene.busy.id, scene.other.id])
    undoing.undo_act(db, scene.boss, act_id)
    assert len(scene.told("A decision about your comment was undone")) == 2
    assert scene.states() == ["published"] * 9


def test_the_track_takes_no_comments_and_then_nothing_is_decided(db: Connection, scene: Scene) -> None:
    fields = DecisionFields(action="off-topic", reason="spam")
    with pytest.raises(Invalid, match="not for a comment"), db.begin_nested():
        moderation.decide_many(db, scene.boss, scene.cases, fields)
    assert scene.states() == ["published"] * 9


def test_nobody_decides_on_own_comments_or_beyond_what_they_manage(db: Connection, make: Make, scene: Scene) -> None:
    place_id = ideas.get(db, None, scene.ideas[0]).community_id
    manager = make.member(place_id, make.user(), role="manager")
    under_first = [case_id for number, case_id in enumerate(scene.cases[:6]) if number % 2 == 0]
    moderation.decide_many(db, manager, under_first, REMOVE)
    assert scene.states()[:6] == ["removed", "published"] * 3
    for other in (scene.cases[1], scene.cases[6]):
        with pytest.raises((Conflict, NotFound)), db.begin_nested():
            moderation.decide_many(db, manager, [other], REMOVE)
    own = make.comment(scene.ideas[0], author=scene.boss)
    own_case = reports.file(db, scene.reader, "comment", own, ReportFields(reason="spam"))
    with pytest.raises(Conflict, match="your own"), db.begin_nested():
        moderation.decide_many(db, scene.boss, [scene.cases[1], own_case], REMOVE)
    assert scene.states()[1] == "published"


def test_held_comments_of_many_are_kept_in_one_act_and_announced(db: Connection, make: Make, scene: Scene) -> None:
    held = [make.comment(scene.ideas[0], author=scene.other, state="held") for _ in range(3)]
    for one in held:
        subject = subjects.get(db, scene.boss, "comment", one)
        place = {"community_id": subject.community_id, "author_id": subject.author_id}
        holds.open_held(db, subject_kind="comment", subject_id=one, **place)  # type: ignore[arg-type]
    waiting = [case.id for case in cases.queue(db, scene.boss, Wanted(kind="held", about="comment")).cases]
    assert len(waiting) == 3
    recounts.mend_all(db)
    count = ideas.get(db, None, scene.ideas[0]).comment_count
    db.execute(sa.delete(OutboxMessage))
    moderation.decide_many(db, scene.boss, waiting, DecisionFields(action="keep"))
    assert {comments.get(db, None, one).state for one in held} == {"published"}
    assert ideas.get(db, None, scene.ideas[0]).comment_count == count + 3
    announced = db.execute(sa.select(OutboxMessage.payload).where(OutboxMessage.kind == "idea.commented")).scalars()
    assert sorted(row["comment_id"] for row in announced) == held
    scene.figures_are_exact()


def test_an_appeal_that_was_upheld_stops_the_undo_of_an_undo(db: Connection, scene: Scene) -> None:
    act_id = moderation.decide_many(db, scene.boss, scene.cases[:2], REMOVE)
    first = decisions.of_act(db, act_id)[0]
    appeals.file(db, scene.busy, first.id, AppealFields(text="Please look again at it."))
    back = undoing.undo_act(db, scene.directing.other, act_id)
    assert scene.states()[:2] == ["published", "published"]
    with pytest.raises(Conflict, match="an appeal against decision"):
        undoing.undo_act(db, scene.boss, back)
    assert scene.states()[:2] == ["published", "published"]


def test_one_decision_taken_back_put_back_and_taken_back_is_undone_in_the_end(db: Connection, scene: Scene) -> None:
    comment_id = scene.comments[0]
    first = moderation.act(db, scene.boss, "comment", comment_id, REMOVE)
    second = undoing.undo(db, scene.boss, first)
    third = undoing.undo(db, scene.boss, second)
    assert [decisions.load(db, one).is_in_force for one in (first, second, third)] == [True, False, True]
    assert f"So decision {first} counts again: removed." in decisions.load(db, third).facts
    fourth = undoing.undo(db, scene.boss, third)
    force = [decisions.load(db, one).is_in_force for one in (first, second, third, fourth)]
    assert force == [False, True, False, True]
    assert db.execute(sa.select(Comment.state).where(Comment.id == comment_id)).scalar_one() == "published"
    assert decisions.reason_for(db, "comment", comment_id) == ""


def test_remarks_are_read_as_the_act_left_them(db: Connection, scene: Scene) -> None:
    moderation.decide_many(db, scene.boss, scene.cases[6:8], REMOVE)
    read = remarks.of(db, None, scene.directing.directive.id)[scene.directing.clause]
    assert [(one.state, one.body, one.reason) for one in read] == [("removed", "", "spam")] * 2


def test_of_two_who_decide_the_second_is_told_which_case_was_decided(db: Connection, scene: Scene) -> None:
    other: Person = scene.directing.other
    moderation.decide(db, other, scene.cases[2], DecisionFields(action="keep"))
    with pytest.raises(Conflict, match=f"because of case {scene.cases[2]}"), db.begin_nested():
        moderation.decide_many(db, scene.boss, scene.cases, REMOVE)
    assert scene.states() == ["published"] * 9
