"""Rankings: the named formulas by which ideas are ordered, each computed from a tally alone."""

import math
from datetime import datetime
from typing import NamedTuple

Z_95 = 1.959963984540054  # two-sided 95 % of the normal distribution
TRENDING_SECONDS = 45_000.0  # so many seconds of youth weigh as much as ten times the net votes
TRENDING_START = 1_134_028_003  # an arbitrary fixed moment (December 2005), only keeps the numbers short


class Ranks(NamedTuple):
    """The stored order columns of one idea."""

    net: int
    approval: float
    trending: float
    contested: float
    uncertainty: float


def wilson(up: int, down: int) -> tuple[float, float]:
    """Bounds, 0 to 1, of the 95 % confidence interval for the share of votes for; (0, 1) without votes.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    n = up + down
    if n == 0:
        return 0.0, 1.0
    z2 = Z_95 * Z_95
    share = up / n
    center = share + z2 / (2 * n)
    margin = Z_95 * math.sqrt((share * (1 - share) + z2 / (4 * n)) / n)
    scale = 1 + z2 / n
    # Exact where one side is empty: a rest of rounding there would set apart what is equal.
    return (center - margin) / scale if up else 0.0, (center + margin) / scale if down else 1.0


def trending(up: int, down: int, created_at: datetime) -> float:
    """Net votes on a logarithmic scale plus freshness; only votes change it, so that it can be stored and indexed.

    Source: the "hot" formula that Reddit published in its open-source code (2008-2017).
    """
    net = up - down
    order = math.log10(max(abs(net), 1))
    sign = (net > 0) - (net < 0)
    return round(sign * order + (created_at.timestamp() - TRENDING_START) / TRENDING_SECONDS, 7)


def contested(up: int, down: int) -> float:
    """Many votes, evenly divided: votes raised to the ratio of the smaller side to the larger; 0 if one side is empty.

    Source: the "controversy" formula that Reddit published in its open-source code (2008-2017).
    """
    if up == 0 or down == 0:
        return 0.0
    return float((up + down) ** (min(up, down) / max(up, down)))


def ranks(up: int, down: int, created_at: datetime) -> Ranks:
    """All stored order columns of an idea with this tally (counts of votes) and this moment of posting.

    A damaged row with a count below zero stands as one without such votes, until a recount mends it.
    """
    up, down = max(up, 0), max(down, 0)
    low, high = wilson(up, down)
    return Ranks(up - down, low, trending(up, down, created_at), contested(up, down), high - low)
