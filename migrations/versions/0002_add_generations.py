"""Count the changes of communities and of accounts, so that what is kept of them outlives votes and comments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTED = {
    "places": ("communities", "community_phases", "community_agencies", "agencies"),
    "people": ("users", "sessions", "community_members"),
}
TRIGGER = (
    "CREATE TRIGGER {}_{}_counts AFTER {} ON {} BEGIN UPDATE generations SET number = number + 1 WHERE name = '{}'; END"
)


def upgrade() -> None:
    """Make the counters and, on SQLite, the triggers that count; and the list of ideas whose ranks are put off."""
    table = op.create_table(
        "generations",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    op.bulk_insert(table, [{"name": name, "number": 1} for name in COUNTED])
    op.create_table(
        "stale_ranks",
        sa.Column("idea_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False),
        sa.PrimaryKeyConstraint("idea_id", name="pk_stale_ranks"),
        sa.ForeignKeyConstraint(["idea_id"], ["ideas.id"], name="fk_stale_ranks_idea_id"),
    )
    if op.get_bind().dialect.name != "sqlite":
        return  # a row that everybody waits for; see forum/db/memory.py
    for name, tables in COUNTED.items():
        for counted in tables:
            for act in ("INSERT", "UPDATE", "DELETE"):
                op.execute(TRIGGER.format(counted, act.lower(), act, counted, name))


def downgrade() -> None:
    """Take them away."""
    for tables in COUNTED.values():
        for counted in tables:
            for act in ("insert", "update", "delete"):
                if op.get_bind().dialect.name == "sqlite":
                    op.execute(f"DROP TRIGGER {counted}_{act}_counts")
    op.drop_table("stale_ranks")
    op.drop_table("generations")
