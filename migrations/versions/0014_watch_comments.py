"""Let waves hold comments: what a wave is made of, and parts of the sketches of comments."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Every wave so far is one of ideas."""
    op.add_column("waves", sa.Column("subject_kind", sa.String, nullable=False, server_default="idea"))
    op.create_table(
        "wave_comment_keys",
        sa.Column("key", ID, autoincrement=False, nullable=False),
        sa.Column("comment_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "comment_id", name="pk_wave_comment_keys"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop what was added; waves of comments go with their members."""
    op.execute("DELETE FROM wave_members WHERE subject_kind = 'comment'")
    op.drop_table("wave_comment_keys")
    op.drop_column("waves", "subject_kind")
