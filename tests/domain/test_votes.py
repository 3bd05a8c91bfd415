"""Votes: every change, every refusal, and many at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import ideas, people, settling, votes
from forum.domain.errors import Forbidden, Invalid, NotFound, SignInNeeded
from forum.models import Idea, Vote
from tests.making import Make

CHANGES = [
    # before, after, change of up, change of down
    (0, 0, 0, 0),
    (0, 1, 1, 0),
    (0, -1, 0, 1),
    (1, 0, -1, 0),
    (1, 1, 0, 0),
    (1, -1, -1, 1),
    (-1, 0, 0, -1),
    (-1, 1, 1, -1),
    (-1, -1, 0, 0),
]


@pytest.mark.parametrize("is_employee", [False, True])
@pytest.mark.parametrize("before, after, up, down", CHANGES)
def test_every_change_of_a_vote_moves_the_tally_as_it_should(
    db: Connection, make: Make, before: int, after: int, up: int, down: int, is_employee: bool
) -> None:
    idea_id, voter = make.idea(votes=3, against=2), make.user(is_employee=is_employee)
    votes.cast(db, voter, idea_id, before)
    start = ideas.get(db, None, idea_id)
    tally = votes.cast(db, voter, idea_id, after)
    end = ideas.get(db, None, idea_id)
    assert (end.up - start.up, end.down - start.down) == (up, down)
    assert (tally.up, tally.down, tally.my_vote) == (end.up, end.down, after)
    assert end.net == end.up - end.down
    employees = (end.employee_up - start.employee_up, end.employee_down - start.employee_down)
    assert employees == ((up, down) if is_employee else (0, 0))
    assert votes.mine(db, voter, [idea_id]) == ({idea_id: after} if after else {})


def test_a_vote_cast_as_citizen_leaves_the_employees_tally_when_changed_as_employee(db: Connection, make: Make) -> None:
    idea_id, voter = make.idea(), make.user()
    votes.cast(db, voter, idea_id, 1)
    db.execute(sa.text("UPDATE users SET is_employee = :yes WHERE id = :id"), {"yes": True, "id": voter.id})
    tally = votes.cast(db, people.load(db, voter.id), idea_id, -1)
    assert (tally.up, tally.down, tally.employee_up, tally.employee_down) == (0, 1, 0, 1)


@pytest.mark.parametrize("phase, may", [("brainstorm", True), ("discuss", True), ("draft", False), ("closed", False)])
def test_the_phase_decides_whether_votes_are_taken(db: Connection, make: Make, phase: str, may: bool) -> None:
    idea_id, voter = make.idea(community=make.community(phase=phase)), make.user()
    if may:
        assert votes.cast(db, voter, idea_id, 1).up == 1
    else:
        with pytest.raises(Forbidden, match="Voting has ended"):
            votes.cast(db, voter, idea_id, 1)


@pytest.mark.parametrize("state", ["held", "removed", "withdrawn", "merged"])
def test_what_is_not_published_takes_no_votes(db: Connection, make: Make, state: str) -> None:
    idea_id = make.idea(state=state)
    with pytest.raises((Forbidden, NotFound)):
        votes.cast(db, make.user(), idea_id, 1)


def test_who_may_not_vote(db: Connection, make: Make) -> None:
    idea_id = make.idea()
    with pytest.raises(SignInNeeded):
        votes.cast(db, None, idea_id, 1)
    with pytest.raises(Forbidden, match="confirm your address"):
        votes.cast(db, make.user(email_confirmed_at=None), idea_id, 1)
    with pytest.raises(Forbidden, match="suspended"):
        votes.cast(db, make.user(status="suspended"), idea_id, 1)
    with pytest.raises(NotFound):
        votes.cast(db, make.user(), idea_id + 1000, 1)
    with pytest.raises(Invalid):
        votes.cast(db, make.user(), idea_id, 2)


def test_where_only_support_counts_nobody_votes_against(db: Connection, make: Make) -> None:
    idea_id = make.idea(community=make.community(vote_kind="support"))
    with pytest.raises(Forbidden, match="support only"):
        votes.cast(db, make.user(), idea_id, -1)


def test_fifty_requests_at_once_for_one_vote_make_one_vote(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, int]:
        make = Make(db)
        return make.idea(), make.user().id

    idea_id, voter_id = database.write(prepare)

    def vote(_: int) -> int:
        return database.write(lambda db: votes.cast(db, people.load(db, voter_id), idea_id, 1).my_vote)

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(vote, range(50))) == {1}
    database.write(settling.settle_all)
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Vote)).scalar_one() == 1
        assert db.execute(sa.select(Idea.up, Idea.net).where(Idea.id == idea_id)).one() == (1, 1)


def test_many_people_at_once_are_all_counted(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, list[int]]:
        make = Make(db)
        return make.idea(), [make.user().id for _ in range(40)]

    idea_id, voter_ids = database.write(prepare)

    def vote(voter_id: int) -> None:
        value = 1 if voter_id % 3 else -1
        database.write(lambda db: votes.cast(db, people.load(db, voter_id), idea_id, value))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(vote, voter_ids))
    with database.reading() as db:
        idea = ideas.get(db, None, idea_id)
    against = sum(1 for voter_id in voter_ids if voter_id % 3 == 0)
    assert (idea.up, idea.down) == (40 - against, against)
