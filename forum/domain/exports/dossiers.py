"""Dossiers: all that a page about one idea says in a document: words, votes, comments, answers, where it comes from.

Comments have no side, and how a person voted is theirs alone. So a comment stands with the supporters or with the
opponents only by the people who agreed with it, counted together, never by who wrote it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import asides
from forum.models import Comment, CommentAgreement, Community, Idea, IdeaText, StatusChange, User, Vote
from forum.text import to_plain

VOICES = 5
"""People who agree with a comment and voted on its idea: with fewer, no side is told, so that no vote shows through."""

MARGIN = 3
"""At least so many of both sides have to stand behind the difference: one person's vote never decides the side."""

GROUPS = {
    "official": "Official comments",
    "supported": "Comments that supporters of the idea agree with most",
    "opposed": "Comments that opponents of the idea agree with most",
    "agreed": "Comments that people agree with most",
}
"""Groups of comments and their headings, in the order in which a document has them."""

ALL = "All that count"
MOST_COMMENTS = 3  # of a group
_LONGEST = 1_500  # characters of a comment in a document
_POOL = 200  # comments of an idea that are looked at, the most agreed with

_ids: Any = sa.bindparam("ids", expanding=True)
_IDEAS = (
    sa.select(
        Idea.id,
        Idea.language,
        Idea.up,
        Idea.down,
        Idea.employee_up,
        Idea.employee_down,
        Idea.imported_up,
        Idea.imported_down,
        Idea.aside_up,
        Idea.aside_down,
        Idea.source,
        Idea.source_id,
        Idea.source_number,
        Idea.edited_at,
        Idea.is_by_employee,
        IdeaText.body,
        IdeaText.why,
        IdeaText.source_url,
        Community.name.label("community_name"),
    )
    .join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
    .join(Community, Community.id == Idea.community_id)
    .where(Idea.id.in_(_ids))
)
_NOTES = (
    sa.select(
        StatusChange.idea_id,
        StatusChange.status,
        StatusChange.note,
        StatusChange.created_at,
        User.name.label("by_name"),
        User.agency_name,
    )
    .join_from(StatusChange, User, User.id == StatusChange.by_id, isouter=True)
    .where(StatusChange.idea_id.in_(_ids), StatusChange.kind == "status")
    .order_by(StatusChange.idea_id, StatusChange.created_at, StatusChange.id)
)
_COMMENTS = (
    sa.select(
        Comment.id,
        Comment.body,
        Comment.agree_count,
        Comment.created_at,
        Comment.is_official,
        Comment.agency_name,
        User.name.label("author_name"),
    )
    .join_from(Comment, User, User.id == Comment.author_id)
    .where(Comment.idea_id == sa.bindparam("idea_id"), Comment.state == "published")
    .order_by(Comment.is_official.desc(), Comment.agree_count.desc(), Comment.id)
    .limit(_POOL)
)


def _number(value: int) -> Any:
    return sa.func.sum(sa.case((Vote.value == value, 1), else_=0))


_SIDES = (
    sa.select(CommentAgreement.comment_id, _number(1).label("up"), _number(-1).label("down"))
    .join_from(
        CommentAgreement,
        Vote,
        sa.and_(Vote.user_id == CommentAgreement.user_id, Vote.idea_id == CommentAgreement.idea_id),
    )
    .where(CommentAgreement.comment_id.in_(_ids), ~asides.holds(Vote))
    .group_by(CommentAgreement.comment_id)
)


