"""Put comments on recommendations into the hands of moderation: cases without a community, headings, decisions.

A comment that was removed before gets the decision that removed it, so that its author can appeal and it can be undone.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from forum.clock import now, to_microseconds

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FACTS = "It was removed before such decisions were written down. The date is that of this note, not of the removal."
_DECIDE = sa.text(
    "INSERT INTO decisions (subject_kind, subject_id, author_id, action, reason, facts, note, machine, office,"
    " state_before, state_after, before, after, act_id, decided_by_id, created_at)"
    " SELECT 'remark', id, author_id, 'remove', reason, :facts, '', '', 'Moderators', 'published', 'removed',"
    " :before, :after, '', removed_by_id, :moment FROM recommendation_comments WHERE state = 'removed' ORDER BY id"
).bindparams(sa.bindparam("before", type_=sa.JSON), sa.bindparam("after", type_=sa.JSON))
_KEEP = (
    "UPDATE users SET kept_count = kept_count + (SELECT count(*) FROM recommendation_comments AS c"
    " WHERE c.author_id = users.id AND c.state = 'published')"
    " WHERE id IN (SELECT author_id FROM recommendation_comments WHERE state = 'published')"
)
_SPOKEN_OF = "SELECT DISTINCT directive_id, recommendation_id, version FROM recommendation_comments"
_EDITIONS = sa.text("SELECT content FROM directive_editions WHERE directive_id = :directive ORDER BY number DESC")
_HEAD = sa.text(
    "UPDATE recommendation_comments SET heading = :heading WHERE recommendation_id = :clause AND version = :version"
)
_COLUMNS = (
    "id, directive_id, recommendation_id, version, author_id, body, state, created_at, answer, answered_by_id,"
    " answered_at, heading"
)


def upgrade() -> None:
    """Let cases stand outside of communities; give each comment the heading that it was written under."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        _free_cases_in_sqlite()
    else:
        op.alter_column("cases", "community_id", nullable=True)
    op.add_column("recommendation_comments", sa.Column("heading", sa.String, nullable=False, server_default=""))
    _fill_headings()
    db = op.get_bind()
    values = {"before": {"state": "published"}, "after": {"state": "removed"}}
    db.execute(_DECIDE, {**values, "facts": FACTS, "moment": to_microseconds(now())})
    db.execute(sa.text(_KEEP))
    if is_sqlite:
        _rebuild_comments()
    else:
        op.drop_column("recommendation_comments", "reason")
        op.drop_column("recommendation_comments", "removed_by_id")


def _free_cases_in_sqlite() -> None:
    """The way that SQLite's own documentation gives for taking NOT NULL away (lang_altertable.html, section 7): other
    tables point to `cases`, so it can't be replaced within a transaction."""
    db = op.get_bind()
    version = int(db.exec_driver_sql("PRAGMA schema_version").scalar_one())
    db.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = db.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, 'community_id INTEGER NOT NULL', 'community_id INTEGER')"
        " WHERE type = 'table' AND name = 'cases' AND instr(sql, 'community_id INTEGER NOT NULL') > 0"
    )
    if changed.rowcount != 1:
        raise CommandError("The table of cases is not as the migrations before made it.")
    db.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    db.exec_driver_sql("PRAGMA writable_schema = OFF")


def _fill_headings() -> None:
    """The heading stands in the editions: the newest one with these words, or else the newest one at all."""
    db = op.get_bind()
    for directive_id, clause_id, version in db.execute(sa.text(_SPOKEN_OF)).all():
        found = [
            (text["title"], clause)
            for content in db.execute(_EDITIONS, {"directive": directive_id}).scalars()
            for text in [json.loads(content)]
            for part in text["parts"]
            for clause in part["clauses"]
            if clause["id"] == clause_id
        ]
        found.sort(key=lambda one: one[1]["version"] != version)  # stable: the newest first
        heading = _heading(*found[0]) if found else ""
        db.execute(_HEAD, {"heading": heading, "clause": clause_id, "version": version})


def _heading(title: str, clause: dict[str, Any]) -> str:
    return f"{title}: {clause['label']} {clause['title']}"


def _rebuild_comments() -> None:
    """SQLite drops no column that a key stands on: the rows move to a new table."""
    op.drop_index("ix_recommendation_comments_author_id")
    op.drop_index("ix_recommendation_comments_directive_id")
    op.rename_table("recommendation_comments", "old_comments")
    op.create_table(
        "recommendation_comments",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directive_id", KEY, nullable=False),
        sa.Column("recommendation_id", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("answered_by_id", KEY),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("heading", sa.String, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_recommendation_comments_{column}")
            for column, table in (
                ("directive_id", "directives"),
                ("recommendation_id", "recommendations"),
                ("author_id", "users"),
                ("answered_by_id", "users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation_comments"),
    )
    op.execute(
        f"INSERT INTO recommendation_comments ({_COLUMNS}) SELECT {_COLUMNS} FROM old_comments ORDER BY id"  # noqa: S608 - ours
    )
    op.drop_table("old_comments")
    op.create_index("ix_recommendation_comments_author_id", "recommendation_comments", ["author_id"])
    op.create_index(
        "ix_recommendation_comments_directive_id",
        "recommendation_comments",
        ["directive_id", "recommendation_id", "id"],
    )


def downgrade() -> None:
    """There is no way back: decisions about these comments are records."""
    raise CommandError("Decisions are records. Restore a backup of the version before instead.")
