"""Prints: what the watch notes of each post while it is posted, so that repeated texts are seen at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect, Prepared, insert_of
from forum.domain.people import Person
from forum.domain.search import Stems
from forum.domain.waves import sketches
from forum.models import Wave, WaveKey, WaveMember, WavePrint

FEW = 3
"""So many near-equal posts of fresh accounts within a day appear like any other; later ones wait for a look."""
DAY = timedelta(days=1)
FRESH = timedelta(days=7)
KEPT = timedelta(days=15)
_NEWEST = 60  # posts looked at for each part of a sketch
_FORGOTTEN = 20_000  # prints dropped in one transaction

_KEY_NAMES = tuple(f"key_{number}" for number in range(sketches.BINS))

_NOTE = insert_of(WavePrint)
_FIND = sa.select(WavePrint.id, WavePrint.keys).where(
    WavePrint.subject_kind == sa.bindparam("kind"), WavePrint.subject_id == sa.bindparam("subject")
)
_FRESH_ONES = sa.select(WavePrint.subject_id).where(
    WavePrint.id.in_(sa.bindparam("ids", expanding=True)),
    WavePrint.is_fresh,
    WavePrint.subject_kind == "idea",
    WavePrint.created_at > sa.bindparam("since"),
)
_WAVES_OF = (
    sa.select(WaveMember.subject_id, WaveMember.wave_id, Wave.state)
    .join_from(WaveMember, Wave, Wave.id == WaveMember.wave_id)
    .where(WaveMember.subject_kind == "idea", WaveMember.subject_id.in_(sa.bindparam("ids", expanding=True)))
    .where(Wave.flood_by_id.is_(None))
    .order_by(WaveMember.wave_id)
)
_AGAIN = (
    sa.update(WavePrint)
    .where(WavePrint.id == sa.bindparam("the_print"))
    .values(is_new=True, keys=sa.bindparam("new_keys"))
)
_SET_KEYS = Prepared(
    sa.update(WavePrint).where(WavePrint.id == sa.bindparam("the_print")).values(keys=sa.bindparam("new_keys"))
)
_DROP_KEYS = sa.delete(WaveKey).where(
    WaveKey.print_id == sa.bindparam("the_print"), WaveKey.key.in_(sa.bindparam("old_keys", expanding=True))
)
_DROP_OLD_KEYS = sa.delete(WaveKey).where(WaveKey.print_id <= sa.bindparam("last"))
_ADD_KEY = Prepared(
    PerDialect(
        lambda insert_: (
            insert_(WaveKey).values(key=sa.bindparam("key"), print_id=sa.bindparam("print_id")).on_conflict_do_nothing()
        )
    )
)
_OLD = (
    sa.select(WavePrint.id)
    .where(WavePrint.created_at < sa.bindparam("moment"))
    .order_by(WavePrint.id)
    .limit(_FORGOTTEN)
)
_DROP = sa.delete(WavePrint).where(WavePrint.id.in_(sa.bindparam("ids", expanding=True)))


def _near() -> sa.Select[Any]:
    """The newest prints of each key, one select after the other: no key, however common, costs more than a few rows."""
    parts = []
    for name in _KEY_NAMES:
        newest = sa.select(WaveKey.print_id).where(WaveKey.key == sa.bindparam(name))
        newest = newest.order_by(WaveKey.print_id.desc()).limit(sa.literal_column(str(_NEWEST)))
        parts.append(sa.select(newest.subquery().c.print_id))
    every = sa.union_all(*parts).subquery()
    return sa.select(every.c.print_id).group_by(every.c.print_id).having(sa.func.count() >= sa.bindparam("need"))


_NEAR = Prepared(_near())


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a post before it is written: its sketch, how young its account is, and whom it repeats."""

    keys: tuple[int, ...]
    is_fresh: bool
    repeats: tuple[int, ...] = ()  # ids of ideas
    wave_id: int | None = None  # the wave that they are in

    @property
    def is_to_wait(self) -> bool:
        """Does it repeat what fresh accounts have posted more than a FEW times today, from a fresh account?"""
        return self.is_fresh and len(self.repeats) >= FEW


