"""Charts: well-formed, escaped, true to their numbers, and each with a table that says the same."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import charts
from forum.charts import Bar, Series

SVG = "{http://www.w3.org/2000/svg}"
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


def drawn(chart: charts.Chart) -> ElementTree.Element:
    """The picture as elements; fails if it is not well-formed."""
    return ElementTree.fromstring(str(chart.svg))  # noqa: S314 - we made it


def widths(chart: charts.Chart, part: str) -> list[float]:
    """The widths in percent of all boxes of a class."""
    root = drawn(chart)
    return [float(box.attrib["width"].rstrip("%")) for box in root.iter(f"{SVG}rect") if box.get("class") == part]


def texts(chart: charts.Chart) -> list[str]:
    """The words of a chart, its name and description left out."""
    return ["".join(text.itertext()) for text in drawn(chart).iter(f"{SVG}text")]


def test_bars_are_as_long_as_their_values() -> None:
    chart = charts.bars("reasons", "Reasons", [Bar("Spam", 8, part=2), Bar("Hate", 4), Bar("None", 0)], what="Reason")
    assert widths(chart, "chart-bar") == [100, 50]
    assert widths(chart, "chart-part") == [25]
    assert texts(chart) == ["Spam", "8", "Hate", "4", "None", "0"]
    assert chart.head == ("Reason", "Number")
    assert chart.table == [("Spam", "8"), ("Hate", "4"), ("None", "0")]


def test_parts_have_a_column_where_they_have_a_name() -> None:
    rows = [Bar("Kept", 1200, part=30, shown="1,200 (30)")]
    chart = charts.bars("x", "X", rows, what="Decision", count="All", part="By program")
    assert chart.head == ("Decision", "All", "By program")
    assert chart.table == [("Kept", "1,200", "30")]
    assert "1,200 (30)" in texts(chart)


def test_a_long_label_is_cut_in_the_picture_and_whole_in_the_table() -> None:
    label = "A community with a name that nobody would call short"
    chart = charts.bars("x", "X", [Bar(label, 1)], what="Community")
    short, long = texts(chart)[:2]
    assert short.endswith("…")
    assert len(short) <= charts.MOST_LETTERS < len(long) <= charts.MOST_LETTERS_WIDE
    assert chart.table[0][0] == label


def test_a_label_that_fits_stands_once() -> None:
    assert texts(charts.bars("x", "X", [Bar("Spam", 1)], what="Reason")) == ["Spam", "1"]


def test_lines_that_end_alike_are_named_without_the_value() -> None:
    def names(*values: float) -> list[str]:
        series = [Series(f"Line {value:.0f}", [0, value, end]) for value, end in zip((40, 20), values, strict=True)]
        return texts(charts.lines("x", "X", ["a", "b", "c"], series, what="Part", unit="%"))

    assert names(100, 100)[-2:] == ["Line 40", "Line 20"]
    assert "90 %" in "".join(names(100, 90))


def test_screen_readers_hear_the_title_and_the_numbers() -> None:
    chart = charts.bars("reasons", "Reasons", [Bar("Spam", 8), Bar("Hate", 4)], what="Reason")
    root = drawn(chart)
    assert root.attrib["role"] == "img"
    named = {element.get("id"): element.text for element in root}
    assert [named[name] for name in root.attrib["aria-labelledby"].split()] == ["Reasons", "Spam 8, Hate 4."]
    line = charts.lines(
        "times", "Times", ["May", "June", "July"], [Series("Median", [4, None, 2.5])], what="M", unit="h"
    )
    assert "Median: 4 h in May, 2.5 h in July, at most 4 h in May." in str(line.svg)


def test_a_line_breaks_where_nothing_is_known() -> None:
    series = [Series("Opened", [0, 10, None, 5]), Series("Decided", [None, None, None, None])]
    chart = charts.lines("x", "X", ["1", "2", "3", "4"], series, what="Month")
    paths = re.findall(r' d="([^"]*)"', str(chart.svg))
    assert paths == ["M0.00 100.00L33.33 0.00M100.00 50.00"]
    assert chart.table == [("1", "0", "-"), ("2", "10", "-"), ("3", "-", "-"), ("4", "5", "-")]
    assert not chart.is_empty


def test_names_at_the_ends_of_lines_do_not_cover_one_another() -> None:
    series = [Series(f"Line {number}", [1, 100 - number]) for number in range(4)]
    chart = charts.lines("x", "X", ["a", "b"], series, what="Month")
    tops = [float(top) for top in re.findall(r'chart-name chart-\d" x="100%" dx=".6em" y="([\d.]+)em"', str(chart.svg))]
    assert len(tops) == 4
    assert all(after - before >= charts.LABEL_GAP - 0.011 for before, after in pairwise(tops))
    assert max(tops) <= charts.PLOT_TOP + charts.PLOT


def test_lines_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="a value for each label"):
        charts.lines("x", "X", ["1", "2"], [Series("One", [1])], what="Month")
    with pytest.raises(ValueError, match="at most four"):
        charts.lines("x", "X", ["1"], [Series(str(number), [1]) for number in range(5)], what="Month")


@pytest.mark.parametrize(
    "most, whole, ticks",
    [
        (0, True, [0, 1]),
        (3, True, [0, 1, 2, 3]),
        (7, True, [0, 2, 4, 6, 8]),
        (100, True, [0, 50, 100]),
        (0.3, False, [0, 0.1, 0.2, 0.3]),
    ],
)
def test_ticks_are_round_numbers(most: float, whole: bool, ticks: list[float]) -> None:
    assert charts.ticks_for(most, whole=whole) == pytest.approx(ticks)


@given(st.floats(min_value=0, max_value=1e12), st.booleans())
def test_the_last_tick_is_never_below_the_highest_value(most: float, whole: bool) -> None:
    ticks = charts.ticks_for(most, whole=whole)
    assert ticks[0] == 0
    assert ticks[-1] >= most * (1 - 1e-9)
    assert 2 <= len(ticks) <= 6


@given(WORDS, st.lists(st.tuples(WORDS, st.integers(0, 10**9)), max_size=8))
def test_whatever_words_come_the_picture_is_sound(title: str, rows: list[tuple[str, int]]) -> None:
    chart = charts.bars("x", title, [Bar(label, value, part=value // 2) for label, value in rows], what="What")
    root = drawn(chart)
    assert root[0].text == (title or None)
    assert {element.tag for element in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "desc", "text", "rect")
    }
    assert all(0 <= width <= 100 for width in widths(chart, "chart-bar") + widths(chart, "chart-part"))


@given(st.lists(st.tuples(WORDS, st.one_of(st.none(), st.floats(0, 1e9))), min_size=1, max_size=60))
def test_whatever_values_come_the_lines_stay_in_the_picture(points: list[tuple[str, float | None]]) -> None:
    labels, values = [label for label, _ in points], [value for _, value in points]
    chart = charts.lines("x", "X", labels, [Series("<One>", values), Series("Two", values)], what="Month", unit="%")
    drawn(chart)
    for path in re.findall(r' d="([^"]*)"', str(chart.svg)):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", path)]
        assert all(-0.01 <= number <= 100.01 for number in numbers)


def test_a_chart_without_numbers_says_so() -> None:
    assert charts.bars("x", "X", [], what="Reason").is_empty
    assert charts.bars("x", "X", [Bar("Spam", 0)], what="Reason").is_empty
    assert charts.lines("x", "X", ["May"], [Series("One", [None])], what="Month").is_empty


def test_there_is_no_style_and_no_script_in_a_chart() -> None:
    chart = charts.lines("x", "<script>", ["<b>", "&"], [Series('"><script>', [1, 2])], what="Month")
    assert "<script" not in str(chart.svg)
    assert " style=" not in str(chart.svg)
    assert "&lt;script&gt;" in str(chart.svg)
