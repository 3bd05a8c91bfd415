"""`python -m bench`: measure, print the report, and keep it in .bench/report.md."""

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path

from bench import data, goals, imports, scaling


def main() -> None:
    """Measure what was asked for and print it as a table."""
    parser = argparse.ArgumentParser(prog="bench", description="Speed and memory against the goals.")
    parser.add_argument("--ideas", type=int, default=1_000_000, help="size of the large forum")
    parser.add_argument("--small", type=int, default=10_000, help="size of the small forum, for scaling")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; medians are reported")
    parser.add_argument("--only", choices=["goals", "scaling", "imports"], help="leave the others out")
    given = parser.parse_args()
    wanted = [given.only] if given.only else ["goals", "scaling", "imports"]
    lines = [f"# Bench of {time.strftime('%Y-%m-%d %H:%M')}", "", _machine(), ""]
    if "goals" in wanted:
        large = data.build(given.ideas)
        lines += _goal_lines(goals.measure(large, given.ideas, given.rounds), given.ideas, given.rounds)
    if "scaling" in wanted:
        large, small = data.build(given.ideas), data.build(given.small)
        with tempfile.TemporaryDirectory(prefix="bench-", dir=data.CACHE) as name:
            copies = data.copy(small, Path(name) / "small.db"), data.copy(large, Path(name) / "large.db")
            lines += _scaling_lines(scaling.measure(*copies, (given.small, given.ideas)), given.small, given.ideas)
    if "imports" in wanted:
        data.CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="bench-", dir=data.CACHE) as name:
            lines += _import_lines(imports.measure(Path(name)))
    report = "\n".join(lines)
    (data.CACHE / "report.md").write_text(report + "\n")
    print(report)  # noqa: T201 - the report is what this program is for


def _machine() -> str:
    system = f"{platform.system()} {platform.release()}, CPython {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, SQLite with synchronous=FULL"


def _goal_lines(rows: list[goals.Row], ideas: int, rounds: int) -> list[str]:
    lines = [
        f"## Goals, {ideas:,} ideas, one server process, no worker, medians of {rounds} rounds, each beside bare",
        "",
        "| page | measured | requests/s | goal | |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        rate = f"{sorted(row.absolute)[len(row.absolute) // 2]:,.0f}" if row.absolute else ""
        goal = f"{'<' if row.is_cost else '≥'} {row.goal:,g} {row.unit}"
        lines.append(f"| {row.name} | {row.median:,.1f} {row.unit} | {rate} | {goal} | {row.verdict} |")
    return [*lines, ""]


def _scaling_lines(costs: list[scaling.Cost], small: int, large: int) -> list[str]:
    lines = [
        f"## Scaling, {small:,} against {large:,} ideas, in one process, interleaved (goal: within 1.3 times)",
        "",
        "| act | ms, small | ms, large | worst, large | ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for cost in costs:
        verdict = "" if cost.ratio <= 1.3 else " SHORT"
        lines.append(
            f"| {cost.name} | {cost.small:.3f} | {cost.large:.3f} | {cost.worst:.2f} | {cost.ratio:.2f}{verdict} |"
        )
    return [*lines, ""]


def _import_lines(speeds: list[imports.Speed]) -> list[str]:
    lines = [
        f"## Imports into an empty forum, all processes together (goal: {imports.GOAL:,} rows/s)",
        "",
        "| file | rows | rows/s | µs of processors a row | MB of the writer at most | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {speed.name} | {speed.rows:,} | {speed.rate:,.0f} | {speed.processor:,.0f} | {speed.megabytes:,} "
        f"| {speed.verdict} |"
        for speed in speeds
    ]
    return [*lines, ""]


if __name__ == "__main__":
    main()
