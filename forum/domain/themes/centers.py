"""Centers of groups of texts, by words and by meanings, and how like them each text is."""

import numpy as np

from forum.domain.duplicates.matrices import Array, Rows, of_length_one

ALONE = 0.5
"""How much of what each text says alone makes the center of its group longer; with 1 small groups would seem far from
every text, for in them it does not even out."""


def of_meanings(placed: Array, weights: Array, group: Array, count: int, instead: Array | None = None) -> Array:
    """The middle of each group among the directions, of length 1; an empty group has that of `instead`."""
    inside = group >= 0
    belongs: Array = np.zeros((count, len(placed)), np.float32)
    belongs[group[inside], np.flatnonzero(inside)] = weights[inside]
    middle = of_length_one(belongs @ placed)
    if instead is not None:
        empty = ~belongs.any(axis=1)
        middle[empty] = instead[empty]
    return np.asarray(middle, np.float32)


def of_words(texts: Rows, weights: Array, group: Array, count: int) -> Array:
    """The sum of the texts of each group: stems by groups."""
    rows: Array = np.repeat(np.arange(len(texts)), np.diff(texts.starts))
    inside = group[rows] >= 0
    cells = texts.columns[inside].astype(np.int64) * count + group[rows][inside]
    sums = np.bincount(cells, (texts.values * weights[rows])[inside], minlength=texts.width * count)
    return sums.reshape(texts.width, count)


def lengths(sums: Array, weights: Array, group: Array) -> Array:
    """The length of each center of words, less a part of what its texts say alone."""
    sizes = np.bincount(group[group >= 0], weights[group >= 0], minlength=sums.shape[1])
    return np.sqrt(np.maximum((sums**2).sum(axis=0) - (1 - ALONE) * sizes, 1e-6))


def likeness(texts: Rows, weights: Array, sums: Array, group: Array) -> Array:
    """How like each text is to each center of words, where it is in that group to all others of it: texts by groups."""
    length = lengths(sums, weights, group)
    products = texts.times(sums.astype(np.float32)).astype(np.float64)
    likeness = products / length
    rows: Array = np.repeat(np.arange(len(texts)), np.diff(texts.starts))
    squares = np.bincount(rows, texts.values.astype(np.float64) ** 2, minlength=len(texts))
    inside = np.flatnonzero(group >= 0)
    its = group[inside]
    # The copies of a text weigh as much as one text: all of them are taken out together.
    product = products[inside, its] - squares[inside]
    rest = length[its] ** 2 - 2 * products[inside, its] + (2 - ALONE) * squares[inside]
    likeness[inside, its] = np.where(rest > 1e-6, product / np.sqrt(np.maximum(rest, 1e-6)), 0)
    return likeness
