"""Mails: written in the transaction of their cause, claimed under a lease by workers, sent once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect
from forum.models import Mail
from forum.text.links import ADDRESS, trimmed
from forum.text.names import tidy, tidy_line

MOST_SUBJECT = 59  # characters; longer ones are cut by many mail programs
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 12  # with the waits below: about two days
NEVER = timedelta(days=36_500)
WORDS_KEPT = timedelta(hours=1)  # a mail may carry a link that signs in: its words go soon after it was sent

_FIELDS = ("event", "recipient", "subject", "text", "html", "user_id", "is_optional", "created_at", "due_at")


def _insert_once(insert: Any) -> Any:
    statement = insert(Mail).values({name: sa.bindparam(name) for name in _FIELDS} | {"attempts": 0, "error": ""})
    return statement.on_conflict_do_nothing().returning(Mail.id)


_WRITE = PerDialect(_insert_once)
_WRITE_MANY = PerDialect(lambda insert: insert(Mail).on_conflict_do_nothing())
_is_due = sa.and_(Mail.sent_at.is_(None), Mail.due_at <= sa.bindparam("now"))
_HAS_DUE = sa.select(sa.literal(1)).where(_is_due).limit(1)
_due = (
    sa.select(Mail.id)
    .where(_is_due)
    .order_by(Mail.due_at, Mail.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_CLAIM = (
    sa.update(Mail)
    .where(Mail.id.in_(sa.select(_due.c.id)))
    .values(due_at=sa.bindparam("leased_until"), attempts=Mail.attempts + 1)
    .returning(
        Mail.id,
        Mail.event,
        Mail.user_id,
        Mail.recipient,
        Mail.is_optional,
        Mail.subject,
        Mail.text,
        Mail.html,
        Mail.created_at,
        Mail.due_at,
        Mail.attempts,
    )
)
_SENT = (
    sa.update(Mail)
    .where(Mail.id == sa.bindparam("mail_id"), Mail.sent_at.is_(None))
    .values(sent_at=sa.bindparam("moment"), error="")
)
_FAILED = (
    sa.update(Mail)
    .where(Mail.id == sa.bindparam("mail_id"), Mail.sent_at.is_(None))
    .values(due_at=sa.bindparam("again_at"), error=sa.bindparam("reason"))
)
_GIVE_BACK = (
    sa.update(Mail)
    .where(Mail.id == sa.bindparam("mail_id"), Mail.sent_at.is_(None))
    .values(due_at=sa.bindparam("again_at"), attempts=Mail.attempts - 1)
)
_DROP_UNSENT = sa.delete(Mail).where(Mail.user_id == sa.bindparam("by"), Mail.is_optional, Mail.sent_at.is_(None))
_FORGET_WORDS = (
    sa.update(Mail)
    .where(Mail.sent_at.between(sa.bindparam("oldest"), sa.bindparam("moment")), Mail.text != "")
    .values(text="", html="", recipient="")
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One mail, lent to this worker until `due_at`."""

    id: int
    event: str
    user_id: int | None
    recipient: str
    is_optional: bool
    subject: str
    text: str
    html: str
    created_at: datetime
    due_at: datetime
    attempts: int


def write(
    db: Connection,
    *,
    event: str,
    recipient: str,
    subject: str,
    text: str,
    html: str | None = None,
    user_id: int | None = None,
    is_optional: bool = False,
    due_at: datetime | None = None,
) -> bool:
    """Write a mail that goes out once this transaction is committed. False when the event already has its mail.

    `event` names the cause and the person (`comment:12:user:7`); `html` is made from `text` unless given. `is_optional`
    marks news that people may unsubscribe from; mails about their account are not.
    """
    mail = row(event=event, recipient=recipient, subject=subject, text=text, html=html, user_id=user_id)
    mail = {**mail, "is_optional": is_optional, "due_at": due_at or mail["due_at"]}
    return db.execute(_WRITE(db), mail).first() is not None


