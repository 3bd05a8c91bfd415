"""The HTML of other systems, however broken, written as Markdown that shows the same words in the same order."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3

from forum.text import escapes
from forum.text.entities import decoded, mended_references, plain_again
from forum.text.links import is_safe_link
from forum.text.names import tidy
from forum.text.plains import to_plain
from forum.text.spans import EM, LINK, MARKS, STRONG, STRUCK, Spans

_BLOCKS = frozenset(
    "address article aside blockquote caption center dd details div dl dt fieldset figcaption figure footer form h1 h2"
    " h3 h4 h5 h6 header hr li main nav ol option p pre section summary table tbody td tfoot th thead tr ul".split()
)
_INLINE = {"b": STRONG, "strong": STRONG, "i": EM, "em": EM, "s": STRUCK, "del": STRUCK, "strike": STRUCK}
_MEDIA = frozenset("audio embed img source video".split())
_DROPPED = frozenset("script style template title".split())
# Within these a browser takes tags for text; here they are read.
_RAW = frozenset("iframe listing noembed noframes noscript plaintext textarea xmp".split())
_OTHER = frozenset(
    "abbr acronym applet area base basefont bdi bdo bgsound big blink body br button canvas cite code col colgroup data"
    " datalist dfn dialog dir font frame frameset head hgroup html input ins isindex kbd keygen label legend link map"
    " mark marquee math menu menuitem meta meter nobr object optgroup output param picture progress q rb rp rt rtc ruby"
    " samp search select slot small span sub sup svg time track tt u var wbr xml".split()
)
_CLOSED_BY_OTHERS = frozenset("colgroup dd dt li option p tbody td tfoot th thead tr".split())
_VOID = frozenset("area base basefont bgsound br col embed frame hr img input link meta param source track wbr".split())
_KNOWN = _BLOCKS | _INLINE.keys() | _MEDIA | _DROPPED | _RAW | _OTHER | {"a"}

_ATTRIBUTES = r"(?:\s{1,20}[A-Za-z-]{1,40}(?:=\"[^\"<>]{0,500}\")?){0,20}+\s{0,20}/?"
_SIMPLE = re.compile(f"<(?:(br)|/?(?:p|div)){_ATTRIBUTES}>", re.IGNORECASE)
_TAG = re.compile(
    r"<(/?)([A-Za-z][^\s<>/\"'=]{0,100}+)((?:[^<>\"']++|\"[^\"]{0,1000}+\"|'[^']{0,1000}+'|[\"']){0,60}+)>"
    r"|<![A-Za-z\[][^<>]{0,500}>|<"
)
_BREAKS = re.compile(r"<(?:br|p|div|li|h[1-6]|tr|dd|blockquote)\b", re.IGNORECASE)
_NEW_LINES = re.compile(r"\n\s*")
_BACKTICKS = re.compile("`+")
_CLEANER = nh3.Cleaner(
    tags={*_BLOCKS, *_INLINE, *_MEDIA, "a", "br"},
    clean_content_tags=set(_DROPPED),
    attributes={"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}, **{tag: {"src"} for tag in _MEDIA - {"img"}}},
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)
_MOST_DEPTH = 50
_MOST_LEVELS = 3
_MOST_COLUMNS = 20
_MOST_CELLS = 2_000


def from_html(html: str) -> str:
    """Markdown for HTML from another system, good for `to_html` and for reading as it is.

    Paragraphs, line breaks, lists, tables, quotes, headings, bold, italic and links stay, pictures and players become
    links, scripts and styles go with all they hold. Text without any tag may come too: its lines are kept. What is no
    tag (`a < b`, `<name>`) stays, references that are broken (`&p;=1`) or made twice (`&amp;nbsp;`) are put right. The
    result shows the words of the source in their order. Takes time in proportion to the length.
    """
    html = tidy(html)
    if "<" not in html:
        return "\n\n".join(escapes.paragraphs(decoded(html)))
    keeps_lines = not _BREAKS.search(html)
    if not keeps_lines:
        simple = _NEW_LINES.sub(_as_space, html) if "\n" in html else html
        simple = simple.replace("<br />", "\n").replace("<br>", "\n")  # so most are written
        if "<" in simple:
            simple = _SIMPLE.sub(lambda tag: "\n" if tag[1] else "\n\n", simple)
        if "<" not in simple:
            return "\n\n".join(escapes.paragraphs(decoded(simple)))
    reader = _Reader(keeps_lines)
    reader.feed(_CLEANER.clean(mended_references(_without_false_tags(html))))
    reader.close()
    return reader.markdown()


def _as_space(new_lines: re.Match[str]) -> str:
    """In HTML a new line is a space; an empty line stays, as many systems print plain text between tags."""
    return "\n\n" if new_lines[0].count("\n") > 1 else " "


def _without_false_tags(html: str) -> str:
    """HTML in which each `<` begins a tag that HTML knows; comments are gone."""
    parts = html.replace("<![CDATA[", "").replace("]]>", "").split("<!--")
    kept = [parts[0]]
    for i, part in enumerate(parts[1:], start=1):
        _, end, after = part.partition("-->")
        if not end and "-->" not in (rest := "<!--".join(parts[i + 1 :])):
            kept += [part, rest]
            break
        kept.append(after)
    return _TAG.sub(_TrueTags(), "".join(kept))


class _TrueTags:
    """Decides for each `<` what it is. Tags nested deeper than 50 are left out: such trees take quadratic time."""

    def __init__(self) -> None:
        self.depth = 0

    def __call__(self, found: re.Match[str]) -> str:
        tag, closing, name = found[0], found[1], (found[2] or "").lower()
        if not name:
            return "&lt;" if tag == "<" else ""
        if name == "iframe" and not closing:
            return f"<embed{found[3]}>"
        if name in _RAW:
            return " "
        if name not in _KNOWN:
            is_markup = (":" in name or "-" in name or "=" in found[3]) and "@" not in tag and name[:4] != "http"
            return "" if is_markup else f"&lt;{tag[1:]}"
        if name in _CLOSED_BY_OTHERS or name in _VOID:
            return tag
        self.depth = max(0, self.depth - 1) if closing else self.depth + 1
        return tag if self.depth <= _MOST_DEPTH else " "


@dataclass
class _Block:
    """A paragraph, a point, a heading or a whole table, and what stands before its lines."""

    around: tuple[str, ...]
    mark: str
    body: str
    is_close: bool = False  # no blank line before it if a point is above

    def lines(self) -> list[str]:
        first, *others = self.body.split("\n")
        start = "".join((*self.around[:-1], self.mark)) if self.mark else "".join(self.around)
        return [start + first, *(("".join(self.around) + line).rstrip() for line in others)]


@dataclass
class _List:
    mark: str  # "-", "*", "." or ")"
    number: int
    is_new: bool = True


class _Reader(HTMLParser):
    """Reads clean HTML into blocks."""

    def __init__(self, keeps_lines: bool) -> None:
        super().__init__()
        self.keeps_lines = keeps_lines
        self.spans = Spans()
        self.blocks: list[_Block] = []
        self.parts: list[str] = []
        self.around: list[str] = []
        self.mark = ""  # of a point whose first line is still to come
        self.is_close = True
        self.lists: list[_List] = []
        self.last_list = (-1, "")  # where the list above ended, and its mark
        self.level = 0  # of the heading that is being read
        self.verbatim, self.verbatim_depth = "", 0
        self.rows: list[list[str]] | None = None
        self.links = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self.verbatim_depth:
            self.verbatim_depth += tag == "pre"
            self.verbatim += "\n" if tag in _BLOCKS or tag == "br" else ""
        elif tag in _BLOCKS:
            self.end_block()
            self.open_block(tag, values)
        elif tag == "br":
            self.parts.append("\n")
        elif tag in _INLINE:
            self.parts.append(self.spans.opened(_INLINE[tag]))
        elif tag == "a":
            self.parts.append(self.spans.opened(LINK, "" if self.links else values.get("href", "")))
            self.links += 1
        elif tag in _MEDIA:
            self.medium(values.get("src", ""), values.get("alt", ""), is_apart=tag != "img")

    def handle_endtag(self, tag: str) -> None:
        if self.verbatim_depth:
            self.verbatim_depth -= tag == "pre"
            if not self.verbatim_depth:
                self.end_verbatim()
        elif tag in _BLOCKS:
            self.end_block()
            self.close_block(tag)
        elif tag in _INLINE or tag == "a":
            self.links -= tag == "a"
            self.parts.append(self.spans.closed())

    def handle_data(self, data: str) -> None:
        text = plain_again(data)
        if self.verbatim_depth:
            self.verbatim += text
        else:
            self.parts.append(text if self.keeps_lines else _NEW_LINES.sub(_as_space, text))

    def medium(self, address: str, words: str, *, is_apart: bool) -> None:
        """A picture or a player as a link to it."""
        words = plain_again(words).strip() or address
        if self.links or not is_safe_link(address):
            self.parts.append(words)
            return
        around = "\n" if is_apart else ""
        self.parts += [around, self.spans.opened(LINK, address), words, self.spans.closed(), around]

    def open_block(self, tag: str, values: dict[str, str]) -> None:
        if tag in ("ul", "ol"):
            self.open_list(tag, values.get("start", ""))
        elif tag == "li":
            self.open_point()
        elif tag == "blockquote":
            self.around.append("> " if len(self.around) < _MOST_LEVELS else "")
        elif tag == "pre":
            self.verbatim_depth = 1
        elif tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.level = int(tag[1])
        elif tag == "hr":
            self.add("---")
        elif tag == "table" and self.rows is None:
            self.rows = []
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])

    def close_block(self, tag: str) -> None:
        if tag in ("ul", "ol") and self.lists:
            self.last_list = (len(self.blocks), self.lists.pop().mark)
        elif tag in ("li", "blockquote") and self.around:
            self.around.pop()
            self.mark = ""
        elif tag in ("td", "th") and self.rows:
            self.end_cell()
        elif tag == "table" and self.rows is not None:
            self.end_table(self.rows)
        self.level = 0

    def open_list(self, tag: str, start: str) -> None:
        marks = "-*" if tag == "ul" else ".)"
        is_adjacent = self.last_list == (len(self.blocks), marks[0])
        number = int(start) if start.isdecimal() and len(start) < 9 else 1
        self.lists.append(_List(marks[is_adjacent], number))

    def open_point(self) -> None:
        within = self.lists[-1] if self.lists else _List("-", 1)
        self.mark = ""
        # A list that does not begin with 1 is not seen right under a line of text (CommonMark 5.3).
        self.is_close = not within.is_new or within.number == 1 or within.mark in "-*"
        within.is_new = False
        if len(self.around) < _MOST_LEVELS and self.rows is None:
            self.mark = f"{within.number}{within.mark} " if within.mark in ".)" else f"{within.mark} "
        within.number += 1
        self.around.append(" " * len(self.mark))

    def add(self, body: str) -> None:
        self.blocks.append(_Block(tuple(self.around), self.mark, body, bool(self.mark) and self.is_close))
        self.mark = ""

    def end_block(self) -> None:
        """Turn the words read so far into paragraphs; marks of spans without words wait for the next block."""
        text = "".join(self.parts)
        if self.rows:
            self.parts.append(" ")
            return
        if not MARKS.sub("", text).strip():
            self.parts = MARKS.findall(text)
            return
        self.parts = []
        if self.level:
            words = escapes.line_escaped(" ".join(text.split()))
            self.add(f"{'#' * self.level} {words[:-1]}\\#" if words.endswith("#") else f"{'#' * self.level} {words}")
            return
        for paragraph in escapes.paragraphs(text, lists=not self.lists):
            self.add(paragraph)

    def end_verbatim(self) -> None:
        text, self.verbatim = self.verbatim, ""
        if self.rows:
            self.parts.append(text)
        elif text.strip():
            fence = "`" * max(3, *(len(run) + 1 for run in _BACKTICKS.findall(text)), 3)
            self.add(f"{fence}\n{text.strip(chr(10))}\n{fence}")

    def end_cell(self) -> None:
        text = " ".join("".join(self.parts).split())
        self.parts = []
        if self.rows:
            self.rows[-1].append(escapes.escaped(text).replace("|", "\\|"))

    def end_table(self, rows: list[list[str]]) -> None:
        self.rows = None
        rows = [row for row in rows if any(row)]
        columns = max((len(row) for row in rows), default=0)
        if 1 < columns <= _MOST_COLUMNS and columns * len(rows) <= _MOST_CELLS:
            lines = ["| " + " | ".join([*row, *[""] * (columns - len(row))]) + " |" for row in rows]
            self.add("\n".join([lines[0], "|" + " --- |" * columns, *lines[1:]]))
        else:
            for row in rows:
                self.add(escapes.line_escaped(" ".join(row)))

    def markdown(self) -> str:
        self.end_block()
        written = self.written(emphasis=True)
        if self.spans.has_emphasis:
            bare = self.written(emphasis=False)
            # Where a delimiter would be read otherwise than meant, the words count more than their weight.
            if to_plain(written) != to_plain(bare):
                return bare
        return written

    def written(self, *, emphasis: bool) -> str:
        bodies = self.spans.markdown([block.body for block in self.blocks], emphasis=emphasis)
        lines: list[str] = []
        above: _Block | None = None
        for block, body in zip(self.blocks, bodies, strict=True):
            if not body.strip():
                continue
            if above and not (block.is_close and above.around and above.around[-1].isspace()):
                shared = [a for a, b in zip(above.around, block.around, strict=False) if a == b == "> "]
                lines.append("".join(shared).rstrip())
            lines += _Block(block.around, block.mark, body.strip()).lines()
            above = block
        return "\n".join(lines)
