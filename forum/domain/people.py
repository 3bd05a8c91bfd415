"""Persons: who acts, as a value that every door hands to the domain."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Prepared
from forum.domain.errors import NotFound
from forum.models import CommunityMember, User

ROLES = ("citizen", "moderator", "policy", "administrator")


@dataclass(frozen=True, slots=True)
class Person:
    """A user at the moment of a request: rights are decided from this alone."""

    id: int
    handle: str
    name: str
    role: str = "citizen"
    status: str = "active"
    is_employee: bool = False
    is_confirmed: bool = True
    trust_level: int = 0
    unread_count: int = 0
    agency_name: str = ""
    job_title: str = ""
    email: str | None = None
    managed: frozenset[int] = field(default_factory=frozenset)  # ids of communities this person manages
    joined: frozenset[int] = field(default_factory=frozenset)  # ids of communities this person is a member of


COLUMNS = (
    User.id,
    User.handle,
    User.name,
    User.role,
    User.status,
    User.suspended_until,
    User.is_employee,
    User.email_confirmed_at,
    User.trust_level,
    User.unread_count,
    User.agency_name,
    User.job_title,
    User.email,
)
_BY_ID = sa.select(*COLUMNS).where(User.id == sa.bindparam("user_id"))
_MEMBERSHIPS = Prepared(
    sa.select(CommunityMember.community_id, CommunityMember.role).where(
        CommunityMember.user_id == sa.bindparam("user_id")
    )
)


def load(db: Connection, user_id: int) -> Person:
    """The person with this id, with their memberships. NotFound if there is none."""
    row = db.execute(_BY_ID, {"user_id": user_id}).first()
    if row is None:
        raise NotFound("There is no such person.")
    return from_row(db, row)


def from_row(db: Connection, row: Any) -> Person:
    """A person from a row that has at least COLUMNS; reads the memberships."""
    return made(row, _MEMBERSHIPS.all(db, {"user_id": row.id}))


def standing(status: str, suspended_until: datetime | None) -> str:
    """The status of an account now: a suspension ends by itself at its date, whoever has noticed."""
    is_over = status == "suspended" and suspended_until is not None and suspended_until <= now()
    return "active" if is_over else status


def made(row: Any, members: Iterable[Any]) -> Person:
    """A person from a row that has at least COLUMNS and their memberships (community_id, role)."""
    members = list(members)
    return Person(
        id=row.id,
        handle=row.handle,
        name=row.name,
        role=row.role,
        status=standing(row.status, row.suspended_until),
        is_employee=row.is_employee,
        is_confirmed=row.email_confirmed_at is not None,
        trust_level=row.trust_level,
        unread_count=row.unread_count,
        agency_name=row.agency_name,
        job_title=row.job_title,
        email=row.email,
        managed=frozenset(member.community_id for member in members if member.role == "manager"),
        joined=frozenset(member.community_id for member in members),
    )
