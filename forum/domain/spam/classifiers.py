"""The classifier: naive Bayes over hashed words, with whole counts only, so that learning can be taken back exactly.

log odds of a feature = ln((spam with it + 1/2) / (spam + 1)) - ln((good with it + 1/2) / (good + 1)), the estimate of
Krichevsky and Trofimov (1981), times n / (n + DAMPING) for a feature seen n times. Of all features of a post only the
most telling ones are added up, since words of one text hang together; the sum is bent (tanh) below a limit that grows
with the number of decisions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

MOST_TELLING = 24
TELLING_LEAST = 0.5  # log odds that a feature must have to count at all
SCALE = 0.5  # words of one text repeat one another's evidence
LIMIT = 5.0
HALF_WAY = 12  # decisions of the rarer kind with which the limit is half of LIMIT
SEEN_LEAST = 2  # a word of one single post says nothing
DAMPING = 2  # a word seen this often counts half of what it seems to say


@dataclass(frozen=True, slots=True)
class Totals:
    """How many decisions have been learned."""

    good: int = 0
    spam: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """What decisions say about a post: log odds, and its spam-like buckets with their posts, the most telling first."""

    odds: float
    telling: tuple[tuple[int, int], ...]  # (bucket, removed posts that have it)


NOTHING = Learned(0.0, ())


def weigh(counts: Mapping[int, tuple[int, int]], totals: Totals) -> Learned:
    """What the counts (bucket → good posts with it, spam with it) of a post's features say. Pure."""
    if not totals.good or not totals.spam:
        return NOTHING
    found = []
    for bucket, (good, spam) in counts.items():
        if good + spam >= SEEN_LEAST:
            odds = feature_odds(good, spam, totals)
            if abs(odds) >= TELLING_LEAST:
                found.append((odds, bucket, spam))
    found.sort(key=lambda one: (-abs(one[0]), one[1]))
    del found[MOST_TELLING:]
    rarer = min(totals.good, totals.spam)
    limit = LIMIT * rarer / (rarer + HALF_WAY)
    total = limit * math.tanh(SCALE * sum(odds for odds, _, _ in found) / limit)
    return Learned(total, tuple((bucket, spam) for odds, bucket, spam in found if odds > 0))


def feature_odds(good: int, spam: int, totals: Totals) -> float:
    """The log odds of one feature."""
    odds = math.log((spam + 0.5) / (totals.spam + 1)) - math.log((good + 0.5) / (totals.good + 1))
    return odds * (good + spam) / (good + spam + DAMPING)


def probability(odds: float) -> float:
    """Log odds as a number between 0 and 1."""
    return 1 / (1 + math.exp(-odds)) if odds > -500 else 0.0
