"""A directive before the public and people around it, for tests of the comments on directives."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import remarking, remarks, reports
from forum.domain.actions import DecisionFields
from forum.domain.people import Person
from forum.domain.remarks import Remark
from forum.domain.reports import ReportFields
from forum.models import OutboxMessage, User
from tests import directing
from tests.making import Make

REMOVE = DecisionFields(action="remove", reason="personal-attack", note="Please talk about the idea.")


class Scene:
    """A directive before the public, and people around it."""

    def __init__(self, make: Make) -> None:
        self.db, self.make = make.db, make
        self.writer = make.user(role="policy", name="Wren Writer")
        self.directive, _, (self.clause, *self.others) = directing.public(make.db, self.writer)
        self.author, self.reader = make.user(name="Ada Author"), make.user(name="Ray Reader")
        self.boss, self.other = (make.user(role="moderator", name=name) for name in ("First", "Second"))

    def say(self, body: str, author: Person | None = None) -> Remark:
        return remarking.say(self.db, author or self.author, self.directive.id, self.clause, body)

    def report(self, remark: Remark, user: Person | None = None) -> int:
        return reports.file(self.db, user or self.reader, "remark", remark.id, ReportFields(reason="personal-attack"))

    def read(self, user: Person | None) -> list[tuple[str, str, str]]:
        """What this person reads below the recommendation: (state, words, reason)."""
        found = remarks.of(self.db, user, self.directive.id).get(self.clause, [])
        return [(one.state, one.body, one.reason_label) for one in found]


def told(db: Connection, user: Person) -> list[str]:
    """The titles of what a person was told."""
    rows = db.execute(sa.select(OutboxMessage.payload).where(OutboxMessage.kind == "people.told")).scalars()
    return [row["title"] for row in rows if user.id in row["user_ids"]]


def kept(db: Connection, user: Person) -> int:
    """How many posts of a person stand, as it is stored."""
    return int(db.execute(sa.select(User.kept_count).where(User.id == user.id)).scalar_one())


def make_old(db: Connection, user: Person) -> None:
    """The account is not new any more, so its age speaks for it."""
    db.execute(sa.update(User).where(User.id == user.id).values(created_at=now() - timedelta(days=60)))
