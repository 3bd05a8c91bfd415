"""Typical words: what texts of a group say more often than all others, by log-odds with a prior.

Monroe, Colaresi and Quinn, Fightin' Words: Lexical Feature Selection and Evaluation for Identifying the Content of
Political Conflict, 2008 (the log-odds ratio with an informative Dirichlet prior, section 3.5), on texts instead of
words: how many texts of the group say the word, and how many others. The prior is how often all texts say it.
"""

from typing import NamedTuple

import numpy as np

from forum.domain.duplicates.matrices import Array, Rows

PRIOR = 10.0
"""So many texts weigh as much as what all texts say."""
SHARE = 0.2
"""A typical word stands in such a share of the group's texts at least."""
TEXTS = 3
"""And in so many texts of it."""
WORDS = 12
"""Typical words of a group that are kept; fewer where no more stand out."""
TWICE = 2.0
"""A typical word is so many times as frequent inside as outside."""


class Typical(NamedTuple):
    """A stem by its number, the share of the group's texts that say it, and the share of all others."""

    stem: int
    inside: float
    outside: float


def of_groups(texts: Rows, weights: Array, group: Array, count: int) -> list[list[Typical]]:
    """For each group its typical stems, the most typical first. `weights`: what each text counts (copies less)."""
    said = _said(texts, weights, group, count)
    sizes = np.bincount(np.where(group < 0, count, group), weights, minlength=count + 1)
    everybody, total = said.sum(axis=1), sizes.sum()
    prior = PRIOR * everybody / max(total, 1e-9)
    found = []
    for number in range(count):
        yes, no = said[:, number] + prior, sizes[number] - said[:, number] + PRIOR - prior
        other_yes = everybody - said[:, number] + prior
        other_no = total - sizes[number] - everybody + said[:, number] + PRIOR - prior
        cells = [np.maximum(cell, 1e-6) for cell in (yes, no, other_yes, other_no)]
        odds = np.log(cells[0] / cells[1]) - np.log(cells[2] / cells[3])
        score = odds / np.sqrt(sum(1 / cell for cell in cells))
        inside = said[:, number] / max(sizes[number], 1e-9)
        outside = (everybody - said[:, number]) / max(total - sizes[number], 1e-9)
        fits = (inside >= SHARE) & (said[:, number] >= min(TEXTS, sizes[number] / 2)) & (inside >= TWICE * outside)
        best = np.argsort(-np.where(fits, np.round(score, 9), -np.inf), kind="stable")[:WORDS]
        found.append([Typical(int(stem), float(inside[stem]), float(outside[stem])) for stem in best if fits[stem]])
    return found


def _said(texts: Rows, weights: Array, group: Array, count: int) -> Array:
    """How many texts of each group, and in the last column of none, say each stem: stems by groups."""
    rows: Array = np.repeat(np.arange(len(texts)), np.diff(texts.starts))
    cells = texts.columns.astype(np.int64) * (count + 1) + np.where(group < 0, count, group)[rows]
    said = np.bincount(cells, weights[rows], minlength=texts.width * (count + 1))
    return said.reshape(texts.width, count + 1)
