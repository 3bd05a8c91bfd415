"""Add figures: what the ranking laboratory shows of large forums, counted now and then."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of figures, empty: the housekeeping fills it."""
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
