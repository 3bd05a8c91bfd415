"""Similar ideas: originals of repeated petitions are found, copies stand back, and nobody sees what is not for them."""

import pytest

from forum.clock import now
from forum.db import Connection
from forum.domain import search
from tests import petitions
from tests.making import Make


def idea(make: Make, title: str, body: str = "", **values: object) -> int:
    """An idea that the search knows."""
    idea_id = make.idea(title=title, body=body, **values)  # type: ignore[arg-type]
    search.refresh(make.db, "idea", idea_id)
    return idea_id


def ids(similar: list[search.Similar]) -> list[int]:
    return [one.idea_id for one in similar]


@pytest.mark.parametrize("setting", [petitions.EVERYTHING, petitions.PUBLISHED])
def test_the_original_of_a_repeated_petition_is_among_the_first_five(db: Connection, setting: str) -> None:
    texts, pairs = petitions.read()
    petitions.load(db, texts, setting)
    some = pairs[::3]
    whole, _ = petitions.found(db, texts, some, by_title=False)
    title, _ = petitions.found(db, texts, some, by_title=True)
    # All 381 pairs are measured by `python -m tests.petitions`; these are a third of them, taken evenly.
    assert whole >= 0.80
    assert title >= 0.65
    assert search.check(db) == []


def test_the_closest_idea_comes_first_and_unlike_ones_stay_away(make: Make) -> None:
    zoo = idea(make, "Reopen the zoos with social distancing", "Zoos and animal parks have wide open spaces.")
    idea(make, "Publish every contract of the city", "Contracts above a sum should be online.")
    trees = idea(make, "Plant trees along the streets", "Shade cools the city.")
    found = search.similar(make.db, "Let zoos open again", "Visitors can keep apart in a zoo.")
    assert ids(found)[0] == zoo
    assert trees not in ids(search.similar(make.db, "Let zoos open again", at_least=search.PLAUSIBLE))


def test_scores_lie_between_0_and_1_and_an_equal_text_has_1(make: Make) -> None:
    title, body = "Publish every contract of the city", "Contracts above a sum should be online for all to read."
    idea(make, title, body)
    idea(make, "Contracts of the county", "Put them online.")
    scores = [one.score for one in search.similar(make.db, title, body)]
    assert scores[0] == pytest.approx(1.0, abs=0.001)
    assert all(0 <= score <= 1 for score in scores)


def test_the_idea_itself_is_left_out(make: Make) -> None:
    itself = idea(make, "Plant trees along the streets")
    other = idea(make, "Trees along every street")
    assert ids(search.similar(make.db, "Plant trees along the streets", exclude_idea_id=itself)) == [other]


def test_a_new_idea_is_similar_at_once_and_after_its_words_are_counted(make: Make) -> None:
    new = idea(make, "Longer hours for the library")
    assert ids(search.similar(make.db, "The library should have longer hours")) == [new]
    assert search.fold_in(make.db) == 1
    assert ids(search.similar(make.db, "The library should have longer hours")) == [new]


def test_of_equal_ideas_the_one_with_most_support_comes_first_and_its_copies_stand_back(make: Make) -> None:
    copies = [idea(make, "Ban loud fireworks at night", f"Animals are scared. Copy {at}.") for at in range(6)]
    strong = idea(make, "Ban fireworks that are loud", "Animals are scared.", up=500, net=500)
    other = idea(make, "Quiet fireworks for animals", "Sell only silent ones.")
    found = ids(search.similar(make.db, "Ban loud fireworks", "Animals are scared."))
    assert found[0] == strong
    assert other in found
    assert set(found) - {strong, other} < set(copies)


@pytest.mark.parametrize("state", ["held", "removed", "withdrawn", "merged", "off-topic"])
def test_only_published_ideas_are_proposed(make: Make, state: str) -> None:
    idea(make, "Open the archives", state=state)
    assert search.similar(make.db, "Open the archives") == []


def test_ideas_of_a_closed_circle_are_proposed_to_its_members_only(make: Make) -> None:
    circle = make.community(visibility="members")
    secret = idea(make, "Open the archives", community=circle)
    assert search.similar(make.db, "Open the archives") == []
    assert search.similar(make.db, "Open the archives", user=make.user()) == []
    member = make.member(circle.id, make.user())
    assert ids(search.similar(make.db, "Open the archives", user=member)) == [secret]


def test_comments_are_no_similar_ideas(make: Make) -> None:
    idea_id = idea(make, "Something else entirely")
    facts = {"community_id": None, "title": "", "body": "Open the archives", "created_at": now()}
    search.put(make.db, "comment", 77, **facts)
    assert idea_id not in ids(search.similar(make.db, "Open the archives"))
    assert search.similar(make.db, "Open the archives") == []


@pytest.mark.parametrize(
    "title", ["", "the of and", "…", "😀", "\x00", "\ud800", "x" * 50_000, '" OR * NEAR(', "税收改革"]
)
def test_no_text_makes_it_fail(make: Make, title: str) -> None:
    idea(make, "Open the archives", "To everyone.")
    assert isinstance(search.similar(make.db, title, title * 3), list)


def test_texts_in_chinese_and_hindi_find_their_like(make: Make) -> None:
    chinese = idea(make, "公开政府数据", "让每个人都能看到预算。")
    hindi = idea(make, "हर गाँव में पुस्तकालय", "किताबें सबके लिए")
    assert ids(search.similar(make.db, "政府应该公开预算数据"))[0] == chinese
    assert ids(search.similar(make.db, "गाँव के पुस्तकालय में किताबें"))[0] == hindi
