"""No text keeps the site busy: four times the length takes about four times the time."""

import time

import pytest

from forum import text

SHAPES = {
    "emphasis": "*a **a ", "left open": "_a __b ", "closers": "a** ", "brackets": "[", "links": "[a](",
    "nested links": "[a](/b ", "pictures": "![", "angles": "<", "autolinks": "<http:", "backticks": "`a``",
    "ampersands": "&", "references": "&#", "quotes": ">", "spaced quotes": "> ", "quoted lines": ">a\n\n",
    "lists": "- ", "points": "- a\n", "numbers": "1. a\n\n", "cells": "a|b\n", "pipes": "|", "rulers": "-|",
    "headings": "# a\n", "backslashes": "\\", "struck": "~~a", "tildes": "~", "addresses": "http://a ",
    "schemes": "http://", "colons": "://", "www": "www.", "www addresses": "www.a.b ", "new lines": "\n",
    "spaces": " ", "tabs": "\t", "rules": "---\n", "fences": "```\n", "lines": "a\n", "accents": "\u0301",
    "words": "word. ", "stops": ".", "brackets closed": ")", "true tags": "<b>", "tags": "<a ",
    "quoted tags": "<a '", "attributes": "<a '<' ", "bold and italic": "<b>x<i>y", "boxes": "<div>",
    "nested lists": "<ul><li>", "tables": "<table><tr><td>", "comments": "<!--", "closed comments": "<!-- -->",
    "fonts": "<p><font>x", "scripts": "<script>", "broken references": "&p;=1", "double references": "&amp;",
    "misread": "\u00e2\u20ac", "breaks": "<br>- a", "headings in html": "<h1>", "unknown tags": "<foo>",
    "links in html": "<a href=http://x.example>y", "verbatim": "<pre>", "adopted": "<b><i><p></b>x",
    "names": "Mr. A. ", "hyphens": "a-", "apostrophes": "a'",
}  # fmt: skip
FUNCTIONS = [
    text.to_html, text.to_plain, text.excerpt, text.from_html, text.from_plain, text.slug, text.handle, text.fold,
    text.tidy, text.grade,
]  # fmt: skip
SHORT, LONG = 3_000, 12_000


def seconds(function, source):
    best = 60.0
    for _ in range(2):
        start = time.process_time()
        function(source)
        best = min(best, time.process_time() - start)
        if best < 0.1:
            break
    return best


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_in_proportion_to_length(shape):
    for function in FUNCTIONS:
        long = seconds(function, (SHAPES[shape] * LONG)[:LONG])
        if long < 0.1:  # too little to compare, and harmless
            continue
        short = seconds(function, (SHAPES[shape] * SHORT)[:SHORT])
        assert long < 10 * short, function
        assert long < 5, function


def test_changes_between_long_texts_are_found_in_proportion_to_length():
    def compare(length):
        old = " ".join(f"word{i * 7919 % 1000}" for i in range(length))
        new = " ".join(f"word{i * 104729 % 1000}" for i in range(length))
        return seconds(lambda pair: text.differences(*pair), (old, new))

    assert compare(1_500) < 1  # 10,000 characters, all of them changed
    assert compare(6_000) < 10


def test_a_text_full_of_openers_is_shown_whole_without_markup():
    html = text.to_html("[" * 5_000 + "end")
    assert html == "<p>" + "[" * 5_000 + "end</p>"
    assert text.to_plain("[" * 5_000 + "end") == "[" * 5_000 + "end"
