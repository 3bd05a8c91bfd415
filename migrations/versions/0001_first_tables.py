"""The first tables. Their SQL stands in migrations/sql, a file for each kind of database."""

from pathlib import Path

from alembic import op
from alembic.util import CommandError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Make every table, index and the index of the search."""
    kind = op.get_bind().dialect.name
    for statement in (SQL / f"0001_{kind}.sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """There is nothing before it."""
    raise CommandError("Nothing comes before the first tables. Delete the database instead.")
