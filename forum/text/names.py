"""Names and addresses made from what people type: tidied text, slugs, handles, and a form for comparing."""

import re
import unicodedata

SLUG_LENGTH = 60
HANDLE_LENGTH = 40

# Letters that Unicode does not take apart into a base letter and an accent.
_LATIN = str.maketrans(
    {
        "\u00e6": "ae", "\u0153": "oe", "\u00f8": "o", "\u00df": "ss", "\u0142": "l", "\u0111": "d", "\u00f0": "d",
        "\u00fe": "th", "\u0131": "i", "\u0127": "h", "\u0167": "t", "\u0138": "k", "\u014b": "n", "\u0259": "e",
    }
)  # fmt: skip
# Marks that sit on a letter and may be left out when comparing: accents, Hebrew points, Arabic vowel signs. The vowel
# signs of Indic scripts are letters to their readers and stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u0652\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]+"
)
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters, those that turn the direction of a whole line around, and code points that stand for nothing.
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202d\u202e\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]+")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`\u00b4]")
_NOT_SLUG = re.compile("[^a-z0-9]+")


def tidy(value: str) -> str:
    """What somebody typed or sent, safe to store on every database and to show: new lines as `\\n`, composed letters
    (NFC), no control characters, no overridden direction. Nothing that can be read is lost."""
    if value.isascii() and (value.replace("\n", " ").isprintable() or not _ODD.search(value)):
        return value
    value = _LINE_ENDS.sub("\n", value)
    value = _UNWANTED.sub("", value)
    value = _SURROGATES.sub("\ufffd", value)
    return unicodedata.normalize("NFC", value)


def tidy_line(value: str) -> str:
    """The same for what stands on one line, as a title or a name: no new lines, single spaces, none at the ends."""
    return " ".join(tidy(value).split())


def fold(value: str) -> str:
    """A form in which texts are compared: no difference between cases, widths (NFKC) and accents, nothing invisible.
    `na\u00efve` equals `Naive`. Folding a second time changes nothing."""
    if value.isascii():
        return value.lower()
    value = _folded_once(value)
    while (again := _folded_once(value)) != value:
        value = again
    return value


def _folded_once(value: str) -> str:
    apart = unicodedata.normalize("NFKD", value).casefold()
    apart = _ACCENTS.sub("", unicodedata.normalize("NFKD", _INVISIBLE.sub("", apart)))
    return unicodedata.normalize("NFKC", apart)


def slug(title: str, fallback: str = "idea") -> str:
    """The readable end of an address, `/ideas/12-open-the-records`: ASCII letters, digits and hyphens, at most 60
    characters, cut between words. A title without Latin letters or digits gives `fallback`: percent-encoded letters
    would be longer than the limit of many mail programs, and the number before it already names the idea."""
    words = _NOT_SLUG.sub("-", _latin(title)).strip("-")
    if len(words) > SLUG_LENGTH:
        cut = words[: SLUG_LENGTH + 1].rfind("-")
        words = words[: cut if cut > SLUG_LENGTH // 3 else SLUG_LENGTH].rstrip("-")
    return words or fallback


def handle(name: str, fallback: str = "person") -> str:
    """The address of a person from the name shown: `Ada Lovelace` gives `ada-lovelace`. Letters of every script stay,
    as a name is more than a number to its bearer; accents on Latin letters do not. At most 40 characters."""
    latin = _latin(name)
    if latin.isascii():
        return _NOT_SLUG.sub("-", latin).strip("-")[:HANDLE_LENGTH].strip("-") or fallback
    letters = [char if char.isalnum() or unicodedata.category(char)[0] == "M" else "-" for char in latin]
    whole = "-".join(part for part in "".join(letters).split("-") if part)
    return unicodedata.normalize("NFC", whole[:HANDLE_LENGTH].strip("-")) or fallback


def _latin(value: str) -> str:
    return _APOSTROPHES.sub("", fold(tidy(value)).translate(_LATIN))
