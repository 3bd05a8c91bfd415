"""Add consensus."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of runs, of scores, and of passes. No run has been made yet."""
    op.create_table(
        "consensus_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("is_claimed", sa.Boolean, nullable=True),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=True),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("ideas", sa.Integer, nullable=False),
        sa.Column("ranked", sa.Integer, nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
        sa.Column("votes_here", ID, nullable=False),
        sa.Column("circles", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consensus_runs")),
        sa.UniqueConstraint("is_claimed", name=op.f("uq_consensus_runs_is_claimed")),
    )
    op.create_table(
        "consensus_scores",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("voters", sa.Integer, nullable=False),
        sa.Column("circle", sa.Integer, nullable=False),
        sa.Column("camps", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "idea_id", name=op.f("pk_consensus_scores")),
        sa.ForeignKeyConstraint(["run_id"], ["consensus_runs.id"], name=op.f("fk_consensus_scores_run_id")),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name=op.f("fk_consensus_scores_idea_id")),
    )
    op.create_index("ix_consensus_scores_idea_id", "consensus_scores", ["idea_id"])
    op.create_index("ix_consensus_scores_score", "consensus_scores", ["run_id", "score", "idea_id"])
    op.create_table(
        "passes",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "idea_id", name=op.f("pk_passes")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passes_user_id")),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name=op.f("fk_passes_idea_id")),
    )
    op.create_index("ix_passes_idea_id", "passes", ["idea_id"])


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("passes")
    op.drop_table("consensus_scores")
    op.drop_table("consensus_runs")
