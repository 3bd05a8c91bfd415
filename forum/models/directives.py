"""Tables of directives: their texts and versions, what they cite, what people say to them, what became of the ideas."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, ref
from forum.models.lasting import guard


class Directive(Base):
    """A directive as it is being written; what others read of it is an edition."""

    __tablename__ = "directives"
    id: Column[int] = key()
    number: Column[int | None] = column(unique=True)  # given when it becomes final
    title: Column[str]
    slug: Column[str]
    introduction: Column[str] = column(default="")
    version: Column[int] = column(default=1)
    stage: Column[str] = column(default="drafting")  # drafting, comment, final
    snapshot_id: Column[int | None] = column(BigId)  # number of the snapshot whose ideas it answers
    edition_id: Column[int | None] = column(BigId)  # the newest edition: what the public reads
    closes_at: Column[datetime | None]  # until when the public may comment
    publication: Column[int] = column(default=0)  # how often dispositions were published
    created_by_id: Column[int] = ref("users.id")
    created_at: Column[datetime]


class DirectivePart(Base):
    __tablename__ = "directive_parts"
    id: Column[int] = key()
    directive_id: Column[int] = ref("directives.id", index=True)
    position: Column[int]
    title: Column[str]
    introduction: Column[str] = column(default="")
    version: Column[int] = column(default=1)
    deleted_at: Column[datetime | None]


class Recommendation(Base):
    """One clause: who does what, why and how."""

    __tablename__ = "recommendations"
    id: Column[int] = key()
    directive_id: Column[int] = ref("directives.id", index=True)
    part_id: Column[int] = ref("directive_parts.id")
    position: Column[int]
    title: Column[str]
    who: Column[str] = column(default="")
    what: Column[str] = column(default="")
    why: Column[str] = column(default="")
    how: Column[str] = column(default="")
    version: Column[int] = column(default=1)
    deleted_at: Column[datetime | None]


class DirectiveVersion(Base):
    """The words of a directive, a part or a recommendation after a save."""

    __tablename__ = "directive_versions"
    id: Column[int] = key()
    directive_id: Column[int] = ref("directives.id", index=True)
    kind: Column[str]  # directive, part, recommendation
    object_id: Column[int] = column(BigId)
    number: Column[int | None]  # empty: written at the same time as another save, kept beside it
    fields: Column[dict[str, Any]]
    note: Column[str] = column(default="")
    by_id: Column[int] = ref("users.id")
    created_at: Column[datetime]
    __table_args__ = (sa.UniqueConstraint("kind", "object_id", "number"),)


class Citation(Base):
    """An idea, or a comment on one, that a recommendation rests on."""

    __tablename__ = "citations"
    id: Column[int] = key()
    directive_id: Column[int] = ref("directives.id", index=True)
    recommendation_id: Column[int] = ref("recommendations.id")
    kind: Column[str]  # idea, comment
    object_id: Column[int] = column(BigId)
    idea_id: Column[int] = ref("ideas.id")
    note: Column[str] = column(default="")
    by_id: Column[int] = ref("users.id")
    created_at: Column[datetime]
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "kind", "object_id"),)


class DirectiveEdition(Base):
    """The whole text as it went before the public. Rows are only ever added: nothing changes or deletes one."""

    __tablename__ = "directive_editions"
    id: Column[int] = key()
    directive_id: Column[int] = ref("directives.id")
    number: Column[int]  # 1 for the first round of comments
    kind: Column[str]  # comment, final
    content: Column[str]  # canonical JSON
    digest: Column[str]  # SHA-256 of the content's bytes, as 64 hexadecimal digits
    published_at: Column[datetime]
    __table_args__ = (sa.UniqueConstraint("directive_id", "number"),)


class EditionCitation(Base):
    """Which ideas an edition cites, for the pages of these ideas."""

    __tablename__ = "edition_citations"
    edition_id: Column[int] = ref("directive_editions.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id", primary_key=True, index=True)
    recommendation_id: Column[int] = ref("recommendations.id", primary_key=True)
    label: Column[str]  # the recommendation's number in the edition: 2.3


class DirectiveStep(Base):
    """A directive went from one stage to the next, or back."""

    __tablename__ = "directive_steps"
    id: Column[int] = key()
    directive_id: Column[int] = ref("directives.id", index=True)
    stage: Column[str]
    reason: Column[str] = column(default="")
    edition_id: Column[int | None] = ref("directive_editions.id", nullable=True)
    by_id: Column[int] = ref("users.id")
    created_at: Column[datetime]


class RecommendationComment(Base):
    """What somebody says to a recommendation, and what the policy team answers."""

    __tablename__ = "recommendation_comments"
    id: Column[int] = key()
    directive_id: Column[int] = ref("directives.id")
    recommendation_id: Column[int] = ref("recommendations.id")
    version: Column[int]  # of the recommendation, as they read it
    author_id: Column[int] = ref("users.id", index=True)
    body: Column[str]
    state: Column[str] = column(default="published")  # published, held, removed, withdrawn
    created_at: Column[datetime]
    heading: Column[str] = column(default="")  # what it stands under: Records online: 1.1 Post every record
    answer: Column[str] = column(default="")
    answered_by_id: Column[int | None] = ref("users.id", nullable=True)
    answered_at: Column[datetime | None]
    __table_args__ = (sa.Index("ix_recommendation_comments_directive_id", "directive_id", "recommendation_id", "id"),)


class RecommendationAgreement(Base):
    """Somebody agrees with a recommendation in these words; other words ask anew."""

    __tablename__ = "recommendation_agreements"
    recommendation_id: Column[int] = ref("recommendations.id", primary_key=True)
    version: Column[int] = column(primary_key=True, autoincrement=False)
    user_id: Column[int] = ref("users.id", primary_key=True, index=True)
    created_at: Column[datetime]


class Disposition(Base):
    """What a directive makes of an idea: as written, and as last published."""

    __tablename__ = "dispositions"
    directive_id: Column[int] = ref("directives.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id", primary_key=True, index=True)
    outcome: Column[str] = column(default="")  # accepted, in-part, deferred, declined, out-of-scope
    reason: Column[str] = column(default="")
    version: Column[int] = column(default=1)
    by_id: Column[int] = ref("users.id")
    updated_at: Column[datetime]
    published_outcome: Column[str] = column(default="")
    published_reason: Column[str] = column(default="")
    published_at: Column[datetime | None]
    publication: Column[int] = column(default=0)  # in which publication of the directive people were told


LASTING = ("directive_editions", "edition_citations")
"""Tables whose rows are written once."""

guard("editions", LASTING)
