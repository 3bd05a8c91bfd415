"""The schema: migrations make exactly what the models declare, on empty databases and on filled ones."""

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from forum import schema
from forum.db import Connection, Database
from forum.models import Base, Idea
from forum.models.base import Moment
from forum.models.search import INDEX_TABLES
from tests import postgres
from tests.making import Make


def test_what_the_migrations_make_is_what_the_models_declare(database: Database) -> None:
    def is_ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
        return not (kind == "table" and name in INDEX_TABLES)

    def types(_: Any, __: Any, ___: Any, found: Any, declared: Any) -> bool | None:
        return not isinstance(found, sa.Integer) if isinstance(declared, Moment) else None

    with database.reading() as db:
        context = MigrationContext.configure(db, opts={"include_object": is_ours, "compare_type": types})
        assert compare_metadata(context, Base.metadata) == []


def test_every_statement_is_the_one_that_the_models_give(tmp_path: Path) -> None:
    """What a comparison of columns does not see: checks, partial indexes, collations, the order of columns."""
    declared, migrated = Database(f"sqlite:///{tmp_path}/declared.db"), Database(f"sqlite:///{tmp_path}/migrated.db")
    with declared.transaction() as db:
        Base.metadata.create_all(db)
    schema.migrate(migrated)
    assert _statements(migrated) == _statements(declared)
    declared.close()
    migrated.close()


def _statements(database: Database) -> set[str]:
    with database.reading() as db:
        found = db.execute(sa.text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"))
        return {_parts(statement) for statement in found.scalars()}


def _parts(statement: str) -> frozenset[str]:
    """The lines of a statement in any order: a column that was added later stands last and brings its default."""
    plain = re.sub(r" DEFAULT (\([^)]*\)|'[^']*'|[\w.]+)", "", re.sub(r"\s+", " ", statement)).replace('"', "")
    head, _, rest = plain.partition("(")
    body, _, tail = rest.rpartition(")")
    parts = (re.sub(r"\s+", "", part) for part in re.split(r",(?![^(]*\))", body))
    return frozenset({head.strip(), *parts, f"after: {tail.strip()}"})


def test_postgresql_gets_the_same_indexes_and_constraints_as_the_models_give() -> None:
    urls = [postgres.create_database(), postgres.create_database()]
    declared, migrated = (Database(url) for url in urls)
    with declared.transaction() as db:
        Base.metadata.create_all(db)
    schema.migrate(migrated)
    assert _definitions(migrated) == _definitions(declared)
    for database, url in zip((declared, migrated), urls, strict=True):
        database.close()
        postgres.drop_database(url)


def _definitions(database: Database) -> set[tuple[str, str]]:
    indexes = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    constraints = (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        " AND conname NOT LIKE 'alembic%'"
    )
    columns = (
        "SELECT table_name || '.' || column_name, data_type || is_nullable || coalesce(collation_name, '')"
        " FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
    )
    with database.reading() as db:
        return {tuple(row) for query in (indexes, constraints, columns) for row in db.execute(sa.text(query))}


def test_migrating_a_filled_database_again_changes_nothing(database: Database) -> None:
    with database.transaction() as db:
        make = Make(db)
        idea_id = make.idea(votes=2)
    schema.migrate(database)
    with database.reading() as db:
        assert schema.is_current(db)
        assert db.execute(sa.select(Idea.up).where(Idea.id == idea_id)).scalar_one() == 2


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.db")
    with database.reading() as db:
        assert schema.revision(db) is None
        assert not schema.is_current(db)
    database.close()


def test_the_newest_migration_is_the_one_that_alembic_finds() -> None:
    assert schema.head() == ScriptDirectory(str(schema.MIGRATIONS)).get_current_head()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.db")
    broken = tmp_path / "migrations"
    (broken / "versions").mkdir(parents=True)
    (broken / "env.py").write_text((schema.MIGRATIONS / "env.py").read_text())
    (broken / "versions" / "0001_broken.py").write_text(
        'from alembic import op\nrevision = "0001"\ndown_revision = None\n\n'
        'def upgrade():\n    op.execute("CREATE TABLE half (id INTEGER)")\n    op.execute("CREATE NONSENSE")\n'
    )
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(sa.exc.OperationalError):
        schema.migrate(database)
    with database.reading() as db:
        assert sa.inspect(db).get_table_names() == []
    database.close()


def test_the_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    schema.create(f"sqlite:///{tmp_path}/new.db")
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600


def test_a_connection_can_see_what_version_it_is_on(db: Connection) -> None:
    assert schema.revision(db) == schema.head()
