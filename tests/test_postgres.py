"""The PostgreSQL of the tests itself: copies, sharing, and clearing up."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import postgres

ROOT = Path(__file__).parent.parent


def value(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchone()[0]


def fill(url):
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE things AS SELECT 7 AS size")


def test_a_copy_has_what_the_template_has_and_is_its_own():
    template = postgres.template("things", fill)
    first, second = postgres.create_database(template), postgres.create_database(template)
    with psycopg.connect(first) as connection:
        connection.execute("DELETE FROM things")
    assert value(first, "SELECT count(*) FROM things") == 0
    assert value(second, "SELECT size FROM things") == 7
    postgres.drop_database(first)
    postgres.drop_database(second)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        value(first, "SELECT 1")


def test_a_template_is_filled_once_even_if_a_connection_was_left_open():
    left_open = []

    def fill_and_stay(url):
        fill(url)
        left_open.append(psycopg.connect(url))

    template = postgres.template("stays", fill_and_stay)
    assert postgres.template("stays", fill_and_stay) == template
    postgres.drop_database(postgres.create_database(template))
    assert len(left_open) <= 1  # another worker may have been first
    for connection in left_open:
        connection.close()


def test_an_empty_database_sorts_and_stores_any_script():
    url = postgres.create_database()
    assert value(url, "SHOW server_encoding") == "UTF8"
    assert value(url, "SELECT lower('ÉTÉ')") == "été"
    postgres.drop_database(url)
    postgres.drop_database(url)  # gone already, which is no error


def test_another_process_of_the_run_uses_the_same_server():
    ours = postgres.server_url()
    script = "from tests import postgres; print(postgres.server_url()); postgres.end_run()"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ours
    assert value(ours, "SELECT 1") == 1


def test_a_run_of_its_own_leaves_nothing_behind():
    script = "from tests import postgres; print(postgres.server_url()); print(postgres.begin_run())"
    alone = {name: text for name, text in os.environ.items() if name not in (postgres.RUN_FOLDER, "TEST_DATABASE_URL")}
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=alone, capture_output=True, text=True, check=True
    )
    url, folder = result.stdout.split()
    assert urlsplit(url).query == f"host={folder}/postgres"
    assert not Path(folder).exists()


def test_an_address_given_from_outside_is_used_and_cleared_of_our_databases():
    script = "from tests import postgres; print(postgres.create_database(postgres.template('x', lambda url: None)))"
    outside = {name: text for name, text in os.environ.items() if name != postgres.RUN_FOLDER}
    outside["TEST_DATABASE_URL"] = postgres.server_url()
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=outside, capture_output=True, text=True, check=True
    )
    name = urlsplit(result.stdout.strip()).path.removeprefix("/")
    prefix = name.rpartition("_")[0]
    assert prefix.startswith("forum_test_")
    left = f"SELECT count(*) FROM pg_database WHERE starts_with(datname, '{prefix}')"
    assert value(postgres.server_url(), left) == 0