def is_fresh(joined_at: datetime, posted_at: datetime) -> bool:
    """Was the account younger than a week when it posted? For posts of which no more is known than that: imported ones.

    Of posts made here, those of accounts at trust level 0 are fresh.
    """
    return posted_at - joined_at < FRESH


def look(db: Connection, user: Person, stems: Stems) -> Seen:
    """Whom a new post repeats. One short read, and two more if it repeats some; none for accounts that are known."""
    keys = sketches.of_stems(stems)
    if user.trust_level > 0 or user.role != "citizen" or user.is_employee:
        return Seen(keys, False)
    return _repeating(db, keys, now() - DAY)


def _repeating(db: Connection, keys: tuple[int, ...], since: datetime) -> Seen:
    ids = near(db, keys)
    if len(ids) < FEW:
        return Seen(keys, True)
    found = set(db.execute(_FRESH_ONES, {"ids": ids, "since": since}).scalars())
    wave_id = None
    for row in db.execute(_WAVES_OF, {"ids": sorted(found)}).all() if found else ():
        if row.state == "dismissed":  # a moderator has said that these are fine
            found.discard(row.subject_id)
        else:
            wave_id = row.wave_id
    return Seen(keys, True, tuple(sorted(found)), wave_id)


def near(db: Connection, keys: Sequence[int]) -> list[int]:
    """Ids of prints whose texts are near-equal to the one with this sketch, among the newest that share a part."""
    if not keys:
        return []
    values: dict[str, int | None] = dict(zip_longest(_KEY_NAMES, keys))  # a short text lacks some; nothing equals null
    values["need"] = sketches.needed(keys)
    return [row.print_id for row in _NEAR.all(db, values)]


def note(
    db: Connection,
    seen: Seen,
    *,
    idea_id: int,
    author_id: int,
    community_id: int,
    created_at: datetime | None = None,
    is_held: bool = False,
) -> None:
    """Write down a new post, in its own transaction; the watch will look at it. `is_held`: only for what it repeats.

    Only what came from fresh accounts is looked up at posting (`look`); the keys of all others can wait for the watch.
    """
    row = {
        "subject_kind": "idea",
        "subject_id": idea_id,
        "author_id": author_id,
        "community_id": community_id,
        "is_fresh": seen.is_fresh,
        "is_new": True,
        "is_held": is_held,
        "keys": list(seen.keys),
        "created_at": created_at or now(),
    }
    print_id = _NOTE.new_id(db, row)
    if seen.is_fresh:
        _ADD_KEY.each(db, [{"key": key, "print_id": print_id} for key in seen.keys])


def note_again(db: Connection, idea_id: int, stems: Stems) -> None:
    """The words of a post are others now: the watch looks at it once more. Nothing, if it was forgotten long ago."""
    known = db.execute(_FIND, {"kind": "idea", "subject": idea_id}).first()
    if known is not None:
        keys = sketches.of_stems(stems)
        db.execute(_DROP_KEYS, {"the_print": known.id, "old_keys": known.keys})
        _ADD_KEY.each(db, [{"key": key, "print_id": known.id} for key in keys])
        db.execute(_AGAIN, {"the_print": known.id, "new_keys": list(keys)})


def add_keys(
    db: Connection, parts: Mapping[int, Sequence[int]], words: Mapping[int, Sequence[int]], have: Collection[int]
) -> None:
    """Write down the keys of some prints: print id → the parts of its sketch, and the keys of its telling words.

    `have`: the prints whose sketches were written at posting.
    """
    every = {one: [*parts[one], *new] for one, new in words.items()}
    pairs = sorted((key, one) for one, keys in every.items() for key in (words[one] if one in have else keys))
    _ADD_KEY.each(db, [{"key": key, "print_id": print_id} for key, print_id in pairs])  # neighbors together
    _SET_KEYS.each(db, [{"the_print": one, "new_keys": keys} for one, keys in every.items()])


def forget(db: Connection) -> bool:
    """Drop what is older than KEPT, some thousand at a time; says whether there may be more."""
    ids = list(db.execute(_OLD, {"moment": now() - KEPT}).scalars())
    if ids:  # prints are numbered as they come: one walk through the keys, once in a while
        db.execute(_DROP_OLD_KEYS, {"last": ids[-1]})
        db.execute(_DROP, {"ids": ids})
    return len(ids) == _FORGOTTEN
