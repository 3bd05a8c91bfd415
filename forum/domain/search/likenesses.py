"""Similar ideas: which ideas say the same as a text that somebody is writing, found by the words they share.

Candidates come from the index by the text's most telling words. They are compared as vectors of stems (TF-IDF with
logarithmic counts and cosine, Salton and Buckley 1988; words of the title count three times), then in the light of the
nearest ones (an idea that is also like those gains, as in pseudo relevance feedback). Then an idea is moved down as far
as it repeats one that more people support, or that stood there first: five different ideas help, five copies do not.
"""

import math
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nlargest
from itertools import chain, combinations
from operator import itemgetter, mul

from forum import terms
from forum.db import Connection
from forum.domain.people import Person
from forum.domain.search import candidates, indexes, sources, vocabularies
from forum.domain.search.expressions import TITLE, Expression, Mark, Titled, Word, every, without
from forum.domain.search.indexes import Arm
from forum.domain.search.scores import idf

READ = 6000
"""Characters of a body that are compared."""
TELLING = 12
"""Words that candidates are looked for by."""
RARE, WALK = 800, 4000
"""A word in no more documents than RARE leads to all of them; a more frequent one to those with it in their title, or
with another such word, among the newest that a walk past WALK of its entries reaches."""
COMPARED, WEIGHED = 140, 50
"""Candidates that are compared with the text, and those of them that are compared with each other."""
STRONGEST = 40
"""Stems of a candidate by which it is compared with the others."""
APART = 5
"""So many times more candidates than are asked for are looked at for what they repeat."""
LONE = 4
"""A stem of one candidate alone is taken to stand in so many times fewer texts than the root of all."""
TITLE_WEIGHT = 3
IDF_POWER = 0.9
NEAREST, FEEDBACK = 5, 0.6
SUPPORT = 0.15
"""What an idea gains by ten times the votes."""
REPEATED, REPEATS_FROM = 1.5, 0.3
"""From this cosine on an idea repeats a better supported one; how much of its score a copy of it loses for that."""
PLAUSIBLE = 0.12
"""From this likeness on an idea is worth showing to somebody who is about to post."""

Vector = dict[str, float]


@dataclass(frozen=True, slots=True)
class Similar:
    """An idea like the text. `score` is the cosine of the two, 0 to 1, and means the same for every text."""

    idea_id: int
    score: float


@dataclass(slots=True)
class _Candidate:
    idea_id: int
    words: str
    marks: str
    score: float
    likeness: float = 0.0
    net: int = 0
    vector: Vector = field(default_factory=dict)


def similar(
    db: Connection,
    title: str,
    body: str = "",
    *,
    limit: int = 5,
    exclude_idea_id: int | None = None,
    community_id: int | None = None,
    user: Person | None = None,
    at_least: float = 0.0,
) -> list[Similar]:
    """The published ideas most like this text, the best first, at most 20.

    `body` is plain text or Markdown. `at_least` leaves out ideas below a likeness (see PLAUSIBLE). Only what `user` may
    see. Ideas that repeat one another stand apart, so that scores need not fall from one to the next.
    """
    titled, said = terms.stems(title[:500]), terms.stems(body[:READ])
    weights = _weights(titled, said)
    totals = vocabularies.totals(db)
    documents = totals.documents
    counts = vocabularies.counts(db, weights)
    query = _vector(weights, _rarities(weights, counts, documents))
    if not query:
        return []
    hidden = candidates.hidden_communities(db, user)
    marks = [Mark(f"c{int(community_id)}")] if community_id is not None else []
    found = _found(db, query, counts, documents, marks, hidden)
    compared = _compared(db, found, query, counts, documents, exclude_idea_id)
    weighed = _weighed(db, compared[: WEIGHED + 5], query, documents)[:WEIGHED]
    ordered = _ordered(weighed, min(limit, 20), at_least)
    return [Similar(one.idea_id, round(min(1.0, one.likeness), 4)) for one in ordered]


