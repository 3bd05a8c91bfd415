"""Themes: ideas about the same stand together, under their own words, and keep their address while they mostly stay."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import communities, lists, rankings, themes
from forum.domain.errors import Conflict, Invalid, NotFound
from forum.domain.lists import Filters
from forum.domain.rankings import Selection
from forum.domain.themes import identities, runs
from forum.domain.themes.making import LEARNED_FROM
from forum.models import Idea, IdeaTheme, Theme, ThemeRun
from tests import topics
from tests.making import Make


def members(db: Connection) -> dict[int, set[int]]:
    """Theme → its ideas, of all runs that are kept."""
    found: dict[int, set[int]] = {}
    for row in db.execute(sa.select(IdeaTheme.theme_id, IdeaTheme.idea_id)):
        found.setdefault(row.theme_id, set()).add(row.idea_id)
    return found


def theme_of(db: Connection, ids: Iterable[int]) -> int:
    """The one theme that most of these ideas are in."""
    wanted = set(ids)
    theme_id, its = max(members(db).items(), key=lambda item: len(item[1] & wanted))
    assert len(its & wanted) > len(wanted) / 2
    return theme_id


@pytest.fixture
def made(database: Database) -> dict[str, list[int]]:
    """Ideas about five topics, grouped."""
    found = database.write(topics.fill)
    themes.make(database)
    return found


def test_ideas_about_the_same_stand_together(database: Database, made: dict[str, list[int]]) -> None:
    with database.reading() as db:
        found = members(db)
        assert len(found) == len(topics.TOPICS)
        for ids in made.values():
            its = found[theme_of(db, ids)]
            assert its <= set(ids)  # nothing else is in it
            assert len(its) >= 0.8 * len(ids)


def test_a_theme_is_named_by_words_that_people_wrote(database: Database, made: dict[str, list[int]]) -> None:
    with database.reading() as db:
        for topic, ids in made.items():
            theme = themes.get(db, theme_of(db, ids))
            assert 3 <= len(theme.label.split(", ")) <= 5
            assert set(theme.label.casefold().split(", ")) <= set(topics.TOPICS[topic].split())
            assert all(word.inside > 1.9 * word.outside for word in theme.words)
            assert theme.central_path.startswith(tuple(f"/ideas/{idea_id}-" for idea_id in ids))


def test_what_fits_nowhere_has_no_theme(database: Database) -> None:
    def fill(db: Connection) -> list[int]:
        topics.fill(db)
        make = Make(db)
        odd = ["Volcano lava ash crater", "Chess rook bishop gambit", "Whisky barrel peat cask"]
        return [topics.post(make, title, f"{title} and more of it") for title in odd]

    odd = database.write(fill)
    run = themes.make(database)
    with database.reading() as db:
        assert not set(odd) & set().union(*members(db).values())
        found = themes.overview(db)
        assert found.outside == run.ideas - run.placed >= len(odd)
        assert found.public == run.ideas == 73


def test_the_same_ideas_give_the_same_themes(database: Database, made: dict[str, list[int]]) -> None:
    rows = sa.select(IdeaTheme.idea_id, IdeaTheme.theme_id, IdeaTheme.strength).order_by(IdeaTheme.idea_id)
    about = sa.select(Theme.id, Theme.slug, Theme.words, Theme.central_id).order_by(Theme.id)
    with database.reading() as db:
        before = db.execute(rows).all(), db.execute(about).all()
    themes.make(database)
    with database.reading() as db:
        assert (db.execute(rows).all(), db.execute(about).all()) == before


def test_themes_keep_their_ids_when_ideas_arrive(database: Database, made: dict[str, list[int]]) -> None:
    with database.reading() as db:
        before = {topic: theme_of(db, ids) for topic, ids in made.items()}
    more = database.write(lambda db: topics.fill(db, each=6, seed=2))
    themes.make(database)
    with database.reading() as db:
        after = {topic: theme_of(db, [*ids, *more[topic]]) for topic, ids in made.items()}
        assert after == before


def test_a_new_topic_is_a_new_theme(database: Database) -> None:
    first = database.write(lambda db: topics.fill(db, each=20, topics=("trains", "gardens", "schools")))
    themes.make(database)
    with database.reading() as db:
        before = {topic: theme_of(db, ids) for topic, ids in first.items()}
    clinics = database.write(lambda db: topics.fill(db, each=20, topics=("clinics",), seed=3))["clinics"]
    themes.make(database)
    with database.reading() as db:
        assert theme_of(db, clinics) not in before.values()
        assert {topic: theme_of(db, ids) for topic, ids in first.items()} == before


def test_a_theme_that_is_no_more_leads_to_where_its_ideas_went(database: Database, made: dict[str, list[int]]) -> None:
    def forge(db: Connection) -> tuple[int, int]:
        """Part a theme in two, as an earlier run could have done."""
        theme_id = theme_of(db, made["trains"])
        row = db.execute(sa.select(Theme).where(Theme.id == theme_id)).mappings().one()
        other = {name: value for name, value in row.items() if name != "id"}
        twin = db.execute(sa.insert(Theme).values(**other)).inserted_primary_key[0]
        some = sorted(members(db)[theme_id])[:4]
        db.execute(sa.update(IdeaTheme).where(IdeaTheme.idea_id.in_(some)).values(theme_id=twin))
        return theme_id, int(twin)

    theme_id, twin = database.write(forge)
    themes.make(database)
    with database.reading() as db:
        heir = themes.successor(db, twin)
        assert heir is not None
        assert heir.id == theme_id
        assert themes.find(db, str(twin)) == heir
        with pytest.raises(NotFound):
            themes.get(db, twin)
        assert themes.successor(db, theme_id) is None


def test_who_keeps_the_address_is_settled_by_shared_ideas() -> None:
    before = {1: 10, 2: 10, 3: 10, 4: 10, 5: 20, 6: 20, 7: 30}
    now_in = [(1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1), (7, 0), (8, 2)]
    matched, gone = identities.matched(before, now_in, 3)
    assert matched == [10, 20, None]
    assert gone == {30: 0}
    assert identities.matched({}, now_in, 3) == ([None, None, None], {})


def test_only_public_ideas_take_part(database: Database, made: dict[str, list[int]]) -> None:
    def fill(db: Connection) -> set[int]:
        make = Make(db)
        inside = make.community(visibility="employees")
        found = [topics.post(make, "Train railway", topics.TOPICS["trains"], community=inside)]
        for state in ("held", "removed", "withdrawn", "merged", "off-topic"):
            values = {"state": state, "is_listed": False, "is_public": False}
            found.append(topics.post(make, "Train railway", topics.TOPICS["trains"], **values))
        return set(found)

    hidden = database.write(fill)
    run = themes.make(database)
    with database.reading() as db:
        assert run.ideas == 70
        assert not hidden & set().union(*members(db).values())


def test_a_removed_idea_leaves_its_theme_at_once(database: Database, made: dict[str, list[int]]) -> None:
    with database.reading() as db:
        theme = themes.get(db, theme_of(db, made["trains"]))
        central = int(theme.central_path.removeprefix("/ideas/").partition("-")[0])
    hidden = {"state": "removed", "is_listed": False, "is_public": False}
    database.write(lambda db: db.execute(sa.update(Idea).where(Idea.id == central).values(**hidden)))
    with database.reading() as db:
        later = themes.get(db, theme.id)
        assert later.ideas == theme.ideas - 1
        assert (later.central_title, later.central_path) == ("", "")
        assert themes.of_idea(db, central) is None
        assert central not in [one.id for one in themes.most_typical(db, theme.id, 50)]
        assert central not in ranked(db, theme.id)
        assert sum(one.ideas for one in themes.overview(db).themes) == sum(map(len, members(db).values())) - 1


def test_a_moved_idea_leaves_the_themes_of_its_community(database: Database) -> None:
    def fill(db: Connection) -> tuple[int, int, list[int]]:
        make = Make(db)
        place, other = make.community(), make.community()
        return place.id, other.id, topics.fill(db, community=place)["trains"]

    place_id, other_id, trains = database.write(fill)
    themes.make(database, scope=place_id)
    themes.make(database)
    with database.reading() as db:
        by_scope = {row.scope: row.id for row in db.execute(
            sa.select(Theme.scope, Theme.id).join(IdeaTheme, IdeaTheme.theme_id == Theme.id)
            .where(IdeaTheme.idea_id == trains[0])
        )}  # fmt: skip
        before = {scope: themes.get(db, theme_id).ideas for scope, theme_id in by_scope.items()}
    move = sa.update(Idea).where(Idea.id == trains[0]).values(community_id=other_id)
    database.write(lambda db: db.execute(move))
    with database.reading() as db:
        assert themes.get(db, by_scope[place_id]).ideas == before[place_id] - 1
        assert trains[0] not in ranked(db, by_scope[place_id])
        assert themes.get(db, by_scope[0]).ideas == before[0]
        assert trains[0] in ranked(db, by_scope[0])
        assert {place.community_id for place in themes.places(db, by_scope[0])} == {place_id, other_id}


def ranked(db: Connection, theme_id: int) -> list[int]:
    return [one.idea_id for one in rankings.walk(db, Selection(theme=str(theme_id)))]


def test_rankings_can_be_of_one_theme(database: Database, made: dict[str, list[int]]) -> None:
    database.write(lambda db: Make(db).votes(made["gardens"][2], 3))
    with database.reading() as db:
        theme_id = theme_of(db, made["gardens"])
        selection = rankings.read(db, {"theme": str(theme_id), "method": "net"})
        assert ranked(db, theme_id)[0] == made["gardens"][2]
        assert set(ranked(db, theme_id)) == members(db)[theme_id]
        assert {row["id"] for row in rankings.records(db, selection, "")} == members(db)[theme_id]
        assert any(themes.get(db, theme_id).label in sentence for sentence in rankings.in_words(db, selection))
        found = lists.find(db, Filters(theme_id=theme_id), limit=100).rows
        assert {row.id for row in found} == members(db)[theme_id]
        counted = Selection(theme=str(theme_id), voters="citizen")
        assert {one.idea_id for one in rankings.walk(db, counted)} == members(db)[theme_id]


@pytest.mark.parametrize("value", ["999", "x", "-1", "²", "9" * 30])
def test_a_theme_that_is_none_is_refused(database: Database, value: str) -> None:
    with database.reading() as db, pytest.raises(Invalid) as error:
        rankings.read(db, {"theme": value})
    assert "theme" in error.value.errors


def test_each_idea_knows_its_theme(database: Database, made: dict[str, list[int]]) -> None:
    with database.reading() as db:
        theme_id = theme_of(db, made["museums"])
        inside = min(members(db)[theme_id])
        link = themes.of_idea(db, inside)
        assert link is not None
        assert (link.id, link.path) == (theme_id, themes.get(db, theme_id).path)
        strengths = themes.strengths(db, theme_id, made["museums"])
        assert all(0 < strength <= 1 for strength in strengths.values())


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_ideas_have_no_themes(database: Database, count: int) -> None:
    database.write(lambda db: topics.fill(db, each=count))
    run = themes.make(database)
    with database.reading() as db:
        assert (run.ideas, run.placed) == (5 * count, 0)
        assert themes.overview(db).themes == ()


def test_copies_of_one_text_make_no_theme(database: Database) -> None:
    def fill(db: Connection) -> list[int]:
        topics.fill(db)
        make = Make(db)
        return [topics.post(make, "Volcano lava ash", "Crater magma eruption ash lava") for _ in range(8)]

    copies = database.write(fill)
    themes.make(database)
    with database.reading() as db:
        assert not set(copies) & set().union(*members(db).values())


def test_themes_are_due_when_enough_is_new(database: Database) -> None:
    def due() -> list[int]:
        with database.reading() as db:
            return themes.due(db)

    database.write(lambda db: topics.fill(db, each=9))
    assert due() == []  # 45 ideas
    database.write(lambda db: topics.fill(db, each=1, seed=2))
    assert due() == [0]
    themes.make(database)
    assert due() == []
    database.write(lambda db: topics.fill(db, each=3, seed=3))
    assert due() == []  # 15 are new
    with time_machine.travel(now() + timedelta(days=1, minutes=1)):
        assert due() == [0]
    database.write(lambda db: topics.fill(db, each=1, seed=4))
    assert due() == [0]  # 20 are new
    themes.make(database)
    with time_machine.travel(now() + timedelta(days=9)):
        assert due() == []  # nothing is new


def test_communities_with_themes_of_their_own_are_kept_up_too(database: Database) -> None:
    place_id = database.write(lambda db: Make(db).community().id)
    database.write(lambda db: topics.fill(db, each=10, community=communities.load(db, place_id)))
    themes.make(database, scope=place_id)
    with database.reading() as db:
        assert themes.scopes(db) == [place_id]
        assert themes.due(db) == [0]
        assert len(themes.overview(db, place_id).themes) == len(topics.TOPICS)
        assert themes.overview(db).themes == ()
    database.write(lambda db: topics.fill(db, each=4, community=communities.load(db, place_id), seed=2))
    with database.reading() as db:
        assert themes.due(db) == [0, place_id]


def test_two_processes_do_not_make_the_same_themes(database: Database) -> None:
    database.write(topics.fill)
    run_id = database.write(lambda db: runs.begin(db, 0))
    with pytest.raises(Conflict):
        themes.make(database)
    with database.reading() as db:
        assert themes.due(db) == []
    with time_machine.travel(now() + runs.STALE + timedelta(minutes=1)):
        assert themes.make(database).placed > 0  # the other one has died
        with pytest.raises(Conflict):
            database.write(lambda db: runs.touch(db, run_id))


def test_a_run_that_fails_changes_nothing_that_is_shown(
    database: Database, made: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.reading() as db:
        before, shown = members(db), themes.overview(db)

    def broken(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(runs, "put", broken)
        with pytest.raises(OSError, match="no space left"):
            themes.make(database)
    with database.reading() as db:
        assert (members(db), themes.overview(db)) == (before, shown)
        assert db.execute(sa.select(sa.func.count()).where(ThemeRun.is_making)).scalar_one() == 0
    themes.make(database)


def test_old_runs_are_forgotten(database: Database, made: dict[str, list[int]]) -> None:
    for _ in range(2):
        run = themes.make(database)
    with database.reading() as db:
        assert db.execute(sa.select(IdeaTheme.run_id).distinct()).scalars().all() == [run.id]
        assert db.execute(sa.select(ThemeRun.id)).scalars().all() == [run.id]


def test_a_large_forum_is_learned_from_a_part_and_placed_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forum.domain.themes import making

    assert LEARNED_FROM == 20_000
    monkeypatch.setattr(making, "LEARNED_FROM", 70)
    found = database.write(lambda db: topics.fill(db, each=28))
    told: list[tuple[str, int, int]] = []
    run = themes.make(database, progress=lambda *step: told.append(step))
    assert (run.ideas, run.learned) == (140, 70)
    assert told[-1] == ("Placing", 70, 70)
    with database.reading() as db:
        for ids in found.values():
            its = members(db)[theme_of(db, ids)]
            assert its <= set(ids)
            assert len(its) >= 0.8 * len(ids)
        assert sum(theme.ideas for theme in themes.overview(db).themes) == run.placed
