"""What is shown of a hit: its title, and the few words around what was looked for, as safe HTML with <mark>."""

from dataclasses import dataclass
from html import escape

from forum import terms

LENGTH = 220
"""Characters of a snippet, about two lines."""
READ = 20_000
"""Characters of a text in which the place is looked for."""


@dataclass(frozen=True, slots=True)
class Fits:
    """What is marked: whole stems, and stems that begin in one of some ways."""

    whole: frozenset[str]
    starts: tuple[str, ...] = ()

    @property
    def initials(self) -> frozenset[str]:
        """What the words begin with that may fit, in both cases."""
        first = {stem[0] for stem in (*self.whole, *self.starts) if stem}
        return frozenset(first | {letter.upper() for letter in first})

    def first(self, stems: tuple[str, ...]) -> str | None:
        """The first of these stems that fits."""
        if self.starts:
            return next((stem for stem in stems if stem in self.whole or stem.startswith(self.starts)), None)
        if self.whole.isdisjoint(stems):
            return None
        return next(stem for stem in stems if stem in self.whole)


def title(text: str, fits: Fits) -> str:
    """The whole title with the words that fit marked; everything else escaped."""
    return _marked(text, _places(text, fits))


def snippet(text: str, fits: Fits, length: int = LENGTH) -> str:
    """The stretch of the text that holds most different words that fit, marked and escaped, with … where it is cut.

    Without any such word it is the beginning.
    """
    flat = " ".join(text[:READ].split())
    places = _places(flat, fits)
    start, stop = _best(places, length)
    start, stop = _at_words(flat, start, min(len(flat), stop))
    inside = [(low - start, high - start, stem) for low, high, stem in places if low >= start and high <= stop]
    return ("… " if start else "") + _marked(flat[start:stop], inside) + (" …" if stop < len(flat) else "")


def _places(text: str, fits: Fits) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for start, stop, stems in terms.spans(text, fits.initials):
        stem = fits.first(stems)
        if stem is not None:
            found.append((start, stop, stem))
    return found


def _best(places: list[tuple[int, int, str]], length: int) -> tuple[int, int]:
    """The stretch with most different stems, then most places; the earliest of equals."""
    if not places:
        return 0, length
    best, chosen = (0, 0), 0
    for number, (start, _, _) in enumerate(places[:500]):
        inside = [stem for low, high, stem in places[number : number + 30] if high <= start + length - 40]
        worth = (len(set(inside)), len(inside))
        if worth > best:
            best, chosen = worth, start
    start = max(0, chosen - 50)
    return (0, length) if chosen < length // 2 else (start, start + length)


def _at_words(text: str, start: int, stop: int) -> tuple[int, int]:
    """The stretch, moved inward to whole words where blanks are near."""
    if start:
        blank = text.find(" ", start, start + 30)
        start = blank + 1 if blank >= 0 else start
    if stop < len(text):
        blank = text.rfind(" ", max(start, stop - 30), stop)
        stop = blank if blank > start else stop
    return start, stop


def _marked(text: str, places: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    at = 0
    joined: list[list[int]] = []
    for start, stop, _ in places:
        if joined and start <= joined[-1][1]:  # pairs of Chinese overlap
            joined[-1][1] = max(stop, joined[-1][1])
        else:
            joined.append([start, stop])
    for start, stop in joined:
        parts += [escape(text[at:start]), "<mark>", escape(text[start:stop]), "</mark>"]
        at = stop
    return "".join([*parts, escape(text[at:])])
