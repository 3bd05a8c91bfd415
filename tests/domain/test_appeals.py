"""Appeals: once, in time, by the author, decided by somebody else, and upheld ones restore exactly."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import appeals, cases, decisions, ideas, moderation, outcomes, people, reports, undoing
from forum.domain.actions import DecisionFields
from forum.domain.appeals import AppealFields, OutcomeFields
from forum.domain.cases import Wanted
from forum.domain.errors import Conflict, Forbidden, NotFound
from forum.domain.people import Person
from forum.domain.reports import ReportFields
from forum.models import Appeal, Case, OutboxMessage
from tests.making import Make

WHY = AppealFields(text="It is about bridges, and so is the community.")
UPHELD = OutcomeFields(outcome="upheld", answer="You are right, it fits.")
DENIED = OutcomeFields(outcome="denied", answer="It was posted nine times.")


def removed(make: Make, *, author: Person, boss: Person) -> tuple[int, int]:
    """An idea that was removed: (idea, decision)."""
    idea_id = make.idea(author=author)
    fields = DecisionFields(action="remove", reason="spam")
    return idea_id, moderation.act(make.db, boss, "idea", idea_id, fields)


@pytest.fixture
def author(make: Make) -> Person:
    return make.user()


@pytest.fixture
def boss(make: Make) -> Person:
    return make.user(role="moderator", name="First")


def titles(db: Connection, user_id: int) -> list[str]:
    rows = db.execute(sa.select(OutboxMessage.payload).where(OutboxMessage.kind == "people.told")).scalars()
    return [row["title"] for row in rows if row["user_ids"] == [user_id]]


def test_an_upheld_appeal_restores_and_both_are_told(db: Connection, make: Make, author: Person, boss: Person) -> None:
    idea_id, decision_id = removed(make, author=author, boss=boss)
    appeal_id = appeals.file(db, author, decision_id, WHY)
    other = make.user(role="moderator")
    [case] = cases.queue(db, other, Wanted(kind="appeal")).cases
    assert (case.subject_id, case.details["appeal_id"], case.details["decision_id"]) == (
        idea_id,
        appeal_id,
        decision_id,
    )
    outcomes.decide(db, other, appeal_id, UPHELD)
    assert ideas.get(db, None, idea_id).state == "published"
    assert not cases.queue(db, other, Wanted()).cases
    appeal = appeals.get(db, author, appeal_id)
    assert (appeal.outcome, appeal.answer, appeal.decided_by_id) == ("upheld", UPHELD.answer, other.id)
    assert "Your appeal was upheld" in titles(db, author.id)
    assert f"The appeal against your decision {decision_id} was upheld" in titles(db, boss.id)
    assert appeals.counts(db) == {"upheld": 1}
    undo_id = decisions.undone_by(db, decision_id)
    assert undo_id is not None
    with pytest.raises(Conflict, match="An appeal was upheld here"):
        undoing.undo(db, boss, undo_id)


def test_a_denied_appeal_says_why_and_changes_nothing(db: Connection, make: Make, author: Person, boss: Person) -> None:
    idea_id, decision_id = removed(make, author=author, boss=boss)
    appeal_id = appeals.file(db, author, decision_id, WHY)
    other = make.user(role="moderator")
    outcomes.decide(db, other, appeal_id, DENIED)
    assert ideas.get(db, None, idea_id).state == "removed"
    assert appeals.get(db, author, appeal_id).answer == DENIED.answer
    assert cases.open_count(db, other) == 0
    with pytest.raises(Conflict, match="decided on this appeal"):
        outcomes.decide(db, other, appeal_id, UPHELD)


def test_whoever_decided_does_not_decide_on_the_appeal(
    db: Connection, make: Make, author: Person, boss: Person
) -> None:
    _, decision_id = removed(make, author=author, boss=boss)
    appeal_id = appeals.file(db, author, decision_id, WHY)
    appeal = appeals.get(db, boss, appeal_id)
    for outcome in (UPHELD, DENIED):
        with pytest.raises(Forbidden, match="You made the decision"):
            outcomes.decide(db, boss, appeal_id, outcome)
    with pytest.raises(Forbidden):
        cases.claim(db, boss, appeal.case_id)
    with pytest.raises(Conflict, match="own page"):
        moderation.decide(db, make.user(role="moderator"), appeal.case_id, DecisionFields(action="keep"))
    assert cases.claim_next(db, boss) is None
    assert cases.claim_next(db, make.user(role="moderator")) == appeal.case_id


def test_an_appeal_waits_until_there_is_another_moderator(
    db: Connection, make: Make, author: Person, boss: Person
) -> None:
    _, decision_id = removed(make, author=author, boss=boss)
    appeal = appeals.get(db, author, appeals.file(db, author, decision_id, WHY))
    assert not appeals.is_anybody_free(db, appeal)
    make.user(role="moderator", status="suspended")
    assert not appeals.is_anybody_free(db, appeal)
    place = decisions.load(db, decision_id).community
    assert place is not None
    make.member(place.id, make.user(), role="manager")
    assert appeals.is_anybody_free(db, appeal)


def test_an_author_who_moderates_does_not_decide_on_the_own_appeal(db: Connection, make: Make, boss: Person) -> None:
    author = make.user(role="moderator")
    _, decision_id = removed(make, author=author, boss=boss)
    appeal_id = appeals.file(db, author, decision_id, WHY)
    with pytest.raises(Forbidden, match="your own"):
        outcomes.decide(db, author, appeal_id, UPHELD)
    assert cases.claim_next(db, author) is None


def test_late_double_and_foreign_appeals_are_refused(db: Connection, make: Make, author: Person, boss: Person) -> None:
    _, decision_id = removed(make, author=author, boss=boss)
    with pytest.raises(NotFound):
        appeals.file(db, make.user(), decision_id, WHY)
    with pytest.raises(Forbidden):
        appeals.file(db, boss, decision_id, WHY)
    with time_machine.travel(now() + timedelta(days=185), tick=False), pytest.raises(Conflict, match="The time"):
        appeals.file(db, author, decision_id, WHY)
    with time_machine.travel(now() + timedelta(days=183), tick=False):
        appeals.file(db, author, decision_id, WHY)
    with pytest.raises(Conflict, match="appealed already"):
        appeals.file(db, author, decision_id, WHY)


def test_only_what_limits_and_is_in_force_can_be_appealed(
    db: Connection, make: Make, author: Person, boss: Person
) -> None:
    idea_id = make.idea(author=author)
    kept = moderation.act(db, boss, "idea", idea_id, DecisionFields(action="keep"))
    with pytest.raises(Conflict, match="limits nothing"):
        appeals.file(db, author, kept, WHY)
    _, decision_id = removed(make, author=author, boss=boss)
    undoing.undo(db, boss, decision_id)
    with pytest.raises(Conflict, match="has been undone"):
        appeals.file(db, author, decision_id, WHY)


def test_whoever_takes_back_the_own_decision_ends_the_appeal_with_it(
    db: Connection, make: Make, author: Person, boss: Person
) -> None:
    _, decision_id = removed(make, author=author, boss=boss)
    appeal_id = appeals.file(db, author, decision_id, WHY)
    undoing.undo(db, boss, decision_id)
    assert appeals.get(db, author, appeal_id).outcome == "upheld"
    assert cases.open_count(db, boss) == 0


def test_a_suspended_person_appeals_against_the_suspension(
    db: Connection, make: Make, author: Person, boss: Person
) -> None:
    place = make.community()
    make.idea(author=author, community=place)
    manager = make.member(place.id, make.user(), role="manager")
    fields = DecisionFields(action="suspend", reason="spam", days=30)
    decision_id = moderation.act_on_account(db, boss, author.id, fields)
    suspended = people.load(db, author.id)
    assert suspended.status == "suspended"
    appeal_id = appeals.file(db, suspended, decision_id, WHY)
    assert not cases.queue(db, manager, Wanted()).cases
    assert cases.open_count(db, manager) == 0
    with pytest.raises(NotFound):
        cases.get(db, manager, appeals.get(db, suspended, appeal_id).case_id)
    outcomes.decide(db, make.user(role="moderator"), appeal_id, UPHELD)
    assert people.load(db, author.id).status == "active"


def test_two_appeals_about_one_post_share_a_case_that_both_must_end(
    db: Connection, make: Make, author: Person, boss: Person
) -> None:
    idea_id = make.idea(author=author)
    second = make.user(role="moderator")
    lock = moderation.act(db, boss, "idea", idea_id, DecisionFields(action="lock", reason="other"))
    track = moderation.act(db, second, "idea", idea_id, DecisionFields(action="off-topic", reason="off-topic"))
    first_appeal, second_appeal = (appeals.file(db, author, one, WHY) for one in (lock, track))
    third = make.user(role="moderator")
    [case] = cases.queue(db, third, Wanted()).cases
    assert case.details["decider_ids"] == sorted([boss.id, second.id])
    outcomes.decide(db, third, first_appeal, UPHELD)
    assert cases.open_count(db, third) == 1
    outcomes.decide(db, third, second_appeal, DENIED)
    assert cases.open_count(db, third) == 0
    idea = ideas.get(db, None, idea_id)
    assert (idea.is_locked, idea.state) == (False, "off-topic")


def test_an_appeal_under_a_later_decision_names_it(db: Connection, make: Make, author: Person, boss: Person) -> None:
    idea_id = make.idea(author=author)
    track = moderation.act(db, boss, "idea", idea_id, DecisionFields(action="off-topic", reason="off-topic"))
    appeal_id = appeals.file(db, author, track, WHY)
    later = moderation.act(db, boss, "idea", idea_id, DecisionFields(action="remove", reason="spam"))
    with pytest.raises(undoing.LaterDecision, match=f"Decision {later} "):
        outcomes.decide(db, make.user(role="moderator"), appeal_id, UPHELD)
    assert appeals.get(db, author, appeal_id).is_waiting


def test_an_appeal_has_a_clock_of_its_own(db: Connection, make: Make, author: Person, boss: Person) -> None:
    _, decision_id = removed(make, author=author, boss=boss)
    appeal = appeals.get(db, author, appeals.file(db, author, decision_id, WHY))
    assert timedelta(days=4) < appeal.due_at - appeal.created_at <= timedelta(days=9)
    assert db.execute(sa.select(Case.due_at).where(Case.id == appeal.case_id)).scalar_one() == appeal.due_at


def test_decisions_reports_stay_closed_when_an_appeal_is_upheld(
    db: Connection, make: Make, author: Person, boss: Person
) -> None:
    idea_id = make.idea(author=author)
    case_id = reports.file(db, make.user(), "idea", idea_id, ReportFields(reason="spam"))
    decision_id = moderation.decide(db, boss, case_id, DecisionFields(action="remove", reason="spam"))
    appeal_id = appeals.file(db, author, decision_id, WHY)
    outcomes.decide(db, make.user(role="moderator"), appeal_id, UPHELD)
    assert not db.execute(sa.select(Case.is_open).where(Case.id == case_id)).scalar_one()


def test_ten_clicks_at_once_make_one_appeal(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, int]:
        make = Make(db)
        author = make.user()
        return author.id, removed(make, author=author, boss=make.user(role="moderator"))[1]

    author_id, decision_id = database.write(prepare)

    def file(_: int) -> bool:
        try:
            database.write(lambda db: appeals.file(db, people.load(db, author_id), decision_id, WHY))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(file, range(10))) == 1
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Appeal)).scalar_one() == 1
        assert db.execute(sa.select(sa.func.count()).select_from(Case).where(Case.is_open)).scalar_one() == 1


def test_two_who_undo_at_once_undo_once(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, list[int]]:
        make = Make(db)
        bosses = [make.user(role="moderator") for _ in range(6)]
        return removed(make, author=make.user(), boss=bosses[0])[1], [boss.id for boss in bosses]

    decision_id, bosses = database.write(prepare)

    def undo(boss: int) -> bool:
        try:
            database.write(lambda db: undoing.undo(db, people.load(db, boss), decision_id))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(undo, bosses)) == 1
