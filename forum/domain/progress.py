"""What becomes of an idea: its status with notes, moves between communities, withdrawal, and the line of steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import text
from forum.clock import now
from forum.db import Connection, insert
from forum.domain import ideas, moderation, moves, outbox, repeats, states
from forum.domain.communities import CommunityView
from forum.domain.ideas import STATUSES, IdeaView
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Idea, StatusChange, User

REASON_LEAST, REASON_MOST, NOTE_MOST = 5, 500, 2_000
DECIDED = ("accepted", "accepted-in-part", "planned", "declined", "out-of-scope")
FINAL = ("declined", "out-of-scope")

_CHANGES = (
    sa.select(
        StatusChange.id,
        StatusChange.kind,
        StatusChange.status,
        StatusChange.note,
        StatusChange.created_at,
        User.name.label("by_name"),
        User.handle.label("by_handle"),
        User.is_employee,
        User.agency_name,
    )
    .join_from(StatusChange, User, User.id == StatusChange.by_id, isouter=True)
    .where(StatusChange.idea_id == sa.bindparam("idea_id"))
    .order_by(StatusChange.created_at, StatusChange.id)
)
_SET_STATUS = sa.update(Idea).where(Idea.id == sa.bindparam("the_idea")).values(status=sa.bindparam("new_status"))


def _reason(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) < REASON_LEAST:
        raise ValueError("Please say why, in a few words.")
    if len(value) > REASON_MOST:
        raise ValueError(f"Please keep it to {REASON_MOST} characters.")
    return value


def _note(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) < REASON_LEAST:
        raise ValueError("Please write a note, so that people understand the change.")
    if len(value) > NOTE_MOST:
        raise ValueError(f"Please keep the note to {NOTE_MOST:,} characters.")
    return value


def _status(value: str) -> str:
    if value not in STATUSES:
        raise ValueError("Please choose where the idea stands.")
    return value


def _community(value: str) -> str:
    if not value.strip():
        raise ValueError("Please choose a community.")
    return value.strip()


class WithdrawFields(BaseModel):
    """Why an author takes an idea back; everybody can read it."""

    model_config = ConfigDict(validate_default=True)
    reason: Annotated[str, AfterValidator(_reason)] = ""


class MoveFields(BaseModel):
    """Where an idea goes (the slug of a community), and why."""

    model_config = ConfigDict(validate_default=True)
    community: Annotated[str, AfterValidator(_community)] = ""
    note: Annotated[str, AfterValidator(_reason)] = ""


class StatusFields(BaseModel):
    """Where an idea stands (a key of ideas.STATUSES), and a note about it (Markdown)."""

    model_config = ConfigDict(validate_default=True)
    status: Annotated[str, AfterValidator(_status)] = ""
    note: Annotated[str, AfterValidator(_note)] = ""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of an idea's public history. `by_*` are None where nobody is known."""

    id: int
    kind: str
    status: str
    note: str
    created_at: datetime
    by_name: str | None
    by_handle: str | None
    is_employee: bool | None
    agency_name: str | None

    @property
    def label(self) -> str:
        """What happened, in a few words."""
        if self.kind == "status":
            return STATUSES.get(self.status, self.status)
        return _KINDS.get(self.kind, self.kind.replace("-", " ").capitalize())


