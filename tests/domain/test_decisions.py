"""Decisions: what each action does and what its author reads, acts on many cases, accounts, notes and weights."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection
from forum.domain import (
    actions,
    cases,
    comments,
    decisions,
    histories,
    ideas,
    lists,
    moderation,
    notes,
    people,
    reports,
    sessions,
    statements,
    suspensions,
    undoing,
    weights,
)
from forum.domain.actions import ACTIONS, DecisionFields
from forum.domain.cases import Wanted
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.lists import Filters
from forum.domain.notes import NoteFields
from forum.domain.people import Person
from forum.domain.reasons import REASONS
from forum.domain.reports import ReportFields
from forum.models import Case, Decision, Idea, OutboxMessage, UserChange
from forum.text.grades import grade
from tests.making import Make


@pytest.fixture
def boss(make: Make) -> Person:
    return make.user(role="moderator")


def fields(action: str, **more: Any) -> DecisionFields:
    return DecisionFields(**{"action": action, "reason": "spam" if ACTIONS[action].needs_reason else "", **more})


def reported(make: Make, reason: str = "spam", **values: Any) -> tuple[int, int]:
    idea_id = make.idea(**values)
    return idea_id, reports.file(make.db, make.user(), "idea", idea_id, ReportFields(reason=reason))


def told(db: Connection, user_id: int) -> list[str]:
    rows = db.execute(sa.select(OutboxMessage.payload).where(OutboxMessage.kind == "people.told")).scalars()
    return [row["text"] for row in rows if row["user_ids"] == [user_id]]


def test_a_statement_carries_every_part_that_the_law_asks_for(db: Connection, make: Make, boss: Person) -> None:
    author = make.user()
    _, case_id = reported(make, author=author)
    words = fields("remove", note="Please post it once.", facts="Four ideas in an hour say the same.")
    decision = decisions.get(db, author, moderation.decide(db, boss, case_id, words))
    parts = dict(statements.parts(decision, "idea"))
    assert parts["What"] == "Your idea was removed."
    assert "no end date" in parts["What it means"]
    assert parts["Facts"] == "A reader reported it: spam. Four ideas in an hour say the same."
    assert parts["Rule"].startswith("Spam. It advertises")
    assert parts["Message"] == "Please post it once."
    assert "Moderators" in parts["Who decided"]
    assert "No program took part" in parts["Who decided"]
    assert "appeal once" in parts["If you disagree"]
    assert "court" in parts["If you disagree"]
    [mail] = told(db, author.id)
    assert all(text in mail for name, text in parts.items() if name != "What")
    assert "was removed." in mail


def test_a_decision_names_its_office_and_whether_a_program_took_part(db: Connection, make: Make) -> None:
    place = make.community(name="Open data")
    manager = make.member(place.id, make.user(), role="manager")
    idea_id = make.idea(community=place)
    case_id = cases.open_for(
        db, "spam", moderation.subjects.get(db, None, "idea", idea_id), details={"signs": ["It has nine links."]}
    )
    decision = decisions.get(db, manager, moderation.decide(db, manager, case_id, fields("remove")))
    assert (decision.office, decision.machine) == ("Managers of Open data", "found")
    parts = dict(statements.parts(decision, "idea"))
    assert parts["Facts"] == "A program saw: It has nine links."
    assert "A program brought it up. A person looked at it" in parts["Who decided"]


def test_the_off_topic_track_is_read_and_voted_on_and_is_in_no_list(db: Connection, make: Make, boss: Person) -> None:
    idea_id = make.idea()
    moderation.act(db, boss, "idea", idea_id, fields("off-topic", reason="off-topic"))
    idea = ideas.get(db, None, idea_id)
    assert (idea.state, idea.is_votable, idea.is_listed) == ("off-topic", True, False)
    make.votes(idea_id, 2)
    assert lists.find(db, Filters("top")).rows == []
    assert [row.id for row in lists.find(db, Filters("top", state="off-topic")).rows] == [idea_id]


def test_the_off_topic_track_shows_nothing_of_closed_communities(db: Connection, make: Make, boss: Person) -> None:
    place = make.community(visibility="members")
    idea_id = make.idea(community=place)
    moderation.act(db, boss, "idea", idea_id, fields("off-topic"))
    assert lists.find(db, Filters("newest", state="off-topic")).rows == []
    there = Filters("newest", state="off-topic", community_id=place.id)
    assert [row.id for row in lists.find(db, there).rows] == [idea_id]


def test_keeping_what_was_held_on_the_track_leaves_it_on_the_track(db: Connection, make: Make, boss: Person) -> None:
    idea_id = make.idea()
    for action, state in (("off-topic", "off-topic"), ("hold", "held"), ("keep", "off-topic")):
        moderation.act(db, boss, "idea", idea_id, fields(action))
        assert ideas.get(db, boss, idea_id).state == state


def test_a_lock_closes_votes_and_comments_and_can_be_opened(db: Connection, make: Make, boss: Person) -> None:
    idea_id = make.idea()
    moderation.act(db, boss, "idea", idea_id, fields("lock"))
    assert not ideas.get(db, None, idea_id).is_votable
    moderation.act(db, boss, "idea", idea_id, fields("unlock"))
    assert ideas.get(db, None, idea_id).is_votable


def test_a_warning_changes_nothing_and_is_told(db: Connection, make: Make, boss: Person) -> None:
    author = make.user()
    idea_id, case_id = reported(make, author=author)
    moderation.decide(db, boss, case_id, fields("warn"))
    assert ideas.get(db, None, idea_id).state == "published"
    assert "led to a warning" in told(db, author.id)[0]
    assert not cases.queue(db, boss, Wanted()).cases


def test_actions_that_do_not_fit_are_refused_in_words(db: Connection, make: Make, boss: Person) -> None:
    comment_id = make.comment(make.idea())
    with pytest.raises(Invalid, match="not for a comment"):
        moderation.act(db, boss, "comment", comment_id, fields("lock"))
    with pytest.raises(ValueError, match="how long"):
        fields("suspend")
    with pytest.raises(ValueError, match="where the idea goes"):
        fields("move")
    with pytest.raises(ValueError, match="what should happen"):
        DecisionFields(action="merge", reason="duplicate")
    with pytest.raises(Forbidden, match="your own"):
        moderation.act(db, boss, "idea", make.idea(author=boss), fields("lock"))
    with pytest.raises(NotFound):
        moderation.act(db, boss, "idea", 4711, fields("lock"))


def test_a_suspended_account_reads_and_is_open_again_at_its_date(db: Connection, make: Make, boss: Person) -> None:
    author = make.user()
    idea_id, case_id = reported(make, author=author)
    token = sessions.start(db, author)
    decision_id = moderation.decide(db, boss, case_id, fields("suspend", days=7))
    assert sessions.find(db, token) is None
    assert people.load(db, author.id).status == "suspended"
    assert ideas.get(db, None, idea_id).state == "published"
    assert [case.id for case in cases.queue(db, boss, Wanted()).cases] == [case_id]  # the post still waits
    decision = decisions.get(db, people.load(db, author.id), decision_id)
    assert decision.ends_at is not None
    assert "Then it ends by itself." in dict(statements.parts(decision, "account"))["Until"]
    with time_machine.travel(decision.ends_at - timedelta(seconds=1), tick=False):
        assert people.load(db, author.id).status == "suspended"
        assert suspensions.end_due(db) == 0
    with time_machine.travel(decision.ends_at + timedelta(seconds=1), tick=False):
        assert people.load(db, author.id).status == "active"  # before any worker has noticed
        assert (suspensions.end_due(db), suspensions.end_due(db)) == (1, 0)
        undoing.undo(db, boss, decision_id)  # late, and so without effect
        assert people.load(db, author.id).status == "active"
    changes = db.execute(sa.select(UserChange.before, UserChange.after).order_by(UserChange.id)).all()
    assert [tuple(row) for row in changes] == [("active", "suspended"), ("suspended", "active")]


def test_who_may_suspend_whom(db: Connection, make: Make, boss: Person) -> None:
    place = make.community()
    manager = make.member(place.id, make.user(), role="manager")
    suspend = fields("suspend", days=1)
    for person, target in ((manager, make.user()), (boss, make.user(role="administrator")), (boss, boss)):
        with pytest.raises(Forbidden):
            moderation.act_on_account(db, person, target.id, suspend)
    moderation.act_on_account(db, make.user(role="administrator"), boss.id, suspend)
    with pytest.raises(Conflict, match="Nobody can sign in"):
        moderation.act_on_account(db, make.user(role="moderator"), make.user(status="deleted").id, suspend)
    with pytest.raises(Conflict, match="not suspended"):
        moderation.act_on_account(db, make.user(role="moderator"), make.user().id, fields("unsuspend"))


def test_many_cases_are_decided_in_one_act_and_undone_in_one(db: Connection, make: Make, boss: Person) -> None:
    found = [reported(make) for _ in range(4)]
    ids = [case_id for _, case_id in found]
    act_id = moderation.decide_many(db, boss, ids, fields("remove"))
    assert [ideas.get(db, boss, idea_id).state for idea_id, _ in found] == ["removed"] * 4
    assert len(decisions.of_act(db, act_id)) == 4
    new_act = undoing.undo_act(db, boss, act_id)
    assert [ideas.get(db, None, idea_id).state for idea_id, _ in found] == ["published"] * 4
    assert all(not one.is_in_force for one in decisions.of_act(db, act_id))
    with pytest.raises(NotFound):
        undoing.undo_act(db, boss, act_id)
    undoing.undo_act(db, boss, new_act)
    assert [ideas.get(db, boss, idea_id).state for idea_id, _ in found] == ["removed"] * 4


def test_two_cases_about_one_post_are_one_decision_of_the_act(db: Connection, make: Make, boss: Person) -> None:
    idea_id, first = reported(make)
    second = cases.open_for(db, "spam", moderation.subjects.get(db, None, "idea", idea_id))
    outlook = moderation.preview(db, boss, [first, second], fields("remove"))
    assert [(one.effect, one.why_not) for one in outlook] == [
        ("Removed.", ""),
        (f"Goes with case {first}, which is about the same.", ""),
    ]
    act_id = moderation.decide_many(db, boss, [first, second], fields("remove"))
    [decision] = decisions.of_act(db, act_id)
    closed = db.execute(sa.select(Case.id, Case.is_open, Case.decision_id).order_by(Case.id)).all()
    assert [tuple(row) for row in closed] == [(first, False, decision.id), (second, False, decision.id)]


def test_a_preview_says_what_changes_and_what_can_not(db: Connection, make: Make, boss: Person) -> None:
    _, kept = reported(make)
    _, own = reported(make, author=boss)
    _, lent = reported(make)
    cases.claim(db, make.user(role="moderator", name="Grace"), lent)
    _, done = reported(make)
    moderation.decide(db, boss, done, fields("keep"))
    found = moderation.preview(db, boss, [kept, own, lent, done, 4711], fields("keep"))
    assert {one.case_id: (one.effect, one.why_not) for one in found} == {
        kept: ("Stays as it is.", ""),
        own: ("", "This is your own, so somebody else decides on it."),
        lent: ("", "Grace has this case right now."),
        done: ("", "Somebody has decided this case in the meantime."),
        4711: ("", "There is no case here."),
    }
    before = db.execute(sa.select(sa.func.count()).select_from(Decision)).scalar_one()
    with pytest.raises(Conflict, match=f"Nothing was decided, because of case {own}"), db.begin_nested():
        moderation.decide_many(db, boss, [kept, own], fields("remove"))
    assert db.execute(sa.select(sa.func.count()).select_from(Decision)).scalar_one() == before


def test_undoing_a_hold_closes_its_case_and_undoing_a_keep_opens_one(db: Connection, make: Make, boss: Person) -> None:
    idea_id, case_id = reported(make)
    held = moderation.decide(db, boss, case_id, fields("hold"))
    undoing.undo(db, boss, held)
    assert ideas.get(db, None, idea_id).state == "published"
    assert not cases.queue(db, boss, Wanted()).cases
    moderation.act(db, boss, "idea", idea_id, fields("hold"))
    [waiting] = cases.queue(db, boss, Wanted()).cases
    kept = moderation.decide(db, boss, waiting.id, fields("keep"))
    undoing.undo(db, boss, kept)
    [again] = cases.queue(db, boss, Wanted()).cases
    assert (again.kind, again.subject_id, again.id != waiting.id) == ("held", idea_id, True)


def test_an_undo_leaves_alone_what_its_author_took_back(db: Connection, make: Make, boss: Person) -> None:
    author = make.user()
    idea_id = make.idea(author=author)
    held = moderation.act(db, boss, "idea", idea_id, fields("hold"))
    moderation.effects.put(db, "idea", idea_id, {"state": "withdrawn"}, by_id=author.id)
    undo_id = undoing.undo(db, boss, held)
    assert ideas.get(db, boss, idea_id).state == "withdrawn"
    assert not decisions.load(db, held).is_in_force
    undoing.undo(db, boss, undo_id)
    assert ideas.get(db, boss, idea_id).state == "withdrawn"


def test_a_later_decision_is_named_and_comes_off_first(db: Connection, make: Make, boss: Person) -> None:
    idea_id = make.idea()
    first = moderation.act(db, boss, "idea", idea_id, fields("off-topic"))
    lock = moderation.act(db, boss, "idea", idea_id, fields("lock"))
    second = moderation.act(db, boss, "idea", idea_id, fields("remove"))
    with pytest.raises(undoing.LaterDecision, match=f"Decision {second} ") as caught:
        undoing.undo(db, boss, first)
    assert caught.value.decision_id == second
    undoing.undo(db, boss, lock)  # another aspect: in any order
    undoing.undo(db, boss, second)
    undoing.undo(db, boss, first)
    assert ideas.get(db, None, idea_id).state == "published"


def test_who_may_undo(db: Connection, make: Make, boss: Person) -> None:
    place, author = make.community(), make.user(role="moderator")
    idea_id = make.idea(community=place, author=author)
    manager = make.member(place.id, make.user(), role="manager")
    elsewhere = make.member(make.community().id, make.user(), role="manager")
    decision_id = moderation.act(db, boss, "idea", idea_id, fields("remove"))
    with pytest.raises(NotFound):
        undoing.undo(db, elsewhere, decision_id)
    with pytest.raises(NotFound):
        undoing.undo(db, make.user(), decision_id)
    with pytest.raises(Forbidden, match="your own"):
        undoing.undo(db, author, decision_id)
    undoing.undo(db, manager, decision_id)


def test_a_comment_is_removed_and_comes_back(db: Connection, make: Make, boss: Person) -> None:
    idea_id = make.idea()
    comment_id = make.comment(idea_id)
    decision_id = moderation.act(db, boss, "comment", comment_id, fields("remove", reason="hate"))
    assert ideas.get(db, None, idea_id).comment_count == 0
    assert decisions.reason_for(db, "comment", comment_id) == "hate"
    undoing.undo(db, boss, decision_id)
    assert ideas.get(db, None, idea_id).comment_count == 1
    assert decisions.reason_for(db, "comment", comment_id) == ""
    assert comments.get(db, None, comment_id).state == "published"


def test_notes_are_for_those_who_moderate(db: Connection, make: Make, boss: Person) -> None:
    place, somebody = make.community(), make.user()
    idea_id = make.idea(community=place, author=somebody)
    elsewhere = make.member(make.community().id, make.user(), role="manager")
    notes.write(db, boss, "user", somebody.id, NoteFields(body="Polite when asked."))
    notes.write(db, boss, "idea", idea_id, NoteFields(body="Seen before."))
    [note] = notes.of(db, elsewhere, "user", somebody.id)
    assert (note.body, note.by_handle) == ("Polite when asked.", boss.handle)
    for reader, kind in ((somebody, "user"), (somebody, "idea"), (elsewhere, "idea")):
        with pytest.raises(Forbidden):
            notes.of(db, reader, kind, somebody.id if kind == "user" else idea_id)
    with pytest.raises(NotFound):
        notes.write(db, boss, "user", 4711, NoteFields(body="Nobody."))
    with pytest.raises(NotFound):
        notes.write(db, boss, "planet", 1, NoteFields(body="Nothing."))


def test_a_history_shows_everything_to_moderators_and_managers_their_part(
    db: Connection, make: Make, boss: Person
) -> None:
    here, there, somebody = make.community(), make.community(), make.user()
    manager = make.member(here.id, make.user(), role="manager")
    for place in (here, there):
        _, case_id = reported(make, community=place, author=somebody)
        moderation.decide(db, boss, case_id, fields("remove"))
    whole, part = (histories.get(db, person, somebody.handle) for person in (boss, manager))
    assert (len(whole.ideas), len(whole.cases), len(whole.decisions)) == (2, 2, 2)
    assert (len(part.ideas), len(part.cases), len(part.decisions)) == (1, 1, 1)
    with pytest.raises(Forbidden):
        histories.get(db, somebody, somebody.handle)
    with pytest.raises(NotFound):
        histories.get(db, boss, "nobody-at-all")


def test_reporters_whose_reports_hold_up_weigh_more(db: Connection, make: Make, boss: Person) -> None:
    right, wrong = make.user(), make.user()
    for reporter, action in ((right, "remove"), (wrong, "keep")) * 3:
        case_id = reports.file(db, reporter, "idea", make.idea(), ReportFields(reason="spam"))
        moderation.decide(db, boss, case_id, fields(action))
    found = weights.worths(db, [right.id, wrong.id, boss.id])
    assert found == {right.id: 0.8, wrong.id: 0.2, boss.id: 0.5}
    last = db.execute(sa.select(sa.func.max(Decision.id)).where(Decision.action == "keep")).scalar_one()
    undoing.undo(db, boss, last)  # it says nothing any more
    assert weights.worths(db, [wrong.id])[wrong.id] == 0.25


def test_reports_on_many_posts_weigh_more_than_a_pile_on_and_order_the_hour(db: Connection, make: Make) -> None:
    assert weights.weight([[0.5]] * 10) > 3 * weights.weight([[0.5] * 10])
    piled, spread = make.user(), make.user()
    with time_machine.travel(now().replace(minute=1), tick=False):
        target = make.idea(author=piled)
        for _ in range(4):
            reports.file(db, make.user(), "idea", target, ReportFields(reason="spam"))
        for _ in range(4):
            reports.file(db, make.user(), "idea", make.idea(author=spread), ReportFields(reason="spam"))
    boss = make.user(role="moderator")
    queue = cases.queue(db, boss, Wanted(), limit=2)
    rest = cases.queue(db, boss, Wanted(), after=queue.next_after)
    rows = [*queue.cases, *rest.cases]
    assert [row.author_id for row in rows] == [spread.id] * 4 + [piled.id]
    assert len({row.id for row in rows}) == 5
    assert cases.claim_next(db, boss) == rows[0].id


def test_every_word_of_actions_and_reasons_is_plain() -> None:
    texts = [text for one in ACTIONS.values() for text in (one.hint, one.scope)] + [one.text for one in REASONS]
    for text in filter(None, texts):
        assert all(len(sentence.split()) <= 25 for sentence in text.split(". ")), text
    assert grade(" ".join(texts)).grade <= 8
    assert set(actions.RESTRICTIONS) >= {"hold", "remove", "off-topic", "move", "lock", "warn", "suspend"}


def test_an_idea_that_moves_is_a_decision_and_comes_back(db: Connection, make: Make, boss: Person) -> None:
    here, there = make.community(), make.community()
    idea_id = make.idea(community=here, votes=2)
    decision_id = moderation.act(db, boss, "idea", idea_id, fields("move", community=there.slug))
    assert ideas.get(db, None, idea_id).community_id == there.id
    undoing.undo(db, boss, decision_id)
    row = db.execute(sa.select(Idea.community_id, Idea.up).where(Idea.id == idea_id)).one()
    assert tuple(row) == (here.id, 2)
    with pytest.raises(Invalid, match="already"):
        moderation.act(db, boss, "idea", idea_id, fields("move", community=here.slug))
