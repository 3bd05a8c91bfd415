"""Holds: which posts wait for a check before others see them, and the cases that they wait in."""

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import cases
from forum.domain.communities import CommunityView
from forum.domain.people import Person
from forum.domain.permissions import manages
from forum.models import Case

FIRST_POSTS = 3
ELSEWHERE = "first-posts"
"""What a community can choose for itself, chosen for what stands in none: comments on directives."""
KINDS = ("held", "spam")
"""Kinds of case in which a held post waits: one by a rule of its community, one by its score (domain/spam)."""

_OPEN_CASE = sa.select(Case.id).where(
    Case.kind == "held",
    Case.subject_kind == sa.bindparam("subject_kind"),
    Case.subject_id == sa.bindparam("subject_id"),
    Case.is_open,
)


def should_hold(community: CommunityView | None, author: Person, kept_count: int) -> bool:
    """Does a post of this author wait for a check here? Managers' posts never do. None: outside of communities."""
    if manages(author, community):
        return False
    when = community.moderation if community is not None else ELSEWHERE
    if when == "before":
        return True
    return when == "first-posts" and author.trust_level == 0 and kept_count < FIRST_POSTS


def open_held(
    db: Connection,
    *,
    subject_kind: str,
    subject_id: int,
    community_id: int | None,
    author_id: int,
    shown: str = "published",
) -> int:
    """Open the case of a held post, or find the one that is open already, also one opened by its score. Returns its id.

    `shown` is the state in which people saw it before; keeping it brings that back.
    """
    moment = now()
    subject = {"subject_kind": subject_kind, "subject_id": subject_id}
    if scored := cases.open_ids(db, subject_kind, subject_id, kind="spam"):
        return scored[0]
    insert_once(
        db,
        Case,
        kind="held",
        **subject,
        community_id=community_id,
        author_id=author_id,
        is_open=True,
        report_count=0,
        opened_at=moment,
        due_at=cases.whole_hour(cases.due_after(moment)),
        details={} if shown == "published" else {"shown": shown},
    )
    return int(db.execute(_OPEN_CASE, subject).scalar_one())


def close_held(db: Connection, subject_kind: str, subject_id: int) -> list[int]:
    """Nothing is left to check, because the post is not held any more. Reports stay open. Returns the cases."""
    found = [case_id for kind in KINDS for case_id in cases.open_ids(db, subject_kind, subject_id, kind=kind)]
    return [case_id for case_id in found if cases.close(db, case_id)]
