"""Papers as tagged PDF (PDF/UA-1, ISO 14289-1), set by typst; letters without a font are named, never dropped."""

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Any

from forum.papers.blocks import (
    Block,
    Contents,
    Facts,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    Points,
    Prose,
    Span,
    Table,
    Words,
    is_rightward,
    language_of,
    paragraphs,
    plain,
    spans,
)

_PROGRAM = Path(__file__).with_name("setting.py")
_SECONDS = 300.0
_TEMPLATE = Path(__file__).with_name("paper.typ")
FONTS = (
    "Noto Sans",
    "DejaVu Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans CJK SC",
    "Libertinus Serif",
)
"""Wanted fonts in order. The last one is part of typst, so there is always one; others of the system help out."""

_MOST_TRIES = 60
_MISSING = re.compile(r"the text `\"(?P<text>.*?)\"` could not be displayed", re.DOTALL)
_CODE = re.compile(r"\\u\{(?P<code>[0-9a-f]{1,6})\}")
_unshown: set[str] = set()  # letters that no font here can show


class Unset(Exception):
    """A paper that typst could not set; the words are typst's."""


def as_pdf(paper: Paper) -> bytes:
    """The paper as PDF/UA-1. The same paper makes the same bytes on the same machine.

    Runs of letters that no font here has are replaced by their number in words, and the first page says so.
    """
    missing = set(_unshown)
    for _ in range(_MOST_TRIES):
        try:
            return _compile(paper, missing)
        except Unset as error:
            found = _MISSING.search(str(error))
            letters = set(_CODE.sub(lambda code: chr(int(code["code"], 16)), found["text"])) if found else set()
            new = {letter for letter in letters if ord(letter) > 127} - missing
            if not new:
                raise
            missing |= new | _likewise(paper, new)
            _unshown.update(missing)
    return _compile(paper, {letter for letter in _letters(paper) if ord(letter) > 0x24F})


def _compile(paper: Paper, missing: set[str]) -> bytes:
    order = {
        "template": _TEMPLATE.read_text(),
        "paper": json.dumps(_Data(paper, missing).made()),
        "timestamp": int(paper.made_at.timestamp()),
    }
    done = subprocess.run(  # noqa: S603 - our own program, without a shell
        [sys.executable, "-I", str(_PROGRAM)], input=json.dumps(order).encode(), capture_output=True, timeout=_SECONDS
    )
    if done.returncode:
        raise Unset(done.stderr.decode(errors="replace"))
    return done.stdout


def _likewise(paper: Paper, new: Iterable[str]) -> set[str]:
    """The other letters of the paper in the same scripts: who lacks one of them most likely lacks them all."""
    scripts = {_script(letter) for letter in new} - {"", "LATIN", "GREEK", "CYRILLIC"}
    return {letter for letter in _letters(paper) if _script(letter) in scripts}


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0] if unicodedata.category(letter)[0] in "LM" else ""


def _letters(paper: Paper) -> set[str]:
    return {letter for letter in json.dumps(_Data(paper, set()).made(), ensure_ascii=False) if ord(letter) > 127}


class _Data:
    """A paper as the template reads it."""

    def __init__(self, paper: Paper, missing: set[str]) -> None:
        self.paper, self.missing = paper, missing
        self.has_replaced = False
        run = f"[{re.escape(''.join(sorted(missing)))}]+" if missing else "(?!)"
        self.runs = re.compile(run)

    def made(self) -> dict[str, Any]:
        """The whole paper as values that JSON knows."""
        paper = self.paper
        blocks = [self.block(block) for block in paper.blocks]
        heading, subtitle = self.line(paper.title), [self.line(words) for words in paper.subtitle]
        if self.has_replaced:
            blocks.insert(0, self.block(Paragraph(paper.missing, "small")))
        at = paper.made_at.astimezone(UTC)
        return {
            "title": self.shown(paper.title),
            "heading": heading,
            "footer": self.shown(paper.title[:90]),
            "subtitle": subtitle,
            "author": paper.author,
            "language": self.language(paper.language),
            "fonts": list(FONTS),
            "made_at": [at.year, at.month, at.day, at.hour, at.minute, at.second],
            "is_wide": paper.is_wide,
            "anchors": [block.anchor for block in paper.blocks if isinstance(block, Heading) and block.anchor],
            "blocks": blocks,
        }

    def shown(self, text: str) -> str:
        """The text with letters that can't be shown named by their number."""

        def named(run: re.Match[str]) -> str:
            self.has_replaced = True
            count = len(run[0])
            return f"[{count} letter{'s' if count > 1 else ''} this file can\u2019t show]"

        return self.runs.sub(named, text)

    @staticmethod
    def language(code: str) -> list[str | None]:
        """A language and a region as typst wants them; a code that is none becomes English."""
        language, _, region = code.partition("-")
        if not re.fullmatch("[A-Za-z]{2,3}", language):
            return ["en", None]
        return [language.lower(), region.upper() if re.fullmatch("[A-Za-z]{2}", region) else None]

    def line(self, words: Words) -> dict[str, Any]:
        return {"rtl": not is_rightward(plain(words)), "words": [self.span(span) for span in spans(words)]}

    def span(self, span: Span) -> dict[str, Any]:
        language = language_of(span.text, span.language, self.paper.language)
        rtl = not is_rightward(span.text)
        return {
            "text": self.shown(span.text),
            "href": span.href,
            "strong": span.is_strong,
            "rtl": rtl,
            "lang": self.language(language) if language != self.paper.language else None,
            "note": self.span(Span(span.note)) if span.note else None,
        }

    def block(self, block: Block) -> dict[str, Any]:
        match block:
            case Heading():
                level = min(max(block.level, 1), 4)
                return {"kind": "heading", "level": level, "anchor": block.anchor, **self.line(block.words)}
            case Paragraph():
                return {"kind": "paragraph", "style": block.style, **self.line(block.words)}
            case Prose():
                parts = [self.line(Span(text, language=block.language)) for text in paragraphs(block)]
                return {"kind": "prose", "quote": block.is_quote, "paragraphs": parts}
            case Points():
                items = [self.line(item) for item in block.items]
                return {"kind": "points", "numbered": block.is_numbered, "items": items}
            case Table():
                return self.table(block)
            case Facts():
                rows = [{"name": self.shown(name), **self.line(words)} for name, words in block.rows]
                return {"kind": "facts", "rows": rows}
            case Contents():
                return {"kind": "contents", "title": block.title, "depth": block.depth}
            case PageBreak():
                return {"kind": "break"}

    def table(self, block: Table) -> dict[str, Any]:
        columns = [
            {"title": self.shown(column.title), "weight": column.weight, "number": column.is_number}
            for column in block.columns
        ]
        rows = [[self.line(cell) for cell in row] for row in block.rows]
        return {"kind": "table", "caption": self.shown(block.caption), "columns": columns, "rows": rows}
