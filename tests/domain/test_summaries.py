"""Daily summaries: everybody with something in the queue hears of it once a day, and nobody else ever does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from forum.db import Connection, insert
from forum.domain import cases, summaries
from forum.domain.communities import CommunityView
from forum.jobs.schedule import WALKS, tell_queues
from forum.models import Case, Mail, Notification, OutboxMessage
from tests.making import Make, Site

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def waits(make: Make, place: CommunityView, kind: str, due: timedelta) -> None:
    """A case that is due so long after MONDAY."""
    author = make.user()
    about = {"subject_kind": "idea", "subject_id": make.idea(community=place, author=author), "author_id": author.id}
    times = {"opened_at": MONDAY - timedelta(days=1), "due_at": MONDAY + due}
    insert(make.db, Case, kind=kind, community_id=place.id, report_count=0, details={}, **about, **times)


def told(db: Connection) -> dict[int, str]:
    """Person → title of what they were told."""
    return {row.user_id: row.title for row in db.execute(sa.select(Notification.user_id, Notification.title))}


def test_what_waits_is_told_by_kind_and_by_how_urgent_it_is(db: Connection, make: Make) -> None:
    place = make.community()
    for kind, hours in (("report", -5), ("report", -1), ("held", -1), ("held", 3), ("report", 30)):
        waits(make, place, kind, timedelta(hours=hours))
    with time_machine.travel(MONDAY, tick=False):
        found = summaries.waiting(db)[place.id]
    assert found.total == 5
    assert found.text().split("\n") == [
        "Overdue: 2 reported, 1 waiting for a check.",
        "Due today: 1 waiting for a check.",
        "New: 1 reported.",
    ]


def test_moderators_hear_of_all_queues_and_managers_of_their_own(site: Site) -> None:
    def prepare(make: Make) -> list[int]:
        first, second, empty = (make.community() for _ in range(3))
        waits(make, first, "report", timedelta(hours=-1))
        waits(make, second, "held", timedelta(hours=1))
        people = [
            make.user(role="moderator"),
            make.user(role="administrator"),
            make.member(first.id, make.user(), role="manager"),
            make.member(second.id, make.user(role="policy"), role="manager"),
            make.member(empty.id, make.user(), role="manager"),
            make.member(first.id, make.user()),
            make.user(role="moderator", status="suspended"),
            make.user(),
        ]
        return [person.id for person in people]

    ids = site.make(prepare)
    with time_machine.travel(MONDAY, tick=False):
        tell_queues(site.database)
        site.work()
    found = site.write(told)
    assert [found.get(number) for number in ids] == [
        "2 cases in your queue, 1 overdue",
        "2 cases in your queue, 1 overdue",
        "1 case in your queue, 1 overdue",
        "1 case in your queue",
        *[None] * 4,
    ]


def test_nobody_hears_it_twice_a_day_and_everybody_again_the_next_day(site: Site) -> None:
    def prepare(make: Make) -> int:
        waits(make, make.community(), "report", timedelta(hours=1))
        return make.user(role="moderator").id

    boss = site.make(prepare)
    with time_machine.travel(MONDAY, tick=False) as clock:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: tell_queues(site.database), range(4)))
        site.work()
        for _ in range(3):
            clock.shift(timedelta(hours=2))
            tell_queues(site.database)
            site.work()
        clock.shift(timedelta(days=1))
        tell_queues(site.database)
        site.work()
    events = site.write(lambda db: db.execute(sa.select(Notification.event).order_by(Notification.id)).scalars().all())
    assert events == ["queue:2026-11-23", "queue:2026-11-24"]
    mails = site.write(lambda db: db.execute(sa.select(Mail.event).order_by(Mail.id)).scalars().all())
    assert mails == [f"queue:2026-11-23:user:{boss}", f"queue:2026-11-24:user:{boss}"]


def test_the_mail_says_what_waits_and_leads_to_the_queue(site: Site) -> None:
    def prepare(make: Make) -> None:
        waits(make, make.community(), "report", timedelta(hours=-1))
        make.user(role="moderator", email="boss@example.org")

    site.make(prepare)
    with time_machine.travel(MONDAY, tick=False):
        tell_queues(site.database)
        site.work()
    assert site.settings.mail_folder
    (path,) = [path for path in Path(site.settings.mail_folder).rglob("*") if path.is_file()]
    mail = message_from_bytes(path.read_bytes())
    text = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_payload(decode=True)
    assert isinstance(text, bytes)
    assert mail["Subject"] == "1 case in your queue, 1 overdue"
    assert mail["To"] == "boss@example.org"
    assert "Overdue: 1 reported." in text.decode()
    assert "https://testserver/moderation" in text.decode()


@pytest.mark.parametrize("hour, is_told", [(0, False), (5, False), (6, True), (23, True)])
def test_summaries_go_out_from_six_on(db: Connection, make: Make, hour: int, is_told: bool) -> None:
    waits(make, make.community(), "report", timedelta(days=3))
    make.user(role="moderator")
    with time_machine.travel(MONDAY.replace(hour=hour), tick=False):
        summaries.tell(db)
    assert bool(db.execute(sa.select(OutboxMessage.id)).all()) == is_told


def test_an_empty_queue_tells_nothing(db: Connection, make: Make) -> None:
    make.user(role="moderator")
    with time_machine.travel(MONDAY, tick=False):
        assert summaries.tell(db) is None
    assert db.execute(sa.select(OutboxMessage.id)).all() == []


def test_many_people_are_told_a_few_at_a_time(db: Connection, make: Make) -> None:
    waits(make, make.community(), "report", timedelta(hours=1))
    ids = [make.user(role="moderator").id for _ in range(5)]
    with time_machine.travel(MONDAY, tick=False):
        after = summaries.tell(db, most=2)
        assert after == ids[1]
        while after is not None:
            after = summaries.tell(db, after=after, most=2)
    payloads = db.execute(sa.select(OutboxMessage.payload)).scalars()
    assert sorted(number for payload in payloads for number in payload["user_ids"]) == ids


def test_the_worker_does_it_every_day() -> None:
    assert WALKS["queues"][1] is tell_queues
    assert set(cases.BANDS) == set(summaries.Waiting().bands)