def row(
    *,
    event: str,
    recipient: str,
    subject: str,
    text: str,
    html: str | None = None,
    user_id: int | None = None,
    is_optional: bool = False,
) -> dict[str, Any]:
    """A mail's row for write_many: nothing typed by a person can begin a new header line."""
    moment = now()
    return {
        "event": event,
        "recipient": tidy_line(recipient),
        "subject": subject_line(subject),
        "text": tidy(text).strip() + "\n",
        "html": html_twin(text) if html is None else html,
        "user_id": user_id,
        "is_optional": is_optional,
        "created_at": moment,
        "due_at": moment,
    }


def write_many(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many mails (see `row`); those whose event already has its mail are left out."""
    if rows:
        db.execute(_WRITE_MANY(db), list(rows))


def subject_line(subject: str) -> str:
    """One line of at most MOST_SUBJECT characters, cut between words. A quotation that is open at the cut is closed."""
    line = tidy_line(subject)
    if len(line) <= MOST_SUBJECT:
        return line
    room = MOST_SUBJECT - 1
    is_quoted = line.count("“") > line[:room].count("”") and "“" in line[:room]
    room -= is_quoted
    head = line[:room]
    if " " in head[room // 2 :] and line[room] != " ":
        head = head[: head.rindex(" ")]
    return head.rstrip(" ,;:.-") + "…" + "”" * is_quoted


def html_twin(text: str) -> str:
    """A simple page that says the same as the plain text: paragraphs, line breaks, addresses as links. Always safe."""
    parts = [part for part in re.split(r"\n\s*\n", tidy(text).strip()) if part.strip()]
    return html_page("\n".join(f"<p>{_linked(part)}</p>" for part in parts))


def html_page(inner: str) -> str:
    """A whole HTML mail around safe HTML: no picture, no script, nothing fetched from anywhere."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Mail</title></head>\n'
        f"<body>\n{inner}\n</body></html>\n"
    )


def _linked(part: str) -> str:
    done, end = [], 0
    for found in ADDRESS.finditer(part):
        address = trimmed(found[0])
        done.append(escape(part[end : found.start()]))
        done.append(f'<a href="{escape(address)}">{escape(address)}</a>')
        end = found.start() + len(address)
    done.append(escape(part[end:]))
    return "".join(done).strip().replace("\n", "<br>\n")


def has_due(db: Connection) -> bool:
    """Does any mail wait to be sent now?"""
    return db.execute(_HAS_DUE, {"now": now()}).first() is not None


def claim(db: Connection, *, limit: int = 10) -> list[Claimed]:
    """Take due mails for LEASE, oldest first; no two workers get the same one. A dead worker's come back by silence."""
    moment = now()
    rows = db.execute(_CLAIM, {"now": moment, "most": limit, "leased_until": moment + LEASE}).all()
    return [Claimed(**found._mapping) for found in sorted(rows, key=lambda found: found.id)]


def sent(db: Connection, mail_id: int) -> None:
    """The mail is out of our hands."""
    db.execute(_SENT, {"mail_id": mail_id, "moment": now()})


def failed(db: Connection, mail: Claimed, reason: str, *, is_final: bool) -> None:
    """It could not be sent. Try again later, after twice as long each time (at most six hours); when final, never."""
    wait = timedelta(seconds=min(6 * 3600, 30 * 2**mail.attempts))
    if is_final or mail.attempts >= MOST_ATTEMPTS:
        wait = NEVER
    db.execute(_FAILED, {"mail_id": mail.id, "again_at": now() + wait, "reason": tidy_line(reason)[:500]})


def give_back(db: Connection, mail: Claimed) -> None:
    """It was not tried: somebody else may have it at once."""
    db.execute(_GIVE_BACK, {"mail_id": mail.id, "again_at": now()})


def drop_unsent(db: Connection, user_id: int) -> None:
    """Somebody wants no more news: what is not sent yet stays unsent."""
    db.execute(_DROP_UNSENT, {"by": user_id})


def forget(db: Connection) -> None:
    """Wipe words and address of mails sent more than an hour ago. The row stays: its event is never mailed twice."""
    db.execute(_FORGET_WORDS, {"moment": now() - WORDS_KEPT, "oldest": now() - timedelta(days=30)})
