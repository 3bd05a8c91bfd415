"""Addresses in a post: which there are, where they lead, and what is odd about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from forum import terms

_ADDRESS = re.compile(
    r"(?:https?://|(?<![\w@/.-])www\.)[^\s<>\"'\]\[|`)\u3000-\u30ff\u4e00-\u9fff]{3,2000}", re.IGNORECASE
)
_NAMED = re.compile(r"\[([^\]\n]{1,300})\]\(\s*<?((?:https?://|www\.)[^\s)>]{3,2000})", re.IGNORECASE)
_NAME = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,24})(?:[/?#]\S*)?", re.IGNORECASE)
_HOST_IS_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_PROGRAM = re.compile(r"\.(?:apk|bat|dmg|exe|iso|jar|js|msi|pkg|ps1|scr|vbs)(?:[?#]|$)", re.IGNORECASE)
_OFFICIAL = re.compile(r"(?:\.|^)(?:gov|mil|edu|int|europa\.eu|(?:gov|gob|gouv|govt|ac|edu)\.[a-z]{2})$")

SHORTENERS = frozenset(
    "adf.ly bit.do bit.ly buff.ly cutt.ly goo.gl is.gd lnkd.in ow.ly rb.gy rebrand.ly s.id shorte.st shorturl.at t.co "
    "t.ly tiny.cc tinyurl.com v.gd".split()
)
MESSENGERS = frozenset("t.me telegram.me wa.me api.whatsapp.com chat.whatsapp.com line.me discord.gg".split())
REFERENCES = frozenset(
    "wikipedia.org wikimedia.org archive.org doi.org jstor.org nature.com who.int un.org oecd.org worldbank.org".split()
)
_IMITATED = frozenset("amazon apple ebay facebook google instagram microsoft netflix paypal whatsapp".split())
_ENDINGS = frozenset("com gov org net".split())
_LATIN, _LOOKALIKE = re.compile("[a-z]"), re.compile("[\u0370-\u03ff\u0400-\u04ff]")


@dataclass(frozen=True, slots=True)
class Addresses:
    """What stands in one post. `hosts`: in order, one for each address, without `www.`."""

    hosts: tuple[str, ...] = ()
    repeats: int = 0  # how often the most frequent address stands there
    official: int = 0  # addresses of offices, schools and works of reference
    short: int = 0
    messengers: int = 0
    imitations: tuple[str, ...] = ()  # hosts that look like another one
    programs: int = 0

    @property
    def count(self) -> int:
        return len(self.hosts)


def read(text: str) -> Addresses:
    """The addresses in Markdown, HTML, or plain text. Never opens any."""
    found = [match[0].rstrip(".,;:!?*_~") for match in _ADDRESS.finditer(text)]
    if not found:
        return Addresses()
    hosts = [host_of(address) for address in found]
    targets = [(name, host_of(address)) for name, address in _NAMED.findall(text)]
    return Addresses(
        hosts=tuple(hosts),
        repeats=max(map(found.count, found[:50])),
        official=sum(map(is_official, hosts)),
        short=sum(host in SHORTENERS for host in hosts),
        messengers=sum(host in MESSENGERS for host in hosts),
        imitations=tuple(dict.fromkeys([*filter(_imitates, hosts), *_misnamed(targets)])),
        programs=sum(bool(_PROGRAM.search(address)) for address in found),
    )


def without(text: str) -> str:
    """The text with a blank in place of each address."""
    return _ADDRESS.sub(" ", text)


def host_of(address: str) -> str:
    """The host of an address in small letters, without `www.`, port and name before it; empty if there is none."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").rstrip(".")


def site_of(host: str) -> str:
    """The last two parts of a host, or three where the last two are as short as `co.uk`."""
    parts = host.split(".")
    keep = 3 if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3 else 2
    return ".".join(parts[-keep:])


def is_official(host: str) -> bool:
    """Does it belong to an office, a school, or a well-known work of reference?"""
    return bool(_OFFICIAL.search(host)) or site_of(host) in REFERENCES


def _imitates(host: str) -> bool:
    """A bare number, another address before its own name (bank.com.thief.example), letters that look like others."""
    if _HOST_IS_NUMBER.fullmatch(host):
        return True
    site = site_of(host)
    before = host.removesuffix(site).split(".")
    if not is_official(site) and (not _ENDINGS.isdisjoint(before) or site.startswith(("com-", "gov-"))):
        return True
    labels = [_decoded(label) for label in host.split(".")]
    return any(_LATIN.search(label) and _LOOKALIKE.search(label) for label in labels) or any(
        label not in _IMITATED and terms.fold(label) in _IMITATED for label in labels
    )


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _misnamed(targets: Sequence[tuple[str, str]]) -> list[str]:
    """Hosts of links whose words name another host: [www.bank.example](http://thief.example)."""
    found = []
    for name, host in targets:
        said = _NAME.fullmatch(name.strip())
        if said and site_of(said[1].lower().removeprefix("www.")) != site_of(host):
            found.append(host)
    return found
