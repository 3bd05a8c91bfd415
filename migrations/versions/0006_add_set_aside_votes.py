"""Add set aside votes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COUNTS = ("aside_up", "aside_down")


def upgrade() -> None:
    """Make the table of votes set aside; count them with the ideas. None is set aside yet."""
    for name in _COUNTS:
        op.add_column("ideas", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.add_column("ideas", sa.Column("has_asides", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "vote_asides",
        sa.Column("idea_id", ID, nullable=False, autoincrement=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("decision_id", ID, nullable=False),
        sa.Column("is_carried", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("idea_id", "user_id", "decision_id", name=op.f("pk_vote_asides")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_vote_asides_user_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_vote_asides_decision_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_vote_asides_decision_id", "vote_asides", ["decision_id"])
    op.create_index("ix_vote_asides_user_id", "vote_asides", ["user_id", "idea_id"])


def downgrade() -> None:
    """Take the table away. Votes that were set aside count again after: forum recount."""
    op.drop_table("vote_asides")
    for name in ("has_asides", *_COUNTS):
        op.drop_column("ideas", name)
