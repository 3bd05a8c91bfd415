"""Posts as the watch reads them: the stems of each with their weights, by how rare they are in the forum."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from itertools import filterfalse
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from forum import terms
from forum.db import Connection
from forum.domain.search import stored, vocabularies
from forum.domain.search.expressions import TITLE
from forum.domain.search.selections import ByIds, among
from forum.models import Idea, WavePrint
from forum.models.search import SearchDocument

TELLING = 12
"""Words of one post by which it is found."""
RARE_SHARE, RARE_LEAST = 0.03, 10  # a word is rare if at most so many of all texts have it
TITLE_WEIGHT = 3
REPEATED = 2  # a word outside the title tells something if it is said so often
MOST_STEMS = 1_500  # of one post
SHOWN = ("published", "held", "off-topic")
"""States of posts that can be in a wave; what is removed, withdrawn or merged is settled."""

LOGARITHMS = [0.0, *(1 + math.log(number) for number in range(1, MOST_STEMS + TITLE_WEIGHT))]
"""By how often a stem stands in a post: 1 for once, and more for often, but ever more slowly."""

_SMALL = frozenset(terms.STOP | {terms.stem(word) for word in terms.STOP} | {"www", "http", "https", "com", "html"})
_columns = (
    WavePrint.id,
    WavePrint.is_fresh,
    Idea.id.label("idea_id"),
    Idea.author_id,
    Idea.community_id,
    Idea.state,
    WavePrint.created_at,
    WavePrint.keys,
    SearchDocument.words,
    SearchDocument.marks,
    SearchDocument.title,
    sa.case((SearchDocument.words == "", SearchDocument.body), else_="").label("body"),
)
_posts = (
    sa.select(*_columns)
    .join_from(WavePrint, Idea, sa.and_(WavePrint.subject_kind == "idea", Idea.id == WavePrint.subject_id))
    .join(SearchDocument, sa.and_(SearchDocument.kind == "idea", SearchDocument.object_id == Idea.id))
)
_BY_IDS = ByIds(_posts.where(among(Idea.state, SHOWN)), WavePrint.id)


@dataclass(slots=True)
class Post:
    """One post: who, where, when, and its stems with how often each stands there (in the title: thrice)."""

    print_id: int
    idea_id: int
    author_id: int
    community_id: int
    is_fresh: bool
    state: str
    created_at: datetime
    keys: Sequence[int]
    counts: Mapping[str, int]
    title: Set[str]
    heading: str  # the title as it is written
    vector: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many texts the forum has counted, and how many of them have each stem."""

    texts: int
    counts: Mapping[str, int]
    _idfs: dict[int, float] = field(default_factory=dict)  # by count: most stems have one of a few counts

    def idf(self, stem: str) -> float:
        """The logarithm of texts to those that have the stem; 0 for one that all have (K. Spärck Jones, 1972)."""
        count = self.counts.get(stem, 0)
        found = self._idfs.get(count)
        if found is None:
            found = self._idfs[count] = max(0.0, math.log(self.texts / max(count, 1)))
        return found

    def is_rare(self, stem: str) -> bool:
        """Do few texts have it?"""
        return self.counts.get(stem, 0) <= max(RARE_LEAST, RARE_SHARE * self.texts)


def load(db: Connection, print_ids: Collection[int]) -> list[Post]:
    """The posts of these prints in the order of the prints, without those that are settled. Vectors are empty."""
    return [_post(row) for row in sorted(_BY_IDS.rows(db, print_ids), key=itemgetter(0))]


def _post(row: Any) -> Post:
    words, marks = row.words, row.marks
    if not words:  # what is hidden has no words in the index
        words, marks = stored.index_text("idea", row.title, row.body, None)
    counts = Counter(filterfalse(_SMALL.__contains__, words.split()[:MOST_STEMS]))
    titled = frozenset([mark[1:] for mark in marks.split() if mark[0] == TITLE]) - _SMALL
    for stem in titled & counts.keys():
        counts[stem] += TITLE_WEIGHT - 1
    return Post(
        print_id=row.id,
        idea_id=row.idea_id,
        author_id=row.author_id,
        community_id=row.community_id,
        is_fresh=row.is_fresh,
        state=row.state,
        created_at=row.created_at,
        keys=row.keys,
        counts=counts,
        title=titled,
        heading=row.title,
    )


def spoken(stems: Collection[str], headings: Iterable[str]) -> dict[str, str]:
    """Stem → the word for it that stands in most of these titles, for those that stand in one."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    wanted = frozenset(stems)
    for heading in headings:
        for stem, word in terms.examples(heading, wanted).items():
            counted[stem][word] += 1
    return {stem: max(sorted(words), key=lambda word: words[word]) for stem, words in counted.items()}


def rarity(db: Connection, stems: Iterable[str]) -> Rarity:
    """How rare these stems are. Words that the search has not counted yet pass as new ones."""
    return Rarity(vocabularies.totals(db).documents, vocabularies.counts(db, stems))


def stems_of(posts: Sequence[Post]) -> set[str]:
    """Every stem that stands in one of these."""
    return set().union(*[post.counts for post in posts])


def weigh(posts: Sequence[Post], rare: Rarity) -> None:
    """Give each post its vector of length 1: how often a stem stands there (log) times how rare it is."""
    # A word of one text alone joins nothing.
    worth = {stem: rare.idf(stem) for stem, count in rare.counts.items() if count > 1}
    for post in posts:
        raw = {
            stem: worth[stem] if often == 1 else worth[stem] * LOGARITHMS[often]
            for stem, often in post.counts.items()
            if stem in worth
        }
        length = math.sqrt(sum([value * value for value in raw.values()]))
        post.vector = {stem: value / length for stem, value in raw.items()} if length else {}


def said(post: Post, purpose: Set[str]) -> list[str]:
    """The stems in a post's title or said again, which are not a part of its community's purpose."""
    return [
        stem
        for stem, often in post.counts.items()
        if often >= REPEATED and len(stem) > 2 and not stem.isdigit() and stem not in purpose
    ]


def telling(post: Post, said: Sequence[str], rare: Rarity) -> list[str]:
    """What this post is about: those of the stems that it has said (see above) that are rare."""
    found = [(-LOGARITHMS[post.counts[stem]] * rare.idf(stem), stem) for stem in said if rare.is_rare(stem)]
    return [stem for _, stem in sorted(found)[:TELLING]]
