"""Holding: a post whose score is too high waits for a moderator, in a case of kind `spam` that says why."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import cases
from forum.domain.communities import CommunityView
from forum.domain.people import Person
from forum.domain.permissions import manages, require
from forum.domain.spam import repeats, verdicts
from forum.domain.spam.readings import Reading
from forum.domain.spam.verdicts import Author, Post, Verdict
from forum.models import Case, Decision, User

TRUSTED = 2  # from this level on nobody is held by score
WORSE = 0.7  # log odds that an edit must add before a kept post is held again

_AUTHOR = sa.select(User.created_at, User.kept_count).where(User.id == sa.bindparam("user_id"))
_WAS_KEPT = (
    sa.select(sa.literal(1))
    .where(Decision.subject_kind == sa.bindparam("kind"), Decision.subject_id == sa.bindparam("subject_id"))
    .where(Decision.action == "keep", Decision.undone_at.is_(None))
    .limit(1)
)
_its_case = sa.and_(
    Case.kind == "spam",
    Case.subject_kind == sa.bindparam("of_kind"),
    Case.subject_id == sa.bindparam("the_subject"),
    Case.is_open,
)
_SAID = sa.select(Case.details).where(_its_case).with_for_update()
_SAY_AGAIN = sa.update(Case).where(_its_case).values(details=sa.bindparam("said"))
_DETAILS = sa.select(Case.details).where(Case.id == sa.bindparam("case_id"))


def judge(
    db: Connection,
    user: Person,
    place: CommunityView | None,
    kind: str,
    reading: Reading,
    *,
    subject_id: int | None = None,
    before: Callable[[], Reading] | None = None,
) -> Verdict | None:
    """The verdict on a post that must wait for a moderator; None where it need not: not spam-like, or a trusted author.

    `place` is None for what stands in no community. With `subject_id` and `before` (gives the reading of the old text)
    it is about an edit: what a moderator kept is held again only if the new text looks worse.
    """
    if user.trust_level >= TRUSTED or manages(user, place):
        return None
    author = _author(db, user)
    verdict = verdicts.score(db, Post(kind, author, reading, subject_id), here=place.spam_threshold if place else None)
    if not verdict.is_over:
        return None
    if before is not None and db.execute(_WAS_KEPT, {"kind": kind, "subject_id": subject_id}).first():
        old = verdicts.score(db, Post(kind, author, before(), subject_id))
        if verdict.odds < old.odds + WORSE:
            return None
    return verdict


def hold(
    db: Connection,
    kind: str,
    subject_id: int,
    verdict: Verdict,
    *,
    community_id: int | None,
    author_id: int,
    shown: str = "published",
) -> None:
    """Open the case of a post that waits because of its score, or say anew in the open one why it waits.

    `shown` is the state in which people saw it before; keeping it brings that back.
    """
    moment = now()
    is_new = insert_once(
        db,
        Case,
        kind="spam",
        subject_kind=kind,
        subject_id=subject_id,
        community_id=community_id,
        author_id=author_id,
        is_open=True,
        report_count=0,
        opened_at=moment,
        due_at=cases.whole_hour(cases.due_after(moment)),
        details=_details(verdict) | ({} if shown == "published" else {"shown": shown}),
    )
    if not is_new:
        _say_again(db, kind, subject_id, verdict)


def _say_again(db: Connection, kind: str, subject_id: int, verdict: Verdict) -> None:
    key = {"of_kind": kind, "the_subject": subject_id}
    said = db.execute(_SAID, key).scalar()
    if said is not None:
        db.execute(_SAY_AGAIN, {**key, "said": {**said, **_details(verdict)}})


def put(db: Connection, user: Person, kind: str, subject_id: int, reading: Reading, *, is_held: bool = False) -> None:
    """Remember the text of a post that was made or changed. In the open case of a held one say anew why it waits."""
    repeats.put(db, kind, subject_id, user.id, reading)
    if is_held:
        verdict = verdicts.score(db, Post(kind, _author(db, user), reading, subject_id))
        _say_again(db, kind, subject_id, verdict)


def _author(db: Connection, user: Person) -> Author:
    row = db.execute(_AUTHOR, {"user_id": user.id}).one()
    return Author(user.id, row.created_at, row.kept_count, user.is_employee)


def _details(verdict: Verdict) -> dict[str, Any]:
    return {"score": round(verdict.score, 4), "signs": list(verdict.signs)}


def about_case(db: Connection, user: Person | None, case: Any) -> dict[str, Any]:
    """What templates/moderation/about/_spam.html shows: `score` in hundredths, `signs`, `is_sure` (above 0.99).

    `case` is a row of cases (id, community_id, author_id). SignInNeeded and Forbidden by the rights.
    """
    require(user, "case.read", case)
    details = getattr(case, "details", None) or db.execute(_DETAILS, {"case_id": case.id}).scalar() or {}
    found = float(details.get("score", 0.0))
    return {"score": min(99, round(found * 100)), "signs": list(details.get("signs", ())), "is_sure": found >= 0.99}
