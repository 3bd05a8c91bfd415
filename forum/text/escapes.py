"""Plain text written as Markdown that reads as it did: paragraphs, lines and lists kept, nothing taken for markup."""

import re
from collections import Counter
from dataclasses import dataclass

from forum.text.links import ADDRESS, is_safe_link, trimmed
from forum.text.names import tidy

_SPACES = re.compile("[ \t\x0b\x0c\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_OTHER_SPACES = ("  ", "\t", "\x0b", "\x0c")
# The bullets of word processors, in the private code points of their fonts.
_FONT_BULLETS = str.maketrans(dict.fromkeys("\uf02d\uf0a7\uf0b7\uf0d8\uf0fc", "\u2022"))
_BULLET = re.compile("(?:([-*+]) +|([\u2022\u25cf\u25aa\u25a0\u25e6\u2023\u00b7]) *)(?=\\S)")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?: +|$)")
_RULER = re.compile(r"([-_*=~\u2013\u2014])(?: ?\1){2,}")
_TABLE_RULER = re.compile(r"[-:|][-:| ]*")
_LINE_START = re.compile(r"#{1,6}(?: |$)|>|[-+](?: |$)")
_ADDRESS = re.compile(f"(?<![A-Za-z0-9]){ADDRESS.pattern}")
_SPECIAL = re.compile(
    r"[\\`*]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it is a letter
    r"|~(?=~)|(?<=~)~"
    "|\\](?=[\ufdd0-\ufdd4]*\\()"  # past the marks of spans
    r"|&(?=#?[0-9A-Za-z]+;)"
)
_SPECIAL_SIGNS = "\\`*_~]&"
_MOST_NUMBER = 999
_SPAN_MARKS = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4"


@dataclass(slots=True)
class _Line:
    kind: str  # "blank", "ruler", "bullet", "number" or "words"
    words: str
    marker: str = ""
    number: int = 0


def from_plain(text: str) -> str:
    """Markdown that shows a plain text as it was typed: lines and paragraphs stay, two or more lines with a bullet, or
    numbered in order, become a list, a row of hyphens becomes a rule."""
    return "\n\n".join(paragraphs(tidy(text)))


def paragraphs(text: str, *, lists: bool = True) -> list[str]:
    """The same for a tidied text, a list of paragraphs and of whole lists; without `lists` points stay lines."""
    if not text.isascii():
        text = _SPACES.sub(" ", text.translate(_FONT_BULLETS))
    elif any(map(text.__contains__, _OTHER_SPACES)):
        text = _SPACES.sub(" ", text)
    lines = [_line(line.strip()) for line in text.split("\n")]
    _keep_lists(lines, lists)
    return _Writer().write(lines)


def _line(words: str) -> _Line:
    if not words:
        return _Line("blank", "")
    if words[0].isalpha():
        return _Line("words", words)
    if _RULER.fullmatch(words):
        return _Line("ruler", "---")
    if found := _BULLET.match(words):
        return _Line("bullet", words, found[0])
    if (found := _NUMBER.match(words)) and int(found[1]) <= _MOST_NUMBER and len(words) > found.end():
        return _Line("number", words, found[0], int(found[1]))
    return _Line("words", words)


def _keep_lists(lines: list[_Line], lists: bool) -> None:
    """Take for words what only looks like a point: a bullet that stands alone, a number without the one after it."""
    points = Counter(line.marker.strip() for line in lines if line.kind == "bullet")
    is_part = [False] * len(lines)
    last = -1  # the numbered line that the next may follow
    for i, line in enumerate(lines):
        if line.kind == "number":
            if last >= 0 and line.number == lines[last].number + 1 and lists:
                is_part[last] = is_part[i] = True
            last = i
        elif line.kind == "bullet":
            is_part[i] = lists and points[line.marker.strip()] > 1
        elif line.kind == "ruler" or (line.kind == "words" and not _goes_on(line)):
            last = -1
    for line, part in zip(lines, is_part, strict=True):
        if line.kind in ("bullet", "number") and not part:
            line.kind = "words"


def _goes_on(line: _Line) -> bool:
    """Whether a line after a point is the rest of it, as it begins in the middle of a sentence."""
    return line.words[0].islower()


class _Writer:
    """Puts lines together to paragraphs and lists."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.block: list[str] = []
        self.kind = ""  # of the block: "words" or the kind of the list
        self.indent = ""
        self.closing = ""  # the sign after the numbers of the list above, if nothing stands between
        self.was_blank = False
        self.number = 0

    def write(self, lines: list[_Line]) -> list[str]:
        for line in lines:
            if line.kind == "blank":
                self.was_blank = True
            elif line.kind == "ruler":
                self.end()
                self.done.append("---")
                self.closing = ""
            elif line.kind == "words":
                self.words(line)
            else:
                self.point(line)
            self.was_blank = line.kind == "blank"
        self.end()
        return self.done

    def words(self, line: _Line) -> None:
        goes_on = self.kind in ("bullet", "number") and _goes_on(line) and not self.was_blank
        if not goes_on and (self.kind != "words" or self.was_blank):
            self.end()
            self.kind, self.indent, self.closing = "words", "", ""
        self.block.append(self.indent + line_escaped(line.words))

    def point(self, line: _Line) -> None:
        is_new = self.kind != line.kind or (line.kind == "number" and line.number != self.number + 1)
        if is_new:
            self.end()
            self.closing = "" if line.kind == "bullet" else ")" if self.closing == "." else "."
            self.kind = line.kind
        elif self.was_blank:
            self.block.append("")
        self.number = line.number
        mark = f"{line.number}{self.closing} " if line.kind == "number" else "- "
        self.indent = " " * len(mark)
        self.block.append(mark + line_escaped(line.words[len(line.marker) :]))

    def end(self) -> None:
        if self.block:
            self.done.append("\n".join(self.block))
        self.block, self.kind = [], ""


def line_escaped(words: str) -> str:
    """One line whose beginning and whose signs are not taken for markup."""
    bare = words.lstrip(_SPAN_MARKS)
    if len(bare) < len(words):
        return words[: len(words) - len(bare)] + line_escaped(bare)
    words = escaped(words)
    if words[:1].isalpha():
        return words
    if found := _NUMBER.match(words):
        return f"{found[1]}\\{words[len(found[1]) :]}"
    if _LINE_START.match(words) or _TABLE_RULER.fullmatch(words):
        return f"\\{words}"
    return words


def escaped(words: str) -> str:
    """Words with a backslash before each sign that Markdown would read. Addresses stay as they are."""
    if not any(map(words.__contains__, _SPECIAL_SIGNS)) or not _SPECIAL.search(words):
        return words
    done: list[str] = []
    end = 0
    for found in _ADDRESS.finditer(words):
        address = trimmed(found[0])
        if is_safe_link(address):
            done += [_SPECIAL.sub(r"\\\g<0>", words[end : found.start()]), address]
            end = found.start() + len(address)
    return "".join([*done, _SPECIAL.sub(r"\\\g<0>", words[end:])])
