"""Where a person may be sent next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text
from tests.ground.markups import is_harmless


@pytest.mark.parametrize(
    "path", ["/", "/ideas", "/ideas/3-a?sort=new&after=2#c", "/people/李明", "/search?q=%2F%2Fevil"]
)
def test_a_path_of_this_site_is_taken(path):
    assert text.is_same_site_path(path)
    assert text.safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "ideas",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "http:/ideas",
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:a@b.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: a=b",
        " /ideas",
        "/ideas\x00",
        "\x01/ideas",
        "/a b",
        "/\u2028x",
        "?next=/",
        "#a",
        "../x",
        "/" + "a" * 2000,
    ],
)
def test_anything_else_leads_to_the_default(path):
    assert text.safe_next(path) == "/"
    assert text.safe_next(path, "/me") == "/me"


def test_no_path_leads_to_the_default():
    assert text.safe_next(None) == "/"


@given(st.text(alphabet="/\\:.ae@?#%\t\n htps", max_size=20))
def test_no_path_leads_to_another_site(path):
    assert is_harmless(text.safe_next(path))
    assert text.safe_next(path).startswith("/")
