"""The dialogue of 2009 played again in its order, so that the watch sees its posts as they came.

The data lie beside the project (../shared/data/dialogue-2009) and are not part of it. They have days, not hours: the
ideas of a day are spread evenly over it, in the order of their numbers. Accounts are as old as their first post.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from forum.db import Connection, Database
from forum.domain import communities, ranking, search, waves
from forum.domain.imports import ideascale
from forum.domain.imports.rows import IdeaRow
from forum.domain.imports.tables import BadRow
from forum.domain.imports.texts import Job, Texts, convert
from forum.domain.waves import prints, sketches
from forum.models import Idea, IdeaText
from tests.making import Make

FOLDER = next(
    (
        folder / "shared" / "data" / "dialogue-2009"
        for folder in (*Path(__file__).resolve().parents, Path("/work"))
        if (folder / "shared" / "data" / "dialogue-2009").is_dir()
    ),
    Path("shared/data/dialogue-2009"),
)

# Themes as their titles say them. Nothing in the watch knows these words.
DRUG_LAW = re.compile(r"marijuana|cannabis|\bdrug|\bprohibition\b", re.IGNORECASE)
DISCLOSURE = re.compile(r"\bUFO|extra-?\s?terr[ei]str|\bEBE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Played:
    """One idea of 2009 with the moment at which it is posted again."""

    row: IdeaRow
    texts: Texts
    moment: datetime


def read() -> list[Played]:
    """Every idea in its order. Skips the test that asks where the data are not there."""
    if not FOLDER.is_dir():
        pytest.skip(f"the dialogue of 2009 is not there: {FOLDER}")
    rows = [row for row in ideascale.Files(FOLDER / "ideas.csv").ideas() if not isinstance(row, BadRow)]
    rows.sort(key=lambda row: (row.created_at, int(row.source_id)))
    texts = convert([Job("idea", row.title, row.body, 1) for row in rows])
    days: dict[datetime, list[int]] = {}
    for number, row in enumerate(rows):
        days.setdefault(row.created_at, []).append(number)
    played = []
    for day, numbers in days.items():
        for place, number in enumerate(numbers):
            moment = day + timedelta(days=1) * (place + 0.5) / len(numbers)
            played.append(Played(rows[number], texts[number], moment.astimezone(UTC)))
    return sorted(played, key=lambda one: one.moment)


class Stage:
    """A forum in which the ideas are posted again. One community for each campaign, known by its name alone."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.people: dict[str, int] = {}
        self.joined: dict[str, datetime] = {}
        self.places: dict[str, int] = {}
        self.ideas: dict[int, IdeaRow] = {}  # idea id → what it was

    def post(self, played: Sequence[Played]) -> None:
        """Post some ideas, with the tallies that they came to have, and let their words be counted."""
        with self.database.transaction() as db:
            for one in played:
                self._post(db, one)
            while search.fold_in(db):
                pass

    def _post(self, db: Connection, played: Played) -> None:
        make, row, texts = Make(db), played.row, played.texts
        if row.place.name not in self.places:
            self.places[row.place.name] = make.community(name=row.place.name).id
        if row.author not in self.people:
            self.people[row.author] = make.user(name=row.author, trust_level=0, created_at=played.moment).id
            self.joined[row.author] = played.moment
        place = communities.load(db, self.places[row.place.name])
        ranks = ranking.ranks(row.up, row.down, played.moment)._asdict()
        idea_id = int(
            db.execute(
                sa.insert(Idea).values(
                    community_id=place.id,
                    author_id=self.people[row.author],
                    title=row.title,
                    slug="idea",
                    excerpt=texts.excerpt,
                    shuffle=int(row.source_id),
                    created_at=played.moment,
                    up=row.up,
                    down=row.down,
                    imported_up=row.up,
                    imported_down=row.down,
                    **ranks,
                )
            ).inserted_primary_key[0]
        )
        db.execute(sa.insert(IdeaText).values(idea_id=idea_id, body=texts.body, body_html=texts.body_html))
        where = {"community_id": place.id, "created_at": played.moment}
        search.put(db, "idea", idea_id, title=row.title, body=texts.plain, **where)
        fresh = prints.is_fresh(self.joined[row.author], played.moment)
        seen = prints.Seen(sketches.of(row.title, texts.plain), fresh, ())
        prints.note(db, seen, idea_id=idea_id, author_id=self.people[row.author], **where)
        self.ideas[idea_id] = row

    def play(self, played: Sequence[Played], *, step: int = 20) -> Iterator[datetime]:
        """Post everything, a few ideas at a time, and let the watch look after each time; yields each moment."""
        for start in range(0, len(played), step):
            part = played[start : start + step]
            self.post(part)
            while waves.look_at_new(self.database):
                pass
            yield part[-1].moment
