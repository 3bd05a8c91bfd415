"""Groups: posts that belong together by near-equal texts, by rare words, or by their author, each weighed as a wave."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forum.domain.waves import purposes, signals, sketches
from forum.domain.waves.posts import Post, Rarity
from forum.domain.waves.purposes import Nearness
from forum.domain.waves.signals import Arrivals, Signal

SHARED = 0.4  # two groups are one if they have this share of the smaller one in common
JOIN = 0.2  # the least cosine to a group's middle of a post that comes in from another group
SHOWN_WORDS = 4
MOST_AROUND = 60  # posts of the same time by which a group's distance is judged, at least


@dataclass(slots=True)
class Group:
    """Posts that may be a wave. `words`: stems they share, the first found first; `flood_by`: the one author."""

    ids: set[int]  # of prints
    words: list[str] = field(default_factory=list)
    copies: set[int] = field(default_factory=set)  # those that are near-equal to several others
    flood_by: int | None = None
    strength: float = 0.0
    signals: list[Signal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a post, and when."""

    author_id: int
    is_fresh: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """What groups are weighed against."""

    posts: Mapping[int, Post]  # print id → post; of large groups the newest only
    senders: Mapping[int, Sender]  # print id → sender, of all
    rare: Rarity
    near: Nearness
    around: Mapping[int, float]  # print id → nearness, of some posts of every time and of the newest ones
    fresh_share: float
    surfaces: Callable[[], Mapping[str, str]]  # gives stem → a word it stands for; asked when a group is strong


def equal_groups(
    new: Mapping[int, Sequence[int]],
    rows: Iterable[tuple[int, int]],
    needed: Callable[[Collection[int]], int] = sketches.needed,
) -> list[set[int]]:
    """Groups of prints: a new one and all that are near-equal to it, the largest first.

    `new`: print id → sketch; `rows`: (key, print id) of all who share parts of these sketches; `needed`: how many parts
    a post must share with one that has these.
    Each around one post, and not from neighbor to neighbor: that would lead from one text to a quite different one.
    """
    by_key: dict[int, list[int]] = defaultdict(list)
    for key, print_id in rows:
        by_key[key].append(print_id)
    around: list[set[int]] = []
    for one, keys in sorted(new.items()):
        shared = Counter(other for key in keys for other in by_key.get(key, ()))
        need = needed(keys)
        around.append({other for other, times in shared.items() if times >= need} | {one})
    found: list[set[int]] = []
    for group in sorted(around, key=lambda ids: (-len(ids), min(ids))):
        if len(group) < signals.LEAST:
            break
        if not any(len(group & other) >= SHARED * len(group) for other in found):
            found.append(group)
    return found


