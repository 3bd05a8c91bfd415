"""Add figures: what the ranking laboratory shows of large forums, counted now and then; equal approval is equal."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of figures, empty: the housekeeping fills it. Ideas without a vote for have an approval of 0."""
    op.execute("UPDATE ideas SET approval = 0 WHERE approval > 0 AND approval < 1e-9")  # rests of rounding
    op.create_table(
        "figures",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_figures"),
    )


def downgrade() -> None:
    """Take the table away; its figures can be counted anew."""
    op.drop_table("figures")
