"""Acknowledged is kept: the whole server is killed again and again in the midst of votes, comments and posts."""

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import follows, recounts, sessions
from forum.jobs.worker import Worker
from forum.models import Comment, Idea, Notification, Vote
from forum.settings import Settings
from tests import postgres
from tests.browser import sites
from tests.making import Make

KILLS = {"sqlite": 20, "postgresql": 4}
ANSWERS = 60  # at least so many between two kills
PATIENCE = 20.0  # seconds to wait for them
CLIENTS = 4


@dataclass
class Client:
    """One person who votes and writes without a pause, and remembers what the server has acknowledged."""

    user_id: int
    token: str
    ideas: list[int]
    votes: dict[int, set[int]] = field(default_factory=dict)  # by idea: the values that may stand there
    comments: set[str] = field(default_factory=set)
    turn: int = 0
    answers: int = 0

    def run(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            while True:
                self.turn += 1
                if self.turn % 5:
                    self._vote(connection)
                else:
                    text = f"Comment {self.turn} of person {self.user_id}."
                    if self._post(connection, f"/ideas/{self.ideas[0]}/comments", body=text) == 303:
                        self.comments.add(text)
        except (OSError, http.client.HTTPException):
            return  # the server is gone
        finally:
            connection.close()

    def _vote(self, connection: http.client.HTTPConnection) -> None:
        idea_id, value = self.ideas[self.turn % len(self.ideas)], (1, -1, 0)[self.turn % 3]
        self.votes.setdefault(idea_id, {0}).add(value)  # asked for: from now on it may stand there
        if self._post(connection, f"/ideas/{idea_id}/vote", value=str(value)) == 303:
            self.votes[idea_id] = {value}  # acknowledged: nothing else may

    def _post(self, connection: http.client.HTTPConnection, path: str, **fields: str) -> int:
        headers = {
            "Cookie": f"__Host-session={self.token}",
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", path, urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        self.answers += 1
        return answer.status


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: sites.Kind, tmp_path: Path) -> Iterator[str]:
    found = sites.database(kind, tmp_path, demo=False)
    yield found
    if kind == "postgresql":
        postgres.drop_database(found)


def people(db: Connection) -> tuple[int, list[Client]]:
    make = Make(db)
    author = make.user()
    ideas = [make.idea(author=author) for _ in range(12)]
    clients = []
    for idea_id in ideas:
        follows.put(db, author, "idea", idea_id)
    for _ in range(CLIENTS):
        person = make.user(role="moderator")  # whom no limit slows down
        clients.append(Client(person.id, sessions.start(db, person), ideas))
    return author.id, clients


def test_what_was_acknowledged_outlives_every_kill(kind: sites.Kind, url: str, tmp_path: Path) -> None:
    database = Database(url)
    author_id, clients = database.write(people)
    database.write(recounts.mend_all)  # what the makers of test data do not count
    database.close()
    for _ in range(KILLS[kind]):
        site = sites.start(kind, url, tmp_path)
        port = urlsplit(site.url).port
        threads = [threading.Thread(target=client.run, args=(port,)) for client in clients]
        for thread in threads:
            thread.start()
        wait_for_answers(clients)
        site.process.kill()
        site.process.wait()
        for thread in threads:
            thread.join()
    with database.reading() as db:
        assert_kept(db, clients)
    assert "Every count is right." in sites.forum(url, tmp_path, "recount", "--check")
    if kind == "sqlite":
        with database.reading() as db:
            assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert db.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    finish_work(database, tmp_path)
    with database.reading() as db:
        assert_told_once(db, author_id)
    database.close()


def wait_for_answers(clients: list[Client]) -> None:
    goal, until = sum(client.answers for client in clients) + ANSWERS, time.monotonic() + PATIENCE
    while sum(client.answers for client in clients) < goal and time.monotonic() < until:
        time.sleep(0.02)


def assert_kept(db: Connection, clients: list[Client]) -> None:
    acknowledged = 0
    for client in clients:
        rows = db.execute(sa.select(Vote.idea_id, Vote.value).where(Vote.user_id == client.user_id))
        standing = {row.idea_id: row.value for row in rows}
        for idea_id, allowed in client.votes.items():
            assert standing.get(idea_id, 0) in allowed
        written = db.execute(sa.select(Comment.body).where(Comment.author_id == client.user_id)).scalars().all()
        assert len(written) == len(set(written))
        assert client.comments <= set(written)
        acknowledged += len(client.comments)
    assert acknowledged > 20
    ups = db.execute(sa.select(sa.func.sum(Idea.up + Idea.down))).scalar_one()
    assert ups == db.execute(sa.select(sa.func.count()).select_from(Vote)).scalar_one()


def finish_work(database: Database, folder: Path) -> None:
    """Let a worker do what the killed ones left, also what they had claimed: notifications, then mails."""
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, secret="s" * 40, base_url="https://testserver", mail_folder=folder / "mail")
    with time_machine.travel(now() + timedelta(hours=2)):
        while Worker(database, settings).once():
            pass


def assert_told_once(db: Connection, author_id: int) -> None:
    ids = db.execute(sa.select(Comment.id).where(Comment.state == "published")).scalars()
    events = db.execute(
        sa.select(Notification.event).where(Notification.user_id == author_id, Notification.kind == "idea.commented")
    ).scalars()
    assert sorted(events) == sorted(f"comment:{comment_id}" for comment_id in ids)
