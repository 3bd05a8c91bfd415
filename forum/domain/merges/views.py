"""Merges as people see them: one merge with both its ideas, what is in an idea, what a merge would do to the counts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Prepared
from forum.domain import asides, cases, communities, ideas
from forum.domain.communities import CommunityView
from forum.domain.errors import NotFound
from forum.domain.ideas import IdeaView
from forum.domain.merges import places
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Idea, Merge, MergeOut, Split, User, Vote
from forum.models.base import aliased
from forum.text.changes import Change, differences

STAGES = {
    "proposed": "Waiting for a moderator",
    "asked": "Waiting for the author",
    "merged": "Merged",
    "declined": "Declined by the author",
    "refused": "Left apart",
    "undone": "Undone",
}
"""How far a merge has come: code → label."""

_proposer = aliased(User)
_author = aliased(User)
_COLUMNS: tuple[Any, ...] = (
    Merge.id,
    Merge.absorbed_id,
    Merge.target_id,
    Merge.stage,
    Merge.is_waiting,
    Merge.is_active,
    Merge.reason,
    Merge.proposed_by_id,
    Merge.created_at,
    Merge.case_id,
    Merge.consent,
    Merge.asked_by_id,
    Merge.asked_at,
    Merge.answer_due_at,
    Merge.answered_at,
    Merge.answer,
    Merge.decided_by_id,
    Merge.decided_at,
    Merge.note,
    Merge.decision_id,
    Merge.takes_against,
    Merge.state_before,
    Merge.undone_at,
    Merge.undo_reason,
    _proposer.name.label("proposer_name"),
    _proposer.handle.label("proposer_handle"),
    _author.status.label("author_status"),
)
_merges = (
    sa.select(*_COLUMNS)
    .join_from(Merge, _proposer, _proposer.id == Merge.proposed_by_id)
    .join(Idea, Idea.id == Merge.absorbed_id)
    .join(_author, _author.id == Idea.author_id)
)
_GET = _merges.where(Merge.id == sa.bindparam("merge_id"))
_LATEST = _merges.where(Merge.absorbed_id == sa.bindparam("idea_id")).order_by(Merge.id.desc()).limit(1)
_WAITING = sa.select(Merge.id).where(Merge.absorbed_id == sa.bindparam("idea_id"), Merge.is_waiting)
_STANDING = sa.select(Merge.id).where(Merge.absorbed_id == sa.bindparam("idea_id"), Merge.is_active)
_IN = (
    sa.select(
        Merge.id.label("merge_id"),
        Merge.decided_at,
        Idea.id,
        Idea.title,
        Idea.language,
        Idea.up,
        Idea.down,
        Idea.imported_up,
        Idea.imported_down,
        Idea.community_id,
        Idea.state,
    )
    .join_from(Merge, Idea, Idea.id == Merge.absorbed_id)
    .where(Merge.absorbed_id.in_(sa.bindparam("ids", expanding=True)), Merge.is_active)
    .order_by(Merge.decided_at, Merge.id)
)
_other = aliased(Idea)
_SPLITS = Prepared(
    sa.select(
        Split.id.label("split_id"),
        Split.created_at,
        Split.reason,
        Split.undone_at,
        _other.id,
        _other.title,
        _other.slug,
        _other.state,
        _other.language,
        _other.community_id,
        (Split.new_id == sa.bindparam("idea_id")).label("is_part"),
    )
    .join_from(
        Split,
        _other,
        sa.or_(
            sa.and_(Split.idea_id == sa.bindparam("idea_id"), _other.id == Split.new_id),
            sa.and_(Split.new_id == sa.bindparam("idea_id"), _other.id == Split.idea_id),
        ),
    )
    .order_by(Split.id)
)
_own = aliased(Vote)
_is_out = MergeOut.user_id.is_not(None)


def _count(*conditions: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*conditions), 1), else_=0)), 0)


_is_aside = asides.holds(Vote)
_is_second = _own.user_id.is_not(None)
_PREVIEW = (
    sa.select(
        _count(_is_second).label("both"),
        _count(~_is_second, _is_out).label("out"),
        _count(~_is_second, ~_is_out, ~_is_aside, Vote.value == 1).label("up"),
        _count(~_is_second, ~_is_out, ~_is_aside, Vote.value == -1).label("down"),
    )
    .select_from(Vote)
    .outerjoin(_own, sa.and_(_own.idea_id == sa.bindparam("target"), _own.user_id == Vote.user_id))
    .outerjoin(
        MergeOut,
        sa.and_(
            MergeOut.merge_id == sa.bindparam("merge_id"), MergeOut.user_id == Vote.user_id, MergeOut.what == "vote"
        ),
    )
    .where(Vote.idea_id == sa.bindparam("absorbed"))
)
_HAS_VOTED = sa.select(Vote.value).where(Vote.idea_id == sa.bindparam("absorbed"), Vote.user_id == sa.bindparam("one"))


@dataclass(frozen=True, slots=True)
class MergeView:
    """A merge, proposed or done, with both ideas as the one who asks may see them."""

    row: Any
    absorbed: IdeaView
    target: IdeaView

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @property
    def path(self) -> str:
        return f"/merges/{self.row.id}"

    @property
    def label(self) -> str:
        """How far it has come, in words."""
        return STAGES[self.row.stage]

    @property
    def is_author_gone(self) -> bool:
        """Can nobody be asked, because the author's account is closed, suspended or of an earlier site?"""
        return bool(self.row.author_status != "active")

    @property
    def is_overdue(self) -> bool:
        """Has the author let the time for an answer pass?"""
        return bool(self.row.stage == "asked" and self.row.answer_due_at <= now())

    @property
    def may_merge_now(self) -> bool:
        """Is there nothing to wait for: consent, an author who is gone, or no answer in time?"""
        if self.row.stage not in ("proposed", "asked"):
            return False
        return bool(self.row.consent == "given" or self.is_author_gone or self.is_overdue)


