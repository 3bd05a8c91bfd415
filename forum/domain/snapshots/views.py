"""Snapshots as people read them: the list, one of them, its ideas page by page, and what happened to these since."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import merges
from forum.domain.errors import NotFound
from forum.domain.ideas import STATUSES, path, reference
from forum.models import Community, Idea, IdeaText, Merge, Snapshot, SnapshotIdea, User
from forum.models.base import aliased

PAGE = 50
HIDDEN_STATES = ("held", "removed", "withdrawn")

_maker = aliased(User)
_COLUMNS = (
    Snapshot.number,
    Snapshot.title,
    Snapshot.method,
    Snapshot.selection,
    Snapshot.most,
    Snapshot.idea_count,
    Snapshot.made_at,
    Snapshot.version,
    Snapshot.sha256,
    Snapshot.signature,
    _maker.name.label("made_by"),
)
_LIST = sa.select(*_COLUMNS).join_from(Snapshot, _maker, _maker.id == Snapshot.made_by_id)
_ALL = _LIST.order_by(Snapshot.number.desc())
_ONE = _LIST.where(Snapshot.number == sa.bindparam("number"))
_CONTENT = sa.select(Snapshot.content).where(Snapshot.number == sa.bindparam("number"))
_ideas = (
    sa.select(
        *SnapshotIdea.__table__.columns,
        Idea.slug,
        Idea.title.label("now_title"),
        Idea.state.label("now_state"),
        Idea.status.label("now_status"),
        Idea.up.label("now_up"),
        Idea.down.label("now_down"),
        Idea.aside_up.label("now_aside_up"),
        Idea.aside_down.label("now_aside_down"),
        IdeaText.body.label("now_body"),
        IdeaText.why.label("now_why"),
        Community.slug.label("now_community"),
        Community.name.label("now_community_name"),
        Community.visibility.label("now_visibility"),
        User.name.label("author_name"),
        User.handle.label("author_handle"),
    )
    .join_from(SnapshotIdea, Idea, Idea.id == SnapshotIdea.idea_id)
    .join(IdeaText, IdeaText.idea_id == Idea.id)
    .join(Community, Community.id == Idea.community_id)
    .join(User, User.id == SnapshotIdea.author_id)
    .where(SnapshotIdea.number == sa.bindparam("number"), SnapshotIdea.rank > sa.bindparam("after"))
    .order_by(SnapshotIdea.rank)
    .limit(sa.bindparam("most"))
)
_MERGES = sa.select(Merge.absorbed_id, Merge.target_id).where(
    Merge.is_active, Merge.absorbed_id.in_(sa.bindparam("ids", expanding=True))
)
_TARGETS = sa.select(Idea.id, Idea.slug, Idea.title, Idea.state).where(Idea.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A snapshot without its ideas."""

    number: int
    title: str
    method: str
    selection: dict[str, str]
    most: int
    idea_count: int
    made_at: datetime
    version: str
    sha256: str
    signature: str
    made_by: str

    @property
    def path(self) -> str:
        """Its address on the site."""
        return f"/snapshots/{self.number}"


@dataclass(frozen=True, slots=True)
class Fate:
    """Something that happened to an idea since. `link`: an address and its words, or None."""

    words: str
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FrozenIdea:
    """One idea of a snapshot: as it was (`row`, the columns of snapshot_ideas), and what became of it since.

    `is_hidden`: its words are not for everybody any more, so neither title nor text is to be shown.
    """

    row: Any
    is_hidden: bool
    fates: Sequence[Fate]

    @property
    def ref(self) -> str:
        return reference(self.row.idea_id)

    @property
    def path(self) -> str:
        """The idea's page today; the address names no words that are hidden."""
        return f"/ideas/{self.row.idea_id}" if self.is_hidden else path(self.row.idea_id, self.row.slug)


def listing(db: Connection) -> list[SnapshotView]:
    """All snapshots, the newest first. They are for everybody."""
    return [SnapshotView(**row._mapping) for row in db.execute(_ALL)]


