"""Sketches: a text as a few numbers, so that near-equal texts share most of them; and words as numbers."""

import math
from collections.abc import Collection, Sequence
from hashlib import blake2b
from itertools import chain
from zlib import crc32

from forum import terms
from forum.domain.search.stored import Stems

BINS = 12
NEAR = 0.5  # the share of numbers that near-equal texts have in common, at least
MOST_STEMS = 420  # of a body that count, about a page: whoever repeats a text repeats its beginning
_LOW = 32  # bits of a hash
_WORDS = BINS + 1 << _LOW  # from here on numbers are words


def of(title: str, body: str) -> tuple[int, ...]:
    """The sketch of a title and a plain body."""
    return of_stems(Stems.of(title, body))


def of_stems(stems: Stems) -> tuple[int, ...]:
    """At most BINS numbers made from the pairs of neighboring words, small words left out; none for too short a text.

    Of two texts that share a part J of their pairs (Jaccard), each number is the same with a chance of about J. Source:
    P. Li, A. Owen, C.-H. Zhang, "One permutation hashing", NIPS 2012: one hash for each pair, the least in each bin.
    """
    some = chain(stems.title, stems.body[:MOST_STEMS])
    words = [(stem + " ").encode() for stem in some if stem not in terms.STOP]
    least: dict[int, int] = {}
    for found in sorted(set(map(crc32, words[1:], map(crc32, words)))):  # of each two neighbors, as one text
        least.setdefault(found % BINS, found)
        if len(least) == BINS:
            break
    if len(least) < 3:
        return ()
    return tuple((place + 1 << _LOW) | rest for place, rest in sorted(least.items()))


def needed(keys: Collection[int]) -> int:
    """How many numbers a text must share with this one to be near-equal: NEAR of them, and three at least."""
    return max(3, math.ceil(NEAR * len(keys)))


def is_sketch(key: int) -> bool:
    """Is this number a part of a sketch (and not a word)?"""
    return key < _WORDS


def parts_of(keys: Collection[int]) -> list[int]:
    """Those of a print's numbers that are parts of its sketch."""
    return [key for key in keys if key < _WORDS]


def of_word(stem: str) -> int:
    """A word's number, 62 bits: none of them is ever a part of a sketch."""
    return int.from_bytes(blake2b(stem.encode(), digest_size=8).digest()) >> 2 | 1 << 61


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """The share of numbers that two sketches have in common: an estimate of J, 0 to 1."""
    return len({*one} & {*other}) / max(len(one), len(other), 1)
