"""Tags: short words on ideas, made when first used; and which ideas stand in their lists."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum import text
from forum.clock import to_microseconds
from forum.db import Connection, PerDialect, insert_many, insert_once, lock_row
from forum.models import Idea, IdeaTag, Tag
from forum.models.tags import FOLLOWED

MOST = 5
LENGTH = 40
_BY_SLUG = sa.select(Tag.id).where(Tag.slug == sa.bindparam("slug"))
_BY_SLUGS = sa.select(Tag.id, Tag.slug).where(Tag.slug.in_(sa.bindparam("slugs", expanding=True)))
_MAKE = PerDialect(lambda insert: insert(Tag).on_conflict_do_nothing())
_COPIED = {name: (getattr(IdeaTag, name), getattr(Idea, name)) for name in FOLLOWED}
# The idea's row is locked: a vote on PostgreSQL that does not see the new row yet would leave it as it was.
_PUT = sa.insert(IdeaTag).from_select(
    ["tag_id", "idea_id", *FOLLOWED],
    lock_row(
        sa.select(
            sa.cast(sa.bindparam("the_tag"), sa.BigInteger), Idea.id, *(original for _, original in _COPIED.values())
        ).where(Idea.id == sa.bindparam("the_idea"))
    ),
)
_IS_OTHER = sa.and_(IdeaTag.idea_id == Idea.id, sa.or_(*(copy != original for copy, original in _COPIED.values())))
_AMONG = IdeaTag.idea_id.in_(sa.bindparam("ids", expanding=True))
_STRAYED = (
    sa.select(
        IdeaTag.idea_id,
        *(copy.label(f"copy_{name}") for name, (copy, _) in _COPIED.items()),
        *(original for _, original in _COPIED.values()),
    )
    .join_from(IdeaTag, Idea, Idea.id == IdeaTag.idea_id)
    .where(_AMONG, _IS_OTHER)
    .order_by(IdeaTag.idea_id, IdeaTag.tag_id)
)
_BRING_BACK = (
    sa.update(IdeaTag).values({name: original for name, (_, original) in _COPIED.items()}).where(_AMONG, _IS_OTHER)
)


def slug_of(name: str) -> str:
    """By what a tag is known: two names with the same slug are one tag. Names without Latin letters keep their own."""
    return text.slug(name, "") or "-".join(text.fold(name).split())[:LENGTH]


def find(db: Connection, name: str) -> int | None:
    """The id of a tag by its name or slug, or None."""
    found = db.execute(_BY_SLUG, {"slug": slug_of(name)}).scalar()
    return None if found is None else int(found)


def ensure(db: Connection, name: str) -> int:
    """The id of a tag, made if there is none yet."""
    slug = slug_of(name)
    insert_once(db, Tag, slug=slug, name=name.strip()[:LENGTH], idea_count=0)
    return int(db.execute(_BY_SLUG, {"slug": slug}).scalar_one())


def ensure_many(db: Connection, names: Sequence[str]) -> dict[str, int]:
    """Name → the id of its tag. Those that are new are made in this order, each with the first name that gives it."""
    slugs = {name: slug_of(name) for name in names}
    wanted = {"slugs": list(dict.fromkeys(slugs.values()))}
    ids = {row.slug: row.id for row in db.execute(_BY_SLUGS, wanted)}
    new: dict[str, str] = {}
    for name, slug in slugs.items():
        if slug not in ids:
            new.setdefault(slug, name.strip()[:LENGTH])
    if new:
        db.execute(_MAKE(db), [{"slug": slug, "name": name, "idea_count": 0} for slug, name in new.items()])
        ids |= {row.slug: row.id for row in db.execute(_BY_SLUGS, {"slugs": list(new)})}
    return {name: ids[slug] for name, slug in slugs.items()}


def put(db: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Put tags on ideas that do not have them: pairs of (idea id, tag id). Counts of the tags are the caller's."""
    if rows := [{"the_idea": idea_id, "the_tag": tag_id} for idea_id, tag_id in pairs]:
        db.execute(_PUT, rows)


def put_new(db: Connection, tagged: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """The same for ideas that were inserted in this transaction: pairs of a tag's id and the idea's columns."""
    rows = [
        {"tag_id": tag_id, "idea_id": idea["id"], **{name: idea[name] for name in FOLLOWED}} for tag_id, idea in tagged
    ]
    insert_many(db, IdeaTag, sorted(rows, key=lambda row: (row["tag_id"], row["idea_id"])))  # as they lie there


def strayed(db: Connection, idea_ids: Collection[int]) -> Iterator[tuple[int, str, float, float]]:
    """Where lists of tags repeat a figure that is not the idea's: idea id, column, what they repeat, what is right.

    Triggers prevent it; so somebody went around them. Moments are in microseconds.
    """
    for row in db.execute(_STRAYED, {"ids": list(idea_ids)}):
        for name in FOLLOWED:
            copy, original = _number(getattr(row, f"copy_{name}")), _number(getattr(row, name))
            if copy != original:
                yield row.idea_id, name, copy, original


def bring_back(db: Connection, idea_ids: Collection[int]) -> None:
    """Let the lists of tags repeat these ideas' figures again. Their rows are to be locked."""
    db.execute(_BRING_BACK, {"ids": list(idea_ids)})


def _number(value: Any) -> float:
    return to_microseconds(value) if isinstance(value, datetime) else value
