"""Figures of the watch: `python -m tests.waves_figures` plays the dialogue of 2009 again and prints what was found.

Parts, all of them or those named: replay, bursts, acts, cost, comments. The data lie beside the project.
"""

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy as sa

from forum import schema
from forum.db import Connection, Database
from forum.domain import commenting, lists, people, search, waves
from forum.domain.commenting import CommentFields
from forum.domain.lists import Filters
from forum.domain.posting import IdeaFields
from forum.domain.search.documents import Document
from forum.domain.waves import prints
from forum.models import Case, Community, Idea, Wave, WaveMember
from forum.web.home import RISING, SETTLED
from tests import crowds, dialogue, petitions, postgres
from tests.making import Make

TOP = 12
EVENING = 18  # hours
SEEDS = (1, 2, 3)


def say(text: str = "") -> None:
    """A line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fresh(folder: Path, name: str) -> Database:
    """An empty database in a file."""
    url = f"sqlite:///{folder / name}"
    schema.create(url)
    return Database(url)


def replay(folder: Path) -> None:
    """What was raised, when, by which signal, and what of the known themes is in it."""
    played = dialogue.read()
    database = fresh(folder, "replay.db")
    stage, found_at, known = dialogue.Stage(database), dict[int, datetime](), set[int]()
    for moment in stage.play(played):
        with database.reading() as db:
            for wave_id in set(db.execute(sa.select(Wave.id)).scalars()) - known:
                found_at[wave_id] = moment
                known.add(wave_id)
    say(f"{len(played):,} ideas of 2009 in their order, in steps of 20; {len(known)} waves.")
    with database.reading() as db:
        found = db.execute(sa.select(*Wave.__table__.columns).order_by(Wave.strength.desc())).all()
        for place, wave in enumerate(found, 1):
            members = sa.select(WaveMember.subject_id).where(WaveMember.wave_id == wave.id)
            rows = [stage.ideas[idea_id] for idea_id in db.execute(members).scalars()]
            when = f"{found_at[wave.id]:%d %B %H:%M}"
            say(f"{place:2}. {wave.strength:.2f} “{wave.title}”: {len(rows)} ideas, found {when}")
            for signal in wave.signals:
                say(f"      {signal['strength']:.2f} {signal['name']}: {signal['text']}")
            theme = {name: count for name, count in themes(rows).items() if count}
            say(f"      themes: {theme or 'none of the known'}; ideas: {'; '.join(row.title[:60] for row in rows[:6])}")
        top = {wave.id for wave in found[:TOP]}
        ids = db.execute(sa.select(WaveMember.subject_id).where(WaveMember.wave_id.in_(top)).distinct()).scalars()
        say(f"In the {TOP} strongest together: {themes([stage.ideas[idea_id] for idea_id in ids])}")
        say(f"Of all: {themes([one.row for one in played])}")
    database.close()


def themes(rows: Sequence[dialogue.IdeaRow]) -> dict[str, int]:
    """How many of these belong to the themes that the issue names."""
    busy = {"Participant 0431": "author of 41", "Participant 0676": "author of 32"}
    counts = {
        "drug law": sum(1 for row in rows if dialogue.DRUG_LAW.search(row.title)),
        "disclosure": sum(1 for row in rows if dialogue.DISCLOSURE.search(row.title)),
    }
    return counts | {name: sum(1 for row in rows if row.author == author) for author, name in busy.items()}


def bursts(folder: Path) -> None:
    """A burst of copies, and of different ideas, on the evening of the sixth day of the dialogue."""
    played = dialogue.read()
    evening = played[0].moment.replace(hour=EVENING, minute=0, second=0, microsecond=0) + timedelta(days=5)
    database = fresh(folder, "base.db")
    stage = dialogue.Stage(database)
    for _ in stage.play([one for one in played if one.moment < evening]):
        pass
    with database.reading() as db:
        slug = db.execute(sa.select(Community.slug).order_by(Community.id)).scalars().first() or ""
    database.close()
    texts: dict[str, Sequence[crowds.Text]] = {"500 copies of one text": crowds.copies(500)}
    for seed in SEEDS:
        texts[f"300 different ideas, seed {seed}"] = crowds.different(300, seed)
    if petitions_folder := next(dialogue.FOLDER.parent.glob("uk-petitions"), None):
        petitions.FOLDER = petitions_folder
        some = [one for one in petitions.read()[0] if one.state in ("open", "closed")]
        for seed in SEEDS:
            sample = random.Random(seed).sample(some, 300)
            texts[f"300 petitions, seed {seed}"] = [
                (one.title[:120].ljust(5, "."), f"{one.body} Thank you."[:9000]) for one in sample
            ]
    for name, crowd in texts.items():
        shutil.copy(folder / "base.db", folder / "burst.db")
        database = Database(f"sqlite:///{folder / 'burst.db'}")
        burst(database, name, crowd, slug, evening)
        database.close()
        for file in folder.glob("burst.db*"):
            file.unlink()


def burst(database: Database, name: str, crowd: Sequence[crowds.Text], slug: str, start: datetime) -> None:
    """Post a crowd within ten minutes, let the watch look every ten seconds, and say what came of it."""
    with database.reading() as db:
        before = set(db.execute(sa.select(Wave.id)).scalars())
    posted, shown, found_at, looked_at = set[int](), set[int](), None, start
    for moment, idea_id in crowds.post_all(database, crowd, slug, start, timedelta(minutes=10) / len(crowd)):
        posted.add(idea_id)
        if moment - looked_at < timedelta(seconds=10):
            continue
        looked_at = moment
        while waves.look_at_new(database):
            pass
        with database.reading() as db:
            front = lists.find(db, Filters("trending", until=moment - SETTLED), limit=RISING).rows
            shown |= posted & {row.id for row in front}
            if found_at is None and set(db.execute(sa.select(Wave.id)).scalars()) - before:
                found_at = moment
    with database.reading() as db:
        new = db.execute(sa.select(Wave.title, Wave.member_count).where(Wave.id.not_in(before))).all()
        open_cases = sa.select(sa.func.count()).where(Case.is_open, Case.kind != "wave")
        held = db.execute(sa.select(sa.func.count()).where(Idea.id.in_(posted), Idea.state == "held")).scalar_one()
        waves_text = "; ".join(f"“{row.title}” with {row.member_count}" for row in new) or "none"
        when = f", the first after {(found_at - start).total_seconds():.0f} s" if found_at else ""
        say(f"{name}: waves: {waves_text}{when}; {held} held; {db.execute(open_cases).scalar_one()} other cases;")
        say(f"      {len(shown)} of them were ever on the front page")


def acts(folder: Path) -> None:
    """How long it takes to put 500 ideas on the track and back."""
    urls: dict[str, Callable[[], str]] = {"SQLite": lambda: f"sqlite:///{folder / 'acts.db'}"}
    urls["PostgreSQL"] = lambda: postgres.create_database()
    postgres.begin_run()
    for name, url in urls.items():
        address = url()
        schema.create(address)
        database = Database(address)
        moderator_id = database.write(_wave_of_copies)
        while database.write(search.fold_in):
            pass
        while waves.look_at_new(database):
            pass
        with database.reading() as db:
            wave_id, user = db.execute(sa.select(Wave.id)).scalar_one(), people.load(db, moderator_id)
        for _ in range(3):
            began = time.perf_counter()
            done = database.write(lambda db, w=wave_id, u=user: waves.put_on_track(db, u, w, "spam"))
            there = time.perf_counter() - began
            began = time.perf_counter()
            database.write(lambda db, w=wave_id, u=user: waves.take_back(db, u, w))
            back = time.perf_counter() - began
            say(f"{name}: {done.changed} ideas on the track in {there:.2f} s, back in {back:.2f} s")
        database.close()
    postgres.end_run()


def _wave_of_copies(db: Connection) -> int:
    make = Make(db)
    place = make.community()
    for number, (title, body) in enumerate(crowds.copies(500)):
        author, is_held = make.user(trust_level=0), number >= prints.FEW
        state = {"state": "held", "is_listed": False, "is_public": False} if is_held else {}
        idea_id = make.idea(community=place, author=author, title=title, body=body, **state)
        search.refresh(db, "idea", idea_id)
        seen = waves.Seen(waves.sketch(title, body), is_fresh=True)
        about = {"author_id": author.id, "community_id": place.id}
        waves.note(db, seen, idea_id=idea_id, **about, is_held=is_held)
    return make.user(role="moderator").id


def cost(folder: Path) -> None:
    """Processor time for each post, of the watch and of what it does within posting, with a full window behind.

    The words are stemmed for the search anyway: that is no part of it. The plain loop tells how fast the machine is.
    """
    database = fresh(folder, "cost.db")
    texts = texts_without_end()
    fill, many = 20_000, 4_000  # after so many the watch learns anew what is usual: once in the measure
    author_ids, slug = database.write(lambda db: _fill(db, texts, fill))
    while database.write(search.fold_in):
        pass
    while waves.look_at_new(database):
        pass
    spent: Counter[str] = Counter()
    with ExitStack() as stack:
        for name in ("look", "note"):
            stack.enter_context(mock.patch.object(waves, name, _timed(getattr(waves, name), spent)))
        for start in range(0, many, 200):  # ten seconds at 20 posts a second
            for number in range(start, start + 200):
                fields = IdeaFields(**next(texts), community=slug)
                crowds.post_one(database, author_ids[number % len(author_ids)], fields)
            while database.write(search.fold_in):
                pass
            began = time.process_time_ns()
            while waves.look_at_new(database):
                pass
            spent["watch"] += time.process_time_ns() - began
            began = time.process_time_ns()
            sum(number % 7 for number in range(100_000))
            spent["loop"] += time.process_time_ns() - began
    say(f"{fill:,} posts behind, {many:,} new ones, 200 at a time (20 a second):")
    at_posting = spent["look"] + spent["note"]
    for name, value in (
        ("the watch", spent["watch"]),
        ("at posting", at_posting),
        ("both", spent["watch"] + at_posting),
    ):
        each = value / many / 1e6
        say(f"      {name}: {each:.2f} ms a post, {each * 20 / 1000:.2%} of one core at 20 a second")
    say(f"      a plain loop of 100,000 steps meanwhile: {spent['loop'] / (many / 200) / 1e6:.1f} ms")
    database.close()


def comments(folder: Path) -> None:
    """Processor time of the watch for each comment of 60 words, with a full window behind."""
    database = fresh(folder, "comments.db")
    texts, fill, many = texts_without_end(), 20_000, 2_000
    idea_ids, author_ids = database.write(lambda db: _fill_comments(db, texts, fill))
    while database.write(search.fold_in):
        pass
    while waves.look_at_comments(database):
        pass
    spent: Counter[str] = Counter()
    for start in range(0, many, 200):
        for number in range(start, start + 200):
            fields = CommentFields(body=next(texts)["body"][:420])
            idea_id, author_id = idea_ids[number % len(idea_ids)], author_ids[number % len(author_ids)]
            database.write(partial(_comment, idea_id=idea_id, author_id=author_id, fields=fields))
        while database.write(search.fold_in):
            pass
        time.sleep(2.1)  # as if ten seconds had passed
        for name, work in (("watch", lambda: waves.look_at_comments(database)), ("loop", _plain_loop)):
            began = time.process_time_ns()
            work()
            spent[name] += time.process_time_ns() - began
    each = spent["watch"] / many / 1e6
    say(f"{fill:,} comments behind, {many:,} new ones:")
    say(f"      the watch: {each:.2f} ms a comment, {each * 20 / 1000:.2%} of one core at 20 a second")
    say(f"      a plain loop of 100,000 steps meanwhile: {spent['loop'] / (many / 200) / 1e6:.1f} ms")
    database.close()


def _plain_loop() -> None:
    sum(number % 7 for number in range(100_000))


def _comment(db: Connection, *, idea_id: int, author_id: int, fields: CommentFields) -> None:
    commenting.post(db, people.load(db, author_id), idea_id, fields)


def _fill_comments(db: Connection, texts: Iterator[dict[str, str]], many: int) -> tuple[list[int], list[int]]:
    make = Make(db)
    place = make.community()
    idea_ids = [make.idea(community=place) for _ in range(200)]
    author_ids = [make.user(trust_level=2 if number % 2 else 0).id for number in range(2_000)]
    documents = []
    for number in range(many):
        body, moment = next(texts)["body"][:420], place.created_at - timedelta(seconds=(many - number) * 30)
        author = people.load(db, author_ids[number % 2_000])
        made = make.comment(idea_ids[number % 200], author=author, body=body, created_at=moment)
        documents.append(Document("comment", made, "", body, moment, place.id))
    search.put_many(db, documents)
    return idea_ids, author_ids


def _timed(work: Callable[..., Any], spent: Counter[str]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = time.thread_time_ns()
        try:
            return work(*given, **named)
        finally:
            spent[work.__name__] += time.thread_time_ns() - began

    return timed


def texts_without_end() -> Iterator[dict[str, str]]:
    """Endless different texts of 140 words with the frequencies of real ones: most from all texts, some from one.

    Real texts are those that lie beside the project; without them our own. The order of the words is chance, so that
    no two texts repeat one another.
    """
    chance = random.Random(5)
    bodies = [one.texts.plain for one in dialogue.read()] if dialogue.FOLDER.is_dir() else []
    words = [body.split() for body in bodies or (body for _, body in crowds.different(300))]
    everything = [word for some in words for word in some]
    while True:
        chosen = chance.choices(everything, k=110) + chance.choices(chance.choice(words), k=30)
        chance.shuffle(chosen)
        yield {"title": " ".join(chosen[:9])[:110].ljust(5, "."), "body": " ".join(chosen[9:])}


def _fill(db: Connection, texts: Iterator[dict[str, str]], many: int) -> tuple[list[int], str]:
    make = Make(db)
    place = make.community()
    author_ids = [make.user(trust_level=2 if number % 2 else 0).id for number in range(2_000)]
    documents = []
    for number in range(many):
        text = next(texts)
        idea_id = make.idea(community=place, author=people.load(db, author_ids[number % 2_000]), **text)
        seen = waves.Seen(waves.sketch(**text), is_fresh=number % 2 == 0)
        about = {"community_id": place.id, "created_at": place.created_at - timedelta(seconds=(many - number) * 30)}
        waves.note(db, seen, idea_id=idea_id, author_id=author_ids[number % 2_000], **about)
        documents.append(Document("idea", idea_id, text["title"], text["body"], about["created_at"], place.id))
    search.put_many(db, documents)
    return author_ids, place.slug


PARTS = {"replay": replay, "bursts": bursts, "acts": acts, "cost": cost, "comments": comments}


def main() -> None:
    """Print the parts that are named, or all."""
    for name in sys.argv[1:] or PARTS:
        say(f"\n== {name}")
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](Path(folder))


if __name__ == "__main__":
    main()
