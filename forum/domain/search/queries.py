"""What somebody typed into the search box, understood: words, "phrases", -words. Any text at all is a valid query."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from forum import terms
from forum.domain.search.expressions import Expression, Mark, Phrase, Titled, Word, every, some, without

LONGEST = 1000
"""Characters of a query that are read."""
MOST_WORDS = 24
SPLIT_FROM = 7
"""Letters from which a word may be two words written as one."""

_PIECE = re.compile(r'"([^"]*)"|(?:(?<=\s)|^)-(?=\w)([^\s"]+)|([^\s"]+)')
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\xab\xbb\uff02"), '"')


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that must be said: a word and whatever else counts as it, or a phrase."""

    word: str
    expression: Expression
    others: tuple[Expression, ...] = ()
    is_small: bool = False  # one of the small words that need not be found

    @property
    def fits(self) -> tuple[Expression, ...]:
        """Everything that counts."""
        return (self.expression, *self.others)


@dataclass(frozen=True, slots=True)
class Query:
    """What is wanted, what is not, and which words follow each other (for words that may be written as one)."""

    wanted: tuple[Wanted, ...]
    unwanted: tuple[Expression, ...] = ()

    @property
    def needed(self) -> tuple[Wanted, ...]:
        """Without the small words, unless there are no others."""
        large = tuple(one for one in self.wanted if not one.is_small)
        return large or self.wanted


def parse(text: str) -> Query:
    """Read a query. Without any letter or digit in it, nothing is wanted."""
    wanted: list[Wanted] = []
    unwanted: list[Expression] = []
    plain = text[:LONGEST].replace("\0", " ").translate(_QUOTES)
    for phrase, minus, rest in _PIECE.findall(plain):
        if phrase:
            if stems := tuple(stem.rstrip("*") for _, stem in terms.asked(phrase)):
                wanted.append(Wanted(phrase.strip(), Word(stems[0]) if len(stems) == 1 else Phrase(stems)))
        elif minus:
            if found := terms.asked(minus):
                unwanted.append(every(_word(stem) for _, stem in found))
        elif rest:
            wanted += [Wanted(word, _word(stem), is_small=word in terms.STOP) for word, stem in terms.asked(rest)]
    seen = {one.expression: one for one in reversed(wanted)}
    kept = [one for one in dict.fromkeys(wanted) if seen[one.expression] is one]
    return Query(tuple(kept[:MOST_WORDS]), tuple(unwanted[:MOST_WORDS]))


def halves(query: Query) -> dict[str, list[tuple[str, str]]]:
    """For each long word the pairs of stems it may be written from: `whistleblower` → (`whistl`, `blower`), others."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in query.needed[:4]:
        word = one.word
        if isinstance(one.expression, Word) and len(word) >= SPLIT_FROM and word.isascii() and word.isalpha():
            cuts = [(word[:at], word[at:]) for at in range(3, len(word) - 2)]
            found[word] = [
                (terms.stem(left), terms.stem(right))
                for left, right in cuts
                if left not in terms.STOP and right not in terms.STOP
            ]
    return found


def with_halves(query: Query, counts: Mapping[str, int]) -> Query:
    """The query, where a word also counts when it is written as two, if both are words in use."""
    pairs = halves(query)
    return Query(tuple(_with_half(one, pairs.get(one.word, []), counts) for one in query.wanted), query.unwanted)


def _with_half(one: Wanted, pairs: Sequence[tuple[str, str]], counts: Mapping[str, int]) -> Wanted:
    likely = [(min(counts.get(a, 0), counts.get(b, 0)), a, b) for a, b in pairs]
    best = max(likely, default=(0, "", ""))
    return replace(one, others=(*one.others, Phrase(best[1:]))) if best[0] else one


def stems(query: Query) -> set[str]:
    """Every stem that the query names."""
    found: set[str] = set()
    for one in query.wanted:
        for part in one.fits:
            found |= set(stems_of(part))
    return found


def stems_of(part: Expression) -> tuple[str, ...]:
    """The stems of a word or a phrase."""
    return part.stems if isinstance(part, Phrase) else (part.stem,) if isinstance(part, Word) else ()


def strict(query: Query, marks: Sequence[Mark], hidden: Sequence[Mark]) -> Expression:
    """Everything that is needed, all of it; two words next to each other may be written as one."""
    needed = query.needed
    whole = every(some(one.fits) for one in needed)
    ways = [whole]
    if len(needed) <= 6:
        ways += [
            every([joined, *(some(one.fits) for one in (*needed[:at], *needed[at + 2 :]))])
            for at, (one, other) in enumerate(pairwise(needed))
            if (joined := _joined(one, other))
        ]
    return _within(some(ways), query, marks, hidden)


def relaxed(query: Query, counts: Mapping[str, int], marks: Sequence[Mark], hidden: Sequence[Mark]) -> Expression:
    """Some of what is needed: two of the six rarest words, or one where only two are asked for."""
    rarest = sorted(query.needed, key=lambda one: (rarity(one, counts), one.word))[:6]
    parts = [some(one.fits) for one in rarest]
    if len(parts) > 2:
        pairs = [every([a, b]) for at, a in enumerate(parts) for b in parts[at + 1 :]]
        return _within(some(pairs), query, marks, hidden)
    return _within(some(parts), query, marks, hidden)


def titled(query: Query, marks: Sequence[Mark], hidden: Sequence[Mark]) -> Expression | None:
    """Everything that is needed, in the title of an idea; None where it can't be told."""
    parts: list[Expression] = []
    for one in query.needed:
        if not isinstance(one.expression, Word) or one.expression.begins:
            return None
        parts.append(some(Titled(part.stem) for part in one.fits if isinstance(part, Word)))
    return _within(every(parts), query, marks, hidden)


def rarity(one: Wanted, counts: Mapping[str, int]) -> int:
    """In how many documents it is said, as far as counts tell: at most that of the rarest word of a phrase."""
    return sum(min((counts.get(stem, 0) for stem in stems_of(part)), default=0) for part in one.fits)


def joined_stems(one: Wanted, other: Wanted) -> set[str]:
    """The stem of two words next to each other written as one, if they can be."""
    joined = _joined(one, other)
    return set(stems_of(joined)) if joined else set()


def _within(found: Expression, query: Query, marks: Sequence[Mark], hidden: Sequence[Mark]) -> Expression:
    return without(every([found, *marks]), (*query.unwanted, *hidden))


def _joined(one: Wanted, other: Wanted) -> Expression | None:
    both = (one.expression, other.expression)
    if any(not isinstance(part, Word) or part.begins for part in both):
        return None
    word = one.word + other.word
    return Word(terms.stem(word)) if word.isalpha() and len(word) <= terms.LONGEST else None


def _word(stem: str) -> Expression:
    return Word(stem[:-1], begins=True) if stem.endswith("*") else Word(stem)
