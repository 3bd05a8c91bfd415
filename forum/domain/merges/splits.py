"""Splitting: a part of an idea, with the threads about it, becomes an idea of its own; votes stay with the original."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import text
from forum.clock import now
from forum.db import Connection, insert
from forum.domain import decisions, ideas, limits, outbox, people, posting, progress, recounts, revisions, states
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.ideas import IdeaView
from forum.domain.merges import acts, places, threads
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.posting import IdeaFields, TextFields
from forum.models import Comment, Decision, Merge, Split

REASON_LEAST, REASON_MOST = 5, 500
THREADS_OFFERED = 200

_COLUMNS = (
    Split.id,
    Split.idea_id,
    Split.new_id,
    Split.reason,
    Split.made_by_id,
    Split.created_at,
    Split.decision_id,
    Split.before,
    Split.mark,
    Split.undone_at,
    Split.undo_reason,
)
_GET = sa.select(*_COLUMNS).where(Split.id == sa.bindparam("split_id"))
_OF_PART = sa.select(*_COLUMNS).where(Split.new_id == sa.bindparam("idea_id"))
_UNDO = (
    sa.update(Split)
    .where(Split.id == sa.bindparam("the_split"), Split.undone_at.is_(None))
    .values(undone_by_id=sa.bindparam("by"), undone_at=sa.bindparam("moment"), undo_reason=sa.bindparam("words"))
    .returning(Split.id)
)
_SET_DECISION = sa.update(Split).where(Split.id == sa.bindparam("the_split")).values(decision_id=sa.bindparam("made"))
_MERGE_OF = sa.select(Merge.id).where(Merge.decision_id == sa.bindparam("made"))
_SPLIT_OF = sa.select(Split.id).where(Split.decision_id == sa.bindparam("made"))
_UNDO_DECISION = sa.update(Decision).where(Decision.id == sa.bindparam("the_decision"))
_UNDO_DECISION = _UNDO_DECISION.values(undone_at=sa.bindparam("moment"))
_IS_IN_MERGE = sa.select(Merge.id).where(
    sa.or_(Merge.absorbed_id == sa.bindparam("idea_id"), Merge.target_id == sa.bindparam("idea_id")), Merge.is_active
)
_IS_SPLIT = sa.select(Split.id).where(Split.idea_id == sa.bindparam("idea_id"), Split.undone_at.is_(None)).limit(1)
_ROOTS = sa.select(Comment.id).where(
    Comment.idea_id == sa.bindparam("idea_id"), Comment.depth == 0, Comment.id.in_(sa.bindparam("ids", expanding=True))
)


def _reason(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) < REASON_LEAST:
        raise ValueError("Please say why, in a few words.")
    if len(value) > REASON_MOST:
        raise ValueError(f"Please keep it to {REASON_MOST} characters.")
    return value


def _rest(value: str) -> str:
    value = text.tidy(value).strip()
    if value and len(value) < posting.BODY_LEAST:
        raise ValueError(f"Please leave at least {posting.BODY_LEAST} characters in the original idea.")
    if len(value) > posting.BODY_MOST:
        raise ValueError(f"The text has {len(value):,} characters. Please keep it to {posting.BODY_MOST:,}.")
    return value


class SplitFields(TextFields):
    """The words of the new idea; what stays in the original (empty: its text stays as it is); why; which threads go."""

    model_config = ConfigDict(validate_default=True, frozen=True)
    rest: Annotated[str, AfterValidator(_rest)] = ""
    reason: Annotated[str, AfterValidator(_reason)] = ""
    comment: tuple[str, ...] = ()


class UndoFields(BaseModel):
    """Why a split is undone; everybody can read it."""

    model_config = ConfigDict(validate_default=True)
    reason: Annotated[str, AfterValidator(_reason)] = ""


@dataclass(frozen=True, slots=True)
class SplitView:
    """A split with both its ideas, as the one who asks may see them."""

    row: Any
    idea: IdeaView
    part: IdeaView

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def reason(self) -> str:
        return str(self.row.reason)

    @property
    def path(self) -> str:
        return f"/splits/{self.row.id}"

    @property
    def created_at(self) -> datetime:
        return self.row.created_at  # type: ignore[no-any-return]  # a row's column

    @property
    def undone_at(self) -> datetime | None:
        return self.row.undone_at  # type: ignore[no-any-return]  # a row's column

    @property
    def undo_reason(self) -> str:
        return str(self.row.undo_reason)


def get(db: Connection, user: Person | None, split_id: int) -> SplitView:
    """The split, for those who may see both ideas; NotFound for others."""
    row = db.execute(_GET, {"split_id": split_id}).first()
    if row is None:
        raise NotFound("There is no split here.")
    return SplitView(row, ideas.get(db, user, row.idea_id), ideas.get(db, user, row.new_id))


def of_part(db: Connection, idea_id: int) -> Any | None:
    """The split that made this idea, if one did: id, idea_id, reason, undone_at, undo_reason."""
    return db.execute(_OF_PART, {"idea_id": idea_id}).first()


def split(db: Connection, user: Person | None, idea_id: int, fields: SplitFields, *, seen: str = "") -> SplitView:
    """Make a part of an idea an idea of its own, by its author, with the threads whose top comments are named.

    Votes stay with the original: nobody voted on the part alone. `seen` is the mark (revisions.mark) of the text that
    was divided; Conflict if it is another one by now. Invalid when a thread is not among the idea's any more.
    """
    places.take_turn(db)
    idea = ideas.get(db, user, idea_id, to_change=True)
    user = require(user, "idea.split", idea)
    if seen and seen != revisions.mark(_text_of(idea)):
        raise Conflict("The text of the idea was changed in the meantime. Below is what you wrote, not yet saved.")
    roots = _roots(db, idea_id, fields.comment)
    if idea.author_id == user.id:
        limits.hit(db, user, "idea")
    author = people.load(db, idea.author_id)
    names = ", ".join(tag.name for tag in idea.tags)
    new = IdeaFields.model_construct(  # the words were checked; tags of an earlier site may be more than ours
        title=fields.title, body=fields.body, why=fields.why, tags=names, community=idea.community.slug
    )
    part = posting.put(db, author, idea.community, new, texts=_checked(db, user, idea, new))
    before = _leave(db, user, idea, fields.rest)
    mark = revisions.mark(_text_of(ideas.get(db, user, idea_id, to_change=True)))
    row = {"reason": fields.reason, "made_by_id": user.id, "created_at": now(), "before": before, "mark": mark}
    split_id = insert(db, Split, idea_id=idea_id, new_id=part.id, **row)
    threads.take_out(db, split_id, idea_id, part.id, roots)
    recounts.mend(db, "ideas", [idea_id, part.id])
    _write_down(db, user, idea, split_id, part.id, fields.reason)
    outbox.add(db, "idea.split", split_id=split_id, by_id=user.id)
    return get(db, user, split_id)


def _text_of(idea: IdeaView) -> revisions.Text:
    return revisions.Text(idea.title, idea.body, idea.why)


def _roots(db: Connection, idea_id: int, given: tuple[str, ...]) -> list[int]:
    ids = sorted({int(value) for value in given if value.isascii() and value.isdigit() and len(value) < 19})
    found = list(db.execute(_ROOTS, {"idea_id": idea_id, "ids": ids}).scalars()) if ids else []
    if len(found) != len(set(given)):
        raise Invalid({"comment": "Some of these comments are not here any more. Please look at the list again."})
    return found


def _leave(db: Connection, user: Person, idea: IdeaView, rest: str) -> dict[str, str]:
    """Leave only the rest of its text in the original idea; returns what it was, or nothing if it stays as it is."""
    if not rest or rest == idea.body:
        return {}
    fields = TextFields.model_construct(title=idea.title, body=rest, why=idea.why)
    posting.rewrite(db, user, idea, fields, texts=_checked(db, user, idea, fields))
    return {"title": idea.title, "body": idea.body, "why": idea.why}


def _checked(db: Connection, user: Person, idea: IdeaView, fields: IdeaFields | TextFields) -> posting.Texts:
    """The words rendered. A split is no way around the check that new words of this person would have to wait for."""
    texts = posting.texts_of(fields)
    if posting.must_wait(db, user, idea.community, fields, texts):
        raise Conflict("New words of yours wait for a check first. Please ask a moderator to split the idea.")
    return texts


def _write_down(db: Connection, user: Person, idea: IdeaView, split_id: int, new_id: int, reason: str) -> None:
    part = ideas.reference(new_id)
    progress.note_change(db, idea.id, "split", user.id, note=f"It is {part} now. {reason}")
    progress.note_change(db, new_id, "split-off", user.id, note=f"It was a part of {idea.ref}. {reason}")
    made = acts.decide(
        db,
        user,
        idea,
        "split",
        note=reason,
        facts=f"A part of {idea.ref} became {part}.",
        state_before=idea.state,
        state_after=idea.state,
    )
    db.execute(_SET_DECISION, {"the_split": split_id, "made": made})


def undo(db: Connection, user: Person | None, split_id: int, *, reason: str) -> SplitView:
    """Take a split back: its threads go back, the text comes back if nobody changed it since, the part is closed.

    What people wrote and voted on the part itself stays at its address, where a note tells why. Conflict when it is
    undone already, or while the part is in a merge or split itself.
    """
    places.take_turn(db)
    view = get(db, user, split_id)
    user = require(user, "split.undo", view.idea)
    places.lock(db, [view.part.id, *places.chain(db, view.idea.id)])
    if db.execute(_IS_IN_MERGE, {"idea_id": view.part.id}).first() is not None:
        raise Conflict(f"{view.part.ref} is a part of a merge by now. Undo that merge first.")
    if db.execute(_IS_SPLIT, {"idea_id": view.part.id}).first() is not None:
        raise Conflict(f"{view.part.ref} was split itself by now. Undo that split first.")
    values = {"the_split": split_id, "by": user.id, "moment": now(), "words": reason}
    if db.execute(_UNDO, values).first() is None:
        raise Conflict("This split was undone in the meantime.")
    threads.put_back(db, split_id, view.part.id)
    _restore(db, user, view)
    part = ideas.get(db, user, view.part.id, to_change=True)
    if part.state in (*acts.LIVE, "held"):
        states.change(db, part.id, "withdrawn")
    _mend(db, view)
    progress.note_change(db, part.id, "withdrawn", user.id, note=f"The split was undone. {reason}")
    progress.note_change(db, view.idea.id, "rejoined", user.id, note=f"{part.ref}. {reason}")
    _write_down_undo(db, user, view, reason)
    return get(db, user, split_id)


def _mend(db: Connection, view: SplitView) -> None:
    homes = {home for root in threads.of_split(db, view.id) for home in places.chain(db, root)}
    recounts.mend(db, "ideas", sorted({view.part.id, view.idea.id, *homes}))


def _restore(db: Connection, user: Person, view: SplitView) -> None:
    """Put the text back that the original had, unless it was changed since: then that later word stands."""
    before, idea = view.row.before, ideas.get(db, user, view.idea.id, to_change=True)
    if before and revisions.mark(_text_of(idea)) == view.row.mark:
        fields = TextFields.model_construct(**before)
        posting.rewrite(db, user, idea, fields, texts=posting.texts_of(fields))


def _write_down_undo(db: Connection, user: Person, view: SplitView, reason: str) -> None:
    made = view.row.decision_id
    if made is not None:
        db.execute(_UNDO_DECISION, {"the_decision": made, "moment": now()})
    acts.decide(
        db,
        user,
        view.idea,
        "undo",
        note=reason,
        state_before=view.idea.state,
        state_after=view.idea.state,
        facts=f"{view.part.ref} is a part of {view.idea.ref} again.",
        undoes_id=made,
    )


def undo_decision(db: Connection, user: Person | None, decision_id: int, *, reason: str) -> int:
    """Take back the merge or the split that a decision was about; returns the id of the decision that does so.

    Conflict when it is not in force any more, NotFound for a decision about neither.
    """
    words = reason.strip() or "A decision was undone."
    merge_id = db.execute(_MERGE_OF, {"made": decision_id}).scalar()
    split_id = db.execute(_SPLIT_OF, {"made": decision_id}).scalar()
    if merge_id is not None:
        acts.undo(db, user, merge_id, reason=words)
    elif split_id is not None:
        undo(db, user, split_id, reason=words)
    else:
        raise NotFound("There is no merge or split here.")
    return decisions.undone_by(db, decision_id) or decision_id
