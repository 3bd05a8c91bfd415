"""The goal table: each page's share of what a bare handler serves, measured side by side, round by round."""

import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import data, load
from bench.load import Server

IDEA = data.BUSY_STEP  # an idea with exactly 50 comments


@dataclass
class Row:
    """One line of the report. Shares are of bare, in percent; more is better unless `is_cost`."""

    name: str
    goal: float
    unit: str = "% of bare"
    is_cost: bool = False
    values: list[float] = field(default_factory=list)
    absolute: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.values) if self.values else float("nan")

    @property
    def verdict(self) -> str:
        """Reached, half reached, or short."""
        if self.failed:
            return f"{self.failed} requests failed"
        share = self.goal / self.median if self.is_cost else self.median / self.goal
        return "reached" if share >= 1 else f"SHORT: {share:.0%} of the goal"


def measure(path: Path, ideas: int, rounds: int) -> list[Row]:
    """Every row of the goal table, on a copy of the data."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=data.CACHE) as name:
        folder = Path(name)
        database = data.copy(path, folder / "forum.db")
        variables = {"FORUM_DATABASE_URL": f"sqlite:///{database}", "FORUM_DATA": str(folder), "FORUM_SECRET": "b" * 40}
        with (
            load.serving("-m", "bench.serve_bare", "{port}", path="/") as bare,
            load.serving("-m", "forum", "serve", "--no-worker", "--port", "{port}", **variables) as forum,
        ):
            return _rounds(bare, forum, ideas, rounds, folder)


def _rounds(bare: Server, forum: Server, ideas: int, rounds: int, folder: Path) -> list[Row]:
    cookies = [data.session_token(number) for number in range(200)]
    idea_path = _redirected(forum.url, f"/ideas/{IDEA}")
    lists = [f"/ideas?sort={sort}&community=community-{n}" for n in range(1, 31) for sort in SORTS]
    tag = _etag(forum.url + "/ideas")
    for path in lists:  # a site that has run for a while: the page cache is missed all the same
        urllib.request.urlopen(forum.url + path, timeout=30).close()  # noqa: S310 - our own server
    plain = ""  # anonymous, one address
    jobs: list[tuple[Row, Callable[[], load.Result]]] = [
        (Row("list, anonymous, cached", 65), lambda: load.wrk(forum.url + "/ideas", script=plain, folder=folder)),
        (
            Row("the same, 304", 75),
            lambda: load.wrk(forum.url + "/ideas", script=load.header("If-None-Match", tag), folder=folder),
        ),
        (Row("idea with 50 comments, anonymous, cached", 45), lambda: load.wrk(forum.url + idea_path, folder=folder)),
        (
            Row("list, signed in (my votes shown)", 35),
            lambda: load.wrk(forum.url, script=load.in_turn(["/ideas"], cookies), folder=folder),
        ),
        (
            Row("idea, signed in", 27),
            lambda: load.wrk(forum.url, script=load.in_turn([idea_path], cookies), folder=folder),
        ),
        (
            Row("150 lists in turn while 20 votes/s arrive", 12),
            lambda: _with_votes(
                forum, cookies, ideas, lambda: load.wrk(forum.url, script=load.in_turn(lists), folder=folder)
            ),
        ),
        (
            Row("vote, durable, 16 clients", 15),
            lambda: load.wrk(forum.url, script=load.voting(cookies, ideas, int(time.time())), folder=folder),
        ),
        (
            Row("vote, durable, 64 clients", 5000, "votes/s"),
            lambda: load.wrk(
                forum.url, script=load.voting(cookies, ideas, int(time.time()) + 1), connections=64, folder=folder
            ),
        ),
    ]
    for _ in range(rounds):
        for row, run in jobs:
            reference = load.wrk(bare.url + "/", seconds=2, folder=folder).per_second
            result = run()
            row.values.append(result.per_second if row.unit == "votes/s" else 100 * result.per_second / reference)
            row.absolute.append(result.per_second)
            row.failed += result.failed
    memory = Row("memory of the worker after that", 100, "MB", is_cost=True, values=[forum.memory()])
    return [*(row for row, _ in jobs), memory]


SORTS = ("trending", "top", "newest", "discussed", "contested")


def _redirected(base: str, path: str) -> str:
    return urllib.request.urlopen(base + path, timeout=30).geturl().removeprefix(base)  # noqa: S310 - our own server


def _etag(url: str) -> str:
    return urllib.request.urlopen(url, timeout=30).headers["etag"].replace('"', '\\"')  # type: ignore[no-any-return]  # noqa: S310


def _with_votes(forum: Server, cookies: list[str], ideas: int, run: Callable[[], load.Result]) -> load.Result:
    """Run while 20 votes a second arrive."""
    stop = threading.Event()

    def vote() -> None:
        number = int(time.time() * 1000)
        while not stop.wait(0.05):
            number += 7919
            body = b"value=1" if number % 2 else b"value=-1"
            headers = {
                "Cookie": f"__Host-session={cookies[number % len(cookies)]}",
                "Sec-Fetch-Site": "same-origin",
                "HX-Request": "true",
            }
            request = urllib.request.Request(f"{forum.url}/ideas/{1 + number % ideas}/vote", body, headers)  # noqa: S310
            urllib.request.urlopen(request, timeout=30).close()  # noqa: S310

    thread = threading.Thread(target=vote, daemon=True)
    thread.start()
    try:
        return run()
    finally:
        stop.set()
        thread.join(5)
