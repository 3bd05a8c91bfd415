"""Moderation: which posts wait for a check, and what was decided about them."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain.communities import CommunityView
from forum.domain.people import Person
from forum.domain.permissions import manages
from forum.models import Case, Decision

DUE = timedelta(days=1)
FIRST_POSTS = 3

_OPEN_CASE = sa.select(Case.id).where(
    Case.kind == "held",
    Case.subject_kind == sa.bindparam("subject_kind"),
    Case.subject_id == sa.bindparam("subject_id"),
    Case.is_open,
)
_REASON = (
    sa.select(Decision.reason)
    .where(
        Decision.subject_kind == sa.bindparam("subject_kind"),
        Decision.subject_id == sa.bindparam("subject_id"),
        Decision.action == "remove",
    )
    .order_by(Decision.id.desc())
    .limit(1)
)


def should_hold(community: CommunityView, author: Person, kept_count: int) -> bool:
    """Does a post of this author wait for a check here? Managers' posts never do."""
    if manages(author, community):
        return False
    if community.moderation == "before":
        return True
    return community.moderation == "first-posts" and author.trust_level == 0 and kept_count < FIRST_POSTS


def open_held(db: Connection, *, subject_kind: str, subject_id: int, community_id: int, author_id: int) -> int:
    """Open the case of a held post, or find the one that is open already. Returns its id."""
    moment = now()
    case: dict[str, Any] = {"community_id": community_id, "author_id": author_id, "report_count": 0, "details": {}}
    subject = {"subject_kind": subject_kind, "subject_id": subject_id}
    insert_once(db, Case, kind="held", is_open=True, opened_at=moment, due_at=moment + DUE, **subject, **case)
    return int(db.execute(_OPEN_CASE, subject).scalar_one())


def reason_for(db: Connection, subject_kind: str, subject_id: int) -> str:
    """The code of the reason for which this was removed last; empty if it never was."""
    return str(db.execute(_REASON, {"subject_kind": subject_kind, "subject_id": subject_id}).scalar() or "")
