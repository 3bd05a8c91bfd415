"""The HTML of other systems becomes Markdown that shows the same words, and reads well."""

import csv
import html as html_of_python
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text
from tests.ground.markups import WORD, faults, words

DATA = Path(__file__).parents[3] / "shared" / "data"

CASES = [
    ("", ""),
    ("<p></p><br>", ""),
    ("Plain words.", "Plain words."),
    ("one<br />two<br/><br>three", "one\ntwo\n\nthree"),
    ("<p>one</p>\r\n<p class='x'>two</p>", "one\n\ntwo"),
    ("one\r\ntwo\r\n\r\nthree", "one\ntwo\n\nthree"),
    ("<p>one\ntwo</p>", "one two"),
    ("one\n\ntwo<br>three", "one\n\ntwo\nthree"),
    ("<div>one</div>two<section>three</section>", "one\n\ntwo\n\nthree"),
    ("a&nbsp;&amp;nbsp;b", "a b"),
    ("R&amp;D, AT&T, S&P;/Case, H&R; Block", "R&D, AT&T, S&P/Case, H&R Block"),
    ("&ldquo;a&rdquo; &#8217; &#x2019; &amp;rsquo; &copy;", "“a” ’ ’ ’ ©"),
    ("&lt;b&gt; and &amp;lt;b&amp;gt;", "<b> and <b>"),
    ("itâ&euro;&trade;s â&euro;&oelig;soâ&euro;? CafÃ©", "it’s “so” Café"),
    ("http://x.example/?a=1&p;=2&sec;=&sub;_s=5", "http://x.example/?a=1&p=2&sec=&sub_s=5"),
    ("http://x.example/?a=1&amp;copy=2&reg=3", "http://x.example/?a=1&copy=2&reg=3"),
    ("a < b, <3, <50k, <yourname>, 1<2>0", "a < b, <3, <50k, <yourname>, 1<2>0"),
    ("<http://x.example/a> <me@x.example>", "<http://x.example/a> <me@x.example>"),
    ("<b>a</b> <i>b</i> <s>c</s> <em>d</em>e", "**a** _b_ ~~c~~ *d*e"),
    ("<b> a </b>b<b></b>", "**a** b"),
    ("<b>a<br><br>b</b>", "**a**\n\n**b**"),
    ("x<b>'a'</b>y", "x'a'y"),
    ("<b>a</b><b>b</b>", "**a**b"),
    ("<a href='http://x.example/a'>the law</a>", "[the law](http://x.example/a)"),
    ("<a href='http://x.example/a'>http://x.example/a</a>", "http://x.example/a"),
    ("<a href='http://x.example/a_(b)'>[the] law</a>", "[\\[the\\] law](http://x.example/a_%28b%29)"),
    ("<a href='/a.aspx'>here</a> <a href='//x.example'>there</a>", "here there"),
    ("wow!<a href='http://x.example'>x</a>", "wow\\![x](http://x.example)"),
    ("<img src='http://x.example/a.png' alt='a map'>", "[a map](http://x.example/a.png)"),
    ("<img src='http://x.example/a.png'>", "http://x.example/a.png"),
    ("<object><param name='x'><embed src='http://x.example/v'></embed></object>", "http://x.example/v"),
    ("<iframe src='https://x.example/v'></iframe>", "https://x.example/v"),
    ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", "- a\n- b\n  1. c"),
    ("<ul><li>a<ol start=3><li>c</ol></ul>", "- a\n\n  3. c"),
    ("<ol><li><p>a</p><p>b</p></li><li>c</li></ol>", "1. a\n\n   b\n2. c"),
    ("<ul><li>a</ul><ul><li>b</ul>", "- a\n* b"),
    ("<blockquote>a<ul><li>b</ul></blockquote>c", "> a\n>\n> - b\n\nc"),
    ("<h1>A #</h1><h2>b</h2>c", "# A \\#\n\n## b\n\nc"),
    ("<table><tr><th>a<th>b|c<tr><td>1<td></table>", "| a | b\\|c |\n| --- | --- |\n| 1 |  |"),
    ("<table><tr><td>one cell</td></tr></table>", "one cell"),
    ("<pre>a\n  b ``` c</pre>", "````\na\n  b ``` c\n````"),
    ("<dl><dt>a<dd>b</dl>", "a\n\nb"),
    ("a<hr>b", "a\n\n---\n\nb"),
    ("a<script>x()</script><style>b{}</style><!-- c --><!-- d", "a d"),
    ("a<o:p></o:p><st1:place w:st='on'>b</st1:place>", "ab"),
    ("* a<br>* b<br>Then", "- a\n- b\n\nThen"),
    ("* a<br>which goes on<br>* b", "- a\n  which goes on\n- b"),
    ("&bull; a<br><br>&bull;b", "- a\n\n- b"),
    ("\uf0b7 a<br>\uf0b7 b", "- a\n- b"),
    ("- The 21st Century Agenda", "\\- The 21st Century Agenda"),
    ("1. a<br>2. b", "1. a\n2. b"),
    ("3) a<br><br>4) b", "3. a\n\n4. b"),
    ("1. a<br>2. b<br><br>1. c<br>2. d", "1. a\n2. b\n\n1) c\n2) d"),
    ("1. a<br>3. b", "1\\. a\n3\\. b"),
    ("2009. That was a year.", "2009\\. That was a year."),
    ("# a<br>#b<br>> c<br>+ d", "\\# a\n#b\n\\> c\n\\+ d"),
    ("a<br>=====<br>b<br>~~~~<br>* * *", "a\n\n---\n\nb\n\n---\n\n---"),
    ("a | b<br>--|--", "a | b\n\\--|--"),
    ("snake_case, _so_, 5*3*2, `x`, a\\b, ~~c~~", "snake_case, \\_so\\_, 5\\*3\\*2, \\`x\\`, a\\\\b, \\~\\~c\\~\\~"),
    ("[a](http://x.example) [b] [e-mail removed]", "[a\\](http://x.example) [b] [e-mail removed]"),
    ("http://x.example/_a_*b* www.x.example/_a_", "http://x.example/_a\\_\\*b\\* www.x.example/\\_a\\_"),
    ("<br>    indented", "indented"),
    ("A\x00n\x00y\x0bone", "Any\none"),
]


