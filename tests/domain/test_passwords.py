"""Passwords: which are too easy, how they are kept, how long a wrong one takes."""

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.domain import passwords

ABOUT = ("Ada Lovelace", "ada.lovelace@example.org", "Open Government Forum")


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword", "password1234567", "P@ssw0rd12345678", "123456789012345", "qwertyuiopasdfgh",
        "1qaz2wsx3edc4rfv", "abcdefghijklmnop", "aaaaaaaaaaaaaaaaaaaa", "abababababababab", "iloveyouiloveyou1",
        "letmein letmein 2024", "Welcome to 2024!", "opengovernmentforum", "Ada.Lovelace.1815", "adalovelace123456",
        "monkey dragon sunshine!", "maytheforcebewithyou", "................", "987654321098765",
    ],
)  # fmt: skip
def test_what_guessers_try_first_is_refused(password: str) -> None:
    assert passwords.problem(password, ABOUT) == passwords.TOO_EASY


@pytest.mark.parametrize(
    "password",
    [
        "purple elephants dance at noon", "correct lamp seven rivers", "tr0mb0ne kayak lantern", "kV9#mQ2$wX7&bN4!",
        "我喜欢在公园里读书和喝茶因为安静", "मुझे बारिश में चाय पीना पसंद है",
        "open-dialogue-2009", "x8d7hq2n5vb1kz4", "all lower case words",
        "!@#$%^&*()_+{}|:<>?", " leading and trailing ",
    ],
)  # fmt: skip
def test_words_spaces_signs_and_every_script_are_taken(password: str) -> None:
    assert passwords.problem(password, ABOUT) is None


def test_the_length_counts_characters_and_64_are_always_taken() -> None:
    assert "at least 15" in str(passwords.problem("kayak lanterns"))
    assert passwords.problem("kayak lanterns!") is None
    assert passwords.problem("kayak lantern trombone seven rivers under the old stone bridge!!") is None
    assert "at most" in str(passwords.problem("kayak lantern trombone " * 50))


def test_a_hash_is_argon2id_with_the_figures_of_the_standard() -> None:
    kept = passwords.make_hash("purple elephants dance")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.is_right(kept, "purple elephants dance")
    assert not passwords.is_right(kept, "purple elephants dancE")
    assert not passwords.is_right(kept, "")
    assert not passwords.is_right(None, "purple elephants dance")
    assert not passwords.is_right("not a hash", "purple elephants dance")
    assert not passwords.is_outdated(kept)
    assert not passwords.is_outdated(passwords._STAND_IN)
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash("x"))


def test_the_same_characters_typed_in_another_way_are_the_same_password() -> None:
    assert passwords.is_right(passwords.make_hash("café au lait à midi"), "cafe\u0301 au lait a\u0300 midi")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gets_an_answer(password: str) -> None:
    answer = passwords.problem(password, ABOUT)
    assert answer is None or answer.endswith(".")


def test_a_long_text_is_judged_in_no_time() -> None:
    assert passwords.problem("ab3f9" * 199 + "xyzuv") is None
    assert passwords.problem("z" * 400_000) is not None
