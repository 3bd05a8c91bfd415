"""Agencies: public offices that communities are attached to and that answer."""

import sqlalchemy as sa

from forum.db import Connection, insert_once, remembered
from forum.domain.communities import AgencyView
from forum.domain.errors import NotFound
from forum.models import Agency, CommunityAgency
from forum.text import slug as slug_of

_ALL = sa.select(Agency.id, Agency.slug, Agency.name).order_by(Agency.name, Agency.id)
_BY_SLUG = sa.select(Agency.id, Agency.slug, Agency.name).where(Agency.slug == sa.bindparam("slug"))
_COMMUNITIES = sa.select(CommunityAgency.community_id).where(CommunityAgency.agency_id == sa.bindparam("agency_id"))


def everyone(db: Connection) -> list[AgencyView]:
    """All agencies in order of their names; shared between pages while nothing changes."""
    return remembered(db, "agencies", lambda: [AgencyView(row.id, row.slug, row.name) for row in db.execute(_ALL)])


def get(db: Connection, slug: str) -> AgencyView:
    """The agency with this slug. NotFound if there is none."""
    row = db.execute(_BY_SLUG, {"slug": slug}).first()
    if row is None:
        raise NotFound("There is no agency of this name.")
    return AgencyView(row.id, row.slug, row.name)


def ensure(db: Connection, name: str) -> int:
    """The id of the agency of this name, made if there is none."""
    slug = slug_of(name, "agency")
    insert_once(db, Agency, slug=slug, name=name.strip())
    return get(db, slug).id


def community_ids(db: Connection, agency_id: int) -> list[int]:
    """The communities that an agency is attached to."""
    return [int(row.community_id) for row in db.execute(_COMMUNITIES, {"agency_id": agency_id})]