@dataclass(frozen=True, slots=True)
class Preview:
    """What uniting does to the votes on the remaining idea: counts of people, and the tally afterwards."""

    both: int  # voted on both: their vote on the remaining idea stays
    up: int  # come over, for
    down: int  # come over, against
    out: int  # keep their vote out
    not_taken: int  # against, where only support counts
    up_after: int
    down_after: int
    imported_up: int  # people unknown: shown apart, never added
    imported_down: int


@dataclass(frozen=True, slots=True)
class Included:
    """An idea that was merged into another one, as that one's page tells of it."""

    merge_id: int
    id: int
    title: str
    language: str
    decided_at: datetime
    up: int
    down: int
    imported_up: int
    imported_down: int

    @property
    def ref(self) -> str:
        return ideas.reference(self.id)


@dataclass(frozen=True, slots=True)
class Relation:
    """A split, from the side of one of its two ideas. `is_part`: the page's own idea is the part."""

    split_id: int
    is_part: bool
    id: int
    title: str
    path: str
    language: str
    created_at: datetime
    reason: str

    @property
    def ref(self) -> str:
        return ideas.reference(self.id)


def get(db: Connection, user: Person | None, merge_id: int) -> MergeView:
    """The merge, for those who may see both ideas; NotFound for others."""
    return _view(db, user, db.execute(_GET, {"merge_id": merge_id}).first())


def latest(db: Connection, user: Person | None, idea_id: int) -> MergeView | None:
    """The newest proposal or merge of an idea into another one, if this person may see both."""
    row = db.execute(_LATEST, {"idea_id": idea_id}).first()
    if row is None:
        return None
    try:
        return _view(db, user, row)
    except NotFound:
        return None


def waiting_id(db: Connection, idea_id: int) -> int | None:
    """The id of the proposal that waits for an answer, if one does."""
    return db.execute(_WAITING, {"idea_id": idea_id}).scalar()


def standing_id(db: Connection, idea_id: int) -> int | None:
    """The id of the merge by which an idea is in another one, if it is."""
    return db.execute(_STANDING, {"idea_id": idea_id}).scalar()


