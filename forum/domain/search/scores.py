"""How well a text fits a query: BM25 over stems, more for words in the title and for words that follow each other.

BM25: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, with k1 = 1.2 and b = 0.75.
"""

import math
from collections.abc import Mapping

from forum.domain.search.expressions import ELSEWHERE, TITLE, Expression, Phrase, Word
from forum.domain.search.queries import Query, Wanted, rarity
from forum.domain.search.vocabularies import Totals

K1, B = 1.2, 0.75
IN_TITLE = 1.5
IN_ORDER = 0.5
ONLY_SMALL = 0.1
"""What a small word adds, of what another word as frequent would."""


def idf(count: int, documents: int) -> float:
    """How telling a word is that stands in `count` of so many documents; above 0 always."""
    count = min(count, documents)
    return math.log(1 + (documents - count + 0.5) / (count + 0.5))


class Scorer:
    """Scores texts against one query."""

    def __init__(self, query: Query, counts: Mapping[str, int], totals: Totals) -> None:
        self._mean = totals.mean_length
        self._parts = [_Part(one, counts, totals.documents) for one in query.wanted]
        self._needed = {id(part) for part, one in zip(self._parts, query.wanted, strict=True) if one in query.needed}
        stems = [one.expression.stem for one in query.wanted if isinstance(one.expression, Word)]
        self._orders = (f" {' '.join(stems)} ", " " + " ".join(ELSEWHERE + stem for stem in stems) + " ")
        self._has_order = len(stems) > 1
        self._whole = sum(part.idf for part in self._parts)

    def score(self, words: str, marks: str) -> tuple[float, int]:
        """The score (0 upward) of a text given by its stored words and marks, and how many needed words are in it."""
        elsewhere = words.startswith(ELSEWHERE)
        text, title = f" {words} ", f" {marks} "
        length = K1 * (1 - B + B * (words.count(" ") + 1) / self._mean)
        total, found = 0.0, 0
        for part in self._parts:
            said = sum(map(text.count, part.elsewhere if elsewhere else part.inside))
            if said:
                gain = said * (K1 + 1) / (said + length)
                if any(pattern in title for pattern in part.title):
                    gain += IN_TITLE
                total += part.idf * gain
                found += id(part) in self._needed
        if self._has_order and found and self._orders[elsewhere] in text:
            total += IN_ORDER * self._whole
        return total, found


class _Part:
    """One wanted thing as the pieces of stored text that show it is there."""

    def __init__(self, one: Wanted, counts: Mapping[str, int], documents: int) -> None:
        self.inside = tuple(_pattern(part, "") for part in one.fits)
        self.elsewhere = tuple(_pattern(part, ELSEWHERE) for part in one.fits)
        self.title = tuple(
            f" {TITLE}{part.stem}" + ("" if part.begins else " ") for part in one.fits if isinstance(part, Word)
        )
        self.idf = idf(rarity(one, counts), documents) * (ONLY_SMALL if one.is_small else 1)


def _pattern(part: Expression, prefix: str) -> str:
    if isinstance(part, Word):
        return f" {prefix}{part.stem}" + ("" if part.begins else " ")
    stems = part.stems if isinstance(part, Phrase) else ()
    return " " + " ".join(prefix + stem for stem in stems) + " "
