"""Texts of other systems: what is made fast, and in other processes, is what the parser makes."""

from hypothesis import given
from hypothesis import strategies as st

from forum import text
from forum.domain.imports import texts

PIECES = [
    "<br>", "<br />", "<br/>", "a", "b ", "1.", " ", "\n", "\r\n", "-", "+ ", "'", '"', "(", ":", ";", ".", "ww", "w.", "://",
    "&amp;", "é", "\t", "{", "%", "$", "?", ",", "@", "/", "^", "2)", "Word word.", "*", "_", "<b>", "http",
]  # fmt: skip
SOURCES = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=60)


@given(SOURCES)
def test_the_short_way_gives_what_the_long_way_gives(source: str) -> None:
    markdown, simple = text.from_html(source), texts.simplified(source)
    assert simple in (None, markdown)
    if texts.is_plain(markdown):
        assert texts.paragraphs(markdown) == text.to_html(markdown)
        assert markdown == text.to_plain(markdown, links=False)


def test_most_texts_go_the_short_way() -> None:
    source = "It's our money.<br /><br />So show us, please, where 20% of it went (in 2008)."
    assert texts.simplified(source) == "It's our money.\n\nSo show us, please, where 20% of it went (in 2008)."


def test_other_processes_give_the_same_texts_in_the_same_order() -> None:
    jobs = [
        [texts.Job("idea", "Title", f"<p>{number} of {batch}</p>", 1) for number in range(3)] for batch in range(12)
    ]
    with texts.Converter(2, is_large=True) as converter:
        made = list(converter.over(jobs, lambda batch: batch))
    assert [batch for batch, _ in made] == jobs
    assert [found for _, found in made] == [texts.convert(batch) for batch in jobs]
