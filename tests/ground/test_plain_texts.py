"""Plain text for mails, feeds, search and cards."""

from hypothesis import given
from hypothesis import strategies as st

from forum import text


def test_plain_text_keeps_paragraphs_lists_and_quotes_readable():
    source = "# Why\n\nIt **costs** *less*.\nReally.\n\n- one\n- two\n  1. deep\n\n> said\n>\n> so\n\n`x`"
    assert text.to_plain(source) == (
        "Why\n\nIt costs less.\nReally.\n\n- one\n- two\n  1. deep\n\n> said\n>\n> so\n\nx"
    )


def test_a_link_is_spelled_out_once():
    assert text.to_plain("[the law](https://x.example/law)") == "the law (https://x.example/law)"
    assert text.to_plain("https://x.example/law") == "https://x.example/law"
    assert text.to_plain("[x.example/law](https://x.example/law/)") == "x.example/law"
    assert text.to_plain("<me@x.example>") == "me@x.example"
    assert text.to_plain("[the law](https://x.example/law)", links=False) == "the law"


def test_a_table_is_a_line_for_each_row():
    assert text.to_plain("| a | b |\n|---|---|\n| 1 | 2 |\n\nend") == "a | b\n1 | 2\n\nend"


def test_code_and_rules_leave_their_words():
    assert text.to_plain("a\n\n```\nx\n  y\n```\n\n---\n\nb") == "a\n\nx\n  y\n\nb"


def test_points_with_several_paragraphs_are_set_in():
    assert text.to_plain("- a\n\n  b\n\n- c\n\n  > d") == "- a\n\n  b\n\n- c\n\n  > d"


def test_an_excerpt_is_one_line_without_markup():
    assert (
        text.excerpt("# Title\n\nSome **bold** [words](https://x.example).\n\n- a\n- b") == "Title Some bold words. a b"
    )


def test_an_excerpt_ends_between_words_with_an_ellipsis():
    excerpt = text.excerpt("The quick brown fox jumps over the lazy dog. " * 9, 50)
    assert excerpt == "The quick brown fox jumps over the lazy dog. The…"


def test_an_excerpt_drops_the_comma_before_its_ellipsis():
    assert text.excerpt("Records, books, minutes and votes", 16) == "Records, books…"


def test_an_excerpt_of_a_script_without_spaces_ends_after_a_whole_letter():
    assert text.excerpt("公开政府数据" * 50, 20) == "公开政府数据公开政府数据公开政府数据公…"
    for length in range(4, 12):
        assert not text.excerpt("क्षि" * 50, length)[-2:-1].isspace()


def test_an_excerpt_of_a_short_text_is_the_text():
    assert text.excerpt("Short & <sweet>") == "Short & <sweet>"
    assert text.excerpt("") == ""


def test_an_excerpt_says_that_more_follows_even_after_long_markup():
    source = "[a](https://x.example/" + "b" * 950 + ")\n\nand more"
    assert text.excerpt(source).endswith("…")


@given(st.text(max_size=600), st.integers(2, 200))
def test_an_excerpt_is_never_longer_than_asked(source, length):
    excerpt = text.excerpt(source, length)
    assert len(excerpt) <= length
    assert "\n" not in excerpt


@given(st.text(alphabet="ab .\n", max_size=300))
def test_plain_words_are_their_own_plain_text(source):
    assert text.to_plain(source).split() == source.split()


MARKUP = st.text(alphabet="ab1 \n*_`#>-|[](){}<&!~.:/\\w", max_size=200)


@given(MARKUP, st.booleans())
def test_both_forms_at_once_are_those_made_one_by_one(source: str, links: bool) -> None:
    made = text.to_html_and_plain(source, links=links)
    assert made == (text.to_html(source), text.to_plain(source, links=links))


def test_both_forms_of_a_text_too_full_of_markup_are_those_made_one_by_one() -> None:
    source = "**a** <b> " * 3000
    assert text.to_html_and_plain(source) == (text.to_html(source), text.to_plain(source))
