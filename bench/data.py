"""A generated forum of any size, built once and kept: the same ideas, votes and comments for the same size."""

import itertools
import random
import shutil
import sqlite3
import sys
import time
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from forum import schema, text
from forum.clock import to_microseconds
from forum.db import Database
from forum.domain import ranking, search
from forum.domain.search import sources
from forum.models.tags import FOLLOWED
from forum.signing import token_hash

CACHE = Path(".bench")
GENERATION = 4  # raise it when the generated data changes
START = datetime(2025, 1, 1, tzinfo=UTC)
SESSIONS = 500  # signed-in people that the measurements use
BUSY_STEP = 1_000  # every so many ideas one has exactly BUSY_COMMENTS comments
BUSY_COMMENTS = 50
BIG_TABLES = ("users", "ideas", "idea_texts", "votes", "comments", "idea_tags")


class Sizes:
    """How many of everything a forum with so many ideas has."""

    def __init__(self, ideas: int) -> None:
        self.ideas = ideas
        self.users = max(1_000, ideas // 5)
        self.communities = 200
        self.votes = ideas * 98 // 10
        self.comments = ideas * 2
        self.tags = 500


def session_token(number: int) -> str:
    """The cookie of the bench person with this number (0 to SESSIONS - 1)."""
    return f"bench-session-{number:06d}-{'x' * 20}"


def build(ideas: int, *, fresh: bool = False) -> Path:
    """The path of a filled SQLite database with so many ideas; made if it is not there. Takes minutes for a million."""
    CACHE.mkdir(exist_ok=True)
    path = CACHE / f"forum-{ideas}-{GENERATION}.db"
    if path.exists() and not fresh:
        schema.create(f"sqlite:///{path}")  # the tables may have grown since
        return path
    for old in CACHE.glob(f"forum-{ideas}-*"):
        old.unlink()
    began, making = time.monotonic(), path.with_suffix(".making")
    making.unlink(missing_ok=True)
    schema.create(f"sqlite:///{making}")
    _fill(making, Sizes(ideas))
    _index(making)
    making.rename(path)
    for rest in CACHE.glob(f"{making.name}-*"):
        rest.unlink()
    _say(f"Built {ideas:,} ideas in {time.monotonic() - began:.0f} s ({path.stat().st_size / 1e9:.2f} GB).")
    return path


def _index(path: Path) -> None:
    """Let the search know the ideas (the comments would only add time, not change what is measured)."""
    _say("  search ...")
    database = Database(f"sqlite:///{path}")
    with database.transaction() as db:
        search.put_many(db, sources.every(db, "idea"))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def copy(path: Path, target: Path) -> Path:
    """A copy for a measurement that changes it."""
    shutil.copyfile(path, target)
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    return target


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201 - progress for the person who waits


def _fill(path: Path, sizes: Sizes) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    indexes = _drop_indexes(connection)
    connection.execute("BEGIN")
    chance = random.Random(sizes.ideas)
    words = _vocabulary(chance)
    _people(connection, sizes)
    _places(connection, sizes)
    up, down = _votes(connection, sizes, chance)
    comment_counts = _comments(connection, sizes, chance, words)
    _ideas(connection, sizes, chance, words, (up, down, comment_counts))
    connection.execute("COMMIT")
    _say("  indexes ...")
    for statement in indexes:
        connection.execute(statement)
    connection.execute("ANALYZE")
    connection.close()


def _drop_indexes(connection: sqlite3.Connection) -> list[str]:
    marks = ", ".join("?" * len(BIG_TABLES))
    rows = connection.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",  # noqa: S608 - only question marks
        BIG_TABLES,
    ).fetchall()
    for name, _ in rows:
        connection.execute(f'DROP INDEX "{name}"')
    return [statement for _, statement in rows]


def _vocabulary(chance: random.Random) -> list[str]:
    parts = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "zi"]
    known = [
        "government",
        "agency",
        "public",
        "budget",
        "records",
        "meeting",
        "citizen",
        "data",
        "whistleblower",
        "law",
    ]
    made: dict[str, None] = dict.fromkeys(known)
    while len(made) < 30_000:
        made["".join(chance.choices(parts, k=chance.randint(2, 4))) + chance.choice(["", "n", "r", "st"])] = None
    return list(made)


def _sentence(chance: random.Random, words: list[str], count: int) -> str:
    picked = [words[int(len(words) * chance.random() ** 3)] for _ in range(count)]
    return " ".join(picked).capitalize() + "."


def _insert(connection: sqlite3.Connection, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(columns.split()))
    names = ", ".join(f'"{name}"' for name in columns.split())
    connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names of our own


def _people(connection: sqlite3.Connection, sizes: Sizes) -> None:
    _say("  people ...")
    moment = to_microseconds(START)
    columns = (
        "id handle name email email_confirmed_at role status is_employee agency_name job_title bio trust_level "
        "kept_count unread_count wants_mail language created_at"
    )
    _insert(
        connection,
        "users",
        columns,
        (
            (
                *(number, f"person-{number}", f"Person {number}", f"person-{number}@example.org", moment, "citizen"),
                *("active", number % 20 == 0, "", "", "", 2, 20, number % 3, 0, "en", moment),
            )
            for number in range(1, sizes.users + 1)
        ),
    )
    life = to_microseconds(datetime.now(UTC)), to_microseconds(datetime.now(UTC) + timedelta(days=3650))
    _insert(
        connection,
        "sessions",
        "user_id token_hash created_at seen_at expires_at authenticated_at device",
        ((n + 1, token_hash(session_token(n)), life[0], life[1], life[1], life[0], "bench") for n in range(SESSIONS)),
    )


