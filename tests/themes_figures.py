"""Themes of the Open Government Dialogue of 2009, for a reader to judge: `python -m tests.themes_figures [seed]`.

Prints ten themes drawn by chance, each with its name and five of its ideas drawn by chance. The data are not part of
the project: FORUM_TRIAL_DATA names the folder that holds them.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from forum import schema
from forum.db import Connection, Database
from forum.domain import themes
from forum.domain.imports import ideascale, runs
from forum.models import Idea, IdeaTheme

FOLDER = (
    Path(os.environ.get("FORUM_TRIAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "dialogue-2009"
)
THEMES, IDEAS = 10, 5


def say(line: str) -> None:
    """A line for the reader."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def load(database: Database) -> None:
    """Import the ideas of the dialogue."""
    with database.transaction() as db:
        runs.run(db, ideascale.Files(FOLDER / "ideas.csv", None))


def show(db: Connection, seed: int) -> None:
    """Print what a reader judges."""
    chance = random.Random(seed)
    found = themes.overview(db)
    say(f"{len(found.themes)} themes, {found.placed} of {found.public} ideas, {found.outside} outside")
    for theme in sorted(chance.sample(found.themes, THEMES), key=lambda theme: -theme.ideas):
        say(f"\n{theme.id}. {', '.join(word.word for word in theme.words[:6])} ({theme.ideas} ideas)")
        say(f"   center: {theme.central_title}")
        titles = sa.select(Idea.title).join(IdeaTheme, IdeaTheme.idea_id == Idea.id).order_by(Idea.id)
        members = db.execute(titles.where(IdeaTheme.theme_id == theme.id)).scalars().all()
        for title in chance.sample(members, min(IDEAS, len(members))):
            say(f"   - {title[:110]}")


def main() -> None:
    """Import, group, print."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 2009
    with tempfile.TemporaryDirectory() as folder:
        schema.create(f"sqlite:///{folder}/forum.db")
        database = Database(f"sqlite:///{folder}/forum.db")
        load(database)
        begun = time.process_time()
        themes.make(database)
        say(f"{time.process_time() - begun:.1f} s of processor time")
        with database.reading() as db:
            show(db, seed)
        database.close()


if __name__ == "__main__":
    main()
