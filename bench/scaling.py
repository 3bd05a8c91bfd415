"""Does the cost grow with the forum? The same acts on a small and a large one, in turn, in one process."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forum.db import Connection, Database
from forum.domain import ideas, lists, people, search, votes
from forum.domain.lists import Filters

REPEATS = 60


@dataclass(frozen=True)
class Cost:
    """Median milliseconds of one act on both, and the worst on the large one."""

    name: str
    small: float
    large: float
    worst: float

    @property
    def ratio(self) -> float:
        return self.large / self.small


def measure(small: Path, large: Path, sizes: tuple[int, int]) -> list[Cost]:
    """Every act on both databases (paths of copies that may change), interleaved."""
    databases = [Database(f"sqlite:///{path}") for path in (small, large)]
    try:
        deep = [_deep_key(database, size) for database, size in zip(databases, sizes, strict=True)]
        return [_compare(name, act, databases, sizes, deep) for name, act in ACTS.items()]
    finally:
        for database in databases:
            database.close()


def _deep_key(database: Database, size: int) -> str:
    with database.reading() as db:
        middle = ideas.get(db, None, size // 2)
        return f"{middle.net}_{middle.id}"


def _compare(
    name: str,
    act: "Callable[[Database, int, int, str], Any]",
    databases: list[Database],
    sizes: tuple[int, int],
    deep: list[str],
) -> Cost:
    times: list[list[float]] = [[], []]
    for turn in range(REPEATS):
        for which, database in enumerate(databases):
            began = time.perf_counter()
            act(database, sizes[which], turn, deep[which])
            times[which].append(1000 * (time.perf_counter() - began))
    return Cost(name, statistics.median(times[0]), statistics.median(times[1]), max(times[1][2:]))


def _read(work: Callable[[Connection], Any], database: Database) -> None:
    with database.reading() as db:
        work(db)


def _vote(database: Database, size: int, turn: int, _: str) -> None:
    idea_id, user_id = 1 + (turn * 7919) % size, 1 + turn % 900

    def work(db: Connection) -> None:
        votes.cast(db, people.load(db, user_id), idea_id, 1 if turn % 2 else -1)

    database.write(work)


WORDS = (
    "government",
    "whistleblower",
    "agency records",
    "public budget meeting",
    "tubace",
    "whistelblower",
    "nosuchword",
)
TITLES = ("Publish every agency budget as open data", "Protect whistleblower records in public meeting law")

ACTS: dict[str, Callable[[Database, int, int, str], Any]] = {
    "list, first page": lambda d, n, t, k: _read(lambda db: lists.find(db, Filters("top")), d),
    "list, a page deep inside, by key": lambda d, n, t, k: _read(lambda db: lists.find(db, Filters("top"), after=k), d),
    "list of a community": lambda d, n, t, k: _read(
        lambda db: lists.find(db, Filters("trending", community_id=1 + t)), d
    ),
    "list of a tag": lambda d, n, t, k: _read(lambda db: lists.find(db, Filters("top", tag_id=1 + t)), d),
    "idea": lambda d, n, t, k: _read(lambda db: ideas.get(db, None, 1 + (t * 977) % n), d),
    "vote, durable": _vote,
    "search": lambda d, n, t, k: _read(lambda db: search.find(db, WORDS[t % len(WORDS)]), d),
    "similar ideas": lambda d, n, t, k: _read(lambda db: search.similar(db, TITLES[t % len(TITLES)]), d),
}
