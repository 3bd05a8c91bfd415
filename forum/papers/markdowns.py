"""Papers as Markdown: our own headings and links alone; what people wrote can make neither."""

import re
from collections.abc import Sequence

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
    paragraphs,
    plain,
    spans,
)
from forum.text import moment

_SIGNS = re.compile(
    r"[\\`*_\[\]<>#~|!&$]|(?<!\S)[-+](?=\s|$|-)|(?<=\d)[.)](?=\s|$)|(?<=https):|(?<=http):|(?<=www)\.|@"
)
_RULERS = re.compile(r"^([ \t]*)([-=:]+)([ \t]*)$")
_ADDRESS_SIGNS = str.maketrans({"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", " ": "%20", "\\": "%5C", "|": "%7C"})


def as_markdown(paper: Paper) -> bytes:
    """The paper as Markdown (CommonMark, tables and footnotes as GitHub reads them), UTF-8."""
    writer = _Writer(paper)
    parts = [f"# {line(paper.title)}"]
    parts += [line(words) for words in paper.subtitle]
    parts.append(f"*{escaped(moment(paper.made_at))}*")
    parts += [text for block in paper.blocks if (text := writer.written(block))]
    parts += [f"[^{number}]: {line(note)}" for number, note in enumerate(writer.notes, 1)]
    return ("\n\n".join(parts) + "\n").encode()


def escaped(text: str) -> str:
    """Text in which no sign is taken for markup: by backslashes before the signs (CommonMark 2.4), lines kept."""
    return "\n".join(_line(part) for part in text.split("\n"))


def _line(text: str) -> str:
    if found := _RULERS.match(text):
        return f"{found[1]}\\{found[2]}{found[3]}"
    return _SIGNS.sub(lambda sign: f"\\{sign[0]}", text)


def line(words: str) -> str:
    """The same on one line."""
    return escaped(" ".join(words.split()))


class _Writer:
    """Writes blocks and collects their footnotes."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.notes: list[str] = []
        self.anchors: dict[str, str] = {}
        taken: dict[str, int] = {}
        self.marks: list[str] = []
        for block in paper.blocks:
            if isinstance(block, Heading):
                mark = _mark(plain(block.words), taken)
                self.marks.append(mark)
                if block.anchor:
                    self.anchors[block.anchor] = mark

    def written(self, block: Block) -> str:
        """One block; an empty text if Markdown has nothing for it."""
        match block:
            case Heading():
                return f"{'#' * (min(max(block.level, 1), 4) + 1)} {self.words(block.words, is_line=True)}"
            case Paragraph():
                return self.words(block.words)
            case Prose():
                return self.prose(block)
            case Points():
                return self.points(block)
            case Table():
                return self.table(block)
            case Facts():
                return "\n".join(f"- **{line(name)}:** {self.words(words, is_line=True)}" for name, words in block.rows)
            case Contents():
                return self.contents(block)
            case PageBreak():
                return ""

    @staticmethod
    def prose(block: Prose) -> str:
        """Paragraphs with their lines; a backslash at the end of a line keeps its break."""
        mark = "> " if block.is_quote else ""
        parts = [[_line(part.strip()) for part in text.split("\n")] for text in paragraphs(block)]
        return f"\n{mark.rstrip()}\n".join(mark + f"\\\n{mark}".join(lines) for lines in parts)

    def words(self, words: Words, *, is_line: bool = False) -> str:
        return "".join(self.span(span, is_line=is_line) for span in spans(words))

    def span(self, span: Span, *, is_line: bool) -> str:
        text = span.text.replace("\n", " ") if is_line else span.text
        written = escaped(text) if is_line else "\\\n".join(_line(part) for part in text.split("\n"))
        if span.is_strong and written.strip():
            written = f"**{written.strip()}**"
        if span.href:
            written = f"[{written}]({self.address(span.href)})"
        if span.note:
            self.notes.append(span.note)
            written += f"[^{len(self.notes)}]"
        return written

    def address(self, href: str) -> str:
        if href.startswith("#"):
            return "#" + self.anchors.get(href[1:], href[1:])
        return href.translate(_ADDRESS_SIGNS)

    def points(self, block: Points) -> str:
        marks = (f"{number}." if block.is_numbered else "-" for number in range(1, len(block.items) + 1))
        return "\n".join(
            f"{mark} {self.words(item, is_line=True)}" for mark, item in zip(marks, block.items, strict=True)
        )

    def table(self, block: Table) -> str:
        lines = [
            self.row([column.title for column in block.columns]),
            "|" + "|".join(" ---: " if column.is_number else " --- " for column in block.columns) + "|",
            *(self.row(row) for row in block.rows),
        ]
        return (f"**{line(block.caption)}**\n\n" if block.caption else "") + "\n".join(lines)

    def row(self, cells: Sequence[Words]) -> str:
        return "| " + " | ".join(self.words(cell, is_line=True) for cell in cells) + " |"

    def contents(self, block: Contents) -> str:
        headings = [heading for heading in self.paper.blocks if isinstance(heading, Heading)]
        lines = [
            f"{'  ' * (heading.level - 1)}- [{line(plain(heading.words))}](#{mark})"
            for heading, mark in zip(headings, self.marks, strict=True)
            if heading.level <= block.depth
        ]
        return f"**{line(block.title)}**\n\n" + "\n".join(lines)


def _mark(text: str, taken: dict[str, int]) -> str:
    """The anchor that GitHub and others give a heading: lower case, hyphens for spaces, no other signs."""
    base = re.sub(r"[^\w\- ]", "", " ".join(text.split()).lower()).replace(" ", "-")
    count = taken.get(base, 0)
    taken[base] = count + 1
    return f"{base}-{count}" if count else base
