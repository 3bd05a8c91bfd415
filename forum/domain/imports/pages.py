"""Pages of JSON as other systems give them: the items of a list one after the other, each with its line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forum.domain.imports.tables import Progress, Unreadable

LARGEST = 256_000_000
"""Bytes of one file. Such exports come in pages of about a megabyte."""

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and the line it begins on."""

    file: str
    line: int
    value: Any


@dataclass(frozen=True, slots=True)
class Page:
    """A JSON file: an object whose member `key` is a list of items, or one item. UTF-8, with or without a BOM."""

    path: Path
    key: str

    def items(self, progress: Progress | None = None) -> Iterator[Item]:
        """Every item in order. Raises Unreadable where the file can't be read on, and OSError."""
        size = self.path.stat().st_size
        text = self._text(size)
        told = found = 0
        for start, value in self._members(text):
            found += 1
            yield Item(self.path.name, text.count("\n", 0, start) + 1, value)
            if progress and start - told > 200_000:
                progress(start - told)
                told = start
        if not found and f'"{self.key}"' not in text:
            raise Unreadable(self.path.name, 1, f"There is no {self.key!r} in it, so it is another kind of file.")
        if progress:
            progress(max(0, size - told))

    def check(self, progress: Progress | None = None) -> None:
        """Read the file to its end. Raises Unreadable and OSError."""
        for _ in self.items(progress):
            pass

    def _text(self, size: int) -> str:
        if size > LARGEST:
            raise Unreadable(self.path.name, 1, f"The file has more than {LARGEST:,} bytes. Please divide it.")
        try:
            return self.path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(self.path.name, 1, f"Byte {error.start + 1} of the file is not UTF-8.") from None

    def _members(self, text: str) -> Iterator[tuple[int, Any]]:
        """Where each item begins, and the item; the whole text is read."""
        at = self._after(text, 0, "{")
        while text[at : at + 1] != "}":
            name, at = self._value(text, at)
            at = self._after(text, at, ":")
            if name == self.key and text[at : at + 1] == "[":
                at = self._after(text, at, "[")
                while text[at : at + 1] != "]":
                    value, end = self._value(text, at)
                    yield at, value
                    at = self._next(text, end, "]")
                at = self._skip(text, at + 1)
            else:
                value, end = self._value(text, at)
                if name == self.key:
                    yield at, value
                at = end
            at = self._next(text, at, "}")
        if self._skip(text, at + 1) < len(text):
            raise self._broken(text, at + 1)

    def _value(self, text: str, at: int) -> tuple[Any, int]:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise self._broken(text, getattr(error, "pos", at)) from None
        return value, self._skip(text, end)

    def _next(self, text: str, at: int, closing: str) -> int:
        """Past the comma, which something must follow; at the closing sign, if that stands here."""
        if text[at : at + 1] == closing:
            return at
        at = self._after(text, at, ",")
        if text[at : at + 1] == closing:
            raise self._broken(text, at)
        return at

    def _after(self, text: str, at: int, sign: str) -> int:
        at = self._skip(text, at)
        if text[at : at + 1] != sign:
            raise self._broken(text, at)
        return self._skip(text, at + 1)

    @staticmethod
    def _skip(text: str, at: int) -> int:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        return at

    def _broken(self, text: str, at: int) -> Unreadable:
        where = text.count("\n", 0, at) + 1
        if at >= len(text):
            return Unreadable(self.path.name, where, "The file ends too early.")
        return Unreadable(self.path.name, where, "This is not the JSON of such an export.")
