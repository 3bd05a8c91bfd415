"""From votes to consensus: whose votes count how much, the two camps, and how far each idea is agreed on in both.

1. A model foretells each vote from the other votes (fits.py). The better it foretells a person's other votes, the more
   this vote weighs. Who votes at random, or has voted little, can't be foretold and weighs next to nothing.
2. People on either side of the middle of the model's line are the two camps.
3. Score = product over the camps of (weight of votes for + 1) ÷ (weight of all votes and passes + 2): group-informed
   consensus as Polis has it (C. Small et al., Polis: Scaling deliberation by mapping high dimensional opinion spaces,
   Recerca 26 (2021), 2) over weighted votes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from forum.domain.consensus import fits
from forum.domain.consensus.ballots import LEAST_VOTES, Ballots, Floats, Numbers
from forum.domain.consensus.fits import Fit

VERSION = "1"
"""Changes whenever the same votes would give other scores."""

CAMPS = 2
DIGITS = 6
"""Decimal places of a score: what is beyond may differ from one processor to the next."""

Progress = Callable[[int, int], None]
"""Told how many steps are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Method:
    """The figures of the method. What they are and why is in docs/consensus.md."""

    least_votes: int = LEAST_VOTES  # of a person, to take part
    least_voters: int = 10  # of an idea, to be ranked: people who take part
    least_weight: float = 3.0  # of an idea, to be ranked: what its votes weigh together
    prior: float = 1.0  # votes for, and as many against, that each camp is taken to have cast before
    rounds: int = 4  # times that weights are found from the model, and the model from weights
    first_steps: int = 20  # of fitting, before the first weights
    steps: int = 6  # of fitting, after each


METHOD = Method()


@dataclass(frozen=True, slots=True)
class Result:
    """Scores of all ideas with votes, (ideas,) unless said; camps are the rows of (CAMPS, ideas)."""

    ideas: Numbers  # ids, rising
    score: Floats  # rounded to DIGITS; -1 for ideas below the least participation
    voters: Numbers  # people who take part and voted or passed
    camp_for: Numbers
    camp_against: Numbers
    camp_passed: Numbers
    camp_weight: Floats
    camp_weight_for: Floats
    camp_share: Floats  # (weight for + prior) ÷ (weight + 2 * prior)
    camp_sizes: tuple[int, ...]  # people of each camp
    camp_weights: tuple[float, ...]  # mean weight of their votes
    votes: int  # votes and passes that took part
    place: Floats = field(repr=False)  # (people,)
    weight: Floats = field(repr=False)  # (people,) mean weight of each person's votes

    @property
    def ranked(self) -> int:
        return int((self.score >= 0).sum())


def score(ballots: Ballots, method: Method = METHOD, progress: Progress | None = None) -> Result:
    """Find weights, camps and scores. Deterministic: the same ballots give the same figures."""
    total = method.rounds + 2
    tell = progress or (lambda done, of: None)
    weights = np.ones(len(ballots))
    fit = fits.begin(ballots, weights)
    fits.improve(ballots, weights, fit, method.first_steps)
    tell(1, total)
    for number in range(method.rounds):
        weights = weigh(ballots, weights, fit)
        fits.improve(ballots, weights, fit, method.steps)
        tell(number + 2, total)
    result = _count(ballots, weights, fit, method)
    tell(total, total)
    return result


def weigh(ballots: Ballots, weights: Floats, fit: Fit) -> Floats:
    """What each vote weighs, (votes,), from 0 to 1: e² ÷ (e² + m²).

    e is how well the model foretells the person's other votes (fits.gains, summed; at least 0). m is its median over
    people, each counted by what their votes weighed before: so half of what counts weighs more than a half.
    """
    gain, sums = fits.gains(ballots, weights, fit)
    known = np.empty(len(ballots.people))
    for block in ballots.blocks():
        known[block.people] = block.sums(weights[block.votes])
    middle = _median(np.maximum(sums, 0.0), known)
    new = np.zeros(len(ballots))
    if middle <= 0:
        return new  # nobody's votes can be foretold: there is nothing to tell people from dice by
    for block in ballots.blocks():
        others = np.maximum(block.spread(sums[block.people]) - gain[block.votes], 0.0) ** 2
        new[block.votes] = others / (others + middle**2)
    return new


def _median(values: Floats, weights: Floats) -> float:
    """The weighted median: the least value with half of the weight at it or below."""
    if not len(values) or weights.sum() <= 0:
        return 0.0
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][min(len(values) - 1, int(np.searchsorted(reached, reached[-1] / 2)))])


def _count(ballots: Ballots, weights: Floats, fit: Fit, method: Method) -> Result:
    ideas, cells = len(ballots.ideas), CAMPS * len(ballots.ideas)
    side = (fit.place <= 0).astype(np.int64)
    if 2 * int(side.sum()) > len(side):
        side = 1 - side  # the larger camp comes first, whichever way the line runs
    known = np.zeros(len(ballots.people))
    heavy, liked = np.zeros(cells), np.zeros(cells)
    counts = {value: np.zeros(cells, dtype=np.int64) for value in (1, 0, -1)}
    for block in ballots.blocks():
        weight, value = weights[block.votes], ballots.value[block.votes]
        cell = ballots.idea[block.votes] + block.spread(side[block.people]) * ideas
        known[block.people] = block.sums(weight) / block.sizes
        heavy += np.bincount(cell, weight, cells)
        liked += np.bincount(cell, weight * (value == 1), cells)
        for which, count in counts.items():
            count += np.bincount(cell[value == which], minlength=cells)
    shape = (CAMPS, ideas)
    camp_weight = heavy.reshape(shape)
    camp_weight_for = liked.reshape(shape)
    share = (camp_weight_for + method.prior) / (camp_weight + 2 * method.prior)
    said = {which: count.reshape(shape) for which, count in counts.items()}
    voters = sum(count.sum(axis=0) for count in said.values())
    is_ranked = (voters >= method.least_voters) & (camp_weight.sum(axis=0) >= method.least_weight)
    return Result(
        ideas=ballots.ideas,
        score=np.where(is_ranked, np.round(share.prod(axis=0), DIGITS), -1.0),
        voters=voters,
        camp_for=said[1],
        camp_against=said[-1],
        camp_passed=said[0],
        camp_weight=camp_weight,
        camp_weight_for=camp_weight_for,
        camp_share=share,
        camp_sizes=tuple(int((side == camp).sum()) for camp in range(CAMPS)),
        camp_weights=tuple(float(known[side == camp].mean()) if (side == camp).any() else 0.0 for camp in range(CAMPS)),
        votes=len(ballots),
        place=fit.place,
        weight=known,
    )
