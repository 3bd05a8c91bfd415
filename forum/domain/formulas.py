"""The named formulas of rankings: what each does in words, where it comes from, its limits, and an example worked out.

The figures themselves are made by domain/ranking.py and stored with each idea; here they are only explained.
"""

# ruff: noqa: RUF001 - formulas are written with the signs of mathematics

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forum.db import Connection
from forum.domain import consensus, ranking
from forum.domain.errors import NotFound
from forum.text import moment

Step = tuple[str, str]
"""One line of a worked example: what is computed, and what comes out."""

WorkOut = Callable[[Connection, Any], list[Step]]
"""The score of one idea step by step, the score last. The idea has id, up, down, created_at."""

TIES = "Of two ideas with equal scores, the one that was added to this forum later comes first."
"""The one rule for ties in every ranking: the higher number first."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula. `sort` is its order in domain/lists.py; `column` the field that holds its score.

    `is_by_tally`: votes for and against are all it needs, so that it can be worked out for some of the votes only.
    """

    name: str
    label: str
    sort: str
    column: str
    summary: str
    words: tuple[str, ...]
    formula: str
    where: tuple[Step, ...]
    source: str
    limits: tuple[str, ...]
    work_out: WorkOut
    is_by_tally: bool = True


def _short(value: float, digits: int = 4) -> str:
    return f"{value:,.{digits}f}"


def _net(_: Connection, idea: Any) -> list[Step]:
    up, down = idea.up, idea.down
    return [
        ("Votes for", f"{up:,}"),
        ("Votes against", f"{down:,}"),
        ("Net votes", f"{up:,} − {down:,} = {up - down:,}"),
    ]


def _approval(_: Connection, idea: Any) -> list[Step]:
    up, down = idea.up, idea.down
    n = up + down
    if n == 0:
        return [("Votes", "0"), ("Lower bound", "0")]
    share, square = up / n, ranking.Z_95**2
    center = share + square / (2 * n)
    margin = ranking.Z_95 * math.sqrt((share * (1 - share) + square / (4 * n)) / n)
    scale = 1 + square / n
    return [
        ("Votes, n", f"{up:,} + {down:,} = {n:,}"),
        ("Share of votes for, p", f"{up:,} ÷ {n:,} = {_short(share)}"),
        ("z squared", _short(square)),
        ("Center, p + z² ÷ 2n", f"{_short(share)} + {_short(square / (2 * n))} = {_short(center)}"),
        ("Margin, z × √((p(1 − p) + z² ÷ 4n) ÷ n)", _short(margin)),
        ("Scale, 1 + z² ÷ n", _short(scale)),
        (
            "Lower bound, (center − margin) ÷ scale",
            f"({_short(center)} − {_short(margin)}) ÷ {_short(scale)} = {_short(ranking.wilson(up, down)[0])}",
        ),
    ]


def _trending(_: Connection, idea: Any) -> list[Step]:
    up, down, created_at = idea.up, idea.down, idea.created_at
    net = up - down
    size = math.log10(max(abs(net), 1))
    sign = (net > 0) - (net < 0)
    seconds, unit = created_at.timestamp() - ranking.TRENDING_START, ranking.TRENDING_SECONDS
    fresh, score = _short(seconds / unit), _short(ranking.trending(up, down, created_at))
    return [
        ("Net votes", f"{up:,} − {down:,} = {net:,}"),
        ("Size, as a power of ten", f"log₁₀({max(abs(net), 1):,}) = {_short(size)}"),
        ("Posted", moment(created_at)),
        ("Freshness", f"{seconds:,.0f} ÷ {unit:,.0f} = {fresh}"),
        ("Score", f"{_short(sign * size)} + {fresh} = {score}"),
    ]


def _contested(_: Connection, idea: Any) -> list[Step]:
    up, down = idea.up, idea.down
    if up == 0 or down == 0:
        return [("One side has no votes", "0")]
    ratio = min(up, down) / max(up, down)
    return [
        ("Votes", f"{up:,} + {down:,} = {up + down:,}"),
        ("Smaller side ÷ larger side", f"{min(up, down):,} ÷ {max(up, down):,} = {_short(ratio)}"),
        ("Score", f"{up + down:,} to the power of {_short(ratio)} = {_short(ranking.contested(up, down))}"),
    ]


_CAMPS = ("First camp", "Second camp")


def _consensus(db: Connection, idea: Any) -> list[Step]:
    run = consensus.latest(db)
    found = consensus.of_idea(db, run, idea.id) if run else None
    if run is None or found is None:
        return [("Voters who take part", "too few"), ("Score", "none")]
    sizes = run.circles[found.circle]["sizes"]
    steps = [("People in the two camps", " and ".join(f"{size:,}" for size in sizes))]
    for name, camp in zip(_CAMPS, found.camps, strict=True):
        counts = f"{camp['for']:,}, {camp['against']:,}, {camp['passed']:,}"
        share = f"({camp['weight_for']:,.2f} + 1) ÷ ({camp['weight']:,.2f} + 2) = {_short(camp['share'])}"
        steps += [(f"{name}: for, against, passed", counts), (f"{name}: agreement", share)]
    shares = " × ".join(_short(camp["share"]) for camp in found.camps)
    return [*steps, ("Score", f"{shares} = {_short(found.score)}")]