def get(db: Connection, number: int) -> SnapshotView:
    """One snapshot. NotFound if there is none of this number."""
    row = db.execute(_ONE, {"number": number}).first()
    if row is None:
        raise NotFound("There is no snapshot of this number.")
    return SnapshotView(**row._mapping)


def content(db: Connection, number: int) -> bytes:
    """The sealed record of a snapshot: canonical JSON."""
    found = db.execute(_CONTENT, {"number": number}).scalar()
    if found is None:
        raise NotFound("There is no snapshot of this number.")
    return bytes(found)


def words(db: Connection, number: int) -> list[str]:
    """What was ranked and counted, in the sentences of that moment."""
    return list(json.loads(content(db, number))["in_words"])


def ideas(db: Connection, number: int, *, after: int = 0, most: int = PAGE) -> list[FrozenIdea]:
    """Ideas of a snapshot in their order, those behind the rank `after`, with what happened to each since."""
    rows = db.execute(_ideas, {"number": number, "after": after, "most": most}).all()
    into = _merged(db, [row.idea_id for row in rows if row.now_state == "merged"])
    return [FrozenIdea(row, hidden := is_hidden(row), _fates(row, hidden, into.get(row.idea_id))) for row in rows]


def is_hidden(row: Any) -> bool:
    """Whether the words of an idea are not for everybody (any more)."""
    return row.now_state in HIDDEN_STATES or row.now_visibility != "public"


def _merged(db: Connection, ids: list[int]) -> dict[int, Any]:
    """Absorbed idea → the idea that it is a part of now, at the end of the chain."""
    if not ids:
        return {}
    ends = {row.absorbed_id: merges.top(db, row.target_id) for row in db.execute(_MERGES, {"ids": ids})}
    targets = {row.id: row for row in db.execute(_TARGETS, {"ids": list(set(ends.values()))})}
    return {idea_id: targets[end] for idea_id, end in ends.items() if end in targets}


_ENDS = {
    "held": "Held for a check by moderators.",
    "removed": "Removed by moderators. Its page gives the reason.",
    "withdrawn": "Taken back by its author.",
    "off-topic": "Put on the off-topic track.",
}


def _fates(row: Any, hidden: bool, target: Any) -> list[Fate]:
    fates = []
    if row.now_state in _ENDS:
        fates.append(Fate(_ENDS[row.now_state]))
    if row.now_visibility != "public":
        fates.append(Fate("Its community is not open to everyone any more."))
    if target is not None:
        shown = target.title if target.state not in HIDDEN_STATES else reference(target.id)
        fates.append(Fate("Merged into", (path(target.id, target.slug), shown)))
    if not hidden and row.now_title != row.title:
        fates.append(Fate(f"Renamed. Its title is now: {row.now_title}"))
    elif not hidden and (row.now_body, row.now_why) != (row.body, row.why):
        fates.append(Fate("Its text was edited."))
    if row.now_community != row.community and row.now_visibility == "public":
        fates.append(Fate("Moved to", (f"/c/{row.now_community}", row.now_community_name)))
    if row.now_status != row.status:
        fates.append(Fate(f"Where it stands: {STATUSES[row.now_status].lower()}, before that {_label(row.status)}."))
    if votes := _votes(row):
        fates.append(Fate(votes))
    return fates


def _label(status: str) -> str:
    return STATUSES.get(status, status).lower()


def _votes(row: Any) -> str:
    """How the raw tally of the idea's page changed; empty if it did not."""
    up = row.now_up + row.now_aside_up - row.raw_up
    down = row.now_down + row.now_aside_down - row.raw_down
    parts = [
        f"{abs(change):,} {'more' if change > 0 else 'fewer'} {way}"
        for change, way in ((up, "for"), (down, "against"))
        if change
    ]
    return f"Votes: {' and '.join(parts)}." if parts else ""
