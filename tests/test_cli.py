"""The command line: what each command does, says and exits with; nothing shows a trace, nothing is left half done."""

import csv
import io
import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.cli import COMMANDS, main
from forum.db import Database
from forum.domain.imports.texts import SMALL
from forum.models import Idea, User
from tests.domain.test_imports import COMMENT, IDEA, as_csv
from tests.making import Make

ROOT = Path(__file__).parents[1]

WRITING = (  # somebody has put rows in and has not committed yet
    "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND relname = 'ideas' AND mode = 'RowExclusiveLock'"
)


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Forum:
    """`forum` on one database: in this process, as the program's own main function runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.patch, self.capsys, self.folder = monkeypatch, capsys, folder

    def use(self, database_url: str) -> "Forum":
        """Set the variables of the site."""
        self.patch.chdir(self.folder)
        self.patch.setenv("FORUM_DATABASE_URL", database_url)
        self.patch.setenv("FORUM_DATA", str(self.folder))
        self.patch.setenv("FORUM_SECRET", "kX9-vQ2_tR7zLm4bWc8yHd5sJf1gNp3a")
        return self

    def __call__(self, *arguments: str | Path, say: str = "") -> Done:
        """Run a command to its end."""
        self.capsys.readouterr()
        self.patch.setattr(sys, "argv", ["forum", *map(str, arguments)])
        self.patch.setattr(sys, "stdin", io.StringIO(say))
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    def begin(self, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        """Start the command that set-up makes, as a program of its own, and go on."""
        command = [Path(sys.executable).with_name("forum"), *map(str, arguments)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Forum:
    """The command line on a database that does not exist yet."""
    return Forum(monkeypatch, capsys, tmp_path).use(f"sqlite:///{tmp_path}/new.db")


@pytest.fixture
def forum(empty: Forum, database_url: str) -> Forum:
    """The command line on the database of this test."""
    return empty.use(database_url)


def ideas(database: Database) -> int:
    with database.reading() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(Idea)).scalar_one())


def test_import_then_export_then_check(forum: Forum, database: Database, tmp_path: Path) -> None:
    rows = [{**IDEA, "Idea ID": str(number), "Vote Up": str(number)} for number in range(1, 6)]
    (tmp_path / "ideas.csv").write_bytes(as_csv(rows))
    (tmp_path / "comments.csv").write_bytes(as_csv([COMMENT, {**COMMENT, "Idea ID": "1"}]))
    command = ("import", "ideascale", tmp_path / "ideas.csv", "--comments", tmp_path / "comments.csv")
    dry = forum(*command, "--dry-run")
    assert dry.returncode == 0
    assert "5 would be created" in dry.stdout
    assert ideas(database) == 0
    done = forum(*command)
    assert done.returncode == 0
    assert "Ideas: 5 rows; 5 created" in done.stdout
    assert "comments.csv, line 2: The comment is on idea 7, which is not here." in done.stdout
    assert ideas(database) == 5
    out = tmp_path / "top.json"
    assert forum("export", "top", "--limit", "2", "--format", "json", "-o", out).returncode == 0
    assert [idea["up"] for idea in json.loads(out.read_text())["ideas"]] == [5, 4]
    printed = forum("export", "top", "--method", "approval", "--community", "open-data", "--until", "2009-05-20")
    assert len(list(csv.reader(printed.stdout.splitlines()))) > 5
    assert forum("recount", "--check").returncode == 0


def test_a_broken_file_is_refused_in_a_sentence(forum: Forum, database: Database, tmp_path: Path) -> None:
    (tmp_path / "ideas.csv").write_bytes(as_csv([IDEA]) + b'9,"open')
    done = forum("import", "ideascale", tmp_path / "ideas.csv")
    assert done.returncode == 1
    assert "ideas.csv, line 3: A quotation mark opens in this row, and none closes it." in done.stderr
    assert ideas(database) == 0


def test_the_installed_command_shares_a_large_import_among_processes(
    forum: Forum, database: Database, tmp_path: Path
) -> None:
    body = "A sentence about *open* government. " * 500
    rows = [{**IDEA, "Idea ID": str(number), "Details": body} for number in range(1, 41)]
    assert len(body) * len(rows) > SMALL
    (tmp_path / "ideas.csv").write_bytes(as_csv(rows))
    running = forum.begin("import", "ideascale", tmp_path / "ideas.csv")
    assert running.wait(timeout=120) == 0
    assert ideas(database) == 40


def test_an_import_that_is_killed_leaves_nothing(forum: Forum, database: Database, tmp_path: Path) -> None:
    rows = [{**IDEA, "Idea ID": str(number), "Author": f"Person {number}"} for number in range(6000)]
    (tmp_path / "ideas.csv").write_bytes(as_csv(rows))
    program = forum.begin("import", "ideascale", tmp_path / "ideas.csv")
    _wait_until_it_writes(database, program)
    program.send_signal(signal.SIGKILL)
    program.wait()
    assert ideas(database) == 0
    assert forum("import", "ideascale", tmp_path / "ideas.csv").returncode == 0
    assert ideas(database) == 6000


def _wait_until_it_writes(database: Database, program: "subprocess.Popen[bytes]") -> None:
    """Until its transaction is open, and a moment more."""
    deadline = time.monotonic() + 120
    while not _is_written_to(database):
        assert program.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    assert program.poll() is None


def _is_written_to(database: Database) -> bool:
    if not database.path:
        with database.reading() as db:
            return bool(db.execute(sa.text(WRITING)).scalar())
    with closing(sqlite3.connect(database.path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def test_people_and_communities_can_be_made(forum: Forum, database: Database) -> None:
    words = "seven-brave-otters-read-maps"
    made = forum(
        "user", "add", "ann@example.org", "--name", "Ann", "--role", "administrator", "--password-stdin", say=words
    )
    assert made.returncode == 0
    with database.reading() as db:
        assert db.execute(sa.select(User.email, User.role)).all() == [("ann@example.org", "administrator")]
    assert forum("user", "add", "ann@example.org", "--name", "Ann").stderr.startswith("There is an account")
    assert forum("user", "add", "b@example.org", "--name", "B", "--password-stdin", say="short").returncode == 1
    assert forum("community", "add", "open-data", "--name", "Open data").returncode == 0
    assert forum("community", "add", "open-data", "--name", "Open data").returncode == 1
    assert forum("community", "add", "Open Data", "--name", "Open data").returncode == 2


def test_backup_restore_recount_reindex_and_check(forum: Forum, database: Database, tmp_path: Path) -> None:
    with database.transaction() as db:
        Make(db).idea(up=4)
    assert forum("recount", "--check").returncode == 1
    assert "were put right" in forum("recount").stdout
    assert forum("recount", "--check").returncode == 0
    assert forum("check").returncode == 1
    assert forum("reindex").stdout == "The search knows 1 texts.\n"
    checked = forum("check")
    assert checked.returncode == 0, checked.stdout
    assert forum("backup", tmp_path / "backup").returncode == 0
    with database.transaction() as db:
        db.execute(sa.update(Idea).values(title="Changed"))
    database.close()
    assert forum("restore", tmp_path / "backup").returncode == 1
    assert forum("restore", tmp_path / "backup", "--replace").returncode == 0
    with database.reading() as db:
        assert db.execute(sa.select(Idea.title)).scalar_one() != "Changed"


def test_the_demo_is_loaded_once(forum: Forum, database: Database) -> None:
    assert "open-dialogue-2009" in forum("demo").stdout
    count = ideas(database)
    again = forum("demo")
    assert (again.returncode, again.stdout) == (0, "The demo is here already. Nothing was changed.\n")
    assert ideas(database) == count
    assert forum("recount", "--check").stdout == "Every count is right.\n"
    assert "Nothing to do: 0 votes have changed" in forum("consensus").stdout
    ranked = list(csv.DictReader(io.StringIO(forum("export", "top", "--method", "consensus").stdout)))
    assert len(ranked) >= 80


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("export", "top", "--method", "vibes"), 2, "not one of"),
        (("export", "top", "--community", "nowhere"), 2, "There is no public community"),
        (("export", "top", "--status", "lost"), 2, "There is no such status"),
        (("export", "top", "-o", "/nowhere/at/all.csv"), 1, "No such file"),
        (("import", "ideascale", "missing.csv"), 2, "does not exist"),
        (("restore", "missing"), 2, "does not exist"),
        (("serve", "--port", "99999"), 2, "65535"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(empty: Forum, arguments: Any, code: int, words: str) -> None:
    empty("migrate")
    done = empty(*arguments)
    assert done.returncode == code
    assert words in " ".join(done.stderr.replace("\u2502", " ").split())


def test_a_database_that_is_not_there_is_said_plainly(empty: Forum) -> None:
    done = empty.use("postgresql://nobody@127.0.0.1:9/none")("recount")
    assert done.returncode == 1
    assert "FORUM_DATABASE_URL" in done.stderr


def test_a_database_that_is_up_to_date_is_left_alone_at_once(forum: Forum) -> None:
    code = (
        "import sys\nfrom forum.cli import app\n"
        "app(['migrate'], standalone_mode=False)\nprint('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["The database is up to date.", "False"]


def test_serving_asks_for_a_migrated_database(empty: Forum) -> None:
    done = empty("serve")
    assert done.returncode == 1
    assert "forum migrate" in done.stderr


def test_every_route_is_printed_with_its_permission(empty: Forum) -> None:
    lines = empty("routes").stdout.splitlines()
    assert ["POST", "/ideas/{idea_id:int}/vote", "idea.vote", "votes.cast"] in [line.split() for line in lines]
    assert all(len(line.split()) == 4 for line in lines)


@pytest.mark.parametrize("command", ["", "import", "import ideascale", "export top", "user add", "backup"])
def test_a_command_explains_itself(empty: Forum, command: str) -> None:
    done = empty(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_of_commands_says_what_each_says_of_itself(empty: Forum, name: str) -> None:
    own = " ".join(re.sub("[^ -~]+", " ", empty(name, "--help").stdout).split())
    assert COMMANDS[name][1] in own


def test_every_command_is_listed(empty: Forum) -> None:
    listed = empty("--help").stdout
    assert [name for name in COMMANDS if f" {name} " not in listed] == []


@pytest.mark.parametrize(
    "command, unwanted",
    [
        ("--help", ["sqlalchemy", "forum.db", "starlette", "numpy", "rich.progress"]),
        ("migrate --help", ["alembic", "starlette", "forum.web", "forum.domain.ideas", "rich.progress"]),
        ("serve --help", ["alembic", "starlette", "forum.web", "forum.domain.ideas", "numpy"]),
        ("demo --help", ["starlette", "forum.web", "numpy", "typst", "docx"]),
        ("backup --help", ["alembic", "starlette", "forum.web", "forum.domain.directives", "numpy"]),
        ("user add --help", ["starlette", "forum.web", "forum.domain.directives", "numpy"]),
        ("routes --help", ["alembic", "typst", "docx", "numpy", "sqlalchemy.orm"]),
    ],
)
def test_a_command_loads_only_what_it_uses(command: str, unwanted: list[str]) -> None:
    code = (
        "import sys\nfrom forum.cli import app\n"
        f"app({command.split()!r}, standalone_mode=False)\n"
        f"print([name for name in {unwanted!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
