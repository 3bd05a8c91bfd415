"""Outcomes of appeals: another moderator upholds one, which undoes the decision exactly, or denies it and says why."""

from forum.db import Connection
from forum.domain import appeals, undoing
from forum.domain.appeals import OutcomeFields
from forum.domain.people import Person


def decide(db: Connection, user: Person | None, appeal_id: int, fields: OutcomeFields) -> None:
    """Decide on an appeal. Both the author and the one who decided first are told.

    Forbidden on one's own content and one's own decision; Conflict if it is decided, lent to somebody else, or if a
    later decision about the same thing has to be undone first (bulks.LaterDecision).
    """
    if fields.outcome == "denied":
        appeals.deny(db, user, appeal_id, fields.answer)
        return
    appeal = appeals.check(db, user, appeal_id)
    undoing.undo(db, user, appeal.decision_id, note=fields.answer, answer=fields.answer)
