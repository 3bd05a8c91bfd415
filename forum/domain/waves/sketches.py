"""Sketches: a text as a few numbers, so that near-equal texts share most of them; and words as numbers."""

import math
from collections.abc import Collection, Sequence
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

from forum import terms

BINS = 12
NEAR = 0.5  # the share of numbers that near-equal texts have in common, at least
MOST_CHARACTERS = 2_500  # of a text that count: whoever repeats a text repeats its beginning
_LOW = 32  # bits of a hash


def of(title: str, body: str) -> tuple[int, ...]:
    """At most BINS numbers made from the pairs of neighboring words, small words left out; none for too short a text.

    Of two texts that share a part J of their pairs (Jaccard), each number is the same with a chance of about J. Source:
    P. Li, A. Owen, C.-H. Zhang, "One permutation hashing", NIPS 2012: one hash for each pair, the least in each bin.
    """
    stems = [stem for stem in terms.stems(f"{title}\n{body[:MOST_CHARACTERS]}") if stem not in terms.STOP]
    words = [(stem + " ").encode() for stem in stems]
    least: dict[int, int] = {}
    for found in {crc32(second, crc32(first)) for first, second in pairwise(words)}:
        place = found % BINS
        if found < least.get(place, 1 << _LOW):
            least[place] = found
    if len(least) < 3:
        return ()
    return tuple((place + 1 << _LOW) | rest for place, rest in sorted(least.items()))


def needed(keys: Collection[int]) -> int:
    """How many numbers a text must share with this one to be near-equal: NEAR of them, and three at least."""
    return max(3, math.ceil(NEAR * len(keys)))


def is_sketch(key: int) -> bool:
    """Is this number a part of a sketch (and not a word)?"""
    return key < BINS + 1 << _LOW


def of_word(stem: str) -> int:
    """A word's number, 62 bits: none of them is ever a part of a sketch."""
    return int.from_bytes(blake2b(stem.encode(), digest_size=8).digest()) >> 2 | 1 << 61


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """The share of numbers that two sketches have in common: an estimate of J, 0 to 1."""
    return len({*one} & {*other}) / max(len(one), len(other), 1)
