"""Merging: who proposes and answers, how votes are united by person, what follows along, and exact undo."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection
from forum.domain import commenting, comments, follows, ideas, people, recounts, search, votes
from forum.domain.commenting import CommentFields
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded
from forum.domain.merges import acts, places, proposals, threads, views
from forum.domain.merges.proposals import AnswerFields, DecisionFields, ProposalFields
from forum.domain.people import Person
from forum.models import Case, Decision, Follow, Idea, Merge, MergeCarry, OutboxMessage, Vote
from tests.making import Make

SAME = "Both ask for the same thing."


def proposed(db: Connection, user: Person, absorbed: int, target: int) -> int:
    return proposals.propose(db, user, absorbed, ProposalFields(target=str(target), reason=SAME)).id


def merged(db: Connection, make: Make, absorbed: int, target: int) -> int:
    """Merge with the consent of the author: the whole way."""
    moderator = make.user(role="moderator")
    merge_id = proposed(db, moderator, absorbed, target)
    author = author_of(db, absorbed)
    assert proposals.answer(db, author, merge_id, AnswerFields(answer="agree")).stage == "merged"
    return merge_id


def author_of(db: Connection, idea_id: int) -> Person:
    return people.load(db, ideas.get(db, None, idea_id).author_id)


def tally(db: Connection, idea_id: int) -> tuple[int, int]:
    return tuple(db.execute(sa.select(Idea.up, Idea.down).where(Idea.id == idea_id)).one())  # type: ignore[return-value]


def is_clean(db: Connection, kinds: tuple[str, ...] = ("ideas", "comments")) -> bool:
    return not [one for kind in kinds for one in recounts.check(db, kind, recounts.next_ids(db, kind))]


def state(db: Connection, idea_id: int) -> str:
    return str(db.execute(sa.select(Idea.state).where(Idea.id == idea_id)).scalar_one())


def test_votes_are_united_by_person_and_never_added(db: Connection, make: Make) -> None:
    one, other = make.idea(votes=3), make.idea(votes=2, against=1)
    both, turned, only = make.user(), make.user(), make.user(is_employee=True)
    for idea_id in (one, other):
        votes.cast(db, both, idea_id, 1)
    votes.cast(db, turned, one, 1)
    votes.cast(db, turned, other, -1)
    votes.cast(db, only, one, -1)
    merged(db, make, one, other)
    assert tally(db, other) == (2 + 1 + 3, 1 + 1 + 1)
    assert votes.mine(db, turned, [other]) == {other: -1}
    assert votes.mine(db, only, [other]) == {other: -1}
    assert db.execute(sa.select(Idea.employee_down).where(Idea.id == other)).scalar_one() == 1
    assert is_clean(db)


def test_where_only_support_counts_votes_against_are_not_taken(db: Connection, make: Make) -> None:
    target = make.idea(community=make.community(vote_kind="support"), votes=1)
    absorbed = make.idea(votes=2, against=3)
    merge_id = merged(db, make, absorbed, target)
    assert tally(db, target) == (3, 0)
    acts.undo(db, make.user(role="moderator"), merge_id, reason="It was a mistake.")
    assert (tally(db, target), tally(db, absorbed)) == ((1, 0), (2, 3))


def test_imported_totals_are_not_added(db: Connection, make: Make) -> None:
    absorbed = make.idea(votes=1, imported_up=100, up=100)
    target = make.idea(votes=1, imported_up=7, up=7)
    recounts.mend(db, "ideas", [absorbed, target])
    merged(db, make, absorbed, target)
    assert tally(db, target) == (9, 0)
    [included] = views.includes(db, ideas.get(db, None, target))
    assert included.imported_up == 100


def test_the_old_idea_leaves_lists_search_and_counts_and_comes_back(db: Connection, make: Make) -> None:
    place = make.community()
    absorbed = make.idea(community=place, title="Cheaper bus tickets for pupils")
    target = make.idea(community=place, title="Free buses for everybody")
    search.rebuild(db)
    recounts.mend_all(db)
    merge_id = merged(db, make, absorbed, target)
    assert state(db, absorbed) == "merged"
    assert not [hit for hit in search.find(db, "pupils", user=None).hits if hit.idea_id == absorbed]
    assert is_clean(db, recounts.KINDS)
    assert search.check(db) == []
    acts.undo(db, make.user(role="moderator"), merge_id, reason="They differ after all.")
    assert state(db, absorbed) == "published"
    assert [hit.idea_id for hit in search.find(db, "pupils", user=None).hits] == [absorbed]
    assert is_clean(db, recounts.KINDS)
    assert search.check(db) == []


def test_threads_go_along_keep_their_addresses_and_come_back_with_later_answers(db: Connection, make: Make) -> None:
    absorbed, target = make.idea(), make.idea()
    top = make.comment(absorbed)
    reply = make.comment(absorbed, parent_id=top)
    own = make.comment(target)
    agreeing = make.user()
    commenting.agree(db, agreeing, top, True)
    merge_id = merged(db, make, absorbed, target)
    comment = comments.get(db, None, top)
    assert comment.idea_id == target
    assert comments.address(db, comment).endswith(f"#comment-{top}")
    assert threads.origins(db, target) == {top: absorbed}
    assert comments.agreed(db, agreeing, target) == {top}
    fields = CommentFields(body="A later answer.", parent=str(top))
    later = commenting.post(db, make.user(), target, fields).id
    new = commenting.post(db, make.user(), target, CommentFields(body="A later comment.")).id
    acts.undo(db, make.user(role="moderator"), merge_id, reason="They differ after all.")
    where = {number: comments.get(db, None, number).idea_id for number in (top, reply, later, own, new)}
    assert where == {top: absorbed, reply: absorbed, later: absorbed, own: target, new: target}
    assert comments.agreed(db, agreeing, absorbed) == {top}
    assert threads.origins(db, target) == {}
    assert is_clean(db)


def test_followers_are_carried_over_and_back(db: Connection, make: Make) -> None:
    absorbed, target = make.idea(), make.idea()
    one, both, gone = make.user(), make.user(), make.user()
    for person in (one, both, gone):
        follows.follow(db, person, "idea", absorbed)
    follows.follow(db, both, "idea", target)
    merge_id = merged(db, make, absorbed, target)
    assert all(follows.is_following(db, person, "idea", target) for person in (one, both, gone))
    follows.remove(db, gone, "idea", target)
    acts.undo(db, make.user(role="moderator"), merge_id, reason="They differ after all.")
    assert [follows.is_following(db, person, "idea", target) for person in (one, both, gone)] == [False, True, False]
    assert all(follows.is_following(db, person, "idea", absorbed) for person in (one, both, gone))
    assert db.execute(sa.select(sa.func.count()).select_from(Follow)).scalar_one() == 4


def test_what_people_did_since_stays_their_own_act(db: Connection, make: Make) -> None:
    absorbed, target = make.idea(), make.idea()
    turned, took_back, left = make.user(), make.user(), make.user()
    for person in (turned, took_back, left):
        votes.cast(db, person, absorbed, 1)
    merge_id = merged(db, make, absorbed, target)
    votes.cast(db, turned, target, -1)
    votes.cast(db, took_back, target, 0)
    votes.cast(db, make.user(), target, 1)
    assert tally(db, target) == (2, 1)
    acts.undo(db, make.user(role="moderator"), merge_id, reason="They differ after all.")
    assert (tally(db, target), tally(db, absorbed)) == ((1, 1), (3, 0))
    assert db.execute(sa.select(sa.func.count()).select_from(MergeCarry)).scalar_one() == 0
    assert is_clean(db)


def test_a_person_with_votes_on_two_absorbed_ideas_still_counts_when_one_goes_back(db: Connection, make: Make) -> None:
    first, second, target, voter = make.idea(), make.idea(), make.idea(), make.user()
    votes.cast(db, voter, first, 1)
    votes.cast(db, voter, second, -1)
    merge_id = merged(db, make, first, target)
    merged(db, make, second, target)
    assert tally(db, target) == (1, 0)
    acts.undo(db, make.user(role="moderator"), merge_id, reason="They differ after all.")
    assert tally(db, target) == (0, 1)
    assert is_clean(db)


def test_supporters_keep_their_vote_out_before_and_after(db: Connection, make: Make) -> None:
    absorbed, target, moderator = make.idea(), make.idea(), make.user(role="moderator")
    early, late = make.user(), make.user()
    for person in (early, late):
        votes.cast(db, person, absorbed, 1)
    merge_id = proposed(db, moderator, absorbed, target)
    proposals.keep_out(db, early, merge_id, is_out=True)
    proposals.answer(db, author_of(db, absorbed), merge_id, AnswerFields(answer="agree"))
    assert tally(db, target) == (1, 0)
    proposals.keep_out(db, late, merge_id, is_out=True)
    assert tally(db, target) == (0, 0)
    proposals.keep_out(db, early, merge_id, is_out=False)
    assert tally(db, target) == (1, 0)
    assert votes.mine(db, early, [target]) == {target: 1}
    with pytest.raises(Forbidden, match="no vote"):
        proposals.keep_out(db, make.user(), merge_id, is_out=True)
    assert is_clean(db)


def test_chains_lead_to_the_last_one_and_come_apart_in_any_order(db: Connection, make: Make) -> None:
    a, b, c = make.idea(votes=1), make.idea(votes=2), make.idea(votes=4)
    top = make.comment(a)
    moderator = make.user(role="moderator")
    inner, outer = merged(db, make, a, b), merged(db, make, b, c)
    assert (places.top(db, a), places.top(db, b)) == (c, c)
    assert tally(db, c) == (7, 0)
    assert comments.get(db, None, top).idea_id == c
    acts.undo(db, moderator, outer, reason="They differ after all.")
    assert (places.top(db, a), tally(db, b), tally(db, c)) == (b, (3, 0), (4, 0))
    assert comments.get(db, None, top).idea_id == b
    outer = merged(db, make, b, c)
    acts.undo(db, moderator, inner, reason="They differ after all.")
    assert (places.top(db, a), tally(db, a), tally(db, b), tally(db, c)) == (a, (1, 0), (2, 0), (6, 0))
    assert comments.get(db, None, top).idea_id == a
    acts.undo(db, moderator, outer, reason="They differ after all.")
    assert (tally(db, b), tally(db, c)) == ((2, 0), (4, 0))
    assert is_clean(db)


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


def test_undoing_twice_is_a_conflict_and_both_acts_are_decisions(db: Connection, make: Make) -> None:
    merge_id, moderator = merged(db, make, make.idea(), make.idea()), make.user(role="moderator")
    acts.undo(db, moderator, merge_id, reason="They differ after all.")
    with pytest.raises(Conflict, match="not in force"):
        acts.undo(db, moderator, merge_id, reason="They differ after all.")
    rows: list[Any] = list(db.execute(sa.select(Decision).order_by(Decision.id)))
    assert [row.action for row in rows] == ["merge", "undo"]
    assert rows[1].undoes_id == rows[0].id
    assert rows[0].undone_at is not None
    assert [row.state_after for row in rows] == ["merged", "published"]
    kinds = db.execute(sa.select(OutboxMessage.kind)).scalars().all()
    assert {"merge.asked", "merge.performed", "merge.undone"} <= set(kinds)


def test_what_was_done_to_the_absorbed_idea_meanwhile_stays_at_undo(db: Connection, make: Make) -> None:
    absorbed, target = make.idea(), make.idea()
    merge_id = merged(db, make, absorbed, target)
    db.execute(sa.update(Idea).where(Idea.id == absorbed).values(state="removed"))
    acts.undo(db, make.user(role="moderator"), merge_id, reason="They differ after all.")
    assert state(db, absorbed) == "removed"


def test_a_comment_posted_in_the_moment_of_the_merge_is_brought_along(db: Connection, make: Make) -> None:
    absorbed, target = make.idea(), make.idea()
    merged(db, make, absorbed, target)
    late = make.comment(absorbed)
    assert threads.sweep(db, absorbed)
    assert not threads.sweep(db, absorbed)
    assert comments.get(db, None, late).idea_id == target
    assert is_clean(db)


def test_the_preview_says_what_the_merge_then_does(db: Connection, make: Make) -> None:
    absorbed, target = make.idea(votes=2, against=1), make.idea(votes=1)
    both, out = make.user(), make.user()
    votes.cast(db, both, absorbed, 1)
    votes.cast(db, both, target, -1)
    votes.cast(db, out, absorbed, 1)
    merge_id = proposed(db, make.user(role="moderator"), absorbed, target)
    proposals.keep_out(db, out, merge_id, is_out=True)
    preview = views.preview(db, views.get(db, None, merge_id))
    assert (preview.both, preview.up, preview.down, preview.out) == (1, 2, 1, 1)
    proposals.answer(db, author_of(db, absorbed), merge_id, AnswerFields(answer="agree"))
    assert tally(db, target) == (preview.up_after, preview.down_after)


def test_a_withdrawn_vote_is_not_brought_back_by_another_merge_that_is_undone(db: Connection, make: Make) -> None:
    first, second, target, voter = make.idea(), make.idea(), make.idea(), make.user()
    for idea_id in (first, second):
        votes.cast(db, voter, idea_id, 1)
    merged(db, make, first, target)
    votes.cast(db, voter, target, 0)
    merge_id = merged(db, make, second, target)
    assert tally(db, target) == (1, 0)
    acts.undo(db, make.user(role="moderator"), merge_id, reason="They differ after all.")
    assert tally(db, target) == (0, 0)
    assert db.execute(sa.select(sa.func.count()).select_from(Vote)).scalar_one() == 2


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
