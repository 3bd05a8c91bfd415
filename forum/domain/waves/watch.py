"""The watch: looks at new posts, some hundred at a time, and finds the waves among them and those before.

What it costs does not grow with the forum: it looks back no further than WINDOW posts and KEPT days, weighs at most
MOST_WEIGHED groups a time, and weighs a group again only when it has grown.
"""

import math
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, Database, Prepared, address
from forum.domain.search.selections import ByIds
from forum.domain.waves import findings, groups, posts, prints, purposes, signals, sketches
from forum.domain.waves.groups import Group, Scene, Sender
from forum.domain.waves.purposes import Nearness
from forum.domain.waves.signals import Arrivals
from forum.models import User, Wave, WaveKey, WavePrint
from forum.models.search import SearchTerm

BATCH = 300
WINDOW = 20_000
SAMPLE, NEWEST = 300, 200
"""Posts of all the window, evenly, and the newest ones: by them the watch knows what is usual."""
MOST_WEIGHED = 10
MOST_MEMBERS = 30  # of a group, the newest, by which it is weighed
MOST_ROWS = 20_000
GROWN = 1.15
NOTABLE = 7
"""A word is looked into when it is in more than the square root of the window's posts, divided by this: five in 1,200
posts, twenty in 20,000. Fewer come together by chance."""
MOST_REMEMBERED = 50_000
RELEARN, RELEARN_LEAST = 4_000, 50
"""The watch learns anew what is usual after so many posts; in a young forum whenever it has doubled."""

_NEW = (
    sa.select(WavePrint.id, WavePrint.created_at, WavePrint.author_id)
    .where(WavePrint.is_new)
    .order_by(WavePrint.id)
    .limit(sa.bindparam("most"))
)
_NEWEST_ID = sa.select(sa.func.max(WavePrint.id))
_is_before = WavePrint.created_at < sa.bindparam("start")
_ARRIVED = sa.select(
    sa.func.min(WavePrint.created_at).label("first"),
    sa.func.sum(sa.case((_is_before, 1), else_=0)).label("before"),
    sa.func.sum(sa.case((sa.and_(~_is_before, WavePrint.created_at < sa.bindparam("end")), 1), else_=0)).label(
        "together"
    ),
).where(WavePrint.id > sa.bindparam("low"))
_moment = sa.type_coerce(WavePrint.created_at, sa.BigInteger)  # as a number: there are thousands
_MOMENTS = Prepared(sa.select(_moment.label("moment")).where(WavePrint.id > sa.bindparam("low"), ~WavePrint.is_new))
_FRESH = (
    sa.select(WavePrint.is_fresh, sa.func.count().label("posts"))
    .where(WavePrint.id > sa.bindparam("low"))
    .group_by(WavePrint.is_fresh)
)
_counted = sa.select(WaveKey.key, sa.func.count().label("posts")).where(WaveKey.print_id > sa.bindparam("low"))
_COUNTED = ByIds(_counted.group_by(WaveKey.key).having(sa.func.count() >= sa.bindparam("least")), WaveKey.key)
_ROWS = ByIds(
    sa.select(WaveKey.key, WaveKey.print_id).where(WaveKey.print_id > sa.bindparam("low")).limit(MOST_ROWS), WaveKey.key
)
_SENDERS = ByIds(sa.select(WavePrint.id, WavePrint.author_id, WavePrint.is_fresh, WavePrint.created_at), WavePrint.id)
_WORDS = sa.select(SearchTerm.term, SearchTerm.word).where(SearchTerm.term.in_(sa.bindparam("stems", expanding=True)))
_FLOODS = ByIds(
    sa.select(WavePrint.author_id)
    .join(User, User.id == WavePrint.author_id)
    .where(WavePrint.created_at > sa.bindparam("since"), User.role == "citizen", ~User.is_employee)
    .group_by(WavePrint.author_id)
    .having(sa.func.count() > signals.FLOOD_DAY),
    WavePrint.author_id,
)
_BY_AUTHOR = (
    sa.select(WavePrint.id, WavePrint.created_at)
    .where(WavePrint.author_id == sa.bindparam("author"), WavePrint.created_at > sa.bindparam("since"))
    .order_by(WavePrint.created_at, WavePrint.id)
)
_USUAL = sa.select(
    sa.func.count(sa.distinct(WavePrint.author_id)).label("people"), sa.func.count().label("posts")
).where(WavePrint.created_at > sa.bindparam("since"))
_WAVES_WORDS = sa.select(Wave.words).where(Wave.state.in_(("open", "on-track"))).order_by(Wave.id.desc()).limit(200)


@dataclass(slots=True)
class Memory:
    """What one process keeps from one look to the next. It may be lost at any time: then only work is done again."""

    weighed: "OrderedDict[int, int]" = field(default_factory=OrderedDict)  # key → posts when it was weighed last
    near: Nearness = field(default_factory=dict)
    near_at: int = -RELEARN  # the newest print when `near` was learned
    around: dict[int, float] = field(default_factory=dict)  # print id → nearness, in the order of the prints
    arrivals: Arrivals = field(default_factory=Arrivals)
    fresh_share: float = 1.0

    def has_grown(self, key: int, count: int, *, is_known: bool) -> bool:
        """Is a key's group new, or larger by so much that it is worth another look? (A known wave's: by one post.)"""
        last = self.weighed.get(key, 0)
        return count > last and (is_known or count >= last * GROWN)


