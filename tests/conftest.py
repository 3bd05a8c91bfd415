"""What every test can have: a real database of either kind, people and ideas in it, and a client of the site."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from starlette.testclient import TestClient

from forum import schema
from forum.app import Forum
from forum.db import Connection, Database
from forum.settings import Settings
from tests import postgres
from tests.making import Make, Site

# Where a run decides about a change, the same change gets the same examples; at everybody's desk they vary.
hypothesis.settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    postgres.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    postgres.end_run()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, empty, migrated database; every test that asks for it runs once on each kind."""
    if request.param == "sqlite":
        with postgres.once("template.db") as result:
            if result:
                schema.create(f"sqlite:///{result}.new")
                Path(f"{result}.new").rename(result)
        shutil.copy(postgres.begin_run() / "template.db", tmp_path / "forum.db")
        yield f"sqlite:///{tmp_path}/forum.db"
        return
    url = postgres.create_database(postgres.template("empty", schema.create))
    yield url
    postgres.drop_database(url)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a test site; its mail goes to a folder."""
    return Settings(
        database_url=database_url,
        secret="a secret of tests only",
        base_url="https://testserver",
        mail_folder=tmp_path / "mail",
        data=tmp_path,
    )


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database of this test."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    """An open transaction that writes; committed when the test ends."""
    with database.transaction() as connection:
        yield connection


@pytest.fixture
def make(db: Connection) -> Make:
    """Makes people, communities, ideas ... in the transaction `db`: `make.idea(votes=3)`."""
    return Make(db)


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """A whole site in this process, with a client: `site.get(...)`, `site.sign_in(person)`, `site.write(...)`."""
    forum = Forum(settings)
    with TestClient(forum, base_url="https://testserver", follow_redirects=False) as client:
        yield Site(forum, client)
