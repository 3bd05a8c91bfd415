"""Puts the demo into an empty database: the people, communities, ideas and discussions of `content`, all or nothing.

Dates are the true ones of May 2009 and nothing is shifted: a new idea therefore comes first in the trending list, as it
would after so many years. Totals are true too: votes that the people of the demo did not cast are an imported tally.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from forum.db import Connection
from forum.domain import passwords, recounts, search
from forum.domain.demo import content, crowds, directives, moderation, presence
from forum.domain.demo.content import Community, Content, Person
from forum.domain.demo.filling import Filling, number
from forum.domain.demo.presence import SOURCE
from forum.domain.errors import Conflict
from forum.domain.exports import Origin
from forum.models import (
    Agency,
    CommentAgreement,
    CommunityAgency,
    CommunityMember,
    CommunityPhase,
    CommunityTag,
    Follow,
    Guideline,
    StatusChange,
    User,
    Vote,
)
from forum.models import Community as CommunityRow
from forum.models import Idea as IdeaRow
from forum.signing import Signer

OPENED = datetime(2009, 5, 18, 13, tzinfo=UTC)  # people and communities were there before the first idea
NEXT_PHASE = {"brainstorm": "discuss", "discuss": "draft", "draft": "closed"}


def load(db: Connection, *, seal: tuple[Signer, Origin] | None = None) -> Content:
    """Put the demo into the database and return what it holds. Conflict if anything is in the database already.

    `seal`: what snapshots of this site are signed with, and its name and address; without it the demo has no snapshot.
    """
    if not presence.is_empty(db):
        raise Conflict("The database is not empty. The demo goes only into an empty one.")
    demo = content.read()
    filling = Filling(db, demo, seal)
    for step in (_people, _communities, _members, _ideas, _votes, _comments, crowds.put, moderation.load):
        step(filling)
    recounts.mend_all(db)
    directives.load(filling)
    search.rebuild(db)
    crowds.load(filling)
    return demo


def _people(to: Filling) -> None:
    agencies = to.demo.agencies
    ids = to.fill(Agency, ({"slug": agency.slug, "name": agency.name} for agency in agencies))
    to.agencies = dict(zip((agency.slug for agency in agencies), ids, strict=True))
    ids = to.fill(User, (_user(to, person) for person in to.demo.people))
    to.people = dict(zip((person.handle for person in to.demo.people), ids, strict=True))


def _user(to: Filling, person: Person) -> dict[str, Any]:
    moment = to.now - timedelta(days=1) if person.is_new else OPENED
    return {
        "handle": person.handle,
        "name": person.name,
        "email": person.email.casefold(),
        "email_confirmed_at": moment,
        "password_hash": passwords.make_hash(to.demo.password) if person.sign_in else None,
        "role": person.role,
        "is_employee": person.is_employee,
        "agency_name": person.agency,
        "job_title": person.title,
        "bio": person.bio,
        "trust_level": 0 if person.is_new else 1,
        "created_at": moment,
        "source": SOURCE,
        "source_id": person.handle,
    }


def _communities(to: Filling) -> None:
    places = to.demo.communities
    rows = (
        {
            "slug": place.slug,
            "name": place.name,
            "group_name": place.group,
            "purpose": place.purpose,
            "guidelines": place.guidelines,
            "vote_kind": place.vote_kind,
            "moderation": place.moderation,
            "banner": place.banner,
            "created_at": OPENED,
            "source": SOURCE,
            "source_id": place.slug,
        }
        for place in places
    )
    to.communities = dict(zip((place.slug for place in places), to.fill(CommunityRow, rows), strict=True))
    for place in places:
        _community(to, place)


def _community(to: Filling, place: Community) -> None:
    key = {"community_id": to.communities[place.slug]}
    by_id = to.people[place.managers[0]] if place.managers else None
    guideline = {"version": 1, "body": place.guidelines, "written_by_id": by_id, "created_at": OPENED}
    to.put(Guideline, [{**key, **guideline}])
    phases: list[dict[str, Any]] = [{**key, "starts_at": OPENED, "phase": place.phase}]
    if place.phase_ends_in:
        ends_at = to.now + timedelta(days=place.phase_ends_in)
        phases.append({**key, "starts_at": ends_at, "phase": NEXT_PHASE[place.phase]})
    to.put(CommunityPhase, phases)
    to.put(CommunityAgency, [{**key, "agency_id": to.agencies[name]} for name in place.agencies])
    to.put(CommunityTag, [{**key, "tag_id": tag_id} for tag_id in dict.fromkeys(to.tag(name) for name in place.tags)])


def _members(to: Filling) -> None:
    roles = {(place.slug, handle): "manager" for place in to.demo.communities for handle in place.managers}
    for person in to.demo.people:
        for slug in person.joins:
            roles.setdefault((slug, person.handle), "member")
    rows = [
        {
            "community_id": to.communities[slug],
            "user_id": to.people[handle],
            "role": role,
            "joined_at": OPENED + timedelta(hours=number(f"{slug} {handle}", 48)),
        }
        for (slug, handle), role in roles.items()
    ]
    to.put(CommunityMember, rows)
    _follow(to, "community", ((row["community_id"], row["user_id"], row["joined_at"]) for row in rows))


def _follow(to: Filling, kind: str, follows: Iterable[tuple[Any, Any, Any]]) -> None:
    rows = ({"kind": kind, "object_id": key, "user_id": who, "created_at": moment} for key, who, moment in follows)
    to.put(Follow, rows)


def _ideas(to: Filling) -> None:
    up = Counter(source_id for person in to.demo.people for source_id in person.votes_for)
    down = Counter(source_id for person in to.demo.people for source_id in person.votes_against)
    ideas = sorted(to.demo.ideas, key=lambda idea: idea.posted)
    rows = (
        {
            **to.idea_row(idea, idea.posted),
            "status": idea.status,
            "imported_up": idea.up - up[idea.source_id],
            "imported_down": idea.down - down[idea.source_id],
            "source": SOURCE,
            "source_id": str(idea.source_id),
        }
        for idea in ideas
    )
    to.ideas = dict(zip((idea.source_id for idea in ideas), to.fill(IdeaRow, rows), strict=True))
    for idea in ideas:
        to.add_texts(idea, to.ideas[idea.source_id])
    steps = (
        {
            "idea_id": to.ideas[idea.source_id],
            "kind": "status",
            "status": step.status,
            "note": step.note,
            "by_id": to.people[step.by],
            "created_at": idea.posted + timedelta(days=step.days),
        }
        for idea in ideas
        for step in idea.steps
    )
    to.fill(StatusChange, (to.posted_step(to.ideas[idea.source_id], idea.author, idea.posted) for idea in ideas))
    to.fill(StatusChange, steps)
    _follow(to, "idea", ((to.ideas[idea.source_id], to.people[idea.author], idea.posted) for idea in ideas))


def _votes(to: Filling) -> None:
    rows = []
    for person in to.demo.people:
        for value, source_ids in ((1, person.votes_for), (-1, person.votes_against)):
            for source_id in source_ids:
                minutes = 30 + number(f"{person.handle} {source_id}", 2 * 24 * 60)
                moment = to.demo.idea[source_id].posted + timedelta(minutes=minutes)
                rows.append(
                    {
                        "user_id": to.people[person.handle],
                        "idea_id": to.ideas[source_id],
                        "value": value,
                        "is_employee": person.is_employee,
                        "created_at": moment,
                        "changed_at": moment,
                    }
                )
    to.put(Vote, rows)


def _comments(to: Filling) -> None:
    agreements = []
    for comment in sorted(to.demo.comments, key=lambda comment: comment.posted):
        comment_id = to.add_comment(
            comment.idea,
            comment.author,
            comment.text,
            comment.posted,
            reply_to=comment.reply_to,
            is_official=comment.is_official,
            agency_name=to.demo.person[comment.author].agency if comment.is_official else "",
            source=SOURCE,
            source_id=f"{comment.idea}/{comment.number}",
        )
        to.comments[comment.idea, comment.number] = comment_id
        agreements += [
            {
                "comment_id": comment_id,
                "user_id": to.people[handle],
                "idea_id": to.ideas[comment.idea],
                "created_at": comment.posted + timedelta(minutes=10 + number(f"{comment_id} {handle}", 1440)),
            }
            for handle in comment.agreed
        ]
    to.put(CommentAgreement, agreements)