FORMULAS: dict[str, Formula] = {
    formula.name: formula
    for formula in (
        Formula(
            name="net",
            label="Net votes",
            sort="top",
            column="net",
            summary="Votes for, less votes against.",
            words=("Each vote for an idea adds one. Each vote against it takes one away.",),
            formula="net = votes for − votes against",
            where=(),
            source="Plain arithmetic. The Open Government Dialogue of 2009 ranked its ideas this way.",
            limits=(
                "It rewards ideas that many people have seen. A new idea has had little time to gather votes.",
                "10 for and none against ranks the same as 510 for and 500 against.",
            ),
            work_out=_net,
        ),
        Formula(
            name="approval",
            label="Best approval",
            sort="approval",
            column="approval",
            summary="The share of votes for, with care where votes are few.",
            words=(
                "If everybody voted, how large would the share of votes for be at least?",
                "We can be 95 percent sure of this figure.",
                "With few votes we know little, so the figure stays low. It rises as more people agree.",
            ),
            formula="lower bound = (p + z² ÷ 2n − z × √((p(1 − p) + z² ÷ 4n) ÷ n)) ÷ (1 + z² ÷ n)",
            where=(
                ("n", "all votes"),
                ("p", "votes for ÷ n"),
                ("z", f"{ranking.Z_95:.6f}, for a certainty of 95 percent"),
            ),
            source=(
                "E. B. Wilson, Probable inference, the law of succession, and statistical inference. "
                "Journal of the American Statistical Association 22 (1927), pages 209 to 212."
            ),
            limits=(
                "It treats voters as a random sample of the public. They are not: people choose to come and vote.",
                "An idea that nobody knows can't rank high, however good it is.",
            ),
            work_out=_approval,
        ),
        Formula(
            name="trending",
            label="Trending",
            sort="trending",
            column="trending",
            summary="Net votes and freshness together.",
            words=(
                "New ideas start high. Votes lift an idea, but each lift needs ten times as many votes as the last.",
                f"Being {ranking.TRENDING_SECONDS / 3600:g} hours newer weighs as much as ten times the net votes.",
            ),
            formula="score = sign × log₁₀(size) + seconds ÷ 45,000",
            where=(
                ("size", "net votes without their sign, at least 1"),
                ("sign", "1 if net votes are above 0, −1 if they are below, else 0"),
                ("seconds", "from a fixed moment in December 2005 to the posting of the idea"),
            ),
            source="The “hot” formula in the source code that Reddit published from 2008 to 2017.",
            limits=(
                "It shows what is new and liked, not what is best. Do not use it to decide.",
                "Only votes and the time of posting count. Comments do not.",
            ),
            work_out=_trending,
        ),
        Formula(
            name="contested",
            label="Contested",
            sort="contested",
            column="contested",
            summary="Many votes, close to evenly divided.",
            words=(
                "An idea ranks high when many people vote and the two sides are about equal.",
                "An idea with votes on one side only has a score of 0.",
            ),
            formula="score = (votes for + votes against) to the power of (smaller side ÷ larger side)",
            where=(),
            source="The “controversy” formula in the source code that Reddit published from 2008 to 2017.",
            limits=(
                "It says that people disagree. It does not say why, or who they are.",
                "A group that votes against everything can lift an idea here.",
            ),
            work_out=_contested,
        ),
        Formula(
            name="consensus",
            label="Consensus",
            sort="consensus",
            column="score",
            summary="What people of different camps agree on.",
            words=(
                "People who often vote alike are near each other. The line between them gives two camps.",
                "An idea ranks high when both camps are for it. The favorite of one camp alone ranks low.",
                "Not every vote weighs the same. We look at all other votes of the person who cast it.",
                "The better they fit a pattern that others share, the more the vote weighs.",
                "Random votes fit no pattern. A crowd of newcomers weighs next to nothing.",
                "To take part, a person must have voted on 7 ideas. An idea needs 10 of these people.",
                "Their votes on it must weigh 3 or more together.",
                "Communities with different voters have camps of their own.",
                "We work this out now and then, and keep the result. Filters pick from it and do not change it.",
            ),
            formula="score = (f₁ + 1) ÷ (w₁ + 2) × (f₂ + 1) ÷ (w₂ + 2)",
            where=(
                ("f₁, f₂", "weight of the votes for, in the first and in the second camp"),
                ("w₁, w₂", "weight of all votes in the camp, with those of people who passed"),
                ("weight of a vote", "e² ÷ (e² + m²), from 0 to 1"),
                ("e", "how much better a model foretells the person’s other votes than chance does, at least 0"),
                ("m", "the middle value of e among all people"),
            ),
            source=(
                "The product over groups is the group-informed consensus of Polis: C. Small and others, Polis: Scaling "
                "deliberation by mapping high dimensional opinion spaces. Recerca 26 (2021), issue 2. The model is a "
                "matrix factorization with one factor, as in bridging-based ranking: S. Wojcik and others, Birdwatch: "
                "Crowd wisdom and bridging algorithms can inform understanding and reduce the spread of "
                "misinformation. arXiv 2210.15723 (2022). The weights are our own."
            ),
            limits=(
                "It sees two camps, no more. A small third group counts with the camp that it is closer to.",
                "Totals from before this forum take no part. They do not say who voted.",
                "Ideas of closed communities take no part.",
                "A person who thinks like nobody else weighs little, though they mean each vote.",
                "People who copy how most others vote, on many ideas, gain weight. No ranking can tell them apart.",
                "Both camps can agree and still be wrong.",
            ),
            work_out=_consensus,
            is_by_tally=False,
        ),
    )
}
"""Name → formula, in the order in which they are shown."""


def get(name: str) -> Formula:
    """The formula of this name. NotFound if there is none."""
    if name not in FORMULAS:
        raise NotFound("There is no ranking of this name.")
    return FORMULAS[name]
