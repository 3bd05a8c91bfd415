"""Making themes: reads the ideas, groups them, names the groups, and puts them in the place of those before.

Never for a page: a command or a process of its own does it, in many short transactions. Up to LEARNED_FROM ideas teach
the themes, taken evenly from all; the others are placed by what these taught, some hundred at a time, so that time
grows with the number of ideas and memory hardly does.
"""

import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database, insert
from forum.domain.themes import identities, names, runs
from forum.domain.themes.names import Word
from forum.domain.themes.runs import Run
from forum.models import IdeaTheme, Theme, ThemeRun

LEARNED_FROM = 20_000
BEFORE_STEP = 10_000

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""
Placed = tuple[int, int, float]
"""An idea, the number of its group, and how typical it is of it."""

_BEFORE = (
    sa.select(IdeaTheme.idea_id, IdeaTheme.theme_id)
    .where(IdeaTheme.run_id == sa.bindparam("the_run"), IdeaTheme.idea_id > sa.bindparam("after"))
    .order_by(IdeaTheme.idea_id)
    .limit(BEFORE_STEP)
)
_HIDE = sa.update(Theme).where(Theme.scope == sa.bindparam("the_scope"), Theme.is_shown).values(is_shown=False)
_LEAD = sa.update(Theme).where(
    sa.or_(Theme.id == sa.bindparam("gone_id"), Theme.successor_id == sa.bindparam("gone_id"))
)
_SHOW = sa.update(Theme).where(Theme.id == sa.bindparam("the_theme"))
_OLD_RUN = sa.update(ThemeRun).where(ThemeRun.scope == sa.bindparam("the_scope"), ThemeRun.is_shown)
_NEW_RUN = sa.update(ThemeRun).where(ThemeRun.id == sa.bindparam("the_run"), ThemeRun.is_making)


def make(database: Database, *, scope: int = 0, progress: Progress | None = None) -> Run:
    """Group all public ideas (scope 0), or those of the community with this id, and show the themes.

    The same ideas give the same themes. Conflict while another process does it. What fails changes nothing that is
    shown. Asks no rights.
    """
    told = progress or (lambda *_: None)
    run_id = database.write(partial(runs.begin, scope=scope))
    try:
        _make(database, run_id, scope, told)
    except BaseException:
        database.write(partial(runs.give_up, run_id=run_id))
        raise
    finally:
        while database.write(partial(runs.forget, scope=scope)):
            pass
    with database.reading() as db:
        run = runs.latest(db, scope)
    assert run is not None
    return run


def _make(database: Database, run_id: int, scope: int, told: Progress) -> None:
    # One thread is faster than several at many small products, and gives the same figures whatever else runs.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from forum.domain.themes import groups, texts  # numpy: only where it is needed

    with database.reading() as db:
        ids = texts.ids(db, scope)
    learned = _evenly(ids)
    counted: dict[int, texts.Counts] = {}
    for some in texts.read(database, learned, partial(told, "Reading")):
        counted.update(some)
        database.write(partial(runs.touch, run_id=run_id))
    learned = array("q", counted)
    told("Grouping", 0, 1)
    vocabulary = texts.vocabulary(counted.values())
    found = groups.find(vocabulary.rows(counted.values())) if len(learned) >= runs.LEAST_IDEAS else None
    counted.clear()
    told("Grouping", 1, 1)
    database.write(partial(runs.touch, run_id=run_id))
    if found is None:
        database.write(partial(_publish, run_id=run_id, scope=scope, themes=[], gone={}, last=ids, learned=0, placed=0))
        return
    model, group, strength = found
    sample: list[Placed] = [
        (idea_id, int(its), round(float(how), 4)) for idea_id, its, how in zip(learned, group, strength, strict=True)
    ]
    with database.reading() as db:
        before = _before(db, scope)
        words = [_words(db, sample, number, its, list(vocabulary.numbers)) for number, its in enumerate(model.typical)]
    matched, gone = identities.matched(before, ((idea_id, its) for idea_id, its, _ in sample), len(model))
    del before
    themes = database.write(partial(_ids_of, run_id=run_id, scope=scope, matched=matched, words=words, sample=sample))
    totals = [[0, 0.0] for _ in themes]

    def others() -> Iterator[Placed]:
        rest = array("q", sorted(set(ids) - set(learned)))
        for some in texts.read(database, rest, partial(told, "Placing")):
            if some:
                where, how = model.place(vocabulary.rows(some.values()))
                yield from zip(some, where.tolist(), how.tolist(), strict=True)

    for batch in _batches(_both(sample, others())):
        for _, its, how in batch:
            totals[its][0] += 1
            totals[its][1] += how
        members = [{"idea_id": one, "theme_id": themes[its], "strength": round(how, 4)} for one, its, how in batch]
        database.write(partial(runs.put, run_id=run_id, rows=members))
    shown = [
        {"id": theme_id, **about, "idea_count": int(many), "strength": round(sum_ / max(many, 1), 4)}
        for theme_id, about, (many, sum_) in zip(themes, _about(words, sample), totals, strict=True)
    ]
    led = {theme_id: themes[its] for theme_id, its in gone.items()}
    placed = sum(int(many) for many, _ in totals)
    database.write(
        partial(
            _publish, run_id=run_id, scope=scope, themes=shown, gone=led, last=ids, learned=len(learned), placed=placed
        )
    )


