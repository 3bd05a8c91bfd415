"""Publishing dispositions: the ideas' pages say what became of them, and each person hears it once for all theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import audiences, outbox
from forum.domain.audiences import Recipient, Subject
from forum.domain.directives import views
from forum.domain.directives.outcomes import OUTCOMES
from forum.domain.directives.views import STANDING, DirectiveView
from forum.domain.errors import Conflict
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.models import Directive, Disposition, Follow, Idea, Merge, Vote
from forum.text.plains import excerpt

BATCH = 100  # people told in one transaction
MAIL_MOST = 20  # ideas named in one mail; the page of the directive has them all
LIST_MOST = 3  # ideas named in one notification

_NEXT = (
    sa.update(Directive)
    .where(Directive.id == sa.bindparam("directive"))
    .values(publication=Directive.publication + 1)
    .returning(Directive.publication)
)
_IS_READY = sa.and_(
    Disposition.directive_id == sa.bindparam("directive"),
    Disposition.outcome != "",
    Disposition.reason != "",
    sa.or_(Disposition.outcome != Disposition.published_outcome, Disposition.reason != Disposition.published_reason),
)
_READY = sa.select(sa.func.count()).select_from(Disposition).where(_IS_READY)
_PUBLISH = (
    sa.update(Disposition)
    .where(_IS_READY)
    .values(
        published_outcome=Disposition.outcome,
        published_reason=Disposition.reason,
        published_at=sa.bindparam("moment"),
        publication=sa.bindparam("new_publication"),
    )
    .returning(Disposition.idea_id)
)
_PUBLISHED = (
    sa.select(
        Disposition.idea_id,
        Disposition.published_outcome,
        Disposition.published_reason,
        Disposition.published_at,
    )
    .where(Disposition.directive_id == sa.bindparam("directive"), Disposition.published_outcome != "")
    .order_by(Disposition.idea_id)
)
_TOLD_IDEAS = (
    sa.select(Disposition.idea_id, Disposition.published_outcome, Disposition.published_reason)
    .where(
        Disposition.directive_id == sa.bindparam("directive"), Disposition.publication == sa.bindparam("publication")
    )
    .order_by(Disposition.idea_id)
)
_ids: Any = sa.bindparam("ideas", expanding=True)
_whose = sa.union(
    sa.select(Idea.author_id.label("user_id"), Idea.id.label("idea_id")).where(Idea.id.in_(_ids)),
    sa.select(Vote.user_id, Vote.idea_id).where(Vote.idea_id.in_(_ids), Vote.value == 1),
    sa.select(Follow.user_id, Follow.object_id).where(Follow.kind == "idea", Follow.object_id.in_(_ids)),
    sa.select(Idea.author_id, Merge.target_id)
    .join_from(Merge, Idea, Idea.id == Merge.absorbed_id)
    .where(Merge.target_id.in_(_ids), Merge.is_active),
).subquery()
_NEXT_PEOPLE = (
    sa.select(_whose.c.user_id)
    .where(_whose.c.user_id > sa.bindparam("after"))
    .distinct()
    .order_by(_whose.c.user_id)
    .limit(sa.bindparam("most"))
)
_THEIRS = (
    sa.select(_whose.c.user_id, _whose.c.idea_id)
    .where(_whose.c.user_id.in_(sa.bindparam("people", expanding=True)))
    .order_by(_whose.c.user_id, _whose.c.idea_id)
)


@dataclass(frozen=True, slots=True)
class Told:
    """One idea of a publication, as its supporters are told of it."""

    idea: Subject
    outcome: str
    reason: str

    @property
    def label(self) -> str:
        return OUTCOMES.get(self.outcome, self.outcome)


@dataclass(frozen=True, slots=True)
class News:
    """What one person is told, in one message for all their ideas, and the address for their mail (None: no mail)."""

    recipient: Recipient
    telling: Telling
    mail_text: str


def ready(db: Connection, directive: DirectiveView) -> int:
    """How many dispositions could be published now: those with a reason that are new or read otherwise than before."""
    return int(db.execute(_READY, {"directive": directive.id}).scalar_one())


def published(db: Connection, directive_id: int) -> Sequence[Any]:
    """The published dispositions: idea_id, published_outcome, published_reason, published_at. Asks no rights."""
    return db.execute(_PUBLISHED, {"directive": directive_id}).all()


def publish_now(db: Connection, user: Person | None, directive_id: int, *, moment: datetime) -> int:
    """Publish what is ready; how many there were. Conflict unless the directive is before the public."""
    directive = views.get(db, user, directive_id, to_change=True)
    user = require(user, "directive.write", directive)
    if directive.stage == "drafting":
        raise Conflict("People can't read this directive yet. Open it for public comment first.")
    found = publish(db, user, directive, moment=moment)
    if not found:
        raise Conflict("There is nothing new to publish. Each idea needs an outcome and a reason.")
    return found


def publish(db: Connection, user: Person, directive: DirectiveView, *, moment: datetime) -> int:
    """Publish what is ready; authors and supporters hear of it after the commit. Asks no rights."""
    if not ready(db, directive):
        return 0
    publication = int(db.execute(_NEXT, {"directive": directive.id}).scalar_one())
    values = {"directive": directive.id, "moment": moment, "new_publication": publication}
    found = db.execute(_PUBLISH, values).all()
    outbox.add(db, "dispositions.published", directive_id=directive.id, publication=publication)
    return len(found)


def batch(db: Connection, directive_id: int, publication: int, after: int) -> tuple[list[News], int | None]:
    """What the next people are told, and behind whom to go on (None: everybody has been told). Safe to repeat: the
    event has one name for a person and a publication."""
    directive = views.get(db, None, directive_id)
    told = _told(db, directive_id, publication)
    if not told:
        return [], None
    ideas = {"ideas": sorted(told)}
    user_ids = list(db.execute(_NEXT_PEOPLE, {**ideas, "after": after, "most": BATCH}).scalars())
    if not user_ids:
        return [], None
    theirs: dict[int, list[Told]] = {}
    for row in db.execute(_THEIRS, {**ideas, "people": user_ids}):
        theirs.setdefault(row.user_id, []).append(told[row.idea_id])
    found = []
    for one in audiences.recipients(db, user_ids, None):
        mine = [idea for idea in theirs[one.person.id] if can(one.person, "idea.read", idea.idea)]
        if mine:
            is_active = one.person.status == "active"  # who is suspended reads it in the list, and gets no mail
            found.append(news(directive, publication, one if is_active else Recipient(one.person, None), mine))
    return found, user_ids[-1] if len(user_ids) == BATCH else None


def _told(db: Connection, directive_id: int, publication: int) -> dict[int, Told]:
    found = {}
    for row in db.execute(_TOLD_IDEAS, {"directive": directive_id, "publication": publication}):
        subject = audiences.idea(db, row.idea_id, STANDING)
        if subject is not None:
            found[row.idea_id] = Told(subject, row.published_outcome, row.published_reason)
    return found


def news(directive: DirectiveView, publication: int, recipient: Recipient, told: Sequence[Told]) -> News:
    """One message for all the ideas of a person."""
    event = f"dispositions:{directive.id}:{publication}"
    lines = [f"{one.label}: “{one.idea.title}”" for one in told]
    if len(told) == 1:
        title, url, text = lines[0], told[0].idea.path, excerpt(told[0].reason, 300)
    else:
        title, url = f"What became of {len(told)} ideas you support", f"{directive.path}/dispositions"
        more = len(told) - LIST_MOST
        text = "; ".join(lines[:LIST_MOST]) + (f"; and {more} more." if more > 0 else ".")
    head = f"The directive “{directive.title}” says what becomes of {'your idea' if len(told) == 1 else 'these ideas'}."
    parts = [f"{line}\n{one.reason}" for line, one in zip(lines[:MAIL_MOST], told, strict=False)]
    if len(told) > MAIL_MOST:
        parts.append(f"And {len(told) - MAIL_MOST} more. You find them all on the page.")
    telling = Telling(event, "dispositions.published", title, url, text)
    return News(recipient, telling, "\n\n".join([head, *parts]))
