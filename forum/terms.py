"""Words of any language as the search sees them: folded, accents off, stemmed, and in pairs where no spaces part them.

Both databases store what these functions make, so that they find the same things.
"""

import re
import sys
import threading
import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from itertools import chain, pairwise
from typing import Any

from Stemmer import Stemmer

LONGEST = 40
"""Characters of a word that count; longer ones are cut (they are addresses or noise)."""

# A mark belongs to the letter before it (vowel signs of Hindi, accents typed apart), yet \w leaves marks out. The soft
# hyphen and the two joiners are invisible inside a word.
_INVISIBLE = "\u00ad\u200c\u200d"
_HYPHENS = "-\u2010\u2011"
_APOSTROPHES = "'\u2019\u02bc"
_MARK_KINDS = {"Mn", "Mc", "Me"}


def _marks() -> str:
    """All combining marks as the inside of a character class, without the selectors that end the code space."""
    kinds = map(unicodedata.category, map(chr, range(0x300, 0x1F000)))  # a hundred thousand, at every start
    points = [point for point, kind in enumerate(kinds, start=0x300) if kind in _MARK_KINDS]
    starts = [point for before, point in zip([0, *points], points, strict=False) if point != before + 1]
    ends = [point for point, after in zip(points, [*points[1:], 0], strict=True) if after != point + 1]
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in zip(starts, ends, strict=True)) + _INVISIBLE


_MARKS = _marks()
# Inside a word: hyphens, apostrophes, the dots of U.S. and the comma of 10,000.
_JOINED = rf"[{_HYPHENS}{_APOSTROPHES}](?=\w)|(?<=\b[^\W\d])\.(?=[^\W\d]\b)|(?<=\d),(?=\d{{3}}\b)"
_RAW = re.compile(rf"\w+(?:(?:[{_MARKS}]|{_JOINED})\w*)*")
_RAW_ASCII = re.compile(rf"\w+(?:(?:{_JOINED})\w+)*", re.ASCII)

# Scripts written without spaces: Chinese, Japanese, Korean (particles stick to words), Thai, Lao, Burmese, Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3105-\u318f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f"
    "\U00020000-\U000323af"
)
_RUN = re.compile(rf"(?:[{_UNSPACED}][{_MARKS}]*)+")
_CLUSTER = re.compile(rf".[{_MARKS}]*", re.DOTALL)

_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
)
_GONE = dict.fromkeys(map(ord, _INVISIBLE))
# French and Italian drop a vowel before another one; what is left of the small word says nothing.
_ELIDED = frozenset("l d j m t s c n qu jusqu lorsqu puisqu quoiqu dell all nell sull".split())

STOP = frozenset(
    "a about after all also am an and any are as at be because been before being both but by can could did do "
    "does doing dont down each few for from further had has have having he her here hers him his how i if in into "
    "is it its itself just let me more most my no nor not now of off on once only or other our ours out over own "
    "same she should so some such than that the their theirs them then there these they this those through to too "
    "under until up us very was we were what when where which while who whom why will with would you your yours".split()
)
"""Small words of English that a search need not find."""

_SCRIPTS = (  # first code point, last code point, the stemmer of the script's most usual language
    (0x0041, 0x024F, "english"),
    (0x1E00, 0x1EFF, "english"),
    (0x0370, 0x03FF, "greek"),
    (0x0400, 0x052F, "russian"),
    (0x0531, 0x0587, "armenian"),
    (0x0620, 0x06FF, "arabic"),
    (0x0900, 0x097F, "hindi"),
    (0x0B80, 0x0BFF, "tamil"),
)
_AROUND = "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~"  # signs of ASCII that no word begins or ends with
_STEMMING = threading.Lock()  # a stemmer keeps the word it works on in itself


def words(text: str) -> list[str]:
    """The folded words of a text in their order, not stemmed: `Naïve voters'` gives `naive`, `voters`.

    A word with a hyphen gives its parts and then the whole; a run of Chinese gives pairs of characters and its last.
    """
    return [word for raw in _raws(text) for word in _split(raw)]


