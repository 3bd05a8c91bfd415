"""The nearest of every idea: word statistics united with latent semantic analysis, in the light of votes and copies."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forum.domain.duplicates import matrices, meanings
from forum.domain.duplicates.matrices import Array, Rows
from forum.domain.duplicates.texts import Progress, Texts
from forum.domain.search.likenesses import FEEDBACK, NEAREST, REPEATED, REPEATS_FROM

By = Literal["text", "title"]
MEANING = 0.3
"""How much of a likeness is that of meanings; the rest is that of words."""
SUPPORT = 0.12
"""What an idea gains by ten times the votes."""
BY_MEANING = 100
"""Candidates that are nearest by meaning; and besides"""
RARE, TELLING = 200, 12
"""those that share one of the most telling words with the text, of words in no more ideas than RARE."""
WEIGHED = 50
CELLS = 8_000_000
"""Likenesses of meanings that are held at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class Near:
    """One idea like another, both by number (0 on) in the texts; `score` is the likeness, 0 to 1."""

    idea: int
    similar: int
    score: float


def of_all(
    texts: Texts,
    *,
    limit: int = 5,
    by: By = "text",
    only: Collection[int] | None = None,
    progress: Progress | None = None,
) -> Iterator[list[Near]]:
    """For each idea, or each whose id is in `only`, the published ones most like it, the best first. Deterministic.

    An idea that repeats a better supported one stands further down than its score says, as in search.similar.
    """
    if not len(texts.ids):
        return
    asked = np.arange(len(texts.ids)) if only is None else np.flatnonzero(np.isin(texts.ids, list(only)))
    space = _Space(texts, by)
    together = max(1, min(256, CELLS // max(1, len(space.targets))))
    for first in range(0, len(asked), together):
        part = asked[first : first + together]
        for number, close in zip(part, space.closest(part), strict=True):
            yield space.nearest(int(number), close, limit)
        if progress:
            progress(min(first + together, len(asked)), len(asked))


class _Space:
    """All texts as vectors of words and of meanings, and the published ones among them."""

    def __init__(self, texts: Texts, by: By) -> None:
        count = len(texts.ids)
        found_in = matrices.counts(texts.whole, texts.stem_count)
        self.targets = np.flatnonzero(np.frombuffer(texts.published, np.uint8))
        self._words = matrices.weighted(texts.whole, found_in, count)
        self._asked = matrices.weighted(texts.titles, found_in, count) if by == "title" else self._words
        self._shared: Array = np.zeros(
            texts.stem_count, np.float32
        )  # the text that is asked for, spread out over all stems
        directions = meanings.learn(self._words)
        self._meaning = 0.0 if directions is None else MEANING
        self._meanings = None if directions is None else meanings.place(self._words, directions)
        self._meant = self._meanings
        if directions is not None and by == "title":
            self._meant = meanings.place(self._asked, directions)
        self._of_targets = None if self._meanings is None else self._meanings[self.targets]
        self._rare = self._words.chosen(self.targets).turned()
        nets = np.frombuffer(texts.nets, np.int64).astype(np.float64)
        self._gain = 1 + SUPPORT * np.log10(1 + nets)
        self._standing = np.log2(1 + nets) // 2

    def closest(self, numbers: Array) -> Array:
        """For each of some texts the published ones nearest by meaning, in no order; none where nothing is known."""
        if self._meant is None or self._of_targets is None:
            return np.zeros((len(numbers), 0), np.int64)
        likes = self._meant[numbers] @ self._of_targets.T
        most = min(BY_MEANING, likes.shape[1])
        if most == likes.shape[1]:
            return np.broadcast_to(self.targets, likes.shape)
        return self.targets[np.argpartition(-likes, most, axis=1)[:, :most]]

    def nearest(self, number: int, close: Array, limit: int) -> list[Near]:
        """The best of one text."""
        candidates, likeness = self._likened(number, close)
        if not len(candidates):
            return []
        score, like = self._scored(candidates, likeness)
        standing = self._standing[candidates]
        better = (standing[None] > standing[:, None]) | (
            (standing[None] == standing[:, None]) & (candidates[None] < candidates[:, None])
        )
        copies = np.maximum(0, like - REPEATS_FROM) / (1 - REPEATS_FROM)
        weight = np.minimum(1, score[None] / np.maximum(score[:, None], 1e-9)) ** 2
        final = score * (1 - REPEATED * np.where(better, copies * weight, 0).max(axis=1))
        best = np.lexsort((candidates, -np.round(final, 6)))[:limit]
        return [Near(number, int(candidates[at]), round(float(likeness[at]), 4)) for at in best if likeness[at] > 0]

    def _likened(self, number: int, close: Array) -> tuple[Array, Array]:
        """The candidates of one text and their likeness to it, the likest first."""
        begin, end = self._asked.starts[number], self._asked.starts[number + 1]
        stems, values = self._asked.columns[begin:end], self._asked.values[begin:end]
        rare = (self._rare.starts[stems + 1] - self._rare.starts[stems]) <= RARE
        telling = stems[rare][np.argsort(-values[rare], kind="stable")[:TELLING]]
        sharing = self.targets[self._rare.gathered(telling)[0]]
        candidates = np.unique(np.concatenate((close, sharing)))
        candidates = candidates[candidates != number]
        if not len(candidates):
            return candidates, np.zeros(0)
        self._shared[stems] = values
        columns, weights, lengths = self._words.gathered(candidates)
        owners: Array = np.repeat(np.arange(len(candidates)), lengths)
        likeness: Array = np.bincount(owners, self._shared[columns] * weights, minlength=len(candidates))
        self._shared[stems] = 0
        if self._meant is not None and self._meanings is not None:
            meant = np.maximum(0, self._meanings[candidates] @ self._meant[number])
            likeness = (1 - self._meaning) * likeness + self._meaning * meant
        likeness = np.round(np.minimum(1, likeness), 6)
        order = np.lexsort((candidates, -likeness))[:WEIGHED]
        return candidates[order], likeness[order]

    def _scored(self, candidates: Array, likeness: Array) -> tuple[Array, Array]:
        """Scores of candidates by their likeness, what the nearest ones say too, and votes; and all their cosines."""
        like = _cosines(self._words, candidates)
        np.fill_diagonal(like, 0)
        weight = np.repeat(likeness[:NEAREST, None], len(candidates), axis=1)
        np.fill_diagonal(weight, 0)
        feedback = (weight * like[:NEAREST]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9)
        return (likeness + FEEDBACK * feedback) * self._gain[candidates], like


def _cosines(words: Rows, numbers: Array) -> Array:
    """The cosine of each of some texts to each."""
    columns, values, lengths = words.gathered(numbers)
    used, places = np.unique(columns, return_inverse=True)
    dense: Array = np.zeros((len(numbers), len(used)), np.float32)
    dense[np.repeat(np.arange(len(numbers)), lengths), places] = values
    return dense @ dense.T
