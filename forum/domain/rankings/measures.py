"""Measures of the laboratory: how alike two orders are, how unequal shares are. Whole numbers until the last step."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby


def overlap(first: Sequence[int], second: Sequence[int], most: int) -> int:
    """How many of the first `most` of one list are among the first `most` of the other."""
    return len(set(first[:most]) & set(second[:most]))


def doubled_ranks(keys: Sequence[float]) -> list[int]:
    """Twice the rank of each key, the highest first; equal keys share the mean of their ranks. Doubled: whole."""
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=True)
    ranks, before = [0] * len(keys), 0
    for _, group in groupby(order, key=keys.__getitem__):
        members = list(group)
        for member in members:
            ranks[member] = 2 * before + len(members) + 1
        before += len(members)
    return ranks


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation of two scores of the same things, -1 to 1; None where one of them tells nothing apart.

    Source: C. Spearman, "The proof and measurement of association between two things", American Journal of Psychology
    15 (1904), 72-101; with shared ranks, as the correlation of the ranks.
    """
    a, b = doubled_ranks(first), doubled_ranks(second)
    n, total = len(a), sum(a)
    together = n * sum(x * y for x, y in zip(a, b, strict=True)) - total * total
    spread_a = n * sum(x * x for x in a) - total * total
    spread_b = n * sum(y * y for y in b) - total * total
    if not spread_a or not spread_b:
        return None
    return together / math.sqrt(spread_a * spread_b)


def kendall(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Kendall's tau-b of two scores of the same things, -1 to 1; None where one of them tells nothing apart.

    Pairs in the same order less pairs in opposite order, over the geometric mean of the pairs that each tells apart.
    Sources: M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33 (1945), 239-251; counted in
    n log n steps after W. R. Knight, Journal of the American Statistical Association 61 (1966), 436-439.
    """
    n = len(first)
    pairs = n * (n - 1) // 2
    tied_first, tied_second = _tied(Counter(first).values()), _tied(Counter(second).values())
    tied_both = _tied(Counter(zip(first, second, strict=True)).values())
    if pairs in (tied_first, tied_second):
        return None
    in_order = [value for _, value in sorted(zip(first, second, strict=True))]
    opposite = _inversions(in_order)
    same = pairs - tied_first - tied_second + tied_both - opposite
    return (same - opposite) / math.sqrt((pairs - tied_first) * (pairs - tied_second))


def _tied(sizes: Collection[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _inversions(values: Sequence[float]) -> int:
    """How many pairs stand in falling order, by merging sorted halves."""
    if len(values) < 2:
        return 0
    work, swaps, width = list(values), 0, 1
    while width < len(work):
        merged: list[float] = []
        for start in range(0, len(work), 2 * width):
            left, right = work[start : start + width], work[start + width : start + 2 * width]
            place = 0
            for value in right:
                while place < len(left) and left[place] <= value:
                    merged.append(left[place])
                    place += 1
                swaps += len(left) - place
                merged.append(value)
            merged += left[place:]
        work, width = merged, 2 * width
    return swaps


def gini(sizes: Mapping[int, int]) -> float | None:
    """How unequal shares are: 0 when all are equal, near 1 when one has all. `sizes`: share → how many have it.

    2 sum(rank * share) / (n sum(share)) - (n + 1) / n, with ranks from the smallest share up.
    None without any. Source: C. Gini, "Variabilità e mutabilità", Bologna 1912.
    """
    n = sum(sizes.values())
    total = sum(size * count for size, count in sizes.items())
    if not total:
        return None
    before = weighted = 0
    for size, count in sorted(sizes.items()):
        weighted += size * (count * before + count * (count + 1) // 2)
        before += count
    return (2 * weighted - (n + 1) * total) / (n * total)


def share_of_first(sizes: Mapping[int, int], most: int) -> float | None:
    """The part of everything, 0 to 1, that the `most` with the largest shares have together; None without any."""
    total, left, held = sum(size * count for size, count in sizes.items()), most, 0
    for size, count in sorted(sizes.items(), reverse=True):
        taken = min(left, count)
        held, left = held + taken * size, left - taken
    return held / total if total else None


def lorenz(sizes: Mapping[int, int], steps: int = 10) -> list[float]:
    """The part of everything, 0 to 1, that the smallest 0, 1/steps, 2/steps ... of all have together; [] without any.

    Source: M. O. Lorenz, "Methods of measuring the concentration of wealth", Publications of the American Statistical
    Association 9 (1905), 209-219. Between two people the line is straight.
    """
    n = sum(sizes.values())
    total = sum(size * count for size, count in sizes.items())
    if not total:
        return []
    corners, people, held = [(0, 0)], 0, 0
    for size, count in sorted(sizes.items()):
        people, held = people + count, held + size * count
        corners.append((people, held))
    found, place = [], 0
    for step in range(steps + 1):
        wanted = n * step / steps
        while corners[place + 1][0] < wanted:
            place += 1
        (start, low), (end, high) = corners[place], corners[place + 1]
        found.append((low + (high - low) * (wanted - start) / (end - start)) / total)
    return found


def median(sizes: Mapping[int, int]) -> float | None:
    """The value in the middle, or between the two in the middle. `sizes`: value → how often; None without any."""
    n = sum(sizes.values())
    if not n:
        return None
    middle, before = ((n - 1) // 2, n // 2), 0
    found: list[int] = []
    for size, count in sorted(sizes.items()):
        found += [size for place in middle if before <= place < before + count]
        before += count
    return sum(found) / 2
