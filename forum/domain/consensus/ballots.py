"""The votes of a forum as arrays: who voted on what and how, sorted by person, so that sums run over stretches."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Values = NDArray[np.int8]
T = TypeVar("T", bound=np.generic)

LEAST_VOTES = 7
"""Votes and passes that a person must have cast to take part."""

BLOCK = 500_000
"""Votes that are worked on at a time: their figures then fit into the processor's cache, and memory stays small."""


MOST_SPREAD = 50_000_000
"""Ids that lie no further apart are numbered by a table instead of by sorting: six times as fast."""


@dataclass(frozen=True, slots=True)
class Block:
    """The votes of some people: from `begin` to `end`; person `first` is the first of them, `starts` begin theirs."""

    begin: int
    end: int
    first: int
    starts: Numbers
    sizes: Numbers

    @property
    def votes(self) -> slice:
        return slice(self.begin, self.end)

    @property
    def people(self) -> slice:
        return slice(self.first, self.first + len(self.starts))

    def sums(self, values: Floats) -> Floats:
        """(votes,) → (people,): the sum over each person's votes."""
        return np.add.reduceat(values, self.starts)

    def spread(self, values: NDArray[T]) -> NDArray[T]:
        """(people,) → (votes,): each person's figure for each of their votes."""
        return np.repeat(values, self.sizes)


@dataclass(frozen=True, slots=True)
class Ballots:
    """Votes sorted by person, then idea. `ideas` and `people` are the ids behind the positions."""

    idea: Numbers  # (votes,) position of the idea
    value: Values  # (votes,) +1 for, 0 passed, -1 against
    sizes: Numbers  # (people,) votes of each person
    ideas: Numbers  # (ideas,) ids, rising
    people: Numbers  # (people,) ids, rising

    def __len__(self) -> int:
        return len(self.idea)

    def blocks(self) -> Iterator[Block]:
        """All votes in stretches of about BLOCK; nobody's votes are in two of them."""
        ends = np.cumsum(self.sizes)
        first = 0
        while first < len(ends):
            begin = int(ends[first] - self.sizes[first])
            after = max(first + 1, int(np.searchsorted(ends, begin + BLOCK, side="right")))
            sizes = self.sizes[first:after]
            yield Block(begin, int(ends[after - 1]), first, ends[first:after] - sizes - begin, sizes)
            first = after


def gather(person: Any, idea: Any, value: Any, *, least: int = LEAST_VOTES) -> Ballots:
    """Ballots from three sequences of one length: ids of people and ideas, and votes (+1, 0, -1).

    Of two votes of one person on one idea the later one counts. People with fewer than `least` votes are left out.
    """
    people, ideas = np.asarray(person, dtype=np.int64), np.asarray(idea, dtype=np.int64)
    votes = np.asarray(value, dtype=np.int8)
    if len(people) and not _is_sorted(people, ideas):
        order = np.lexsort((ideas, people))  # stable: what came later stays later
        people, ideas, votes = people[order], ideas[order], votes[order]
        last = np.append((people[1:] != people[:-1]) | (ideas[1:] != ideas[:-1]), True)
        people, ideas, votes = people[last], ideas[last], votes[last]
    ids, sizes = _runs(people)
    takes_part = sizes >= least
    if not takes_part.all():
        keep = np.repeat(takes_part, sizes)
        ideas, votes = ideas[keep], votes[keep]
    idea_ids, places = _numbered(ideas)
    return Ballots(places, votes, sizes[takes_part], idea_ids, ids[takes_part])


def _numbered(ids: Numbers) -> tuple[Numbers, Numbers]:
    """The different ids, rising, and the position of each id among them."""
    least, most = (int(ids.min()), int(ids.max())) if len(ids) else (0, 0)
    if most - least > MOST_SPREAD:
        return np.unique(ids, return_inverse=True)
    is_there = np.zeros(most - least + 1, dtype=bool)
    is_there[ids - least] = bool(len(ids))
    found = np.flatnonzero(is_there)
    positions = np.cumsum(is_there) - 1
    return found + least, positions[ids - least]


def _is_sorted(people: Numbers, ideas: Numbers) -> bool:
    step = np.diff(people)
    return bool(np.all((step > 0) | ((step == 0) & (np.diff(ideas) > 0))))


def _runs(people: Numbers) -> tuple[Numbers, Numbers]:
    """Sorted ids → each id once, and how often it stands there."""
    if not len(people):
        return people, people
    begins = np.flatnonzero(np.append(True, people[1:] != people[:-1]))
    return people[begins], np.diff(np.append(begins, len(people)))
