"""Signals: what speaks for a group of posts being a wave, how strongly, and the same in sentences with figures."""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from forum.clock import from_microseconds, to_microseconds
from forum.domain.waves import sketches
from forum.domain.waves.posts import Post, Rarity

RAISE = 0.42
"""A group as strong as this becomes a case."""
LEAST = 5
"""Fewer posts, and fewer people for shared words, are no wave."""
EQUAL = sketches.NEAR
FLOOD_DAY, FLOOD_WEEK = 15, 20
"""More posts than this by one person within 24 hours or 7 days are a flood: what a known person may post in a day."""
BURST = timedelta(minutes=10)
MINUTE, TEN, DAY = 60_000_000, 10, 1_440  # microseconds; minutes; minutes
LEAST_USUAL = 0.01  # posts a minute: with fewer, nothing is known of what is usual
UNUSUAL = 1e-6  # how improbable an arrival must be
ALWAYS = 0.75  # how much of its strength a group keeps none of whose accounts is fresh
MOST_COMPARED = 40
NAMES = {
    "equal": "Near-equal texts",
    "words": "Rare words in common",
    "fresh": "Fresh accounts",
    "flood": "One author's flood",
    "rate": "Arrival above the usual",
    "distance": "Far from the purpose",
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason. `strength` 0 to 1, `text` a plain sentence."""

    name: str
    strength: float
    text: str

    def row(self) -> dict[str, Any]:
        """As it is stored with the wave."""
        return {**asdict(self), "strength": round(self.strength, 2)}


def cohesion(posts: Sequence[Post]) -> float:
    """The mean cosine between posts of different people, one post each: 0 for unlike texts, 1 for equal ones."""
    newest = list({post.author_id: post for post in posts}.values())[-MOST_COMPARED:]
    total: dict[str, float] = defaultdict(float)
    for post in newest:
        for stem, value in post.vector.items():
            total[stem] += value
    many = sum(1 for post in newest if post.vector)
    if many < 2:
        return 0.0
    return (sum(value * value for value in total.values()) - many) / (many * (many - 1))


def likeness(parts: Sequence[Sequence[int]]) -> float:
    """How much each text has in common with its nearest one in the group, on average; from their sketches."""
    alone = ([key for key in part if sketches.is_sketch(key)] for part in parts)
    some = [part for part in alone if part][-MOST_COMPARED:]
    if len(some) < 2:
        return 0.0
    best = [
        max(sketches.likeness(one, other) for place, other in enumerate(some) if place != number)
        for number, one in enumerate(some)
    ]
    return sum(best) / len(best)


def focus(posts: Sequence[Post], words: Sequence[str], rare: Rarity) -> float:
    """Of the texts in the forum that have the group's first word, the share that is in the group; 0 to 1."""
    return min(1.0, len(posts) / max(rare.counts.get(words[0], 0), len(posts))) if words else 0.0


def strength_of(theme: float, equal: float, distance: float, *, young: int, posts: int, fresh: float) -> float:
    """How strong a group is: likeness of the texts, times the logarithm of its size.

    Near-equal texts (`equal`, 0 to 1) count by posts, a third more where all accounts are fresh (`fresh`, 0 to 1).
    Shared words (`theme`, 0 to 1) count by fresh people (`young`), and more the further from the purpose: between half
    and double, by deviations from usual posts (`distance`).
    """
    by_words = theme * math.log2(max(young, 1)) * (1 + max(-1.0, min(2.0, distance)) / 2)
    by_copies = (equal if equal >= EQUAL else 0.0) * math.log2(max(posts, 1)) * (ALWAYS + (1 - ALWAYS) * fresh)
    return max(by_words, by_copies)


def burst(moments: Sequence[datetime]) -> tuple[datetime, int]:
    """The start of the ten minutes in which most of these moments lie, and how many do."""
    best, start = 0, moments[0]
    first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= BURST:
            first += 1
        if last - first + 1 > best:
            best, start = last - first + 1, moments[first]
    return start, best


def improbable(seen: int, expected: float) -> float:
    """The chance of `seen` arrivals or more where `expected` is the mean (Poisson; bound of Chernoff, 1952)."""
    if seen <= expected:
        return 1.0
    return math.exp(seen - expected - seen * math.log(seen / max(expected, 1e-9)))


@dataclass(slots=True)
class Arrivals:
    """How many posts arrived in each minute and in each ten, counted from 1970; kept up to date as they arrive.

    Posts of one and the same moment count once: where only days are known, nothing rushes.
    """

    minutes: Counter[int] = field(default_factory=Counter)
    tens: Counter[int] = field(default_factory=Counter)
    newest: datetime | None = None

    @classmethod
    def of(cls, moments: Iterable[int]) -> "Arrivals":
        """Of all these posts, from their moments in microseconds."""
        distinct = set(moments)
        minutes = [moment // MINUTE for moment in distinct]
        newest = from_microseconds(max(distinct)) if distinct else None
        return cls(Counter(minutes), Counter([minute // TEN for minute in minutes]), newest)

    def add(self, moments: Iterable[datetime]) -> None:
        """More posts arrived, later than those before."""
        for moment in sorted(set(moments)):
            if self.newest is None or moment > self.newest:
                minute = minute_of(moment)
                self.minutes[minute] += 1
                self.tens[minute // TEN] += 1
                self.newest = moment

    def usual(self) -> float:
        """Posts a minute, on average; of a young forum as if it were a day old."""
        first, last = min(self.tens, default=0) * TEN, max(self.tens, default=0) * TEN
        return max(sum(self.tens.values()) / max(last - first, DAY), LEAST_USUAL)

    def is_rush(self, minute: int, usual: float) -> bool:
        """Did far more posts than usual arrive in this minute, or in its ten minutes?"""
        fast, long = self.minutes[minute], self.tens[minute // TEN]
        return (fast >= LEAST and improbable(fast, usual) < UNUSUAL) or (
            long >= LEAST and improbable(long, usual * TEN) < UNUSUAL
        )


def minute_of(moment: datetime) -> int:
    """The minute in which a moment lies, counted from 1970."""
    return to_microseconds(moment) // MINUTE


def rate(own: int, together: int, usual: float) -> Signal | None:
    """Did the group make many more posts arrive in ten minutes than usual? Silent where others made most of the rush.

    `own`: the group's posts in its busiest ten minutes; `together`: all posts then; `usual`: in ten minutes before.
    """
    if own < LEAST or own < together / 2 or improbable(together, max(usual, LEAST_USUAL * TEN)) > UNUSUAL:
        return None
    text = f"{together:,} posts arrived within 10 minutes, and {own:,} of them are in this wave. "
    text += f"Usual are {usual:.1f} posts in 10 minutes." if usual >= 0.1 else "Usual is less than one in an hour."
    return Signal("rate", min(1.0, math.log10(together / max(usual, LEAST_USUAL * TEN)) / 2), text)


def equal(posts: int, value: float) -> Signal | None:
    """Do the texts repeat one another?"""
    if value < EQUAL:
        return None
    return Signal("equal", value, f"{posts:,} posts repeat one another: {value:.0%} of their word pairs are the same.")


def words(people: int, theme: float, shown: Sequence[str], having: int, texts: int) -> Signal | None:
    """Do many new people use words that few others use? `having`: texts of the forum that have the first of them."""
    if not shown or people < LEAST:
        return None
    named = " and ".join(filter(None, (", ".join(f"“{word}”" for word in shown[:-1]), f"“{shown[-1]}”")))
    verb = "word" if len(shown) == 1 else "words"
    text = f"{people:,} new people share the rare {verb} {named}. "
    text += f"“{shown[0]}” is in {having:,} of {texts:,} texts here."
    return Signal("words", min(1.0, theme / 0.3), text)


def fresh(young: int, people: int, usual: float | None) -> Signal | None:
    """Were the accounts young when they posted, more than is usual here (0 to 1; None: not known)?"""
    share = young / max(people, 1)
    if share < 0.5 or young < LEAST:
        return None
    text = f"{young:,} of {people:,} accounts were new here when they posted."
    if usual is not None:
        text += f" Usual here: {usual:.0%}."
    return Signal("fresh", share, text)


def distance(value: float, further: float) -> Signal | None:
    """Is it far from what the communities are for? `further`: the share of other posts that are nearer."""
    if value < 0.5:
        return None
    text = f"The posts are further from what the communities are for than {further:.0%} of other posts of that time."
    return Signal("distance", min(1.0, value / 2), text)


def flood(moments: Sequence[datetime], usual: float) -> tuple[Signal | None, float]:
    """Did one person post this much? And how strong that is: RAISE at the threshold, rising with the posts."""
    last = moments[-1]
    day = max(bisect_left(moments, moment + timedelta(days=1)) - place for place, moment in enumerate(moments))
    week = sum(1 for moment in moments if last - moment < timedelta(days=7))
    if day <= FLOOD_DAY and week <= FLOOD_WEEK:
        return None, 0.0
    text = f"One person posted {day:,} ideas within 24 hours and {week:,} within a week. "
    text += f"Usual is {usual:.1f} in a week."
    strength = RAISE * max(day / FLOOD_DAY, week / FLOOD_WEEK)
    return Signal("flood", min(1.0, strength), text), strength
