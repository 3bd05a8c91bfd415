"""Mails as rows: one an event, lent to one worker, words that can do no harm."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection
from forum.domain import mails
from forum.models import Mail
from tests.making import Make


def write(db: Connection, event: str = "event:1", **values: object) -> bool:
    fields = {"recipient": "ada@example.org", "subject": "Hello", "text": "Hello Ada."}
    return mails.write(db, event=event, **{**fields, **values})  # type: ignore[arg-type]


def test_an_event_has_one_mail(db: Connection) -> None:
    assert write(db)
    assert not write(db, subject="Again")
    assert write(db, "event:2")
    mails.write_many(db, [mails.row(event=f"event:{n}", recipient="b@c.d", subject="x", text="y") for n in (1, 2, 3)])
    assert db.execute(sa.select(Mail.event, Mail.subject).order_by(Mail.event)).all() == [
        ("event:1", "Hello"),
        ("event:2", "Hello"),
        ("event:3", "x"),
    ]


def test_a_mail_is_lent_to_one_worker_until_its_lease_ends(db: Connection) -> None:
    write(db)
    (mail,) = mails.claim(db)
    assert (mail.recipient, mail.attempts) == ("ada@example.org", 1)
    assert mails.claim(db) == []
    with time_machine.travel(now() + mails.LEASE + timedelta(seconds=1)):
        (again,) = mails.claim(db)
    assert (again.id, again.attempts) == (mail.id, 2)
    mails.sent(db, mail.id)
    with time_machine.travel(now() + timedelta(days=30)):
        assert not mails.has_due(db)


def test_a_mail_for_later_waits(db: Connection) -> None:
    write(db, due_at=now() + timedelta(hours=1))
    assert not mails.has_due(db)
    with time_machine.travel(now() + timedelta(hours=2)):
        assert mails.has_due(db)


def test_each_wait_after_a_failure_is_longer_until_we_give_up(db: Connection) -> None:
    write(db)
    moment, waits = now(), []
    for _ in range(mails.MOST_ATTEMPTS):
        with time_machine.travel(moment, tick=False):
            (mail,) = mails.claim(db)
            mails.failed(db, mail, "451 try later", is_final=False)
            due_at = db.execute(sa.select(Mail.due_at)).scalar_one()
        waits.append(due_at - moment)
        moment = due_at
    assert waits[0] == timedelta(minutes=1)
    assert waits == sorted(waits)
    assert waits[-2] == timedelta(hours=6)
    assert waits[-1] == mails.NEVER
    assert timedelta(hours=20) < sum(waits[:-1], timedelta()) < timedelta(days=3)
    assert db.execute(sa.select(Mail.error)).scalar_one() == "451 try later"


def test_what_is_final_is_not_tried_again_and_says_why(db: Connection) -> None:
    write(db)
    (mail,) = mails.claim(db)
    mails.failed(db, mail, "550 no such\r\nperson", is_final=True)
    with time_machine.travel(now() + timedelta(days=365)):
        assert not mails.has_due(db)
    assert db.execute(sa.select(Mail.error, Mail.sent_at)).one() == ("550 no such person", None)


def test_what_was_not_tried_comes_back_at_once_and_counts_as_no_attempt(db: Connection) -> None:
    write(db)
    (mail,) = mails.claim(db)
    mails.give_back(db, mail)
    (again,) = mails.claim(db)
    assert again.attempts == 1


def test_the_words_of_a_mail_go_an_hour_after_it_was_sent_and_its_event_stays(db: Connection) -> None:
    write(db)
    write(db, "event:2")
    mails.sent(db, mails.claim(db)[0].id)
    mails.forget(db)
    assert db.execute(sa.select(sa.func.count()).where(Mail.text != "")).scalar_one() == 2
    with time_machine.travel(now() + timedelta(hours=2)):
        mails.forget(db)
    rows = db.execute(sa.select(Mail.text, Mail.html, Mail.recipient).order_by(Mail.id)).all()
    assert rows[0] == ("", "", "")
    assert rows[1].recipient == "ada@example.org"
    assert not write(db)


def test_who_wants_no_more_news_gets_none_that_are_waiting_but_mails_about_the_account(
    db: Connection, make: Make
) -> None:
    person = make.user()
    write(db, "news:1", user_id=person.id, is_optional=True)
    write(db, "sign-in:1", user_id=person.id)
    mails.drop_unsent(db, person.id)
    assert [mail.event for mail in mails.claim(db)] == ["sign-in:1"]


@pytest.mark.parametrize(
    "typed, line",
    [
        ("Hello", "Hello"),
        ("Hello\r\nBcc: everyone@example.org", "Hello Bcc: everyone@example.org"),
        ("  many   spaces\t", "many spaces"),
        ("x" * 80, "x" * 58 + "…"),
        ("New idea: “" + "word " * 20 + "”", "New idea: “word word word word word word word word word…”"),
        (
            "“A short title” was answered by the Department of Agriculture",
            "“A short title” was answered by the Department of…",
        ),
    ],
)
def test_a_subject_is_one_short_line(typed: str, line: str) -> None:
    assert mails.subject_line(typed) == line
    assert len(line) < 60


def test_the_html_twin_says_the_same_and_does_nothing_else() -> None:
    html = mails.html_twin("Hi <script>alert(1)</script> & co.\nSecond line.\n\nSee https://example.org/a?b=1&c=2.\n")
    assert "<p>Hi &lt;script&gt;alert(1)&lt;/script&gt; &amp; co.<br>\nSecond line.</p>" in html
    assert '<a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>.</p>' in html
    assert "javascript:" not in mails.html_twin("javascript:alert(1)").replace("javascript:alert(1)</p>", "")
