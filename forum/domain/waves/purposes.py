"""Purposes: how near a text is to what the communities are for, and to the words that are used beside those words."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, repeat
from operator import mul

from forum import terms
from forum.db import Connection
from forum.domain import communities
from forum.domain.communities import CommunityView
from forum.domain.waves.posts import LOGARITHMS, Post, Rarity

SPREAD = 5  # so many average texts are added to each word, or a word seen once would know too much
ROUNDS = 2
LEAST = 20  # texts from which on a usual nearness can be told

Nearness = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Usual:
    """The nearness of usual posts: the middle one, and how far half of them lie from it (as a standard deviation)."""

    middle: float
    spread: float

    def distance(self, nearness: float) -> float:
        """How many deviations further off than a usual post; below 0 for a nearer one."""
        return (self.middle - nearness) / self.spread if self.spread else 0.0


def stems_of(place: CommunityView) -> frozenset[str]:
    """The stems in a community's name and purpose."""
    return frozenset(terms.stems(f"{place.name}\n{place.purpose}")) - terms.STOP


def every(db: Connection) -> dict[int, frozenset[str]]:
    """Community id → the stems of its name and purpose."""
    return {place.id: stems_of(place) for place in communities.directory(db).values()}


def learn(posts: Sequence[Post], purpose: Set[str], rare: Rarity) -> Nearness:
    """How near each stem of these posts is to the purpose: the mean nearness of the posts that have it.

    The nearness of a post is first the share of purpose words in it, rare ones counting more, and then the mean of its
    stems, ROUNDS times: so words become near that are used beside near ones (a random walk between posts and words).
    """
    near: Nearness = dict.fromkeys(purpose, 1.0)
    weights = [{stem: LOGARITHMS[often] for stem, often in post.counts.items()} for post in posts]
    times = Counter(chain.from_iterable(weights))
    worth = {stem: rare.idf(stem) for stem in times}
    first = [_share(weight, purpose, worth) for weight in weights]
    for _ in range(ROUNDS):
        near = _means(weights, times, first)
        first = [_mean(weight, [*weight.values()], near) for weight in weights]
    return near


def _share(weight: Mapping[str, float], purpose: Set[str], worth: Mapping[str, float]) -> float:
    every_stem = sum(map(mul, weight.values(), map(worth.__getitem__, weight)))
    return sum([value * worth[stem] for stem, value in weight.items() if stem in purpose]) / (every_stem or 1.0)


def _means(weights: Sequence[Mapping[str, float]], times: Mapping[str, int], near: Sequence[float]) -> dict[str, float]:
    overall = sum(near) / max(len(near), 1)
    sums = dict.fromkeys(times, 0.0)
    for weight, value in zip(weights, near, strict=True):
        for stem in weight:
            sums[stem] += value
    found = {stem: (sums[stem] + SPREAD * overall) / (times[stem] + SPREAD) for stem in sums}
    found[""] = overall  # of a stem that is not known
    return found


def _mean(stems: Iterable[str], weights: Sequence[float], near: Nearness) -> float:
    total: float = sum(map(mul, weights, map(near.get, stems, repeat(near.get("", 0.0)))))
    return total / (sum(weights) or 1.0)


def nearness(post: Post, near: Nearness, without: Collection[str] = ()) -> float:
    """How near one post is, leaving out the stems by which it was found."""
    counts = post.counts
    if without:
        counts = {stem: often for stem, often in counts.items() if stem not in without}
    return _mean(counts, [LOGARITHMS[often] for often in counts.values()], near)


def usual(values: Sequence[float]) -> Usual:
    """What is usual among these nearnesses; nothing is far from it where there are fewer than LEAST."""
    if len(values) < LEAST:
        return Usual(0.0, 0.0)
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    off = sorted(abs(value - middle) for value in ordered)
    return Usual(middle, off[len(off) // 2] * 1.4826)  # the factor makes it the deviation of a normal distribution