@dataclass(frozen=True, slots=True)
class Voice:
    """A comment in a document."""

    text: str
    by: str
    agree_count: int
    created_at: datetime
    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an official said about where an idea stands."""

    status: str
    text: str
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """One idea in full. `tallies`: name, votes for, votes against. `gone`: why there are no words, else empty."""

    language: str
    community: str
    body: str
    why: str
    tallies: Sequence[tuple[str, int, int]]
    is_by_employee: bool
    edited_at: datetime | None = None
    source: Sequence[tuple[str, str]] = ()
    answers: Sequence[Answer] = ()
    voices: Mapping[str, Sequence[Voice]] = field(default_factory=dict)  # GROUP → comments
    gone: str = ""


def of(db: Connection, ids: Sequence[int], base_url: str) -> dict[int, Dossier]:
    """Dossiers by the ids of ideas. Asks no rights: the ids come from a list that the person may see."""
    answers: dict[int, list[Answer]] = {}
    for row in db.execute(_NOTES, {"ids": ids}):
        by = ", ".join(part for part in (row.by_name, row.agency_name) if part)
        answers.setdefault(row.idea_id, []).append(Answer(row.status, to_plain(row.note), by, row.created_at))
    return {
        row.id: Dossier(
            language=row.language,
            community=row.community_name,
            body=to_plain(row.body),
            why=to_plain(row.why),
            tallies=_tallies(row),
            is_by_employee=row.is_by_employee,
            edited_at=row.edited_at,
            source=_source(row),
            answers=answers.get(row.id, ()),
            voices=_voices(db, row.id, base_url),
        )
        for row in db.execute(_IDEAS, {"ids": ids})
    }


Pair = tuple[int, int]
"""Votes for and against."""


def told(*, all_votes: Pair, aside: Pair, imported: Pair, employees: Pair) -> list[tuple[str, int, int]]:
    """Whose votes make up the tally on an idea's page: name, votes for, votes against.

    `all_votes` are all there are; those set aside do not count, all others do.
    """
    counted = all_votes[0] - aside[0], all_votes[1] - aside[1]
    citizens = counted[0] - imported[0] - employees[0], counted[1] - imported[1] - employees[1]
    return [
        ("Citizens", *citizens),
        ("Public employees", *employees),
        ("Totals from before this forum, without names", *imported),
        (ALL, *counted),
        ("Set aside, not counted", *aside),
        ("All votes, those set aside included", *all_votes),
    ]


def _tallies(row: Any) -> list[tuple[str, int, int]]:
    return told(
        all_votes=(row.up + row.aside_up, row.down + row.aside_down),
        aside=(row.aside_up, row.aside_down),
        imported=(row.imported_up, row.imported_down),
        employees=(row.employee_up, row.employee_down),
    )


def _source(row: Any) -> list[tuple[str, str]]:
    found = (
        ("Came from", row.source),
        ("Number there", row.source_number or row.source_id),
        ("Address there", row.source_url),
    )
    return [(name, value) for name, value in found if value]


def _voices(db: Connection, idea_id: int, base_url: str) -> dict[str, list[Voice]]:
    """The comments of an idea that a document shows, each once."""
    rows = db.execute(_COMMENTS, {"idea_id": idea_id}).all()
    agreed = [row.id for row in rows if row.agree_count >= VOICES]
    sides = {row.comment_id: (int(row.up), int(row.down)) for row in db.execute(_SIDES, {"ids": agreed})}
    groups: dict[str, list[Voice]] = {name: [] for name in GROUPS}
    for row in rows:
        group = groups["official" if row.is_official else side(*sides.get(row.id, (0, 0)))]
        if len(group) < MOST_COMMENTS:
            group.append(_voice(row, base_url))
    return groups


def side(up: int, down: int) -> str:
    """With whom a comment stands: `supported`, `opposed` or, where that would tell too much or nothing, `agreed`.

    `up` and `down`: how many of those who agree with it voted for and against the idea. Where all of them are on one
    side, each one's vote would be told; so somebody of the other side has to be among them, too.
    """
    if up + down < VOICES or min(up, down) < 1 or abs(up - down) < MARGIN:
        return "agreed"
    return "supported" if up > down else "opposed"


def _voice(row: Any, base_url: str) -> Voice:
    words = to_plain(row.body)
    if len(words) > _LONGEST:
        words = words[:_LONGEST].rsplit(" ", 1)[0] + " \u2026"
    by = ", ".join(part for part in (row.author_name, row.agency_name) if part)
    return Voice(words, by, row.agree_count, row.created_at, f"{base_url}/comments/{row.id}")
