"""Add merges: proposals and merges, what they carried, who kept out, where threads were written, and splits."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def only_where(condition: str) -> dict[str, Any]:
    """An index over the rows where a boolean column is true."""
    return {"sqlite_where": sa.text(f"{condition} = 1"), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables of merging and splitting."""
    _make_merges()
    _make_what_merges_carry()
    _make_splits()


def _make_merges() -> None:
    op.create_table(
        "merges",
        sa.Column("id", KEY, nullable=False),
        sa.Column("absorbed_id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("is_waiting", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("proposed_by_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("case_id", KEY),
        sa.Column("consent", sa.String, nullable=False),
        sa.Column("asked_by_id", KEY),
        sa.Column("asked_at", sa.BigInteger),
        sa.Column("answer_due_at", sa.BigInteger),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("decided_by_id", KEY),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("decision_id", KEY),
        sa.Column("takes_against", sa.Boolean, nullable=False),
        sa.Column("state_before", sa.String, nullable=False),
        sa.Column("undone_by_id", KEY),
        sa.Column("undone_at", sa.BigInteger),
        sa.Column("undo_reason", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["absorbed_id"], ["ideas.id"], name="fk_merges_absorbed_id"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name="fk_merges_asked_by_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_merges_case_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name="fk_merges_decided_by_id"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_merges_decision_id"),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["users.id"], name="fk_merges_proposed_by_id"),
        sa.ForeignKeyConstraint(["target_id"], ["ideas.id"], name="fk_merges_target_id"),
        sa.ForeignKeyConstraint(["undone_by_id"], ["users.id"], name="fk_merges_undone_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
    )
    op.create_index("ix_merges_absorbed_id", "merges", ["absorbed_id", "id"])
    op.create_index("ix_merges_into", "merges", ["target_id"], **only_where("is_active"))
    op.create_index("ix_merges_target_id", "merges", ["target_id", "id"])
    op.create_index("uq_merges_active", "merges", ["absorbed_id"], unique=True, **only_where("is_active"))
    op.create_index("uq_merges_waiting", "merges", ["absorbed_id"], unique=True, **only_where("is_waiting"))


def _make_what_merges_carry() -> None:
    op.create_table(
        "merge_carries",
        sa.Column("what", sa.String, nullable=False),
        sa.Column("idea_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("merge_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name="fk_merge_carries_merge_id"),
        sa.PrimaryKeyConstraint("what", "idea_id", "user_id", name="pk_merge_carries"),
    )
    op.create_table(
        "merge_outs",
        sa.Column("merge_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("is_wish", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name="fk_merge_outs_merge_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_merge_outs_user_id"),
        sa.PrimaryKeyConstraint("merge_id", "user_id", "what", name="pk_merge_outs"),
    )
    op.create_table(
        "merge_comments",
        sa.Column("comment_id", KEY, nullable=False),
        sa.Column("home_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name="fk_merge_comments_comment_id"),
        sa.ForeignKeyConstraint(["home_id"], ["ideas.id"], name="fk_merge_comments_home_id"),
        sa.PrimaryKeyConstraint("comment_id", name="pk_merge_comments"),
    )
    op.create_index("ix_merge_comments_home_id", "merge_comments", ["home_id"])


def _make_splits() -> None:
    op.create_table(
        "splits",
        sa.Column("id", KEY, nullable=False),
        sa.Column("idea_id", KEY, nullable=False),
        sa.Column("new_id", KEY, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("made_by_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("decision_id", KEY),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("mark", sa.String, nullable=False),
        sa.Column("undone_by_id", KEY),
        sa.Column("undone_at", sa.BigInteger),
        sa.Column("undo_reason", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_splits_decision_id"),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name="fk_splits_idea_id"),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name="fk_splits_made_by_id"),
        sa.ForeignKeyConstraint(["new_id"], ["ideas.id"], name="fk_splits_new_id"),
        sa.ForeignKeyConstraint(["undone_by_id"], ["users.id"], name="fk_splits_undone_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_splits"),
        sa.UniqueConstraint("new_id", name="uq_splits_new_id"),
    )
    op.create_index("ix_splits_idea_id", "splits", ["idea_id"])
    op.create_table(
        "split_comments",
        sa.Column("split_id", KEY, nullable=False),
        sa.Column("comment_id", KEY, nullable=False),
        sa.Column("home_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name="fk_split_comments_comment_id"),
        sa.ForeignKeyConstraint(["split_id"], ["splits.id"], name="fk_split_comments_split_id"),
        sa.PrimaryKeyConstraint("split_id", "comment_id", name="pk_split_comments"),
    )


def downgrade() -> None:
    """Take the tables away; merged ideas would lead nowhere, so there is no way back once ideas were merged."""
    for name in ("split_comments", "splits", "merge_comments", "merge_outs", "merge_carries", "merges"):
        op.drop_table(name)
