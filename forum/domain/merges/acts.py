"""Merging and undoing it: both ideas, votes, follows and threads follow in one transaction."""

from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import cases, decisions, ideas, outbox, progress, recounts, states
from forum.domain.errors import Conflict, Invalid
from forum.domain.ideas import IdeaView
from forum.domain.merges import places, threads, unions, views
from forum.domain.merges.places import Link
from forum.domain.merges.views import MergeView
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Decision, Merge

LIVE = ("published", "off-topic")

_PERFORM = (
    sa.update(Merge)
    .where(Merge.id == sa.bindparam("the_merge"), Merge.is_waiting)
    .values(
        stage="merged",
        is_waiting=False,
        is_active=True,
        decided_by_id=sa.bindparam("by"),
        decided_at=sa.bindparam("moment"),
        note=sa.bindparam("words"),
        takes_against=sa.bindparam("takes"),
        state_before=sa.bindparam("before"),
    )
    .returning(Merge.id)
)
_SET_DECISION = sa.update(Merge).where(Merge.id == sa.bindparam("the_merge")).values(decision_id=sa.bindparam("made"))
_UNDO = (
    sa.update(Merge)
    .where(Merge.id == sa.bindparam("the_merge"), Merge.is_active)
    .values(
        stage="undone",
        is_active=False,
        undone_by_id=sa.bindparam("by"),
        undone_at=sa.bindparam("moment"),
        undo_reason=sa.bindparam("words"),
    )
    .returning(Merge.id)
)
_UNDO_DECISION = sa.update(Decision).where(Decision.id == sa.bindparam("the_decision"))
_UNDO_DECISION = _UNDO_DECISION.values(undone_at=sa.bindparam("moment"))


def check_pair(absorbed: IdeaView, target: IdeaView) -> None:
    """Can the one be merged into the other, whoever asks? Invalid (field `target`) or Conflict, in words, if not."""
    if absorbed.id == target.id:
        raise Invalid({"target": "An idea can't be merged into itself. Please choose another one."})
    for idea in (absorbed, target):
        if idea.state == "merged":
            raise Conflict(f"{idea.ref} was merged into another idea in the meantime.")
        if idea.state not in LIVE:
            gone = {"withdrawn": "was withdrawn by its author", "removed": "was removed by moderators"}
            raise Conflict(f"{idea.ref} {gone.get(idea.state, 'waits for a check')}, so it can't be merged.")
        if idea.community_status != "open":
            raise Conflict(f"{idea.community.name} is archived, so nothing changes there any more.")
    if not views.same_eyes(absorbed.community, target.community):
        raise Invalid({"target": "Not everybody who sees the one idea may see the other. So they stay apart."})
    if absorbed.community.is_votable and not target.community.is_votable:
        raise Invalid({"target": f"Voting has ended in {target.community.name}. Choose an idea that is still open."})


def require_decider(user: Person | None, merge: MergeView) -> Person:
    """Who decides manages the communities of both ideas and wrote neither of them. Forbidden otherwise."""
    require(user, "merge.decide", merge.absorbed)
    return require(user, "merge.decide", merge.target)


def perform(db: Connection, user: Person, merge_id: int, *, note: str = "") -> MergeView:
    """Merge, in the name of this moderator, who was allowed to; returns the merge as it is then.

    Conflict when one of the ideas changed in the meantime, or when somebody else has answered. Of two merges that cross
    each other, the second finds the first one done.
    """
    places.take_turn(db)
    merge = views.get(db, user, merge_id)
    for case_id in cases.open_ids(db, "idea", merge.absorbed.id, kind="merge"):
        cases.close(db, case_id)
    places.lock(db, [merge.absorbed.id, merge.target.id])
    absorbed = ideas.get(db, user, merge.absorbed.id, to_change=True)
    target = ideas.get(db, user, merge.target.id, to_change=True)
    check_pair(absorbed, target)
    takes_against = target.vote_kind != "support"
    values = {"the_merge": merge_id, "by": user.id, "moment": now(), "words": note}
    if db.execute(_PERFORM, {**values, "takes": takes_against, "before": absorbed.state}).first() is None:
        raise Conflict("Somebody has decided about this merge in the meantime.")
    _unite(db, Link(merge_id, absorbed.id, target.id, takes_against))
    done = views.get(db, user, merge_id)
    _write_down(db, user, done, absorbed.state)
    outbox.add(db, "merge.performed", merge_id=merge_id, by_id=user.id)
    return views.get(db, user, merge_id)


