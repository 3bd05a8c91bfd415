"""Formulas and files of rankings: the figures are right, and files say what pages say."""

import csv
import io
import json
import math
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from forum.cli.exports import Method
from forum.db import Connection
from forum.domain import exports, formulas, lists, ranking, rankings
from forum.domain.errors import NotFound
from forum.domain.lists import Filters
from forum.domain.rankings import Selection
from tests.making import Make

DAY = datetime(2009, 5, 21, 12, tzinfo=UTC)
TALLIES = [(851, 119), (30, 6), (1, 0), (0, 4), (0, 0), (45, 0), (20, 20), (100, 99), (5000, 1)]

BY_TALLY = [name for name, formula in formulas.FORMULAS.items() if formula.is_by_tally]  # see test_consensus.py


def lower_bound(up: int, down: int) -> float:
    """Wilson's lower bound by another road: the smaller root of (p - x)² = z² x (1 - x) / n, solved for x."""
    n = up + down
    if n == 0:
        return 0.0
    z2, p = Fraction(1.959963984540054) ** 2, Fraction(up, n)
    a, b, c = 1 + z2 / n, -(2 * p + z2 / n), p * p
    return float((-b - Fraction(math.sqrt(b * b - 4 * a * c))) / (2 * a))


@pytest.fixture
def ideas(make: Make) -> list[int]:
    """Ideas with known tallies, all imported totals."""
    return [
        make.idea(up=up, down=down, imported_up=up, imported_down=down, title=f"{up} to {down}", created_at=DAY)
        for up, down in TALLIES
    ]


@pytest.mark.parametrize(("up", "down"), TALLIES)
def test_the_lower_bound_is_the_root_of_wilsons_equation(up: int, down: int) -> None:
    assert ranking.wilson(up, down)[0] == pytest.approx(max(0.0, lower_bound(up, down)), abs=1e-12)


@pytest.mark.parametrize("name", BY_TALLY)
@pytest.mark.parametrize(("up", "down"), TALLIES)
def test_the_worked_example_ends_with_the_score_that_is_stored(db: Connection, name: str, up: int, down: int) -> None:
    formula = formulas.get(name)
    result = formula.work_out(db, SimpleNamespace(id=1, up=up, down=down, created_at=DAY))[-1][1].rpartition("= ")[2]
    score = float(getattr(ranking.ranks(up, down, DAY), formula.column))
    assert float(result.replace(",", "").replace("−", "-")) == pytest.approx(score, abs=5e-5)


def test_the_example_is_the_idea_that_leads(db: Connection, ideas: list[int]) -> None:
    example = rankings.example(db, formulas.get("net"))
    assert example is not None
    assert (example.title, example.up, example.down) == ("5000 to 1", 5000, 1)


def test_there_is_no_example_where_there_are_no_ideas(db: Connection) -> None:
    assert rankings.example(db, formulas.get("net")) is None


def test_an_unknown_formula_is_not_found() -> None:
    with pytest.raises(NotFound):
        formulas.get("vibes")


def test_the_command_line_knows_every_formula() -> None:
    assert get_args(Method) == tuple(formulas.FORMULAS)


@pytest.mark.parametrize("name", BY_TALLY)
def test_a_file_has_the_order_of_the_list(db: Connection, ideas: list[int], name: str) -> None:
    formula = formulas.get(name)
    rows = list(rankings.records(db, Selection(formula.name), "https://forum.example"))
    listed = lists.find(db, Filters(sort=formula.sort)).rows
    assert [row["id"] for row in rows] == [row.id for row in listed]
    assert [row["rank"] for row in rows] == list(range(1, len(TALLIES) + 1))
    assert all(tuple(row) == exports.FIELDS for row in rows)
    assert all(row["up"] == row["cast_up"] + row["imported_up"] for row in rows)


def test_of_equal_ideas_the_later_one_comes_first(db: Connection, make: Make) -> None:
    ids = [make.idea(up=3, net=3, created_at=DAY) for _ in range(4)]
    rows = rankings.records(db, Selection(), "")
    assert [row["id"] for row in rows] == ids[::-1]


def test_csv_and_json_hold_the_same(db: Connection, ideas: list[int]) -> None:
    formula = formulas.get("approval")

    def rows() -> Iterator[dict[str, Any]]:
        return rankings.records(db, Selection(formula.name), "https://forum.example", most=4)

    table = list(csv.DictReader(io.StringIO(b"".join(exports.as_csv(rows())).decode())))
    data = json.loads(b"".join(exports.as_json(formula, {"limit": "4"}, rows())))
    assert data["method"] == "approval"
    assert data["filters"] == {"limit": "4"}
    assert len(table) == len(data["ideas"]) == 4
    assert [
        {name: str(value if value is not None else "") for name, value in idea.items()} for idea in data["ideas"]
    ] == table


def test_no_ideas_make_a_head_line_and_an_empty_list(db: Connection) -> None:
    assert b"".join(exports.as_csv([])).decode().strip() == ",".join(exports.FIELDS)
    assert json.loads(b"".join(exports.as_json(formulas.get("net"), {}, [])))["ideas"] == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(db: Connection, make: Make, start: str) -> None:
    make.idea(title=f"{start}cmd|' /C calc'!A0", body=f"{start}1+1")
    content = b"".join(exports.as_csv(rankings.records(db, Selection(), "")))
    [row] = csv.DictReader(io.StringIO(content.decode(), newline=""))
    assert row["title"].startswith("'")
    assert row["body"].startswith("'")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("what was there")

    def half() -> Iterator[bytes]:
        yield b"half of it"
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        exports.save(target, half)
    assert target.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [target]
    assert exports.save(target, lambda: [b"all ", b"of it"]) == 9
    assert target.read_text() == "all of it"


def test_a_long_file_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    row = dict.fromkeys(exports.FIELDS, "x" * 40)

    def peak(count: int) -> int:
        tracemalloc.start()
        rows = (dict(row) for _ in range(count))
        exports.save(tmp_path / "long.csv", lambda: exports.as_csv(rows))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.5 * peak(2_000)
