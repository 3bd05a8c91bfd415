"""Markdown turned into plain text: whole, for mails, feeds and search, or the two lines of a card."""

import re
import unicodedata

from markdown_it.token import Token

from forum.text.markdown import html_of, is_too_much, paragraphs, tokens
from forum.text.names import tidy

# Without any of these a text is its own plain form.
_SIGNS = re.compile(r"[\\`*_\[<&~|#]|^[ \t]*(?:>|[-+]|\d+[.)])", re.MULTILINE)
_HEAD = 5  # how much more of the source than of the result is read, as markup and addresses fall away
_PAUSES = " ,;:.-\u2013\u2014\u3001\u3002\uff0c"


def to_plain(markdown: str, *, links: bool = True) -> str:
    """The text alone, for mails, feeds and search: blank lines between paragraphs, `- ` and `1. ` before the points of
    a list, `> ` before quoted lines, the address after a link's words unless `links` is False. It is not HTML: escape
    it where HTML is made."""
    markdown = tidy(markdown)
    return markdown.strip() if is_too_much(markdown) else _Plain(links).read(tokens(markdown))


def to_html_and_plain(markdown: str, *, links: bool = True) -> tuple[str, str]:
    """What `to_html` and `to_plain` give, at little more than the cost of one: the text is parsed once."""
    tidied = tidy(markdown)
    if is_too_much(tidied):
        return paragraphs(tidied), tidied.strip()
    parsed = tokens(tidied)
    return html_of(parsed), _Plain(links).read(parsed)


def excerpt(markdown: str, length: int = 180) -> str:
    """The beginning without markup, on one line, at most `length` characters, cut between words with an ellipsis. It is
    not HTML: escape it where HTML is made."""
    is_all = len(markdown) <= length * _HEAD
    head = tidy(markdown if is_all else markdown[: length * _HEAD])
    if _SIGNS.search(head):
        head = _Plain(links=False, marks=False).read(tokens(head))
    words = " ".join(head.split())
    if is_all and len(words) <= length:
        return words
    return f"{_cut(words, length - 1)}\u2026"


def _cut(words: str, length: int) -> str:
    """At most `length` characters: whole words, or whole letters where the script has no spaces."""
    if len(words) > length:
        end = words.rfind(" ", length * 2 // 3, length + 1)
        if end < 0:
            end = length
            while end > 1 and unicodedata.category(words[end])[0] == "M":
                end -= 1
        words = words[:end]
    return words.rstrip(_PAUSES)


class _Plain:
    """Walks the tokens of a text and collects its lines."""

    def __init__(self, links: bool, marks: bool = True) -> None:
        self.links, self.marks = links, marks
        self.lines: list[str] = []
        self.around: list[str] = []  # what stands before a line: a piece for each point and quote around it
        self.above: list[str] = []  # the same for the line before
        self.numbers: list[int] = []  # of the lists around: the next number, or -1 where points have none
        self.mark = ""  # of a point whose first line is still to come
        self.is_apart = False  # whether a blank line comes next
        self.cells: list[str] = []  # of the row of a table that is being read

    def read(self, tokens: list[Token]) -> str:
        is_table = False
        for token in tokens:
            if token.type == "inline":
                words = self.inline(token.children or [])
                if is_table:
                    self.cells.append(words)
                else:
                    self.add(words)
            elif token.type == "fence":
                self.add(token.content.rstrip("\n"))
            elif token.type in ("table_open", "table_close"):
                is_table = token.nesting == 1
                self.is_apart = True
            elif token.type == "tr_close":
                self.add(" | ".join(self.cells), is_apart=False)
                self.cells.clear()
            elif token.type == "paragraph_close":
                self.is_apart = not token.hidden
            elif token.nesting == 1:
                self.enter(token)
            elif token.nesting == -1:
                self.leave(token)
        return "\n".join(self.lines)

    def enter(self, token: Token) -> None:
        if token.type == "ordered_list_open":
            self.numbers.append(int(token.attrs.get("start", 1)))
        elif token.type == "bullet_list_open":
            self.numbers.append(-1)
        elif token.type == "list_item_open":
            number = self.numbers[-1]
            self.mark = f"{number}. " if number >= 0 else "- " if self.marks else ""
            self.numbers[-1] += number >= 0
            self.around.append(" " * len(self.mark))
        elif token.type == "blockquote_open":
            self.around.append("> " if self.marks else "")

    def leave(self, token: Token) -> None:
        if token.type in ("ordered_list_close", "bullet_list_close"):
            self.numbers.pop()
            self.is_apart = self.is_apart or not self.numbers
        elif token.type in ("list_item_close", "blockquote_close"):
            self.around.pop()
            self.mark = ""
            self.is_apart = self.is_apart or token.type == "blockquote_close"

    def add(self, words: str, is_apart: bool = True) -> None:
        """A paragraph, after a blank line where one is due."""
        if self.is_apart and self.lines:
            shared = (piece for piece, before in zip(self.around, self.above, strict=False) if piece == before)
            self.lines.append("".join(shared).rstrip())
        for line in words.split("\n"):
            start = [*self.around[:-1], self.mark] if self.mark else self.around
            self.lines.append(f"{''.join(start)}{line}".rstrip())
            self.mark = ""
        self.is_apart, self.above = is_apart, self.around.copy()

    def inline(self, tokens: list[Token]) -> str:
        pieces: list[str] = []
        start, href = 0, ""
        for token in tokens:
            if token.type in ("softbreak", "hardbreak"):
                pieces.append("\n")
            elif token.type == "link_open":
                start, href = len(pieces), "" if token.info == "auto" else str(token.attrs.get("href", ""))
            elif token.type == "link_close":
                if self.links and href.split(":", 1)[-1].strip("/") not in "".join(pieces[start:]):
                    pieces.append(f" ({href})")
            else:
                pieces.append(token.content)
        return "".join(pieces)
