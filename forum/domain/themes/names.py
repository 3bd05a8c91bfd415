"""Names of themes: their typical stems as words that people wrote, spelled as they most often are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from forum import terms
from forum.db import Connection
from forum.models.search import SearchDocument
from forum.text import slug

if TYPE_CHECKING:  # it needs numpy
    from forum.domain.themes.typical import Typical

READ = 60
"""Ideas of a theme, the most typical ones, whose spelling is looked at."""
LETTERS = 4_000
"""Characters of each that are read."""
SHOWN = 4
"""Words in the name of a theme."""
ALIKE = 5
"""Of two words that begin with so many equal letters, only the first is kept: classified, classification."""
SMALL = 0.25
"""A word that is in small letters so often stands so: headings and shouting write in large ones what is no name."""

Word = tuple[str, float, float]
"""A word, the share of the theme's ideas that say it, and the share of all other ideas."""

_TEXTS = sa.select(SearchDocument.object_id, SearchDocument.title, SearchDocument.body).where(
    SearchDocument.kind == "idea", SearchDocument.object_id.in_(sa.bindparam("ids", expanding=True))
)


def words(db: Connection, idea_ids: Sequence[int], typical: "Sequence[Typical]", stems: Sequence[str]) -> list[Word]:
    """The typical words of a theme, in order. `idea_ids`: its most typical ideas; `stems`: stem of each number."""
    wanted = {stems[one.stem] for one in typical}
    spelled: dict[str, Counter[str]] = {stem: Counter() for stem in wanted}
    titled: dict[str, Counter[str]] = {stem: Counter() for stem in wanted}
    rows = db.execute(_TEXTS, {"ids": list(idea_ids[:READ])}).all()
    for row in sorted(rows, key=lambda row: row.object_id):
        for stem, word in _spellings(row.body[:LETTERS], wanted):
            spelled[stem][word] += 1
        for stem, word in _spellings(row.title, wanted):
            titled[stem][word] += 1
    found: list[Word] = []
    for one in typical:
        stem = stems[one.stem]
        word = _usual(spelled[stem] or titled[stem])
        if word and not any(_is_alike(word, other) for other, _, _ in found):
            found.append((word, round(one.inside, 4), round(one.outside, 4)))
    return found


def label(found: Sequence[Sequence[str | float]]) -> str:
    """The name of a theme: its first words."""
    return ", ".join(str(word[0]) for word in found[:SHOWN])


def address(found: Sequence[Sequence[str | float]]) -> str:
    """The name as a part of an address."""
    return slug(label(found).replace(",", ""))


def _spellings(text: str, wanted: set[str]) -> Iterator[tuple[str, str]]:
    """Each wanted stem with the word of the text that it was made from, of words with a hyphen the whole."""
    for start, end, made in terms.spans(text):
        for stem in made:
            if stem in wanted:
                yield stem, text[start:end].removesuffix("'s").removesuffix("\u2019s")


def _usual(spelled: Counter[str]) -> str:
    """The word that is most usual whatever its case; in small letters if people often write it so, else as mostly."""
    folded: Counter[str] = Counter()
    for word, times in spelled.items():
        folded[word.casefold()] += times
    if not folded:
        return ""
    best = min(folded, key=lambda word: (-folded[word], word))
    if spelled[best] >= SMALL * folded[best]:
        return best
    return min((word for word in spelled if word.casefold() == best), key=lambda word: (-spelled[word], word))


def _is_alike(word: str, other: str) -> bool:
    one, two = sorted((word.casefold(), other.casefold()), key=len)
    return two.startswith(one[:ALIKE]) if len(one) >= ALIKE else two == one
