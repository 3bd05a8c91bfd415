"""Check-ups: a sound site has no findings; each kind of trouble is found and says what to do."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import checks, mails, outbox, search
from forum.models import Idea, Mail, OutboxMessage
from forum.settings import Settings
from tests.making import Make


@pytest.fixture
def sound(settings: Settings) -> Settings:
    """Settings of a site that serves people."""
    return replace(
        settings,
        secret="kX9-vQ2_tR7zLm4bWc8yHd5sJf1gNp3a",
        base_url="https://forum.example.org",
        mail_url="smtp://mail.example.org:587",
        mail_from="forum@example.org",
    )


def found(db: Connection, settings: Settings, **options: Any) -> str:
    return "\n".join(str(finding) for finding in checks.run(db, settings, **options))


def test_a_sound_site_has_no_findings(db: Connection, make: Make, sound: Settings) -> None:
    make.user(role="administrator")
    make.idea(votes=2)
    for table in ("ideas", "communities", "users"):
        _mend(db, table)
    search.rebuild(db)
    assert found(db, sound) == found(db, sound, is_full=True) == ""


def _mend(db: Connection, kind: str) -> None:
    from forum.domain import recounts

    recounts.mend(db, kind, recounts.next_ids(db, kind))


def test_a_wrong_count_is_found(db: Connection, make: Make, sound: Settings) -> None:
    make.idea()
    db.execute(sa.update(Idea).values(up=5))
    assert "forum recount" in found(db, sound)


def test_an_idea_that_cannot_be_found_is_found(db: Connection, make: Make, sound: Settings) -> None:
    make.idea()
    assert "forum reindex" in found(db, sound)


def test_a_forum_without_administrator_is_told(db: Connection, make: Make, sound: Settings) -> None:
    make.user()
    findings = list(checks.run(db, sound))
    assert [finding.is_bad for finding in findings] == [False]
    assert "forum user add" in str(findings[0])


def test_work_that_waits_and_work_that_was_given_up_is_told(db: Connection, sound: Settings) -> None:
    outbox.add(db, "idea.posted", due_at=now() - timedelta(hours=1), idea_id=1)
    outbox.add(db, "idea.posted", idea_id=2)
    last = sa.select(sa.func.max(OutboxMessage.id)).scalar_subquery()
    db.execute(sa.update(OutboxMessage).where(OutboxMessage.id == last).values(attempts=outbox.MOST_ATTEMPTS))
    mails.write(db, event="one", recipient="a@example.org", subject="s", text="t")
    db.execute(sa.update(Mail).values(due_at=now() - timedelta(hours=1)))
    told = found(db, sound)
    assert "1 pieces of work have waited" in told
    assert "1 pieces of work failed too often" in told
    assert "1 mails have waited" in told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"secret": "short"}, "FORUM_SECRET"),
        ({"secret": "a" * 64}, "FORUM_SECRET"),
        ({"base_url": "http://forum.example.org"}, "not https"),
        ({"base_url": "http://127.0.0.1:8000"}, "only this machine"),
        ({"mail_url": ""}, "No mail goes out"),
        ({"mail_url": "mail.example.org"}, "no address of a mail server"),
        ({"mail_from": "forum@localhost"}, "FORUM_MAIL_FROM"),
    ],
)
def test_a_setting_that_will_not_do_is_told(db: Connection, sound: Settings, change: Any, words: str) -> None:
    assert words in found(db, replace(sound, **change))


def test_a_file_that_others_can_read_is_told(db: Connection, sound: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)
    assert f"chmod 600 {tmp_path / 'secret'}" in found(db, sound)


def test_a_database_of_another_version_is_told_first(db: Connection, sound: Settings) -> None:
    db.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    assert "forum migrate" in found(db, sound)
