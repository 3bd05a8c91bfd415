"""Dates and ages in words."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text

NOW = datetime(2009, 5, 21, 14, 5, tzinfo=UTC)


def test_a_date_is_written_out():
    assert text.date(NOW) == "21 May 2009"
    assert text.date(datetime(2009, 5, 1, 23, tzinfo=timezone(timedelta(hours=-4)))) == "2 May 2009"


def test_a_moment_names_its_zone():
    assert text.moment(NOW) == "21 May 2009, 14:05 UTC"
    assert text.moment(datetime(2024, 1, 2, 3, 4, tzinfo=UTC)) == "2 January 2024, 03:04 UTC"


@pytest.mark.parametrize(
    "gap, words",
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(hours=24), "yesterday"),
        (timedelta(hours=47), "yesterday"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=12), "12 days ago"),
        (timedelta(days=30), "1 month ago"),
        (timedelta(days=364), "12 months ago"),
        (timedelta(days=365), "21 May 2008"),
        (timedelta(days=800), "13 March 2007"),
        (-timedelta(seconds=1), "just now"),
        (-timedelta(minutes=5), "in 5 minutes"),
        (-timedelta(days=1), "tomorrow"),
        (-timedelta(days=2), "in 2 days"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(gap, words):
    assert text.relative(NOW - gap, NOW) == words


@given(st.integers(0, 40_000_000), st.integers(0, 1_000_000))
def test_an_age_keeps_its_words_for_as_long_as_is_said(ago, later):
    then = NOW - timedelta(seconds=ago)
    lasts = text.steady(then, NOW)
    assert lasts > 0
    soon = NOW + timedelta(seconds=later)
    if later < lasts:
        assert text.relative(then, soon) == text.relative(then, NOW)
    if not math.isinf(lasts) and ago + lasts < 29 * 86_400:
        assert text.relative(then, NOW + timedelta(seconds=lasts)) != text.relative(then, NOW)


@pytest.mark.parametrize(
    "function",
    [text.date, text.moment, lambda then: text.relative(then, NOW), lambda then: text.steady(then, NOW)],
)
def test_a_time_without_a_zone_is_refused(function):
    with pytest.raises(ValueError, match="zone"):
        function(datetime(2009, 5, 21))  # noqa: DTZ001 - the very thing that is refused
