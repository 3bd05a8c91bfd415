"""Rankings: every selection has the ideas, votes, scores and order that follow from the votes one by one."""

import pytest
import sqlalchemy as sa

from forum.db import Connection
from forum.domain import lists, rankings, recounts
from forum.domain.errors import Invalid, NotFound
from forum.domain.imports import ideascale, runs
from forum.domain.lists import Filters
from forum.domain.rankings import Selection, comparisons, measures, moves, participation, walks
from forum.models import Community
from tests import ranking
from tests.domain.test_imports import SOURCE
from tests.making import Make


@pytest.fixture
def items(make: Make) -> list[ranking.Item]:
    return ranking.fill(make)


def test_every_selection_ranks_as_the_votes_one_by_one_say(db: Connection, items: list[ranking.Item]) -> None:
    assert not recounts.check(db, "ideas", recounts.next_ids(db, "ideas"))
    for values in ranking.CASES:
        selection = rankings.read(db, values)
        expected = ranking.ranked(items, values)
        found = list(rankings.walk(db, selection))
        assert [(one.idea_id, one.up, one.down) for one in found] == [(row[0], *row[2:]) for row in expected], values
        assert [one.score for one in found] == pytest.approx([row[1] for row in expected], abs=1e-9), values
        assert [one.rank for one in found] == list(range(1, len(expected) + 1))
        assert list(rankings.walk(db, selection, most=4)) == found[:4]
    assert sum(len(ranking.ranked(items, values)) > 3 for values in ranking.CASES) > 25


def test_records_hold_what_the_walk_says_and_all_votes_there_are(db: Connection, items: list[ranking.Item]) -> None:
    by_id = {item.id: item for item in items}
    for values in ranking.CASES:
        selection = rankings.read(db, values)
        walked = list(rankings.walk(db, selection))
        for one, record in zip(walked, rankings.records(db, selection, "https://x.example"), strict=True):
            assert tuple(record) == rankings.FIELDS
            assert (record["rank"], record["id"], record["up"], record["down"]) == (
                one.rank,
                one.idea_id,
                one.up,
                one.down,
            )
            assert record["net"] == one.up - one.down
            assert record["up"] == record["cast_up"] + record["imported_up"]
            item = by_id[one.idea_id]
            every = [vote.value for vote in item.cast]
            assert record["raw_up"] == every.count(1) + item.imported[0]
            assert record["raw_down"] == every.count(-1) + item.imported[1]


