"""What is stored of a text for the search: its stems and marks, and the count of its words. Pure, and takes time.

No database is needed for it: imports do it in processes that load little else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from forum import terms
from forum.domain.search.expressions import ELSEWHERE, MARK, TITLE

MOST_WORDS = 20_000
"""Words of one text that are indexed; the longest idea of 2009 has 9,037."""


@dataclass(frozen=True, slots=True)
class Stems:
    """The stems of a title and of a plain body: made once, for everybody who reads the same text."""

    title: Sequence[str]
    body: Sequence[str]

    @classmethod
    def of(cls, title: str, body: str) -> "Stems":
        """Pure, and takes processor time."""
        return cls(terms.stems(storable(title)), terms.stems(storable(body)))


def index_text(kind: str, title: str, body: str, community_id: int | None) -> tuple[str, str]:
    """What is stored of a text for the index: its words and its marks, each set apart by blanks."""
    return index_of(kind, Stems(terms.stems(title), terms.stems(body)), community_id)


def index_of(kind: str, stems: Stems, community_id: int | None) -> tuple[str, str]:
    """The same for a text whose stems are known."""
    words = [*stems.title, *stems.body][:MOST_WORDS]
    prefix = "" if kind == "idea" else ELSEWHERE
    marks = [TITLE + stem for stem in dict.fromkeys(stems.title)] if kind == "idea" else []
    marks.append(MARK + kind)
    if community_id is not None:
        marks.append(f"{MARK}c{community_id}")
    return " ".join(prefix + stem for stem in words) if prefix else " ".join(words), " ".join(marks)


def storable_index(kind: str, title: str, body: str, community_id: int | None) -> tuple[str, str]:
    """The value of Document.indexed: for whoever makes it beforehand, in another process."""
    return index_text(kind, storable(title), storable(body), community_id)


def storable(text: str) -> str:
    """Without the characters that a database refuses: the null, and halves of characters."""
    if "\0" in text:
        text = text.replace("\0", " ")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def bare(words: str) -> list[str]:
    """The stems of stored words, without the sign of where they were said."""
    return words.replace(ELSEWHERE, "").split()


class Count(NamedTuple):
    """The words of some documents, counted: made beforehand in another process, or here. (Tuples travel lightest.)"""

    documents: int
    words: int
    stems: Mapping[str, int]  # stem → how many of these documents hold it
    firsts: Sequence[int]  # for each of these stems the number of the first document that holds it, from 0


def count(words: Iterable[str]) -> Count:
    """Count documents given by their stored words."""
    stems: Counter[str] = Counter()
    firsts: dict[str, int] = {}
    documents = length = 0
    for stored in words:
        found = bare(stored)
        distinct = dict.fromkeys(found)
        stems.update(distinct.keys())
        firsts.update(dict.fromkeys([stem for stem in distinct if stem not in firsts], documents))
        documents += 1
        length += len(found)
    return Count(documents, length, dict(stems), list(firsts.values()))
