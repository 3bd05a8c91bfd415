"""Conversations to try consensus on: real ones that lie beside the project, made-up camps, and attacks on both.

The real ones (../shared/data/polis, or FORUM_TRIAL_DATA) are not part of the project; what is not there is left out.
Group-informed consensus is computed here from the raw files and independently of the forum's own code.
"""

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forum.domain.consensus import ballots, scores

DATA = Path(os.environ.get("FORUM_TRIAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "polis"
SEEN_LEAST = 7  # votes of a participant for the groups, as in Polis

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Votes as arrays of positions: who, on what, how (+1, 0, -1)."""

    name: str
    voter: Ints
    statement: Ints
    vote: Ints
    voters: int
    statements: int

    def seen(self) -> Ints:
        """How many people voted on or passed each statement."""
        return np.bincount(self.statement, minlength=self.statements)

    def net(self) -> Floats:
        return np.bincount(self.statement, self.vote, self.statements)


def folders() -> list[Path]:
    """The conversations that are there."""
    return sorted(path.parent for path in DATA.glob("*/votes.csv"))


def load(folder: Path) -> Conversation:
    """The last vote of each person on each statement, moderated-out ones included, straight from votes.csv."""
    last: dict[tuple[int, int], tuple[int, int]] = {}
    with (folder / "votes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            key, at = (int(row["voter-id"]), int(row["comment-id"])), int(row["timestamp"])
            if key not in last or at >= last[key][0]:
                last[key] = (at, int(row["vote"]))
    keys = sorted(last)
    voters = {voter: place for place, voter in enumerate(sorted({voter for voter, _ in keys}))}
    statements = {number: place for place, number in enumerate(sorted({number for _, number in keys}))}
    return Conversation(
        folder.name,
        np.array([voters[voter] for voter, _ in keys]),
        np.array([statements[number] for _, number in keys]),
        np.array([last[key][1] for key in keys]),
        len(voters),
        len(statements),
    )


def camps(seed: int = 1, people: int = 300, statements: int = 80) -> Conversation:
    """Two made-up camps of 60 and 40 percent: on a third of the statements both agree, the others divide them."""
    dice = np.random.default_rng(seed)
    side = np.where(np.arange(people) < people * 0.6, 1, -1)
    pull = dice.normal(0.3, 0.6, statements)
    split = np.where(np.arange(statements) % 3 == 0, 0.0, dice.normal(0, 1.5, statements))
    voter, statement, vote = [], [], []
    for person in range(people):
        for number in dice.choice(statements, size=min(statements, int(dice.integers(8, 40))), replace=False):
            felt = pull[number] + split[number] * side[person] + dice.normal(0, 0.6)
            voter.append(person)
            statement.append(int(number))
            vote.append(0 if abs(felt) < 0.15 else int(np.sign(felt)))
    return Conversation("made-up camps", np.array(voter), np.array(statement), np.array(vote), people, statements)


def attacked(
    given: Conversation, target: int, *, share: float, others: int, seed: int, how: str = "dice", side: int = 1
) -> Conversation:
    """The same with newcomers, `share` of the voters: each votes `side` on the target and on `others` random ones.

    how: "dice" for or against by chance; "alike" as all votes are spread; "majority" as most people voted there.
    """
    dice = np.random.default_rng(seed)
    count, net = round(share * given.voters), given.net()
    rest = np.delete(np.arange(given.statements), target)
    voter, statement, vote = [], [], []
    for number in range(count):
        chosen = dice.choice(rest, others, replace=False)
        votes: dict[str, Callable[[], Ints]] = {
            "dice": lambda: dice.choice(np.array([1, -1]), others),
            "alike": lambda: dice.choice(given.vote, others),
            "majority": lambda chosen=chosen: np.where(net[chosen] >= 0, 1, -1),  # type: ignore[misc]
        }
        voter += [given.voters + number] * (others + 1)
        statement += [target, *chosen.tolist()]
        vote += [side, *votes[how]().tolist()]
    return Conversation(
        given.name,
        np.append(given.voter, voter),
        np.append(given.statement, statement),
        np.append(given.vote, vote),
        given.voters + count,
        given.statements,
    )


def consensus(given: Conversation) -> Floats:
    """The forum's score of each statement; -1 where participation is too low to rank it."""
    result = scores.score(ballots.gather(given.voter, given.statement, given.vote))
    found = np.full(given.statements, -1.0)
    found[result.ideas] = result.score
    return found


def group_informed(given: Conversation, groups: int | None = None) -> Floats:
    """Group-informed consensus: product over opinion groups of (agreed + 1) / (seen + 2).

    Groups: principal components of votes (missing ones at the statement's mean), then k-means, k by silhouette.
    """
    table = np.full((given.voters, given.statements), np.nan)
    table[given.voter, given.statement] = given.vote
    table = table[(~np.isnan(table)).sum(axis=1) >= SEEN_LEAST]
    is_seen = ~np.isnan(table)
    mean = np.where(is_seen, table, 0).sum(axis=0) / np.maximum(1, is_seen.sum(axis=0))
    centered = np.where(is_seen, table - mean, 0.0)
    axes = np.linalg.svd(centered, full_matrices=False)[2][:2]
    points = centered @ axes.T * np.sqrt(given.statements / is_seen.sum(axis=1))[:, None]
    if groups:
        labels = _kmeans(points, groups)
    else:
        labels = max((_kmeans(points, k) for k in (2, 3, 4, 5)), key=lambda found: _silhouette(points, found))
    product = np.ones(given.statements)
    for group in range(int(labels.max()) + 1):
        votes = table[labels == group]
        product *= ((votes == 1).sum(axis=0) + 1) / ((~np.isnan(votes)).sum(axis=0) + 2)
    return product


def _kmeans(points: Floats, groups: int) -> Ints:
    centers = points[[int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmax())]]
    while len(centers) < groups:
        nearest = np.min([((points - center) ** 2).sum(axis=1) for center in centers], axis=0)
        centers = np.vstack([centers, points[int(nearest.argmax())]])
    for _ in range(200):
        labels = ((points[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
        moved = np.array(
            [points[labels == k].mean(axis=0) if (labels == k).any() else centers[k] for k in range(groups)]
        )
        if np.allclose(moved, centers):
            break
        centers = moved
    return labels


def _silhouette(points: Floats, labels: Ints) -> float:
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    widths = []
    for place, row in enumerate(distances):
        same = labels == labels[place]
        inside = row[same].sum() / max(1, same.sum() - 1)
        outside = min(row[labels == other].mean() for other in set(labels.tolist()) - {labels[place]})
        widths.append((outside - inside) / max(inside, outside))
    return float(np.mean(widths))


def spearman(first: Floats, second: Floats) -> float:
    """Rank correlation, ties at their mean rank."""
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Floats) -> Floats:
    order = np.sort(values)
    return (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")) / 2.0


def place(values: Floats, target: int) -> int:
    """Where the target stands, 1 for the highest."""
    return int((values > values[target]).sum()) + 1


def middling(values: Floats, among: NDArray[np.bool_], most: int) -> list[int]:
    """The statements nearest to the middle of the ranking, of those that are ranked and `among`."""
    middle = ((values >= 0).sum() + 1) / 2
    chosen = [int(target) for target in np.flatnonzero(among & (values >= 0))]
    return sorted(chosen, key=lambda target: (abs(place(values, target) - middle), target))[:most]
