"""What becomes of an idea: withdrawn, moved, given a status; and the line of steps that tells it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from forum.db import Connection, Database, insert
from forum.domain import communities, ideas, lists, people, posting, progress, search, states, votes
from forum.domain.errors import Forbidden, Invalid, NotFound, SignInNeeded
from forum.domain.lists import Filters
from forum.domain.posting import IdeaFields
from forum.domain.progress import MoveFields, StatusFields, WithdrawFields
from forum.models import Case, Comment, Idea, OutboxMessage, Tag
from tests.making import Make

BODY = "Put every report that was paid for with public money on one site."
WHY = WithdrawFields(reason="It has been done already.")


def post(db: Connection, author: Any, place: Any, **values: str) -> int:
    wanted = {"title": "Publish the reports", "body": BODY, "community": place.slug, **values}
    return posting.post(db, author, IdeaFields(**wanted)).id


def listed(db: Connection, community_id: int | None = None) -> list[int]:
    return [row.id for row in lists.find(db, Filters("newest", community_id=community_id)).rows]


def found(db: Connection, words: str = "public money") -> list[int]:
    return [hit.object_id for hit in search.find(db, words).hits]


def events(db: Connection, kind: str) -> list[dict[str, Any]]:
    return list(db.execute(sa.select(OutboxMessage.payload).where(OutboxMessage.kind == kind)).scalars())


def counts(db: Connection) -> dict[int, int]:
    return {place.id: place.idea_count for place in communities.directory(db).values()}


def test_a_withdrawn_idea_leaves_every_list_and_keeps_its_page_with_the_reason(db: Connection, make: Make) -> None:
    author, place = make.user(), make.community()
    idea_id = post(db, author, place, tags="reports")
    progress.withdraw(db, author, idea_id, WHY)
    idea = ideas.get(db, None, idea_id)
    assert (idea.state, idea.is_listed, idea.is_public) == ("withdrawn", False, False)
    assert listed(db) == listed(db, place.id) == found(db) == []
    assert counts(db) == {place.id: 0}
    assert db.execute(sa.select(Tag.idea_count)).scalar_one() == 0
    last = progress.changes(db, idea_id)[-1]
    assert (last.kind, last.note, last.by_handle) == ("withdrawn", "It has been done already.", author.handle)
    assert [step.label for step in progress.steps(idea, progress.changes(db, idea_id))] == ["Posted", "Withdrawn"]
    assert search.check(db) == []


def test_what_was_withdrawn_may_be_posted_again_at_once(db: Connection, make: Make) -> None:
    author, place = make.user(), make.community()
    idea_id = post(db, author, place)
    progress.withdraw(db, author, idea_id, WHY)
    assert post(db, author, place) != idea_id


def test_only_the_author_withdraws_and_only_once(db: Connection, make: Make) -> None:
    author, place = make.user(), make.community()
    idea_id = post(db, author, place)
    with pytest.raises(SignInNeeded):
        progress.withdraw(db, None, idea_id, WHY)
    for other in (make.user(), make.user(role="administrator")):
        with pytest.raises(Forbidden):
            progress.withdraw(db, other, idea_id, WHY)
    progress.withdraw(db, author, idea_id, WHY)
    with pytest.raises(Forbidden):
        progress.withdraw(db, author, idea_id, WHY)
    assert counts(db) == {place.id: 0}


def test_a_reason_is_needed() -> None:
    for values in ({}, {"reason": "  "}, {"reason": "x" * 501}):
        with pytest.raises(ValidationError):
            WithdrawFields(**values)


def test_a_moved_idea_keeps_votes_comments_and_address_and_changes_lists(db: Connection, make: Make) -> None:
    author, old, new = make.user(), make.community(), make.community()
    idea_id = post(db, author, old, tags="reports")
    make.votes(idea_id, 3, 1)
    words = {
        "idea_id": idea_id,
        "author_id": author.id,
        "path": "1",
        "body": "Libraries hold copies.",
        "body_html": "<p>Libraries hold copies.</p>",
    }
    comment_id = insert(db, Comment, **words, created_at=ideas.get(db, None, idea_id).created_at)
    search.refresh(db, "comment", comment_id)
    for kind, subject in (("idea", idea_id), ("comment", comment_id)):
        moment = ideas.get(db, None, idea_id).created_at
        times = {"opened_at": moment, "due_at": moment, "author_id": author.id, "community_id": old.id}
        insert(db, Case, kind="report", subject_kind=kind, subject_id=subject, **times)
    before = ideas.get(db, None, idea_id)
    manager = make.member(old.id, make.user(), role="manager")
    moved = progress.move(db, manager, idea_id, MoveFields(community=new.slug, note="It is about records."))
    assert (moved.community_id, moved.path, moved.up, moved.down) == (new.id, before.path, 3, 1)
    assert (listed(db), listed(db, old.id), listed(db, new.id)) == ([idea_id], [], [idea_id])
    assert counts(db) == {old.id: 0, new.id: 1}
    assert db.execute(sa.select(Tag.idea_count)).scalar_one() == 1
    assert set(db.execute(sa.select(Case.community_id)).scalars()) == {new.id}
    inside = [hit.object_id for hit in search.find(db, "libraries copies", community_id=new.id).hits]
    assert inside == [comment_id]
    last = progress.changes(db, idea_id)[-1]
    assert (last.kind, last.note) == ("moved", f"From {old.name} to {new.name}. It is about records.")
    assert events(db, "idea.moved") == [{"idea_id": idea_id, "by_id": manager.id}]
    assert votes.cast(db, make.user(), idea_id, 1).up == 4
    assert search.check(db) == []


def test_where_an_idea_may_be_moved(db: Connection, make: Make) -> None:
    old, other, closed = make.community(), make.community(), make.community(visibility="members")
    archived = make.community(status="archived")
    idea_id = make.idea(community=old)
    manager = make.member(old.id, make.user(), role="manager")
    idea = ideas.get(db, manager, idea_id)
    assert [place.id for place in progress.move_targets(db, manager, idea)] == [other.id]
    for slug in (old.slug, closed.slug, archived.slug, "nowhere"):
        with pytest.raises(Invalid):
            progress.move(db, manager, idea_id, MoveFields(community=slug, note="Because of this."))
    member = make.member(closed.id, manager)
    with pytest.raises(Invalid, match="from elsewhere"):
        progress.move(db, member, idea_id, MoveFields(community=closed.slug, note="Because of this."))
    assert ideas.get(db, None, idea_id).community_id == old.id


def test_moving_into_a_closed_circle_and_out_again_changes_who_sees_it(db: Connection, make: Make) -> None:
    old, closed = make.community(), make.community(visibility="members")
    idea_id, moderator = post(db, make.user(), old), make.user(role="moderator")
    progress.move(db, moderator, idea_id, MoveFields(community=closed.slug, note="For members only."))
    assert listed(db) == found(db) == []
    with pytest.raises(NotFound):
        ideas.get(db, None, idea_id)
    progress.move(db, moderator, idea_id, MoveFields(community=old.slug, note="For everyone after all."))
    assert listed(db) == found(db) == [idea_id]
    assert counts(db) == {old.id: 1, closed.id: 0}


def test_who_may_not_move_or_set_a_status(db: Connection, make: Make) -> None:
    author, old, new = make.user(), make.community(), make.community()
    idea_id = post(db, author, old)
    elsewhere = make.member(new.id, make.user(), role="manager")
    for other in (author, make.user(), make.user(is_employee=True), elsewhere):
        with pytest.raises(Forbidden):
            progress.move(db, other, idea_id, MoveFields(community=new.slug, note="Because of this."))
        with pytest.raises(Forbidden):
            progress.set_status(db, other, idea_id, StatusFields(status="done", note="It is done."))
    with pytest.raises(SignInNeeded):
        progress.set_status(db, None, idea_id, StatusFields(status="done", note="It is done."))


def test_opposite_moves_at_once_leave_every_count_right(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, list[str], list[int]]:
        make = Make(db)
        places = [make.community(), make.community()]
        ids = [post(db, make.user(), places[number % 2], title=f"Publish report {number}") for number in range(12)]
        return make.user(role="moderator").id, [place.slug for place in places], ids

    moderator_id, slugs, idea_ids = database.write(prepare)

    def move(number: int) -> None:
        fields = MoveFields(community=slugs[1 - number % 2], note="The other way around.")
        database.write(lambda db: progress.move(db, people.load(db, moderator_id), idea_ids[number], fields))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(move, range(12)))
    with database.reading() as db:
        assert sorted(counts(db).values()) == [6, 6]
        for place in communities.directory(db).values():
            assert len(listed(db, place.id)) == 6


def test_a_status_with_its_note_is_told_and_stands_in_the_history(db: Connection, make: Make) -> None:
    place = make.community()
    idea_id = post(db, make.user(), place)
    manager = make.member(place.id, make.user(agency_name="Archives", is_employee=True), role="manager")
    change_id = progress.set_status(db, manager, idea_id, StatusFields(status="planned", note="We start in **May**."))
    assert ideas.get(db, None, idea_id).status == "planned"
    history = progress.changes(db, idea_id)
    assert [(note.status, note.note, note.agency_name) for note in progress.notes(history)] == [
        ("planned", "We start in **May**.", "Archives")
    ]
    wanted = {"idea_id": idea_id, "change_id": change_id, "by_id": manager.id}
    assert events(db, "idea.status_changed") == [wanted]


@pytest.mark.parametrize(
    "values", [{"status": "open"}, {"note": "No status here."}, {"status": "won", "note": "Hello you"}]
)
def test_a_status_needs_to_be_one_of_ours_and_a_note(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        StatusFields(**values)


@pytest.mark.parametrize(
    "status, line",
    [
        ("open", ["Posted done", "Acknowledged now", "Answered next", "Decided next", "Done next"]),
        ("acknowledged", ["Posted done", "Acknowledged done", "Answered now", "Decided next", "Done next"]),
        ("answered", ["Posted done", "Acknowledged done", "Answered done", "Decided now", "Done next"]),
        ("planned", ["Posted done", "Acknowledged done", "Answered done", "Planned done", "Done now"]),
        ("declined", ["Posted done", "Acknowledged done", "Answered done", "Declined done"]),
        ("done", ["Posted done", "Acknowledged done", "Answered done", "Decided done", "Done done"]),
    ],
)
def test_the_line_of_steps_follows_the_status(db: Connection, make: Make, status: str, line: list[str]) -> None:
    idea = ideas.get(db, None, make.idea(status=status))
    assert [f"{step.label} {step.state}" for step in progress.steps(idea, ())] == line


def test_steps_carry_the_moments_that_are_known_and_the_decision_that_was_made(db: Connection, make: Make) -> None:
    place = make.community()
    idea_id, manager = post(db, make.user(), place), make.user(role="moderator")
    for status in ("acknowledged", "accepted", "done"):
        progress.set_status(db, manager, idea_id, StatusFields(status=status, note="Told to everybody."))
    steps = progress.steps(ideas.get(db, None, idea_id), progress.changes(db, idea_id))
    assert [step.label for step in steps] == ["Posted", "Acknowledged", "Answered", "Accepted", "Done"]
    assert [step.at is not None for step in steps] == [True, True, False, True, True]


def test_a_state_changes_lists_counts_and_search_together(db: Connection, make: Make) -> None:
    place = make.community()
    idea_id = post(db, make.user(), place, tags="reports")
    db.execute(sa.delete(OutboxMessage))
    for state, is_listed, is_found in (
        ("off-topic", False, False),
        ("removed", False, False),
        ("published", True, True),
        ("published", True, True),
        ("held", False, False),
        ("published", True, True),
    ):
        states.change(db, idea_id, state)
        assert ideas.get(db, make.user(role="moderator"), idea_id).state == state
        assert listed(db) == listed(db, place.id) == ([idea_id] if is_listed else [])
        assert found(db) == ([idea_id] if is_found else [])
        assert counts(db) == {place.id: int(is_listed)}
        assert db.execute(sa.select(Tag.idea_count)).scalar_one() == int(is_listed)
        assert search.check(db) == []
    assert events(db, "idea.posted") == [{"idea_id": idea_id}]
    with pytest.raises(NotFound):
        states.change(db, idea_id + 1, "removed")
    assert db.execute(sa.select(sa.func.count()).select_from(Idea)).scalar_one() == 1