def _view(db: Connection, user: Person | None, row: Any) -> MergeView:
    if row is None:
        raise NotFound("There is no merge here.")
    absorbed, target = ideas.get(db, user, row.absorbed_id), ideas.get(db, user, row.target_id)
    for idea in (absorbed, target):
        if not can(user, "idea.read_text", idea):
            raise NotFound("There is no merge here.")
    return MergeView(row, absorbed, target)


def preview(db: Connection, merge: MergeView) -> Preview:
    """What the merge would do to the votes on the remaining idea as things stand now."""
    values = {"merge_id": merge.id, "absorbed": merge.absorbed.id, "target": merge.target.id}
    row = db.execute(_PREVIEW, values).one()
    takes_against = merge.target.vote_kind != "support"
    down = int(row.down) if takes_against else 0
    return Preview(
        both=int(row.both),
        up=int(row.up),
        down=down,
        out=int(row.out),
        not_taken=int(row.down) - down,
        up_after=merge.target.up + int(row.up),
        down_after=merge.target.down + down,
        imported_up=merge.absorbed.imported_up,
        imported_down=merge.absorbed.imported_down,
    )


def has_voted(db: Connection, user: Person | None, idea_id: int) -> bool:
    """Has this person a vote on the absorbed idea, which they might keep out?"""
    if user is None:
        return False
    return db.execute(_HAS_VOTED, {"absorbed": idea_id, "one": user.id}).first() is not None


def words_changed(merge: MergeView) -> tuple[list[Change], list[Change]]:
    """From the remaining idea to the absorbed one: the changes of the title and of the text, word by word."""
    one, other = merge.target, merge.absorbed
    return differences(one.title, other.title), differences(_words(one), _words(other))


def _words(idea: IdeaView) -> str:
    return idea.body + (f"\n\n{idea.why}" if idea.why else "")


def includes(db: Connection, idea: IdeaView) -> tuple[Included, ...]:
    """What is in an idea, through all merges, that whoever sees this idea may see as well."""
    links = places.below(db, idea.id)
    if not links:
        return ()
    rows = db.execute(_IN, {"ids": [link.absorbed_id for link in links]})
    return tuple(
        Included(
            row.merge_id,
            row.id,
            row.title,
            row.language,
            row.decided_at,
            row.up,
            row.down,
            row.imported_up,
            row.imported_down,
        )
        for row in rows
        if row.state == "merged" and same_eyes(idea.community, communities.of(db, row.community_id))
    )


def relations(db: Connection, idea: IdeaView) -> tuple[Relation, ...]:
    """The splits that made this idea, or that were made of it; only what its readers may see."""
    return tuple(
        Relation(
            row.split_id,
            bool(row.is_part),
            row.id,
            row.title,
            ideas.path(row.id, row.slug),
            row.language,
            row.created_at,
            row.reason,
        )
        for row in _SPLITS.all(db, {"idea_id": idea.id})
        if row.undone_at is None
        and row.state in ("published", "off-topic", "merged")
        and same_eyes(idea.community, communities.of(db, row.community_id))
    )


def same_eyes(one: CommunityView, other: CommunityView) -> bool:
    """May everybody who sees the one community see the other? Then a merge shows nobody what was hidden from them."""
    if one.id == other.id:
        return True
    return all(place.visibility == "public" and place.status in ("open", "archived") for place in (one, other))


def about_case(db: Connection, user: Person | None, case: Any) -> dict[str, Any]:
    """What templates/moderation/about/_merge.html shows of a case of kind `merge`."""
    merge = latest(db, user, case.subject_id)
    if merge is None:
        return {"merge": None}
    title, body = words_changed(merge)
    return {
        "merge": merge,
        "url": merge.path,
        "title_changes": title,
        "body_changes": body,
        "preview": preview(db, merge),
        "band": cases.band(merge.answer_due_at, now()) if merge.answer_due_at else "",
    }
