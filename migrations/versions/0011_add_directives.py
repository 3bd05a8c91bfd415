"""Add directives: their texts, versions, citations and editions, what people say to them, and dispositions."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TABLES = (
    "directives",
    "directive_parts",
    "recommendations",
    "directive_versions",
    "citations",
    "directive_editions",
    "edition_citations",
    "directive_steps",
    "recommendation_comments",
    "recommendation_agreements",
    "dispositions",
)


def upgrade() -> None:
    """Make the tables of directives and dispositions."""
    _make_texts()
    _make_versions_and_citations()
    _make_editions()
    _make_voices()
    _make_dispositions()
    _guard_editions()


def _make_texts() -> None:
    op.create_table(
        "directives",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("introduction", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("snapshot_id", KEY),
        sa.Column("edition_id", KEY),
        sa.Column("closes_at", sa.BigInteger),
        sa.Column("publication", sa.Integer, nullable=False),
        sa.Column("created_by_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_directives_created_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_directives"),
        sa.UniqueConstraint("number", name="uq_directives_number"),
    )
    op.create_table(
        "directive_parts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("introduction", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_directive_parts_directive_id"),
        sa.PrimaryKeyConstraint("id", name="pk_directive_parts"),
    )
    op.create_index("ix_directive_parts_directive_id", "directive_parts", ["directive_id"])
    op.create_table(
        "recommendations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("part_id", KEY, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("how", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_recommendations_directive_id"),
        sa.ForeignKeyConstraint(["part_id"], ["directive_parts.id"], name="fk_recommendations_part_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recommendations"),
    )
    op.create_index("ix_recommendations_directive_id", "recommendations", ["directive_id"])


def _make_versions_and_citations() -> None:
    op.create_table(
        "directive_versions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("object_id", KEY, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_directive_versions_directive_id"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_directive_versions_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_directive_versions"),
        sa.UniqueConstraint("kind", "object_id", "number", name="uq_directive_versions_kind_object_id_number"),
    )
    op.create_index("ix_directive_versions_directive_id", "directive_versions", ["directive_id"])
    op.create_table(
        "citations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("recommendation_id", KEY, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("object_id", KEY, nullable=False),
        sa.Column("idea_id", KEY, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_citations_directive_id"),
        sa.ForeignKeyConstraint(["recommendation_id"], ["recommendations.id"], name="fk_citations_recommendation_id"),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name="fk_citations_idea_id"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_citations_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_citations"),
        sa.UniqueConstraint(
            "recommendation_id", "kind", "object_id", name="uq_citations_recommendation_id_kind_object_id"
        ),
    )
    op.create_index("ix_citations_directive_id", "citations", ["directive_id"])


def _make_editions() -> None:
    op.create_table(
        "directive_editions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_directive_editions_directive_id"),
        sa.PrimaryKeyConstraint("id", name="pk_directive_editions"),
        sa.UniqueConstraint("directive_id", "number", name="uq_directive_editions_directive_id_number"),
    )
    op.create_table(
        "edition_citations",
        sa.Column("edition_id", KEY, nullable=False),
        sa.Column("idea_id", KEY, nullable=False),
        sa.Column("recommendation_id", KEY, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["directive_editions.id"], name="fk_edition_citations_edition_id"),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name="fk_edition_citations_idea_id"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendations.id"], name="fk_edition_citations_recommendation_id"
        ),
        sa.PrimaryKeyConstraint("edition_id", "idea_id", "recommendation_id", name="pk_edition_citations"),
    )
    op.create_index("ix_edition_citations_idea_id", "edition_citations", ["idea_id"])
    op.create_table(
        "directive_steps",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("edition_id", KEY),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_directive_steps_directive_id"),
        sa.ForeignKeyConstraint(["edition_id"], ["directive_editions.id"], name="fk_directive_steps_edition_id"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_directive_steps_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_directive_steps"),
    )
    op.create_index("ix_directive_steps_directive_id", "directive_steps", ["directive_id"])


def _make_voices() -> None:
    op.create_table(
        "recommendation_comments",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("recommendation_id", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("removed_by_id", KEY),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("answered_by_id", KEY),
        sa.Column("answered_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_recommendation_comments_directive_id"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendations.id"], name="fk_recommendation_comments_recommendation_id"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_recommendation_comments_author_id"),
        sa.ForeignKeyConstraint(["removed_by_id"], ["users.id"], name="fk_recommendation_comments_removed_by_id"),
        sa.ForeignKeyConstraint(["answered_by_id"], ["users.id"], name="fk_recommendation_comments_answered_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation_comments"),
    )
    op.create_index("ix_recommendation_comments_author_id", "recommendation_comments", ["author_id"])
    op.create_index(
        "ix_recommendation_comments_directive_id",
        "recommendation_comments",
        ["directive_id", "recommendation_id", "id"],
    )
    op.create_table(
        "recommendation_agreements",
        sa.Column("recommendation_id", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendations.id"], name="fk_recommendation_agreements_recommendation_id"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recommendation_agreements_user_id"),
        sa.PrimaryKeyConstraint("recommendation_id", "version", "user_id", name="pk_recommendation_agreements"),
    )
    op.create_index("ix_recommendation_agreements_user_id", "recommendation_agreements", ["user_id"])


def _make_dispositions() -> None:
    op.create_table(
        "dispositions",
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("idea_id", KEY, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("published_outcome", sa.String, nullable=False),
        sa.Column("published_reason", sa.String, nullable=False),
        sa.Column("published_at", sa.BigInteger),
        sa.Column("publication", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"], name="fk_dispositions_directive_id"),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name="fk_dispositions_idea_id"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_dispositions_by_id"),
        sa.PrimaryKeyConstraint("directive_id", "idea_id", name="pk_dispositions"),
    )
    op.create_index("ix_dispositions_idea_id", "dispositions", ["idea_id"])


def _guard_editions() -> None:
    """Nothing changes or deletes an edition: the database itself refuses."""
    tables = ("directive_editions", "edition_citations")
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for act in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_{act}_never BEFORE {act} ON {table}"
                    " BEGIN SELECT RAISE(ABORT, 'editions never change'); END"
                )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION editions_never_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'editions never change'; END $$"
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER {table}_never BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION editions_never_change()"
        )


def downgrade() -> None:
    """Take the tables away, with every directive."""
    for name in reversed(TABLES):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION editions_never_change()")
