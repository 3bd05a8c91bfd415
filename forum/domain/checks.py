"""A check-up of a whole site: what is wrong or about to go wrong, and what to do about each finding."""

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from forum import schema
from forum.clock import now
from forum.db import Connection, is_sqlite
from forum.domain import directives, merges, outbox, recounts, search
from forum.models import Mail, OutboxMessage, User
from forum.settings import Settings

SECRET_LEAST = 32  # characters
SPACE_LEAST = 500_000_000  # bytes that should be free
WAITED = timedelta(minutes=15)
TOLD = 5  # things named in one finding

_ADMINISTRATOR = sa.select(User.id).where(User.role == "administrator", User.status == "active").limit(1)
_ANYBODY = sa.select(User.id).limit(1)
_GIVEN_UP = sa.select(sa.func.count()).where(OutboxMessage.attempts >= outbox.MOST_ATTEMPTS)
_WAITING = sa.select(sa.func.count()).where(OutboxMessage.due_at < sa.bindparam("moment"))
_UNSENT = sa.select(sa.func.count()).where(Mail.sent_at.is_(None), Mail.due_at < sa.bindparam("moment"))
_ENDS = {name: sa.select(sa.func.max(table.id)) for name, table in recounts.TABLES.items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to act on. `is_bad`: it harms people or data now; otherwise it is a warning."""

    text: str
    advice: str
    is_bad: bool = True

    def __str__(self) -> str:
        return f"{'WRONG' if self.is_bad else 'NOTE '}  {self.text}\n       {self.advice}"


def run(db: Connection, settings: Settings, *, is_full: bool = False) -> Iterator[Finding]:
    """Every finding, the gravest kinds first. `is_full` recounts everything instead of samples. Changes nothing."""
    if not schema.is_current(db):
        yield Finding("The database is not on the version of this program.", "Make a backup, then run: forum migrate")
        return
    yield from _soundness(db)
    yield from _counts(db, is_full=is_full)
    for sentence in search.check(db):
        yield Finding(sentence, "Run: forum reindex")
    for sentence in merges.check(db):
        yield Finding(sentence, "Undo the merge on its page, then merge again.")
    for sentence in directives.check(db):
        yield Finding(sentence, "Compare with a backup: somebody changed what never changes.")
    yield from _people(db)
    yield from _work(db)
    yield from _settings(settings)
    yield from _files(settings)


def _soundness(db: Connection) -> Iterator[Finding]:
    if not is_sqlite(db):
        return  # PostgreSQL checks keys itself and has checksums of its own
    problems = [row[0] for row in db.exec_driver_sql(f"PRAGMA integrity_check({TOLD})") if row[0] != "ok"]
    if problems:
        yield Finding(
            f"The database file is damaged: {'; '.join(problems)}.",
            "Stop the site, keep a copy of the file, and restore the newest good backup: forum restore FILE --replace",
        )
    loose = [
        f"{row[0]} row {row[1]} names a missing row of {row[2]}"
        for row in db.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    if loose:
        yield Finding(f"Rows are missing: {'; '.join(loose[:TOLD])}.", "Restore the newest good backup.")


def _counts(db: Connection, *, is_full: bool) -> Iterator[Finding]:
    for kind in recounts.KINDS:
        wrong = [
            difference for ids in _samples(db, kind, is_full=is_full) for difference in recounts.check(db, kind, ids)
        ]
        if wrong:
            named = ", ".join(f"{one.column} of {one.id}" for one in wrong[:TOLD])
            yield Finding(f"{len(wrong)} counts of {kind} are not what their rows say: {named}.", "Run: forum recount")


def _samples(db: Connection, kind: str, *, is_full: bool) -> Iterator[list[int]]:
    """All rows, or a batch each from the beginning, the middle and the end."""
    last = int(db.execute(_ENDS[kind]).scalar() or 0)
    if is_full:
        after = 0
        while ids := recounts.next_ids(db, kind, after):
            yield ids
            after = ids[-1]
        return
    for after in sorted({0, last // 2, max(0, last - recounts.BATCH)}):
        if ids := recounts.next_ids(db, kind, after):
            yield ids


def _people(db: Connection) -> Iterator[Finding]:
    if db.execute(_ANYBODY).first() and not db.execute(_ADMINISTRATOR).first():
        yield Finding(
            "There is no administrator, so nobody can open communities.",
            "Run: forum user add you@example.org --name 'Your name' --role administrator --password-stdin",
            is_bad=False,
        )


def _work(db: Connection) -> Iterator[Finding]:
    moment = {"moment": now() - WAITED}
    counts: list[tuple[Callable[[], int], str, str]] = [
        (
            lambda: db.execute(_GIVEN_UP).scalar_one(),
            "pieces of work failed too often and were given up.",
            "Read the column `error` of the table outbox, mend the cause, and set `attempts` to 0.",
        ),
        (
            lambda: db.execute(_WAITING, moment).scalar_one(),
            f"pieces of work have waited for more than {WAITED // timedelta(minutes=1)} minutes.",
            "Is a worker running? Start one: forum worker",
        ),
        (
            lambda: db.execute(_UNSENT, moment).scalar_one(),
            f"mails have waited for more than {WAITED // timedelta(minutes=1)} minutes.",
            "Is a worker running, and does the mail server answer? Read the column `error` of the table mails.",
        ),
    ]
    for count, text, advice in counts:
        if found := count():
            yield Finding(f"{found:,} {text}", advice)


def _settings(settings: Settings) -> Iterator[Finding]:
    if len(settings.secret) < SECRET_LEAST or len(set(settings.secret)) < SECRET_LEAST // 4:
        yield Finding(
            "The secret is short or easy to guess. Whoever knows it can sign in as anybody by a forged link.",
            f"Set FORUM_SECRET to {SECRET_LEAST} random characters or more.",
        )
    address = urlsplit(settings.base_url)
    is_local = address.hostname in ("127.0.0.1", "localhost", "::1", None)
    if address.scheme != "https" and not is_local:
        yield Finding("FORUM_BASE_URL is not https.", "Set it to the address that people see, with https.")
    if is_local:
        yield Finding(
            f"FORUM_BASE_URL is {settings.base_url}, which only this machine can reach. Links in mails lead there.",
            "Set it to the address that people see.",
            is_bad=False,
        )
    if not settings.mail_url:
        yield Finding(
            f"No mail goes out: it is written to {settings.mail_folder}.",
            "Set FORUM_MAIL_URL, for example smtp://user:password@mail.example.org:587",
            is_bad=False,
        )
    elif urlsplit(settings.mail_url).scheme not in ("smtp", "smtps") or not urlsplit(settings.mail_url).hostname:
        yield Finding(
            "FORUM_MAIL_URL is no address of a mail server.", "Use smtp://user:password@host:587 or smtps://…"
        )
    sender = settings.mail_from.rpartition("@")[2].rstrip(">")
    if settings.mail_url and "." not in sender:
        yield Finding(f"FORUM_MAIL_FROM is {settings.mail_from}, which no mail server takes.", "Set a full address.")


def _files(settings: Settings) -> Iterator[Finding]:
    url = sa.make_url(settings.database_url)
    private = [settings.data / "secret"]
    if url.get_backend_name() == "sqlite" and url.database:
        private.append(Path(url.database))
    for path in private:
        if path.exists() and path.stat().st_mode & (stat.S_IWGRP | stat.S_IRWXO):
            yield Finding(f"Other people of this machine can read or change {path}.", f"Run: chmod 600 {path}")
    if settings.data.is_dir() and (free := shutil.disk_usage(settings.data).free) < SPACE_LEAST:
        yield Finding(f"Only {free // 1_000_000:,} MB are free on the disk of {settings.data}.", "Make room.")
