"""Proposals to merge: who asks, what the author answers within three days, what moderators decide."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import text
from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import cases, ideas, limits, notifications, outbox, people, search, similar, subjects
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.ideas import IdeaView
from forum.domain.merges import acts, places, unions, views
from forum.domain.merges.views import MergeView
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.domain.similar import SimilarIdea
from forum.models import Case, Idea, Merge

ANSWER_TIME = timedelta(days=3)
REASON_LEAST, REASON_MOST = 5, 500
FOUND = 8  # ideas offered for one search
_REFERENCE = re.compile(r"(?:\bI-|/ideas/|^#?)(\d{1,18})(?:\b|$)", re.IGNORECASE)

_SET_CASE = sa.update(Merge).where(Merge.id == sa.bindparam("the_merge")).values(case_id=sa.bindparam("opened"))
_SET_DETAILS = sa.update(Case).where(Case.id == sa.bindparam("the_case")).values(details=sa.bindparam("said"))
_ASK = (
    sa.update(Merge)
    .where(Merge.id == sa.bindparam("the_merge"), Merge.is_waiting, Merge.stage == "proposed", Merge.consent == "")
    .values(
        stage="asked",
        asked_by_id=sa.bindparam("by"),
        asked_at=sa.bindparam("moment"),
        answer_due_at=sa.bindparam("due"),
    )
    .returning(Merge.id)
)
_ANSWER = (
    sa.update(Merge)
    .where(Merge.id == sa.bindparam("the_merge"), Merge.is_waiting, Merge.consent == "")
    .values(
        consent=sa.bindparam("given"),
        answered_at=sa.bindparam("moment"),
        answer=sa.bindparam("words"),
    )
    .returning(Merge.id)
)
_END = (
    sa.update(Merge)
    .where(Merge.id == sa.bindparam("the_merge"), Merge.is_waiting)
    .values(
        stage=sa.bindparam("how"),
        is_waiting=False,
        decided_by_id=sa.bindparam("by"),
        decided_at=sa.bindparam("moment"),
        note=sa.bindparam("words"),
    )
    .returning(Merge.id)
)
_DECLINED = sa.select(Merge.id).where(
    Merge.absorbed_id == sa.bindparam("absorbed"),
    Merge.target_id == sa.bindparam("target"),
    Merge.stage == "declined",
)
_NEW = sa.select(Merge.id).where(Merge.absorbed_id == sa.bindparam("absorbed"), Merge.is_waiting)
_CASE_OF = sa.select(Merge.case_id).where(Merge.id == sa.bindparam("the_merge"))
_CASE_IS_OPEN = sa.select(Case.is_open).where(Case.id == sa.bindparam("the_case"))
_LATE = (
    sa.select(Merge.id, Merge.absorbed_id)
    .where(Merge.is_waiting, Merge.stage == "asked", Merge.answer_due_at <= sa.bindparam("moment"))
    .where(~sa.exists().where(Case.id == Merge.case_id, Case.is_open))
    .order_by(Merge.id)
    .limit(100)
)

_SUBJECT = sa.select(sa.literal("idea").label("kind"), Idea.id, Idea.state, Idea.community_id, Idea.author_id).where(
    Idea.id == sa.bindparam("idea_id")
)


def _reason(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) < REASON_LEAST:
        raise ValueError("Please say why, in a few words.")
    if len(value) > REASON_MOST:
        raise ValueError(f"Please keep it to {REASON_MOST} characters.")
    return value


def _words(value: str) -> str:
    value = text.tidy(value).strip()
    if len(value) > REASON_MOST:
        raise ValueError(f"Please keep it to {REASON_MOST} characters.")
    return value


def _target(value: str) -> str:
    found = _REFERENCE.search(value.strip())
    if found is None:
        raise ValueError("Please choose the idea that stays. You can also type its number, like I-12.")
    return found.group(1)


class ProposalFields(BaseModel):
    """Which idea stays (number, reference or address), and why both are the same."""

    model_config = ConfigDict(validate_default=True)
    target: Annotated[str, AfterValidator(_target)] = ""
    reason: Annotated[str, AfterValidator(_reason)] = ""


class AnswerFields(BaseModel):
    """What the author of the absorbed idea answers."""

    answer: Literal["agree", "decline"]
    words: Annotated[str, AfterValidator(_words)] = ""


class DecisionFields(BaseModel):
    """What a moderator makes of a proposal: ask the author, merge now, or leave the ideas apart."""

    act: Literal["ask", "merge", "refuse"]
    note: Annotated[str, AfterValidator(_words)] = ""


class UndoFields(BaseModel):
    """Why a merge or a split is undone; everybody can read it."""

    model_config = ConfigDict(validate_default=True)
    reason: Annotated[str, AfterValidator(_reason)] = ""


def candidates(db: Connection, user: Person | None, idea: IdeaView, query: str = "") -> list[SimilarIdea]:
    """Ideas into which this one could be merged: found by words, number or address, or else those most like it."""
    ids = _found(db, user, query.strip()) if query.strip() else list(similar.ids_like(db, idea))
    fitting = []
    for one in similar.load(db, user, [number for number in ids if number != idea.id]):
        other = ideas.get(db, user, one.id)
        try:
            acts.check_pair(idea, other)
        except (Invalid, Conflict):
            continue
        fitting.append(one)
    return fitting[:FOUND]


def _found(db: Connection, user: Person | None, query: str) -> list[int]:
    if (number := _REFERENCE.search(query)) is not None:
        return [places.top(db, int(number.group(1)))]
    hits = search.find(db, query, user=user, kinds=["idea"]).hits
    return [hit.idea_id for hit in hits]


def propose(db: Connection, user: Person | None, idea_id: int, fields: ProposalFields) -> MergeView:
    """Propose that an idea be merged into another one. Returns the proposal, or the one like it that waits already.

    The author of the absorbed idea agrees by proposing. A moderator of both puts the question to the author at once.
    Invalid for a target that does not fit, Conflict when another proposal waits or the author has declined this one.
    """
    absorbed = ideas.get(db, user, idea_id)
    user = require(user, "idea.merge", absorbed)
    try:
        target = ideas.get(db, user, int(fields.target))
    except NotFound:
        raise Invalid({"target": "There is no such idea. Please choose one of the list, or type its number."}) from None
    acts.check_pair(absorbed, target)
    is_own = user.id == absorbed.author_id
    if not is_own and db.execute(_DECLINED, {"absorbed": absorbed.id, "target": target.id}).first() is not None:
        raise Conflict("The author was asked about these two ideas and declined. Only the author can propose it again.")
    _end_stale(db, absorbed.id)
    limits.hit(db, user, "merge")
    row = {"absorbed_id": absorbed.id, "target_id": target.id, "stage": "proposed", "reason": fields.reason}
    consent = {"consent": "given", "answered_at": now()} if is_own else {}
    is_new = insert_once(db, Merge, **row, proposed_by_id=user.id, created_at=now(), **consent)
    merge_id = int(db.execute(_NEW, {"absorbed": absorbed.id}).scalar_one())
    merge = views.get(db, user, merge_id)
    if not is_new:
        if merge.target.id == target.id:
            return merge
        raise Conflict(f"There is a proposal to merge {absorbed.ref} into {merge.target.ref}. It has to end first.")
    if _can_decide(user, merge) and not is_own and not merge.is_author_gone:
        _ask(db, user, merge)
    else:
        _open_case(db, user, merge)
    return views.get(db, user, merge_id)


def _can_decide(user: Person | None, merge: MergeView) -> bool:
    return can(user, "merge.decide", merge.absorbed) and can(user, "merge.decide", merge.target)


def _end_stale(db: Connection, idea_id: int) -> None:
    """A proposal whose case was closed without an answer to it waits for nobody."""
    merge_id = views.waiting_id(db, idea_id)
    if merge_id is None:
        return
    merge = db.execute(sa.select(Merge.stage, Merge.case_id).where(Merge.id == merge_id)).one()
    if merge.stage == "proposed" and not db.execute(_CASE_IS_OPEN, {"the_case": merge.case_id}).scalar():
        end(db, merge_id, "refused", None)


def _open_case(db: Connection, user: Person | None, merge: MergeView) -> None:
    case_id = cases.open_for(db, "merge", subjects.get(db, user, "idea", merge.absorbed.id))
    db.execute(_SET_CASE, {"the_merge": merge.id, "opened": case_id})
    db.execute(_SET_DETAILS, {"the_case": case_id, "said": {"merge_id": merge.id, "other_id": merge.target.id}})


def is_case_open(db: Connection, merge_id: int) -> bool:
    """Does this proposal wait in the queue of moderators?"""
    case_id = db.execute(_CASE_OF, {"the_merge": merge_id}).scalar()
    return case_id is not None and bool(db.execute(_CASE_IS_OPEN, {"the_case": case_id}).scalar())


def end(db: Connection, merge_id: int, stage: str, by_id: int | None, words: str = "") -> bool:
    """End a proposal that waits, as `declined` or `refused`. False when it did not wait any more. Asks no rights."""
    values = {"the_merge": merge_id, "how": stage, "by": by_id, "moment": now(), "words": words}
    return db.execute(_END, values).first() is not None


def decide(db: Connection, user: Person | None, merge_id: int, fields: DecisionFields) -> MergeView:
    """A moderator asks the author, merges (consent given, author gone, or time over), or leaves the ideas apart.

    Forbidden on one's own ideas; Conflict when somebody else has decided, has the case, or the time is not over.
    """
    merge = views.get(db, user, merge_id)
    user = acts.require_decider(user, merge)
    if not merge.is_waiting:
        raise Conflict("Somebody has decided about this merge in the meantime.")
    _require_free(db, user, merge)
    if fields.act == "refuse":
        return _refuse(db, user, merge, fields.note)
    acts.check_pair(merge.absorbed, merge.target)
    if fields.act == "ask":
        _ask(db, user, merge)
        return views.get(db, user, merge_id)
    if not merge.may_merge_now:
        raise Conflict("The author has to be asked first, and has three days to answer.")
    return acts.perform(db, user, merge_id, note=fields.note)


def _require_free(db: Connection, user: Person, merge: MergeView) -> None:
    if merge.case_id is None:
        return
    case = cases.get(db, user, merge.case_id)
    if case.is_open and cases.is_lent_to_another(case, user):
        raise Conflict(f"{case.claimer_name} has this case right now.")


def _ask(db: Connection, user: Person, merge: MergeView) -> None:
    if merge.is_author_gone:
        raise Conflict("The author can't be reached any more. You can decide without an answer.")
    moment = now()
    values = {"the_merge": merge.id, "by": user.id, "moment": moment, "due": moment + ANSWER_TIME}
    if db.execute(_ASK, values).first() is None:
        raise Conflict("The author was asked already.")
    for case_id in cases.open_ids(db, "idea", merge.absorbed.id, kind="merge"):
        cases.close(db, case_id)
    title = f"May “{merge.absorbed.title}” be merged into another idea?"
    lines = [
        f"Your idea asks for much the same as “{merge.target.title}”. Together they would count for more.",
        f"The reason: {merge.reason}",
        "Please agree or decline within 3 days. After that, the moderators decide.",
    ]
    telling = Telling(f"merge:{merge.id}:asked", "merge.asked", title, merge.path, "\n\n".join(lines))
    notifications.later(db, [merge.absorbed.author_id], telling, reason="it is your idea")
    outbox.add(db, "merge.asked", merge_id=merge.id, by_id=user.id)


def _refuse(db: Connection, user: Person, merge: MergeView, note: str) -> MergeView:
    for case_id in cases.open_ids(db, "idea", merge.absorbed.id, kind="merge"):
        cases.close(db, case_id)
    if not end(db, merge.id, "refused", user.id, note):
        raise Conflict("Somebody has decided about this merge in the meantime.")
    _tell_proposer(db, merge, "Moderators leave the two ideas apart", note)
    return views.get(db, user, merge.id)


def _tell_proposer(db: Connection, merge: MergeView, title: str, words: str) -> None:
    told = words or f"The ideas are {merge.absorbed.ref} and {merge.target.ref}."
    telling = Telling(f"merge:{merge.id}:ended", "merge.ended", title, merge.path, told)
    notifications.later(db, [merge.proposed_by_id], telling, reason="you proposed this merge")


def answer(db: Connection, user: Person | None, merge_id: int, fields: AnswerFields) -> MergeView:
    """The author of the absorbed idea agrees or declines. Once a moderator has asked, agreeing merges at once.

    The author may also answer before being asked. Forbidden to others, Conflict when it is too late.
    """
    merge = views.get(db, user, merge_id)
    if not merge.is_waiting and user is not None and user.id == merge.absorbed.author_id:
        raise Conflict("This was answered or decided in the meantime.")
    user = require(user, "merge.answer", merge.absorbed)
    given = "given" if fields.answer == "agree" else "declined"
    values = {"the_merge": merge_id, "given": given, "moment": now(), "words": fields.words}
    if db.execute(_ANSWER, values).first() is None:
        raise Conflict("This was answered or decided in the meantime.")
    if given == "declined":
        for case_id in cases.open_ids(db, "idea", merge.absorbed.id, kind="merge"):
            cases.close(db, case_id)
        end(db, merge_id, "declined", user.id)
        _tell_proposer(db, merge, "The author declined the merge that you proposed", fields.words)
    elif merge.stage == "asked":
        return _merge_for(db, user, merge)
    return views.get(db, user, merge_id)


def _merge_for(db: Connection, user: Person, merge: MergeView) -> MergeView:
    """The author agreed: merge in the name of the one who asked, or let others decide if they may not any more."""
    asker = people.load(db, merge.asked_by_id)
    if _can_decide(asker, merge):
        acts.perform(db, asker, merge.id)
    else:
        _open_case(db, user, merge)
    return views.get(db, user, merge.id)


def call_back(db: Connection) -> int:
    """Open a case for each proposal whose author let the time pass. For workers; returns how many there were."""
    rows = db.execute(_LATE, {"moment": now()}).all()
    for row in rows:
        absorbed = _plain_subject(db, row.absorbed_id)
        if absorbed is None:
            end(db, row.id, "refused", None)
            continue
        case_id = cases.open_for(db, "merge", absorbed)
        db.execute(_SET_CASE, {"the_merge": row.id, "opened": case_id})
        db.execute(_SET_DETAILS, {"the_case": case_id, "said": {"merge_id": row.id}})
    return len(rows)


def _plain_subject(db: Connection, idea_id: int) -> Any | None:
    """The idea as a case needs it, whoever sees it; None if it does not stand any more."""
    row = db.execute(_SUBJECT, {"idea_id": idea_id}).first()
    return row if row is not None and row.state in acts.LIVE else None


def keep_out(db: Connection, user: Person | None, merge_id: int, *, is_out: bool) -> MergeView:
    """A voter keeps their vote out of a merge, or lets it in again: before the merge and afterwards.

    What they did on the remaining idea itself stays. Conflict without a vote on the absorbed idea, or once it is over.
    """
    merge = views.get(db, user, merge_id)
    user = require(user, "merge.keep_out", merge.target)
    if not (merge.is_waiting or merge.is_active):
        raise Conflict("This merge is over, so there is nothing to keep out of.")
    if not views.has_voted(db, user, merge.absorbed.id):
        raise Forbidden("merge.keep_out", f"You have no vote on {merge.absorbed.ref}.")
    places.take_turn(db)
    change = unions.keep_out if is_out else unions.let_in
    if change(db, merge_id, user.id) and views.standing_id(db, merge.absorbed.id) == merge_id:
        places.lock(db, places.chain(db, merge.target.id))
        unions.settle(db, merge.target.id, user.id, kinds=(unions.VOTE,))
    return views.get(db, user, merge_id)