def _evenly(ids: "array[int]") -> "array[int]":
    """At most LEARNED_FROM of these, evenly from first to last."""
    if len(ids) <= LEARNED_FROM:
        return ids
    return array("q", (ids[number * len(ids) // LEARNED_FROM] for number in range(LEARNED_FROM)))


def _before(db: Connection, scope: int) -> dict[int, int]:
    """Idea → theme, as the run that is shown placed them."""
    run, after, found = runs.latest(db, scope), 0, dict[int, int]()
    while run and (rows := db.execute(_BEFORE, {"the_run": run.id, "after": after}).all()):
        found.update((row.idea_id, row.theme_id) for row in rows)
        after = rows[-1].idea_id
    return found


def _strongest(sample: Sequence[Placed], number: int) -> list[int]:
    """The ideas of a group, the most typical first."""
    return [idea_id for idea_id, its, _ in sorted(sample, key=lambda one: (-one[2], one[0])) if its == number]


def _words(db: Connection, sample: Sequence[Placed], number: int, typical: Any, stems: Sequence[str]) -> list[Word]:
    return names.words(db, _strongest(sample, number), typical, stems)


def _about(words: Sequence[Sequence[Word]], sample: Sequence[Placed]) -> list[dict[str, Any]]:
    """What is said of each theme: its words, the end of its address, its most central idea."""
    return [
        {
            "words": [list(word) for word in its],
            "slug": names.address(its),
            "central_id": _strongest(sample, number)[0],
        }
        for number, its in enumerate(words)
    ]


def _ids_of(
    db: Connection,
    run_id: int,
    scope: int,
    matched: Sequence[int | None],
    words: Sequence[Sequence[Word]],
    sample: Sequence[Placed],
) -> list[int]:
    """The theme of each group: that of before, or a new one, which is not shown yet."""
    runs.touch(db, run_id)
    new = {"scope": scope, "run_id": run_id, "is_shown": False, "idea_count": 0, "strength": 0.0, "created_at": now()}
    return [
        insert(db, Theme, **new, **about) if theme_id is None else theme_id
        for theme_id, about in zip(matched, _about(words, sample), strict=True)
    ]


def _both(sample: Sequence[Placed], others: Iterator[Placed]) -> Iterator[Placed]:
    """Those that have a group."""
    yield from (one for one in sample if one[1] >= 0)
    yield from (one for one in others if one[1] >= 0)


def _batches(placed: Iterator[Placed]) -> Iterator[list[Placed]]:
    while some := list(islice(placed, runs.TOGETHER)):
        yield some


def _publish(
    db: Connection,
    run_id: int,
    scope: int,
    themes: Sequence[dict[str, Any]],
    gone: dict[int, int],
    last: Sequence[int],
    learned: int,
    placed: int,
) -> None:
    """Show the run and its themes, and no others of the scope."""
    runs.touch(db, run_id)
    db.execute(_HIDE, {"the_scope": scope})
    db.execute(_OLD_RUN.values(is_shown=False), {"the_scope": scope})
    for theme in themes:
        values = {name: value for name, value in theme.items() if name != "id"}
        shown = _SHOW.values(**values, run_id=run_id, is_shown=True, successor_id=None)
        db.execute(shown, {"the_theme": theme["id"]})
    for theme_id, successor_id in gone.items():
        db.execute(_LEAD.values(successor_id=successor_id), {"gone_id": theme_id})
    counts = {"idea_count": len(last), "learned_count": learned, "placed_count": placed}
    shown_run = _NEW_RUN.values(
        is_making=False, is_shown=True, made_at=now(), last_id=last[-1] if last else 0, **counts
    )
    db.execute(shown_run, {"the_run": run_id})
