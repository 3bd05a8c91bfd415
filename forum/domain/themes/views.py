"""Themes as pages show them: counted as things stand now, without ideas that are not public any more."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, Prepared, address, is_remembering
from forum.domain import ideas
from forum.domain.errors import NotFound
from forum.domain.themes import names, runs
from forum.models import Idea, IdeaTheme, Theme

KEPT_SECONDS = 60.0
"""So old may be in pages what is counted over many ideas:"""
MANY = 20_000
"""from so many in themes on."""

_is_member = sa.and_(
    IdeaTheme.theme_id == Theme.id,
    IdeaTheme.run_id == Theme.run_id,
    Idea.id == IdeaTheme.idea_id,
    Idea.is_public,
    Theme.scope.in_((0, Idea.community_id)),
)
_COUNTS = (
    sa.func.count().label("ideas"),
    sa.func.sum(Idea.up).label("up"),
    sa.func.sum(Idea.down).label("down"),
)
_ALL = (
    sa.select(Theme.id, *_COUNTS)
    .where(Theme.scope == sa.bindparam("the_scope"), Theme.is_shown, _is_member)
    .group_by(Theme.id)
)
_ONE = sa.select(*_COUNTS).where(Theme.id == sa.bindparam("theme_id"), _is_member)
_PLACES = (
    sa.select(Idea.community_id, *_COUNTS)
    .where(Theme.id == sa.bindparam("theme_id"), _is_member)
    .group_by(Idea.community_id)
)
_STRENGTHS = sa.select(IdeaTheme.idea_id, IdeaTheme.strength).where(
    Theme.id == sa.bindparam("theme_id"),
    IdeaTheme.theme_id == Theme.id,
    IdeaTheme.run_id == Theme.run_id,
    IdeaTheme.idea_id.in_(sa.bindparam("ids", expanding=True)),
)
_TYPICAL = (
    sa.select(Idea.id, Idea.slug, Idea.title, Idea.up, Idea.down, IdeaTheme.strength)
    .where(Theme.id == sa.bindparam("theme_id"), _is_member)
    .order_by(IdeaTheme.strength.desc(), Idea.id)
    .limit(sa.bindparam("most"))
)
_FACTS = sa.select(
    Theme.id,
    Theme.scope,
    Theme.slug,
    Theme.words,
    Theme.is_shown,
    Theme.strength,
    Theme.created_at,
    Theme.central_id,
    Theme.successor_id,
    Idea.slug.label("central_slug"),
    Idea.title.label("central_title"),
    Idea.is_public.label("is_central_public"),
).join_from(Theme, Idea, Idea.id == Theme.central_id)
_SHOWN = _FACTS.where(Theme.scope == sa.bindparam("the_scope"), Theme.is_shown)
_BY_ID = _FACTS.where(Theme.id == sa.bindparam("theme_id"))
_OF_IDEA = Prepared(
    sa.select(Theme.id, Theme.slug, Theme.words)
    .join_from(IdeaTheme, Theme, sa.and_(Theme.id == IdeaTheme.theme_id, Theme.run_id == IdeaTheme.run_id))
    .join(Idea, Idea.id == IdeaTheme.idea_id)
    .where(IdeaTheme.idea_id == sa.bindparam("idea_id"), Theme.is_shown, Theme.scope == 0, Idea.is_public)
)
_PUBLIC = {
    is_one: sa.select(sa.func.count())
    .select_from(Idea)
    .where(Idea.is_public, *([Idea.community_id == sa.bindparam("the_scope")] * is_one))
    for is_one in (False, True)
}


@dataclass(frozen=True, slots=True)
class ThemeWord:
    """A typical word, the share of the theme's ideas that say it, and of all others (0 to 1)."""

    word: str
    inside: float
    outside: float


@dataclass(frozen=True, slots=True)
class ThemeLink:
    """A theme by name and address."""

    id: int
    slug: str
    label: str

    @property
    def path(self) -> str:
        return path(self.id, self.slug)


@dataclass(frozen=True, slots=True)
class ThemeView:
    """A theme with what its public ideas come to now. `central_*` are empty if that idea is not public any more."""

    id: int
    scope: int
    slug: str
    label: str
    words: tuple[ThemeWord, ...]
    strength: float
    created_at: datetime
    central_title: str
    central_path: str
    ideas: int
    up: int
    down: int

    @property
    def path(self) -> str:
        return path(self.id, self.slug)

    @property
    def net(self) -> int:
        return self.up - self.down