def stems(text: str) -> list[str]:
    """The words of a text reduced to their stems, in their order: what is stored and looked up."""
    return list(chain.from_iterable(map(_KEPT.__getitem__, text.replace("_", " ").split())))


class _Kept(dict[str, tuple[str, ...]]):
    """The stems of what stands between two blanks, which no word goes beyond: of what was met last they are at hand."""

    def __init__(self) -> None:
        self.most = 16_384  # and at most as many that were met before these
        self.before: dict[str, tuple[str, ...]] = {}

    def __missing__(self, piece: str) -> tuple[str, ...]:
        made = self.before.get(piece)
        if made is None:
            word = piece.strip(_AROUND)
            is_plain = word.isascii() and word.isalnum()
            made = _stems(word) if is_plain else tuple(chain.from_iterable(map(_stems, _raws(piece))))
        if len(piece) <= LONGEST:
            if len(self) >= self.most:
                self.before = self.copy()
                self.clear()
            self[piece] = made
        return made


_KEPT = _Kept()


def keep_more() -> None:
    """Keep more at hand, up to 40 MB: for a process that reads thousands of texts, which it then does twice as fast."""
    _KEPT.most = 100_000


def examples(text: str, wanted: AbstractSet[str]) -> dict[str, str]:
    """For each of the wanted stems that stands in the text, the first folded word there that it is the stem of."""
    found: dict[str, str] = {}
    initials = {stem[0] for stem in wanted}
    for raw in dict.fromkeys(_raws(text)):
        if raw[0].lower() not in initials and raw.isascii() and raw.isalnum():
            continue  # a stem begins as its words do
        made = _stems(raw)
        if not wanted.isdisjoint(made):
            for stem, word in zip(made, _split(raw), strict=True):
                if stem in wanted:
                    found.setdefault(stem, word)
            if len(found) == len(wanted):
                break
    return found


def spans(text: str, initials: AbstractSet[str] | None = None) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Each word's place in the text (start, end) and its stems, for highlighting.

    With `initials`, plain English words that begin with none of these characters are passed over: a stem begins as its
    words do, so that they need not be stemmed only to be left aside.
    """
    is_ascii = text.isascii()
    for match in (_RAW_ASCII if is_ascii else _RAW).finditer(text.replace("_", " ")):
        raw, start = match[0], match.start()
        if initials is not None and raw[0] not in initials and raw.isascii() and raw.isalnum():
            continue
        if is_ascii or not _RUN.search(raw):
            yield start, match.end(), _stems(raw)
            continue
        for piece in _pieces(raw):
            if not _RUN.match(piece[0]):
                yield start + piece[1], start + piece[1] + len(piece[0]), _stems(piece[0])
                continue
            clusters = _CLUSTER.findall(piece[0])
            at = start + piece[1]
            for first, second in zip(clusters, [*clusters[1:], ""], strict=True):
                pair = fold(first + second)
                yield at, at + len(first) + len(second), (pair,)
                at += len(first)


def asked(text: str) -> list[tuple[str, str]]:
    """The words of a query as (folded word, stem); a lone character of Chinese ends in `*`: anything that begins so."""
    found: list[tuple[str, str]] = []
    for raw in _raws(text):
        for piece, _ in _pieces(raw):
            if _RUN.match(piece):
                pairs = _pairs(piece)
                found += [(pair, pair) for pair in pairs[:-1]] or [(pair, f"{pair}*") for pair in pairs]
            else:
                found += [(word, stem(word)) for word in _parts(piece)]
    return found


def fold(text: str) -> str:
    """Without case, width and accents: NFKC, case folding, marks taken off Latin, Greek, Arabic and Hebrew letters.

    Marks of other scripts are letters in all but name and stay; of Cyrillic only the stress and the dots of ё go.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text.translate(_GONE)).casefold())
    kept: list[str] = []
    base = ""
    for char in text:
        if unicodedata.category(char)[0] != "M":
            base = char
        elif _is_accent(base, char):
            continue
        kept.append(char)
    folded = unicodedata.normalize("NFC", "".join(kept)).translate(_PLAIN)
    return _fold_hindi(folded) if any("\u0900" <= char <= "\u097f" for char in folded) else folded


