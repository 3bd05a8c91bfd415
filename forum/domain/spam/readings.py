"""Readings: all that can be known from the words of a post alone, worked out before the transaction begins."""

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise

from forum import terms
from forum.domain.spam import addresses, signs
from forum.domain.spam.signs import Sign

VERSION = 1
"""Raise it when features change their meaning: the classifier then learns everything anew."""
BUCKETS = 1 << 18
MOST_WORDS, MOST_PAIRS, MOST_HOSTS = 150, 100, 10
MOST_CHARACTERS = 15_000
PRINT_LEAST = 8  # words from which on the same text twice is no accident

_DIGITS = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A post as the score sees it. `features`: number of a bucket → what a moderator may read for it, or nothing.

    `fingerprint`: the same for texts that differ only in addresses, digits and case; None for short texts.
    """

    signs: tuple[Sign, ...]
    features: dict[int, str]
    fingerprint: int | None


def read(title: str, body: str) -> Reading:
    """Read a post: its title (empty for a comment) and its Markdown. Pure; a millisecond for a page of text."""
    text = f"{title}\n{body}"[:MOST_CHARACTERS]
    links, bare = addresses.read(text), addresses.without(text)
    words, stems = terms.words(bare), terms.stems(bare)
    found = signs.of_text(text, words, stems, links)
    return Reading(tuple(found), _features(words, stems, links, found), _fingerprint(words))


def bucket(feature: str) -> int:
    """The bucket of a feature, the same in every process and forever (as long as VERSION stays)."""
    return int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=4).digest(), "big") % BUCKETS


def _features(words: list[str], stems: list[str], links: addresses.Addresses, found: list[Sign]) -> dict[int, str]:
    kept = [(stem, word) for stem, word in zip(stems, words, strict=True) if _LETTER.search(stem)]
    telling = {stem: word for stem, word in reversed(kept) if stem not in terms.STOP}
    features = {bucket(f"word:{stem}"): telling[stem] for stem in list(reversed(telling))[:MOST_WORDS]}
    pairs = dict.fromkeys(pairwise(stem for stem, _ in kept))
    features |= {bucket(f"pair:{one} {two}"): "" for one, two in list(pairs)[:MOST_PAIRS]}
    sites = dict.fromkeys(map(addresses.site_of, links.hosts))
    features |= {bucket(f"site:{site}"): site for site in list(sites)[:MOST_HOSTS] if site}
    features |= {bucket(f"sign:{sign.name}"): "" for sign in found}
    return features


def _fingerprint(words: list[str]) -> int | None:
    kept = [word for word in words if not _DIGITS.fullmatch(word)]
    if len(kept) < PRINT_LEAST:
        return None
    digest = hashlib.blake2b(" ".join(kept).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
