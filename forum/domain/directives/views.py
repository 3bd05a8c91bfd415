"""Directives as people see them: the policy team what is being written, everybody else the newest edition."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum import text as words
from forum.clock import now
from forum.db import Connection
from forum.domain import ideas
from forum.domain.directives import texts
from forum.domain.directives.texts import Cited, Text
from forum.domain.errors import NotFound
from forum.domain.people import Person
from forum.domain.permissions import can
from forum.models import Comment, Community, Directive, DirectiveEdition, DirectiveStep, EditionCitation, Idea, User

STAGES: Mapping[str, str] = {"drafting": "Drafting", "comment": "Public comment", "final": "Final"}
"""Stage → how pages call it."""

NEWS_MOST = 50
"""Editions in the feed."""

STANDING = ("published", "off-topic", "merged")
"""States in which an idea is named in public."""


@dataclass(frozen=True, slots=True)
class DirectiveView:
    """A directive as one person may know it: title and introduction are those of the text that they may read."""

    id: int
    number: int | None
    title: str
    slug: str
    introduction: str
    version: int
    stage: str
    snapshot_id: int | None
    edition_id: int | None
    closes_at: datetime | None
    publication: int
    created_at: datetime

    @property
    def path(self) -> str:
        return f"/directives/{self.id}-{self.slug}"

    @property
    def is_published(self) -> bool:
        return self.edition_id is not None

    @property
    def takes_comments(self) -> bool:
        """Can people comment now?"""
        return self.stage == "comment" and self.closes_at is not None and now() < self.closes_at

    @property
    def last_day(self) -> datetime | None:
        """A moment of the last day on which people can comment."""
        return None if self.closes_at is None else self.closes_at - timedelta(microseconds=1)

    @property
    def is_revised(self) -> bool:
        """Has it been before the public, and is it written anew now?"""
        return self.stage == "drafting" and self.is_published

    @property
    def label(self) -> str:
        return STAGES[self.stage]


@dataclass(frozen=True, slots=True)
class Edition:
    """The text as it went before the public."""

    id: int
    number: int
    kind: str  # comment, final
    content: str
    digest: str
    published_at: datetime
    text: Text
    snapshot: int | None  # the number of the snapshot whose ideas it answers

    @property
    def is_sound(self) -> bool:
        """Does the digest still fit the words?"""
        return texts.digest(self.content) == self.digest


@dataclass(frozen=True, slots=True)
class News:
    """A directive went before the public: for comment, or for good."""

    directive_id: int
    number: int | None  # of the directive
    edition_number: int
    kind: str  # comment, final
    published_at: datetime
    text: Text


@dataclass(frozen=True, slots=True)
class Step:
    """A directive went from one stage to another."""

    stage: str
    reason: str
    created_at: datetime
    edition_number: int | None

    @property
    def label(self) -> str:
        if self.stage == "drafting":
            return "Back to drafting" if self.reason else "Begun"
        return {"comment": "Opened for public comment", "final": "Final"}[self.stage]


@dataclass(frozen=True, slots=True)
class CitedIdea:
    """What is shown of a cited idea or comment. `path` is empty where it is not public any more."""

    ref: str
    title: str
    path: str
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class CitedBy:
    """A recommendation of a public directive that cites an idea."""

    title: str
    path: str
    label: str
    stage: str


_COLUMNS = (
    Directive.id,
    Directive.number,
    Directive.title,
    Directive.slug,
    Directive.introduction,
    Directive.version,
    Directive.stage,
    Directive.snapshot_id,
    Directive.edition_id,
    Directive.closes_at,
    Directive.publication,
    Directive.created_at,
)
_get = sa.select(*_COLUMNS).where(Directive.id == sa.bindparam("directive_id"))
_GET, _GET_LOCKED = _get, _get.with_for_update()
_EVERY = sa.select(*_COLUMNS).order_by(Directive.id.desc())
_EDITION_COLUMNS = (
    DirectiveEdition.id,
    DirectiveEdition.directive_id,
    DirectiveEdition.number,
    DirectiveEdition.kind,
    DirectiveEdition.content,
    DirectiveEdition.digest,
    DirectiveEdition.published_at,
)
_EDITION = sa.select(*_EDITION_COLUMNS).where(DirectiveEdition.id == sa.bindparam("edition_id"))
_EDITIONS = (
    sa.select(*_EDITION_COLUMNS)
    .where(DirectiveEdition.directive_id == sa.bindparam("directive_id"))
    .order_by(DirectiveEdition.number.desc())
)
_ALL_EDITIONS = sa.select(*_EDITION_COLUMNS).order_by(DirectiveEdition.id)
_NEWS = (
    sa.select(*_EDITION_COLUMNS, Directive.number.label("directive_number"))
    .join_from(DirectiveEdition, Directive, Directive.id == DirectiveEdition.directive_id)
    .order_by(DirectiveEdition.published_at.desc(), DirectiveEdition.id.desc())
    .limit(NEWS_MOST)
)
_STEPS = (
    sa.select(
        DirectiveStep.stage,
        DirectiveStep.reason,
        DirectiveStep.created_at,
        DirectiveEdition.number.label("edition_number"),
    )
    .join_from(DirectiveStep, DirectiveEdition, DirectiveEdition.id == DirectiveStep.edition_id, isouter=True)
    .where(DirectiveStep.directive_id == sa.bindparam("directive_id"))
    .order_by(DirectiveStep.id)
)
_IDEAS = (
    sa.select(Idea.id, Idea.title, Idea.slug, Idea.up, Idea.down)
    .join_from(Idea, Community, Community.id == Idea.community_id)
    .where(Idea.id.in_(sa.bindparam("ids", expanding=True)), Idea.state.in_(STANDING), Community.visibility == "public")
)
_COMMENTS = (
    sa.select(Comment.id, Comment.idea_id, Comment.state, User.name.label("author_name"))
    .join_from(Comment, User, User.id == Comment.author_id)
    .where(Comment.id.in_(sa.bindparam("ids", expanding=True)))
)
_CITED_BY = (
    sa.select(
        EditionCitation.recommendation_id,
        EditionCitation.label,
        Directive.id,
        Directive.stage,
        DirectiveEdition.content,
    )
    .join_from(EditionCitation, Directive, Directive.edition_id == EditionCitation.edition_id)
    .join(DirectiveEdition, DirectiveEdition.id == EditionCitation.edition_id)
    .where(EditionCitation.idea_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Directive.id, EditionCitation.recommendation_id)
)


def get(db: Connection, user: Person | None, directive_id: int, *, to_change: bool = False) -> DirectiveView:
    """The directive, if this person may read it; NotFound otherwise. `to_change` locks its row until the commit."""
    row = db.execute(_GET_LOCKED if to_change else _GET, {"directive_id": directive_id}).first()
    directive = DirectiveView(**row._mapping) if row is not None else None
    if directive is None or not can(user, "directive.read", directive):
        raise NotFound("There is no directive here.")
    return as_seen(db, user, directive)


def as_seen(db: Connection, user: Person | None, directive: DirectiveView) -> DirectiveView:
    """With the words that this person may read: those of the edition, for all but the policy team."""
    if can(user, "directive.write"):
        return directive
    found = newest(db, directive)
    return replace(
        directive,
        title=found.text.title,
        introduction=found.text.introduction,
        slug=slug(found.text.title),
        version=0,
        snapshot_id=found.snapshot,
    )


def every(db: Connection, user: Person | None) -> list[DirectiveView]:
    """All directives that this person may read, the newest first."""
    found = [DirectiveView(**row._mapping) for row in db.execute(_EVERY)]
    return [as_seen(db, user, one) for one in found if can(user, "directive.read", one)]


def slug(title: str) -> str:
    """The end of a directive's address; never empty."""
    return words.slug(title) or "directive"


