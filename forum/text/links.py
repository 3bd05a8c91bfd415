"""Which addresses may become links, and where a person may be sent next."""

import re

MOST_CHARACTERS = 2000

# An address in running text ends at a space, a quotation mark, a bracket, or where a script without spaces goes on.
_ENDS = (
    '\\s\\x00-\\x20<>"`\\\\\\[\\]|*\u00ab\u00bb\u201c-\u201f\u3000-\u303f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af'
    "\ufdd0-\ufdef\uff01-\uff0f\uff1a-\uff20\U00020000-\U0003ffff"
)
# Only these letters in either case: with the flag for all of it, Python looks at every character of the ranges above.
ADDRESS = re.compile(f"(?i:https?)://[^{_ENDS}]{{1,{MOST_CHARACTERS}}}+(?![^{_ENDS}])")
WWW = re.compile(f"(?<![\\w.@/:-])(?i:www\\.[a-z0-9-]{{1,63}})\\.[^{_ENDS}]{{1,{MOST_CHARACTERS}}}+(?![^{_ENDS}])")
_TRAILING = frozenset(".,;:!?'\u2018\u2019\u2026_~)")
_HOST = re.compile(r"https?://[^\s/?#@\\:]+(?::\d{1,5})?(?:[/?#]|$)", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s<>\"'/\\]+", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]")


def trimmed(address: str) -> str:
    """The address without the punctuation of the sentence around it; a closing bracket stays if it was opened."""
    end = len(address)
    surplus = address.count(")") - address.count("(")
    while end and address[end - 1] in _TRAILING:
        if address[end - 1] == ")":
            if surplus <= 0:
                break
            surplus -= 1
        end -= 1
    return address[:end]


def is_safe_link(address: str) -> bool:
    """Whether a text may link there: http and https with a plain host, mailto, a path of this site, a spot on this
    page. Never `//other.example`, a script, or a name before the host that makes it look like another one."""
    if _CONTROL.search(address):
        return False
    if address.startswith("#"):
        return len(address) > 1
    return bool(_HOST.match(address) or _MAIL.match(address)) or is_same_site_path(address)


def is_same_site_path(path: str) -> bool:
    """Whether this is a path of this site, such as `/ideas?sort=new`, in the eyes of every browser: they take a
    backslash for a slash, and drop new lines."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and not _CONTROL.search(path)


def safe_next(path: str | None, default: str = "/") -> str:
    """Where to go after signing in: the path asked for if it lies on this site and is no longer than 2,000 characters,
    else `default`."""
    return path if path and len(path) <= MOST_CHARACTERS and is_same_site_path(path) else default
