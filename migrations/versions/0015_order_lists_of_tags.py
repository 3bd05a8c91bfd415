"""Order the lists of tags: each idea of a tag repeats what lists are ordered by, so that they are read in order."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
RANKS = ("net", "approval", "trending", "contested", "uncertainty")
REST = ("is_public", "shuffle", "created_at")
COPIES = (
    "is_public",
    "net",
    "approval",
    "trending",
    "contested",
    "uncertainty",
    "comment_count",
    "shuffle",
    "created_at",
)
IN_ORDER = ("net", "trending", "comment_count", "shuffle", "created_at")
PARTS = {"ranks": RANKS, "comments": ("comment_count",), "places": REST}
SQLITE_TRIGGER = (
    "CREATE TRIGGER idea_tags_follow_{part} AFTER UPDATE OF {columns} ON ideas WHEN ({old}) IS NOT ({new})"
    " BEGIN UPDATE idea_tags SET {changes} WHERE idea_id = new.id; END"
)
POSTGRESQL_FUNCTION = (
    "CREATE OR REPLACE FUNCTION idea_tags_follow() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN UPDATE idea_tags SET {changes} WHERE idea_id = new.id; RETURN NULL; END $$"
)
POSTGRESQL_TRIGGER = (
    "CREATE TRIGGER idea_tags_follow AFTER UPDATE OF {columns} ON ideas FOR EACH ROW"
    " WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION idea_tags_follow()"
)
FILL = (
    f"INSERT INTO idea_tags (tag_id, idea_id, {', '.join(COPIES)})"  # noqa: S608 - ours, as below
    f" SELECT o.tag_id, o.idea_id, {', '.join(f'i.{name}' for name in COPIES)}"
    " FROM old_idea_tags AS o JOIN ideas AS i ON i.id = o.idea_id ORDER BY o.tag_id, o.idea_id"
)
FILL_BACK = "INSERT INTO idea_tags (idea_id, tag_id) SELECT idea_id, tag_id FROM old_idea_tags ORDER BY idea_id, tag_id"


def upgrade() -> None:
    """Make the table anew, with copies of the order columns, and the triggers that keep them the same."""
    copies = [
        sa.Column(name, kind, nullable=False)
        for name, kind in zip(
            COPIES,
            (sa.Boolean, sa.Integer, *[sa.Double] * 4, sa.Integer, KEY, sa.BigInteger),
            strict=True,
        )
    ]
    columns = [sa.Column("tag_id", KEY, nullable=False), sa.Column("idea_id", KEY, nullable=False), *copies]
    _remake(columns, ["tag_id", "idea_id"], FILL, sqlite_with_rowid=False)
    op.create_index("ix_idea_tags_idea_id", "idea_tags", ["idea_id"])
    for name in IN_ORDER:
        op.create_index(f"ix_idea_tags_{name}", "idea_tags", ["tag_id", "is_public", name, "idea_id"])
    _finish()
    if _is_sqlite():
        for part, names in PARTS.items():
            op.execute(SQLITE_TRIGGER.format(part=part, **_listed(names)))
    else:
        for statement in (POSTGRESQL_FUNCTION, POSTGRESQL_TRIGGER):
            op.execute(statement.format(**_listed(COPIES)))


def _listed(columns: tuple[str, ...]) -> dict[str, str]:
    return {
        "columns": ", ".join(columns),
        "old": ", ".join(f"old.{name}" for name in columns),
        "new": ", ".join(f"new.{name}" for name in columns),
        "changes": ", ".join(f"{name} = new.{name}" for name in columns),
    }


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _remake(columns: list[sa.Column[Any]], key: list[str], fill: str, **options: Any) -> None:
    """A table in the place of the one that is there. PostgreSQL checks foreign keys at the end, and all at once."""
    parents = [("idea_id", "ideas.id"), ("tag_id", "tags.id")]
    op.rename_table("idea_tags", "old_idea_tags")
    if _is_sqlite():
        names = [sa.ForeignKeyConstraint([one], [to], name=f"fk_idea_tags_{one}") for one, to in parents]
    else:
        op.drop_constraint("pk_idea_tags", "old_idea_tags")
        names = []
    primary = sa.PrimaryKeyConstraint(*key, name="pk_idea_tags")
    op.create_table("idea_tags", *columns, primary, *names, **options)
    op.execute(fill)
    op.drop_table("old_idea_tags")
    if not names:
        for one, to in parents:
            table, _, column = to.partition(".")
            op.create_foreign_key(f"fk_idea_tags_{one}", "idea_tags", table, [one], [column])


def _finish() -> None:
    """Let the database know what the table holds: it plans by that. SQLite only if it kept such notes before."""
    if not _is_sqlite() or sa.inspect(op.get_bind()).has_table("sqlite_stat1"):
        op.execute("ANALYZE idea_tags")


def downgrade() -> None:
    """Leave only which idea has which tag."""
    if _is_sqlite():
        for part in PARTS:
            op.execute(f"DROP TRIGGER idea_tags_follow_{part}")
    else:
        op.execute("DROP TRIGGER idea_tags_follow ON ideas")
        op.execute("DROP FUNCTION idea_tags_follow()")
    columns = [sa.Column(name, KEY, nullable=False) for name in ("idea_id", "tag_id")]
    _remake(columns, ["idea_id", "tag_id"], FILL_BACK)
    op.create_index("ix_idea_tags_tag_id_idea_id", "idea_tags", ["tag_id", "idea_id"])
    _finish()
