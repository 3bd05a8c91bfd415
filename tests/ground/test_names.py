"""Addresses and comparable forms of what people type."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text


@pytest.mark.parametrize(
    "title, slug",
    [
        ("Open the records", "open-the-records"),
        ("  Don't “spy” on us!  ", "dont-spy-on-us"),
        ("Café & naïve Straße: Ærø", "cafe-naive-strasse-aero"),
        ("Łódź", "lodz"),
        ("100% of R&D", "100-of-r-d"),
        ("改进网站", "idea"),
        ("改进 DHS 网站", "dhs"),
        ("ﬁre ＡＢＣ ①", "fire-abc-1"),
        ("---", "idea"),
        ("", "idea"),
        ("Save 🌍 now", "save-now"),
    ],
)
def test_a_title_becomes_the_end_of_an_address(title, slug):
    assert text.slug(title) == slug


def test_a_long_title_is_cut_between_words():
    slug = text.slug("Establish the Presidents Management Council as the key oversight structure for everything")
    assert slug == "establish-the-presidents-management-council-as-the-key"
    assert text.slug("word-" * 11 + "abcdef") == "word-" * 10 + "word"
    assert text.slug("x" * 90) == "x" * 60


def test_the_fallback_may_be_chosen():
    assert text.slug("…", fallback="comment") == "comment"


@given(st.text(max_size=200))
def test_a_slug_is_always_a_good_part_of_an_address(title):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text.slug(title))
    assert len(text.slug(title)) <= 60


@pytest.mark.parametrize(
    "name, handle",
    [
        ("Ada Lovelace", "ada-lovelace"),
        ("José Ñuñez", "jose-nunez"),
        ("O’Brien, Mary-Ann", "obrien-mary-ann"),
        ("李明", "李明"),
        ("Мария Иванова", "мария-иванова"),
        ("नीतू सिंह", "नीतू-सिंह"),
        ("محمد علي", "محمد-علي"),
        ("a/../b?c#d", "a-b-c-d"),
        ("...", "person"),
        ("", "person"),
    ],
)
def test_a_name_of_any_script_becomes_a_handle(name, handle):
    assert text.handle(name) == unicodedata.normalize("NFC", handle)


@given(st.text(max_size=120))
def test_a_handle_holds_only_letters_digits_marks_and_hyphens(name):
    handle = text.handle(name)
    assert 1 <= len(handle) <= 40
    assert not set(handle) & set("/?#&%\\ .:<>\"'\n\u202e")
    assert handle.strip("-") == handle


@pytest.mark.parametrize(
    "one, other",
    [
        ("naïve", "Naive"),
        ("ÉTÉ", "été"),
        ("Straße", "STRASSE"),
        ("ｆｕｌｌ", "full"),
        ("e\u0301", "é"),
        ("zero\u200bwidth", "zerowidth"),
        ("مُحَمَّد", "محمد"),
        ("ﬁ", "fi"),
    ],
)
def test_texts_that_read_alike_are_equal_when_folded(one, other):
    assert text.fold(one) == text.fold(other)


@pytest.mark.parametrize("one, other", [("हिंदी", "हद"), ("が", "か"), ("a", "b"), ("李", "里")])
def test_texts_that_read_differently_stay_different_when_folded(one, other):
    assert text.fold(one) != text.fold(other)


@given(st.text(max_size=100))
def test_folding_twice_is_folding_once(value):
    assert text.fold(text.fold(value)) == text.fold(value)


def test_tidied_text_has_plain_new_lines_and_no_control_characters():
    assert text.tidy("a\r\nb\rc\u2028d\x0be\tf") == "a\nb\nc\nd\ne\tf"
    assert text.tidy("\ufeffa\x00\x1b[1m\u202eb\ufdd0") == "a[1mb"
    assert text.tidy("e\u0301") == "é"
    assert text.tidy("\ud800") == "\ufffd"


def test_tidied_lines_have_single_spaces():
    assert text.tidy_line("  Open\u00a0 the\r\n records ") == "Open the records"


@given(st.text(max_size=200))
def test_tidied_text_can_be_stored_anywhere(value):
    tidied = text.tidy(value)
    assert text.tidy(tidied) == tidied
    assert "\x00" not in tidied
    tidied.encode()
