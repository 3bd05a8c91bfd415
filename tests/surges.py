"""A scene for the tests of waves: a community, a moderator, and copies of one text by newcomers."""

import sqlalchemy as sa

from forum.db import Database
from forum.domain import recounts, search, waves
from forum.domain.people import Person
from forum.domain.posting import IdeaFields
from forum.domain.waves import WaveFields
from forum.models import Case, Idea, Wave
from tests import crowds
from tests.making import Make


class Scene:
    """A community, a moderator, and copies of one text that newcomers post one after the other."""

    def __init__(self, database: Database, *, many: int = 8, moderation: str = "after") -> None:
        self.database = database
        self.place, self.moderator = self.make(
            lambda make: (make.community(moderation=moderation), make.user(role="moderator"))
        )
        self.ids = [self.post(title, body) for title, body in crowds.copies(many)]

    def make(self, work):
        return self.database.write(lambda db: work(Make(db)))

    def post(self, title: str, body: str, *, author: Person | None = None) -> int:
        author_id = (author or self.make(lambda make: make.user(trust_level=0))).id
        return crowds.post_one(self.database, author_id, IdeaFields(title=title, body=body, community=self.place.slug))

    def watch(self) -> None:
        self.database.write(search.fold_in)
        while waves.look_at_new(self.database):
            pass

    @property
    def wave_id(self) -> int:
        with self.database.reading() as db:
            return db.execute(sa.select(Wave.id)).scalar_one()

    def states(self) -> list[str]:
        with self.database.reading() as db:
            return list(db.execute(sa.select(Idea.state).where(Idea.id.in_(self.ids)).order_by(Idea.id)).scalars())

    def state(self, idea_id: int) -> str:
        with self.database.reading() as db:
            return db.execute(sa.select(Idea.state).where(Idea.id == idea_id)).scalar_one()

    def open_kinds(self) -> list[str]:
        with self.database.reading() as db:
            return list(db.execute(sa.select(Case.kind).where(Case.is_open)).scalars())

    def track(self) -> waves.Done:
        return self.database.write(
            lambda db: waves.put_on_track(db, self.moderator, self.wave_id, "spam", "Once is enough.")
        )

    def decide(self, action: str, user: Person | None = None) -> waves.Done:
        fields = WaveFields(action=action, reason="" if action == "keep" else "spam")
        return self.database.write(lambda db: waves.decide(db, user or self.moderator, self.wave_id, fields))

    def take_back(self) -> waves.Done:
        return self.database.write(lambda db: waves.take_back(db, self.moderator, self.wave_id))

    def differences(self) -> list[object]:
        """Counts and index entries that are not what their rows say."""
        with self.database.reading() as db:
            found = [recounts.check(db, kind, recounts.next_ids(db, kind, 0)) for kind in recounts.KINDS]
            return [*(one for part in found for one in part), *search.check(db)]
