"""The named formulas of rankings: what each does in words, where it comes from, its limits, and an example worked out.

The figures themselves are made by domain/ranking.py and stored with each idea; here they are only explained.
"""

# ruff: noqa: RUF001 - formulas are written with the signs of mathematics

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forum.db import Connection
from forum.domain import ranking
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
    )
}
"""Name → formula, in the order in which they are shown."""


def get(name: str) -> Formula:
    """The formula of this name. NotFound if there is none."""
    if name not in FORMULAS:
        raise NotFound("There is no ranking of this name.")
    return FORMULAS[name]
