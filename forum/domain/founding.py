"""Founding and shaping communities: propose, open, edit, set phases, archive; guidelines are versioned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field, field_validator

from forum.clock import now
from forum.db import Connection, insert, insert_once
from forum.domain import agencies, limits, notifications, outbox, tags
from forum.domain.communities import PHASES, CommunityView
from forum.domain.errors import Conflict, Invalid
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Community, CommunityAgency, CommunityPhase, CommunityTag, Guideline, Idea, Tag, User
from forum.text import slug as slug_of

MOST_PHASES = 4
LEAST_SPAM, MOST_SPAM = 50, 99  # percent of the spam score from which posts wait
MOST_LINKS = 50
VISIBILITY_STEP = 2_000  # ideas moved in or out of public view in one unit of work


class ProposalFields(BaseModel):
    """What somebody says who proposes a community."""

    name: str = Field(min_length=3, max_length=80)
    purpose: str = Field(min_length=20, max_length=600)
    group_name: str = Field(default="", max_length=80)

    @field_validator("name", "purpose", "group_name", mode="before")
    @classmethod
    def _trim(cls, value: str) -> str:
        return value.strip()


class CommunityFields(ProposalFields):
    """Everything about a community that its managers may change."""

    guidelines: str = Field(default="", max_length=10_000)
    visibility: Literal["public", "members", "employees"] = "public"
    posting: Literal["everyone", "members", "employees"] = "everyone"
    moderation: Literal["after", "first-posts", "before"] = "after"
    spam_threshold: float | None = None  # given in percent
    most_links: int | None = None
    vote_kind: Literal["both", "support"] = "both"
    banner: int = Field(default=1, ge=1, le=8)
    tags: str = Field(default="", max_length=400)  # suggested to authors, commas between
    agencies: str = Field(default="", max_length=600)  # names, a line each

    @field_validator("spam_threshold", mode="before")
    @classmethod
    def _percent(cls, value: object) -> float | None:
        number = _whole(value, LEAST_SPAM, MOST_SPAM, "Please give whole percent")
        return None if number is None else number / 100

    @field_validator("most_links", mode="before")
    @classmethod
    def _links(cls, value: object) -> int | None:
        return _whole(value, 0, MOST_LINKS, "Please give a whole number")


def _whole(value: object, least: int, most: int, words: str) -> int | None:
    """A whole number as somebody typed it; None for nothing."""
    text = str("" if value is None else value).strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not least <= int(text) <= most:
        raise ValueError(f"{words}, from {least} to {most}, or nothing.")
    return int(text)


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase and the moment at which it begins."""

    phase: str
    starts_at: datetime


_SLUG_TAKEN = sa.select(sa.literal(1)).where(Community.slug == sa.bindparam("slug"))
_DECIDE = (
    sa.update(Community)
    .where(Community.id == sa.bindparam("community"), Community.status == sa.bindparam("before"))
    .values(status=sa.bindparam("after"))
    .returning(sa.literal(1))
)
_DROP_PHASES = sa.delete(CommunityPhase).where(CommunityPhase.community_id == sa.bindparam("community"))
_DROP_TAGS = sa.delete(CommunityTag).where(CommunityTag.community_id == sa.bindparam("community"))
_DROP_AGENCIES = sa.delete(CommunityAgency).where(CommunityAgency.community_id == sa.bindparam("community"))
_EDIT = (
    sa.update(Community)
    .where(Community.id == sa.bindparam("community"), Community.guidelines_version == sa.bindparam("seen_version"))
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in (
                *("name", "purpose", "group_name", "guidelines", "guidelines_version", "visibility", "posting"),
                *("moderation", "spam_threshold", "most_links", "vote_kind", "banner"),
            )
        }
    )
    .returning(sa.literal(1))
)
_VISIBILITY = sa.select(Community.visibility).where(Community.id == sa.bindparam("community"))
_IDEAS_AFTER = (
    sa.select(Idea.id)
    .where(Idea.community_id == sa.bindparam("community"), Idea.is_listed, Idea.id > sa.bindparam("after"))
    .order_by(Idea.id)
    .limit(VISIBILITY_STEP)
)
_PUBLISH = (
    sa.update(Idea)
    .where(Idea.id.in_(sa.bindparam("ids", expanding=True)), Idea.is_listed)
    .values(is_public=sa.bindparam("public"))
)
_PHASES = (
    sa.select(CommunityPhase.phase, CommunityPhase.starts_at)
    .where(CommunityPhase.community_id == sa.bindparam("community"))
    .order_by(CommunityPhase.starts_at)
)
_TAGS = (
    sa.select(Tag.name)
    .join_from(CommunityTag, Tag)
    .where(CommunityTag.community_id == sa.bindparam("community"))
    .order_by(Tag.name)
)
_VERSIONS = (
    sa.select(Guideline.version, Guideline.body, Guideline.created_at, User.name, User.handle)
    .join_from(Guideline, User, Guideline.written_by_id == User.id, isouter=True)
    .where(Guideline.community_id == sa.bindparam("community"))
    .order_by(Guideline.version.desc())
)
_PROPOSED = (
    sa.select(
        Community.id,
        Community.slug,
        Community.name,
        Community.purpose,
        Community.group_name,
        Community.created_at,
        User.name.label("by_name"),
        User.handle.label("by_handle"),
    )
    .join_from(Community, User, Community.proposed_by_id == User.id, isouter=True)
    .where(Community.status == "proposed")
    .order_by(Community.created_at, Community.id)
    .limit(200)
)