def test_a_long_ranking_is_put_in_order_as_a_short_one(
    db: Connection, items: list[ranking.Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    selection = Selection("approval", voters="citizen", aside=True)
    whole = list(rankings.walk(db, selection))
    monkeypatch.setattr(walks, "FEW", 3)
    monkeypatch.setattr(walks, "STEP", 4)
    assert list(rankings.walk(db, selection, most=9)) == whole[:9]
    several = Selection(communities=("alpha", "beta"), track=True)
    assert len(list(rankings.walk(db, several))) == len(
        ranking.ranked(items, {"community": ["alpha", "beta"], "track": 1})
    )


def test_the_plain_ranking_is_the_list_of_the_site(db: Connection, items: list[ranking.Item]) -> None:
    listed = lists.find(db, Filters(sort="approval"), limit=100).rows
    assert [one.idea_id for one in rankings.walk(db, Selection("approval"))] == [row.id for row in listed]


def test_ideas_that_all_say_no_to_are_equal(db: Connection, make: Make) -> None:
    ids = [make.idea(down=down, imported_down=down, net=-down, approval=0.0) for down in (3, 1, 7, 2, 6)]
    assert [one.idea_id for one in rankings.walk(db, Selection("approval"))] == ids[::-1]
    assert [one.idea_id for one in rankings.walk(db, Selection("approval", aside=True))] == ids[::-1]


def test_a_selection_comes_back_from_its_values(db: Connection, items: list[ranking.Item]) -> None:
    for values in ranking.CASES:
        selection = rankings.read(db, values)
        assert rankings.read(db, rankings.as_values(selection)) == selection
    assert rankings.as_values(Selection()) == {"method": "net"}
    one = rankings.read(db, {"community": ["beta,alpha", "beta"], "tag": " Bikes ", "confirmed": "yes", "sort": "top"})
    assert one == Selection(communities=("alpha", "beta"), tag="bikes", confirmed=True)
    assert rankings.as_values(one) == {"method": "net", "community": "alpha,beta", "tag": "bikes", "confirmed": "yes"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"method": "vibes"}, "method"),
        ({"community": "nowhere"}, "community"),
        ({"community": "alpha,staff"}, "community"),
        ({"tag": "unheard of"}, "tag"),
        ({"status": "lost"}, "status"),
        ({"agency": "nobody"}, "agency"),
        ({"author": "robot"}, "author"),
        ({"voters": "robot"}, "voters"),
        ({"since": "2026-02-30"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"since": "2026-03-03", "until": "2026-03-02"}, "until"),
        ({"confirmed": "1"}, "confirmed"),
        ({"theme": "x"}, "theme"),
    ],
)
def test_what_makes_no_sense_is_told_beside_its_field(
    db: Connection, items: list[ranking.Item], values: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as raised:
        rankings.read(db, values)
    assert list(raised.value.errors) == [field]


def test_a_selection_is_told_in_words(db: Connection, items: list[ranking.Item]) -> None:
    words = rankings.in_words(db, rankings.read(db, ranking.CASES[-2]))
    assert words == [
        "Formula: Best approval. The share of votes for, with care where votes are few.",
        "Ideas in Alpha and Gamma.",
        "Only ideas posted by citizens.",
        "Only ideas posted from 2 March 2026 up to 4 March 2026, both days included, in UTC.",
        "Ideas on the off-topic track are included.",
        "Votes count that citizens cast here with a confirmed address.",
        "Totals from before this forum do not count. They do not say who voted.",
        "Votes that were set aside count too.",
        "Of two ideas with equal scores, the one that was added to this forum later comes first.",
    ]
    for values in ranking.CASES:
        for sentence in rankings.in_words(db, rankings.read(db, values)):
            assert sentence.endswith(".")


def test_a_community_that_is_closed_to_the_public_later_is_not_ranked(db: Connection, make: Make) -> None:
    place = make.community(slug="open-once")
    make.idea(community=place)
    selection = rankings.read(db, {"community": "open-once"})
    db.execute(sa.update(Community).where(Community.id == place.id).values(visibility="members"))
    with pytest.raises(NotFound):
        list(rankings.walk(db, selection))


def _net_and_approval(db: Connection) -> comparisons.Comparison:
    return comparisons.compare(db, (Selection("net"), Selection("approval")))


def test_the_best_known_ideas_and_the_best_liked_ones_can_be_others(db: Connection, make: Make) -> None:
    """As in 2009: one idea stands in both lists of twenty, where many know some ideas and few like others."""
    for number in range(19):
        make.idea(up=300 - number, down=90, imported_up=300 - number, imported_down=90, net=210 - number)
        make.idea(up=60 - number, imported_up=60 - number, net=60 - number)
    make.idea(up=900, down=1, imported_up=900, imported_down=1)
    recounts.mend_all(db, ("ideas",))
    comparison = _net_and_approval(db)
    assert comparison.pair(0, 1).shared == {10: 1, 20: 1, 50: 39, 100: 39}
    assert comparison.pair(1, 0).ideas == 39


def test_one_author_in_many_has_more_than_one_idea(db: Connection, make: Make) -> None:
    """463 authors with one idea and 181 with several, as in 2009, in small."""
    busy = [make.user() for _ in range(3)]
    place = make.community()
    for _ in range(7):
        make.idea(community=place)
    for number in range(9):
        make.idea(community=place, author=busy[number % 3])
    found = participation.count(db)
    assert (found.authors, found.once, found.voters) == ({1: 7, 3: 3}, 7, {})
    assert measures.share_of_first(found.authors, 3) == 9 / 16


@pytest.mark.skipif(not SOURCE.is_dir(), reason=f"the real data of 2009 is not at {SOURCE}")
def test_the_dialogue_of_2009_shows_its_known_figures(db: Connection) -> None:
    runs.run(db, ideascale.Files(SOURCE / "ideas.csv", SOURCE / "comments.csv"))
    found = participation.find(db)
    assert found is not None
    assert (sum(found.authors.values()), found.once) == (644, 463)
    assert [day.median for day in found.days[:2]] == [77.5, 48]
    comparison = _net_and_approval(db)
    assert comparison.pair(0, 1).shared == {10: 0, 20: 1, 50: 9, 100: 40}
    assert comparison.pair(0, 1).ideas == 1157
    fallen = moves.moves(db, *comparison.columns)[0]
    assert (fallen.first, fallen.second) == (42, 462)
