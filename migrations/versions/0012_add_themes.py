"""Add themes: runs, the themes they found, and which ideas are in them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def only_where(condition: str) -> dict[str, Any]:
    """An index over the rows where a boolean column is true."""
    return {"sqlite_where": sa.text(f"{condition} = 1"), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables of themes."""
    op.create_table(
        "theme_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("scope", ID, nullable=False),
        sa.Column("is_making", sa.Boolean, nullable=False),
        sa.Column("is_shown", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("touched_at", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger),
        sa.Column("last_id", ID, nullable=False),
        sa.Column("idea_count", sa.Integer, nullable=False),
        sa.Column("learned_count", sa.Integer, nullable=False),
        sa.Column("placed_count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme_runs")),
    )
    op.create_index("uq_theme_runs_making", "theme_runs", ["scope"], unique=True, **only_where("is_making"))
    op.create_index("uq_theme_runs_shown", "theme_runs", ["scope"], unique=True, **only_where("is_shown"))
    op.create_table(
        "themes",
        sa.Column("id", ID, nullable=False),
        sa.Column("scope", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("is_shown", sa.Boolean, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("central_id", ID, nullable=False),
        sa.Column("idea_count", sa.Integer, nullable=False),
        sa.Column("strength", sa.Double, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("successor_id", ID),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_themes")),
        sa.ForeignKeyConstraint(["run_id"], ["theme_runs.id"], name=op.f("fk_themes_run_id")),
        sa.ForeignKeyConstraint(["central_id"], ["ideas.id"], name=op.f("fk_themes_central_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["themes.id"], name=op.f("fk_themes_successor_id")),
    )
    op.create_index("ix_themes_shown", "themes", ["scope"], **only_where("is_shown"))
    op.create_table(
        "idea_themes",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("theme_id", ID, nullable=False),
        sa.Column("strength", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "idea_id", name=op.f("pk_idea_themes")),
        sa.ForeignKeyConstraint(["run_id"], ["theme_runs.id"], name=op.f("fk_idea_themes_run_id")),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name=op.f("fk_idea_themes_idea_id")),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"], name=op.f("fk_idea_themes_theme_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idea_themes_theme_id", "idea_themes", ["theme_id", "run_id", "idea_id"])
    op.create_index("ix_idea_themes_idea_id", "idea_themes", ["idea_id"])


def downgrade() -> None:
    """Take the tables away; themes are made anew by: forum themes."""
    for table in ("idea_themes", "themes", "theme_runs"):
        op.drop_table(table)