@pytest.mark.parametrize("source, markdown", CASES)
def test_foreign_html_becomes_readable_markdown(source, markdown):
    assert text.from_html(source) == markdown


@pytest.mark.parametrize("markdown", [markdown for _, markdown in CASES])
def test_what_comes_out_is_safe_when_shown(markdown):
    assert faults(text.to_html(markdown)) == []


def test_signs_are_shown_as_they_stood():
    source = "*PAID* _Don 5*3 # x\n1. only\n> so\n- John\n[a](b) `c` ~~d~~ \\e &amp;copy; a__b__c ___ x"
    shown = "*PAID* _Don 5*3 # x\n1. only\n> so\n- John\n[a](b) `c` ~~d~~ \\e © a__b__c ___ x"
    assert text.to_plain(text.from_html(source)) == shown


def test_a_plain_text_is_shown_as_it_was_typed():
    typed = "Dear Mayor,\n\n  <b>we</b> & us: &amp; 1. no *stars*\n# 1\n\nYours"
    assert text.to_plain(text.from_plain(typed)) == "Dear Mayor,\n\n<b>we</b> & us: &amp; 1. no *stars*\n# 1\n\nYours"


def test_lines_of_a_plain_text_stay_lines():
    assert text.to_html(text.from_plain("a\nb")) == "<p>a<br>\nb</p>\n"


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=200))
def test_no_sign_of_a_plain_text_is_taken_for_markup(source):
    source = re.sub(r"[-*_=~]{3,}|[-*+]\s|\d[.)]", "", text.tidy(source).replace("\t", " "))
    assert "".join(text.to_plain(text.from_plain(source)).split()) == "".join(source.split())


TAGS = ["<b>", "</b>", "<i>", "</i>", "<s>", "</s>", "<p>", "</p>", "<br>", "<li>", "<ul>", "</ul>", "<ol>", "</ol>"]
TAGS += ["<blockquote>", "</blockquote>", "<a href='https://x.example/q'>", "</a>", "<h2>", "</h2>", "<table><tr><td>"]
TAGS += ["<td>", "</table>", "<pre>", "</pre>", "<span class='x'>", "</span>", "<div>", "</div>", "<font>", "<u>"]
BITS = st.sampled_from(
    [*TAGS, *TAGS, " ", "one", "Two", "three ", " four", "five,", "(six)", "'seven'", ". ", "*", "_", "\n"]
)


@given(st.lists(BITS, max_size=40).map("".join))
def test_all_words_come_through_any_nesting_of_tags(source):
    source = source.replace("https://x.example/q'>", "https://x.example/q'>link")
    seen = [word for word in words(text.to_html(text.from_html(source))) if not word.isdecimal()]
    # a tag may part what stood together, as an address may follow its link, but no letter is lost or changes its place
    assert "".join(seen) == "".join(WORD.findall(re.sub("<[^>]*>", "", source)))


def words_of_source(source):
    """The words of a text of 2009 by a way of its own: tags out, true references resolved."""
    source = re.sub(
        r"</?(?:br|p|div|object|param|embed|img)\b[^>]*>", " ", source.replace("\x00", "").replace("\x0b", " ")
    )
    misread = r"&(?!(?:euro|trade|oelig|ldquo|rdquo|tilde|amp);)(\w+);"
    return WORD.findall(html_of_python.unescape(re.sub(misread, r"&amp;\1", source)))


def texts_of(name, column):
    path = DATA / "dialogue-2009" / name
    if not path.exists():
        pytest.skip(f"the real texts are not here: {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


@pytest.mark.parametrize("name, column, count", [("ideas.csv", "Details", 1_157), ("comments.csv", "Comment", 2_417)])
def test_every_text_of_2009_shows_all_its_words_in_order_and_no_tag(name, column, count):
    csv.field_size_limit(1_000_000)
    sources = texts_of(name, column)
    assert len(sources) == count
    for source in sources:
        media = re.findall(r"<(?:embed|img) src=\"([^\"]*)\"", source)
        markdown = text.from_html(source)
        html = text.to_html(markdown)
        expected, seen = words_of_source(source), words(html)
        if media:  # each is shown as a link to it
            expected = sorted(
                [*expected, *(word for one in media for word in WORD.findall(html_of_python.unescape(one)))]
            )
            seen = sorted(seen)
        assert seen == expected, source
        assert faults(html) == []
        assert not re.search(r"&lt;/?(?:br|p|div|object|param|embed|img|[biua])\b", html), source
        assert not re.search(r"&amp;#?\w+;", html), source


@pytest.mark.parametrize("name", ["propositions-libres.csv", "commentaires_debats.csv"])
def test_every_text_of_the_french_debate_shows_all_its_words(name):
    path = DATA / "decidim" / name
    if not path.exists():
        pytest.skip(f"the real texts are not here: {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    column = next(column for column in rows[0] if column.startswith("body"))
    for row in rows:
        html = text.to_html(text.from_html(row[column]))
        assert faults(html) == []
        assert "".join(words(html)) == "".join(
            WORD.findall(html_of_python.unescape(re.sub("<[^>]*>", " ", row[column])))
        )
