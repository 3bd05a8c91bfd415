"""Records: waves as moderators see them: the list, one wave with its posts and people, and what an act would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import communities, ideas, lists
from forum.domain.communities import CommunityView, InCommunity
from forum.domain.errors import Invalid, NotFound
from forum.domain.lists import Filters
from forum.domain.people import Person
from forum.domain.permissions import can, moderator, require
from forum.domain.waves.signals import NAMES
from forum.models import Case, Comment, Idea, User, Wave, WaveAct, WaveMember, WavePrint
from forum.text import excerpt

PAGE = 50
FIRST_PAGE = 10
MOST_SENDERS = 20
MOST_WALKED = 5_000
STATES = {"open": "Waiting", "on-track": "Decided", "dismissed": "Dismissed"}

_columns = (
    Wave.id,
    Wave.title,
    Wave.subject_kind,
    Wave.community_id,
    Wave.author_id,
    Wave.flood_by_id,
    Wave.strength,
    Wave.signals,
    Wave.words,
    Wave.state,
    Wave.member_count,
    Wave.found_at,
    Wave.updated_at,
)
_GET = sa.select(*_columns).where(Wave.id == sa.bindparam("wave"))
_LIST = (
    sa.select(*_columns)
    .where(Wave.state == sa.bindparam("state"), Wave.id < sa.bindparam("before"))
    .order_by(Wave.id.desc())
    .limit(sa.bindparam("most"))
)
_LIST_IN = _LIST.where(Wave.community_id.in_(sa.bindparam("community_ids", expanding=True)))
_is_mine = Idea.community_id.in_(sa.bindparam("community_ids", expanding=True))
_in_wave = WaveMember.wave_id == sa.bindparam("wave")
_waits = WaveMember.is_waiting
_people = (User.name, User.handle, User.is_employee, User.agency_name)
_ideas = (
    sa.select(
        Idea.id, Idea.title, Idea.slug, Idea.excerpt, Idea.state, Idea.net, Idea.community_id, Idea.created_at,
        *_people, _waits, WavePrint.is_fresh,
    )
    .join_from(WaveMember, Idea, Idea.id == WaveMember.subject_id)
    .join(User, User.id == Idea.author_id)
    .outerjoin(WavePrint, sa.and_(WavePrint.subject_kind == "idea", WavePrint.subject_id == Idea.id))
)  # fmt: skip
_comments = (
    sa.select(
        Comment.id, Idea.title, Idea.slug, Comment.body.label("excerpt"), Comment.state,
        Comment.agree_count.label("net"), Idea.community_id, Comment.created_at, *_people, _waits,
        (User.trust_level == 0).label("is_fresh"),
    )
    .join_from(WaveMember, Comment, Comment.id == WaveMember.subject_id)
    .join(Idea, Idea.id == Comment.idea_id)
    .join(User, User.id == Comment.author_id)
)  # fmt: skip


def _paged(statement: Any) -> Any:
    page = statement.where(_in_wave, WaveMember.subject_id > sa.bindparam("after"))
    return page.order_by(WaveMember.subject_id).limit(sa.bindparam("most"))


_MEMBERS = {"idea": _paged(_ideas), "comment": _paged(_comments)}
_MEMBERS_IN = {kind: statement.where(_is_mine) for kind, statement in _MEMBERS.items()}


def _counted(post: Any, state: Any, statement: Any) -> tuple[Any, Any, Any]:
    """Of a kind of post: who sent most of it, how many are where, and everybody who posted."""
    first, many = sa.func.min(post.created_at).label("first_at"), sa.func.count().label("posts")
    whole = statement.where(_in_wave).order_by(None)
    return (
        whole.with_only_columns(User.id, *_people, User.created_at, many, first)
        .group_by(User.id)
        .order_by(sa.func.count().desc(), User.id)
        .limit(MOST_SENDERS),
        whole.with_only_columns(Idea.community_id, state, _waits, many).group_by(Idea.community_id, state, _waits),
        whole.with_only_columns(post.author_id).distinct(),
    )


_SENDERS, _NUMBERS, _AUTHORS = (
    dict(zip(("idea", "comment"), statements, strict=True))
    for statements in zip(_counted(Idea, Idea.state, _ideas), _counted(Comment, Comment.state, _comments), strict=True)
)
_IDS = sa.select(WaveMember.subject_id).where(_in_wave)
_ACTS = (
    sa.select(
        WaveAct.id,
        WaveAct.action,
        WaveAct.reason,
        WaveAct.note,
        WaveAct.member_count,
        WaveAct.created_at,
        WaveAct.undone_at,
        User.name.label("by_name"),
    )
    .join_from(WaveAct, User, User.id == WaveAct.by_id)
    .where(WaveAct.wave_id == sa.bindparam("wave"))
    .order_by(WaveAct.id.desc())
)
_CASE = sa.select(Case.id).where(
    Case.kind == "wave", Case.subject_kind == "wave", Case.subject_id == sa.bindparam("wave"), Case.is_open
)
_LAST = 2**62


@dataclass(frozen=True, slots=True)
class WaveView(InCommunity):
    """A wave as a moderator sees it. Carries the names that the rules of the permission table ask for."""

    id: int
    title: str
    subject_kind: str  # what all its posts are: idea, comment
    community: CommunityView
    author_id: int
    flood_by_id: int | None
    strength: float
    signals: tuple[dict[str, Any], ...]
    words: tuple[str, ...]
    state: str
    member_count: int
    found_at: datetime
    updated_at: datetime

    @property
    def community_id(self) -> int:
        return self.community.id

    @property
    def path(self) -> str:
        return path(self.id)

    @property
    def state_label(self) -> str:
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many posts of a wave are where, and who sent them."""

    people: int
    communities: tuple[int, ...]
    by_state: dict[str, int]
    waiting: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The first ideas by trending, as everybody sees them now and as they would without the wave."""

    now: list[Any]
    without: list[Any]
    ids: frozenset[int]  # of the wave's ideas

    @property
    def count_now(self) -> int:
        """How many of the first ideas are of the wave."""
        return sum(1 for row in self.now if row.id in self.ids)


def path(wave_id: int) -> str:
    """The address of a wave's page."""
    return f"/moderation/waves/{wave_id}"


