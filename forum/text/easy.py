"""The parts of a Markdown text that need no parser: paragraphs of words and flat lists of them, which most texts are.

What is made of them here is, sign for sign, what the parser and the cleaner of HTML make of the same text. Whatever
might be read in another way is left to those two.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Where one of these stands in a text, what follows an empty line may belong to what stands before it, or how many
# empty lines there are may tell.
_BRIDGES = ("```", "~~~", "|", "\n\n\n")
_HARD_SIGNS = "`*<~]&_\\"  # some of them only beside others
# Signs that may be more than words, spaces that a parser treats in its own way, and what is not tidy.
_HARD = re.compile(
    r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f`*<~]|\]\(|&(?=#?[0-9A-Za-z]{1,40};)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_HARD_LINE = re.compile(r"[ >=_]|#{1,6}(?: |$)|[-+](?: |$)|-[ -]*$|\d{1,9}[.)](?: |$)")
_POINT = re.compile(r"(?:[-+]|(\d{1,9})[.)]) ")


class Part(NamedTuple):
    """What stands between two empty lines, or the list at its end. `items` are a list's; `is_hard`: ask the parser."""

    source: str
    is_hard: bool = False
    items: Sequence[str] = ()
    number: int = -1  # of the first item; -1 where items have none

    def html(self) -> str:
        """Safe HTML of a part that is not hard."""
        if not self.items:
            return f"<p>{_html(self.source)}</p>\n"
        inner = "".join([f"<li>{_html(item)}</li>\n" for item in self.items])
        if self.number < 0:
            return f"<ul>\n{inner}</ul>\n"
        return f"<ol>\n{inner}</ol>\n" if self.number == 1 else f'<ol start="{self.number}">\n{inner}</ol>\n'

    def plain(self, marks: bool = True) -> str:
        """Plain text of a part that is not hard; without `marks` no hyphens before the items of a list."""
        if not self.items:
            return _words(self.source)
        lines: list[str] = []
        for number, item in enumerate(self.items, start=self.number):
            mark = f"{number}. " if self.number >= 0 else "- " if marks else ""
            lines.append(mark + _words(item).replace("\n", "\n" + " " * len(mark)))
        return "\n".join(lines)


def parts(markdown: str) -> Iterator[Part]:
    """A tidied text in its parts; hard ones that stand together, or might be read together, are one."""
    if any(map(markdown.__contains__, _BRIDGES)):
        yield Part(markdown, is_hard=True)
        return
    has_www = "www." in markdown.lower()
    waiting: list[Part] = []  # a list that what comes next may belong to, or hard parts
    for source in markdown.split("\n\n"):
        for part in _read(source.strip("\n"), has_www):
            if part.is_hard or part.items:
                waiting.append(part)
            else:
                yield from _together(waiting)
                waiting.clear()
                yield part
    yield from _together(waiting)


def _together(waiting: Sequence[Part]) -> Sequence[Part]:
    if len(waiting) < 2:
        return waiting
    return [Part("\n\n".join([part.source for part in waiting]), is_hard=True)]


def _read(source: str, has_www: bool) -> Sequence[Part]:
    """A paragraph, a list, a paragraph and the list right under it, or one hard part; nothing for nothing."""
    if not source:
        return ()
    if "://" in source or (has_www and "www." in source.lower()) or _has_hard_signs(source):
        return (Part(source, is_hard=True),)
    lines = source.split("\n")
    above = 0
    for line in lines:
        if not _is_easy(line):
            break
        above += 1
    if above == len(lines):
        return (Part(source),)
    found = _list(lines[above:])
    if found is None or (above and found.number not in (-1, 1)):  # such a number is no item right under a line of text
        return (Part(source, is_hard=True),)
    return (Part("\n".join(lines[:above])), found) if above else (found,)


def _has_hard_signs(source: str) -> bool:
    is_usual = source.isascii() and source.replace("\n", " ").isprintable()
    if is_usual and not any(map(source.__contains__, _HARD_SIGNS)):
        return False
    return bool(_HARD.search(_ESCAPE.sub(".", source) if "\\" in source else source))


def _is_easy(line: str) -> bool:
    """Is it a line of a paragraph, and nothing else?"""
    if not line or line[-1] in " \\":
        return False
    return line[0].isalpha() or not _HARD_LINE.match(line)


def _list(lines: Sequence[str]) -> Part | None:
    """A list of items that are words, each right under the other; None if it is anything else."""
    items: list[str] = []
    number, sign, indent = -1, "", ""
    for line in lines:
        if found := _POINT.match(line):
            same = found[0][-2]
            if items and same != sign:
                return None
            if not items:
                number, sign = int(found[1] or -1), same
            indent, words = " " * found.end(), line[found.end() :]
            items.append(words)
        else:
            if not items or not line.startswith(indent):
                return None
            words = line[len(indent) :]
            items[-1] += "\n" + words
        if not _is_easy(words):
            return None
    return Part("\n".join(lines), items=items, number=number)


def _words(source: str) -> str:
    return _ESCAPE.sub(r"\1", source) if "\\" in source else source


def _html(source: str) -> str:
    words = _words(source)
    if "&" in words or "<" in words or ">" in words:
        words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return words.replace("\n", "<br>\n")
