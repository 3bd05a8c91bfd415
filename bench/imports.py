"""How fast is an import? A file of ideas in IdeaScale's columns, brought into an empty forum as the command does it."""

import csv
import multiprocessing
import random
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from forum import schema
from forum.db import Database
from forum.domain.imports import ideascale, runs

GOAL = 5_000  # rows a second
COLUMNS = (*ideascale.IDEAS_REQUIRED, "Idea Number", "Campaign Group", "Tags", "URL", "Stage")
SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi wo zu ar en il os un bra tri plo ster ment ing".split()


@dataclass(frozen=True)
class Kind:
    """Rows of one kind: how many, and what their texts are like."""

    name: str
    rows: int
    text: Callable[[random.Random, list[str]], str]


@dataclass(frozen=True)
class Speed:
    """One import. Processor time is that of all processes together, in millionths of a second for a row."""

    name: str
    rows: int
    seconds: float
    processor: float
    megabytes: int  # at most, of the process that writes

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    @property
    def verdict(self) -> str:
        """Reached, or how much of the goal is."""
        return "reached" if self.rate >= GOAL else f"SHORT: {self.rate / GOAL:.0%} of the goal"


def measure(folder: Path) -> list[Speed]:
    """Import each kind once, each in a process of its own, into a database in this folder."""
    speeds = []
    for number, kind in enumerate(KINDS):
        path = folder / f"ideas-{number}.csv"
        _write(path, kind)
        receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(target=_import, args=(path, sender))
        process.start()
        sender.close()
        try:
            speeds.append(Speed(kind.name, kind.rows, *receiver.recv()))
        finally:
            process.join()
    return speeds


def _import(path: Path, sender: Connection) -> None:
    url = f"sqlite:///{path.with_suffix('.db')}"
    schema.create(url)
    database, source = Database(url), ideascale.Files(path)
    began, before = time.perf_counter(), time.process_time()
    runs.check(source)
    with database.transaction() as db:
        rows = runs.run(db, source).ideas.created
    seconds, processor = time.perf_counter() - began, time.process_time() - before
    database.close()
    others, own = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    sender.send((seconds, (processor + others.ru_utime + others.ru_stime) / rows * 1e6, own.ru_maxrss // 1024))


def _write(path: Path, kind: Kind) -> None:
    chance = random.Random(4)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(20_000)]
    tags = [_sentence(chance, words, 2)[:-1] for _ in range(500)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(1, kind.rows + 1):
            place = chance.randrange(18)
            writer.writerow(
                (
                    *(f"{1 + number % 28}/May/09 9:48 PM", number, f"Person {chance.randrange(kind.rows // 4)}"),
                    *(f"Campaign {place}", chance.randrange(300), chance.randrange(90)),
                    *(_sentence(chance, words, chance.randint(4, 9))[:-1], kind.text(chance, words)),
                    *(number, f"Group {place % 3}", ",".join(chance.sample(tags, 2))),
                    *(f"https://example.org/{number}", "Archive"),
                )
            )


def _sentence(chance: random.Random, words: list[str], count: int) -> str:
    return " ".join(words[int(len(words) * chance.random() ** 4)] for _ in range(count)).capitalize() + "."


def _short(chance: random.Random, words: list[str]) -> str:
    return _sentence(chance, words, 18)


def _long(chance: random.Random, words: list[str]) -> str:
    """Paragraphs, a list and a link: some 1,900 characters, as the ideas of 2009 have."""
    paragraphs = [_sentence(chance, words, chance.randint(20, 60)) for _ in range(5)]
    points = [f"- {_sentence(chance, words, 8)}" for _ in range(chance.choice((0, 0, 3)))]
    link = f"See http://example.org/{chance.randrange(999)} & more!" if chance.random() < 0.3 else ""
    return "<br /><br />".join([*paragraphs, *points, link]) + "<div></div>"


KINDS = (Kind("short rows, 140 characters", 40_000, _short), Kind("long rows, 1,900 characters", 8_000, _long))
