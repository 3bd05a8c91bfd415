"""Similar ideas in bulk: words and meanings together, the same every time, and what `forum similar` prints."""

import csv
import io
import json
import random
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from forum.cli import app
from forum.db import Connection, Database
from forum.domain import search, similar
from forum.domain.imports import runs, ukpetitions
from forum.models import Idea
from tests import petitions
from tests.making import Make

PLACES = "harbor valley summit prairie canyon island desert forest marsh glacier delta plateau".split()
THINGS = "bridge school library clinic garden theater tunnel market stadium museum station orchard".split()


def idea(make: Make, title: str, body: str = "", **values: Any) -> int:
    idea_id = make.idea(title=title, body=body, **values)
    search.refresh(make.db, "idea", idea_id)
    return idea_id


def closest(db: Connection, idea_id: int, **options: Any) -> list[str]:
    return [one.similar for one in similar.pairs(db, **options) if one.idea == str(idea_id)]


@pytest.fixture
def many(make: Make) -> list[int]:
    """144 ideas about a thing in a place: enough to learn meanings from."""
    return [
        idea(make, f"Build a {thing} in the {place}", f"The {place} needs one. A {thing} helps all who live there.")
        for place in PLACES
        for thing in THINGS
    ]


def test_the_original_of_a_repeated_petition_is_listed(database: Database) -> None:
    _, pairs = petitions.read()
    with database.transaction() as db:
        runs.run(db, ukpetitions.Files(sorted(petitions.FOLDER.glob("petitions-*.json"))))
    with database.reading() as db:
        repeats = {str(petition) for petition, _ in pairs}
        asked = db.execute(sa.select(Idea.id).where(Idea.source_id.in_(repeats))).scalars().all()
        for by_title, least in ((False, 0.86), (True, 0.70)):
            listed = {(one.idea, one.similar) for one in similar.pairs(db, by_title=by_title, only=asked)}
            hits = sum((str(petition), str(original)) in listed for petition, original in pairs)
            assert hits / len(pairs) >= least


def test_the_closest_comes_first_with_a_score_between_0_and_1(make: Make, many: list[int]) -> None:
    again = idea(make, "A library for the island", "Build a library in the island, the island needs one.")
    found = [one for one in similar.pairs(make.db, limit=3) if one.idea == str(again)]
    assert found[0].similar == str(many[PLACES.index("island") * len(THINGS) + THINGS.index("library")])
    assert len(found) == 3
    assert all(0 < one.score <= 1 for one in found)


def test_two_runs_give_the_same(make: Make, many: list[int]) -> None:
    assert list(similar.pairs(make.db)) == list(similar.pairs(make.db))


def test_an_idea_is_never_like_itself_and_each_is_listed_in_order_of_id(make: Make, many: list[int]) -> None:
    pairs = list(similar.pairs(make.db))
    assert all(one.idea != one.similar for one in pairs)
    assert list(dict.fromkeys(one.idea for one in pairs)) == [str(number) for number in many]


def test_texts_that_share_no_word_are_alike_by_meaning_if_their_words_stand_with_the_same_others(make: Make) -> None:
    from forum.domain.duplicates import matrices, meanings, texts

    chance = random.Random(7)
    themes = (
        "petrol wheel road engine tire brake garage lorry traffic",
        "song concert melody chorus piano choir violin",
    )
    said = [(theme, frozenset(chance.sample(theme.split(), 3))) for theme in themes for _ in range(40)]
    for _, words in said:
        idea(make, " ".join(sorted(words)))
    found = texts.read(make.db)
    rows = matrices.weighted(found.whole, matrices.counts(found.whole, found.stem_count), len(said))
    directions = meanings.learn(rows)
    assert directions is not None
    placed = meanings.place(rows, directions)
    apart = [(one, other) for one, other in combinations(range(len(said)), 2) if not said[one][1] & said[other][1]]
    same = [float(placed[one] @ placed[other]) for one, other in apart if said[one][0] == said[other][0]]
    others = [float(placed[one] @ placed[other]) for one, other in apart if said[one][0] != said[other][0]]
    assert sum(same) / len(same) > 0.1 + sum(others) / len(others)


@pytest.mark.parametrize("state", ["held", "removed", "off-topic", "merged"])
def test_what_is_not_published_has_likes_and_is_the_like_of_none(make: Make, state: str) -> None:
    shown = idea(make, "Open the archives to everyone")
    hidden = idea(make, "Open all archives", state=state)
    assert closest(make.db, hidden) == [str(shown)]
    assert closest(make.db, shown) == []


def test_withdrawn_ideas_are_left_out(make: Make) -> None:
    idea(make, "Open the archives to everyone")
    withdrawn = idea(make, "Open all archives", state="withdrawn")
    assert closest(make.db, withdrawn) == []


def test_by_title_the_texts_of_the_ones_asked_for_do_not_count(make: Make) -> None:
    archives = idea(make, "Open the archives to everyone", "Papers and letters.")
    budget = idea(make, "Publish the budget", "Tables and sums.")
    mixed = idea(make, "Archives", "Publish the budget, with tables and sums.")
    assert closest(make.db, mixed, limit=1) == [str(budget)]
    assert closest(make.db, mixed, limit=1, by_title=True) == [str(archives)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_ideas_or_none_make_it_fail_not(make: Make, count: int) -> None:
    for _ in range(count):
        idea(make, "…", "")
    assert list(similar.pairs(make.db)) == []


def test_progress_is_told(make: Make, many: list[int]) -> None:
    told: list[tuple[int, int]] = []
    list(similar.pairs(make.db, comparing=lambda done, total: told.append((done, total))))
    assert told[-1] == (144, 144)


@pytest.fixture
def printed(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command on two ideas, one of them imported, and gives its result."""

    def prepare(db: Connection) -> None:
        make = Make(db)
        idea(make, "Open the archives to everyone", source="elsewhere", source_id="A-7")
        idea(make, "Open all archives")

    database.write(prepare)
    monkeypatch.setenv("FORUM_DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(app, ["similar", *arguments])


def test_the_command_prints_ids_of_the_source_where_there_are_any(printed: Any) -> None:
    result = printed("--all", "--limit", "5", "--format", "csv")
    assert result.exit_code == 0
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["idea", "similar", "score"]
    assert [row[:2] for row in rows[1:]] == [["A-7", "2"], ["2", "A-7"]]
    assert all(0 < float(row[2]) <= 1 for row in rows[1:])


def test_the_command_writes_a_file_and_json(printed: Any, tmp_path: Path) -> None:
    file = tmp_path / "similar.json"
    assert printed("2", "--format", "json", "-o", str(file)).exit_code == 0
    (row,) = json.loads(file.read_text("utf-8"))
    assert (row["idea"], row["similar"]) == ("2", "A-7")


def test_the_command_asks_which_ideas_are_meant(printed: Any) -> None:
    assert printed().exit_code == 2
    assert printed("2", "--all").exit_code == 2
