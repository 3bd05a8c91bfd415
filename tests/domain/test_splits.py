"""Splitting: a part becomes an idea of its own, with its threads; votes stay; the way back is exact."""

import pytest
import sqlalchemy as sa

from forum.db import Connection
from forum.domain import commenting, comments, ideas, votes
from forum.domain.commenting import CommentFields
from forum.domain.errors import Conflict, Forbidden, Invalid, SignInNeeded
from forum.domain.merges import acts, checks, splits, views
from forum.domain.merges.splits import SplitFields, SplitView
from forum.domain.people import Person
from forum.models import Decision, Follow, Vote
from tests.making import Make
from tests.merging import is_clean, merged, state, tally

WHOLE = "Buses should be free at night. Also, trains should have more room for bicycles."
REST = "Buses should be free at night."
PART = "Trains should have more room for bicycles."


def fields(*threads: int, rest: str = REST) -> SplitFields:
    return SplitFields(
        title="More room for bicycles",
        body=PART,
        rest=rest,
        reason="Two ideas in one.",
        comment=tuple(map(str, threads)),
    )


def split(db: Connection, user: Person, idea_id: int, *threads: int, rest: str = REST) -> SplitView:
    return splits.split(db, user, idea_id, fields(*threads, rest=rest))


def test_a_part_becomes_an_idea_and_both_are_linked(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = make.idea(author=author, body=WHOLE, votes=3)
    stays, goes = make.comment(idea_id), make.comment(idea_id)
    answer = make.comment(idea_id, parent_id=goes)
    made = split(db, author, idea_id, goes)
    assert (made.idea.body, made.part.body, made.part.author_id) == (REST, PART, author.id)
    assert (tally(db, idea_id), tally(db, made.part.id)) == ((3, 0), (0, 0))
    where = {number: comments.get(db, None, number).idea_id for number in (stays, goes, answer)}
    assert where == {stays: idea_id, goes: made.part.id, answer: made.part.id}
    [there] = views.relations(db, ideas.get(db, None, idea_id))
    [back] = views.relations(db, ideas.get(db, None, made.part.id))
    assert (there.id, there.is_part, back.id, back.is_part) == (made.part.id, False, idea_id, True)
    assert is_clean(db)
    followed = sa.select(Follow.object_id).where(Follow.user_id == author.id, Follow.kind == "idea")
    assert made.part.id in db.execute(followed).scalars().all()


def test_undoing_puts_everything_back_and_keeps_what_was_done_since(db: Connection, make: Make) -> None:
    author, voter = make.user(), make.user()
    idea_id = make.idea(author=author, body=WHOLE, votes=2)
    goes = make.comment(idea_id)
    made = split(db, author, idea_id, goes)
    votes.cast(db, voter, made.part.id, 1)
    own = commenting.post(db, voter, made.part.id, CommentFields(body="About the part alone.")).id
    answer = commenting.post(db, voter, made.part.id, CommentFields(body="To the old one.", parent=str(goes))).id
    splits.undo(db, author, made.id, reason="It was one thing.")
    assert (ideas.get(db, None, idea_id).body, tally(db, idea_id)) == (WHOLE, (2, 0))
    assert state(db, made.part.id) == "withdrawn"
    where = {number: comments.get(db, author, number).idea_id for number in (goes, answer, own)}
    assert where == {goes: idea_id, answer: idea_id, own: made.part.id}
    assert tally(db, made.part.id) == (1, 0)
    assert views.relations(db, ideas.get(db, None, idea_id)) == ()
    assert is_clean(db)
    assert checks.check(db) == []
    actions = db.execute(sa.select(Decision.action).order_by(Decision.id)).scalars().all()
    assert actions == ["split", "undo"]
    with pytest.raises(Conflict, match="in the meantime"):
        splits.undo(db, author, made.id, reason="It was one thing.")


def test_a_later_word_of_the_author_is_not_undone(db: Connection, make: Make) -> None:
    author = make.user(role="moderator")
    idea_id = make.idea(author=author, body=WHOLE)
    made = split(db, author, idea_id)
    again = split(db, author, idea_id, rest="Buses should be free at night, and on Sundays.")
    splits.undo(db, author, made.id, reason="It was one thing.")
    assert ideas.get(db, None, idea_id).body == "Buses should be free at night, and on Sundays."
    splits.undo(db, author, again.id, reason="It was one thing.")
    assert ideas.get(db, None, idea_id).body == REST


def test_the_text_may_stay_as_it_is(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = make.idea(author=author, body=WHOLE)
    assert split(db, author, idea_id, rest="").idea.body == WHOLE


def test_only_the_author_and_moderators_split(db: Connection, make: Make) -> None:
    idea_id = make.idea(body=WHOLE)
    with pytest.raises(SignInNeeded):
        splits.split(db, None, idea_id, fields())
    with pytest.raises(Forbidden):
        split(db, make.user(), idea_id)
    made = split(db, make.user(role="moderator"), idea_id)
    assert made.part.author_id == made.idea.author_id
    with pytest.raises(Forbidden):
        splits.undo(db, make.user(), made.id, reason="It was one thing.")


def test_splitting_is_no_way_around_the_check_of_new_words(db: Connection, make: Make) -> None:
    place, author = make.community(moderation="before"), make.user()
    idea_id = make.idea(author=author, community=place, body=WHOLE)
    with pytest.raises(Conflict, match="ask a moderator"):
        split(db, author, idea_id)
    assert split(db, make.user(role="moderator"), idea_id).part.community_id == place.id


def test_threads_that_are_gone_and_texts_that_changed_are_refused(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = make.idea(author=author, body=WHOLE)
    elsewhere = make.comment(make.idea())
    with pytest.raises(Invalid, match="not here any more"):
        split(db, author, idea_id, elsewhere)
    with pytest.raises(Conflict, match="changed in the meantime"):
        splits.split(db, author, idea_id, fields(), seen="an old mark")


def test_a_part_in_a_merge_or_split_again_goes_back_last(db: Connection, make: Make) -> None:
    moderator = make.user(role="moderator")
    idea_id = make.idea(body=WHOLE)
    thread = make.comment(idea_id)
    made = split(db, moderator, idea_id, thread)
    merge_id = merged(db, make, made.part.id, make.idea())
    with pytest.raises(Conflict, match="Undo that merge first"):
        splits.undo(db, moderator, made.id, reason="It was one thing.")
    acts.undo(db, moderator, merge_id, reason="They differ.")
    deeper = split(db, moderator, made.part.id, rest="")
    with pytest.raises(Conflict, match="Undo that split first"):
        splits.undo(db, moderator, made.id, reason="It was one thing.")
    splits.undo(db, moderator, deeper.id, reason="It was one thing.")
    splits.undo(db, moderator, made.id, reason="It was one thing.")
    assert comments.get(db, moderator, thread).idea_id == idea_id
    assert is_clean(db)


def test_threads_go_back_into_the_idea_that_the_original_is_in_by_now(db: Connection, make: Make) -> None:
    moderator = make.user(role="moderator")
    idea_id, target = make.idea(body=WHOLE), make.idea()
    thread = make.comment(idea_id)
    made = split(db, moderator, idea_id, thread)
    merge_id = merged(db, make, idea_id, target)
    splits.undo(db, moderator, made.id, reason="It was one thing.")
    assert comments.get(db, None, thread).idea_id == target
    acts.undo(db, moderator, merge_id, reason="They differ.")
    assert comments.get(db, None, thread).idea_id == idea_id
    assert checks.check(db) == []
    assert is_clean(db)


def test_the_check_tells_what_does_not_agree(db: Connection, make: Make) -> None:
    absorbed, target = make.idea(votes=2), make.idea()
    merged(db, make, absorbed, target)
    assert checks.check(db) == []
    db.execute(sa.delete(Vote).where(Vote.idea_id == target))
    make.comment(absorbed)
    assert [sentence.partition(":")[0] for sentence in checks.check(db)] == ["Merges", "Merges"]
    assert any(str(target) in sentence for sentence in checks.check(db))
