"""Runs: one grouping of the ideas after the other, made beside the one that is shown and then put in its place."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert_many, insert_once
from forum.domain.errors import Conflict
from forum.models import Idea, IdeaTheme, Theme, ThemeRun

VERSION = 1
"""Of the method. Themes are made anew when it changes."""
LEAST_IDEAS = 50
"""Of fewer ideas nothing is learned."""
NEW_LEAST, NEW_SHARE = 20, 0.05
"""Themes are made anew when so many ideas are new, and such a share of all;"""
OLDEST = timedelta(days=1)
"""or any idea is, and the themes are so old."""
STALE = timedelta(minutes=30)
"""A run that gave no sign of life for so long has died."""
TOGETHER = 2_000
"""Rows that are written or forgotten in one transaction."""

_is_scope = ThemeRun.scope == sa.bindparam("the_scope")
_LATEST = sa.select(
    ThemeRun.id,
    ThemeRun.scope,
    ThemeRun.version,
    ThemeRun.made_at,
    ThemeRun.last_id,
    ThemeRun.idea_count.label("ideas"),
    ThemeRun.learned_count.label("learned"),
    ThemeRun.placed_count.label("placed"),
).where(_is_scope, ThemeRun.is_shown)
_MAKING = sa.select(ThemeRun.id, ThemeRun.touched_at).where(_is_scope, ThemeRun.is_making)
_SCOPES = sa.select(ThemeRun.scope).where(ThemeRun.is_shown).order_by(ThemeRun.scope)
_TOUCH = sa.update(ThemeRun).where(ThemeRun.id == sa.bindparam("run_id"), ThemeRun.is_making)
_NEW = {
    is_one: sa.select(sa.func.count()).select_from(
        sa.select(Idea.id)
        .where(
            Idea.is_public, Idea.id > sa.bindparam("after"), *([Idea.community_id == sa.bindparam("scope")] * is_one)
        )
        .limit(sa.bindparam("most"))
        .subquery()
    )
    for is_one in (False, True)
}
_PART = (
    sa.select(IdeaTheme.idea_id)
    .where(IdeaTheme.run_id == sa.bindparam("the_run"))
    .order_by(IdeaTheme.idea_id)
    .limit(TOGETHER)
)
_FORGET = sa.delete(IdeaTheme).where(
    IdeaTheme.run_id == sa.bindparam("the_run"), IdeaTheme.idea_id <= sa.bindparam("last_idea")
)
_OTHER_RUNS = sa.select(ThemeRun.id).where(_is_scope, ~ThemeRun.is_shown, ~ThemeRun.is_making)
_USED = sa.select(Theme.id).where(Theme.run_id == sa.bindparam("the_run")).limit(1)
_DROP = sa.delete(ThemeRun).where(ThemeRun.id == sa.bindparam("the_run"))


@dataclass(frozen=True, slots=True)
class Run:
    """One grouping. `ideas` took part, `learned` of them taught the themes, `placed` have one."""

    id: int
    scope: int
    version: int
    made_at: datetime
    last_id: int
    ideas: int
    learned: int
    placed: int


def latest(db: Connection, scope: int = 0) -> Run | None:
    """The run whose themes are shown: of all public ideas (scope 0), or of the community with this id."""
    row = db.execute(_LATEST, {"the_scope": scope}).first()
    return None if row is None else Run(**row._mapping)


def scopes(db: Connection) -> list[int]:
    """Of what there are themes: 0 for all ideas, and the ids of communities that have their own."""
    return list(db.execute(_SCOPES).scalars())


def due(db: Connection) -> list[int]:
    """The scopes whose themes should be made anew now: of all ideas, and of communities that have themes of their own.

    That is when NEW_LEAST ideas and NEW_SHARE of all are new; when any idea is new and the themes are OLDEST; when the
    method has changed; or when there are none yet and LEAST_IDEAS to learn from.
    """
    return [scope for scope in sorted({0, *scopes(db)}) if _is_due(db, scope)]


def _is_due(db: Connection, scope: int) -> bool:
    making = db.execute(_MAKING, {"the_scope": scope}).first()
    if making is not None and making.touched_at > now() - STALE:
        return False
    run = latest(db, scope)
    if run is None:
        return _count_new(db, scope, 0, LEAST_IDEAS) >= LEAST_IDEAS
    if run.version != VERSION:
        return True
    wanted = max(NEW_LEAST, int(NEW_SHARE * run.ideas))
    new = _count_new(db, scope, run.last_id, wanted)
    return new >= wanted or (new > 0 and run.made_at <= now() - OLDEST)


def _count_new(db: Connection, scope: int, after: int, most: int) -> int:
    return int(db.execute(_NEW[bool(scope)], {"after": after, "scope": scope, "most": most}).scalar_one())


def begin(db: Connection, scope: int) -> int:
    """A new run; its id. Conflict while another process makes one of the same scope."""
    making = db.execute(_MAKING, {"the_scope": scope}).first()
    if making is not None:
        if making.touched_at > now() - STALE:
            raise Conflict("Another process is making these themes at the moment.")
        db.execute(_TOUCH.values(is_making=False), {"run_id": making.id})
    moment = now()
    if not insert_once(
        db, ThemeRun, scope=scope, is_making=True, is_shown=False, version=VERSION, begun_at=moment, touched_at=moment,
        last_id=0, idea_count=0, learned_count=0, placed_count=0,
    ):  # fmt: skip
        raise Conflict("Another process is making these themes at the moment.")
    return int(db.execute(_MAKING, {"the_scope": scope}).one().id)


def touch(db: Connection, run_id: int) -> None:
    """Say that the run is being made. Conflict if it was given up meanwhile."""
    if not db.execute(_TOUCH.values(touched_at=now()), {"run_id": run_id}).rowcount:
        raise Conflict("Another process took these themes over.")


def put(db: Connection, run_id: int, rows: list[dict[str, Any]]) -> None:
    """Write where ideas belong: idea_id, theme_id, strength; at most TOGETHER."""
    touch(db, run_id)
    insert_many(db, IdeaTheme, [{"run_id": run_id, **row} for row in rows])


def give_up(db: Connection, run_id: int) -> None:
    """End a run that will not be shown."""
    db.execute(_TOUCH.values(is_making=False), {"run_id": run_id})


def forget(db: Connection, scope: int) -> bool:
    """Forget some rows of runs that are neither shown nor being made; False when nothing is left to forget."""
    for run_id in db.execute(_OTHER_RUNS, {"the_scope": scope}).scalars().all():
        ids = db.execute(_PART, {"the_run": run_id}).scalars().all()
        if ids:
            db.execute(_FORGET, {"the_run": run_id, "last_idea": ids[-1]})
            return True
        if db.execute(_USED, {"the_run": run_id}).first() is None:
            db.execute(_DROP, {"the_run": run_id})
    return False
