"""Moderation: reports become one case, a case is lent to one person and decided once, and what follows is exact."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import (
    cases,
    communities,
    decisions,
    ideas,
    moderation,
    people,
    posting,
    progress,
    reports,
    subjects,
    trust,
)
from forum.domain.cases import Wanted
from forum.domain.errors import Conflict, Forbidden, ForumError, NotFound, SignInNeeded
from forum.domain.moderation import DecisionFields
from forum.domain.people import Person
from forum.domain.reports import ReportFields
from forum.models import Case, Decision, Idea, OutboxMessage, User
from tests.making import Make

SPAM = ReportFields(reason="spam", note="The same text again.")


def reported(make: Make, **values: object) -> tuple[int, int]:
    """An idea with one report: (idea, case)."""
    idea_id = make.idea(**values)  # type: ignore[arg-type]
    return idea_id, reports.file(make.db, make.user(), "idea", idea_id, SPAM)


def test_a_report_opens_a_case_and_others_join_it(db: Connection, make: Make) -> None:
    idea_id, first = reported(make)
    second = reports.file(db, make.user(), "idea", idea_id, ReportFields(reason="off-topic"))
    assert first == second
    row = cases.get(db, make.user(role="moderator"), first)
    assert (row.report_count, row.kind, row.subject_id) == (2, "report", idea_id)
    assert [r.reason for r in reports.of_case(db, first)] == ["spam", "off-topic"]


def test_one_person_reports_a_thing_once(db: Connection, make: Make) -> None:
    idea_id, reader = make.idea(), make.user()
    reports.file(db, reader, "idea", idea_id, SPAM)
    with pytest.raises(Conflict, match="already"):
        reports.file(db, reader, "idea", idea_id, SPAM)
    assert db.execute(sa.select(Case.report_count)).scalar_one() == 1


def test_fifty_people_at_once_make_one_case_with_fifty_reports(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, list[int]]:
        make = Make(db)
        return make.idea(), [make.user().id for _ in range(50)]

    idea_id, readers = database.write(prepare)

    def report(reader: int) -> int:
        return database.write(lambda db: reports.file(db, people.load(db, reader), "idea", idea_id, SPAM))

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(report, readers))) == 1
    with database.reading() as db:
        assert db.execute(sa.select(Case.report_count)).scalars().all() == [50]


def test_who_may_not_report(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = make.idea(author=author)
    with pytest.raises(SignInNeeded):
        reports.file(db, None, "idea", idea_id, SPAM)
    with pytest.raises(Forbidden):
        reports.file(db, author, "idea", idea_id, SPAM)
    with pytest.raises(NotFound):
        reports.file(db, make.user(), "idea", idea_id + 999, SPAM)
    with pytest.raises(NotFound):
        reports.file(db, make.user(), "nonsense", idea_id, SPAM)


WHO = [
    # who, may read the case, may decide it
    ("moderator", True, True),
    ("administrator", True, True),
    ("manager here", True, True),
    ("manager elsewhere", False, False),
    ("policy", False, False),
    ("citizen", False, False),
    ("reporter", False, False),
    ("author who moderates", True, False),
    ("suspended moderator", False, False),
]


@pytest.mark.parametrize("who, reads, decides", WHO)
def test_who_reads_and_who_decides(db: Connection, make: Make, who: str, reads: bool, decides: bool) -> None:
    place, author = make.community(), make.user(role="moderator")
    idea_id, reporter = make.idea(community=place, author=author), make.user()
    case_id = reports.file(db, reporter, "idea", idea_id, SPAM)
    person: Person = {
        "moderator": lambda: make.user(role="moderator"),
        "administrator": lambda: make.user(role="administrator"),
        "manager here": lambda: make.member(place.id, make.user(), role="manager"),
        "manager elsewhere": lambda: make.member(make.community().id, make.user(), role="manager"),
        "policy": lambda: make.user(role="policy"),
        "citizen": make.user,
        "reporter": lambda: reporter,
        "author who moderates": lambda: author,
        "suspended moderator": lambda: make.user(role="moderator", status="suspended"),
    }[who]()
    if reads:
        assert cases.get(db, person, case_id).id == case_id
    else:
        with pytest.raises(NotFound):
            cases.get(db, person, case_id)
    if decides:
        moderation.decide(db, person, case_id, DecisionFields(action="keep"))
    else:
        with pytest.raises((Forbidden, NotFound)):
            moderation.decide(db, person, case_id, DecisionFields(action="keep"))


def test_a_removed_idea_leaves_lists_and_counts_and_its_author_is_told_why(db: Connection, make: Make) -> None:
    idea_id, case_id = reported(make)
    before = ideas.get(db, None, idea_id)
    boss = make.user(role="moderator")
    fields = DecisionFields(action="remove", reason="spam", note="Please post it once.")
    decision_id = moderation.decide(db, boss, case_id, fields)
    after = ideas.get(db, None, idea_id)
    assert (after.state, after.is_listed) == ("removed", False)
    assert communities.load(db, before.community_id).idea_count == before.community.idea_count - 1
    assert moderation.reason_for(db, "idea", idea_id) == "spam"
    told = [row.payload for row in db.execute(sa.select(OutboxMessage.payload)) if "title" in row.payload]
    to_author = [payload for payload in told if payload["user_ids"] == [before.author_id]]
    assert "Please post it once." in to_author[0]["text"]
    assert to_author[0]["url"] == f"/decisions/{decision_id}"
    assert len(told) == 2  # the author and the reporter
    statement = decisions.get(db, people.load(db, before.author_id), decision_id)
    assert (statement.reason, statement.note, statement.machine) == ("spam", "Please post it once.", "")
    with pytest.raises(NotFound):
        decisions.get(db, make.user(), decision_id)


def test_keeping_a_held_idea_publishes_it(db: Connection, make: Make) -> None:
    author = make.user(trust_level=0)
    idea_id = make.idea(author=author, state="held", is_listed=False, is_public=False)
    place = ideas.get(db, author, idea_id).community
    case_id = moderation.open_held(
        db, subject_kind="idea", subject_id=idea_id, community_id=place.id, author_id=author.id
    )
    with pytest.raises(NotFound):
        ideas.get(db, None, idea_id)
    moderation.decide(db, make.user(role="moderator"), case_id, DecisionFields(action="keep"))
    assert ideas.get(db, None, idea_id).is_listed
    assert db.execute(sa.select(User.kept_count).where(User.id == author.id)).scalar_one() == 1


def test_holding_hides_the_post_and_keeps_a_case_open(db: Connection, make: Make) -> None:
    idea_id, case_id = reported(make)
    boss = make.user(role="moderator")
    moderation.decide(db, boss, case_id, DecisionFields(action="hold", reason="other"))
    with pytest.raises(NotFound):
        ideas.get(db, None, idea_id)
    [waiting] = cases.queue(db, boss, Wanted()).cases
    assert (waiting.kind, waiting.subject_id) == ("held", idea_id)


def test_a_reason_is_needed_to_hold_or_remove() -> None:
    for action in ("hold", "remove"):
        with pytest.raises(ValueError, match="choose a reason"):
            DecisionFields(action=action)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one of the reasons"):
        DecisionFields(action="remove", reason="I do not like it")


def test_two_moderators_at_once_decide_once(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, list[int]]:
        make = Make(db)
        return reported(make)[1], [make.user(role="moderator").id for _ in range(8)]

    case_id, bosses = database.write(prepare)

    def decide(boss: int) -> bool:
        fields = DecisionFields(action="remove", reason="spam")
        try:
            database.write(lambda db: moderation.decide(db, people.load(db, boss), case_id, fields))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(decide, bosses)) == 1
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Decision)).scalar_one() == 1


def test_people_who_take_the_next_case_at_once_each_get_another(database: Database) -> None:
    def prepare(db: Connection) -> list[int]:
        make = Make(db)
        place = make.community()
        for _ in range(20):
            reported(make, community=place)
        return [make.user(role="moderator").id for _ in range(20)]

    bosses = database.write(prepare)

    def take(boss: int) -> int | None:
        return database.write(lambda db: cases.claim_next(db, people.load(db, boss)))

    with ThreadPoolExecutor(10) as pool:
        taken = list(pool.map(take, bosses))
    assert None not in taken
    assert len(set(taken)) == 20


def test_a_case_is_lent_for_a_quarter_of_an_hour(db: Connection, make: Make) -> None:
    _, case_id = reported(make)
    first, second = make.user(role="moderator", name="First"), make.user(role="moderator")
    cases.claim(db, first, case_id)
    with pytest.raises(Conflict, match="First has this case"):
        cases.claim(db, second, case_id)
    with pytest.raises(Conflict, match="First has this case"):
        moderation.decide(db, second, case_id, DecisionFields(action="keep"))
    with time_machine.travel(now() + timedelta(minutes=15, seconds=1), tick=False):
        cases.claim(db, second, case_id)
        moderation.decide(db, second, case_id, DecisionFields(action="keep"))


def test_the_queue_is_sorted_by_due_time_filtered_and_paged(db: Connection, make: Make) -> None:
    boss, here, there = make.user(role="moderator"), make.community(), make.community()
    made = [reported(make, community=here if n % 2 else there)[1] for n in range(7)]
    manager = make.member(here.id, make.user(), role="manager")
    seen: list[int] = []
    after: str | None = None
    while True:
        page = cases.queue(db, boss, Wanted(), after=after, limit=3)
        seen += [case.id for case in page.cases]
        after = page.next_after
        if after is None:
            break
    assert seen == made
    assert {case.id for case in cases.queue(db, manager, Wanted()).cases} == set(made[1::2])
    assert cases.open_count(db, manager) == 3
    assert cases.open_count(db, boss) == 7
    assert not cases.queue(db, boss, Wanted(kind="held")).cases
    assert not cases.queue(db, boss, Wanted(band="overdue")).cases
    with time_machine.travel(now() + timedelta(days=5), tick=False):
        assert len(cases.queue(db, boss, Wanted(band="overdue")).cases) == 7


FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "opened, due",
    [
        (FRIDAY - timedelta(days=1), FRIDAY),
        (FRIDAY, FRIDAY + timedelta(days=3)),
        (FRIDAY + timedelta(days=1), datetime(2026, 11, 24, tzinfo=UTC)),
    ],
)
def test_a_case_is_due_after_one_working_day(opened: datetime, due: datetime) -> None:
    assert cases.due_after(opened) == due


def test_first_posts_wait_only_where_the_community_asks_for_it(db: Connection, make: Make) -> None:
    new, known = make.user(trust_level=0), make.user(trust_level=1)
    after, first, before = (make.community(moderation=kind) for kind in ("after", "first-posts", "before"))
    manager = make.member(before.id, make.user(trust_level=0), role="manager")
    assert not moderation.should_hold(after, new, 0)
    assert moderation.should_hold(first, new, 2)
    assert not moderation.should_hold(first, new, 3)
    assert not moderation.should_hold(first, known, 0)
    assert moderation.should_hold(before, known, 50)
    assert not moderation.should_hold(before, manager, 0)


LEVELS = [
    # kept, removed lately, days here, level
    (0, 0, 100, 0),
    (3, 0, 0, 0),
    (3, 0, 1, 1),
    (3, 3, 10, 0),
    (20, 0, 29, 1),
    (20, 0, 30, 2),
    (20, 1, 30, 1),
]


@pytest.mark.parametrize("kept, removed, days, expected", LEVELS)
def test_trust_follows_its_public_rules(kept: int, removed: int, days: int, expected: int) -> None:
    assert trust.level(kept, removed, now() - timedelta(days=days)) == expected


def test_a_removal_lowers_trust(db: Connection, make: Make) -> None:
    author = make.user(trust_level=1, created_at=now() - timedelta(days=50))
    place = make.community()
    posts = [make.idea(author=author, community=place) for _ in range(3)]
    assert trust.update(db, author.id) == 1
    case_id = reports.file(db, make.user(), "idea", posts[0], SPAM)
    moderation.decide(db, make.user(role="moderator"), case_id, DecisionFields(action="remove", reason="spam"))
    row = db.execute(sa.select(User.kept_count, User.trust_level).where(User.id == author.id)).one()
    assert tuple(row) == (2, 0)


def test_a_withdrawn_post_stays_withdrawn_whatever_is_decided(db: Connection, make: Make) -> None:
    idea_id, case_id = reported(make)
    db.execute(sa.update(Idea).where(Idea.id == idea_id).values(state="withdrawn", is_listed=False, is_public=False))
    boss = make.user(role="moderator")
    moderation.decide(db, boss, case_id, DecisionFields(action="remove", reason="spam"))
    assert subjects.get(db, boss, "idea", idea_id).state == "withdrawn"


def test_errors_of_moderation_are_sentences(db: Connection, make: Make) -> None:
    with pytest.raises(ForumError, match=r"^There is no case here\.$"):
        cases.get(db, make.user(role="moderator"), 4711)


def test_a_held_post_that_its_author_takes_back_waits_for_nobody(db: Connection, make: Make) -> None:
    author = make.user(trust_level=0)
    place = make.community(moderation="before")
    fields = posting.IdeaFields(
        title="An idea on second thought", body="It was not a good one after all.", community=place.slug
    )
    posted = posting.post(db, author, fields)
    boss = make.user(role="moderator")
    assert cases.open_count(db, boss) == 1
    progress.withdraw(db, author, posted.id, progress.WithdrawFields(reason="I changed my mind."))
    assert cases.open_count(db, boss) == 0
