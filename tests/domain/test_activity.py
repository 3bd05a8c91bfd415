"""Activity: one's own ideas, comments and votes, and what others may see of them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import activity, remarks, votes
from forum.domain.errors import Invalid, SignInNeeded
from forum.domain.lists import Listing
from forum.domain.permissions import can
from forum.models import Comment, Idea
from tests.making import Make
from tests.remarking import Scene


def comment(db: Connection, idea_id: int, author_id: int, **values: str) -> int:
    row = {"path": "000001", "body": "Words", "body_html": "Words", "created_at": now(), **values}
    return insert(db, Comment, idea_id=idea_id, author_id=author_id, **row)


def whole(find: Callable[[str | None], Listing]) -> list[Listing]:
    """Every page of a list."""
    pages = [find(None)]
    while pages[-1].next_after:
        pages.append(find(pages[-1].next_after))
    return pages


def test_own_ideas_are_there_in_every_state(db: Connection, make: Make) -> None:
    person = make.user()
    states = ["published", "held", "removed", "withdrawn", "off-topic", "merged", "published"]
    made = [make.idea(author=person, state=state) for state in states]
    make.idea()
    pages = whole(lambda after: activity.ideas(db, person, after=after, limit=3))
    assert [len(page.rows) for page in pages] == [3, 3, 1]
    assert [row.id for page in pages for row in page.rows] == made[::-1]


def test_own_votes_are_listed_as_they_were_last_changed(db: Connection, make: Make) -> None:
    person, made = make.user(), [make.idea() for _ in range(5)]
    for number, idea_id in enumerate(made):
        with time_machine.travel(now() + timedelta(minutes=number), tick=False):
            votes.cast(db, person, idea_id, 1)
    with time_machine.travel(now() + timedelta(hours=1), tick=False):
        votes.cast(db, person, made[0], -1)
    pages = whole(lambda after: activity.votes(db, person, after=after, limit=2))
    rows = [row for page in pages for row in page.rows]
    assert [row.id for row in rows] == [made[0], *made[:0:-1]]
    assert [row.value for row in rows] == [-1, 1, 1, 1, 1]


def test_votes_cast_in_the_same_moment_are_paged_without_loss(db: Connection, make: Make) -> None:
    person, made = make.user(), [make.idea() for _ in range(5)]
    with time_machine.travel(now(), tick=False):
        for idea_id in made:
            votes.cast(db, person, idea_id, 1)
    pages = whole(lambda after: activity.votes(db, person, after=after, limit=2))
    assert [row.id for page in pages for row in page.rows] == made[::-1]


def test_a_title_hidden_since_the_vote_is_not_for_the_voter(db: Connection, make: Make) -> None:
    person, idea_id = make.user(), make.idea()
    votes.cast(db, person, idea_id, 1)
    row = activity.votes(db, person).rows[0]
    assert can(person, "idea.read_text", row)
    db.execute(sa.update(Idea).where(Idea.id == idea_id).values(state="removed"))
    row = activity.votes(db, person).rows[0]
    assert not can(person, "idea.read_text", row)
    assert can(make.user(role="moderator"), "idea.read_text", row)


def test_everyone_sees_only_comments_that_stand_in_public(db: Connection, make: Make) -> None:
    person = make.user()
    public, private = make.idea(), make.idea(community=make.community(visibility="members"))
    removed = make.idea(state="removed", is_public=False, is_listed=False)
    stands = comment(db, public, person.id)
    hidden = [comment(db, public, person.id, state=state) for state in ("held", "removed", "withdrawn")]
    elsewhere = [comment(db, idea_id, person.id) for idea_id in (private, removed)]
    assert [row.id for row in activity.public_comments(db, person.id).rows] == [stands]
    own = [row.id for row in activity.comments(db, person).rows]
    assert own == sorted([stands, *hidden, *elsewhere], reverse=True)


def test_comments_are_paged_by_key(db: Connection, make: Make) -> None:
    person, idea_id = make.user(), make.idea()
    made = [comment(db, idea_id, person.id) for _ in range(5)]
    pages = whole(lambda after: activity.public_comments(db, person.id, after=after, limit=2))
    assert [row.id for page in pages for row in page.rows] == made[::-1]


def test_comments_on_directives_stand_among_the_others_and_are_paged_with_them(db: Connection, make: Make) -> None:
    scene, idea_id = Scene(make), make.idea()
    made: list[tuple[str, int]] = []
    for number in range(7):
        with time_machine.travel(now() + timedelta(minutes=number), tick=False):
            if number % 3:
                made.append(("remark", scene.say(f"Words {number}").id))
            else:
                made.append(("comment", comment(db, idea_id, scene.author.id)))
    for find in (activity.public_comments, lambda db, _, **more: activity.comments(db, scene.author, **more)):
        pages = whole(lambda after, find=find: find(db, scene.author.id, after=after, limit=2))  # type: ignore[misc]
        assert [(row.kind, row.id) for page in pages for row in page.rows] == made[::-1]
    assert activity.comments(db, scene.author, limit=2).rows[1].title == scene.say("Words 5").heading


def test_others_see_no_comment_on_a_directive_that_is_held_removed_or_withdrawn(db: Connection, make: Make) -> None:
    scene = Scene(make)
    said = [scene.say(f"Words {number}") for number in range(4)]
    for remark, state in zip(said, ("held", "removed", "withdrawn"), strict=False):
        remarks.change_state(db, remark.id, state)
    assert [row.id for row in activity.public_comments(db, scene.author.id).rows] == [said[3].id]
    own = activity.comments(db, scene.author).rows
    assert [row.state for row in own] == ["published", "withdrawn", "removed", "held"]


@pytest.mark.parametrize("after", ["x_", "x_1", "1_x", "-1", "1_2_3"])
def test_a_key_of_comments_that_is_none_of_ours_is_refused(db: Connection, make: Make, after: str) -> None:
    with pytest.raises(Invalid):
        activity.comments(db, make.user(), after=after)


@pytest.mark.parametrize("after", ["x", "-1", "1_", "9" * 30, "1_2_3", "²", "1; DROP TABLE users"])
def test_a_key_that_is_none_of_ours_is_refused(db: Connection, make: Make, after: str) -> None:
    person = make.user()
    with pytest.raises(Invalid):
        activity.votes(db, person, after=after)
    with pytest.raises(Invalid):
        activity.ideas(db, person, after=after)


def test_nobody_has_no_activity(db: Connection) -> None:
    for find in (activity.ideas, activity.votes, activity.comments):
        with pytest.raises(SignInNeeded):
            find(db, None)
