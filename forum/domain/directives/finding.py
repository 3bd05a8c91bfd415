"""Finding directives by their words: the newest editions alone, so that no word of a draft is ever found.

There are few directives, so no index holds them. The words of an edition never change: each process reads them once.
At most MOST directives are looked through, the newest, and of each its first READ characters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain.directives import texts, views
from forum.domain.directives.texts import QUESTIONS, Text
from forum.domain.search import finds, fitting, queries, snippets
from forum.domain.search.expressions import Expression
from forum.domain.search.fitting import Said
from forum.domain.search.queries import Query
from forum.models import Directive, DirectiveEdition
from forum.shelves import Shelf

MOST = 100
READ = 400_000
SHOWN = 3  # recommendations named of one directive

_PUBLIC = (
    sa.select(
        Directive.id,
        Directive.number,
        Directive.stage,
        Directive.edition_id,
        DirectiveEdition.digest,
        DirectiveEdition.published_at,
    )
    .join_from(Directive, DirectiveEdition, DirectiveEdition.id == Directive.edition_id)
    .order_by(DirectiveEdition.id.desc())
    .limit(MOST)
)
_CONTENTS = sa.select(DirectiveEdition.digest, DirectiveEdition.content).where(
    DirectiveEdition.id.in_(sa.bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A recommendation that fits. Title and snippet are safe HTML with the words marked."""

    label: str
    title_html: str
    snippet_html: str
    path: str


@dataclass(frozen=True, slots=True)
class Found:
    """A directive that fits, with its recommendations that fit best, and how many more of them do."""

    title_html: str
    path: str
    stage: str
    number: int | None
    published_at: datetime
    passages: tuple[Passage, ...]
    more: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A recommendation with its words. `whole`: with the title of the directive, which belongs to each of them."""

    id: int
    label: str
    title: str
    body: str
    own: Said
    whole: Said


@dataclass(frozen=True, slots=True)
class _Words:
    """An edition as it is looked through."""

    title: str
    head: Said
    pieces: tuple[_Piece, ...]


_kept: Shelf[str, _Words] = Shelf(2 * MOST)
"""Digest of an edition → its words: the same words have the same digest, in whatever database."""


def find(db: Connection, query: str) -> list[Found]:
    """The public directives that fit any text at all, the best first. Asks no rights: editions are public.

    Every word must be said, in a recommendation together with the title of its directive, or in the title, the
    introduction and the names of the parts. Operators, quotes or signs never make it fail.
    """
    asked = queries.parse(query)
    if not asked.wanted:
        return []
    expression, marked = queries.strict(asked, (), ()), finds.fits_of([asked])
    rows = db.execute(_PUBLIC).all()
    known = _words(db, rows)
    found = []
    for row in rows:
        worth, one = _look(row, known[row.digest], asked, expression, marked)
        if one is not None:
            found.append((worth, row.edition_id, one))
    found.sort(key=lambda scored: (-scored[0], -scored[1]))
    return [one for _, _, one in found]


def _look(
    row: Any, words: _Words, asked: Query, expression: Expression, marked: snippets.Fits
) -> tuple[int, Found | None]:
    fitting_pieces = [
        (worth, piece)
        for piece in words.pieces
        if (worth := _worth(asked, piece.own)) and fitting.fits(expression, piece.whole)
    ]
    is_head = fitting.fits(expression, words.head)
    if not fitting_pieces and not is_head:
        return 0, None
    fitting_pieces.sort(key=lambda scored: -scored[0])  # stable: of equals the first in the text
    path = f"/directives/{row.id}-{views.slug(words.title)}"
    passages = tuple(
        Passage(
            piece.label,
            snippets.title(piece.title, marked),
            snippets.snippet(piece.body, marked),
            f"{path}#recommendation-{piece.id}",
        )
        for _, piece in fitting_pieces[:SHOWN]
    )
    worth = max([worth for worth, _ in fitting_pieces] + [_worth(asked, words.head) if is_head else 0])
    title_html = snippets.title(words.title, marked)
    more = max(0, len(fitting_pieces) - SHOWN)
    return worth, Found(title_html, path, row.stage, row.number, row.published_at, passages, more)


def _worth(asked: Query, text: Said) -> int:
    """Words that are needed and said, those in the title three times; 0 where none of them is."""
    worth = 0
    for one in asked.needed:
        if any(fitting.fits(part, Said(text.title, ())) for part in one.fits):
            worth += 3
        elif any(fitting.fits(part, text) for part in one.fits):
            worth += 1
    return worth


def _words(db: Connection, rows: Sequence[Any]) -> dict[str, _Words]:
    """Digest → the words of these editions, from what this process has read before, as far as it has."""
    found = {row.digest: kept for row in rows if (kept := _kept.get(row.digest)) is not None}
    if missing := [row.edition_id for row in rows if row.digest not in found]:
        for row in db.execute(_CONTENTS, {"ids": missing}):
            found[row.digest] = _kept.put(row.digest, _read(texts.parse(row.content)))
    return found


def _read(text: Text) -> _Words:
    parts = " ".join(part.title for part in text.parts)
    head = fitting.said(text.title, f"{text.introduction} {parts}"[:READ])
    return _Words(text.title, head, tuple(_pieces(text, head)))


def _pieces(text: Text, head: Said) -> Iterator[_Piece]:
    left = READ
    for clause in text.clauses():
        body = " ".join(getattr(clause, name) for name in QUESTIONS)
        left -= len(clause.title) + len(body)
        if left < 0:
            return
        own = fitting.said(clause.title, body)
        whole = Said((*head.title, *own.title), own.body)
        yield _Piece(clause.id, clause.label, clause.title, body, own, whole)
