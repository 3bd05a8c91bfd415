"""Tags: short words on ideas, made when first used."""

import sqlalchemy as sa

from forum import text
from forum.db import Connection, insert_once
from forum.models import Tag

MOST = 5
LENGTH = 40
_BY_SLUG = sa.select(Tag.id).where(Tag.slug == sa.bindparam("slug"))


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