def path(directive_id: int, title: str) -> str:
    """The address of a directive with this title."""
    return f"/directives/{directive_id}-{slug(title)}"


def edition(db: Connection, edition_id: int) -> Edition:
    """One edition. Asks no rights: editions are public."""
    return _edition(db.execute(_EDITION, {"edition_id": edition_id}).one())


def newest(db: Connection, directive: DirectiveView) -> Edition:
    """What the public reads. NotFound if there is nothing yet."""
    if directive.edition_id is None:
        raise NotFound("There is no directive here.")
    return edition(db, directive.edition_id)


def editions(db: Connection, directive: DirectiveView) -> list[Edition]:
    """Every edition, the newest first. Asks no rights: editions are public."""
    return [_edition(row) for row in db.execute(_EDITIONS, {"directive_id": directive.id})]


def _edition(row: Any) -> Edition:
    read, snapshot = texts.parse(row.content), json.loads(row.content)["snapshot"]
    return Edition(row.id, row.number, row.kind, row.content, row.digest, row.published_at, read, snapshot)


def news(db: Connection) -> list[News]:
    """Each edition, of whatever directive, the newest first, at most NEWS_MOST. Asks no rights: editions are public."""
    return [
        News(
            row.directive_id,
            row.directive_number if row.kind == "final" else None,
            row.number,
            row.kind,
            row.published_at,
            texts.parse(row.content),
        )
        for row in db.execute(_NEWS)
    ]


