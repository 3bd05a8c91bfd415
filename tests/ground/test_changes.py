"""What changed between two versions of a text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text


@pytest.mark.parametrize(
    "old, new, changes",
    [
        ("", "", []),
        ("same", "same", [("same", "same")]),
        ("", "new", [("add", "new")]),
        ("old", "", [("del", "old")]),
        (
            "open the records",
            "open all records",
            [("same", "open "), ("del", "the"), ("add", "all"), ("same", " records")],
        ),
        ("a b", "x y", [("del", "a b"), ("add", "x y")]),
        ("one two three", "one three", [("same", "one "), ("del", "two "), ("same", "three")]),
        ("word", "words", [("del", "word"), ("add", "words")]),
        ("公开数据", "公开全部数据", [("same", "公开"), ("add", "全部"), ("same", "数据")]),
        ("हिंदी में", "हिन्दी में", [("del", "हिंदी"), ("add", "हिन्दी"), ("same", " में")]),
    ],
)
def test_changes_are_told_by_whole_words(old, new, changes):
    assert text.differences(old, new) == changes


def joined(changes, left_out):
    return "".join(words for kind, words in changes if kind != left_out)


WORDS = st.lists(st.sampled_from(["a", "b", "the", "records", " ", " ", "\n", ",", ".", "公", "é"]), max_size=60).map(
    "".join
)


@given(WORDS | st.text(max_size=80), WORDS | st.text(max_size=80))
def test_both_versions_can_be_made_from_the_changes(old, new):
    changes = text.differences(old, new)
    assert joined(changes, "add") == old
    assert joined(changes, "del") == new


@given(WORDS, WORDS)
def test_neighboring_changes_are_of_different_kinds_and_deletions_come_first(old, new):
    kinds = [kind for kind, _ in text.differences(old, new)]
    pairs = list(pairwise(kinds))
    assert ("add", "del") not in pairs
    assert all(one != other for one, other in pairs)


def test_very_long_texts_are_compared_by_lines():
    old = "\n".join(f"line {i * 7919 % 5000} of the old law" for i in range(5_000))
    new = "\n".join(f"line {i * 104729 % 5000} of the new law" for i in range(5_000))
    changes = text.differences(old, new)
    assert joined(changes, "add") == old
    assert joined(changes, "del") == new