def create(db: Connection, *, name: str, slug: str = "", status: str = "open", **values: Any) -> int:
    """Make a community, whoever asks, and return its id. Conflict if the slug is taken.

    `values` are columns of Community; guidelines become version 1.
    """
    moment = values.pop("created_at", None) or now()
    slug = slug or free_slug(db, name)
    row = {"slug": slug, "name": name, "status": status, "created_at": moment, **values}
    if not insert_once(db, Community, **row):
        raise Conflict("There is a community at this address already.")
    community_id = int(db.execute(sa.select(Community.id).where(Community.slug == slug)).scalar_one())
    guideline = {"community_id": community_id, "version": 1, "body": values.get("guidelines", ""), "created_at": moment}
    db.execute(sa.insert(Guideline), {**guideline, "written_by_id": values.get("proposed_by_id")})
    return community_id


def free_slug(db: Connection, name: str) -> str:
    """An address for a community of this name that is not taken."""
    base = slug_of(name, "community")
    slug, number = base, 1
    while db.execute(_SLUG_TAKEN, {"slug": slug}).first():
        number += 1
        slug = f"{base}-{number}"
    return slug


def propose(db: Connection, user: Person | None, fields: ProposalFields) -> str:
    """Propose a community; an administrator opens it. Returns its slug."""
    user = require(user, "community.propose")
    limits.hit(db, user, "propose")
    slug = free_slug(db, fields.name)
    create(db, slug=slug, status="proposed", proposed_by_id=user.id, **fields.model_dump())
    return slug


def proposed(db: Connection, user: Person | None) -> list[Any]:
    """The proposals that wait, oldest first."""
    require(user, "community.open")
    return list(db.execute(_PROPOSED))


def decide(db: Connection, user: Person | None, community: CommunityView, *, is_opened: bool, note: str = "") -> None:
    """Open or decline a proposal; the proposer is told. Conflict if somebody has decided before."""
    user = require(user, "community.open", community)
    after = "open" if is_opened else "declined"
    if db.execute(_DECIDE, {"community": community.id, "before": "proposed", "after": after}).first() is None:
        raise Conflict("Somebody has decided on this proposal already.")
    if community.proposed_by_id:
        what = "is open now" if is_opened else "was declined"
        text = f"The community that you proposed {what}." + (f"\n\n{note.strip()[:1000]}" if note.strip() else "")
        title = f"“{community.name}” {what}"
        told = Telling(f"community:{community.id}:{after}", "community.decided", title, f"/c/{community.slug}", text)
        notifications.later(db, [community.proposed_by_id], told, reason="you proposed this community")


def archive(db: Connection, user: Person | None, community: CommunityView, *, is_archived: bool) -> None:
    """Make a community read-only at the same addresses, or open it again."""
    require(user, "community.archive", community)
    before, after = ("open", "archived") if is_archived else ("archived", "open")
    if db.execute(_DECIDE, {"community": community.id, "before": before, "after": after}).first() is None:
        raise Conflict("The community is not in a state where this makes sense.")