def _places(connection: sqlite3.Connection, sizes: Sizes) -> None:
    moment = to_microseconds(START)
    columns = (
        "id slug name group_name purpose guidelines guidelines_version status visibility posting moderation vote_kind "
        "banner idea_count member_count created_at"
    )
    _insert(
        connection,
        "communities",
        columns,
        (
            (
                *(
                    n,
                    f"community-{n}",
                    f"Community {n}",
                    f"Group {n % 6}",
                    "A purpose.",
                    "Be kind.",
                    1,
                    "open",
                    "public",
                ),
                *("everyone", "after", "both", n % 8 + 1, sizes.ideas // sizes.communities, 0, moment),
            )
            for n in range(1, sizes.communities + 1)
        ),
    )
    _insert(
        connection,
        "tags",
        "id slug name idea_count",
        ((n, f"tag-{n}", f"tag {n}", 0) for n in range(1, sizes.tags + 1)),
    )


def _votes(connection: sqlite3.Connection, sizes: Sizes, chance: random.Random) -> tuple["array[int]", "array[int]"]:
    _say("  votes ...")
    up, down = array("l", [0]) * (sizes.ideas + 1), array("l", [0]) * (sizes.ideas + 1)
    moment, each = to_microseconds(START), max(1, sizes.votes // sizes.users)

    def rows() -> Iterator[tuple[Any, ...]]:
        for user in range(1, sizes.users + 1):
            liked = sorted({1 + int(sizes.ideas * chance.random() ** 2) for _ in range(each)})
            for idea in liked:
                if idea > sizes.ideas:
                    continue
                value = 1 if chance.random() < 0.77 else -1
                (up if value == 1 else down)[idea] += 1
                yield user, idea, value, user % 20 == 0, moment, moment

    _insert(connection, "votes", "user_id idea_id value is_employee created_at changed_at", rows())
    return up, down


def _comments(connection: sqlite3.Connection, sizes: Sizes, chance: random.Random, words: list[str]) -> "array[int]":
    _say("  comments ...")
    counts = array("l", [0]) * (sizes.ideas + 1)
    texts = [_sentence(chance, words, chance.randint(10, 60)) for _ in range(2_000)]
    moment, numbers = to_microseconds(START), itertools.count(1)

    def rows() -> Iterator[tuple[Any, ...]]:
        for idea in range(1, sizes.ideas + 1):
            count = BUSY_COMMENTS if idea % BUSY_STEP == 0 else chance.choice((0, 1, 1, 2, 2, 3, 4))
            counts[idea] = count
            for position in range(count):
                number, body = next(numbers), texts[chance.randrange(len(texts))]
                author = 1 + chance.randrange(sizes.users)
                yield (
                    *(number, idea, author, _base36(number), 0, body, f"<p>{body}</p>", "published", False),
                    *(author % 20 == 0, "", 0, moment + position * 60_000_000),
                )

    columns = (
        "id idea_id author_id path depth body body_html state is_official is_by_employee agency_name agree_count "
        "created_at"
    )
    _insert(connection, "comments", columns, rows())
    return counts


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits.rjust(7, "0")


def _ideas(
    connection: sqlite3.Connection,
    sizes: Sizes,
    chance: random.Random,
    words: list[str],
    counts: tuple["array[int]", "array[int]", "array[int]"],
) -> None:
    _say("  ideas ...")
    up, down, comment_counts = counts
    bodies = [" ".join(_sentence(chance, words, chance.randint(8, 20)) for _ in range(4)) for _ in range(5_000)]
    step = timedelta(days=600) / sizes.ideas
    columns = (
        "id community_id author_id title slug excerpt language status state is_listed is_public is_by_employee "
        "is_locked up down imported_up imported_down employee_up employee_down net approval trending contested "
        "uncertainty comment_count shuffle created_at"
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, sizes.ideas + 1):
            title = _sentence(chance, words, chance.randint(4, 10))[:-1]
            created_at = START + step * number
            ranks = ranking.ranks(up[number], down[number], created_at)
            author = 1 + chance.randrange(sizes.users)
            status = "open" if number % 50 else "answered"
            yield (
                *(number, 1 + chance.randrange(sizes.communities), author, title, text.slug(title)),
                *(bodies[number % 5_000][:170], "en", status, "published", True, True, author % 20 == 0, False),
                *(up[number], down[number], 0, 0, 0, 0, *ranks, comment_counts[number], chance.randrange(2**31)),
                to_microseconds(created_at),
            )

    _insert(connection, "ideas", columns, rows())
    _insert(
        connection,
        "idea_texts",
        "idea_id body body_html why why_html",
        ((n, bodies[n % 5_000], f"<p>{bodies[n % 5_000]}</p>", "", "") for n in range(1, sizes.ideas + 1)),
    )
    # One tag after the other, as the rows of a tag lie together.
    ideas = range(sizes.ideas + 1)
    alike = [[n for n in ideas[: sizes.tags] if tag in (n, n * 7 % sizes.tags)] for tag in range(sizes.tags)]
    tagged = ((1 + tag, n) for tag, first in enumerate(alike) for one in first for n in ideas[one :: sizes.tags] if n)
    copied = ", ".join(FOLLOWED)
    connection.executemany(
        f"INSERT INTO idea_tags (tag_id, idea_id, {copied}) SELECT ?, id, {copied} FROM ideas WHERE id = ?",  # noqa: S608 - names of our own
        tagged,
    )
