"""Petitions of the UK Parliament as ideas, and the pairs of which moderators found that one repeats the other.

`python -m tests.petitions` prints how often the original is among the first five similar ideas. The data lie beside the
project (../shared/data/uk-petitions) and are not part of it.
"""

import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from forum import schema
from forum.db import Connection, Database
from forum.domain import search
from forum.domain.search import Document
from forum.models import Idea, IdeaText
from tests.making import Make

FOLDER = (
    Path(os.environ.get("FORUM_TRIAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "uk-petitions"
)

EVERYTHING = "everything"
"""All 2,676 petitions are ideas that can be proposed, among them every other copy of the same original."""
UNREPEATED = "unrepeated"
"""Those that moderators closed as duplicates are not shown, as merged ideas are not."""
PUBLISHED = "published"
"""Only those that Parliament published are shown; the rejected ones never were."""


@dataclass(frozen=True, slots=True)
class Petition:
    """One petition: what an idea is made of, and what became of it."""

    id: int
    title: str
    body: str
    supporters: int
    created_at: datetime
    state: str
    rejection: str

    def competes(self, setting: str) -> bool:
        """Can this one be proposed as similar?"""
        if setting == PUBLISHED:
            return self.state in ("open", "closed")
        return setting == EVERYTHING or self.rejection != "duplicate"


def read() -> tuple[list[Petition], list[tuple[int, int]]]:
    """Every petition, and the pairs (petition, original). Skips the test that asks where the data are not there."""
    if not FOLDER.is_dir():
        pytest.skip(f"the petitions are not there: {FOLDER}")
    petitions = []
    for file in sorted(FOLDER.glob("petitions-*.json")):
        for row in json.loads(file.read_text("utf-8"))["data"]:
            about = row["attributes"]
            petitions.append(
                Petition(
                    id=row["id"],
                    title=about["action"],
                    body="\n\n".join(filter(None, (about["background"], about["additional_details"]))),
                    supporters=about["signature_count"],
                    created_at=datetime.fromisoformat(about["created_at"]),
                    state=about["state"],
                    rejection=(about["rejection"] or {}).get("code", ""),
                )
            )
    with (FOLDER / "duplicate-pairs.csv").open(encoding="utf-8", newline="") as lines:
        pairs = [(int(row["petition_id"]), int(row["duplicate_of"])) for row in csv.DictReader(lines)]
    return petitions, pairs


def load(db: Connection, petitions: Sequence[Petition], setting: str, *, votes: bool = True) -> None:
    """Make each petition an idea of the same id, its signatures an imported tally. What doesn't compete is merged."""
    make = Make(db)
    community, author = make.community(), make.user()
    short, long, documents = [], [], []
    for petition in petitions:
        up, shown = petition.supporters if votes else 0, petition.competes(setting)
        values = {"title": petition.title, "slug": "petition", "created_at": petition.created_at}
        place = {"community_id": community.id, "author_id": author.id, "shuffle": petition.id}
        state = {"state": "published" if shown else "merged", "is_listed": shown, "is_public": shown}
        short.append({"id": petition.id, **values, **place, **state, "up": up, "imported_up": up, "net": up})
        long.append({"idea_id": petition.id, "body": petition.body, "body_html": ""})
        facts = {"created_at": petition.created_at, "community_id": community.id, "is_visible": shown}
        documents.append(Document("idea", petition.id, petition.title, petition.body, **facts))
    db.execute(sa.insert(Idea), short)
    db.execute(sa.insert(IdeaText), long)
    search.put_many(db, documents)


def found(
    db: Connection, petitions: Sequence[Petition], pairs: Sequence[tuple[int, int]], *, by_title: bool
) -> tuple[float, list[float]]:
    """How many of the pairs (0 to 1) have their original among the first five, and the seconds that each took."""
    texts = {petition.id: petition for petition in petitions}
    hits, seconds = 0, []
    for petition_id, original_id in pairs:
        text = texts[petition_id]
        began = time.perf_counter()
        similar = search.similar(db, text.title, "" if by_title else text.body, exclude_idea_id=petition_id)
        seconds.append(time.perf_counter() - began)
        hits += original_id in [idea.idea_id for idea in similar]
    return hits / len(pairs), seconds


def main() -> None:
    """Print the figures of every setting, with and without the petitions' signatures."""
    petitions, pairs = read()
    for setting in (EVERYTHING, UNREPEATED, PUBLISHED):
        for votes in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                url = f"sqlite:///{folder}/petitions.db"
                schema.create(url)
                database = Database(url)
                with database.transaction() as db:
                    load(db, petitions, setting, votes=votes)
                with database.reading() as db:
                    whole, seconds = found(db, petitions, pairs, by_title=False)
                    title, more = found(db, petitions, pairs, by_title=True)
                database.close()
            times = sorted(seconds + more)
            sys.stdout.write(
                f"{setting:10} {'with' if votes else 'without'} votes: {whole:.1%} by full text, {title:.1%} by title,"
                f" median {times[len(times) // 2] * 1000:.1f} ms, worst {times[-1] * 1000:.1f} ms\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
