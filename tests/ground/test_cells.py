"""Cells that no spreadsheet runs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\n=1",
        '=HYPERLINK("https://evil.example")',
        "-- note",
        "＝1",
    ],
)
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe(value):
    assert text.csv_cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "Open the records", "a=b", "2009-05-21", "'quoted'", "3-4"])
def test_other_texts_stay_as_they_are(value):
    assert text.csv_cell(value) == value


@pytest.mark.parametrize("value", [0, -5, 12, -0.25, 3.5])
def test_numbers_stay_numbers(value):
    cell = text.csv_cell(value)
    assert cell == value
    assert type(cell) is type(value)


def test_nothing_truth_and_times_have_one_form():
    assert text.csv_cell(None) == ""
    assert text.csv_cell(True) == "true"
    assert text.csv_cell(False) == "false"
    assert text.csv_cell(datetime(2009, 5, 21, 14, 5, tzinfo=UTC)) == "2009-05-21T14:05:00Z"
    assert text.csv_cell(datetime(2009, 5, 21, 1, tzinfo=timezone(timedelta(hours=2)))) == "2009-05-20T23:00:00Z"


@given(st.text())
def test_no_text_begins_with_a_sign_that_starts_a_formula(value):
    cell = str(text.csv_cell(value))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'") == value.removeprefix("'")
