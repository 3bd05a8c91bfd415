"""Add waves, and what each community asks of new posts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ONLY = {"is_new": {"sqlite_where": sa.text("is_new = 1"), "postgresql_where": sa.text("is_new")}}


def _moment(name: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _text(name: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.String(), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Make the tables of the watch and of the waves; no community has limits of its own yet."""
    op.create_table(
        "wave_prints",
        sa.Column("id", ID, nullable=False),
        _text("subject_kind"),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("is_fresh", sa.Boolean(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_prints")),
        sa.UniqueConstraint("subject_kind", "subject_id", name=op.f("uq_wave_prints_subject_kind_subject_id")),
        _to("wave_prints", "author_id", "users"),
        _to("wave_prints", "community_id", "communities"),
    )
    op.create_index("ix_wave_prints_new", "wave_prints", ["id"], **ONLY["is_new"])
    op.create_index("ix_wave_prints_author_id", "wave_prints", ["author_id", "created_at"])
    op.create_index("ix_wave_prints_created_at", "wave_prints", ["created_at"])
    op.create_table(
        "wave_keys",
        sa.Column("key", ID, autoincrement=False, nullable=False),
        sa.Column("print_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "print_id", name=op.f("pk_wave_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "wave_turns",
        sa.Column("id", ID, nullable=False),
        sa.Column("turn", ID, nullable=False),
        _moment("looked_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_turns")),
    )
    _make_waves()
    op.add_column("communities", sa.Column("spam_threshold", sa.Double(), nullable=True))
    op.add_column("communities", sa.Column("most_links", sa.Integer(), nullable=True))


def _make_waves() -> None:
    op.create_table(
        "waves",
        sa.Column("id", ID, nullable=False),
        _text("title"),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("flood_by_id", ID, nullable=True),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        _text("state"),
        sa.Column("member_count", sa.Integer(), nullable=False),
        _moment("found_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waves")),
        _to("waves", "community_id", "communities"),
        _to("waves", "author_id", "users"),
        _to("waves", "flood_by_id", "users"),
    )
    op.create_index("ix_waves_flood_by_id", "waves", ["flood_by_id"])
    op.create_index("ix_waves_state", "waves", ["state", "id"])
    op.create_table(
        "wave_acts",
        sa.Column("id", ID, nullable=False),
        sa.Column("wave_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        _text("action"),
        _text("reason"),
        _text("note"),
        _text("act_id"),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        _moment("created_at"),
        sa.Column("undone_by_id", ID, nullable=True),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_acts")),
        _to("wave_acts", "wave_id", "waves"),
        _to("wave_acts", "case_id", "cases"),
        _to("wave_acts", "by_id", "users"),
        _to("wave_acts", "undone_by_id", "users"),
    )
    op.create_index("ix_wave_acts_wave_id", "wave_acts", ["wave_id"])
    op.create_index("ix_wave_acts_act_id", "wave_acts", ["act_id"])
    op.create_table(
        "wave_members",
        sa.Column("wave_id", ID, nullable=False),
        _text("subject_kind"),
        sa.Column("subject_id", ID, autoincrement=False, nullable=False),
        _moment("added_at"),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("is_held_here", sa.Boolean(), nullable=False),
        sa.Column("act_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("wave_id", "subject_kind", "subject_id", name=op.f("pk_wave_members")),
        _to("wave_members", "wave_id", "waves"),
        _to("wave_members", "act_id", "wave_acts"),
    )
    op.create_index("ix_wave_members_subject", "wave_members", ["subject_kind", "subject_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("communities", "most_links")
    op.drop_column("communities", "spam_threshold")
    for table in ("wave_members", "wave_acts", "waves", "wave_turns", "wave_keys", "wave_prints"):
        op.drop_table(table)
