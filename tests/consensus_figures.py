"""How consensus stands up: `python -m tests.consensus_figures` prints agreement with Polis and what attacks move."""

import sys
from collections.abc import Callable

import numpy as np

from tests import polis
from tests.polis import Conversation, Floats

TARGETS, SEEDS = 5, 4
ATTACKS = (("newcomers", 0.3, 2), ("camouflage", 0.2, 10))
"""Name, share of the voters, random votes each, besides the one for the target."""

Ranking = Callable[[Conversation], Floats]


def moves(given: Conversation, ranking: Ranking, among: Floats, share: float, others: int, **more: str) -> list[int]:
    """Places by which middling statements rise (above 0) or fall, for each target and seed."""
    before = ranking(given)
    found = []
    for target in polis.middling(polis.consensus(given), among, TARGETS):
        for seed in range(SEEDS):
            attack = polis.attacked(given, target, share=share, others=others, seed=seed, **more)
            found.append(polis.place(before, target) - polis.place(ranking(attack), target))
    return found


def told(found: list[int]) -> str:
    """The worst of the moves and the mean size."""
    return f"{max(found, key=abs):+d} (mean {np.mean(np.abs(found)):.1f})" if found else "none there"


def main() -> None:
    """Print everything as Markdown tables."""
    given = [polis.load(folder) for folder in polis.folders()] + [polis.camps()]
    out = sys.stdout.write
    out(
        "| conversation | statements | ranked | with 20 votes | Spearman, k by silhouette | k = 2 |\n| --- |"
        + " --- |" * 5
    )
    for one in given:
        mine, often = polis.consensus(one), one.seen() >= 20
        rhos = [polis.spearman(mine[often], polis.group_informed(one, k)[often]) for k in (None, 2)]
        figures = (one.statements, int((mine >= 0).sum()), int(often.sum()), *(f"{value:.3f}" for value in rhos))
        out(f"\n| {one.name} | " + " | ".join(map(str, figures)) + " |")
    out(
        "\n\n| conversation | attack | voters of the target | net | group-informed | consensus |\n| --- |"
        + " --- |" * 5
    )
    rankings: tuple[Ranking, ...] = (Conversation.net, lambda one: polis.group_informed(one, 2), polis.consensus)
    for one in given:
        for name, share, others in ATTACKS:
            for label, among in (("50 or more", one.seen() >= 50), ("fewer than 50", one.seen() < 50)):
                cells = [told(moves(one, ranking, among, share, others)) for ranking in rankings]
                out(f"\n| {one.name} | {name} | {label} | " + " | ".join(cells) + " |")
                sys.stdout.flush()
    out("\n\n| conversation | votes of the camouflage | consensus |\n| --- | --- | --- |")
    for one in given:
        for how, side in (("alike", 1), ("dice", -1), ("majority", 1)):
            found = moves(one, polis.consensus, one.seen() >= 50, 0.2, 10, how=how, side=side)  # type: ignore[arg-type]
            out(f"\n| {one.name} | {how}, {'for' if side > 0 else 'against'} the target | {told(found)} |")
            sys.stdout.flush()
    out("\n\n| conversation | share of voters | votes as most vote, each | consensus |\n| --- | --- | --- | --- |")
    for one in given:
        for share, others in ((0.1, 30), (0.3, 30)):
            found = moves(one, polis.consensus, one.seen() >= 50, share, others, how="majority")
            out(f"\n| {one.name} | {share:.0%} | {others} | {told(found)} |")
            sys.stdout.flush()
    out("\n\n| conversation | statements that are not ranked | ranked after camouflage for them |\n| --- | --- | --- |")
    for one in given:
        few = np.flatnonzero(polis.consensus(one) < 0).tolist()[:10]
        attacks = [polis.attacked(one, target, share=0.2, others=10, seed=0) for target in few]
        lifted = sum(bool(polis.consensus(attack)[target] >= 0) for attack, target in zip(attacks, few, strict=True))
        out(f"\n| {one.name} | {len(few)} | {lifted} |")
        sys.stdout.flush()
    out("\n")


if __name__ == "__main__":
    main()
