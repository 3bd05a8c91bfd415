"""`python -m bench.consensus`: the consensus ranking over ten million votes, with the time and memory it takes."""

import argparse
import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import data
from forum import schema
from forum.clock import to_microseconds
from forum.db import Database
from forum.domain import consensus

SECONDS, MEGABYTES = 60.0, 2_000
GENERATION = 1  # raise it when the generated data changes


def main() -> None:
    """Build the data if they are not there, compute in a process of its own, and print the figures."""
    parser = argparse.ArgumentParser(prog="bench.consensus", description="Time and memory of a run.")
    parser.add_argument("--ideas", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--votes", type=int, default=10_000_000)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        _run(given.run)
        return
    path = build(given.ideas, given.people, given.votes)
    subprocess.run([sys.executable, "-m", "bench.consensus", "--run", str(path)], check=True)


def build(ideas: int, people: int, votes: int) -> Path:
    """A SQLite database with votes of people in two camps, made if it is not there. Takes minutes for ten million."""
    data.CACHE.mkdir(exist_ok=True)
    path = data.CACHE / f"consensus-{ideas}-{people}-{votes}-{GENERATION}.db"
    if path.exists():
        return path
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    schema.create(f"sqlite:///{making}")
    connection = sqlite3.connect(making, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('votes', 'ideas')"
    ).fetchall():
        connection.execute(f'DROP INDEX "{name}"')  # a run reads none of them
    connection.execute("BEGIN")
    moment = to_microseconds(data.START)
    connection.execute(
        "INSERT INTO communities (id, slug, name, group_name, purpose, guidelines, guidelines_version, status, "
        "visibility, posting, moderation, vote_kind, banner, idea_count, member_count, created_at) VALUES "
        "(1, 'all', 'All', '', '', '', 1, 'open', 'public', 'everyone', 'after', 'both', 1, 0, 0, ?)",
        (moment,),
    )
    connection.executemany(
        "INSERT INTO users (id, handle, name, role, status, is_employee, agency_name, job_title, bio, trust_level, "
        "kept_count, unread_count, wants_mail, language, created_at) VALUES "
        "(?, ?, '', 'citizen', 'active', 0, '', '', '', 1, 0, 0, 0, 'en', ?)",
        ((number, f"person-{number}", moment) for number in range(1, people + 1)),
    )
    connection.executemany(
        "INSERT INTO ideas (id, community_id, author_id, title, slug, excerpt, language, status, state, is_listed, "
        "is_public, is_by_employee, is_locked, up, down, imported_up, imported_down, employee_up, employee_down, net, "
        "approval, trending, contested, uncertainty, comment_count, shuffle, created_at, aside_up, aside_down, "
        "has_asides) VALUES (?, 1, 1, 'An idea', 'an-idea', '', 'en', 'open', 'published', 1, 1, 0, 0, 0, 0, 0, 0, 0, "
        "0, 0, 0, 0, 0, 1, 0, 0, ?, 0, 0, 0)",
        ((number, moment) for number in range(1, ideas + 1)),
    )
    connection.executemany(
        "INSERT INTO votes (user_id, idea_id, value, is_employee, created_at, changed_at) VALUES (?, ?, ?, 0, ?, ?)",
        _votes(ideas, people, votes, moment),
    )
    connection.execute("COMMIT")
    connection.close()
    making.rename(path)
    return path


def _votes(ideas: int, people: int, votes: int, moment: int) -> Iterator[tuple[int, int, int, int, int]]:
    chance = random.Random(votes)
    pull = [chance.gauss(0.3, 0.5) for _ in range(ideas)]
    split = [chance.gauss(0, 0.8) for _ in range(ideas)]
    for person in range(1, people + 1):
        place, so_far = chance.gauss(0.8 if person % 3 else -0.8, 0.4), (votes * (person - 1)) // people
        wanted = min(ideas, (votes * person) // people - so_far)
        chosen: set[int] = set()
        while len(chosen) < wanted:
            chosen.add(int(ideas * chance.random() ** 2))
        for idea in sorted(chosen):
            felt = pull[idea] + split[idea] * place + chance.gauss(0, 0.7)
            yield person, idea + 1, 1 if felt > 0 else -1, moment, moment


def _run(path: Path) -> None:
    schema.create(f"sqlite:///{path}")  # the tables may have grown since
    database = Database(f"sqlite:///{path}")
    begun = time.monotonic()
    run = consensus.compute(database)
    seconds, busy = time.monotonic() - begun, time.process_time()
    with database.reading() as db:
        asked = time.monotonic()
        consensus.due(db)
        asking = time.monotonic() - asked
    database.close()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    within = "within" if seconds < SECONDS and megabytes < MEGABYTES else "NOT within"
    sys.stdout.write(
        f"{run.votes:,} votes of {run.people:,} people on {run.ideas:,} ideas; {run.ranked:,} ideas ranked.\n"
        f"{seconds:.1f} s ({busy:.1f} s of the processor), {megabytes:,.0f} MB resident at most: "
        f"{within} the goal of {SECONDS:.0f} s and {MEGABYTES:,} MB.\n"
        f"Asking whether a run is due: {asking:.1f} s.\n"
    )


if __name__ == "__main__":
    main()
