"""Proposals to merge: who proposes, what the author answers, who decides, and what does not fit."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded
from forum.domain.merges import proposals, views
from forum.domain.merges.proposals import AnswerFields, DecisionFields, ProposalFields
from forum.models import Case, Decision, Merge
from tests.making import Make
from tests.merging import SAME, author_of, merged, proposed, state


def test_the_author_is_asked_and_may_decline(db: Connection, make: Make) -> None:
    author, citizen, moderator = make.user(), make.user(), make.user(role="moderator")
    absorbed, target = make.idea(author=author), make.idea()
    merge_id = proposed(db, citizen, absorbed, target)
    assert views.get(db, None, merge_id).stage == "proposed"
    [case] = db.execute(sa.select(Case.kind, Case.is_open, Case.details).where(Case.is_open)).all()
    assert (case.kind, case.details["merge_id"]) == ("merge", merge_id)
    with pytest.raises(Conflict, match="asked first"):
        proposals.decide(db, moderator, merge_id, DecisionFields(act="merge"))
    with pytest.raises(Forbidden):
        proposals.decide(db, author, merge_id, DecisionFields(act="ask"))
    assert proposals.decide(db, moderator, merge_id, DecisionFields(act="ask")).stage == "asked"
    assert db.execute(sa.select(sa.func.count()).where(Case.is_open)).scalar_one() == 0
    with pytest.raises(Forbidden):
        proposals.answer(db, citizen, merge_id, AnswerFields(answer="agree"))
    merge = proposals.answer(db, author, merge_id, AnswerFields(answer="decline", words="Mine is about trams."))
    assert (merge.stage, merge.answer, state(db, absorbed)) == ("declined", "Mine is about trams.", "published")
    with pytest.raises(Conflict, match="declined"):
        proposed(db, moderator, absorbed, target)
    assert proposed(db, author, absorbed, target)


def test_without_an_answer_in_three_days_the_managers_decide(db: Connection, make: Make) -> None:
    moderator, absorbed, target = make.user(role="moderator"), make.idea(votes=1), make.idea()
    merge_id = proposed(db, moderator, absorbed, target)
    assert views.get(db, None, merge_id).stage == "asked"
    assert proposals.call_back(db) == 0
    with time_machine.travel(now() + timedelta(days=3, minutes=1), tick=False):
        assert proposals.call_back(db) == 1
        assert proposals.call_back(db) == 0
        assert db.execute(sa.select(Case.kind).where(Case.is_open)).scalars().all() == ["merge"]
        assert proposals.decide(db, moderator, merge_id, DecisionFields(act="merge")).stage == "merged"
    assert db.execute(sa.select(sa.func.count()).where(Case.is_open)).scalar_one() == 0
    decision = db.execute(sa.select(Decision.action, Decision.facts, Decision.office)).one()
    assert decision.action == "merge"
    assert "did not answer" in decision.facts
    assert decision.office == "Moderators"


@pytest.mark.parametrize("status", ["imported", "deleted", "suspended"])
def test_when_the_author_is_gone_nobody_waits(db: Connection, make: Make, status: str) -> None:
    absorbed, target = make.idea(author=make.user(status=status)), make.idea()
    moderator = make.user(role="moderator")
    merge_id = proposed(db, moderator, absorbed, target)
    assert views.get(db, None, merge_id).stage == "proposed"
    with pytest.raises(Conflict, match="can't be reached"):
        proposals.decide(db, moderator, merge_id, DecisionFields(act="ask"))
    assert proposals.decide(db, moderator, merge_id, DecisionFields(act="merge")).stage == "merged"


def test_an_author_who_proposes_has_agreed(db: Connection, make: Make) -> None:
    author = make.user()
    absorbed, target = make.idea(author=author), make.idea()
    merge_id = proposed(db, author, absorbed, target)
    assert state(db, absorbed) == "published"
    assert proposals.decide(db, make.user(role="moderator"), merge_id, DecisionFields(act="merge")).stage == "merged"


def test_managers_decide_only_where_they_manage_both_and_wrote_neither(db: Connection, make: Make) -> None:
    here, there = make.community(), make.community()
    manager = make.member(here.id, make.user(), role="manager")
    absorbed, target = make.idea(community=here), make.idea(community=there)
    merge_id = proposed(db, make.user(), absorbed, target)
    with pytest.raises(Forbidden):
        proposals.decide(db, manager, merge_id, DecisionFields(act="ask"))
    manager = make.member(there.id, manager, role="manager")
    assert proposals.decide(db, manager, merge_id, DecisionFields(act="ask")).stage == "asked"
    moderator = make.user(role="moderator")
    own = proposed(db, make.user(), make.idea(), make.idea(author=moderator))
    with pytest.raises(Forbidden):
        proposals.decide(db, moderator, own, DecisionFields(act="refuse"))


def test_a_refused_proposal_ends_and_another_may_come(db: Connection, make: Make) -> None:
    absorbed, target, moderator = make.idea(), make.idea(), make.user(role="moderator")
    merge_id = proposed(db, make.user(), absorbed, target)
    assert proposed(db, make.user(), absorbed, target) == merge_id
    with pytest.raises(Conflict, match="has to end first"):
        proposed(db, make.user(), absorbed, make.idea())
    assert proposals.decide(db, moderator, merge_id, DecisionFields(act="refuse")).stage == "refused"
    with pytest.raises(Conflict, match="in the meantime"):
        proposals.decide(db, moderator, merge_id, DecisionFields(act="ask"))
    assert proposed(db, make.user(), absorbed, make.idea()) != merge_id


def test_what_does_not_fit_is_refused_in_words(db: Connection, make: Make) -> None:
    user, absorbed = make.user(role="moderator"), make.idea()
    closed = make.idea(community=make.community(phase="closed"))
    members = make.idea(community=make.community(visibility="members"))
    archived = make.idea(community=make.community(status="archived"))
    cases: list[tuple[int, type[Exception], str]] = [
        (absorbed, Invalid, "itself"),
        (make.idea(state="removed"), Conflict, "removed"),
        (make.idea(state="withdrawn"), Conflict, "withdrawn"),
        (make.idea(state="held"), Conflict, "waits for a check"),
        (members, Invalid, "stay apart"),
        (archived, Conflict, "archived"),
        (closed, Invalid, "Voting has ended"),
        (absorbed + 1000, Invalid, "no such idea"),
    ]
    for target, error, words in cases:
        with pytest.raises(error, match=words):
            proposed(db, user, absorbed, target)
    with pytest.raises(SignInNeeded):
        proposals.propose(db, None, absorbed, ProposalFields(target=str(closed), reason=SAME))
    with pytest.raises(ValueError, match="choose the idea that stays"):
        ProposalFields(target="something", reason=SAME)
    assert [ProposalFields(target=value, reason=SAME).target for value in ("I-12", "12", "#12")] == ["12"] * 3
    assert ProposalFields(target="https://forum.example/ideas/12-a-title", reason=SAME).target == "12"


def test_an_idea_that_is_merged_can_be_no_target_and_not_be_merged_again(db: Connection, make: Make) -> None:
    a, b, moderator = make.idea(), make.idea(), make.user(role="moderator")
    merged(db, make, a, b)
    for absorbed, target in ((a, make.idea()), (make.idea(), a)):
        with pytest.raises((Conflict, Forbidden)):
            proposed(db, moderator, absorbed, target)


def test_of_two_merges_that_cross_each_other_the_second_finds_the_first_done(db: Connection, make: Make) -> None:
    a, b = make.idea(), make.idea()
    moderator = make.user(role="moderator")
    there, back = proposed(db, moderator, a, b), proposed(db, moderator, b, a)
    assert proposals.answer(db, author_of(db, a), there, AnswerFields(answer="agree")).stage == "merged"
    with pytest.raises(Conflict, match="in the meantime"):
        proposals.answer(db, author_of(db, b), back, AnswerFields(answer="agree"))


def test_members_only_merges_are_seen_by_members_only(db: Connection, make: Make) -> None:
    place = make.community(visibility="members")
    absorbed, target = make.idea(community=place), make.idea(community=place)
    member = make.member(place.id, make.user())
    merge_id = proposed(db, member, absorbed, target)
    assert views.get(db, member, merge_id).id == merge_id
    for outsider in (None, make.user()):
        with pytest.raises(NotFound):
            views.get(db, outsider, merge_id)


def test_the_case_says_what_differs(db: Connection, make: Make) -> None:
    absorbed = make.idea(title="Free buses at night", body="Buses should be free at night.")
    target = make.idea(title="Free trains at night", body="Trains should be free at night.")
    merge_id = proposed(db, make.user(), absorbed, target)
    case_id = db.execute(sa.select(Merge.case_id).where(Merge.id == merge_id)).scalar_one()
    case = db.execute(sa.select(Case).where(Case.id == case_id)).one()
    about = views.about_case(db, make.user(role="moderator"), case)
    assert ("del", "trains") in about["title_changes"]
    assert ("add", "buses") in about["title_changes"]
    assert about["preview"].up_after == 0