def _weights(titled: Sequence[str], said: Sequence[str]) -> Counter[str]:
    """How often each stem is said, those of the title three times as often; without small words if there are others."""
    weights: Counter[str] = Counter()
    for stem in titled:
        weights[stem] += TITLE_WEIGHT
    weights.update(said)
    return without_small(weights)


def without_small(weights: Counter[str]) -> Counter[str]:
    """The same without small words, if there are others."""
    return Counter({stem: count for stem, count in weights.items() if stem not in _SMALL}) or weights


_MOST_SAID = 200
_SAID = [0.0, *(1 + math.log(times) for times in range(1, _MOST_SAID + 1))]
_SMALL = frozenset(terms.STOP | {terms.fold(word) for word in terms.STOP})


def _rarities(stems: Iterable[str], counts: Mapping[str, int], documents: int) -> dict[str, float]:
    """How telling each stem is."""
    return {stem: _rarity(counts.get(stem, 0), documents) for stem in stems}


def _vector(weights: Mapping[str, int], rarities: Mapping[str, float]) -> Vector:
    """A text as a vector of length 1."""
    raw = {stem: _SAID[min(said, _MOST_SAID)] * rarities[stem] for stem, said in weights.items()}
    length = math.sqrt(sum(map(mul, raw.values(), raw.values())))
    return {stem: value / length for stem, value in raw.items()} if length else {}


@lru_cache(maxsize=16384)
def _rarity(count: int, documents: int) -> float:
    return float(idf(count, documents) ** IDF_POWER)