@lru_cache(maxsize=32768)
def stem(word: str) -> str:
    """The stem of a folded word, by the script it is written in (Snowball; English for Latin letters)."""
    first = ord(word[0])
    for low, high, name in _SCRIPTS:
        if low <= first <= high:
            if len(word) < 4 and name == "english":
                return word
            with _STEMMING:
                return str(_stemmer(name).stemWord(word)) or word
    return word


@cache
def _stemmer(name: str) -> Any:
    return Stemmer(name, maxCacheSize=0)  # stem() keeps what it has made


def _raws(text: str) -> list[str]:
    return (_RAW_ASCII if text.isascii() else _RAW).findall(text.replace("_", " "))


def _is_accent(base: str, mark: str) -> bool:
    if not base or "\u0900" <= mark <= "\u0dff":
        return False  # vowel signs of India are letters, whatever they were put after
    point = ord(base)
    if 0x0400 <= point <= 0x052F:
        return mark in "\u0300\u0301" or (mark == "\u0308" and base in "еэ")
    return point < 0x0400 or 0x1E00 <= point <= 0x1FFF or (0x0590 <= point <= 0x06FF)


def _fold_hindi(word: str) -> str:
    # The same word is spelled with a half nasal or a dot above it, with or without the dot of a borrowed sound.
    return word.replace("\u093c", "").replace("\u0901", "\u0902").replace("\u0928\u094d", "\u0902")


def _stems(raw: str) -> tuple[str, ...]:
    return _stems_kept(raw) if len(raw) <= LONGEST else tuple(stem(word) for word in _split(raw))


@lru_cache(maxsize=8192)
def _stems_kept(raw: str) -> tuple[str, ...]:
    return tuple(sys.intern(stem(word)) for word in _split(raw))


def _split(raw: str) -> tuple[str, ...]:
    """The folded words in one stretch of letters, hyphens and apostrophes."""
    if not _RUN.search(raw):
        parts = _parts(raw)
        if 2 <= len(parts) <= 3 and any(hyphen in raw for hyphen in _HYPHENS):
            return (*parts, "".join(parts)[:LONGEST])
        return tuple(parts)
    found: list[str] = []
    for piece, _ in _pieces(raw):
        found += _pairs(piece) if _RUN.match(piece) else _parts(piece)
    return tuple(found)


def _pieces(raw: str) -> Iterator[tuple[str, int]]:
    """Stretches of one stretch, those written without spaces apart from the others, each with its place."""
    at = 0
    for run in _RUN.finditer(raw):
        if run.start() > at:
            yield raw[at : run.start()], at
        yield run[0], run.start()
        at = run.end()
    if at < len(raw):
        yield raw[at:], at


def _pairs(run: str) -> list[str]:
    """Overlapping pairs of characters, then the last one alone: so each character begins exactly one of them."""
    folded = fold(run)
    clusters = _CLUSTER.findall(folded)
    if not clusters:  # a sign without a letter, or a digit, which folds to our own
        return re.findall(r"\w+", folded)
    return [*(a + b for a, b in pairwise(clusters)), clusters[-1]]


def _parts(raw: str) -> list[str]:
    if raw.isalnum() and raw.isascii():
        return [raw.lower()[:LONGEST]]
    parts: list[str] = []
    for part in re.split(f"[{_HYPHENS}]", raw.replace(",", "").replace(".", "")):
        pieces = re.split(f"[{_APOSTROPHES}]", part)
        if len(pieces) == 2 and pieces[1] in ("s", "S"):
            pieces.pop()
        elif len(pieces) == 2 and pieces[0].lower() in _ELIDED:
            del pieces[0]
        word = fold("".join(pieces))[:LONGEST]
        # Folding may leave nothing, or part what looked like one word (a half becomes a 1, a slash and a 2).
        parts += re.findall(rf"\w[\w{_MARKS}]*", word)
    return parts
