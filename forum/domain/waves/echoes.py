"""Echoes: the watch over comments. It finds those that repeat one another, some hundred new comments at a time.

Only copies make a wave here. Words that many share do not: people who comment on the same idea share its words anyway.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import chain, takewhile
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database, PerDialect, Prepared, insert_once
from forum.domain.search import Stems
from forum.domain.search.expressions import ELSEWHERE
from forum.domain.search.selections import ByIds, among
from forum.domain.waves import findings, groups, signals, sketches
from forum.domain.waves.groups import Group
from forum.domain.waves.prints import KEPT
from forum.models import Comment, User, WaveCommentKey, WaveTurn
from forum.models.search import SearchDocument

BATCH = 300
WINDOW = 20_000
"""So many comments the watch looks back, and KEPT days."""
SHORT = 6
"""A sketch with fewer numbers is of a short text. Short texts are alike by chance, so they have to be the same."""
MOST_ROWS = 20_000
ON_ITS_WAY = timedelta(seconds=2)
_ROW = 2  # of WaveTurn: how far the watch over comments has come

_LAST = sa.select(WaveTurn.turn).where(WaveTurn.id == _ROW)
_NEWEST = sa.select(sa.func.max(Comment.id))
_NEW = (
    sa.select(
        Comment.id,
        Comment.created_at,
        Comment.state,
        Comment.body,
        Comment.is_official,
        Comment.is_by_employee,
        User.role,
        SearchDocument.words,
    )
    .join_from(Comment, User, User.id == Comment.author_id)
    .outerjoin(SearchDocument, sa.and_(SearchDocument.kind == "comment", SearchDocument.object_id == Comment.id))
    .where(Comment.id > sa.bindparam("last", type_=sa.BigInteger))
    .order_by(Comment.id)
    .limit(sa.bindparam("most"))
)
_ADD_KEY = Prepared(
    PerDialect(
        lambda insert_: (
            insert_(WaveCommentKey)
            .values(key=sa.bindparam("key"), comment_id=sa.bindparam("comment_id"))
            .on_conflict_do_nothing()
        )
    )
)
_recent = WaveCommentKey.comment_id > sa.bindparam("low", type_=sa.BigInteger)
_COUNTED = ByIds(
    sa.select(WaveCommentKey.key).where(_recent).group_by(WaveCommentKey.key).having(sa.func.count() >= signals.LEAST),
    WaveCommentKey.key,
)
_ROWS = ByIds(
    sa.select(WaveCommentKey.key, WaveCommentKey.comment_id).where(_recent).limit(MOST_ROWS), WaveCommentKey.key
)
_KEYS = ByIds(sa.select(WaveCommentKey.key, WaveCommentKey.comment_id), WaveCommentKey.comment_id)
_SENT = ByIds(
    sa.select(Comment.id, Comment.author_id, (User.trust_level == 0).label("is_fresh"), Comment.created_at)
    .join_from(Comment, User, User.id == Comment.author_id)
    .where(among(Comment.state, ("published", "held")), Comment.created_at > sa.bindparam("since")),
    Comment.id,
)
_TAKE_TURN = (
    sa.update(WaveTurn)
    .where(WaveTurn.id == _ROW, WaveTurn.turn == sa.bindparam("before"))
    .values(turn=sa.bindparam("after"), looked_at=sa.bindparam("moment"))
    .returning(WaveTurn.turn)
)
_LOW = sa.select(Comment.id).order_by(Comment.id.desc()).limit(1).offset(WINDOW)
_FORGET = sa.delete(WaveCommentKey).where(WaveCommentKey.comment_id <= sa.bindparam("last"))


def look_at_new(database: Database, *, most: int = BATCH) -> bool:
    """Look at the next new comments; says whether more may wait. Reads first, then writes shortly.

    Those of the last moments are looked at again: one with a smaller number may still be on its way into the database.
    """
    with database.reading() as db:
        before = int(db.execute(_LAST).scalar() or 0)
        start = max(before, int(db.execute(_NEWEST).scalar() or 0) - WINDOW)  # of a large import only the end
        new = db.execute(_NEW, {"last": start, "most": most}).all()
        if not new:
            return False
        keys = _sketches(new)
    database.write(lambda db: _add(db, keys))
    with database.reading() as db:
        found = _find(db, keys, new[-1].id)
    moment = now()
    done = [row.id for row in takewhile(lambda row: moment - row.created_at > ON_ITS_WAY, new)]
    database.write(lambda db: _settle(db, before, done[-1] if done else start, found))
    return len(done) == most


def forget(db: Connection) -> None:
    """Drop what is known of comments beyond the WINDOW."""
    last = db.execute(_LOW).scalar()
    if last is not None:
        db.execute(_FORGET, {"last": last})


def _sketches(new: Sequence[Any]) -> dict[int, tuple[int, ...]]:
    """Comment id → sketch, of those that may be part of a wave: not of staff, who often write the same on purpose."""
    since = now() - KEPT
    found = {
        row.id: sketches.of_stems(_stems(row))
        for row in new
        if row.state in ("published", "held")
        and row.created_at > since
        and not (row.is_official or row.is_by_employee or row.role != "citizen")
    }
    return {one: keys for one, keys in found.items() if keys}


def _stems(row: Any) -> Stems:
    """The words that are its own: who quotes a text does not repeat it."""
    if row.words and not row.body.startswith(">") and "\n>" not in row.body:
        return Stems([], [word.removeprefix(ELSEWHERE) for word in row.words.split()])
    return Stems.of("", "\n".join(line for line in row.body.split("\n") if not line.startswith(">")))


def _add(db: Connection, keys: dict[int, tuple[int, ...]]) -> None:
    pairs = sorted((key, one) for one, some in keys.items() for key in some)
    _ADD_KEY.each(db, [{"key": key, "comment_id": one} for key, one in pairs])


def _needed(keys: Collection[int]) -> int:
    return len(keys) if len(keys) < SHORT else sketches.needed(keys)


def _find(db: Connection, new: dict[int, tuple[int, ...]], newest: int) -> list[Group]:
    """Groups of comments that repeat one another, with at least one new one in each."""
    low = max(0, newest - WINDOW)
    often = {row.key for row in _COUNTED.rows(db, chain.from_iterable(new.values()), low=low)}
    shared = {one: often.intersection(keys) for one, keys in new.items()}
    some = {one: keys for one, keys in new.items() if len(shared[one]) >= _needed(keys)}
    rows = _ROWS.rows(db, {key for one in some for key in shared[one]}, low=low)
    return [group for ids in groups.equal_groups(some, rows, _needed) if (group := _weighed(db, ids, new))]


def _weighed(db: Connection, ids: set[int], new: dict[int, tuple[int, ...]]) -> Group | None:
    """The group with its strength and what speaks for it; None if too few of its comments stand or wait."""
    sent = _SENT.rows(db, ids, since=now() - KEPT)
    if len(sent) < signals.LEAST:
        return None
    found = {row.id for row in sent}
    parts: dict[int, list[int]] = {}
    for row in _KEYS.rows(db, sorted(found)[-signals.MOST_COMPARED :]):
        parts.setdefault(row.comment_id, []).append(row.key)
    people = {row.author_id: row.is_fresh for row in sent}
    young = sum(people.values())
    value = signals.likeness([*parts.values()])
    strength = signals.strength_of(0.0, value, 0.0, young=young, posts=len(found), fresh=young / len(people))
    speaking = [signals.equal(len(found), value), signals.fresh(young, len(people), None)]
    return Group(found, copies=found, strength=strength, signals=[one for one in speaking if one])


def _settle(db: Connection, before: int, after: int, found: Sequence[Group]) -> None:
    """Write down what was found, unless another worker looked at the same comments."""
    moment = now()
    insert_once(db, WaveTurn, id=_ROW, turn=before, looked_at=moment)
    if db.execute(_TAKE_TURN, {"before": before, "after": after, "moment": moment}).first() is not None:
        findings.write_down(db, "comment", found, moment)
