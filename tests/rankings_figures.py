"""The laboratory on real data: `python -m tests.rankings_figures` prints overlaps, correlations and concentration.

Every figure is worked out twice: by the laboratory, and here from the files by other code. A difference ends it with
an error. The data are not part of the project: FORUM_TRIAL_DATA names the folder that holds them.
"""

import csv
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import sqlalchemy as sa

from forum import schema
from forum.db import Connection, Database
from forum.domain import consensus
from forum.domain.formulas import FORMULAS
from forum.domain.imports import polis as conversations
from forum.domain.imports import runs
from forum.domain.rankings import comparisons, measures, participation
from forum.models import Idea
from tests import polis
from tests.making import Make
from tests.themes_figures import FOLDER, load, say

MOST, CLOSE = 20, 1e-9
Scores = Mapping[str, Mapping[str, float]]
"""Formula → source id → score; ids in the order in which they came."""


@dataclass(frozen=True, slots=True)
class Row:
    """An idea as its file has it."""

    key: str
    author: str
    place: str
    up: int
    down: int
    posted: datetime


def scores_of(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """The formulas written anew, from their pages."""
    z = 1.959963984540054

    def approval(row: Row) -> float:
        n = row.up + row.down
        if not row.up:
            return 0.0
        p = row.up / n
        return (p + z * z / (2 * n) - z * math.sqrt((p * (1 - p) + z * z / (4 * n)) / n)) / (1 + z * z / n)

    def trending(row: Row) -> float:
        net = row.up - row.down
        size = math.log10(abs(net)) if net else 0.0
        return round(math.copysign(size, net) + (row.posted.timestamp() - 1_134_028_003) / 45_000, 7)

    def contested(row: Row) -> float:
        least, most = sorted((row.up, row.down))
        return float((least + most) ** (least / most)) if least else 0.0

    return {
        "net": {row.key: float(row.up - row.down) for row in rows},
        "approval": {row.key: approval(row) for row in rows},
        "trending": {row.key: trending(row) for row in rows},
        "contested": {row.key: contested(row) for row in rows},
    }


def first(scores: Mapping[str, float]) -> list[str]:
    """The first MOST; of equal scores the one that came later."""
    order = {key: number for number, key in enumerate(scores)}
    return sorted(scores, key=lambda key: (-scores[key], -order[key]))[:MOST]


def correlations(one: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, float]:
    """Spearman by mean ranks and their correlation, Kendall's tau-b by looking at every pair."""
    keys = [key for key in one if key in other]
    a, b = [one[key] for key in keys], [other[key] for key in keys]
    ranks = [[sum(other < value for other in side) + (side.count(value) + 1) / 2 for value in side] for side in (a, b)]
    middle = (len(keys) + 1) / 2
    x, y = ([rank - middle for rank in side] for side in ranks)
    rho = sum(p * q for p, q in zip(x, y, strict=True)) / math.sqrt(sum(p * p for p in x) * sum(q * q for q in y))
    both = said_a = said_b = 0
    for i, j in combinations(range(len(keys)), 2):
        left, right = (a[i] > a[j]) - (a[i] < a[j]), (b[i] > b[j]) - (b[i] < b[j])
        both, said_a, said_b = both + left * right, said_a + left * left, said_b + right * right
    return rho, both / math.sqrt(said_a * said_b)


def gini(shares: Sequence[int]) -> float:
    """The mean difference of two people, over twice the mean."""
    n = len(shares)
    return sum(abs(one - other) for one in shares for other in shares) / (2 * n * sum(shares))


def check(name: str, ours: float, theirs: float) -> None:
    """End with an error where the two ways differ."""
    if abs(ours - theirs) > CLOSE:
        raise SystemExit(f"{name}: here {ours}, the laboratory {theirs}")


def compare(db: Connection, scores: Scores) -> None:
    """Compare all lists and pairs with the laboratory, and print them."""
    keys = {row.id: row.source_id for row in db.execute(_KEYS)}
    found = comparisons.compare(db, comparisons.standard())
    names = [column.selection.method for column in found.columns]
    stored = {keys[one.idea_id]: one.score for one in found.columns[names.index("consensus")].ranked}
    known = {**scores, "consensus": {key: stored[key] for key in scores["net"] if key in stored}}
    for column, name in zip(found.columns, names, strict=True):
        theirs = [keys[one.idea_id] for one in column.ranked[:MOST]]
        if theirs != first(known[name]):
            raise SystemExit(f"{name}: here {first(known[name])}, the laboratory {theirs}")
        say(f"{FORMULAS[name].label}, first {MOST}: {', '.join(theirs) or 'no run'}")
    say("\n| rankings | shared of 20 | Spearman | Kendall | ideas |\n| --- | --- | --- | --- | --- |")
    for pair in found.pairs:
        one, other = names[pair.first], names[pair.second]
        if not pair.ideas or pair.spearman is None or pair.kendall is None:
            continue
        check(f"{one}, {other}", len(set(first(known[one])) & set(first(known[other]))), pair.shared[MOST])
        rho, tau = correlations(known[one], known[other])
        check(f"Spearman of {one} and {other}", rho, pair.spearman)
        check(f"Kendall of {one} and {other}", tau, pair.kendall)
        labels = f"{FORMULAS[one].label}, {FORMULAS[other].label}"
        say(f"| {labels} | {pair.shared[MOST]} | {rho:.3f} | {tau:.3f} | {pair.ideas} |")


def concentration(db: Connection, rows: Sequence[Row]) -> None:
    """Compare the concentration of participation with the laboratory, and print it."""
    spread = participation.count(db)
    shares = sorted(Counter(row.author for row in rows).values())
    check("authors", len(shares), sum(spread.authors.values()))
    check("authors with one idea", shares.count(1), spread.once)
    check("Gini", gini(shares), measures.gini(spread.authors) or 0)
    check("ten busiest", sum(shares[-10:]) / len(rows), measures.share_of_first(spread.authors, 10) or 0)
    half = measures.lorenz(spread.authors)[5]
    say(f"\nAuthors {len(shares)}, with one idea {shares.count(1)}, Gini {gini(shares):.3f}")
    say(f"Ideas of the ten busiest {sum(shares[-10:]) / len(rows):.1%}, of the less busy half {half:.1%}")
    opened: dict[str, datetime] = {}
    for row in rows:
        opened[row.place] = min(row.posted, opened.get(row.place, row.posted))
    for day in spread.days:
        votes = sorted(row.up + row.down for row in rows if (row.posted - opened[row.place]).days + 1 == day.number)
        if day.number:
            check(f"day {day.number}", (votes[(len(votes) - 1) // 2] + votes[len(votes) // 2]) / 2, day.median)
    say("Median votes by day: " + ", ".join(f"{day.number or 'later'}: {day.median:g}" for day in spread.days))


@contextmanager
def site() -> Iterator[Database]:
    """An empty forum in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        schema.create(f"sqlite:///{folder}/forum.db")
        database = Database(f"sqlite:///{folder}/forum.db")
        yield database
        database.close()


def dialogue() -> None:
    """The Open Government Dialogue: totals only, so that consensus has nothing to work with."""
    with (FOLDER / "ideas.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [
            Row(
                row["Idea ID"],
                row["Author"],
                row["Campaign"],
                int(row["Vote Up"]),
                int(row["Vote Down"]),
                datetime.strptime(row["Date/Time"], "%d/%b/%y %I:%M %p").replace(tzinfo=UTC),
            )
            for row in csv.DictReader(line.replace("\0", "") for line in file)
        ]
    with site() as database:
        load(database)
        with database.reading() as db:
            say(f"\n## Open Government Dialogue of 2009: {len(rows):,} ideas\n")
            compare(db, scores_of(rows))
            concentration(db, rows)


def conversation(folder: Path) -> None:
    """One conversation of Polis, with every vote; of several of one person on a statement the last one counts."""
    last: dict[tuple[str, str], tuple[int, int]] = {}
    with (folder / "votes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            key, vote = (row["comment-id"], row["voter-id"]), (int(row["timestamp"]), int(row["vote"]))
            if key not in last or vote[0] >= last[key][0]:
                last[key] = vote
    votes = Counter((statement, vote) for (statement, _), (_, vote) in last.items())
    with site() as database:
        with database.transaction() as db:
            Make(db).community(slug="polis", name="Polis")
            runs.run(db, conversations.Files(folder, "polis"))
        run = consensus.compute(database)
        with database.reading() as db:
            public = db.execute(_PUBLIC).all()
            rows = [Row(key, "", "", votes[key, 1], votes[key, -1], posted) for key, posted in public]
            say(f"\n## {folder.name}: {run.votes:,} votes, {len(rows)} statements, {run.ranked} with consensus\n")
            compare(db, scores_of(rows))


_KEYS = sa.select(Idea.id, Idea.source_id)
_PUBLIC = sa.select(Idea.source_id, Idea.created_at).where(Idea.is_listed).order_by(Idea.id)


def main() -> None:
    """Everything, one source after the other."""
    csv.field_size_limit(sys.maxsize)
    dialogue()
    for folder in polis.folders():
        conversation(folder)


if __name__ == "__main__":
    main()