def edit(db: Connection, user: Person | None, community: CommunityView, fields: CommunityFields) -> None:
    """Change a community. New guidelines become a new version. Conflict if somebody else changed them in between."""
    user = require(user, "community.edit", community)
    limits.hit(db, user, "edit")
    is_new_text = fields.guidelines.strip() != community.guidelines.strip()
    version = community.guidelines_version + is_new_text
    values = {**fields.model_dump(exclude={"tags", "agencies"}), "guidelines_version": version}
    parameters = {f"new_{name}": value for name, value in values.items()}
    key = {"community": community.id, "seen_version": community.guidelines_version}
    if db.execute(_EDIT, {**parameters, **key}).first() is None:
        raise Conflict("Somebody else has changed the guidelines in the meantime. Please look at them and try again.")
    if is_new_text:
        row = {"community_id": community.id, "version": version, "body": fields.guidelines, "written_by_id": user.id}
        db.execute(sa.insert(Guideline), {**row, "created_at": now()})
    _set_tags(db, community.id, fields.tags)
    _set_agencies(db, community.id, fields.agencies)
    if fields.visibility != community.visibility:
        outbox.add(db, "community.visibility_changed", community_id=community.id, after_id=0)


def follow_visibility(db: Connection, community_id: int, after_id: int = 0) -> int | None:
    """Bring the next ideas of a community in or out of public view; returns the id to go on after, None at the end."""
    visibility = db.execute(_VISIBILITY, {"community": community_id}).scalar_one()
    ids = list(db.execute(_IDEAS_AFTER, {"community": community_id, "after": after_id}).scalars())
    values = {"ids": ids, "public": visibility == "public"}
    if ids:
        db.execute(_PUBLISH, values)
    return ids[-1] if len(ids) == VISIBILITY_STEP else None


def _set_tags(db: Connection, community_id: int, names: str) -> None:
    db.execute(_DROP_TAGS, {"community": community_id})
    for name in dict.fromkeys(part.strip() for part in names.split(",") if part.strip()):
        insert_once(db, CommunityTag, community_id=community_id, tag_id=tags.ensure(db, name))


def _set_agencies(db: Connection, community_id: int, names: str) -> None:
    db.execute(_DROP_AGENCIES, {"community": community_id})
    for name in dict.fromkeys(line.strip() for line in names.splitlines() if line.strip()):
        attach_agency(db, community_id, agencies.ensure(db, name))


def attach_agency(db: Connection, community_id: int, agency_id: int) -> None:
    """Attach an agency to a community; a second time changes nothing."""
    insert_once(db, CommunityAgency, community_id=community_id, agency_id=agency_id)


def set_phases(db: Connection, user: Person | None, community: CommunityView, phases: Sequence[Phase]) -> None:
    """Set when which phase begins. Invalid for more than MOST_PHASES, unknown ones, or two at the same moment."""
    require(user, "community.edit", community)
    if len(phases) > MOST_PHASES:
        raise Invalid({"phases": f"A community has at most {MOST_PHASES} phases."})
    if any(step.phase not in PHASES for step in phases):
        raise Invalid({"phases": "There is no such phase."})
    if len({step.starts_at for step in phases}) != len(phases):
        raise Invalid({"phases": "Two phases can't begin at the same moment."})
    write_phases(db, community.id, phases)


def write_phases(db: Connection, community_id: int, phases: Sequence[Phase]) -> None:
    """Replace the phases of a community, whoever asks."""
    db.execute(_DROP_PHASES, {"community": community_id})
    for step in phases:
        insert(db, CommunityPhase, community_id=community_id, phase=step.phase, starts_at=step.starts_at)


def phases(db: Connection, community_id: int) -> list[Phase]:
    """The phases in their order."""
    return [Phase(row.phase, row.starts_at) for row in db.execute(_PHASES, {"community": community_id})]


def suggested_tags(db: Connection, community_id: int) -> list[str]:
    """The tags that the community suggests to its authors."""
    return [row.name for row in db.execute(_TAGS, {"community": community_id})]


def guideline_versions(db: Connection, community_id: int) -> list[Any]:
    """Every version of the guidelines, newest first: version, body, created_at, name and handle of the writer."""
    return list(db.execute(_VERSIONS, {"community": community_id}))
