"""Markdown becomes the HTML that its author meant, and nothing typed disappears."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text
from tests.ground.markups import WORD, faults, read, words


def shown(markdown):
    return text.to_html(markdown).strip()


def test_paragraphs_and_new_lines_stay():
    assert shown("one\ntwo\n\nthree") == "<p>one<br>\ntwo</p>\n<p>three</p>"


def test_emphasis_code_and_struck_words_are_marked():
    assert shown("**a** *b* `c` ~~d~~") == "<p><strong>a</strong> <em>b</em> <code>c</code> <s>d</s></p>"


@pytest.mark.parametrize(
    "markdown, tag", [("# a", "h3"), ("## a", "h4"), ("### a", "h5"), ("#### a", "h6"), ("###### a", "h6")]
)
def test_headings_stand_below_those_of_the_page(markdown, tag):
    assert shown(markdown) == f"<{tag}>a</{tag}>"


def test_a_line_of_hyphens_under_text_is_a_rule_and_no_heading():
    assert shown("Note:\n---\ntext") == "<p>Note:</p>\n<hr>\n<p>text</p>"


def test_indented_lines_are_no_code():
    assert shown("    Dear Sir") == "<p>Dear Sir</p>"


def test_a_hash_tag_and_a_heart_stay_text():
    assert shown("#opengov <3 a < b") == "<p>#opengov &lt;3 a &lt; b</p>"


def test_what_looks_like_a_link_reference_is_not_swallowed():
    assert shown("[Note]: ask the mayor") == "<p>[Note]: ask the mayor</p>"


def test_a_numbered_list_begins_with_its_first_number():
    assert shown("4. a\n5. b") == '<ol start="4">\n<li>a</li>\n<li>b</li>\n</ol>'


def test_a_table_keeps_its_cells_and_has_no_styles():
    html = shown("| a | b |\n|:--|--:|\n| 1 | **2** |")
    assert html.count("<td>") == 2
    assert "<strong>2</strong>" in html
    assert "style" not in html


def test_a_picture_becomes_a_link_to_it():
    assert read(shown("![a map](https://x.example/map.png)")).hrefs == ["https://x.example/map.png"]
    assert "<img" not in shown("![a map](https://x.example/map.png)")
    assert ">a map</a>" in shown("![a map](https://x.example/map.png)")
    assert ">https://x.example/map.png</a>" in shown("![](https://x.example/map.png)")


def test_a_picture_within_a_link_makes_no_link_in_a_link():
    assert read(shown("[![logo](https://x.example/l.png)](https://x.example)")).hrefs == ["https://x.example"]


LINKS = [
    ("https://x.example", "https://x.example"),
    ("See http://x.example/a_b_c, please", "http://x.example/a_b_c"),
    ("(http://x.example/a)", "http://x.example/a"),
    ("http://x.example/Foo_(bar).", "http://x.example/Foo_(bar)"),
    ("**http://x.example/a**", "http://x.example/a"),
    ("_http://x.example/a_", "http://x.example/a"),
    ("“http://x.example/a”", "http://x.example/a"),
    ("http://x.example/?a=1&copy=2", "http://x.example/?a=1&copy=2"),
    ("http://x.example:8080/a", "http://x.example:8080/a"),
    ("请看http://x.example/a。谢谢", "http://x.example/a"),
    ("HTTP://X.EXAMPLE/A", "HTTP://X.EXAMPLE/A"),
    ("go to www.x.example/a_b!", "http://www.x.example/a_b"),
    ("<https://x.example/a>", "https://x.example/a"),
    ("<me@x.example>", "mailto:me@x.example"),
    ("[a](www.x.example)", "http://www.x.example"),
    ("[a](/ideas/12-b?sort=new#c)", "/ideas/12-b?sort=new#c"),
    ("[a](#comment-3)", "#comment-3"),
    ("[a](mailto:me@x.example)", "mailto:me@x.example"),
    ("http://münchen.example/straße", "http://xn--mnchen-3ya.example/stra%C3%9Fe"),
    ("| http://x.example/a | b |\n|---|---|", "http://x.example/a"),
]


@pytest.mark.parametrize("markdown, href", LINKS)
def test_an_address_becomes_a_link(markdown, href):
    assert read(shown(markdown)).hrefs == [href]
    assert faults(shown(markdown)) == []


@pytest.mark.parametrize(
    "markdown",
    [
        "http://",
        "xhttp://x.example",
        "http:/x",
        "www.",
        "www.example",
        "me@x.example",
        "a.www.b.c",
        "ftp://x.example",
        "`http://x.example`",
        "[a](x.html)",
        "[a](../admin)",
        "[a](//x.example)",
        "http://a@x.example",
    ],
)
def test_what_is_no_safe_address_stays_text(markdown):
    assert read(shown(markdown)).hrefs == []


def test_a_link_says_what_it_is_to_search_engines_and_the_next_page():
    assert shown("[a](https://x.example)") == '<p><a href="https://x.example" rel="nofollow ugc noopener">a</a></p>'


def test_markup_deeper_than_a_person_would_write_is_shown_as_typed():
    html = shown("> " * 40 + "end")
    assert html.count("<blockquote>") == 8
    assert "end" in html


def test_a_table_of_many_cells_is_shown_as_text():
    rows = "\n".join("|" * 20 for _ in range(400))
    html = shown(f"{'|a' * 20}|\n{'|-' * 20}|\n{rows}")
    assert "<table>" not in html
    assert len(html) < 30_000


def test_a_text_of_more_than_100000_characters_is_shown_whole():
    source = "Open the *records* & <b>books</b>.\nNow.\n\n" * 2_500 + "The end."
    html = text.to_html(source)
    assert faults(html) == []
    assert html.startswith("<p>Open the *records* &amp; &lt;b&gt;books&lt;/b&gt;.<br>\nNow.</p>")
    assert html.endswith("<p>The end.</p>")


def test_broken_characters_do_not_stop_a_page():
    assert shown("a\ud800b\x00c\r\nd\u202ee") == "<p>a\ufffdbc<br>\nde</p>"


def test_empty_text_is_empty():
    assert text.to_html("") == text.to_html(" \n ") == ""


@given(
    st.lists(
        st.sampled_from(["alpha", "Beta", "2", "*", "_", "**", "#", ">", "-", "1.", "|", "\n", "\n\n", "    ", "~~"]),
        max_size=30,
    )
)
def test_no_word_ever_disappears(pieces):
    source = " ".join(pieces)
    seen = [word for word in words(text.to_html(source)) if word.isalpha()]
    assert seen == [word for word in WORD.findall(source) if word.isalpha()]
