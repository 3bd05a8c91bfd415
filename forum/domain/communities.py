"""Communities of interest: find them, with the phase they are in right now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, address, is_remembering, remembered
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Agency, Community, CommunityAgency, CommunityPhase

PHASES = ("brainstorm", "discuss", "draft", "closed")


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency attached to a community."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class CommunityView:
    """A community as pages and rules see it, in its present phase."""

    id: int
    slug: str
    name: str
    group_name: str
    purpose: str
    guidelines: str
    guidelines_version: int
    status: str
    visibility: str
    posting: str
    moderation: str
    spam_threshold: float | None
    most_links: int | None
    vote_kind: str
    banner: int
    idea_count: int
    member_count: int
    proposed_by_id: int | None
    created_at: datetime
    phase: str
    phase_ends_at: datetime | None
    next_phase: str | None
    agencies: tuple[AgencyView, ...] = ()

    @property
    def community_id(self) -> int:
        return self.id

    @property
    def community_status(self) -> str:
        return self.status

    @property
    def is_votable(self) -> bool:
        """Does the community take votes now?"""
        return self.status == "open" and self.phase in ("brainstorm", "discuss")


class InCommunity:
    """What stands in a community, as the rules ask for it. A dataclass with `community` takes it as its base."""

    __slots__ = ()
    community: CommunityView

    @property
    def community_status(self) -> str:
        return self.community.status

    @property
    def visibility(self) -> str:
        return self.community.visibility

    @property
    def posting(self) -> str:
        return self.community.posting

    @property
    def phase(self) -> str:
        return self.community.phase


COLUMNS = (
    Community.id,
    Community.slug,
    Community.name,
    Community.group_name,
    Community.purpose,
    Community.guidelines,
    Community.guidelines_version,
    Community.status,
    Community.visibility,
    Community.posting,
    Community.moderation,
    Community.spam_threshold,
    Community.most_links,
    Community.vote_kind,
    Community.banner,
    Community.idea_count,
    Community.member_count,
    Community.proposed_by_id,
    Community.created_at,
)
_ALL = sa.select(*COLUMNS).order_by(Community.group_name, Community.name, Community.id)
_BY_ID = sa.select(*COLUMNS).where(Community.id == sa.bindparam("community_id"))
_BY_SLUG = sa.select(*COLUMNS).where(Community.slug == sa.bindparam("slug"))
_phases = sa.select(CommunityPhase.community_id, CommunityPhase.phase, CommunityPhase.starts_at)
_PHASES = _phases.order_by(CommunityPhase.starts_at)
_PHASES_OF = _PHASES.where(CommunityPhase.community_id == sa.bindparam("community_id"))
_agencies = sa.select(CommunityAgency.community_id, Agency.id, Agency.slug, Agency.name).join_from(
    CommunityAgency, Agency
)
_AGENCIES = _agencies.order_by(Agency.name)
_AGENCIES_OF = _AGENCIES.where(CommunityAgency.community_id == sa.bindparam("community_id"))


def directory(db: Connection) -> Mapping[int, CommunityView]:
    """Every community by id, in order of group and name; shared between pages while nothing changes."""
    return remembered(db, ("communities", int(now().timestamp()) // 30), lambda: _load_all(db), of="places")


_slugs: dict[str, tuple[Mapping[int, CommunityView], Mapping[str, CommunityView]]] = {}
_generations: dict[str, tuple[Mapping[int, CommunityView], int]] = {}


def _by_slug(db: Connection) -> Mapping[str, CommunityView]:
    places = directory(db)
    kept = _slugs.get(address(db))
    if kept is None or kept[0] is not places:
        kept = _slugs[address(db)] = places, {place.slug: place for place in places.values()}
    return kept[1]


def generation(db: Connection) -> int:
    """A number that changes when any community looks different than before: for what is kept by what it shows."""
    present = directory(db)
    kept = _generations.get(address(db))
    if kept is not None and (kept[0] is present or kept[0] == present):
        if kept[0] is not present:
            _generations[address(db)] = (present, kept[1])
        return kept[1]
    number = kept[1] + 1 if kept else 1
    _generations[address(db)] = (present, number)
    return number


def _load_all(db: Connection) -> Mapping[int, CommunityView]:
    phases: dict[int, list[Any]] = {}
    for row in db.execute(_PHASES):
        phases.setdefault(row.community_id, []).append(row)
    agencies: dict[int, list[AgencyView]] = {}
    for found in db.execute(_AGENCIES):
        agencies.setdefault(found.community_id, []).append(AgencyView(found.id, found.slug, found.name))
    return {row.id: _view(row, phases.get(row.id, []), agencies.get(row.id, [])) for row in db.execute(_ALL)}


def _view(row: Any, phases: list[Any], agencies: list[AgencyView]) -> CommunityView:
    moment, phase, ends_at, following = now(), "brainstorm", None, None
    for step in phases:
        if step.starts_at <= moment:
            phase = step.phase
        else:
            ends_at, following = step.starts_at, step.phase
            break
    steps: dict[str, Any] = {"phase": phase, "phase_ends_at": ends_at, "next_phase": following}
    return CommunityView(**row._mapping, **steps, agencies=tuple(agencies))


def of(db: Connection, community_id: int) -> CommunityView:
    """The community with this id, from the directory where it is kept (pages), by itself elsewhere (changes)."""
    if not is_remembering(db):
        return load(db, community_id)
    return directory(db).get(community_id) or load(db, community_id)


def load(db: Connection, community_id: int) -> CommunityView:
    """The community with this id, whoever asks. NotFound if there is none."""
    return _load(db, db.execute(_BY_ID, {"community_id": community_id}).first())


def get(db: Connection, user: Person | None, slug: str) -> CommunityView:
    """The community with this slug, if this person may see it; NotFound otherwise."""
    if is_remembering(db):
        view = _by_slug(db).get(slug)
    else:
        row = db.execute(_BY_SLUG, {"slug": slug}).first()
        view = None if row is None else _load(db, row)
    if view is None:
        raise NotFound("There is no community here.")
    if not can(user, "community.read", view):
        raise NotFound("There is no community here.")
    return view


def _load(db: Connection, row: Any) -> CommunityView:
    if row is None:
        raise NotFound("There is no community here.")
    key = {"community_id": row.id}
    agencies = [AgencyView(found.id, found.slug, found.name) for found in db.execute(_AGENCIES_OF, key)]
    return _view(row, list(db.execute(_PHASES_OF, key)), agencies)


_AGENCY = sa.select(Agency.id).where(Agency.slug == sa.bindparam("slug"))


def agency_id(db: Connection, slug: str) -> int:
    """The id of the agency with this slug. NotFound if there is none."""
    found = db.execute(_AGENCY, {"slug": slug}).scalar()
    if found is None:
        raise NotFound("There is no agency of this name.")
    return int(found)