def path_of(wave: WaveView, member: Any) -> str:
    """Where a post of the wave stands."""
    return ideas.path(member.id, member.slug) if wave.subject_kind == "idea" else f"/comments/{member.id}"


def title_of(wave: WaveView, member: Any) -> str:
    """What a post of the wave is called: the title of an idea, how a comment begins."""
    return str(member.title) if wave.subject_kind == "idea" else excerpt(member.excerpt, 120)


def get(db: Connection, user: Person | None, wave_id: int) -> WaveView:
    """The wave, if this person may see it; NotFound otherwise."""
    row = db.execute(_GET, {"wave": wave_id}).first()
    wave = _view(db, row) if row else None
    if wave is None or not can(user, "wave.read", wave):
        raise NotFound("There is no wave here.")
    return wave


def _view(db: Connection, row: Any) -> WaveView:
    values = dict(row._mapping)
    place = communities.of(db, values.pop("community_id"))
    shown = ({**signal, "label": NAMES.get(signal["name"], signal["name"])} for signal in values.pop("signals"))
    ordered = tuple(sorted(shown, key=lambda signal: -signal["strength"]))
    return WaveView(**{**values, "words": tuple(values["words"])}, community=place, signals=ordered)


def index(
    db: Connection, user: Person | None, state: str, *, before: int | None = None, limit: int = PAGE
) -> tuple[list[WaveView], int | None]:
    """Waves in this state that the person may see, the newest first, and the key of the next page."""
    user = require(user, "case.list")
    if state not in STATES:
        raise NotFound("There is no such list of waves.")
    values = {"state": state, "before": before or _LAST, "most": limit + 1}
    if moderator(user, None):
        rows = db.execute(_LIST, values).all()
    else:
        rows = db.execute(_LIST_IN, {**values, "community_ids": sorted(user.managed)}).all()
    return [_view(db, row) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None


def members(
    db: Connection, user: Person, wave: WaveView, *, after: str | None = None, limit: int = PAGE
) -> tuple[list[Any], str | None]:
    """The posts of a wave in the order they came, as far as this person manages their communities; the next key."""
    if after and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise Invalid({"after": "This page key is not one of ours. Start again from the first page."})
    values: dict[str, Any] = {"wave": wave.id, "after": int(after or 0), "most": limit + 1}
    if moderator(user, None):
        rows = list(db.execute(_MEMBERS[wave.subject_kind], values))
    else:
        rows = list(db.execute(_MEMBERS_IN[wave.subject_kind], {**values, "community_ids": sorted(user.managed)}))
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


def senders(db: Connection, wave: WaveView) -> list[Any]:
    """Who posted most of it: name, handle, since when they have an account, posts, the first one's moment."""
    return list(db.execute(_SENDERS[wave.subject_kind], {"wave": wave.id}))


def author_ids(db: Connection, wave: WaveView) -> frozenset[int]:
    """Everybody who posted in it."""
    return frozenset(db.execute(_AUTHORS[wave.subject_kind], {"wave": wave.id}).scalars())


def numbers(db: Connection, wave: WaveView) -> Numbers:
    """How many posts are where."""
    rows = db.execute(_NUMBERS[wave.subject_kind], {"wave": wave.id}).all()
    by_state: dict[str, int] = {}
    for row in rows:
        by_state[row.state] = by_state.get(row.state, 0) + row.posts
    waiting = sum(row.posts for row in rows if row.is_waiting)
    places = tuple(sorted({row.community_id for row in rows}))
    return Numbers(len(author_ids(db, wave)), places, by_state, waiting)


def acts_on(db: Connection, wave: WaveView) -> list[Any]:
    """What was done with it, the newest first."""
    return list(db.execute(_ACTS, {"wave": wave.id}))


def open_case(db: Connection, wave_id: int) -> int | None:
    """The open case of a wave."""
    found = db.execute(_CASE, {"wave": wave_id}).scalar()
    return None if found is None else int(found)


def preview(db: Connection, wave: WaveView) -> Preview:
    """What the first page of trending ideas is, and what it would be if the wave's posts were not ranked.

    Empty for comments, which stand in no ranking.
    """
    if wave.subject_kind != "idea":
        return Preview([], [], frozenset())
    ids = frozenset(db.execute(_IDS, {"wave": wave.id}).scalars())
    filters = Filters("trending")
    rows: Sequence[Any] = []
    after, without = None, list[Any]()
    first: list[Any] = []
    walked = 0
    while len(without) < FIRST_PAGE and walked < MOST_WALKED:
        listing = lists.find(db, filters, after=after, limit=lists.PAGE if not walked else lists.STEP)
        rows = listing.rows
        first = first or rows[:FIRST_PAGE]
        without += [row for row in rows if row.id not in ids]
        walked += len(rows)
        after = listing.next_after
        if after is None:
            break
    return Preview(first, without[:FIRST_PAGE], ids)


def about_case(db: Connection, user: Person | None, case: Any) -> dict[str, Any]:
    """What the queue and the page of a case say about its wave. NotFound if this person may not see it."""
    wave = get(db, user, case.subject_id)
    found = numbers(db, wave)
    return {
        "url": wave.path,
        "title": wave.title,
        "post_count": wave.member_count,
        "people_count": found.people,
        "waiting_count": found.waiting,
        "strength": wave.strength,
        "signals": list(wave.signals),
        "state_label": wave.state_label,
        "first": [
            {"title": title_of(wave, row), "path": path_of(wave, row)}
            for row in db.execute(_MEMBERS[wave.subject_kind], {"wave": wave.id, "after": 0, "most": 3})
        ],
    }
