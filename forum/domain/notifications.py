"""Notifications: what happened, told once to each person, read when they say so; unread ones are counted exactly."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect
from forum.domain import mails, outbox
from forum.domain.errors import Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Notification, User
from forum.text.links import is_same_site_path
from forum.text.names import tidy, tidy_line

PAGE = 30

_COLUMNS = (
    Notification.id,
    Notification.kind,
    Notification.title,
    Notification.text,
    Notification.url,
    Notification.created_at,
    Notification.read_at,
)
_OF = (
    sa.select(*_COLUMNS)
    .where(Notification.user_id == sa.bindparam("by"))
    .order_by(Notification.id.desc())
    .limit(sa.bindparam("most"))
)
_OF_BEFORE = _OF.where(Notification.id < sa.bindparam("before"))
_URL = sa.select(Notification.url).where(
    Notification.user_id == sa.bindparam("by"), Notification.id == sa.bindparam("notification_id")
)
_read = (
    sa.update(Notification)
    .where(Notification.user_id == sa.bindparam("by"), Notification.read_at.is_(None))
    .values(read_at=sa.bindparam("moment"))
    .returning(Notification.id)
)
_READ_ALL = _read.where(Notification.id <= sa.bindparam("last_id"))
_READ_ONE = _read.where(Notification.id == sa.bindparam("notification_id"))
_LAST = sa.select(sa.func.max(Notification.id)).where(Notification.user_id == sa.bindparam("by"))
_WANTS_MAIL = sa.select(User.wants_mail).where(User.id == sa.bindparam("by"))
_SET_MAIL = sa.update(User).where(User.id == sa.bindparam("by")).values(wants_mail=sa.bindparam("wants"))
_COUNT_MORE = (
    sa.update(User)
    .where(User.id.in_(sa.bindparam("ids", expanding=True)))
    .values(unread_count=User.unread_count + sa.bindparam("more"))
)
_LOCK_USERS = (
    sa.select(User.id)
    .where(User.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(User.id)
    .with_for_update(key_share=True)
)
_TELL = PerDialect(
    lambda insert: insert(Notification).on_conflict_do_nothing().returning(Notification.user_id, Notification.id)
)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told: `event` is unique a person, `url` a path of this site, `title` a sentence without its full stop."""

    event: str
    kind: str
    title: str
    url: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class NotificationView:
    """One notification, as its reader sees it."""

    id: int
    kind: str
    title: str
    text: str
    url: str
    created_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """One page of notifications, the newest first, and the key of the next page."""

    items: list[NotificationView]
    next_before: int | None


def tell(db: Connection, user_ids: Collection[int], telling: Telling) -> set[int]:
    """Tell these people; returns those who had not been told of this event before. Asks no rights."""
    if not user_ids:
        return set()
    shared = {
        "event": telling.event,
        "kind": telling.kind,
        "title": tidy_line(telling.title),
        "text": tidy(telling.text).strip(),
        "url": telling.url,
        "created_at": now(),
    }
    rows = [{"user_id": user_id, **shared} for user_id in sorted(set(user_ids))]
    told = {row.user_id for row in db.execute(_TELL(db), rows)}
    _count(db, told, 1)
    return told


def later(db: Connection, user_ids: Sequence[int], telling: Telling, *, reason: str = "") -> None:
    """Tell these people after the commit, in the list and by mail. `reason` says why they get the mail: `you reported
    this post`. Asks no rights: for what concerns these people themselves. ValueError for an address of another site."""
    if not is_same_site_path(telling.url):
        raise ValueError("a notification leads to a page of this site")
    told = {name: getattr(telling, name) for name in ("event", "kind", "title", "url", "text")}
    outbox.add(db, "people.told", user_ids=list(user_ids), reason=reason, **told)


def later_many(db: Connection, tellings: Sequence[tuple[int, Telling]], *, reason: str = "") -> None:
    """Tell each of these people something of their own after the commit: `later`, for many (user id, telling)."""
    if not all(is_same_site_path(telling.url) for _, telling in tellings):
        raise ValueError("a notification leads to a page of this site")
    names = ("event", "kind", "title", "url", "text")
    payloads = [
        {"user_ids": [user_id], "reason": reason, **{name: getattr(telling, name) for name in names}}
        for user_id, telling in tellings
    ]
    outbox.add_many(db, "people.told", payloads)


def of(db: Connection, user: Person | None, *, limit: int = PAGE, before: str | int | None = None) -> NotificationPage:
    """This person's notifications, the newest first; `before` is the `next_before` of the page before."""
    user = require(user, "account.use")
    values: dict[str, Any] = {"by": user.id, "most": limit + 1}
    if before:
        if not str(before).isascii() or not str(before).isdigit() or len(str(before)) > 18:
            raise Invalid({"before": "This page key is not one of ours. Start again from the first page."})
        rows = db.execute(_OF_BEFORE, {**values, "before": int(before)}).all()
    else:
        rows = db.execute(_OF, values).all()
    items = [_view(row) for row in rows[:limit]]
    return NotificationPage(items, items[-1].id if len(rows) > limit else None)


def _view(row: Any) -> NotificationView:
    return NotificationView(
        row.id, row.kind, row.title, row.text, row.url, row.created_at, is_read=row.read_at is not None
    )


def open_one(db: Connection, user: Person | None, notification_id: int) -> str:
    """Mark one's own notification as read and say where it leads. NotFound for anybody else's."""
    user = require(user, "account.use")
    url = db.execute(_URL, {"by": user.id, "notification_id": notification_id}).scalar()
    if url is None:
        raise NotFound("This notification is not there any more.")
    found = db.execute(_READ_ONE, {"by": user.id, "moment": now(), "notification_id": notification_id}).all()
    if found:
        _count(db, {user.id}, -1)
    return str(url)


def read_all(db: Connection, user: Person | None, *, up_to: int | None = None) -> int:
    """Mark one's own notifications as read, all or those up to the newest that was on the page; how many there were."""
    user = require(user, "account.use")
    last = up_to or db.execute(_LAST, {"by": user.id}).scalar()
    if last is None:
        return 0
    found = db.execute(_READ_ALL, {"by": user.id, "moment": now(), "last_id": last}).all()
    if found:
        _count(db, {user.id}, -len(found))
    return len(found)


def wants_mail(db: Connection, user: Person | None) -> bool:
    """Does this person get news by mail?"""
    user = require(user, "account.use")
    return bool(db.execute(_WANTS_MAIL, {"by": user.id}).scalar())


def set_mail(db: Connection, user: Person | None, wants: bool) -> None:
    """Send this person news by mail from now on, or no more: then also what waits is not sent."""
    user = require(user, "account.use")
    db.execute(_SET_MAIL, {"by": user.id, "wants": wants})
    if not wants:
        mails.drop_unsent(db, user.id)


def _count(db: Connection, user_ids: Collection[int], more: int) -> None:
    """Change the counts in the order of the ids, so that workers who tell the same people do not block one another."""
    if user_ids:
        ids = {"ids": sorted(user_ids)}
        db.execute(_LOCK_USERS, ids)
        db.execute(_COUNT_MORE, {**ids, "more": more})
