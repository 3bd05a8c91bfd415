"""Many followers and several workers: each is told once, in short transactions, whatever dies in between."""

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import audiences, notifications, outbox
from forum.domain.notifications import Telling
from forum.jobs.worker import Worker
from forum.models import Follow, Mail, Notification, OutboxMessage, User
from forum.models.base import Moment
from forum.settings import Settings
from tests.making import Make

ROOT = Path(__file__).resolve().parents[2]
_MAILS = sa.select(Mail.recipient, Mail.subject).order_by(Mail.user_id, Mail.id)


def work(database: Database, settings: Settings) -> None:
    worker = Worker(database, settings)
    while worker.once():
        pass


def _crowd(db: Connection, count: int, *, mailed: int | None = None) -> int:
    """An idea that so many people follow, some of whom want mail, and a new comment under it; returns the idea's id."""
    make = Make(db)
    moment, idea_id = now(), make.idea()
    rows = [
        {
            "handle": f"f{number}",
            "name": f"F {number}",
            "email": f"f{number}@example.org",
            "email_confirmed_at": moment,
            "created_at": moment,
            "wants_mail": mailed is None or number < mailed,
        }
        for number in range(count)
    ]
    db.execute(sa.insert(User), rows)
    columns = ["user_id", "kind", "object_id", "created_at"]
    crowd = sa.select(User.id, sa.literal("idea"), sa.literal(idea_id), sa.literal(moment, Moment()))
    db.execute(sa.insert(Follow).from_select(columns, crowd.where(User.handle.like("f%"))))
    outbox.add(db, "idea.commented", comment_id=make.comment(idea_id))
    return idea_id


def _figures(database: Database) -> tuple[int, int, int]:
    """How many notifications, mails, and unread ones there are."""
    with database.reading() as db:
        notes, letters, unread = (
            db.execute(statement).scalar_one()
            for statement in (
                sa.select(sa.func.count()).select_from(Notification),
                sa.select(sa.func.count()).select_from(Mail),
                sa.select(sa.func.sum(User.unread_count)),
            )
        )
        return notes, letters, int(unread)


def test_a_crowd_of_followers_is_told_in_short_transactions(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 20_000 if database.is_sqlite else 4_000
    database.write(lambda db: _crowd(db, count))
    sizes: list[int] = []
    tell = notifications.tell

    def noted(db: Connection, user_ids: Collection[int], telling: Telling) -> set[int]:
        sizes.append(len(user_ids))
        return tell(db, user_ids, telling)

    monkeypatch.setattr(notifications, "tell", noted)
    worker = Worker(database, settings)
    while worker._messages():
        pass
    assert _figures(database) == (count, count, count)
    assert max(sizes) <= audiences.BATCH
    assert len(sizes) <= count // audiences.BATCH + 1


def test_workers_side_by_side_tell_everybody_once(database: Database, settings: Settings) -> None:
    def prepare(db: Connection) -> None:
        idea_id = _crowd(db, 700, mailed=10)
        for _ in range(3):
            outbox.add(db, "idea.commented", comment_id=Make(db).comment(idea_id))

    database.write(prepare)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: work(database, settings), range(3)))
    work(database, settings)
    assert _figures(database) == (2800, 40, 2800)
    assert len(list(settings.mail_folder.glob("*.eml"))) == 40


RUN = """
    import sys
    from pathlib import Path
    from forum.db import Database
    from forum.jobs.worker import Worker
    from forum.settings import Settings
    settings = Settings(database_url=sys.argv[1], secret="s", mail_folder=Path(sys.argv[2]))
    worker = Worker(Database(settings.database_url), settings)
    print("ready", flush=True)
    worker.run()
"""


def _start_two(settings: Settings) -> list[subprocess.Popen[bytes]]:
    url = sa.make_url(settings.database_url).render_as_string(hide_password=False)
    command = [sys.executable, "-c", textwrap.dedent(RUN), url, str(settings.mail_folder)]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    return processes


def test_workers_that_are_killed_in_the_middle_lose_nothing_and_do_nothing_twice(
    database: Database, settings: Settings
) -> None:
    database.write(lambda db: _crowd(db, 900, mailed=60))
    for seconds in (0.1, 0.4):
        processes = _start_two(settings)
        time.sleep(seconds)
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        # What the dead ones held comes back when their leases end.
        database.write(lambda db: db.execute(sa.update(OutboxMessage).values(due_at=now())))
        database.write(lambda db: db.execute(sa.update(Mail).where(Mail.sent_at.is_(None)).values(due_at=now())))
    work(database, settings)
    assert _figures(database) == (900, 60, 900)
    files = list(settings.mail_folder.glob("*.eml"))
    recipients = [line for file in files for line in file.read_text().splitlines() if line.startswith("To: ")]
    assert len(recipients) == len(set(recipients)) == 60
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).where(Mail.sent_at.is_(None))).scalar_one() == 0
        assert db.execute(sa.select(sa.func.count()).select_from(OutboxMessage)).scalar_one() == 0


def test_a_worker_that_is_told_to_stop_finishes_what_is_in_hand(database: Database, settings: Settings) -> None:
    database.write(lambda db: _crowd(db, 50))
    worker = Worker(database, settings)
    worker.start()
    deadline = time.monotonic() + 20
    while _figures(database)[0] < 50 and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.stop()
    assert _figures(database) == (50, 50, 50)
