"""The model of votes: one line on which people and ideas have a place, found by matrix factorization.

value of a vote ≈ mean + liking of the idea + place of the person * slope of the idea

Found by alternating least squares with a ridge, as in Y. Koren, R. Bell, C. Volinsky, Matrix factorization techniques
for recommender systems, Computer 42 (2009), 8; with one factor, as in Birdwatch (S. Wojcik et al., 2022).
"""

from dataclasses import dataclass

import numpy as np

from forum.domain.consensus.ballots import Ballots, Floats

RIDGE = 2.0
"""How many votes a place, liking or slope of 0 weighs: the fewer votes, the closer to the middle."""

SETTLED = 1e-3
"""So small a relative change of all slopes ends the fitting: scores then differ in the fourth decimal place."""

TINY = 1e-12


@dataclass(slots=True)
class Fit:
    """A fitted model. `mean` is a figure; `liking` and `slope` are (ideas,), `place` is (people,) of mean square 1."""

    mean: float
    liking: Floats
    slope: Floats
    place: Floats


def begin(ballots: Ballots, weights: Floats) -> Fit:
    """A model to start from: likings as they are, slopes that differ from idea to idea in a fixed way."""
    mean, count, total = _totals(ballots, weights)
    slope = np.sin(np.arange(1, len(ballots.ideas) + 1) * 12.9898) * np.sqrt(2.0)
    return Fit(mean, total / (count + RIDGE), slope, np.zeros(len(ballots.people)))


def improve(ballots: Ballots, weights: Floats, fit: Fit, times: int) -> None:
    """Fit the model to the votes with their weights (votes,), going on from where it stands.

    At most so many times; less often when the slopes hardly change any more.
    """
    fit.mean, count, total = _totals(ballots, weights)
    for _ in range(times):
        before = fit.slope
        _step(ballots, weights, fit, count, total)
        change = fit.slope - before
        if float(change @ change) < SETTLED**2 * float(fit.slope @ fit.slope):
            break


def _totals(ballots: Ballots, weights: Floats) -> tuple[float, Floats, Floats]:
    """Mean of all votes; for each idea the weight of its votes, and their sum above the mean."""
    ideas = len(ballots.ideas)
    count, total = np.zeros(ideas), np.zeros(ideas)
    for block in ballots.blocks():
        idea, weight = ballots.idea[block.votes], weights[block.votes]
        count += np.bincount(idea, weight, ideas)
        total += np.bincount(idea, weight * ballots.value[block.votes], ideas)
    mean = float(total.sum() / max(count.sum(), TINY))
    return mean, count, total - mean * count


def _step(ballots: Ballots, weights: Floats, fit: Fit, count: Floats, total: Floats) -> None:
    """Places of people from the ideas as they stand, then liking and slope of each idea from these places."""
    ideas = len(ballots.ideas)
    first, second, mixed = np.zeros(ideas), np.zeros(ideas), np.zeros(ideas)
    size = 0.0
    for block in ballots.blocks():
        idea, weight = ballots.idea[block.votes], weights[block.votes]
        above = ballots.value[block.votes] - fit.mean
        slope = fit.slope[idea]
        pull = weight * slope
        place = block.sums(pull * (above - fit.liking[idea])) / (block.sums(pull * slope) + RIDGE)
        fit.place[block.people] = place
        size += float(block.sums(weight) @ (place * place))
        spread = block.spread(place)
        push = weight * spread
        first += np.bincount(idea, push, ideas)
        second += np.bincount(idea, push * spread, ideas)
        mixed += np.bincount(idea, push * above, ideas)
    scale = max(float(np.sqrt(size / max(count.sum(), TINY))), TINY)
    fit.place /= scale
    first, second, mixed = first / scale, second / scale**2, mixed / scale
    a, c = count + RIDGE, second + RIDGE
    determinant = a * c - first * first
    fit.liking = (c * total - first * mixed) / determinant
    fit.slope = (a * mixed - first * total) / determinant


def gains(ballots: Ballots, weights: Floats, fit: Fit) -> tuple[Floats, Floats]:
    """How much better the model foretells each vote than the mean of all votes does, without that vote: (votes,).

    In units of log likelihood (normal errors): (error of the mean² - error of the model²) ÷ (2 * variance). The place
    of the person is found from all of their other votes alone. Also the sums for each person, (people,).
    """
    gain, sums = np.empty(len(ballots)), np.empty(len(ballots.people))
    wrong = seen = 0.0
    for block in ballots.blocks():
        idea, weight = ballots.idea[block.votes], weights[block.votes]
        slope = fit.slope[idea]
        above = ballots.value[block.votes] - fit.mean
        rest = above - fit.liking[idea]
        pull, square = rest * slope, slope * slope
        place = (block.spread(block.sums(pull)) - pull) / (block.spread(block.sums(square)) - square + RIDGE)
        error = (rest - slope * place) ** 2
        wrong += float(weight @ error)
        seen += float(weight.sum())
        gain[block.votes] = above * above - error
        sums[block.people] = block.sums(gain[block.votes])
    unit = max(2 * wrong / max(seen, TINY), 1e-6)
    return gain / unit, sums / unit