_MEMORIES: dict[str, Memory] = {}


def look_at_new(database: Database, *, most: int = BATCH) -> int:
    """Look at the next new posts; how many there were. Reads first, then writes shortly."""
    with database.reading() as db:
        new = db.execute(_NEW, {"most": most}).all()
        if not new:
            return 0
        told = _tell(db, [row.id for row in new])
        _memory(db).arrivals.add(row.created_at for row in new)
    database.write(lambda db: prints.add_keys(db, told.keys, told.words, told.noted))
    with database.reading() as db:
        found = _find(db, new, told)
    database.write(lambda db: findings.settle(db, [row.id for row in new], found))
    return len(new)


def look(db: Connection, *, most: int = BATCH) -> int:
    """What `look_at_new` does, within a transaction of somebody else."""
    new = db.execute(_NEW, {"most": most}).all()
    if not new:
        return 0
    told = _tell(db, [row.id for row in new])
    _memory(db).arrivals.add(row.created_at for row in new)
    prints.add_keys(db, told.keys, told.words, told.noted)
    findings.settle(db, [row.id for row in new], _find(db, new, told))
    return len(new)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of new posts: their sketches, the keys of their telling words, and the stem behind each."""

    keys: dict[int, list[int]]  # print id → sketch
    words: dict[int, list[int]]  # print id → words
    noted: set[int]  # those whose sketches were written down at posting
    stems: Mapping[int, str]
    having: Mapping[str, int]  # stem → texts of the forum that have it


def _tell(db: Connection, print_ids: Sequence[int]) -> _Told:
    loaded = posts.load(db, print_ids)
    purpose = purposes.every(db)
    said = [posts.said(post, purpose.get(post.community_id, frozenset())) for post in loaded]
    rare = posts.rarity(db, set(chain.from_iterable(said)))
    memory = _memory(db)
    _learn(db, memory, print_ids[-1])
    keys, words, stems = dict[int, list[int]](), dict[int, list[int]](), dict[int, str]()
    for post, some in zip(loaded, said, strict=True):
        memory.around[post.print_id] = purposes.nearness(post, memory.near)
        keys[post.print_id] = sketches.parts_of(post.keys)
        found = posts.telling(post, some, rare)
        words[post.print_id] = [sketches.of_word(stem) for stem in found]
        stems.update(zip(words[post.print_id], found, strict=True))
    return _Told(keys, words, {post.print_id for post in loaded if post.is_fresh}, stems, rare.counts)


def _learn(db: Connection, memory: Memory, newest: int) -> None:
    """Learn anew which words are near the purposes, now and then, and what nearness is usual."""
    if newest - memory.near_at < min(RELEARN, max(RELEARN_LEAST, memory.near_at)):
        if len(memory.around) > 2 * (SAMPLE + NEWEST):
            for one in [*memory.around][:-NEWEST:2]:
                del memory.around[one]
        return
    low = max(0, newest - WINDOW)
    step = max(1, (newest - low) // SAMPLE)
    sample = posts.load(db, {*range(newest, low, -step), *range(newest, max(low, newest - NEWEST), -1)})
    rare = posts.rarity(db, posts.stems_of(sample))
    memory.near = purposes.learn(sample, frozenset().union(*purposes.every(db).values()), rare)
    memory.near_at = newest
    memory.arrivals = Arrivals.of(row.moment for row in _MOMENTS.all(db, {"low": low}))
    fresh = {row.is_fresh: row.posts for row in db.execute(_FRESH, {"low": low})}
    memory.fresh_share = fresh.get(True, 0) / max(sum(fresh.values()), 1)
    memory.around = {post.print_id: purposes.nearness(post, memory.near) for post in sample}


def _memory(db: Connection) -> Memory:
    return _MEMORIES.setdefault(address(db), Memory())


def _find(db: Connection, new: Sequence[Any], told: _Told) -> list[Group]:
    """The groups strong enough to be waves, that new posts are in; the strongest first."""
    newest = int(db.execute(_NEWEST_ID).scalar() or 0)
    low = max(0, newest - WINDOW)
    found, senders = _quiet(
        db, [*_equal(db, told, low), *_worded(db, told, low, newest)], {row.id: row.created_at for row in new}
    )
    strong: list[Group] = []
    if any(groups.can_rise(group, senders) for group in found):
        scene = _scene(db, found, senders)
        strong = groups.united(groups.weighed(found, scene), scene)
        for group in strong:
            _time(db, group, scene, low)
    strong += _floods(db, {row.author_id for row in new}, max(row.created_at for row in new))
    return sorted(strong, key=lambda group: -group.strength)


def _equal(db: Connection, told: _Told, low: int) -> list[Group]:
    """Groups of near-equal texts. Few posts share so much with others that those have to be read."""
    counted = _COUNTED.rows(db, chain.from_iterable(told.keys.values()), low=low, least=signals.LEAST)
    often = {row.key for row in counted}
    shared = {one: often.intersection(keys) for one, keys in told.keys.items()}
    new = {one: keys for one, keys in told.keys.items() if len(shared[one]) >= sketches.needed(keys)}
    rows = _ROWS.rows(db, {key for one in new for key in shared[one]}, low=low)
    return [Group(ids, copies=set(ids)) for ids in groups.equal_groups(new, rows)]


def _worded(db: Connection, told: _Told, low: int, newest: int) -> list[Group]:
    """Groups by a telling word that has become more frequent, those that grew most first."""
    memory = _memory(db)
    window = newest - low
    least = max(signals.LEAST, math.ceil(math.sqrt(window) / NOTABLE))
    counts = {row.key: row.posts for row in _COUNTED.rows(db, told.stems, low=low, least=least)}
    stems = {stem for words in db.execute(_WAVES_WORDS).scalars() for stem in words}
    known = {key for key in counts if told.stems[key] in stems}
    grown = [key for key, count in counts.items() if memory.has_grown(key, count, is_known=key in known)]
    grown.sort(key=lambda key: (key not in known, -_promise(counts[key], told.having.get(told.stems[key], 0)), key))
    members: dict[int, set[int]] = {key: set() for key in grown[:MOST_WEIGHED]}
    for key, print_id in _ROWS.rows(db, members, low=low):
        members[key].add(print_id)
    for key in members:
        memory.weighed[key] = counts[key]
        memory.weighed.move_to_end(key)
    while len(memory.weighed) > MOST_REMEMBERED:
        memory.weighed.popitem(last=False)
    return [Group(ids, [told.stems[key]]) for key, ids in members.items()]


def _promise(count: int, having: int) -> float:
    """How strong a group may turn out to be, from what is known without reading its posts."""
    return math.sqrt(min(1.0, count / max(having, count))) * math.log2(count)


def _quiet(
    db: Connection, found: Sequence[Group], moments: Mapping[int, datetime]
) -> tuple[list[Group], Mapping[int, Sender]]:
    """The groups without what came in a rush that they did not make, where new posts are left in them; their senders.

    `moments`: of the new posts. A crowd's posts raise nothing that is old.
    """
    arrivals = _memory(db).arrivals
    usual = arrivals.usual()
    some = [group for group in found if group.copies or groups.may_stay(group, moments, arrivals, usual)]
    everybody = _SENDERS.rows(db, {one for group in some for one in group.ids})
    senders = {row.id: Sender(row.author_id, row.is_fresh, row.created_at) for row in everybody}
    for group in some:
        if not group.copies:
            groups.calm(group, senders, arrivals, usual)
    return [group for group in some if not group.ids.isdisjoint(moments)], senders


def _scene(db: Connection, found: Sequence[Group], senders: Mapping[int, Sender]) -> Scene:
    """Everything that groups are weighed against, read once for all of them."""
    memory = _memory(db)
    wanted = {one for group in found for one in islice(sorted(group.ids, reverse=True), MOST_MEMBERS)}
    loaded = posts.load(db, wanted)
    rare = posts.rarity(db, posts.stems_of(loaded))
    posts.weigh(loaded, rare)

    @cache
    def surfaces() -> Mapping[str, str]:
        stems = sorted({stem for group in found for stem in group.words})
        known = {row.term: row.word for row in db.execute(_WORDS, {"stems": stems})} if stems else {}
        return known | posts.spoken(stems, (post.heading for post in loaded))

    return Scene(
        posts={post.print_id: post for post in loaded},
        senders=senders,
        rare=rare,
        near=memory.near,
        around=memory.around,
        fresh_share=memory.fresh_share,
        surfaces=surfaces,
    )


def _time(db: Connection, group: Group, scene: Scene, low: int) -> None:
    """Add what the arrival of a group's posts says, beside the arrival of all others."""
    moments = sorted(scene.senders[one].created_at for one in group.ids if one in scene.senders)
    start, own = signals.burst(moments)
    arrived = db.execute(_ARRIVED, {"low": low, "start": start, "end": start + signals.BURST}).one()
    spans = (start - arrived.first) / signals.BURST if arrived.first else 0.0
    if signal := signals.rate(own, int(arrived.together or 0), int(arrived.before or 0) / max(spans, 1.0)):
        group.signals.append(signal)


def _floods(db: Connection, authors: Collection[int], moment: datetime) -> list[Group]:
    """One group for each author who posted far too much."""
    since = moment - timedelta(days=7)
    busy = sorted(row.author_id for row in _FLOODS.rows(db, authors, since=since))
    if not busy:
        return []
    found, usual = [], db.execute(_USUAL, {"since": since}).one()
    for author in busy:
        rows = db.execute(_BY_AUTHOR, {"author": author, "since": since}).all()
        signal, strength = signals.flood([row.created_at for row in rows], usual.posts / max(usual.people, 1))
        if signal:
            found.append(Group({row.id for row in rows}, flood_by=author, strength=strength, signals=[signal]))
    return found
