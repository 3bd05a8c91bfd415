"""How hard a text is to read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text

EASY = "We want to hear from you. Tell us what you think. We read each note."
HARD = (
    "Notwithstanding the implementation of interoperability methodologies, organizational accountability necessitates "
    "comprehensive institutional transformation across governmental departments, including Washington and all of the "
    "other people who work there every day."
)


def test_the_grade_follows_the_formula_of_kincaid():
    # 15 words, 3 sentences, 15 syllables: 0.39 * 5 + 11.8 - 15.59 is below 0
    assert text.grade(EASY) == text.Grade(0.0, 15, 3, (), ())
    # 6 words, 1 sentence, 12 syllables: 0.39 * 6 + 11.8 * 2 - 15.59
    assert text.grade("Public money needs careful public attention.").grade == pytest.approx(
        0.39 * 6 + 11.8 * 12 / 6 - 15.59, abs=0.05
    )


def test_a_hard_text_names_its_long_sentences_and_hard_words():
    grade = text.grade(HARD)
    assert grade.grade > 20
    assert grade.long_sentences == (HARD,)
    assert {"implementation", "accountability", "organizational"} <= set(grade.hard_words)
    assert "washington" not in grade.hard_words
    assert "people" not in grade.hard_words


@pytest.mark.parametrize("nothing", ["", " \n ", "...", "---", "https://x.example/a.b.c", "公开数据。", "🌍"])
def test_a_text_without_words_has_no_grade(nothing):
    assert text.grade(nothing) == text.Grade(0.0, 0, 0, (), ())


@pytest.mark.parametrize(
    "source, sentences",
    [
        ("One. Two! Three?", 3),
        ("The U.S. Congress met Dr. Amen, e.g. on May 3. It paid 3.5 million.", 2),
        ("Read https://x.example/a.b. Then write.", 2),
        ("“Is it so?” She asked… Then left.", 3),
        ("We ask for:\n- more data\n- fewer forms\n- clear words", 4),
        ("Title without a stop\n\nText.", 2),
        ("यह एक विचार है। यह दूसरा है।", 2),
    ],
)
def test_sentences_are_counted_as_a_reader_would(source, sentences):
    assert text.grade(source).sentences == sentences


@pytest.mark.parametrize(
    "word, syllables",
    [
        ("the", 1),
        ("people", 2),
        ("idea", 3),
        ("government", 3),
        ("create", 2),
        ("being", 2),
        ("agencies", 3),
        ("something", 2),
        ("million", 2),
        ("don't", 1),
        ("didn't", 2),
        ("used", 1),
        ("wanted", 2),
        ("changes", 2),
        ("society", 4),
        ("transparency", 4),
        ("individual", 5),
        ("well-being", 3),
        ("table", 2),
        ("whole", 1),
    ],
)
def test_syllables_are_counted_as_they_are_spoken(word, syllables):
    # so many times that the word decides the grade, and one sentence of known length
    expected = 0.39 * 20 + 11.8 * syllables - 15.59
    assert text.grade(f"{' '.join([word] * 20)}.").grade == pytest.approx(max(0, expected), abs=0.06)


def test_other_languages_are_measured_by_the_length_of_words():
    french = "Nous voulons que le gouvernement publie tous les documents administratifs. C'est important."
    # gouvernement, documents, administratifs, important, voulons: 5 long words in 2 sentences
    assert text.grade(french, "fr").grade == 7.0
    assert text.grade("La loi est ici.", "es").grade == 1.0
    assert text.grade("Something unheard of.", "tlh").grade > 0


def test_a_language_may_have_a_region():
    assert text.grade(HARD, "en-GB") == text.grade(HARD)


@given(st.text(max_size=300), st.sampled_from(["en", "es", "fr", "hi", "ar", "zh", "", "??", "en_US"]))
def test_any_text_has_a_grade(source, language):
    grade = text.grade(source, language)
    assert grade.grade >= 0
    assert (grade.words == 0) == (grade.sentences == 0)
