"""Character references and letters that went through the wrong tables on their way out of another system."""

import html
import re
from html.entities import html5

from forum.text.names import tidy

_REFERENCE = re.compile(r"&(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]{0,31})(;?)(=?))")
# Within an address only these end it or belong to it; `&sub;_section=5` is a broken `&sub_section=5`.
_IN_ADDRESS = frozenset(
    ("amp", "lt", "gt", "quot", "apos", "nbsp", "rsquo", "rdquo", "raquo", "ndash", "mdash", "hellip")
)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,31});?")
_BARE = frozenset(("amp", "lt", "gt", "quot", "nbsp"))
# UTF-8 read as a Western or Central European Windows code page: a quotation mark as three letters, e acute as two.
_MISREAD = re.compile("\u00e2\u20ac(?:[^\\x00-\\x7f]|\\?|(?=\\s|$))|[\u00c2\u00c3][^\\x00-\\x7f]")
_CODE_PAGES = ("cp1252", "cp1250", "latin-1")


def mended_references(source: str) -> str:
    """HTML in which only true character references are left: `&p;=1` and `&copy=1` of an address, `R&D;` and `AT&T` are
    a plain `&` and the letters after it."""
    if "&" not in source:
        return source
    return _REFERENCE.sub(_mended, _ADDRESS.sub(_mended_address, source))


def _mended_address(address: re.Match[str]) -> str:
    return _NAMED.sub(lambda name: name[0] if name[1] in _IN_ADDRESS else f"&amp;{name[1]}", address[0])


def _mended(found: re.Match[str]) -> str:
    name, semicolon, equals = found[1], found[2], found[3]
    if name is None:
        return found[0]
    if not equals and (f"{name};" in html5 if semicolon else name in _BARE):
        return f"&{name};"
    return f"&amp;{name}{equals}"


def decoded(source: str) -> str:
    """The text of a piece of HTML without tags: references resolved, also those that were made twice."""
    return plain_again(html.unescape(mended_references(source)))


def plain_again(text: str) -> str:
    """Text whose references are resolved, tidied, with what was encoded twice or decoded wrongly put right."""
    if "&" in text:
        text = _REFERENCE.sub(_again, text)
    return tidy(text if text.isascii() else _MISREAD.sub(_reread, text))


def _again(found: re.Match[str]) -> str:
    if found[1] is None:
        return html.unescape(found[0])
    mended = _mended(found)
    return "&" + mended.removeprefix("&amp;") if mended.startswith("&amp;") else html.unescape(mended)


def _reread(found: re.Match[str]) -> str:
    letters = found[0]
    if letters in ("\u00e2\u20ac?", "\u00e2\u20ac"):
        return "\u201d"  # its last byte stands for nothing in that code page and was lost
    for page in _CODE_PAGES:
        try:
            return letters.encode(page).decode("utf-8")
        except UnicodeError:
            continue
    return letters