_KINDS = {
    "posted": "Posted",
    "moved": "Moved",
    "withdrawn": "Withdrawn by the author",
    "removed": "Removed by moderators",
    "restored": "Shown again",
    "held": "Held for a check",
    "merged": "Merged into another idea",
    "absorbed": "Another idea was merged into this one",
    "unmerged": "Taken out of the other idea again",
    "released": "A merge was undone",
    "split": "A part became an idea of its own",
    "split-off": "Made of a part of another idea",
    "rejoined": "A split was undone",
    "off-topic": "Put on the off-topic track",
    "undone": "A decision was undone",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the line that shows where an idea stands. `state`: done, now, next, late."""

    label: str
    state: str
    at: datetime | None = None
    due_at: datetime | None = None
    note: str = ""


def changes(db: Connection, idea_id: int) -> tuple[ChangeView, ...]:
    """The public history of an idea, the oldest first. Asks no rights: the caller has loaded the idea."""
    return tuple(ChangeView(**row._mapping) for row in db.execute(_CHANGES, {"idea_id": idea_id}))


def notes(history: Sequence[ChangeView]) -> list[ChangeView]:
    """What officials said about where the idea stands, the oldest first."""
    return [change for change in history if change.kind == "status" and change.note]


def steps(idea: IdeaView, history: Sequence[ChangeView]) -> list[Step]:
    """The line of steps: posted, acknowledged, answered, decided, done, with the moments that are known."""
    first: dict[str, datetime] = {}
    for change in history:
        if change.kind == "status":
            first.setdefault(change.status, change.created_at)
    posted = Step("Posted", "done", idea.created_at)
    if idea.state == "held":
        return [posted, Step("Waiting for a check", "now"), Step("Shown to everyone", "next")]
    if idea.state in ("withdrawn", "removed"):
        ended = max((change.created_at for change in history if change.kind == idea.state), default=None)
        return [posted, Step(idea.state.capitalize(), "done", ended)]
    decision = idea.status if idea.status in DECIDED else next((s for s in reversed(list(first)) if s in DECIDED), "")
    line = [("Acknowledged", "acknowledged"), ("Answered", "answered"), (STATUSES.get(decision, "Decided"), decision)]
    if idea.status not in FINAL:
        line.append(("Done", "done"))
    reached = {"open": 0, "acknowledged": 1, "answered": 2, "done": 4}.get(idea.status, 3)
    result = [posted]
    for number, (label, status) in enumerate(line, start=1):
        state = "done" if number <= reached else "now" if number == reached + 1 else "next"
        result.append(Step(label, state, first.get(status) if number <= reached else None))
    return result


def note_change(db: Connection, idea_id: int, kind: str, by_id: int | None, *, status: str = "", note: str = "") -> int:
    """Write a line into an idea's public history; returns its id. Asks no rights."""
    row = {"kind": kind, "status": status, "note": note, "by_id": by_id, "created_at": now()}
    return insert(db, StatusChange, idea_id=idea_id, **row)


def withdraw(db: Connection, user: Person | None, idea_id: int, fields: WithdrawFields) -> None:
    """Take one's own idea back: it leaves the lists and the search, its page stays and gives the reason."""
    idea = ideas.get(db, user, idea_id, to_change=True)
    user = require(user, "idea.withdraw", idea)
    states.change(db, idea_id, "withdrawn")
    note_change(db, idea_id, "withdrawn", user.id, note=fields.reason)
    repeats.allow(db, idea_id)
    moderation.close_held(db, "idea", idea_id)
    outbox.add(db, "idea.withdrawn", idea_id=idea_id, by_id=user.id)


def move_targets(db: Connection, user: Person | None, idea: IdeaView) -> list[CommunityView]:
    """Where this person may move an idea: open communities that everybody sees, or that they manage themselves."""
    return moves.targets(db, user, idea.community_id)


def move(db: Connection, user: Person | None, idea_id: int, fields: MoveFields) -> IdeaView:
    """Put an idea into another community; votes, comments and address stay. Returns it as it is there.

    It is a decision like others: written down, told to the author, and it can be undone. Invalid for a community that
    is not among move_targets.
    """
    idea = ideas.get(db, user, idea_id, to_change=True)
    user = require(user, "idea.move", idea)
    decided = moderation.DecisionFields(action="move", community=fields.community, note=fields.note)
    moderation.act(db, user, "idea", idea_id, decided)
    return ideas.get(db, user, idea_id)


def set_status(db: Connection, user: Person | None, idea_id: int, fields: StatusFields) -> int:
    """Say where an idea stands, with a note that everybody reads and followers are told. Returns the change's id."""
    idea = ideas.get(db, user, idea_id, to_change=True)
    user = require(user, "idea.set_status", idea)
    db.execute(_SET_STATUS, {"the_idea": idea_id, "new_status": fields.status})
    change_id = note_change(db, idea_id, "status", user.id, status=fields.status, note=fields.note)
    outbox.add(db, "idea.status_changed", idea_id=idea_id, change_id=change_id, by_id=user.id)
    return change_id
