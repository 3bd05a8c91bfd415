"""Members of communities: who joined, and who manages."""

from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import follows, limits, sessions
from forum.domain.communities import CommunityView
from forum.domain.errors import Conflict, Invalid
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Community, CommunityMember, User

_HERE = (CommunityMember.community_id == sa.bindparam("where"), CommunityMember.user_id == sa.bindparam("who"))
_LEAVE = sa.delete(CommunityMember).where(*_HERE, CommunityMember.role == "member").returning(sa.literal(1))
_SET_ROLE = sa.update(CommunityMember).where(*_HERE).values(role=sa.bindparam("as_what"))
_COUNT = (
    sa.update(Community)
    .where(Community.id == sa.bindparam("where"))
    .values(member_count=Community.member_count + sa.bindparam("change"))
)
_MANAGERS = (
    sa.select(User.id, User.handle, User.name, User.is_employee, User.agency_name, User.job_title)
    .join_from(CommunityMember, User)
    .where(CommunityMember.community_id == sa.bindparam("community_id"), CommunityMember.role == "manager")
    .order_by(User.name, User.id)
)
_BY_HANDLE = sa.select(User.id).where(User.handle == sa.bindparam("handle"), User.status == "active")


def join(db: Connection, user: Person | None, community: CommunityView) -> bool:
    """Become a member and follow the community. Says whether that was new; joining twice changes nothing."""
    user = require(user, "community.join", community)
    limits.hit(db, user, "follow")
    follows.put(db, user, "community", community.id)
    return _add(db, community.id, user.id, "member")


def leave(db: Connection, user: Person | None, community: CommunityView) -> bool:
    """Stop being a member. Managers stay until an administrator releases them (Conflict)."""
    user = require(user, "account.use")
    follows.remove(db, user, "community", community.id)
    if community.id in user.managed:
        raise Conflict("You manage this community. Ask an administrator to release you first.")
    if db.execute(_LEAVE, {"where": community.id, "who": user.id}).first() is None:
        return False
    db.execute(_COUNT, {"where": community.id, "change": -1})
    return True


def managers(db: Connection, community_id: int) -> list[Any]:
    """The managers: id, handle, name, is_employee, agency_name, job_title."""
    return list(db.execute(_MANAGERS, {"community_id": community_id}))


def appoint(db: Connection, user: Person | None, community: CommunityView, handle: str) -> None:
    """Make somebody a manager. Their sessions end, because staff sessions are short. Invalid for an unknown handle."""
    require(user, "community.appoint", community)
    person_id = db.execute(_BY_HANDLE, {"handle": handle.strip().removeprefix("@")}).scalar()
    if person_id is None:
        raise Invalid({"handle": "Nobody here has this handle. It stands at the end of the address of their page."})
    make_manager(db, community.id, person_id)
    sessions.end_all(db, person_id)


def make_manager(db: Connection, community_id: int, user_id: int) -> None:
    """Make somebody a manager, whoever asks (for the command line and importers)."""
    if not _add(db, community_id, user_id, "manager"):
        db.execute(_SET_ROLE, {"where": community_id, "who": user_id, "as_what": "manager"})


def release(db: Connection, user: Person | None, community: CommunityView, handle: str) -> None:
    """Take the manager's part away; the person stays a member. Conflict if they are no manager."""
    require(user, "community.appoint", community)
    found = [person for person in managers(db, community.id) if person.handle == handle]
    if not found:
        raise Conflict("This person does not manage the community.")
    db.execute(_SET_ROLE, {"where": community.id, "who": found[0].id, "as_what": "member"})


def _add(db: Connection, community_id: int, user_id: int, role: str) -> bool:
    new = insert_once(db, CommunityMember, community_id=community_id, user_id=user_id, role=role, joined_at=now())
    if new:
        db.execute(_COUNT, {"where": community_id, "change": 1})
    return new
