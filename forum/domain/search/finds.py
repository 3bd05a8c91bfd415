"""Find what somebody typed: every word first, then with typing errors put right, then some of the words."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain.people import Person
from forum.domain.search import candidates, indexes, queries, snippets, sources, vocabularies
from forum.domain.search.expressions import ELSEWHERE, Expression, Mark, Phrase, Word
from forum.domain.search.indexes import Arm
from forum.domain.search.queries import Query, Wanted
from forum.domain.search.scores import Scorer
from forum.domain.search.selections import ByIds
from forum.domain.search.vocabularies import Totals
from forum.models.search import SearchDocument

PAGE = 20
NEWEST = 400
"""Hits that are ranked: so many of the newest, and besides"""
TITLED = 200
"""so many of the newest with every word in the title, and"""
STRONGEST = 150
"""where there are more hits than that, those among the ideas with most votes."""
FEW = 5
"""With fewer hits for every word, texts that hold some of the words are shown too."""
MENDED = 8
"""Typing errors are looked for in queries of no more words than this; longer ones are texts."""
SUPPORTED = 100
"""Best hits in which votes count a little too."""
STRICT, CORRECTED, RELAXED = 3000.0, 2000.0, 1000.0
"""Added to scores, so that what fits the query to the letter comes before what fits a corrected or a part of it."""

_WALKED, _IN_TITLE = 1, 2  # which walk led to a document
_TEXTS = ByIds(
    sa.select(
        SearchDocument.id,
        SearchDocument.title,
        SearchDocument.body,
        SearchDocument.community_id,
        SearchDocument.created_at,
        SearchDocument.language,
    ),
    SearchDocument.id,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. For a comment, title and slug are those of its idea. `score` orders hits of one query only."""

    kind: str
    object_id: int
    idea_id: int
    slug: str
    title_html: str
    snippet_html: str
    community_id: int | None
    created_at: datetime
    language: str
    status: str
    score: float


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits. `suggestion` is the query with typing errors put right, if it has any."""

    hits: list[Hit]
    next_after: str | None = None
    suggestion: str | None = None
    total_is_at_least: int = 0
    is_total_exact: bool = True
    is_relaxed: bool = False  # some hits hold only a part of the words


@dataclass(frozen=True, slots=True)
class _Place:
    """Where is looked: kinds, community, what is not for these eyes, and filters on the ideas."""

    prefixes: tuple[str, ...]
    marks: tuple[Mark, ...]
    hidden: tuple[Mark, ...]
    community_id: int | None
    status: str | None
    tag_id: int | None
    with_track: bool
    newest: int
    totals: Totals

    @property
    def may_take_strongest(self) -> bool:
        """Ideas are looked for, and the community, if one is named, may be seen."""
        return "" in self.prefixes and not set(self.marks) & set(self.hidden)


def find(
    db: Connection,
    query: str,
    *,
    user: Person | None = None,
    kinds: Sequence[str] | None = None,
    community_id: int | None = None,
    status: str | None = None,
    tag_id: int | None = None,
    with_track: bool = False,
    limit: int = PAGE,
    after: str | None = None,
) -> Results:
    """The best hits for any text at all. `after` is the `next_after` of the page before.

    Only what `user` may see; of the off-topic track nothing, unless `with_track`.
    `"words in quotes"` must follow each other, `-word` must not be said; every other word
    must be, unless that finds hardly anything. Of very frequent words the newest and the most supported texts are
    ranked. Operators, quotes or signs never make it fail: a text without any word finds nothing.
    """
    asked = queries.parse(query)
    if not asked.wanted:
        return Results([])
    halves = queries.halves(asked)
    stems = queries.stems(asked) | {stem for pairs in halves.values() for pair in pairs for stem in pair}
    counts = vocabularies.counts(db, stems)
    asked = queries.with_halves(asked, counts)
    place = _place(db, user, kinds, community_id, status, tag_id, with_track)
    scores, is_exact = _look(db, place, asked, counts, STRICT)
    suggestion, is_relaxed, known = None, False, [asked]
    if len(scores) < limit:
        corrected, suggestion = _corrected(db, asked, counts, place.totals.documents)
        if corrected is not None:
            counts |= vocabularies.counts(db, queries.stems(corrected))
            _add(scores, _look(db, place, corrected, counts, CORRECTED)[0])
            known.append(corrected)
        if len(scores) < FEW and len(asked.needed) > 1:
            best = corrected or asked
            before = len(scores)
            _add(scores, _look(db, place, best, counts, RELAXED)[0])
            is_relaxed = len(scores) > before
    ordered = _ordered(db, scores)
    page, next_after = _page(ordered, limit, after)
    hits = _hits(db, page, known)
    return Results(hits, next_after, suggestion, len(ordered), is_exact, is_relaxed)


def _place(
    db: Connection,
    user: Person | None,
    kinds: Sequence[str] | None,
    community_id: int | None,
    status: str | None,
    tag_id: int | None,
    with_track: bool,
) -> _Place:
    chosen = ("idea",) if status is not None or tag_id is not None else tuple(kinds or ())
    prefixes = ("", ELSEWHERE) if not chosen else tuple({"" if kind == "idea" else ELSEWHERE: 1 for kind in chosen})
    marks = (Mark(f"c{int(community_id)}"),) if community_id is not None else ()
    return _Place(
        prefixes,
        marks,
        tuple(candidates.hidden_communities(db, user)),
        community_id,
        status,
        tag_id,
        with_track,
        indexes.newest_id(db),
        vocabularies.totals(db),
    )


def _look(
    db: Connection, place: _Place, query: Query, counts: Mapping[str, int], base: float
) -> tuple[dict[int, tuple[float, Any]], bool]:
    """Scored documents by id, and whether these are all there are."""
    needed, documents = query.needed, place.totals.documents
    if base == RELAXED:
        expression = queries.relaxed(query, counts, place.marks, place.hidden)
        passed = sum(sorted(queries.rarity(one, counts) for one in needed)[:6])
    else:
        expression = queries.strict(query, place.marks, place.hidden)
        passed = min(queries.rarity(one, counts) for one in needed)
    low = candidates.lowest(place.newest, passed, documents)
    arms = [Arm(expression, NEWEST, _WALKED, low, place.prefixes)]
    titled = queries.titled(query, place.marks, place.hidden) if base != RELAXED and "" in place.prefixes else None
    if titled is not None:
        arms.append(Arm(titled, TITLED, _IN_TITLE, candidates.lowest(place.newest, passed // 4, documents)))
    walked = indexes.walk(db, arms, place.newest, NEWEST + TITLED)
    is_all = low == 0 and sum(worth & _WALKED for worth in walked.values()) < NEWEST
    rows = candidates.load(db, walked)
    if not is_all and place.may_take_strongest and base != RELAXED and not query.unwanted:
        rows |= {row.id: row for row in candidates.strongest(db, place.community_id, STRONGEST)}
    rows = candidates.narrowed(db, rows, place.status, place.tag_id)
    if not place.with_track:
        rows = candidates.on_the_lists(db, rows)
    scorer, enough = Scorer(query, counts, place.totals), 1 if base == RELAXED else len(needed)
    scores: dict[int, tuple[float, Any]] = {}
    for number, row in rows.items():
        score, found = scorer.score(row.words, row.marks)
        if number in walked or found >= enough:
            scores[number] = (base + score, row)
    return scores, is_all


def _add(scores: dict[int, tuple[float, Any]], more: Mapping[int, tuple[float, Any]]) -> None:
    for number, scored in more.items():
        scores.setdefault(number, scored)


def _ordered(db: Connection, scores: Mapping[int, tuple[float, Any]]) -> list[tuple[float, Any]]:
    """Best first; among the best, an idea with ten times the votes gains a twentieth. Of equals the newer is first."""
    ordered = sorted(scores.values(), key=lambda scored: (-scored[0], -scored[1].id))
    best = ordered[:SUPPORTED]
    ideas = sources.shown(db, "idea", [row.object_id for _, row in best if row.kind == "idea"])
    lifted = [
        (_lifted(score, ideas[row.object_id].net) if row.kind == "idea" and row.object_id in ideas else score, row)
        for score, row in best
    ]
    lifted.sort(key=lambda scored: (-scored[0], -scored[1].id))
    floor = lifted[-1][0] if lifted else 0.0
    rest = [(min(score, floor), row) for score, row in ordered[SUPPORTED:]]
    return [(round(score, 6), row) for score, row in (*lifted, *rest)]


def _lifted(score: float, net: int) -> float:
    base = score // 1000 * 1000
    return base + (score - base) * (1 + 0.05 * math.log10(1 + max(0, net)))


def _page(
    ordered: list[tuple[float, Any]], limit: int, after: str | None
) -> tuple[list[tuple[float, Any]], str | None]:
    """The hits behind the key `score_id`, or the first ones where the key is none of ours."""
    key = _read_key(after)
    rest = [scored for scored in ordered if key is None or (scored[0], scored[1].id) < key]
    page = rest[:limit]
    more = len(rest) > limit
    return page, f"{page[-1][0]:.6f}_{page[-1][1].id}" if more and page else None


def _read_key(after: str | None) -> tuple[float, int] | None:
    score, _, number = (after or "").partition("_")
    try:
        return (float(score), int(number)) if number else None
    except ValueError:
        return None


def _hits(db: Connection, page: list[tuple[float, Any]], known: Sequence[Query]) -> list[Hit]:
    """What is shown of these documents; what has been hidden since, or stands under a hidden idea, is left out."""
    texts = {row.id: row for row in _TEXTS.rows(db, (row.id for _, row in page))}
    shown = {
        kind: sources.shown(db, kind, [row.object_id for _, row in page if row.kind == kind])
        for kind in ("idea", "comment")
    }
    fits = fits_of(known)
    hits: list[Hit] = []
    for score, row in page:
        about, text = shown[row.kind].get(row.object_id), texts.get(row.id)
        if about is None or text is None:
            continue
        hits.append(
            Hit(
                kind=row.kind,
                object_id=row.object_id,
                idea_id=about.idea_id,
                slug=about.slug,
                title_html=snippets.title(about.idea_title, fits),
                snippet_html=snippets.snippet(text.body, fits),
                community_id=text.community_id,
                created_at=text.created_at,
                language=text.language,
                status=about.status,
                score=score,
            )
        )
    return hits


def fits_of(known: Sequence[Query]) -> snippets.Fits:
    """Does a stem count for one of these queries? Small words are marked only where nothing else was asked for."""
    whole: set[str] = set()
    starts: list[str] = []
    for query in known:
        for one in query.needed:
            for part in one.fits:
                if isinstance(part, Word) and part.begins:
                    starts.append(part.stem)
                else:
                    whole |= set(queries.stems_of(part))
        for first, second in zip(query.needed, query.needed[1:], strict=False):
            whole |= queries.joined_stems(first, second)
    return snippets.Fits(frozenset(whole), tuple(starts))


def _corrected(
    db: Connection, query: Query, counts: Mapping[str, int], documents: int
) -> tuple[Query | None, str | None]:
    """The query where words also count that may have been meant, and how it would read with the likeliest of them."""
    if len(query.needed) > MENDED:
        return None, None
    wanted: list[Wanted] = []
    text: list[str] = []
    changed = False
    for one in query.wanted:
        near = _meant(db, one, counts, documents)
        if near:
            changed = True
            more: Iterable[Expression] = (Word(neighbor.stem) for neighbor in near)
            wanted.append(replace(one, others=(*one.others, *more)))
        else:
            wanted.append(one)
        word = near[0].word if near else one.word
        text.append(f'"{word}"' if isinstance(one.expression, Phrase) else word)
    if not changed:
        return None, None
    return Query(tuple(wanted), query.unwanted), " ".join(text)


def _meant(db: Connection, one: Wanted, counts: Mapping[str, int], documents: int) -> Sequence[vocabularies.Neighbor]:
    """Words much more used than this one and spelled much like it; a word that is well known is no typing error."""
    if not isinstance(one.expression, Word) or one.expression.begins or one.is_small:
        return []
    count = queries.rarity(one, counts)
    if count * 2000 > documents and count > 2:
        return []
    near = vocabularies.neighbors(db, one.word, documents)
    return [neighbor for neighbor in near if neighbor.count >= max(1, 10 * count)]
