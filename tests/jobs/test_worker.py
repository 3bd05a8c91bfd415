"""The worker: each event told once to each person, whatever dies in between; nothing told that did not happen."""

import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database, insert
from forum.domain import commenting, follows, notifications, outbox, progress, states
from forum.domain.commenting import CommentFields
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.progress import StatusFields, WithdrawFields
from forum.jobs import tasks
from forum.jobs.worker import Worker
from forum.models import Agency, CommunityAgency, Mail, Notification, OutboxMessage, User
from forum.settings import Settings
from tests.making import Make

ROOT = Path(__file__).resolve().parents[2]
_MAILS = sa.select(Mail.recipient, Mail.subject).order_by(Mail.user_id, Mail.id)


def work(database: Database, settings: Settings) -> None:
    worker = Worker(database, settings)
    while worker.once():
        pass


def told(database: Database, person: Person) -> list[tuple[str, str]]:
    """Kind and title of what a person was told, after making sure that the unread count is right."""
    rows = sa.select(Notification.kind, Notification.title).where(Notification.user_id == person.id)
    with database.reading() as db:
        found = [(row.kind, row.title) for row in db.execute(rows.order_by(Notification.id))]
        stored = db.execute(sa.select(User.unread_count).where(User.id == person.id)).scalar_one()
    assert stored == len(found)
    return found


def mailed(database: Database) -> list[tuple[str, str]]:
    """Recipient and subject of every mail written, by person."""
    with database.reading() as db:
        return [(row.recipient, row.subject) for row in db.execute(_MAILS)]


def test_followers_of_a_community_a_tag_and_an_agency_hear_of_a_new_idea_once(
    database: Database, settings: Settings
) -> None:
    def prepare(db: Connection) -> Any:
        make = Make(db)
        place = make.community(name="Parks")
        agency_id = insert(db, Agency, slug="nps", name="National Park Service")
        db.execute(sa.insert(CommunityAgency), {"community_id": place.id, "agency_id": agency_id})
        author, both, third, nobody = (make.user() for _ in range(4))
        for person, kind, object_id in (
            (author, "community", place.id),
            (both, "community", place.id),
            (both, "agency", agency_id),
            (third, "agency", agency_id),
        ):
            follows.put(db, person, kind, object_id)
        idea_id = make.idea(community=place, author=author, title="Open the trails")
        outbox.add(db, "idea.posted", idea_id=idea_id)
        return author, both, third, nobody

    author, both, third, nobody = database.write(prepare)
    work(database, settings)
    assert told(database, both) == told(database, third) == [("idea.posted", "New idea: “Open the trails”")]
    assert told(database, author) == told(database, nobody) == []
    assert mailed(database) == [
        (both.email, "New idea: “Open the trails”"),
        (third.email, "New idea: “Open the trails”"),
    ]


def test_an_answer_tells_whom_it_answers_and_the_followers_and_nobody_twice(
    database: Database, settings: Settings
) -> None:
    def prepare(db: Connection) -> Any:
        make = Make(db)
        people = [make.user(name=name) for name in ("Asker", "Answerer", "Follower")]
        idea_id = make.idea(title="A title")
        first = make.comment(idea_id, author=people[0])
        for person in people:
            follows.put(db, person, "idea", idea_id)
        commenting.post(db, people[1], idea_id, CommentFields(body="Here is why.", parent=str(first)))
        return people

    asker, answerer, follower = database.write(prepare)
    work(database, settings)
    assert told(database, asker) == [("comment.replied", "Answerer answered your comment on “A title”")]
    assert told(database, follower) == [("idea.commented", "Answerer commented on “A title”")]
    assert told(database, answerer) == []


