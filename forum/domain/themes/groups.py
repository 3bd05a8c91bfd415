"""Groups of texts that are about the same: found among a sample, tidied until each holds together, all others placed.

Texts are first parted by their meanings (latent semantic analysis, see duplicates/meanings.py) with spherical k-means
(Dhillon and Modha, Concept Decompositions for Large Sparse Text Data Using Clustering, 2001), begun by k-means++ with
several tries for each center (Arthur and Vassilvitskii, 2007). How many groups: by the simplified silhouette
(Vendramin, Campello and Hruschka, 2010). Then words and meanings decide together, a text never being compared with
itself. Groups that do not hold together, or have no words of their own, are given up: their texts stay outside.
"""

from dataclasses import dataclass

import numpy as np

from forum.domain.duplicates import meanings
from forum.domain.duplicates.matrices import Array, Rows
from forum.domain.duplicates.nearest import MEANING
from forum.domain.themes import centers, parts, typical
from forum.domain.themes.typical import Typical

MOST = 40
"""Themes."""
LEAST = 5
"""Different texts of a theme; fewer are no theme yet."""
ROUNDS = 14
"""Rounds in which texts change their group."""
FITS, STRICT = 0.11, 0.15
"""From this likeness of words on a text fits into a group: at first, and when weak groups have been given up."""
AHEAD = 0.012
"""A text is so much more like its group than like any other."""
HOLDS = 0.22
"""Mean likeness of words of a text and the others of its group, below which the group is given up."""
NAMING, NAMED, TELLING = 5, 0.5, 2
"""Of its NAMING most typical words TELLING stand in at least a share of NAMED of a group's texts; else it has no name,
and is given up."""
COPIED_BY = 12
"""Texts that have so many of their most telling words in common are copies, and count as one text."""


@dataclass(frozen=True, slots=True)
class Groups:
    """What was learned: by it any text can be placed.

    `directions`: stems by directions of meaning; `words`: stems by groups, of length 1; `meanings`: groups by
    directions; `own`: stems by groups, 1 for a typical stem; `typical`: the same with shares, the most typical first.
    """

    directions: Array
    words: Array
    meanings: Array
    own: Array
    typical: list[list[Typical]]

    def __len__(self) -> int:
        return len(self.typical)

    def place(self, texts: Rows) -> tuple[Array, Array]:
        """For each text the number of its group (-1: it fits none), and how typical it is of it, 0 to 1."""
        said = texts.times(self.words)
        likeness = _united(said, meanings.place(texts, self.directions) @ self.meanings.T)
        group = _owned(_chosen(said, likeness, STRICT), texts, self.own)
        return group, _strength(likeness, group)


def find(texts: Rows) -> tuple[Groups, Array, Array] | None:
    """Groups of weighted texts, the largest first, with the group (-1: none) and the strength of each text.

    None for too few texts, or where nothing holds together. Deterministic.
    """
    directions = meanings.learn(texts)
    if directions is None:
        return None
    placed = meanings.place(texts, directions)
    weights = 1 / _copies(texts)
    group = _settled(texts, placed, weights, parts.of(placed, weights), FITS)
    group = _strong(texts, weights, group)
    group = _settled(texts, placed, weights, group, STRICT)
    group = _named(texts, weights, _strong(texts, weights, group))
    group, count = _by_size(group)
    if not count:
        return None
    words = typical.of_groups(texts, weights, group, count)
    sums = centers.of_words(texts, weights, group, count)
    lengths = centers.lengths(sums, weights, group)
    middle = centers.of_meanings(placed, weights, group, count)
    own: Array = np.zeros((texts.width, count), np.float32)
    for number, its in enumerate(words):
        own[[one.stem for one in its], number] = 1
    likeness = _united(centers.likeness(texts, weights, sums, group), placed @ middle.T)
    group = _owned(group, texts, own)
    found = Groups(directions, (sums / lengths).astype(np.float32), middle, own, words)
    return found, group, _strength(likeness, group)


def _united(said: Array, meant: Array) -> Array:
    """Likeness of words and of meanings as one."""
    return (1 - MEANING) * said + MEANING * np.maximum(meant, 0)