@dataclass(frozen=True, slots=True)
class Place:
    """What of a theme is in one community."""

    community_id: int
    ideas: int
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All themes of a scope, those with the most ideas first, and how many public ideas there are."""

    themes: tuple[ThemeView, ...]
    public: int

    @property
    def placed(self) -> int:
        return sum(theme.ideas for theme in self.themes)

    @property
    def outside(self) -> int:
        """Public ideas without a theme: they fit nowhere, or came later."""
        return self.public - self.placed


_kept: dict[tuple[str, int, int], tuple[float, Overview]] = {}


def path(theme_id: int, slug: str) -> str:
    """The address of a theme."""
    return f"/themes/{theme_id}-{slug}"


def overview(db: Connection, scope: int = 0) -> Overview:
    """All themes that are shown, of all ideas or of one community. In pages of a large forum up to KEPT_SECONDS old."""
    run = runs.latest(db, scope)
    if run is None:
        return Overview((), 0)
    if run.placed < MANY or not is_remembering(db):
        return _overview(db, scope)
    key = (address(db), scope, run.id)
    kept = _kept.get(key)
    if kept is None or kept[0] < time.monotonic():
        _kept.clear()
        kept = _kept[key] = (time.monotonic() + KEPT_SECONDS, _overview(db, scope))
    return kept[1]


def _overview(db: Connection, scope: int) -> Overview:
    counts = {row.id: row for row in db.execute(_ALL, {"the_scope": scope})}
    rows = db.execute(_SHOWN, {"the_scope": scope}).all()
    views = [_view(row, counts[row.id]) for row in rows if row.id in counts]  # a theme without ideas is not shown
    values = {"the_scope": scope} if scope else {}
    public = int(db.execute(_PUBLIC[bool(scope)], values).scalar_one())
    return Overview(tuple(sorted(views, key=lambda theme: (-theme.ideas, theme.id))), public)


def get(db: Connection, theme_id: int) -> ThemeView:
    """One theme. NotFound where there is none, or none any more: see `successor`."""
    row = db.execute(_BY_ID, {"theme_id": theme_id}).first()
    if row is None or not row.is_shown:
        raise NotFound("There is no such theme.")
    counts = db.execute(_ONE, {"theme_id": theme_id}).one()
    if not counts.ideas:  # none of its ideas is public any more: their words are not told either
        raise NotFound("There is no such theme.")
    return _view(row, counts)


def successor(db: Connection, theme_id: int) -> ThemeLink | None:
    """Where most ideas of a theme went that is no more; None if it is still there, or went nowhere."""
    row = db.execute(_BY_ID, {"theme_id": theme_id}).first()
    if row is None or row.is_shown or row.successor_id is None:
        return None
    heir = db.execute(_BY_ID, {"theme_id": row.successor_id}).first()
    return ThemeLink(heir.id, heir.slug, names.label(heir.words)) if heir is not None and heir.is_shown else None


def of_idea(db: Connection, idea_id: int) -> ThemeLink | None:
    """The theme of an idea among all public ideas, if it has one and is public."""
    row = _OF_IDEA.first(db, {"idea_id": idea_id})
    return None if row is None else ThemeLink(row.id, row.slug, names.label(row.words))


def find(db: Connection, value: str) -> ThemeLink | None:
    """The theme with this id as text, or the one that took its place; None if there is none: for filters."""
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        return None
    row = db.execute(_BY_ID, {"theme_id": int(value)}).first()
    if row is None:
        return None
    return ThemeLink(row.id, row.slug, names.label(row.words)) if row.is_shown else successor(db, row.id)


def places(db: Connection, theme_id: int) -> list[Place]:
    """The communities of a theme's ideas, the one with the most first."""
    found = [Place(*row) for row in db.execute(_PLACES, {"theme_id": theme_id})]
    return sorted(found, key=lambda place: (-place.ideas, place.community_id))


def strengths(db: Connection, theme_id: int, ids: Sequence[int]) -> dict[int, float]:
    """How typical of the theme each of these ideas is, 0 to 1."""
    return {row.idea_id: row.strength for row in db.execute(_STRENGTHS, {"theme_id": theme_id, "ids": list(ids)})}


def most_typical(db: Connection, theme_id: int, most: int) -> list[Any]:
    """The ideas most typical of a theme: id, slug, title, up, down, strength."""
    return list(db.execute(_TYPICAL, {"theme_id": theme_id, "most": most}))


def _view(row: Any, counts: Any) -> ThemeView:
    is_shown = row.is_central_public
    return ThemeView(
        id=row.id,
        scope=row.scope,
        slug=row.slug,
        label=names.label(row.words),
        words=tuple(ThemeWord(*word) for word in row.words),
        strength=row.strength,
        created_at=row.created_at,
        central_title=row.central_title if is_shown else "",
        central_path=ideas.path(row.central_id, row.central_slug) if is_shown else "",
        ideas=int(counts.ideas),
        up=int(counts.up or 0),
        down=int(counts.down or 0),
    )