def test_an_official_comment_is_told_as_official(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> Person:
        make = Make(db)
        follower, idea_id = make.user(), make.idea(title="A title")
        follows.put(db, follower, "idea", idea_id)
        employee = make.user(name="Ann", is_employee=True, agency_name="Department of Energy")
        commenting.post(db, employee, idea_id, CommentFields(body="We look into it.", official=True))
        return follower

    follower = database.write(prepare)
    work(database, settings)
    assert told(database, follower) == [("comment.official", "Official comment on “A title”")]
    with database.reading() as db:
        assert "Ann writes for Department of Energy:" in db.execute(sa.select(Mail.text)).scalar_one()


def test_a_change_of_status_and_a_withdrawal_and_a_move_are_told(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> Any:
        make = Make(db)
        author, follower, manager = make.user(), make.user(), make.user(role="moderator")
        idea_id = make.idea(author=author, title="A title")
        for person in (author, follower, manager):
            follows.put(db, person, "idea", idea_id)
        fields = StatusFields(status="planned", note="We begin in **May**.")
        progress.set_status(db, manager, idea_id, fields)
        return author, follower, manager, idea_id

    author, follower, manager, idea_id = database.write(prepare)
    work(database, settings)
    database.write(lambda db: outbox.add(db, "idea.moved", idea_id=idea_id, by_id=manager.id))
    work(database, settings)
    database.write(lambda db: progress.withdraw(db, author, idea_id, WithdrawFields(reason="I changed my mind.")))
    work(database, settings)
    kinds = [kind for kind, _ in told(database, follower)]
    assert kinds == ["idea.status_changed", "idea.moved", "idea.withdrawn"]
    assert told(database, follower)[0][1] == "Planned: “A title”"
    assert "A title" not in told(database, follower)[2][1]
    assert [kind for kind, _ in told(database, author)] == ["idea.status_changed", "idea.moved"]
    assert [kind for kind, _ in told(database, manager)] == ["idea.withdrawn"]


def test_nobody_is_told_what_they_may_not_see(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> Any:
        make = Make(db)
        hidden = make.community(visibility="members")
        member, stranger = make.member(hidden.id, make.user()), make.user()
        for person in (member, stranger):
            follows.put(db, person, "community", hidden.id)
        outbox.add(db, "idea.posted", idea_id=make.idea(community=hidden))
        held = make.idea(state="held")
        removed = make.comment(make.idea(), state="removed")
        follows.put(db, stranger, "idea", held)
        outbox.add(db, "idea.posted", idea_id=held)
        outbox.add(db, "idea.commented", comment_id=removed)
        return member, stranger

    member, stranger = database.write(prepare)
    work(database, settings)
    assert len(told(database, member)) == 1
    assert told(database, stranger) == []


def test_mail_goes_to_confirmed_addresses_of_those_who_want_it(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> Any:
        make = Make(db)
        wanting = make.user()
        silent = make.user(wants_mail=False)
        unconfirmed = make.user(email_confirmed_at=None)
        imported = make.user(email=None, status="imported", email_confirmed_at=None)
        gone = make.user(status="deleted")
        suspended = make.user(status="suspended")
        people = [wanting, silent, unconfirmed, imported, gone, suspended]
        telling = Telling("event:1", "some.kind", "Something happened", "/ideas", "With words.")
        notifications.later(db, [person.id for person in people], telling, reason="it is a test")
        return people

    wanting, silent, unconfirmed, imported, gone, suspended = database.write(prepare)
    work(database, settings)
    for person in (wanting, silent, unconfirmed, suspended):
        assert told(database, person) == [("some.kind", "Something happened")]
    assert told(database, imported) == told(database, gone) == []
    # Who is suspended has to hear what was decided about them.
    assert mailed(database) == [(one.email, "Something happened") for one in (wanting, suspended)]


def test_a_held_idea_is_announced_when_it_is_published_and_only_once(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> Any:
        make = Make(db)
        place, follower = make.community(), make.user()
        follows.put(db, follower, "community", place.id)
        return make.idea(community=place, state="held", is_listed=False, is_public=False), follower

    idea_id, follower = database.write(prepare)
    for state in ("published", "held", "published"):
        database.write(partial(states.change, idea_id=idea_id, state=state))
        work(database, settings)
    assert len(told(database, follower)) == 1


def test_what_is_rolled_back_is_told_to_nobody(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> Any:
        make = Make(db)
        follower, idea_id = make.user(), make.idea()
        follows.put(db, follower, "idea", idea_id)
        return follower, make.user(), idea_id

    follower, author, idea_id = database.write(prepare)

    def fail(db: Connection) -> None:
        commenting.post(db, author, idea_id, CommentFields(body="Never mind."))
        raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError):
        database.write(fail)
    work(database, settings)
    assert told(database, follower) == []
    assert mailed(database) == []
    assert list(settings.mail_folder.glob("*")) == []


def test_a_message_done_by_another_worker_is_not_done_again(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> None:
        make = Make(db)
        idea_id = make.idea()
        follows.put(db, make.user(), "idea", idea_id)
        commenting.post(db, make.user(), idea_id, CommentFields(body="Hello all."))

    database.write(prepare)
    (message,) = database.write(outbox.claim)
    with time_machine.travel(now() + timedelta(minutes=5)):  # the lease is over: another one takes it
        (same,) = database.write(outbox.claim)
    assert same.id == message.id
    for one in (message, same):
        Worker(database, settings)._do(one)
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Notification)).scalar_one() == 1
        assert db.execute(sa.select(sa.func.count()).select_from(OutboxMessage)).scalar_one() == 0


def test_what_fails_is_tried_again_later_and_leaves_nothing_half_done(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(db: Connection) -> Person:
        make = Make(db)
        person, idea_id = make.user(), make.idea()
        follows.put(db, person, "idea", idea_id)
        commenting.post(db, make.user(), idea_id, CommentFields(body="Hello all."))
        return person

    person = database.write(prepare)
    with monkeypatch.context() as patch:
        patch.setattr(tasks.mails, "write_many", _broken)
        work(database, settings)
    assert told(database, person) == []
    with database.reading() as db:
        row = db.execute(sa.select(OutboxMessage.error, OutboxMessage.attempts)).one()
    assert row == ("OSError: no space left", 1)
    with time_machine.travel(now() + timedelta(minutes=1)):
        work(database, settings)
    assert len(told(database, person)) == 1


def _broken(*_: object) -> None:
    raise OSError("no space left")


def test_a_message_that_nobody_knows_waits_for_a_worker_that_does(database: Database, settings: Settings) -> None:
    database.write(lambda db: outbox.add(db, "moon.landed", crew=3))
    work(database, settings)
    with database.reading() as db:
        assert "moon.landed" in db.execute(sa.select(OutboxMessage.error)).scalar_one()


def test_every_kind_of_message_that_the_forum_writes_has_a_task() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "forum").rglob("*.py"))
    kinds = set(re.findall(r'outbox\.add\(\s*db,\s*"([^"]+)"', source))
    assert {"idea.posted", "idea.commented", "people.told"} <= kinds
    assert kinds <= tasks.TASKS.keys()