def _unite(db: Connection, link: Link) -> None:
    states.change(db, link.absorbed_id, "merged")
    for what in (unions.VOTE, unions.FOLLOW):
        unions.carry(db, link, what)
    threads.bring(db, link.absorbed_id, link.target_id)
    recounts.mend(db, "ideas", sorted((link.absorbed_id, link.target_id)))


def _write_down(db: Connection, user: Person, merge: MergeView, state_before: str) -> None:
    absorbed, target = merge.absorbed, merge.target
    progress.note_change(db, absorbed.id, "merged", user.id, note=f"Into {target.ref}. {merge.reason}")
    progress.note_change(db, target.id, "absorbed", user.id, note=f"{absorbed.ref}. {merge.reason}")
    made = decide(
        db,
        user,
        absorbed,
        "merge",
        note=merge.note or merge.reason,
        facts=_facts(merge),
        state_before=state_before,
        state_after="merged",
        case_id=merge.case_id,
        reason="duplicate",
        before={"state": state_before},
        after={"state": "merged"},
    )
    decisions.name_in_cases(db, [] if merge.case_id is None else [merge.case_id], made)
    db.execute(_SET_DECISION, {"the_merge": merge.id, "made": made})


def _facts(merge: MergeView) -> str:
    asked = {
        "given": "The author agreed.",
        "": "The author can't be reached." if merge.is_author_gone else "The author was asked and did not answer.",
    }
    return f"{merge.absorbed.ref} asks for the same as {merge.target.ref}. {asked.get(merge.consent, '')}".strip()


def decide(db: Connection, user: Person, idea: IdeaView, action: str, **values: Any) -> int:
    """Write the decision of a merge, a split or an undo; returns its id. Asks no rights."""
    return decisions.record(
        db,
        user,
        action=action,
        subject_kind="idea",
        subject_id=idea.id,
        author_id=idea.author_id,
        community=idea.community,
        **values,
    )


def undo(db: Connection, user: Person | None, merge_id: int, *, reason: str) -> MergeView:
    """Take a merge back: the absorbed idea stands by itself again, with its votes, follows and threads.

    What people did since stays where they did it; only what the merge carried goes back. Works also while the remaining
    idea is in another one. Conflict when it is undone already, or was never done.
    """
    places.take_turn(db)
    merge = views.get(db, user, merge_id)
    user = require_decider(user, merge)
    absorbed_id, chain = merge.absorbed.id, places.chain(db, merge.target.id)
    places.lock(db, [absorbed_id, *chain])
    if db.execute(_UNDO, {"the_merge": merge_id, "by": user.id, "moment": now(), "words": reason}).first() is None:
        raise Conflict("This merge is not in force any more.")
    state = ideas.get(db, user, absorbed_id, to_change=True).state
    if state == "merged":  # what else was done to it meanwhile stays
        states.change(db, absorbed_id, merge.state_before or "published")
    unions.settle(db, merge.target.id)
    threads.give_back(db, absorbed_id, chain[-1])
    recounts.mend(db, "ideas", sorted({absorbed_id, *chain}))
    progress.note_change(db, absorbed_id, "unmerged", user.id, note=f"From {merge.target.ref}. {reason}")
    progress.note_change(db, merge.target.id, "released", user.id, note=f"{merge.absorbed.ref}. {reason}")
    _write_down_undo(db, user, merge, state, reason)
    outbox.add(db, "merge.undone", merge_id=merge_id, by_id=user.id)
    return views.get(db, user, merge_id)


def _write_down_undo(db: Connection, user: Person, merge: MergeView, state: str, reason: str) -> None:
    after = ideas.get(db, user, merge.absorbed.id, to_change=True).state
    if merge.decision_id is not None:
        db.execute(_UNDO_DECISION, {"the_decision": merge.decision_id, "moment": now()})
    decide(
        db,
        user,
        merge.absorbed,
        "undo",
        note=reason,
        state_before=state,
        state_after=after,
        facts=f"{merge.absorbed.ref} is taken out of {merge.target.ref} again.",
        undoes_id=merge.decision_id,
        before={"state": state},
        after={"state": after},
    )