def _chosen(said: Array, likeness: Array, fits: float) -> Array:
    """The group that fits each text, or -1."""
    rows = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    others = likeness.copy()
    others[rows, best] = -1
    is_clear = likeness[rows, best] - others.max(axis=1) >= AHEAD
    return np.where((said[rows, best] >= fits) & is_clear, best, -1)


def _strength(likeness: Array, group: Array) -> Array:
    return np.where(group >= 0, np.clip(likeness[np.arange(len(group)), group], 0, 1), 0)


def _owned(group: Array, texts: Rows, own: Array) -> Array:
    """Without texts that say none of the words of their group."""
    said = texts.times(own)
    return np.where(said[np.arange(len(group)), group] > 0, group, -1)


def _copies(texts: Rows) -> Array:
    """How often each text is there, itself included."""
    keys: dict[bytes, int] = {}
    which: Array = np.zeros(len(texts), np.int64)
    for number in range(len(texts)):
        begin, end = texts.starts[number], texts.starts[number + 1]
        telling = np.argsort(-texts.values[begin:end], kind="stable")[:COPIED_BY]
        key = np.sort(texts.columns[begin:end][telling]).tobytes() or number.to_bytes(8, "big") + b"-"
        which[number] = keys.setdefault(key, len(keys))
    return np.bincount(which)[which]


def _settled(texts: Rows, placed: Array, weights: Array, group: Array, fits: float) -> Array:
    """Each text where it fits best, round by round, until nothing moves or ROUNDS are over."""
    for _ in range(ROUNDS):
        group, count = _numbered(group)
        if not count:
            return group
        said = centers.likeness(texts, weights, centers.of_words(texts, weights, group, count), group)
        meant = placed @ centers.of_meanings(placed, weights, group, count).T
        moved = _chosen(said, _united(said, meant), fits)
        if np.array_equal(moved, group):
            break
        group = moved
    return group


def _numbered(group: Array) -> tuple[Array, int]:
    """The groups numbered anew from 0 on, and how many there are."""
    names = np.unique(group[group >= 0])
    return np.where(group >= 0, np.searchsorted(names, group), -1), len(names)


def _by_size(group: Array) -> tuple[Array, int]:
    """The same, the largest first."""
    group, count = _numbered(group)
    sizes = np.bincount(group[group >= 0], minlength=count)
    places: Array = np.zeros(count + 1, np.int64)
    places[np.argsort(-sizes, kind="stable")] = np.arange(count)
    return np.where(group >= 0, places[group], -1), count


def _strong(texts: Rows, weights: Array, group: Array) -> Array:
    """The groups that hold together, the best MOST of them; the texts of all others are left outside."""
    group, count = _numbered(group)
    if not count:
        return group
    inside = np.flatnonzero(group >= 0)
    said = centers.likeness(texts, weights, centers.of_words(texts, weights, group, count), group)
    sizes = np.bincount(group[inside], weights[inside], minlength=count)
    hold = np.bincount(group[inside], weights[inside] * said[inside, group[inside]], minlength=count)
    hold = np.round(hold / np.maximum(sizes, 1e-9), 9)
    hold[(sizes < LEAST - 1e-6) | (hold < HOLDS)] = -1
    kept = np.argsort(-hold, kind="stable")[:MOST]
    return np.where(np.isin(group, kept[hold[kept] > 0]), group, -1)


def _named(texts: Rows, weights: Array, group: Array) -> Array:
    """The groups that have words of their own."""
    group, count = _numbered(group)
    rows: Array = np.repeat(np.arange(len(texts)), np.diff(texts.starts))
    for number, its in enumerate(typical.of_groups(texts, weights, group, count)):
        naming = [one.stem for one in its[:NAMING]]
        said = np.bincount(rows, np.isin(texts.columns, naming), minlength=len(texts))[group == number]
        if len(naming) < TELLING or np.average(said >= TELLING, weights=weights[group == number]) < NAMED:
            group = np.where(group == number, -1, group)
    return group