def _found(
    db: Connection,
    query: Vector,
    counts: Mapping[str, int],
    documents: int,
    marks: Sequence[Mark],
    hidden: Sequence[Mark],
) -> list[int]:
    """Ids of candidate documents, those with most of the telling words first."""
    newest = indexes.newest_id(db)
    telling = sorted(query, key=lambda stem: (-query[stem], stem))[:TELLING]
    arms: list[Arm] = []

    def look(part: Expression, passed: int, most: int, value: float) -> None:
        expression = without(every([part, *marks]), hidden)
        arms.append(Arm(expression, most, int(value * 1e6), candidates.lowest(newest, passed, documents, WALK)))

    frequent = [stem for stem in telling if counts.get(stem, 0) > RARE]
    for stem in telling:
        if stem not in frequent:
            look(Word(stem), counts.get(stem, 0), RARE, query[stem])
    for stem in frequent[:5]:
        look(Titled(stem), counts[stem] // 4, 200, query[stem])
    for first, second in combinations(frequent[:3], 2):
        passed = min(counts[first], counts[second])
        look(every([Word(first), Word(second)]), passed, 150, query[first] + query[second])
    return list(indexes.walk(db, arms, newest, COMPARED))


def _compared(
    db: Connection,
    found: Sequence[int],
    query: Vector,
    counts: Mapping[str, int],
    documents: int,
    exclude_idea_id: int | None,
) -> list[_Candidate]:
    """The candidates by their likeness, roughly: which telling words they share, whatever else they say."""
    worth = {stem: value * _rarity(counts.get(stem, 0), documents) for stem, value in query.items()}
    compared: list[_Candidate] = []
    for row in candidates.load(db, found).values():
        if row.kind != "idea" or row.object_id == exclude_idea_id:
            continue
        words = set(row.words.split())
        titled = {mark[1:] for mark in row.marks.split() if mark[0] == TITLE}
        shared = sum(map(worth.__getitem__, worth.keys() & words)) + sum(map(worth.__getitem__, worth.keys() & titled))
        compared.append(_Candidate(row.object_id, row.words, row.marks, shared / math.sqrt(len(words) + 10)))
    return sorted(compared, key=lambda one: (-one.score, one.idea_id))


def _stored(words: str, marks: str) -> Mapping[str, int]:
    """How often each stem stands in a stored text, with the words of the title three times; without small words."""
    counts = Counter(words.split())
    for mark in marks.split():
        if mark[0] == TITLE:
            counts[mark[1:]] += TITLE_WEIGHT - 1
    for small in _SMALL & counts.keys():
        del counts[small]
    return counts


def _weighed(db: Connection, compared: Sequence[_Candidate], query: Vector, documents: int) -> list[_Candidate]:
    """The best candidates as vectors, with their likeness, published ones only, with their votes; the likest first."""
    about = sources.shown(db, "idea", [one.idea_id for one in compared])
    kept = [one for one in compared if one.idea_id in about and about[one.idea_id].state == "published"]
    said = [_stored(one.words, one.marks) for one in kept]
    met = Counter(chain.from_iterable(said))
    shared = [stem for stem, times in met.items() if times > 1 or stem in query]
    counts = vocabularies.counts(db, shared)
    # What one candidate alone says only makes its vector longer: it is taken to be as rare as such words mostly are.
    alone = dict.fromkeys(met, _rarity(math.isqrt(documents) // LONE, documents))
    rarities = alone | _rarities(shared, counts, documents)
    for one, its in zip(kept, said, strict=True):
        one.vector = _vector(its, rarities)
        one.likeness = _cosine(query, one.vector)
        one.net = max(0, about[one.idea_id].net)
    return sorted(kept, key=lambda one: (-one.likeness, one.idea_id))


def _ordered(weighed: Sequence[_Candidate], most: int, at_least: float) -> list[_Candidate]:
    """The best candidates: scored by what the nearest ones say too and by votes, less what only repeats another."""
    likes = _Likes(weighed)
    rows = [likes.of(number) for number in range(min(NEAREST, len(weighed)))]
    for number, one in enumerate(weighed):
        nearest = [(near.likeness, row[number]) for near, row in zip(weighed, rows, strict=False) if near is not one]
        share = sum(likeness for likeness, _ in nearest)
        feedback = sum(likeness * like for likeness, like in nearest) / share if share else 0.0
        one.score = (one.likeness + FEEDBACK * feedback) * (1 + SUPPORT * math.log10(1 + one.net))
    standing = [(math.log2(1 + one.net) // 2, -one.idea_id) for one in weighed]
    by_score = sorted(range(len(weighed)), key=lambda number: (-weighed[number].score, weighed[number].idea_id))
    best: list[tuple[float, int, _Candidate]] = []
    for number in by_score[: APART * most]:
        one = weighed[number]
        if len(best) == most and -best[-1][0] >= one.score:
            break  # a score is only ever lowered: none of the rest can come among the best any more
        if one.likeness < at_least or one.score <= 0:
            continue
        own, row = standing[number], rows[number] if number < len(rows) else likes.of(number)
        repeated = max(
            (
                _repeating(like) * min(1.0, other.score / one.score) ** 2
                for like, place, other in zip(row, standing, weighed, strict=True)
                if like > REPEATS_FROM and place > own
            ),
            default=0.0,
        )
        insort(best, (-one.score * (1 - REPEATED * repeated), one.idea_id, one))
        del best[most:]
    return [one for _, _, one in best]


def _repeating(like: float) -> float:
    """How much of a copy one text is of another, 0 to 1, by their cosine."""
    return (like - REPEATS_FROM) / (1 - REPEATS_FROM)


class _Likes:
    """Cosines among candidates by their strongest stems, and of these by those that at least two of them share."""

    def __init__(self, candidates: Sequence[_Candidate]) -> None:
        self._vectors = [nlargest(STRONGEST, one.vector.items(), key=itemgetter(1)) for one in candidates]
        places: dict[str, list[tuple[int, float]]] = {}
        for number, vector in enumerate(self._vectors):
            for stem, value in vector:
                places.setdefault(stem, []).append((number, value))
        self._shared = {stem: where for stem, where in places.items() if len(where) > 1}

    def of(self, number: int) -> list[float]:
        """The cosine of one candidate to each, in their order; that to itself is of no use."""
        row = [0.0] * len(self._vectors)
        for stem, value in self._vectors[number]:
            for other, its in self._shared.get(stem, ()):
                row[other] += value * its
        return row


def _cosine(one: Vector, other: Vector) -> float:
    return sum([value * other[stem] for stem, value in one.items() if stem in other])
