"""The first parting of texts by their meanings: spherical k-means for several numbers of groups, the best of them."""

import numpy as np

from forum.domain.duplicates.matrices import Array
from forum.domain.themes import centers

TRIED = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 30, 36, 44, 52, 60)
"""Numbers of groups that are tried; more than there will be themes, for many do not hold."""
TEXTS_EACH = 8
"""Texts there must be for each group that is tried."""
COUNTED_ON = 4_000
"""Texts, taken evenly, by which the number of groups is chosen where there are more."""
SEED, STARTS, ROUNDS, CANDIDATES = 2009, 6, 40, 4


def of(placed: Array, weights: Array) -> Array:
    """The group of each text, of texts as vectors of length 1. The number of groups has the best silhouette.

    Simplified silhouette: how much nearer a text is to its own center than to the next one, as a share of the distance
    to the next one, in the mean. Deterministic.
    """
    few: Array = np.arange(min(len(placed), COUNTED_ON)) * len(placed) // min(len(placed), COUNTED_ON)
    chosen, weighed = placed[few], weights[few]
    most = max(TRIED[0], len(few) // TEXTS_EACH)
    best: tuple[float, int, Array] | None = None
    for count in (count for count in TRIED if count <= most):
        group, middle = _k_means(chosen, weighed, count)
        likeness = np.sort(chosen @ middle.T, axis=1)
        own, next_one = 1 - likeness[:, -1], 1 - likeness[:, -2]
        silhouette = float(np.average((next_one - own) / np.maximum(next_one, 1e-9), weights=weighed))
        if best is None or silhouette > best[0] + 1e-6:
            best = silhouette, count, group
    assert best is not None
    return best[2] if len(few) == len(placed) else _k_means(placed, weights, best[1])[0]


def _k_means(placed: Array, weights: Array, count: int) -> tuple[Array, Array]:
    """The best of STARTS tries: the group of each text, and the centers."""
    best: tuple[float, Array, Array] | None = None
    for start in range(STARTS):
        middle = _begun(placed, weights, count, np.random.default_rng(SEED + start))
        group = (placed @ middle.T).argmax(axis=1)
        for _ in range(ROUNDS):
            middle = centers.of_meanings(placed, weights, group, count, instead=middle)
            moved = (placed @ middle.T).argmax(axis=1)
            if np.array_equal(moved, group):
                break
            group = moved
        likeness = float(weights @ np.einsum("ij,ij->i", placed, middle[group]))
        if best is None or likeness > best[0] + 1e-6:
            best = likeness, group, middle
    assert best is not None
    return best[1], best[2]


def _begun(placed: Array, weights: Array, count: int, chance: np.random.Generator) -> Array:
    """The first centers: each a text far from those before it, the best of some CANDIDATES drawn by distance."""
    chosen = [int(chance.integers(len(placed)))]
    distance = 1 - placed @ placed[chosen[0]]
    for _ in range(count - 1):
        reach = np.cumsum(np.maximum(distance, 0) * weights)
        drawn = np.searchsorted(reach, chance.random(CANDIDATES) * reach[-1]).clip(max=len(placed) - 1)
        nearer = np.minimum(distance[None], 1 - placed[drawn] @ placed.T)
        pick = int((nearer @ weights).argmin())
        chosen.append(int(drawn[pick]))
        distance = nearer[pick]
    return placed[chosen]