def check(db: Connection) -> Iterator[str]:
    """A sentence for each edition whose words do not fit their fingerprint any more."""
    for row in db.execute(_ALL_EDITIONS):
        if texts.digest(row.content) != row.digest:
            yield f"Edition {row.number} of directive {row.directive_id} is not what was published."


def steps(db: Connection, user: Person | None, directive: DirectiveView) -> list[Step]:
    """What happened to it, the oldest first; when it was begun is told to the policy team alone."""
    found = [Step(**row._mapping) for row in db.execute(_STEPS, {"directive_id": directive.id})]
    return found if can(user, "directive.write") else [step for step in found if step.reason or step.edition_number]


def cited_ideas(db: Connection, cited: Iterable[Cited]) -> dict[tuple[str, int], CitedIdea]:
    """(kind, id) → what is shown of each; one that is not public any more is named by its number alone."""
    listed = list(cited)
    comment_ids = sorted({one.object_id for one in listed if one.kind == "comment"})
    comments = {row.id: row for row in db.execute(_COMMENTS, {"ids": comment_ids})} if comment_ids else {}
    # A comment goes where its idea is merged, so its idea is the one that it is under now.
    ideas_of = {
        (one.kind, one.object_id): comments[one.object_id].idea_id if one.object_id in comments else one.idea_id
        for one in listed
    }
    rows = idea_rows(db, ideas_of.values())
    return {key: _cited(key, rows.get(idea_id), idea_id, comments.get(key[1])) for key, idea_id in ideas_of.items()}


def _cited(key: tuple[str, int], row: Any, idea_id: int, comment: Any) -> CitedIdea:
    ref = ideas.reference(idea_id)
    is_comment = key[0] == "comment"
    if is_comment:
        ref = f"comment {key[1]} on {ref}"
    if row is None or (is_comment and (comment is None or comment.state != "published")):
        return CitedIdea(ref, "Not public any more", "", 0, 0)
    if is_comment:
        return CitedIdea(ref, f"{comment.author_name} on “{row.title}”", f"/comments/{key[1]}", row.up, row.down)
    return CitedIdea(ref, row.title, ideas.path(row.id, row.slug), row.up, row.down)


def idea_rows(db: Connection, ids: Iterable[int]) -> dict[int, Any]:
    """Id → title, slug, up, down of those ideas that may be named in public."""
    wanted = sorted(set(ids))
    return {row.id: row for row in db.execute(_IDEAS, {"ids": wanted})} if wanted else {}


def cited_by(db: Connection, idea_ids: Sequence[int]) -> list[CitedBy]:
    """The recommendations of public directives that cite one of these ideas. Asks no rights: editions are public."""
    found = []
    for row in db.execute(_CITED_BY, {"ids": list(idea_ids)}):
        text = texts.parse(row.content)
        clause = text.clause(row.recommendation_id)
        name = f"{row.label} {clause.title}" if clause is not None else row.label
        address = f"{path(row.id, text.title)}#recommendation-{row.recommendation_id}"
        found.append(CitedBy(f"{text.title}: {name}", address, row.label, row.stage))
    return found
