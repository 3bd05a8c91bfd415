"""No text that anybody writes or sends runs in the browser of another."""

import html
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import text
from tests.ground.markups import faults, is_harmless, read

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>script>alert(1)<</script>/script>",
    "<script\x00>alert(1)</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\x00<\x00script>alert(1)",
    "<script",
    "<script>alert(1)",
    "--><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<!-- <b --><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<IMG SRC=x OnErRoR=alert(1)>",
    "<img/src='x'/onerror=alert(1)>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><script>alert(1)</script></textarea>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<video src=x onerror=alert(1)></video>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<button formaction=/moderation>x</button>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>body{background:url(https://evil.example)}</style>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<p hx-get=/evil hx-trigger=load>x</p>",
    "<p data-hx-post=/ideas/1/vote data-hx-trigger=load>x</p>",
    "<a href=/x data-hx-delete=/me hx-on:click=alert(1)>x</a>",
    "<p id=main class=admin title=x lang=xx dir=rtl name=y>x</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/\\evil.example'>x</a>",
    "<a href='https://www.whitehouse.gov@evil.example/'>x</a>",
    "<a href=https://x.example target=_blank rel=opener ping=//evil>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](<java script:alert(1)>)",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6a;&#x61;vascript:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](j%61vascript:alert(1))",
    "[x](\u200bjavascript:alert(1))",
    "[x](\u202ejavascript:alert(1))",
    "[x](\uff4aavascript:alert(1))",
    "[x](javascript\uff1aalert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](blob:https://x.example/1)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](data:image/png;base64,AAAA)",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](https://x.example/a.png)',
    "[x](//evil.example)",
    "[x](///evil.example)",
    "[x](/\\evil.example)",
    "[x](\\\\evil.example)",
    "[x](/\t/evil.example)",
    "[x](http:evil.example)",
    "[x](http:/evil.example)",
    "[x](http:\\\\evil.example)",
    "[x](https://www.whitehouse.gov@evil.example)",
    "[x](https://x.example 'a\" onmouseover=\"alert(1)')",
    '[x](https://x.example/"onmouseover="alert(1))',
    "[x](<https://x.example/>'onmouseover='alert(1)>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<JAVASCRIPT:alert(1)>",
    "<data:text/html,x>",
    "<https://x.example/\"onmouseover='alert(1)>",
    "https://x.example/\"onmouseover='alert(1)",
    "https://x.example/<script>alert(1)</script>",
    "https://x.example/'><img src=x onerror=alert(1)>",
    'www.x.example/"onmouseover=alert(1)',
    "www.<script>alert(1)</script>.example",
    "http://javascript:alert(1)",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"onmouseover="alert(1)\nx\n```',
    "    <script>alert(1)</script>",
    "# <img src=x onerror=alert(1)>",
    "> <img src=x onerror=alert(1)>",
    "- <img src=x onerror=alert(1)>",
    "| a | <img src=x onerror=alert(1)> |\n|---|:-:|\n| <script>alert(1)</script> | b |",
    "**<b onclick=alert(1)>x</b>**",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3C;img src=x onerror=alert(1)&#x3E;",
    "\\<script>alert(1)</script>",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\u2028<script>alert(1)</script>\u2029",
    "\ufdd3\ufdd0<img src=x onerror=alert(1)>\ufdd4",
    "\ud800<script>alert(1)</script>",
    "<b>\ufdd3x</b>(javascript:alert(1))",
    "<a href='https://x.example/)[y](javascript:alert(1)'>x</a>",
    "<a href='https://x.example'>](javascript:alert(1))</a>",
    "<a href='https://x.example'>x\n\n</a>[y](javascript:alert(1))",
    "<img alt='](javascript:alert(1))' src='https://x.example/a.png'>",
    "<img alt='<script>alert(1)</script>' src='https://x.example/a.png'>",
    "<pre>```\n<script>alert(1)</script></pre>",
    "<td>|<script>alert(1)</script></td>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_does_nothing_in_html_made_from_markdown(attack):
    assert faults(text.to_html(attack)) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_does_nothing_after_it_came_as_foreign_html(attack):
    assert faults(text.to_html(text.from_html(attack))) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_does_nothing_after_it_came_as_plain_text(attack):
    assert faults(text.to_html(text.from_plain(attack))) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_does_nothing_in_plain_text_and_excerpts_once_escaped(attack):
    for plain in (text.to_plain(attack), text.excerpt(attack), text.to_plain(text.from_html(attack))):
        assert faults(html.escape(plain)) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_hides_characters_in_plain_text(attack):
    plain = text.to_plain(attack) + text.excerpt(attack)
    assert not set(plain) & set("\x00\x01\u202e\ufdd0\ufdd3\ufdd4")
    plain.encode()


def test_attacks_shown_as_text_are_shown_as_they_were_typed():
    assert text.to_html("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
    assert text.to_html("[x](javascript:alert(1))") == "<p>[x](javascript:alert(1))</p>\n"
    assert text.to_html("[x](//evil.example)") == "<p>[x](//evil.example)</p>\n"


def test_hidden_content_of_foreign_html_goes_with_its_tag():
    assert text.from_html("<p>a<script>alert(1)</script><style>b{}</style>c</p>") == "ac"


def test_many_attacks_in_one_text_do_nothing():
    chance = random.Random(2009)
    for _ in range(150):
        mixed = "".join(chance.choice([*ATTACKS, "\n\n", " ", "- ", "> ", "**", "|"]) for _ in range(8))
        assert faults(text.to_html(mixed)) == [], mixed
        assert faults(text.to_html(text.from_html(mixed))) == [], mixed


PIECES = st.sampled_from(
    [
        "<",
        ">",
        "[",
        "]",
        "(",
        ")",
        "!",
        "*",
        "_",
        "`",
        "~~",
        "|",
        "\n",
        "\n\n",
        "- ",
        "> ",
        "# ",
        "1. ",
        "\\",
        "&",
        ";",
        ":",
        "//",
        "http",
        "https://x.example",
        "www.x.example",
        "javascript:",
        "data:",
        "mailto:",
        "&colon;",
        "&#58;",
        "&lt;",
        "<a href='",
        "'>",
        "</a>",
        "<b>",
        "</b>",
        "<p",
        "<li>",
        "<img src=x ",
        "onerror=",
        '"',
        "'",
        "=",
        "\x00",
        "\u202e",
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "-->",
        "x",
        "y z",
        "\ufdd0",
        "\ufdd3",
        "\ufdd4",
        "|---|",
        "<td>",
        "\t",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_text_put_together_from_markup_is_unsafe(source):
    assert faults(text.to_html(source)) == []
    assert faults(text.to_html(text.from_html(source))) == []


@given(st.text(max_size=200))
def test_no_text_at_all_is_unsafe(source):
    assert faults(text.to_html(source)) == []
    assert faults(text.to_html(text.from_html(source))) == []


@given(st.text(max_size=60))
def test_no_link_target_is_unsafe(target):
    for href in read(text.to_html(f"[x](<{target}>) [x]({target}) <{target}> ![x]({target})")).hrefs:
        assert is_harmless(href)
