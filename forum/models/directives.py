"""Tables of directives: their texts and versions, what they cite, what people say to them, what became of the ideas."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base, BigId, Key, ref
from forum.models.lasting import guard


class Directive(Base):
    """A directive as it is being written; what others read of it is an edition."""

    __tablename__ = "directives"
    id: Mapped[Key]
    number: Mapped[int | None] = mapped_column(unique=True)  # given when it becomes final
    title: Mapped[str]
    slug: Mapped[str]
    introduction: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    stage: Mapped[str] = mapped_column(default="drafting")  # drafting, comment, final
    snapshot_id: Mapped[int | None] = mapped_column(BigId)  # number of the snapshot whose ideas it answers
    edition_id: Mapped[int | None] = mapped_column(BigId)  # the newest edition: what the public reads
    closes_at: Mapped[datetime | None]  # until when the public may comment
    publication: Mapped[int] = mapped_column(default=0)  # how often dispositions were published
    created_by_id: Mapped[int] = ref("users.id")
    created_at: Mapped[datetime]


class DirectivePart(Base):
    __tablename__ = "directive_parts"
    id: Mapped[Key]
    directive_id: Mapped[int] = ref("directives.id", index=True)
    position: Mapped[int]
    title: Mapped[str]
    introduction: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None]


class Recommendation(Base):
    """One clause: who does what, why and how."""

    __tablename__ = "recommendations"
    id: Mapped[Key]
    directive_id: Mapped[int] = ref("directives.id", index=True)
    part_id: Mapped[int] = ref("directive_parts.id")
    position: Mapped[int]
    title: Mapped[str]
    who: Mapped[str] = mapped_column(default="")
    what: Mapped[str] = mapped_column(default="")
    why: Mapped[str] = mapped_column(default="")
    how: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None]


class DirectiveVersion(Base):
    """The words of a directive, a part or a recommendation after a save."""

    __tablename__ = "directive_versions"
    id: Mapped[Key]
    directive_id: Mapped[int] = ref("directives.id", index=True)
    kind: Mapped[str]  # directive, part, recommendation
    object_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[int | None]  # empty: written at the same time as another save, kept beside it
    fields: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = ref("users.id")
    created_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("kind", "object_id", "number"),)


class Citation(Base):
    """An idea, or a comment on one, that a recommendation rests on."""

    __tablename__ = "citations"
    id: Mapped[Key]
    directive_id: Mapped[int] = ref("directives.id", index=True)
    recommendation_id: Mapped[int] = ref("recommendations.id")
    kind: Mapped[str]  # idea, comment
    object_id: Mapped[int] = mapped_column(BigId)
    idea_id: Mapped[int] = ref("ideas.id")
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = ref("users.id")
    created_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "kind", "object_id"),)


class DirectiveEdition(Base):
    """The whole text as it went before the public. Rows are only ever added: nothing changes or deletes one."""

    __tablename__ = "directive_editions"
    id: Mapped[Key]
    directive_id: Mapped[int] = ref("directives.id")
    number: Mapped[int]  # 1 for the first round of comments
    kind: Mapped[str]  # comment, final
    content: Mapped[str]  # canonical JSON
    digest: Mapped[str]  # SHA-256 of the content's bytes, as 64 hexadecimal digits
    published_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("directive_id", "number"),)


class EditionCitation(Base):
    """Which ideas an edition cites, for the pages of these ideas."""

    __tablename__ = "edition_citations"
    edition_id: Mapped[int] = ref("directive_editions.id", primary_key=True)
    idea_id: Mapped[int] = ref("ideas.id", primary_key=True, index=True)
    recommendation_id: Mapped[int] = ref("recommendations.id", primary_key=True)
    label: Mapped[str]  # the recommendation's number in the edition: 2.3


class DirectiveStep(Base):
    """A directive went from one stage to the next, or back."""

    __tablename__ = "directive_steps"
    id: Mapped[Key]
    directive_id: Mapped[int] = ref("directives.id", index=True)
    stage: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    edition_id: Mapped[int | None] = ref("directive_editions.id", nullable=True)
    by_id: Mapped[int] = ref("users.id")
    created_at: Mapped[datetime]


class RecommendationComment(Base):
    """What somebody says to a recommendation, and what the policy team answers."""

    __tablename__ = "recommendation_comments"
    id: Mapped[Key]
    directive_id: Mapped[int] = ref("directives.id")
    recommendation_id: Mapped[int] = ref("recommendations.id")
    version: Mapped[int]  # of the recommendation, as they read it
    author_id: Mapped[int] = ref("users.id", index=True)
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default="published")  # published, held, removed, withdrawn
    created_at: Mapped[datetime]
    heading: Mapped[str] = mapped_column(default="")  # what it stands under: Records online: 1.1 Post every record
    answer: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[int | None] = ref("users.id", nullable=True)
    answered_at: Mapped[datetime | None]
    __table_args__ = (sa.Index("ix_recommendation_comments_directive_id", "directive_id", "recommendation_id", "id"),)


class RecommendationAgreement(Base):
    """Somebody agrees with a recommendation in these words; other words ask anew."""

    __tablename__ = "recommendation_agreements"
    recommendation_id: Mapped[int] = ref("recommendations.id", primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = ref("users.id", primary_key=True, index=True)
    created_at: Mapped[datetime]


class Disposition(Base):
    """What a directive makes of an idea: as written, and as last published."""

    __tablename__ = "dispositions"
    directive_id: Mapped[int] = ref("directives.id", primary_key=True)
    idea_id: Mapped[int] = ref("ideas.id", primary_key=True, index=True)
    outcome: Mapped[str] = mapped_column(default="")  # accepted, in-part, deferred, declined, out-of-scope
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    by_id: Mapped[int] = ref("users.id")
    updated_at: Mapped[datetime]
    published_outcome: Mapped[str] = mapped_column(default="")
    published_reason: Mapped[str] = mapped_column(default="")
    published_at: Mapped[datetime | None]
    publication: Mapped[int] = mapped_column(default=0)  # in which publication of the directive people were told


LASTING = ("directive_editions", "edition_citations")
"""Tables whose rows are written once."""

guard("editions", LASTING)
