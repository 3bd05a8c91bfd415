"""Add decisions and appeals: all fields of a statement of reasons, undo, appeals, internal notes, weights of cases."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_AUTHOR = (
    "coalesce((SELECT author_id FROM cases WHERE cases.id = {table}.case_id),"
    " CASE subject_kind WHEN 'idea' THEN (SELECT author_id FROM ideas WHERE ideas.id = subject_id)"
    " ELSE (SELECT author_id FROM comments WHERE comments.id = subject_id) END)"
)
_KEPT = (
    "id, case_id, subject_kind, subject_id, community_id, action, reason, note, state_before, state_after,"
    " decided_by_id, created_at"
)


def upgrade() -> None:
    """Widen decisions, cases and users; make appeals and notes."""
    op.add_column("users", sa.Column("suspended_until", sa.BigInteger))
    op.add_column("cases", sa.Column("weight", sa.Double, nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("decision_id", KEY))
    op.create_index("ix_cases_author", "cases", ["author_id", "id"])
    _close_with_decisions()
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_decisions()
    else:
        _alter_decisions()
    op.create_index("ix_decisions_author", "decisions", ["author_id", "id"])
    op.create_index("ix_decisions_created", "decisions", ["created_at", "id"])
    op.create_index("ix_decisions_act", "decisions", ["act_id", "id"])
    op.create_index("ix_decisions_undoes_id", "decisions", ["undoes_id"])
    _make_appeals()
    _make_notes()


def _close_with_decisions() -> None:
    """What closed a case was its own decision, as far as this version knows."""
    op.execute(
        "UPDATE cases SET decision_id = (SELECT max(d.id) FROM decisions AS d WHERE d.case_id = cases.id)"
        " WHERE closed_at IS NOT NULL"
    )


def _alter_decisions() -> None:
    empty = [("facts", "''"), ("machine", "''"), ("office", "''"), ("act_id", "''")]
    for name, default in empty:
        op.add_column("decisions", sa.Column(name, sa.String, nullable=False, server_default=sa.text(default)))
    for name in ("before", "after"):
        op.add_column("decisions", sa.Column(name, sa.JSON, nullable=False, server_default=sa.text("'{}'")))
    op.add_column("decisions", sa.Column("author_id", sa.BigInteger))
    op.add_column("decisions", sa.Column("undoes_id", sa.BigInteger))
    for name in ("ends_at", "undone_at"):
        op.add_column("decisions", sa.Column(name, sa.BigInteger))
    op.execute("UPDATE decisions SET machine = 'decided' WHERE is_automated")
    op.execute(f"UPDATE decisions SET author_id = {_AUTHOR.format(table='decisions')}")  # noqa: S608 - our own names
    op.alter_column("decisions", "author_id", nullable=False)
    op.alter_column("decisions", "community_id", nullable=True)
    op.drop_column("decisions", "is_automated")
    op.create_foreign_key("fk_decisions_author_id", "decisions", "users", ["author_id"], ["id"])
    op.create_foreign_key("fk_decisions_undoes_id", "decisions", "decisions", ["undoes_id"], ["id"])


def _rebuild_decisions() -> None:
    """SQLite adds no keys to a table that is there: the rows move to a new one."""
    op.drop_index("ix_decisions_case_id")
    op.drop_index("ix_decisions_subject")
    op.rename_table("decisions", "old_decisions")
    op.create_table(
        "decisions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY),
        sa.Column("subject_kind", sa.String, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("community_id", KEY),
        sa.Column("author_id", KEY, nullable=False),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("action", "reason", "facts", "note", "machine", "office")
        ),
        *(sa.Column(name, sa.String, nullable=False) for name in ("state_before", "state_after")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("before", "after")),
        sa.Column("act_id", sa.String, nullable=False),
        sa.Column("decided_by_id", KEY),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("undoes_id", KEY),
        sa.Column("undone_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_decisions_{column}")
            for column, table in (
                ("case_id", "cases"),
                ("community_id", "communities"),
                ("author_id", "users"),
                ("decided_by_id", "users"),
                ("undoes_id", "decisions"),
            )
        ),
    )
    op.execute(
        f"INSERT INTO decisions ({_KEPT}, author_id, machine, facts, office, before, after, act_id)"  # noqa: S608 - ours
        f" SELECT {_KEPT}, {_AUTHOR.format(table='old_decisions')},"
        " CASE WHEN is_automated THEN 'decided' ELSE '' END, '', '', '{}', '{}', '' FROM old_decisions ORDER BY id"
    )
    op.drop_table("old_decisions")
    op.create_index("ix_decisions_case_id", "decisions", ["case_id"])
    op.create_index("ix_decisions_subject", "decisions", ["subject_kind", "subject_id", "id"])


def _make_appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", KEY, nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("decided_by_id", KEY),
        sa.Column("decided_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_appeals"),
        sa.UniqueConstraint("decision_id", name="uq_appeals_decision_id"),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name="fk_appeals_decision_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_appeals_case_id"),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_appeals_author_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name="fk_appeals_decided_by_id"),
    )
    op.create_index("ix_appeals_case_id", "appeals", ["case_id"])
    op.create_index("ix_appeals_author_id", "appeals", ["author_id"])


def _make_notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("subject_kind", sa.String, nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_notes_by_id"),
    )
    op.create_index("ix_notes_subject", "notes", ["subject_kind", "subject_id", "id"])
    op.create_index("ix_notes_by_id", "notes", ["by_id"])


def downgrade() -> None:
    """There is no way back: statements of reasons are records."""
    raise CommandError("Decisions and appeals are records. Restore a backup of the version before instead.")
