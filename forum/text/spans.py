"""Marks for bold, italic and struck words and for links, carried through plain text and turned into Markdown."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from forum.text.links import ADDRESS, is_safe_link, trimmed

# Code points that stand for nothing and never leave this process (Unicode 23.7); tidy() takes them from what comes in.
STRONG, EM, STRUCK, LINK = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_CLOSE = "\ufdd4"  # closes what was opened last
MARKS = re.compile(f"([{STRONG}-{_CLOSE}])")
_SPACES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
_BRACKETS = re.compile(r"(?<!\\)([\[\]])")
_UNSAFE_IN_HREF = re.compile(r"[\s()<>\\\"]")


@dataclass
class Spans:
    """The spans of one text, in their order."""

    has_emphasis: bool = False
    hrefs: list[str] = field(default_factory=list)

    def opened(self, kind: str, href: str = "") -> str:
        """The mark for the start of a span. A link counts only if it leads to another site or to an address of mail."""
        if kind == LINK:
            self.hrefs.append(href if is_safe_link(href) and href[0] not in "/#" else "")
        else:
            self.has_emphasis = True
        return kind

    def closed(self) -> str:
        """The mark for the end of the innermost span."""
        return _CLOSE

    def markdown(self, paragraphs: list[str], *, emphasis: bool) -> list[str]:
        """The paragraphs with Markdown in the place of marks. A span that goes on past a paragraph is opened anew."""
        return _Reader(self.hrefs, emphasis).read(paragraphs)


@dataclass
class _Open:
    kind: str
    href: str
    before: str  # the last letter before it
    pieces: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self, hrefs: list[str], emphasis: bool) -> None:
        self.hrefs, self.emphasis = iter(hrefs), emphasis
        self.stack: list[_Open] = []

    def read(self, paragraphs: list[str]) -> list[str]:
        still_open: list[_Open] = []
        done = []
        for paragraph in paragraphs:
            self.stack = [_Open("", "", ""), *(_Open(span.kind, span.href, "") for span in still_open)]
            parts = MARKS.split(paragraph)
            for part, after in pairwise([*parts, ""]):
                if MARKS.fullmatch(part):
                    self.mark(part, after)
                else:
                    self.stack[-1].pieces.append(part)
            still_open = self.stack[1:]
            while len(self.stack) > 1:
                self.close("")
            done.append("".join(self.stack[0].pieces))
        return done

    def mark(self, mark: str, after: str) -> None:
        if mark != _CLOSE:
            before = next((piece[-1] for span in reversed(self.stack) for piece in reversed(span.pieces) if piece), "")
            self.stack.append(_Open(mark, next(self.hrefs, "") if mark == LINK else "", before))
        elif len(self.stack) > 1:
            self.close(after)

    def close(self, after: str) -> None:
        span = self.stack.pop()
        outer = self.stack[-1].pieces
        found = _SPACES.fullmatch("".join(span.pieces))
        left, words, right = found.groups() if found else ("", "", "")
        if span.kind == LINK and span.href:
            if outer and outer[-1].endswith("!"):
                outer[-1] = outer[-1][:-1] + "\\!"
            words = _link(words, span.href) if words else ""
        elif span.kind != LINK and self.emphasis and words:
            words = _emphasized(words, span.kind, "" if left else span.before, "" if right else after[:1])
        outer.append(left + words + right)


def _link(words: str, href: str) -> str:
    href = _UNSAFE_IN_HREF.sub(lambda char: f"%{ord(char[0]):02X}" if char[0].isascii() else "", href)
    is_bare = ADDRESS.fullmatch(href) and trimmed(href) == href
    if is_bare and words.removesuffix("/") == href.removesuffix("/"):
        return href
    label = _BRACKETS.sub(r"\\\1", " ".join(words.split()))
    return f"[{label}]({re.sub('&(?=#?[0-9A-Za-z]+;)', '&amp;', href)})"


def _emphasized(words: str, kind: str, before: str, after: str) -> str:
    """The words between delimiters, or bare where a delimiter would not be read as one (CommonMark 6.2, flanking)."""
    if before in ("*", "_", "~") or (before.isalnum() and not words[0].isalnum()):
        return words
    if after.isalnum() and not words[-1].isalnum():
        return words
    if kind == EM:
        delimiter = "*" if before.isalnum() or after.isalnum() else "_"
    else:
        delimiter = "**" if kind == STRONG else "~~"
    return f"{delimiter}{words}{delimiter}"
