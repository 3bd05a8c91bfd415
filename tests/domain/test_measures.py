"""The measures of the laboratory, against definitions followed word for word."""

import math
import random
import statistics
from collections import Counter
from itertools import combinations

import pytest

from forum.domain.rankings import measures

CHANCE = random.Random(4)
PAIRS = [
    ([CHANCE.randrange(spread) for _ in range(size)], [CHANCE.randrange(spread) for _ in range(size)])
    for size in (2, 3, 7, 20, 65)
    for spread in (3, 12, 1000)
]
SHARES = [[1], [1, 1, 1], [0, 0, 8], [1, 2, 3, 4], [463, 1, 7, 7, 7, 2], [CHANCE.randrange(1, 50) for _ in range(99)]]


def mean_rank(value: float, among: list[float]) -> float:
    above, equal = sum(other > value for other in among), among.count(value)
    return above + (equal + 1) / 2


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_spearman_is_the_correlation_of_mean_ranks(first, second):
    a, b = ([mean_rank(value, side) for value in side] for side in (first, second))
    expected = None if len(set(a)) == 1 or len(set(b)) == 1 else statistics.correlation(a, b)
    assert measures.spearman(first, second) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_kendall_counts_every_pair_once(first, second):
    same = opposite = apart_first = apart_second = 0
    for i, j in combinations(range(len(first)), 2):
        a, b = first[i] - first[j], second[i] - second[j]
        same, opposite = same + (a * b > 0), opposite + (a * b < 0)
        apart_first, apart_second = apart_first + (a != 0), apart_second + (b != 0)
    expected = (same - opposite) / math.sqrt(apart_first * apart_second) if apart_first and apart_second else None
    assert measures.kendall(first, second) == pytest.approx(expected, abs=1e-12)


def test_equal_orders_correlate_by_one_and_opposite_orders_by_minus_one():
    assert measures.spearman([3, 2, 1], [30, 20, 10]) == measures.kendall([3, 2, 1], [30, 20, 10]) == 1
    assert measures.spearman([3, 2, 1], [1, 2, 3]) == measures.kendall([3, 2, 1], [1, 2, 3]) == -1
    assert measures.spearman([1, 1, 1], [1, 2, 3]) is measures.kendall([], []) is None


@pytest.mark.parametrize("shares", SHARES)
def test_gini_is_half_the_mean_difference_over_the_mean(shares):
    differences = sum(abs(a - b) for a in shares for b in shares)
    expected = differences / (2 * len(shares) * sum(shares))
    assert measures.gini(Counter(shares)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shares", SHARES)
def test_the_lorenz_curve_and_the_largest_shares_add_up(shares):
    sizes, ordered = Counter(shares), sorted(shares)
    curve = measures.lorenz(sizes, len(shares))
    expected = [sum(ordered[:count]) / sum(shares) for count in range(len(shares) + 1)]
    assert curve == pytest.approx(expected, abs=1e-12)
    assert measures.share_of_first(sizes, 2) == pytest.approx(sum(ordered[-2:]) / sum(shares))


@pytest.mark.parametrize("shares", SHARES)
def test_the_median_is_in_the_middle(shares):
    assert measures.median(Counter(shares)) == statistics.median(shares)


def test_nothing_has_no_measure():
    assert measures.gini({}) is measures.share_of_first({}, 10) is measures.median({}) is None
    assert measures.lorenz({}) == []


def test_overlap_counts_what_both_beginnings_hold():
    assert measures.overlap([1, 2, 3, 4], [4, 3, 2, 1], 2) == 0
    assert measures.overlap([1, 2, 3, 4], [4, 3, 2, 1], 3) == 2
    assert measures.overlap([1, 2], [2, 1, 3], 100) == 2
