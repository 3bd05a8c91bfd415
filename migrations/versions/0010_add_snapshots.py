"""Add snapshots, whose rows never change, and orders of files."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
LASTING = ("snapshots", "snapshot_ideas", "snapshot_files")
SQLITE_TRIGGER = (
    "CREATE TRIGGER {table}_{act}_never BEFORE {act} ON {table}"
    " BEGIN SELECT RAISE(ABORT, 'snapshots never change'); END"
)
POSTGRESQL_FUNCTION = (
    "CREATE OR REPLACE FUNCTION snapshots_never_change() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'snapshots never change'; END $$"
)
POSTGRESQL_TRIGGER = (
    "CREATE TRIGGER {table}_never BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION snapshots_never_change()"
)
_COUNTS = (
    "up", "down", "cast_up", "cast_down", "imported_up", "imported_down", "raw_up", "raw_down", "total_up", "total_down",
    "employee_up", "employee_down", "aside_up", "aside_down", "comment_count",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables, and the triggers that refuse every change of a snapshot."""
    _make_snapshots()
    _make_files()
    if op.get_bind().dialect.name == "sqlite":
        for table in LASTING:
            for act in ("update", "delete"):
                op.execute(SQLITE_TRIGGER.format(table=table, act=act))
        return
    op.execute(POSTGRESQL_FUNCTION)
    for table in LASTING:
        op.execute(POSTGRESQL_TRIGGER.format(table=table))


def _make_snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("number", ID, nullable=False, autoincrement=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("selection", sa.JSON, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("idea_count", sa.Integer, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("made_by_id", ID, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("signature", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_snapshots"),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name="fk_snapshots_made_by_id"),
    )
    op.create_table(
        "snapshot_ideas",
        sa.Column("number", ID, nullable=False, autoincrement=False),
        sa.Column("rank", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("is_by_employee", sa.Boolean, nullable=False),
        sa.Column("community", sa.String, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("source", "source_id", "language")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("title", "body", "why", "salt")),
        sa.PrimaryKeyConstraint("number", "rank", name="pk_snapshot_ideas"),
        sa.ForeignKeyConstraint(["number"], ["snapshots.number"], name="fk_snapshot_ideas_number"),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name="fk_snapshot_ideas_idea_id"),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_snapshot_ideas_author_id"),
    )
    op.create_index("ix_snapshot_ideas_idea_id", "snapshot_ideas", ["idea_id"])
    op.create_index("ix_snapshot_ideas_author_id", "snapshot_ideas", ["author_id"])


def _make_files() -> None:
    op.create_table(
        "snapshot_files",
        sa.Column("number", ID, nullable=False, autoincrement=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("signature", sa.String, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", "format", name="pk_snapshot_files"),
        sa.ForeignKeyConstraint(["number"], ["snapshots.number"], name="fk_snapshot_files_number"),
    )
    op.create_table(
        "file_orders",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("given", sa.JSON, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("done_count", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("touched_at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_file_orders"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_file_orders_user_id"),
    )
    op.create_index("ix_file_orders_user_id", "file_orders", ["user_id"])
    op.create_index("ix_file_orders_touched_at", "file_orders", ["touched_at"])


def downgrade() -> None:
    """Take the tables away, and every snapshot with them."""
    for table in ("file_orders", "snapshot_files", "snapshot_ideas", "snapshots"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION snapshots_never_change()")
