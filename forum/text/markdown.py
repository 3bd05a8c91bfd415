"""What people write, as Markdown, read and turned into safe HTML."""

import re
from collections.abc import Callable

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from forum.text.links import ADDRESS, WWW, is_safe_link, trimmed
from forum.text.names import tidy

# Above this a text is shown as paragraphs without markup, which takes time in proportion to its length only.
MOST_CHARACTERS = 100_000
# Signs that open something. Closing all of them is what takes a parser long, and no honest text has so many.
MOST_OPENERS = 2_000
_OPENERS = re.compile(r"[*_~`\[<&!]|^[ \t]*(?:>|[-+]|\d+[.)])", re.MULTILINE)
_MOST_LEVELS = 8
_MOST_CELLS = 5_000

_TAGS = {
    "p", "br", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}, "ol": {"start"}, "*": set()},
    url_schemes={"http", "https", "mailto"},
    url_relative=lambda address: address if is_safe_link(address) else None,
    link_rel="nofollow ugc noopener",
)
# An address of this form needs no encoding; most do have it.
_READY = re.compile(r"(?:https?://[a-z0-9.-]+(?=[/?#]|$)|/)[A-Za-z0-9/?#._~!$&'()+,;=:@%-]*", re.ASCII)
_SCHEME = re.compile(r"(?<![A-Za-z0-9])https?$", re.IGNORECASE)


class _Markdown(MarkdownIt):
    """CommonMark with tables and struck text, read as people write who do not know Markdown: a new line is a new line,
    an indented line is not code, `Note:` over a row of hyphens is no heading, and nothing typed disappears, as the
    definition of a link reference would."""

    def __init__(self) -> None:
        super().__init__("js-default", {"html": False, "breaks": True})
        self.disable(["code", "lheading", "reference", "html_block", "html_inline"])
        self.block.ruler.at(
            "blockquote", _bounded(blockquote), {"alt": ["paragraph", "reference", "blockquote", "list"]}
        )
        self.block.ruler.at("list", _bounded(list_block), {"alt": ["paragraph", "reference", "blockquote"]})
        self.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})
        self.inline.ruler.at("linkify", _bare_address)
        self.core.ruler.push("finish", _finish)

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - a name of markdown-it
        if url[:4].lower() == "www.":
            url = f"http://{url}"
        return url if _READY.fullmatch(url) else super().normalizeLink(url)

    def validateLink(self, url: str) -> bool:  # noqa: N802 - a name of markdown-it
        return is_safe_link(url)


def _bounded(rule: Callable[[StateBlock, int, int, bool], bool]) -> Callable[[StateBlock, int, int, bool], bool]:
    """The rule up to a depth; deeper markers are shown as typed, where markdown-it would drop the text."""

    def bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < _MOST_LEVELS and rule(state, start, end, silent)

    return bounded


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Tables of up to 5,000 cells in a text: missing cells are filled in, so that few signs could become megabytes."""
    cells = state.env.get("cells", 0)
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    if columns == 1 or cells > _MOST_CELLS or not table(state, start, end, True):
        return False
    if silent:
        return True
    last = start
    while last < end and not state.isEmpty(last) and cells <= _MOST_CELLS:
        cells += columns
        last += 1
    state.env["cells"] = cells
    return cells <= _MOST_CELLS and table(state, start, end, False)


def _bare_address(state: StateInline, silent: bool) -> bool:
    """Make a link of `https://...` in running text; called at its colon, when the scheme is already pending."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.pending[-6:])
    found = scheme and ADDRESS.match(state.src, state.pos - len(scheme[0]), state.posMax)
    if not scheme or not found:
        return False
    address = trimmed(found[0])
    href = state.md.normalizeLink(address)
    if not state.md.validateLink(href):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        opened = state.push("link_open", "a", 1)
        opened.attrs, opened.info = {"href": href}, "auto"
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1)
    state.pos = found.start() + len(address)
    return True


def _finish(state: StateCore) -> None:
    """Headings below those of the page, pictures as links to them, links for addresses that begin with `www.`."""
    has_www = "www." in state.src.lower()
    for token in state.tokens:
        if token.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        if token.children and (has_www or any(child.type == "image" for child in token.children)):
            token.children = _linked(token.children, state.md)


def _linked(tokens: list[Token], parser: MarkdownIt) -> list[Token]:
    done: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.tag == "a" else 0
        if token.type == "image":
            href = str(token.attrs.get("src", ""))
            shown = [Token("text", "", 0, content=token.content or href)]
            done += shown if depth else _link(href, shown)
        elif token.type == "text" and not depth:
            done += _www_links(token, parser)
        else:
            done.append(token)
    return done


def _www_links(token: Token, parser: MarkdownIt) -> list[Token]:
    done: list[Token] = []
    end = 0
    for found in WWW.finditer(token.content):
        address = trimmed(found[0])
        href = parser.normalizeLink(address)
        if not parser.validateLink(href):
            continue
        done.append(Token("text", "", 0, content=token.content[end : found.start()]))
        done += _link(href, [Token("text", "", 0, content=address)], info="auto")
        end = found.start() + len(address)
    return [*done, Token("text", "", 0, content=token.content[end:])] if done else [token]


def _link(href: str, shown: list[Token], info: str = "") -> list[Token]:
    return [Token("link_open", "a", 1, attrs={"href": href}, info=info), *shown, Token("link_close", "a", -1)]


_PARSER = _Markdown()


def to_html(markdown: str) -> str:
    """Safe HTML of what somebody wrote: paragraphs, lists, quotes, tables, code, headings from h3 down, links to http,
    https, mailto and paths of this site, each with `rel="nofollow ugc noopener"`. Anything else is shown as it was
    typed and does nothing. Takes time in proportion to the length: above 100,000 characters, or with more than 2,000
    signs of markup, the text is shown as paragraphs without markup."""
    markdown = tidy(markdown)
    return paragraphs(markdown) if is_too_much(markdown) else html_of(tokens(markdown))


def html_of(tokens: list[Token]) -> str:
    """Safe HTML of a text that was parsed."""
    return _CLEANER.clean(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def paragraphs(markdown: str) -> str:
    """Safe HTML of a tidied text that is not read as Markdown."""
    return _CLEANER.clean(_paragraphs(markdown))


def tokens(markdown: str) -> list[Token]:
    """The tokens of a tidied text, as markdown-it gives them."""
    return _PARSER.parse(markdown)


def is_too_much(markdown: str) -> bool:
    """Whether a text is too long, or too full of markup, to be read as Markdown."""
    if len(markdown) > MOST_CHARACTERS:
        return True
    return len(markdown) > MOST_OPENERS and sum(1 for _ in _OPENERS.finditer(markdown)) > MOST_OPENERS


def _paragraphs(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parts = (part.strip() for part in re.split(r"\n[ \t]*(?=\n)", escaped))
    return "\n".join("<p>" + part.replace("\n", "<br>\n") + "</p>" for part in parts if part)
