"""Idea cards as kept HTML: the same for all who voted the same, made again only when what they show changes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from forum.clock import now
from forum.db import remembered
from forum.domain import lists, votes
from forum.domain.communities import CommunityView
from forum.shelves import Shelf
from forum.text import relative, steady
from forum.web.render import ENVIRONMENT
from forum.web.visits import Visit


class Card(NamedTuple):
    """What a card shows: its fingerprint and its template's `idea` in one."""

    id: int
    slug: str
    title: str
    excerpt: str
    up: int
    down: int
    comment_count: int
    status: str
    state: str
    is_by_employee: bool
    language: str
    created_at: Any
    author_name: str
    author_handle: str
    community_name: str
    community_slug: str
    vote_kind: str
    is_votable: bool
    age: str

    @property
    def is_employee(self) -> bool:
        return self.is_by_employee


@dataclass(slots=True)
class _Kept:
    """A card, with the row and the community that it shows, and how long its age is true (seconds since 1970)."""

    row: tuple[Any, ...]
    place: CommunityView
    until: float
    html: bytes


_kept: Shelf[tuple[int, int], _Kept] = Shelf(8_000)


class Pile(NamedTuple):
    """The cards of a list in order, and until when they stay as they are (seconds since 1970)."""

    ids: tuple[int, ...]
    pieces: list[bytes]
    until: float


class Cards:
    """The cards of a list as bytes; as HTML where a template asks."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces)

    def __html__(self) -> str:
        return bytes(self).decode()


def card(row: Any, place: CommunityView) -> Card:
    """The card of one row of a list (domain/lists.py) in its community."""
    return Card(
        row.id,
        row.slug,
        row.title,
        row.excerpt,
        row.up,
        row.down,
        row.comment_count,
        row.status,
        row.state,
        row.is_by_employee,
        row.language,
        row.created_at,
        row.author_name,
        row.author_handle,
        place.name,
        place.slug,
        place.vote_kind,
        place.is_votable and not row.is_locked and row.state in ("published", "off-topic"),
        relative(row.created_at, now()),
    )


def render(visit: Visit, rows: list[Any], places: Mapping[int, CommunityView]) -> Cards:
    """The cards of a list for this visitor, joined. Reads how they voted; needs the open transaction."""
    return for_visitor(visit, rows, places, of_everybody(rows, places))


def of_everybody(rows: list[Any], places: Mapping[int, CommunityView]) -> Pile:
    """The cards of a list as they look to all who have not voted."""
    moment = now().timestamp()
    kept = [_html(row, places[row.community_id], 0, moment) for row in rows]
    until = min((one.until for one in kept), default=math.inf)
    return Pile(tuple(row.id for row in rows), [one.html for one in kept], until)


def for_visitor(visit: Visit, rows: list[Any], places: Mapping[int, CommunityView], pile: Pile) -> Cards:
    """Everybody's cards with this visitor's votes on them."""
    if (user := visit.user) is None:
        return Cards(pile.pieces)
    mine = remembered(visit.db, ("my votes", user.id, pile.ids), lambda: votes.mine(visit.db, user, list(pile.ids)))
    if not mine:
        return Cards(pile.pieces)
    moment = now().timestamp()
    return Cards(
        [
            _html(row, places[row.community_id], mine[row.id], moment).html if row.id in mine else piece
            for row, piece in zip(rows, pile.pieces, strict=True)
        ]
    )


def _html(row: Any, place: CommunityView, my_vote: int, moment: float) -> _Kept:
    shown = row[: lists.CARD_WIDTH]
    kept = _kept.get((row.id, my_vote))
    if kept is not None and kept.row == shown and moment < kept.until and kept.place == place:
        return kept
    html = ENVIRONMENT.get_template("ideas/_card.html").render(idea=card(row, place), my_vote=my_vote).encode()
    return _kept.put((row.id, my_vote), _Kept(shown, place, moment + steady(row.created_at, now()), html))