def calm(group: Group, senders: Mapping[int, Sender], arrivals: Arrivals, usual: float) -> None:
    """Leave out of a group of shared words what came in a rush, unless the group made the rush.

    When the evening news bring a crowd, many of it have the same things on their minds; that alone is no wave.
    `usual`: posts a minute.
    """
    minutes = {one: signals.minute_of(senders[one].created_at) for one in group.ids if one in senders}
    own = Counter(minute // signals.TEN for minute in minutes.values())
    made = {ten for ten, many in own.items() if many >= arrivals.tens[ten] / 2}
    rushes = {minute for minute in set(minutes.values()) if arrivals.is_rush(minute, usual)}
    group.ids = {one for one, minute in minutes.items() if minute not in rushes or minute // signals.TEN in made}


def may_stay(group: Group, moments: Mapping[int, datetime], arrivals: Arrivals, usual: float) -> bool:
    """Can any of the new posts be left after `calm`? Told by their moments alone, before all others are read."""
    minutes = {signals.minute_of(moments[one]) for one in group.ids & moments.keys()}
    return any(
        len(group.ids) >= arrivals.tens[minute // signals.TEN] / 2 or not arrivals.is_rush(minute, usual)
        for minute in minutes
    )


def can_rise(group: Group, senders: Mapping[int, Sender]) -> bool:
    """Are there copies in it, or enough fresh people who share its words?"""
    young = {senders[one].author_id for one in group.ids if one in senders and senders[one].is_fresh}
    return bool(group.copies) or len(young) >= signals.LEAST


@dataclass(frozen=True, slots=True)
class _Measured:
    """How alike a group's posts are, and who sent them: all of its strength but the distance from the purpose."""

    posts: Sequence[Post]
    theme: float
    equal: float
    copies: int
    young: int
    people: int

    def strength(self, distance: float) -> float:
        """How strong the group is, at this distance."""
        return signals.strength_of(
            self.theme, self.equal, distance, young=self.young, posts=self.copies, fresh=self.young / self.people
        )


def weighed(found: Sequence[Group], scene: Scene) -> Sequence[Group]:
    """The groups, each with its strength and signals; none, where none can be a wave at whatever distance."""
    measured = [_measure(group, scene) for group in found]
    if not any(one and one.strength(math.inf) >= signals.RAISE for one in measured):
        return ()
    for group, one in zip(found, measured, strict=True):
        _weigh(group, scene, one)
    return found


def _measure(group: Group, scene: Scene) -> _Measured | None:
    posts = [scene.posts[one] for one in sorted(group.ids) if one in scene.posts]
    sent = [scene.senders[one] for one in group.ids if one in scene.senders]
    people = {one.author_id: one.is_fresh for one in sent}
    young = sum(people.values())
    if not posts or len(sent) < signals.LEAST or (not group.copies and young < signals.LEAST):
        return None
    value = signals.likeness([post.keys for post in posts if post.print_id in group.copies])
    theme = signals.cohesion(posts) * math.sqrt(signals.focus(posts, group.words, scene.rare))
    return _Measured(posts, theme, value, len(group.copies), young, len(people))


def _weigh(group: Group, scene: Scene, measured: _Measured | None) -> None:
    """Give a group its strength and the signals that speak for it."""
    if measured is None:
        group.strength = 0.0
        return
    posts, theme, value, young = measured.posts, measured.theme, measured.equal, measured.young
    far, further = _distance(posts, group, scene)
    group.strength = measured.strength(far)
    surfaces = scene.surfaces()
    shown = [surfaces.get(stem, stem) for stem in group.words[:SHOWN_WORDS]]
    having = scene.rare.counts.get(group.words[0], 0) if group.words else 0
    found = [
        signals.equal(len(group.copies), value),
        signals.words(young, theme, shown, max(having, len(posts)), scene.rare.texts),
        signals.fresh(young, measured.people, scene.fresh_share),
        signals.distance(far, further),
    ]
    group.signals = [one for one in found if one]


def _distance(posts: Sequence[Post], group: Group, scene: Scene) -> tuple[float, float]:
    """How far the group is from the purpose, in deviations of posts of its time, and how many of those are nearer.

    Posts of its time, and not of all times: when the evening news bring a crowd, its posts are measured by that crowd.
    """
    others = _around(posts, group, scene)
    usual = purposes.usual(others)
    found = [purposes.nearness(post, scene.near, frozenset(group.words)) for post in posts]
    mean = sum(found) / len(found)
    nearer = sum(1 for value in others if value > mean)
    return usual.distance(mean), nearer / max(len(others), 1)


def _around(posts: Sequence[Post], group: Group, scene: Scene) -> list[float]:
    ids = sorted(post.print_id for post in posts)
    low, high = ids[len(ids) // 4], ids[-1 - len(ids) // 4]
    others = [one for one in scene.around if one not in group.ids]
    # The nearest in time: those between the group's quarters, and then those beside them.
    others.sort(key=lambda one: (max(low - one, one - high, 0), one))
    inside = sum(1 for one in others if low <= one <= high)
    return [scene.around[one] for one in others[: max(inside, MOST_AROUND)]]


def united(groups: Sequence[Group], scene: Scene) -> list[Group]:
    """Groups that are mostly the same posts become one; of a weaker one, the posts that are like the stronger come in.

    Only groups of at least RAISE begin one. The strongest comes first.
    """
    found: list[tuple[Group, set[int], set[int]]] = []  # the group, its first posts, posts that may come in
    for group in sorted(groups, key=lambda one: -one.strength):
        for first, core, pool in found:
            if len(group.ids & core) >= SHARED * min(len(group.ids), len(core)):
                first.words += [stem for stem in group.words if stem not in first.words]
                first.copies |= group.copies
                pool |= group.ids
                break
        else:
            if group.strength >= signals.RAISE:
                found.append((group, set(group.ids), set()))
    for group, core, pool in found:
        more = group.copies - core
        if len(group.copies) < len(core) / 2:  # who only shares words with a repeated text does not repeat it
            more |= _alike(core, pool - core, scene)
        if more or group.copies:
            alone = group.strength
            group.ids |= more
            _weigh(group, scene, _measure(group, scene))
            group.strength = max(alone, group.strength)
    return [group for group, _, _ in found]


def _alike(core: set[int], pool: set[int], scene: Scene) -> set[int]:
    """Those of the pool that are near the middle of the core."""
    middle: dict[str, float] = defaultdict(float)
    for one in core:
        for stem, value in scene.posts[one].vector.items() if one in scene.posts else ():
            middle[stem] += value
    length = math.sqrt(sum(value * value for value in middle.values()))
    return {
        one
        for one in pool
        if one in scene.posts
        and length
        and sum(value * middle.get(stem, 0.0) for stem, value in scene.posts[one].vector.items()) / length >= JOIN
    }
