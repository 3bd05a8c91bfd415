"""The transparency report: every number is one that can be counted again from the log and from the rows."""

import random
import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from forum.db import Connection, Database, insert
from forum.domain import cases, log, moderation, reasons, reports, transparency
from forum.domain.errors import NotFound
from forum.domain.log import Filters
from forum.domain.moderation import DecisionFields
from forum.domain.reports import ReportFields
from forum.domain.transparency import Month
from forum.models import Appeal, Case, Decision, Idea, Report
from tests.making import Make

MAY, JUNE, JULY = Month(2026, 5), Month(2026, 6), Month(2026, 7)
BEGUN, LATER = datetime(2026, 5, 1, 8, tzinfo=UTC), datetime(2026, 7, 20, tzinfo=UTC)
ACTIONS = ("keep", "keep", "hold", "remove", "off-topic", "lock", "warn", "suspend")


def fill(make: Make, chance: random.Random, *, many: int = 150) -> None:
    """Months of moderation as it might have been: cases that end in time or late, undoings, appeals."""
    db, places = make.db, [make.community(), make.community(visibility="members")]
    ideas = [(make.idea(community=place, author=author), place, author) for place in places for author in [make.user()]]
    reporters, boss = [make.user() for _ in range(many)], make.user(role="moderator")
    for number in range(many):
        idea_id, place, author = chance.choice(ideas)
        opened = BEGUN + timedelta(seconds=chance.uniform(0, 80 * 86_400))
        closed = opened + timedelta(hours=chance.expovariate(1 / 12))
        subject: dict[str, Any] = {"subject_kind": "idea", "subject_id": idea_id}
        common = {**subject, "community_id": place.id, "author_id": author.id}
        is_open, machine = closed >= LATER, chance.choice(["", "", "found", "decided"])
        kind = chance.choice(["report", "held", "spam"])
        about = {"opened_at": opened, "due_at": cases.due_after(opened), "closed_at": None if is_open else closed}
        case_id = insert(db, Case, kind=kind, is_open=False, report_count=0, details={}, **common, **about)
        given = {"reporter_id": reporters[number].id, "reason": chance.choice(reasons.REASONS).code}
        insert(db, Report, case_id=case_id, created_at=opened, **subject, **given)
        if is_open or chance.random() < 0.1:
            continue
        action = chance.choice(ACTIONS)
        states = {"state_before": "published", "state_after": "published", "decided_by_id": boss.id}
        reason = "" if action == "keep" else chance.choice(reasons.REASONS).code
        more = {"action": action, "reason": reason, "machine": machine, "created_at": closed, **states}
        decision_id = insert(db, Decision, case_id=case_id, **common, **more)
        db.execute(sa.update(Case).where(Case.id == case_id).values(decision_id=decision_id))
        answered = closed + timedelta(days=chance.uniform(0, 4))
        if chance.random() < 0.3:
            outcome = chance.choice(["", "upheld", "denied"]) if answered < LATER else ""
            ended = {"outcome": outcome, "decided_at": answered if outcome else None, "due_at": answered}
            key = {"decision_id": decision_id, "case_id": case_id, "author_id": author.id}
            insert(db, Appeal, text="No.", created_at=closed, **key, **ended)
        elif chance.random() < 0.2:
            undoing = {**more, "action": "undo", "created_at": answered, "undoes_id": decision_id}
            insert(db, Decision, **common, **undoing)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_number_can_be_counted_again_from_the_log(db: Connection, make: Make, seed: int) -> None:
    fill(make, random.Random(seed))
    boss = make.user(role="administrator")
    with time_machine.travel(LATER, tick=False):
        assert transparency.months(db) == [JULY, JUNE, MAY]
        for month in (MAY, JUNE, JULY):
            found = transparency.numbers(db, month)
            span = Filters(since=month.start, until=month.end)
            entries = list(log.walk(db, log.hidden(db, boss), span))
            acts = [entry for entry in entries if entry.action != "undo"]
            assert found.actions == Counter(entry.action for entry in acts)
            assert found.decisions == len(acts)
            assert found.undone == len(entries) - len(acts)
            assert found.reasons == Counter(entry.reason for entry in acts if entry.reason)
            assert found.machines == Counter(entry.machine for entry in acts)
            assert found.found_by_program == Counter(entry.action for entry in acts if entry.machine != "none")
            assert sum(found.communities.values()) == len(acts)


