"""The blocks a paper is made of: headings, paragraphs, lists, tables. Plain values, written in any kind of file."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from forum.text import tidy


@dataclass(frozen=True, slots=True)
class Span:
    """Some words on a line.

    `href`: http(s), mailto, or `#anchor` of a heading of the same paper; anything else is written as plain words.
    `note`: the text of a footnote, whose mark stands after the words. `language`: of the words, where it is another
    than the paper's (a code such as `es`).
    """

    text: str
    href: str = ""
    note: str = ""
    is_strong: bool = False
    language: str = ""


Words = str | Span | Sequence[str | Span]
"""What stands on a line: text, or pieces of text with links and footnotes."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4 (the paper's title stands above them all). `anchor`: letters, digits, hyphens."""

    level: int
    words: Words
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of our own words. Line breaks within it stay."""

    words: Words
    style: Literal["", "lead", "small"] = ""


@dataclass(frozen=True, slots=True)
class Prose:
    """What somebody wrote, as plain text: paragraphs at empty lines, line breaks kept, direction by its letters."""

    text: str
    language: str = ""
    is_quote: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A list of points, numbered or not."""

    items: Sequence[Words]
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `weight`: its width beside the others'. Numbers stand at the end of the line."""

    title: str
    weight: float = 1.0
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Its head is repeated on each page; `head_column`: the column that names each row, counted from 0."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Words]]
    head_column: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one pair a line: a table of two columns without a visible head."""

    caption: str
    rows: Sequence[tuple[str, Words]]


@dataclass(frozen=True, slots=True)
class Contents:
    """A table of contents: the headings down to this level."""

    title: str = "Contents"
    depth: int = 2


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | Prose | Points | Table | Facts | Contents | PageBreak


@dataclass(frozen=True, slots=True)
class Paper:
    """A document. `made_at` is the only moment that a file of it holds: the same paper makes the same bytes."""

    title: str
    blocks: Sequence[Block]
    made_at: datetime
    subtitle: Sequence[str] = ()
    language: str = "en"
    author: str = ""
    is_wide: bool = False  # lies on its side, for wide tables
    missing: str = field(
        default="Some letters have no form in the fonts of this server. The other kinds of this file show them."
    )


_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+|#[A-Za-z0-9-]+")
_BREAKS = re.compile(r"\n[ \t]*\n\s*")


def spans(words: Words) -> Iterator[Span]:
    """The pieces of a line, tidied; links that lead nowhere we know have lost their address."""
    for piece in (words,) if isinstance(words, str | Span) else words:
        span = Span(piece) if isinstance(piece, str) else piece
        href = span.href if _LINK.fullmatch(span.href) else ""
        yield Span(tidy(span.text), href, tidy(span.note), span.is_strong, span.language)


def plain(words: Words) -> str:
    """The words alone."""
    return "".join(span.text for span in spans(words))


def paragraphs(prose: Prose) -> list[str]:
    """The paragraphs of what somebody wrote."""
    return [part.strip("\n") for part in _BREAKS.split(tidy(prose.text).strip()) if part.strip()]


def is_rightward(text: str) -> bool:
    """Whether a text runs from left to right: its first letter with a direction decides (Unicode Annex 9, P2-P3)."""
    for letter in text:
        if (direction := unicodedata.bidirectional(letter)) in ("L", "R", "AL"):
            return direction == "L"
    return True


def language_of(text: str, given: str, otherwise: str) -> str:
    """The language to mark a text with: the given one if it fits the direction of the letters, else a likely one."""
    language = given or otherwise
    if is_rightward(text):
        return language
    if language.partition("-")[0] in ("ar", "fa", "he", "ps", "sd", "ug", "ur", "yi", "dv"):
        return language
    first = next(letter for letter in text if unicodedata.bidirectional(letter) in ("R", "AL"))
    return "he" if unicodedata.bidirectional(first) == "R" and "\u0590" <= first <= "\u05ff" else "ar"
