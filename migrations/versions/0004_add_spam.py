"""Add spam: what the score has learned, and fingerprints of texts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables. The lessons of earlier decisions are learned by a worker."""
    op.create_table(
        "spam_models",
        sa.Column("id", KEY, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("version", "good_count", "spam_count")),
        sa.Column("read_until", KEY, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_spam_models"),
    )
    op.create_table(
        "spam_features",
        sa.Column("bucket", sa.Integer, nullable=False, autoincrement=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("good_count", "spam_count")),
        sa.PrimaryKeyConstraint("bucket", name="pk_spam_features"),
    )
    op.create_table(
        "spam_lessons",
        sa.Column("subject_kind", sa.String, nullable=False),
        sa.Column("subject_id", KEY, nullable=False, autoincrement=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("features", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", name="pk_spam_lessons"),
    )
    op.create_index("ix_spam_lessons_decision_id", "spam_lessons", ["decision_id"])
    op.create_table(
        "spam_prints",
        sa.Column("subject_kind", sa.String, nullable=False),
        sa.Column("subject_id", KEY, nullable=False, autoincrement=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("fingerprint", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", name="pk_spam_prints"),
    )
    op.create_index("ix_spam_prints_fingerprint", "spam_prints", ["fingerprint", "created_at"])
    op.create_index("ix_spam_prints_created_at", "spam_prints", ["created_at"])


def downgrade() -> None:
    """Take the tables away; they can be learned anew."""
    for table in ("spam_prints", "spam_lessons", "spam_features", "spam_models"):
        op.drop_table(table)
