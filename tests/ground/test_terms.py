"""Words as the search sees them, in every script, and their places in the text."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import terms


@pytest.mark.parametrize(
    "text, words",
    [
        ("Naïve voters' CAFÉ", ["naive", "voters", "cafe"]),
        ("na\u0308ive a\u0301", ["naive", "a"]),
        ("Straße Ærø Łódź", ["strasse", "aero", "lodz"]),
        ("Ｆｕｌｌ ﬁnance", ["full", "finance"]),
        ("the mayor's plan, O’Brien’s, don't", ["the", "mayor", "plan", "obriens", "dont"]),
        ("L'État, qu'il", ["etat", "il"]),
        ("U.S. law costs 10,000, e.g. 3.5", ["us", "law", "costs", "10000", "eg", "3", "5"]),
        ("whistle-blower state-of-the-art", ["whistle", "blower", "whistleblower", "state", "of", "the", "art"]),
        ("covid-19 my_gov", ["covid", "19", "covid19", "my", "gov"]),
        ("co\u00adoperate", ["cooperate"]),
        ("ёлка Ελλάδα", ["елка", "ελλαδα"]),
        ("שָׁלוֹם الْحُكُومَة", ["שלום", "الحكومة"]),
        ("हिन्दी हिंदी", ["हिंदी", "हिंदी"]),
        ("नागरिकों की", ["नागरिकों", "की"]),
        ("税收改革", ["税收", "收改", "改革", "革"]),
        ("我", ["我"]),
        ("开放API数据", ["开放", "放", "api", "数据", "据"]),
        ("국민연금", ["국민", "민연", "연금", "금"]),
        ("👩‍👩‍👧 1️⃣ ½ … ---", ["1", "1", "2"]),
        ("", []),
    ],
)
def test_a_text_is_taken_apart_into_folded_words(text: str, words: list[str]) -> None:
    assert terms.words(text) == words


@pytest.mark.parametrize(
    "one, other",
    [
        ("citizens", "citizen"),
        ("voting", "votes"),
        ("naïve", "naive"),
        ("नागरिकों", "नागरिक"),
        ("government's", "governments"),
        ("государственный", "государственного"),
    ],
)
def test_forms_of_one_word_have_one_stem(one: str, other: str) -> None:
    assert terms.stems(one) == terms.stems(other)


def test_vowel_signs_of_indic_scripts_stay_part_of_the_word() -> None:
    assert terms.words("की") != terms.words("का")
    assert terms.words("தமிழ்") == ["தமிழ்"]


def test_a_query_for_one_chinese_character_means_whatever_begins_with_it() -> None:
    assert terms.asked("税") == [("税", "税*")]
    assert terms.asked("税收改革") == [("税收", "税收"), ("收改", "收改"), ("改革", "改革")]


def test_places_point_at_the_words_in_the_original_text() -> None:
    text = "A naïve plan: 税收改革, whistle-blowers"
    assert [text[start:stop] for start, stop, stems in terms.spans(text) if "naiv" in stems] == ["naïve"]
    assert [text[start:stop] for start, stop, stems in terms.spans(text) if "改革" in stems] == ["改革"]
    assert [text[start:stop] for start, stop, stems in terms.spans(text) if "blower" in stems] == ["whistle-blowers"]


@given(st.text())
def test_any_text_gives_words_without_blanks_or_signs(text: str) -> None:
    words = terms.words(text)
    assert len(words) == len(terms.stems(text))
    for word in [*words, *terms.stems(text)]:
        assert word
        assert len(word) <= terms.LONGEST
        assert not set(word) & set(" \t\n\0\"'*°·§_-:&|!()<>\\")


@given(st.text())
def test_places_never_leave_the_text_and_never_run_backward(text: str) -> None:
    before = 0
    for start, stop, _ in terms.spans(text):
        assert before <= start < stop <= len(text)
        before = start


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert terms.fold(terms.fold(text)) == terms.fold(text)


def test_many_threads_stem_without_disturbing_one_another() -> None:
    words = [f"{start}{end}" for start in ("govern", "nation", "organ", "transpar") for end in ("ing", "ation", "ally")]
    alone = {word: terms.stem.__wrapped__(word) for word in words}
    wrong: list[str] = []

    def work() -> None:
        for _ in range(50):
            wrong.extend(word for word in words if terms.stem.__wrapped__(word) != alone[word])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


BITS = [
    *"ab1.,-'_ \n\t",
    "U.S.",
    "10,000",
    "e-mail",
    "\u4e2d\u6587",
    "\xe9",
    "e\u0301",
    "\u200d",
    "\u2019s",
    "\x1c",
    "\u2003",
]


@given(st.lists(st.sampled_from(BITS)).map("".join))
def test_no_word_goes_beyond_a_blank(text: str) -> None:
    assert terms.stems(text) == [terms.stem(word) for word in terms.words(text)]
    assert all(terms.examples(text, {stem}).get(stem) for stem in terms.stems(text))


def test_what_was_forgotten_is_stemmed_again() -> None:
    words = [f"voters{number}x voting." for number in range(40_000)]
    assert [terms.stems(word)[1] for word in words] == ["vote"] * len(words)
    assert terms.stems(words[0])[0] == terms.stem("voters0x")
