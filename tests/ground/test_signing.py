"""Tokens that come back unchanged, in time, and for the purpose they were made for."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from forum.signing import BadToken, Expired, Invalid, Signer, new_token, token_hash

SIGNER = Signer("a secret of tests only")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=4))
def test_what_was_signed_comes_back(data):
    token = SIGNER.sign("receipt", data)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
    assert SIGNER.read("receipt", token, 60) == data


def test_a_token_for_one_purpose_never_works_for_another():
    token = SIGNER.sign("unsubscribe", {"user": 7})
    for purpose in ("sign-in", "unsubscribe ", "Unsubscribe", ""):
        with pytest.raises(Invalid):
            SIGNER.read(purpose, token, 60)


def test_a_token_lives_as_long_as_it_may():
    with time_machine.travel(NOON, tick=False) as clock:
        token = SIGNER.sign("sign-in", {"user": 7})
        clock.shift(timedelta(seconds=600))
        assert SIGNER.read("sign-in", token, 600) == {"user": 7}
        clock.shift(timedelta(seconds=1))
        with pytest.raises(Expired):
            SIGNER.read("sign-in", token, 600)
        assert SIGNER.read("sign-in", token) == {"user": 7}


def test_a_token_from_the_future_is_refused():
    with time_machine.travel(NOON, tick=False) as clock:
        token = SIGNER.sign("sign-in", {})
        clock.shift(timedelta(seconds=-5))
        with pytest.raises(BadToken):
            SIGNER.read("sign-in", token, 600)


def test_a_changed_token_is_refused():
    token = SIGNER.sign("sign-in", {"user": 7})
    for place, char in enumerate(token):
        changed = token[:place] + ("A" if char != "A" else "B") + token[place + 1 :]
        with pytest.raises(Invalid):
            SIGNER.read("sign-in", changed, 60)


@given(st.text(max_size=80) | st.text(alphabet="ab.-_=", max_size=40))
def test_what_is_no_token_is_refused(token):
    with pytest.raises(Invalid):
        SIGNER.read("sign-in", token, 60)


def test_a_token_without_end_is_refused_unread():
    with pytest.raises(Invalid):
        SIGNER.read("sign-in", "a." * 100_000, 60)


def test_another_site_cannot_sign_for_this_one():
    with pytest.raises(Invalid):
        SIGNER.read("sign-in", Signer("the secret of another site").sign("sign-in", {}), 60)


def test_a_changed_secret_still_reads_what_the_former_one_signed():
    token = SIGNER.sign("unsubscribe", {"user": 7})
    changed = Signer("a new secret", former=("a secret of tests only",))
    assert changed.read("unsubscribe", token) == {"user": 7}
    with pytest.raises(Invalid):
        SIGNER.read("unsubscribe", changed.sign("unsubscribe", {"user": 7}))


@pytest.mark.parametrize("secret, former", [("", ()), ("a secret", ("",))])
def test_an_empty_secret_is_refused(secret, former):
    with pytest.raises(ValueError, match="secret"):
        Signer(secret, former)


def test_data_that_json_does_not_know_is_refused():
    with pytest.raises(TypeError):
        SIGNER.sign("receipt", {"when": NOON})


def test_random_tokens_are_long_and_never_twice_the_same():
    tokens = {new_token() for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_a_table_keeps_the_sha_256_of_a_token():
    assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_token_of_any_characters_has_a_hash():
    assert len(token_hash("\ud800é")) == 64
