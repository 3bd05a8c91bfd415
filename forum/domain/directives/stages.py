"""The stages of a directive: written, put before the public, taken back with a reason, final for good."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from forum import text as words
from forum.clock import now
from forum.db import Connection, UniqueViolation, insert
from forum.domain.directives import publishing, texts, views
from forum.domain.directives.texts import QUESTIONS, Text
from forum.domain.directives.views import DirectiveView
from forum.domain.errors import Conflict, Invalid
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Directive, DirectiveEdition, DirectiveStep, EditionCitation

SHORTEST, LONGEST = 1, 365  # days to comment
REASON_LEAST, REASON_MOST = 5, 1_000
ATTEMPTS = 5

_NEXT_EDITION = sa.select(sa.func.coalesce(sa.func.max(DirectiveEdition.number), 0) + 1).where(
    DirectiveEdition.directive_id == sa.bindparam("directive")
)
_NEXT_NUMBER = sa.select(sa.func.coalesce(sa.func.max(Directive.number), 0) + 1)
_TO_STAGE = (
    sa.update(Directive)
    .where(Directive.id == sa.bindparam("directive"), Directive.stage.in_(sa.bindparam("before", expanding=True)))
    .values(
        stage=sa.bindparam("new_stage"),
        edition_id=sa.bindparam("new_edition"),
        closes_at=sa.bindparam("new_end"),
        number=sa.bindparam("new_number"),
    )
    .returning(Directive.id)
)


def gaps(text: Text) -> list[str]:
    """What has to be written before the public can read it, a sentence each."""
    found = [
        f"Recommendation {clause.label} does not say {QUESTIONS[name][0].lower()}."
        for clause in text.clauses()
        for name in QUESTIONS
        if not getattr(clause, name)
    ]
    if not any(text.clauses()):
        found.append("There is no recommendation yet.")
    return found


def closing(day: str) -> datetime:
    """The end of this day (YYYY-MM-DD) in UTC. Invalid unless it is one of the coming 365."""
    try:
        last = date.fromisoformat(day.strip())
    except ValueError:
        raise Invalid({"closes_on": "Please give a date like 2009-05-21."}) from None
    days = (last - now().date()).days
    if not SHORTEST <= days <= LONGEST:
        raise Invalid({"closes_on": "Please choose a day between tomorrow and a year from now."})
    return datetime.combine(last, time(), UTC) + timedelta(days=1)


def reason_of(value: str) -> str:
    """A reason that everybody can read, tidied. Invalid if it is too short or too long."""
    value = words.tidy(value).strip()
    if len(value) < REASON_LEAST:
        raise Invalid({"reason": "Please say why, in a few words. Everyone can read it."})
    if len(value) > REASON_MOST:
        raise Invalid({"reason": f"Please keep it to {REASON_MOST:,} characters."})
    return value


def open_for_comment(
    db: Connection, user: Person | None, directive_id: int, *, closes_on: str, moment: datetime | None = None
) -> DirectiveView:
    """Put the text as it is before the public, which may comment until the end of a day. Its words stand fast then.

    Invalid for a wrong day, Conflict when something is missing (see gaps) or it is not in drafting.
    """
    directive = views.get(db, user, directive_id, to_change=True)
    user = require(user, "directive.write", directive)
    closes_at, text = closing(closes_on), texts.now_written(db, directive.id)
    if missing := gaps(text):
        raise Conflict(" ".join(missing[:5]) + (" And more is missing." if len(missing) > 5 else ""))
    moment = moment or now()
    edition_id = _freeze(db, directive, text, "comment", moment, number=None)
    _go(db, user, directive, "comment", before=["drafting"], moment=moment, edition_id=edition_id, closes_at=closes_at)
    return views.get(db, user, directive_id)


def end_comments(db: Connection, user: Person | None, directive_id: int, *, reason: str) -> DirectiveView:
    """End the time to comment now, with a reason that everybody reads."""
    directive = views.get(db, user, directive_id, to_change=True)
    user = require(user, "directive.write", directive)
    why = reason_of(reason)
    if not directive.takes_comments:
        raise Conflict("People can't comment on it now.")
    _go(db, user, directive, "comment", before=["comment"], closes_at=now(), reason=why)
    return views.get(db, user, directive_id)


def take_back(db: Connection, user: Person | None, directive_id: int, *, reason: str) -> DirectiveView:
    """Write it anew after public comment. What was before the public stays there, with the reason."""
    directive = views.get(db, user, directive_id, to_change=True)
    user = require(user, "directive.write", directive)
    why = reason_of(reason)
    _go(db, user, directive, "drafting", before=["comment"], reason=why)
    return views.get(db, user, directive_id)


def finish(db: Connection, user: Person | None, directive_id: int) -> DirectiveView:
    """Make it final: it gets its number, its words and dispositions are frozen, and the dispositions are published.

    Conflict while people can still comment, or unless it was before the public.
    """
    directive = views.get(db, user, directive_id, to_change=True)
    user = require(user, "directive.write", directive)
    if directive.stage != "comment":
        raise Conflict("Only a directive that was before the public can become final.")
    if directive.takes_comments:
        raise Conflict("People can still comment. Wait for the end, or end it now with a reason.")
    publishing.publish(db, user, directive, moment=now())
    text = texts.now_written(db, directive.id)
    for attempt in range(ATTEMPTS):
        number = int(db.execute(_NEXT_NUMBER).scalar_one() or 1)
        try:
            with db.begin_nested():
                edition_id = _freeze(db, directive, text, "final", now(), number=number)
                _go(db, user, directive, "final", before=["comment"], edition_id=edition_id, number=number)
            break
        except UniqueViolation:  # somebody finished another directive at the same moment
            if attempt == ATTEMPTS - 1:
                raise
    return views.get(db, user, directive_id)


def _freeze(
    db: Connection, directive: DirectiveView, text: Text, kind: str, moment: datetime, *, number: int | None
) -> int:
    """Keep the text as an edition; returns its id."""
    edition = int(db.execute(_NEXT_EDITION, {"directive": directive.id}).scalar_one())
    content = texts.canonical(
        text,
        directive=directive.id,
        edition=edition,
        kind=kind,
        number=number,
        snapshot=directive.snapshot_id,
        published_at=moment.isoformat(timespec="microseconds"),
        dispositions=_published(db, directive),
    )
    edition_id = insert(
        db,
        DirectiveEdition,
        directive_id=directive.id,
        number=edition,
        kind=kind,
        content=content,
        digest=texts.digest(content),
        published_at=moment,
    )
    if rows := list(_cited_rows(edition_id, text)):
        db.execute(sa.insert(EditionCitation), rows)
    return edition_id


def _cited_rows(edition_id: int, text: Text) -> Iterator[dict[str, Any]]:
    for idea_id, clauses in text.citing().items():
        for clause in clauses:
            row = {"edition_id": edition_id, "idea_id": idea_id, "recommendation_id": clause.id}
            yield {**row, "label": clause.label}


def _published(db: Connection, directive: DirectiveView) -> list[Mapping[str, Any]]:
    became = publishing.published(db, directive.id)
    return [{"idea": row.idea_id, "outcome": row.published_outcome, "reason": row.published_reason} for row in became]


def _go(
    db: Connection,
    user: Person,
    directive: DirectiveView,
    stage: str,
    *,
    before: list[str],
    moment: datetime | None = None,
    edition_id: int | None = None,
    closes_at: datetime | None = None,
    number: int | None = None,
    reason: str = "",
) -> None:
    """From one stage to another, if it is in one of `before`; Conflict otherwise. What is not said stays."""
    after = replace(
        directive,
        edition_id=edition_id or directive.edition_id,
        closes_at=closes_at or directive.closes_at,
        number=number or directive.number,
    )
    values: dict[str, Any] = {"new_stage": stage, "new_edition": after.edition_id, "new_end": after.closes_at}
    values |= {"new_number": after.number, "directive": directive.id, "before": before}
    if db.execute(_TO_STAGE, values).first() is None:
        raise Conflict(f"This directive is in another stage by now: {directive.label.lower()}.")
    insert(
        db,
        DirectiveStep,
        directive_id=directive.id,
        stage=stage,
        reason=reason,
        edition_id=edition_id,
        by_id=user.id,
        created_at=moment or now(),
    )
