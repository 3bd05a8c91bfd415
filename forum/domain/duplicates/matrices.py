"""Matrices of texts: rows of stem numbers with weights, multiplied and gathered with numpy alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from forum.domain.duplicates.texts import Said
from forum.domain.search.likenesses import IDF_POWER

TOGETHER = 120_000
"""Entries of a sparse matrix that are multiplied at once: some 60 MB of products."""

Array = Any


@dataclass(frozen=True, slots=True)
class Rows:
    """A sparse matrix by rows: entries `starts[n]` to `starts[n + 1]` belong to row n. `width`: how many columns."""

    starts: Array
    columns: Array
    values: Array
    width: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def gathered(self, numbers: Array) -> tuple[Array, Array, Array]:
        """The entries of some rows, one row after the other: (columns, values, entries of each row)."""
        lengths = self.starts[numbers + 1] - self.starts[numbers]
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[numbers] - ends + lengths, lengths)
        return self.columns[places], self.values[places], lengths

    def chosen(self, numbers: Array) -> "Rows":
        """A matrix of some rows."""
        columns, values, lengths = self.gathered(numbers)
        return Rows(np.concatenate(([0], np.cumsum(lengths))), columns, values, self.width)

    def times(self, dense: Array) -> Array:
        """This matrix multiplied by a dense one of `width` rows."""
        product = np.zeros((len(self), dense.shape[1]), np.float32)
        for first, last in self._stretches():
            begin, end = self.starts[first], self.starts[last]
            if begin == end:
                continue
            terms = dense[self.columns[begin:end]] * self.values[begin:end, None]
            filled: Array = first + np.flatnonzero(self.starts[first + 1 : last + 1] > self.starts[first:last])
            product[filled] = np.add.reduceat(terms, self.starts[filled] - begin, axis=0)
        return product

    def turned(self) -> "Rows":
        """The same matrix by its columns."""
        order = np.argsort(self.columns, kind="stable")
        rows: Array = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))
        sizes = np.bincount(self.columns, minlength=self.width)
        return Rows(np.concatenate(([0], np.cumsum(sizes))), rows[order], self.values[order], len(self))

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """Rows from, to: as many as have TOGETHER entries between them, at least one."""
        first = 0
        while first < len(self):
            last = int(np.searchsorted(self.starts, self.starts[first] + TOGETHER, side="right")) - 1
            last = min(len(self), max(first + 1, last))
            yield first, last
            first = last


def counts(said: Said, stem_count: int) -> Array:
    """In how many of the texts each stem stands (a text names a stem once)."""
    return np.bincount(np.frombuffer(said.stems, np.int32), minlength=stem_count)


def weighted(said: Said, found_in: Array, texts: int) -> Rows:
    """Texts as vectors of length 1: TF-IDF with logarithmic counts, as the search weighs them (likenesses.py).

    `found_in`: in how many of the `texts` each stem stands. A stem of one text alone counts in the length of the vector
    and is left out, for it is like nothing.
    """
    stems, ends = np.frombuffer(said.stems, np.int32), np.frombuffer(said.ends, np.int64)
    starts = np.concatenate(([0], ends))
    rarity = np.log(1 + (texts - found_in + 0.5) / (found_in + 0.5)) ** IDF_POWER
    values = (1 + np.log(np.frombuffer(said.times, np.int32))) * rarity[stems]
    rows: Array = np.repeat(np.arange(len(ends)), np.diff(starts))
    lengths = np.sqrt(np.bincount(rows, values**2, minlength=len(ends)))
    shared = found_in[stems] > 1
    values = (values / np.maximum(lengths, 1e-12)[rows])[shared].astype(np.float32)
    kept = np.bincount(rows[shared], minlength=len(ends))
    return Rows(np.concatenate(([0], np.cumsum(kept))), stems[shared], values, len(found_in))


def of_length_one(dense: Array) -> Array:
    """Each row divided by its length; rows of nothing stay so."""
    return dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
