"""Tags: short words on ideas, made when first used."""

from collections.abc import Sequence

import sqlalchemy as sa

from forum import text
from forum.db import Connection, PerDialect, insert_once
from forum.models import Tag

MOST = 5
LENGTH = 40
_BY_SLUG = sa.select(Tag.id).where(Tag.slug == sa.bindparam("slug"))
_BY_SLUGS = sa.select(Tag.id, Tag.slug).where(Tag.slug.in_(sa.bindparam("slugs", expanding=True)))
_PUT = PerDialect(lambda insert: insert(Tag).on_conflict_do_nothing())


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
        db.execute(_PUT(db), [{"slug": slug, "name": name, "idea_count": 0} for slug, name in new.items()])
        ids |= {row.slug: row.id for row in db.execute(_BY_SLUGS, {"slugs": list(new)})}
    return {name: ids[slug] for name, slug in slugs.items()}