@pytest.mark.parametrize("seed", [3])
def test_times_reports_and_appeals_are_those_of_the_rows(db: Connection, make: Make, seed: int) -> None:
    fill(make, random.Random(seed))
    every_case, every_report = db.execute(sa.select(Case)).all(), db.execute(sa.select(Report)).all()
    appeals = db.execute(sa.select(Appeal)).all()
    with time_machine.travel(LATER, tick=False):
        for month in (MAY, JUNE, JULY):
            found, span = transparency.numbers(db, month), (month.start, month.end)
            ended = [row for row in every_case if row.closed_at and span[0] <= row.closed_at < span[1]]
            decided = [row for row in ended if row.decision_id]
            hours = sorted((row.closed_at - row.opened_at).total_seconds() / 3600 for row in decided)
            assert found.times.decided == len(decided)
            assert found.closed == len(ended) - len(decided)
            assert found.times.median == pytest.approx(statistics.median(hours))
            assert found.times.most in (pytest.approx(hours[round(0.9 * len(hours)) + shift]) for shift in (-1, 0))
            assert found.times.in_time == sum(row.closed_at <= row.due_at for row in decided)
            assert sum(found.times.within.values()) == len(decided)
            assert found.times.within["1 hour"] == sum(length <= 1 for length in hours)
            assert sum(found.opened.values()) == sum(span[0] <= row.opened_at < span[1] for row in every_case)
            assert found.waiting == sum(
                row.opened_at < span[1] and (row.closed_at is None or row.closed_at >= span[1]) for row in every_case
            )
            assert found.reports == Counter(row.reason for row in every_report if span[0] <= row.created_at < span[1])
            assert found.appeals == sum(span[0] <= row.created_at < span[1] for row in appeals)
            answered = [row for row in appeals if row.decided_at and span[0] <= row.decided_at < span[1]]
            assert found.outcomes == Counter(row.outcome for row in answered)


def test_what_moderators_do_now_is_in_the_report_of_now(db: Connection, make: Make) -> None:
    idea_id, boss = make.idea(), make.user(role="moderator")
    case_id = reports.file(db, make.user(), "idea", idea_id, ReportFields(reason="hate"))
    month = transparency.present()
    before = transparency.numbers(db, month)
    assert (before.reports, before.opened, before.waiting, before.decisions) == ({"hate": 1}, {"report": 1}, 1, 0)
    moderation.decide(db, boss, case_id, DecisionFields(action="remove", reason="hate"))
    after = transparency.numbers(db, month)
    assert (after.actions, after.reasons, after.waiting) == ({"remove": 1}, {"hate": 1}, 0)
    assert not after.is_over


def test_posts_count_in_the_month_they_were_made_whatever_became_of_them(db: Connection, make: Make) -> None:
    edges = [MAY.start, MAY.end - timedelta(microseconds=1), MAY.end]
    ids = [make.idea(created_at=moment) for moment in edges]
    db.execute(sa.update(Idea).where(Idea.id == ids[0]).values(state="removed"))
    make.comment(ids[1], created_at=edges[0])
    make.comment(ids[1], created_at=edges[2], state="held")
    assert transparency.posts(db, MAY) == {"ideas": 2, "comments": 1, "comments-on-directives": 0}
    assert transparency.posts(db, JUNE) == {"ideas": 1, "comments": 1, "comments-on-directives": 0}
    assert transparency.posts(db, JULY) == {"ideas": 0, "comments": 0, "comments-on-directives": 0}


def test_a_month_without_anything_has_no_times(db: Connection) -> None:
    found = transparency.numbers(db, MAY)
    assert (found.times.median, found.times.most, found.times.share_in_time) == (None, None, None)
    assert (found.decisions, found.waiting, found.appeal_hours) == (0, 0, None)


def test_only_months_since_the_first_act_are_reported(db: Connection, make: Make) -> None:
    fill(make, random.Random(5), many=5)
    with time_machine.travel(LATER, tick=False):
        assert transparency.read_month(db, "2026-07") == JULY
        for code in ("2026-08", "2026-04", "2026-7", "2026-13", "july", "2026-07-01", "0000-00", "٢٠٢٦-٠٧"):
            with pytest.raises(NotFound):
                transparency.read_month(db, code)


@given(st.integers(1971, 9000), st.integers(1, 12))
def test_months_follow_one_another(year: int, number: int) -> None:
    month = Month(year, number)
    assert month.next.before == month == month.before.next
    assert month.end == month.next.start
    assert month.start < month.end
    assert month.before < month < month.next
    assert month.last_day.startswith(month.code)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[float], percent: int) -> None:
    values.sort()
    found = transparency.percentile(values, percent)
    assert found in values
    assert 100 * sum(value <= found for value in values) >= percent * len(values)
    assert 100 * sum(value < found for value in values) < percent * len(values)


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        transparency.percentile([], 90)


def test_pages_remember_what_is_dear_to_count_and_never_miss_a_new_post(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transparency, "OVERLAP", 3)
    idea_id = database.write(lambda db: Make(db).idea(created_at=MAY.start))

    def write(db: Connection) -> None:
        make = Make(db)
        for _ in range(5):
            make.comment(idea_id, created_at=MAY.start)

    for written in range(5):
        with database.reading(version=written) as db:
            assert transparency.posts(db, MAY)["comments"] == 5 * written
        database.write(write)
    database.write(lambda db: fill(Make(db), random.Random(6), many=20))
    with time_machine.travel(LATER, tick=False):
        with database.reading(version=8) as db:
            first = transparency.numbers(db, MAY)
            assert transparency.numbers(db, MAY).reports is first.reports
        with database.reading() as db:
            again = transparency.numbers(db, MAY)
            assert again.reports is not first.reports
            assert (again.reports, again.times) == (first.reports, first.times)
