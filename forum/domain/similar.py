"""Similar ideas: what the search finds close to a text, as far as this person may see it, and all of them in bulk."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import communities, duplicates, ideas, outbox, search
from forum.domain.duplicates import texts
from forum.domain.ideas import IdeaView
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Idea

MOST = 5
TITLE_LEAST = 8  # characters from which on a title says enough to compare
BATCH = 3
"""Ideas that the worker looks at in one transaction: some 50 ms, for others wait meanwhile."""
PAUSE = timedelta(milliseconds=200)
"""What the worker leaves to others between two batches."""

_NEXT = (
    sa.select(Idea.id)
    .where(Idea.id > sa.bindparam("after"), Idea.id <= sa.bindparam("until"))
    .order_by(Idea.id)
    .limit(sa.bindparam("most"))
)

_ROWS = sa.select(
    Idea.id,
    Idea.slug,
    Idea.title,
    Idea.excerpt,
    Idea.language,
    Idea.status,
    Idea.up,
    Idea.down,
    Idea.comment_count,
    Idea.community_id,
    Idea.is_locked,
).where(Idea.id.in_(sa.bindparam("ids", expanding=True)), Idea.is_listed)


@dataclass(frozen=True, slots=True)
class SimilarIdea:
    """One idea like another, with what a short list shows and a vote needs."""

    id: int
    slug: str
    title: str
    excerpt: str
    language: str
    status: str
    up: int
    down: int
    comment_count: int
    community_name: str
    community_slug: str
    vote_kind: str
    is_votable: bool

    @property
    def path(self) -> str:
        return ideas.path(self.id, self.slug)


def to_text(db: Connection, user: Person | None, title: str, body: str = "") -> list[SimilarIdea]:
    """Ideas like one that is being written, from every community, the closest first. Takes milliseconds."""
    if len(title.strip()) < TITLE_LEAST:
        return []
    found = search.similar(db, title, body, limit=MOST, user=user, at_least=search.PLAUSIBLE)
    return load(db, user, [one.idea_id for one in found])


def ids_like(db: Connection, idea: IdeaView) -> tuple[int, ...]:
    """Ids of the ideas closest to this one that everybody may see, the closest first. Takes milliseconds."""
    found = search.similar(db, idea.title, idea.body, limit=MOST, exclude_idea_id=idea.id, at_least=search.PLAUSIBLE)
    return tuple(one.idea_id for one in found)


@dataclass(frozen=True, slots=True)
class Pair:
    """An idea and one like it, by the ids of their source where they were imported. `score` is 0 to 1."""

    idea: str
    similar: str
    score: float


def pairs(
    db: Connection,
    *,
    limit: int = 5,
    by_title: bool = False,
    only: Collection[int] | None = None,
    reading: texts.Progress | None = None,
    comparing: texts.Progress | None = None,
) -> Iterator[Pair]:
    """For every idea that its author has not withdrawn, or those with ids in `only`, the published ones most like it.

    The best come first, at most `limit`. Compared are words and meanings (domain/duplicates). With `by_title` only the
    title of the one is compared with the whole text of the others. Deterministic. Asks no rights: for operators, who
    see closed communities too.
    """
    from forum.domain.duplicates import nearest  # numpy: only where it is needed

    found = texts.read(db, reading)
    names = found.names
    for near in nearest.of_all(found, limit=limit, by="title" if by_title else "text", only=only, progress=comparing):
        for one in near:
            yield Pair(names[one.idea], names[one.similar], one.score)


def likely_duplicates(db: Connection, after_id: int, until_id: int, most: int = BATCH) -> int | None:
    """Look at the next ideas with ids above `after_id` up to `until_id`; open a case for each pair most alike.

    Returns the id to go on after, None at the end. Safe to repeat: see duplicates.look.
    """
    ids = db.execute(_NEXT, {"after": after_id, "until": until_id, "most": most}).scalars().all()
    duplicates.look(db, ids)
    return ids[-1] if len(ids) == most else None


def look_later(db: Connection, after_id: int, until_id: int, *, wait: timedelta = timedelta(0)) -> None:
    """Have the worker look at ideas with ids above `after_id` up to `until_id`, a few at a time."""
    outbox.add(db, "ideas.arrived", due_at=now() + wait, after_id=after_id, until_id=until_id)


def load(db: Connection, user: Person | None, ids: Sequence[int]) -> list[SimilarIdea]:
    """These ideas in this order, without those that are not listed or not for this person's eyes."""
    if not ids:
        return []
    places = communities.directory(db)
    rows = {row.id: row for row in db.execute(_ROWS, {"ids": list(ids)})}
    shown = []
    for idea_id in ids:
        row = rows.get(idea_id)
        place = places.get(row.community_id) if row else None
        if row is None or place is None or not can(user, "community.read", place):
            continue
        values = {name: value for name, value in row._mapping.items() if name not in ("community_id", "is_locked")}
        shown.append(
            SimilarIdea(
                **values,
                community_name=place.name,
                community_slug=place.slug,
                vote_kind=place.vote_kind,
                is_votable=place.is_votable and not row.is_locked,
            )
        )
    return shown
