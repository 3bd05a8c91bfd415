"""Merging: how votes are united by person, what follows along, and exact undo."""

from typing import Any

import pytest
import sqlalchemy as sa

from forum.db import Connection
from forum.domain import commenting, comments, follows, ideas, recounts, search, votes
from forum.domain.commenting import CommentFields
from forum.domain.errors import Conflict, Forbidden
from forum.domain.merges import acts, places, proposals, threads, views
from forum.domain.merges.proposals import AnswerFields, DecisionFields
from forum.models import Decision, Follow, Idea, MergeCarry, OutboxMessage, Vote
from tests.making import Make
from tests.merging import author_of, is_clean, merged, proposed, state, tally


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


def test_a_merge_takes_as_many_statements_for_many_votes_as_for_few(db: Connection, make: Make) -> None:
    counted, needed = [0], []

    def count(connection: Any, *_: Any) -> None:
        if connection is db:
            counted[0] += 1

    sa.event.listen(db.engine, "before_cursor_execute", count)
    for number in (2, 40):
        gone = make.user(status="imported")
        absorbed, target, moderator = make.idea(author=gone, votes=number), make.idea(), make.user(role="moderator")
        merge_id = proposed(db, moderator, absorbed, target)
        counted[0] = 0
        proposals.decide(db, moderator, merge_id, DecisionFields(act="merge"))
        acts.undo(db, moderator, merge_id, reason="They differ after all.")
        needed.append(counted[0])
    sa.event.remove(db.engine, "before_cursor_execute", count)
    assert needed[0] == needed[1]
