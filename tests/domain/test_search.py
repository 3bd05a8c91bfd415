"""Search: words of every script, typing errors forgiven, never failing, nothing shown that is not for these eyes."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forum import terms
from forum.clock import now
from forum.db import Connection
from forum.domain import search, states, votes
from tests.making import Make

WHISTLE = "Protect every whistleblower"


def idea(make: Make, title: str, body: str = "", **values: object) -> int:
    """An idea that the search knows."""
    idea_id = make.idea(title=title, body=body, **values)  # type: ignore[arg-type]
    search.refresh(make.db, "idea", idea_id)
    return idea_id


def comment(make: Make, idea_id: int, body: str, **values: object) -> int:
    """A comment that the search knows."""
    comment_id = make.comment(idea_id, body=body, **values)  # type: ignore[arg-type]
    search.refresh(make.db, "comment", comment_id)
    return comment_id


def found(db: Connection, query: str, **more: object) -> list[int]:
    """The ids of what is found, the best first."""
    return [hit.object_id for hit in search.find(db, query, **more).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text, query",
    [
        ("A naïve plan", "naive"),
        ("A naive plan", "NAÏVE"),
        (WHISTLE, "whistleblower"),
        (WHISTLE, "whistle blower"),
        (WHISTLE, "whistle-blowers"),
        ("Listen to the whistle blower", "whistleblower"),
        ("A whistle-blower law", "whistleblower"),
        ("A whistle-blower law", "whistle blower law"),
        ("Give citizens a voice", "citizen"),
        ("Publish the U.S. budget", "US budget"),
        ("It costs 10,000 dollars", "10000"),
        ("Ｏｐｅｎ data", "open"),
        ("公开政府数据", "政府数据"),
        ("公开政府数据", "府"),
        ("公开政府数据", "据"),
        ("नागरिकों के विचार", "नागरिक"),
        ("हिन्दी में जानकारी", "हिंदी"),
        ("الحكومة المفتوحة", "حكومة"),
        ("Электронное правительство", "правительства"),
        ("국민연금 개혁", "연금"),
        ("สวัสดีประเทศไทย", "ประเทศ"),
        ("L'État ouvert", "etat"),
        ("my_gov site", "gov"),
    ],
)
def test_words_are_found_however_they_are_written(make: Make, text: str, query: str) -> None:
    wanted = idea(make, text, "Some more about it.")
    idea(make, "Something else", "With other words.")
    search.fold_in(make.db)
    assert found(make.db, query)[:1] == [wanted]


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("query", ["whistelblower", "whistleblowr", "wistleblower", "whissleblower", "protext everi"])
def test_typing_errors_are_forgiven_and_put_right(make: Make, query: str, *, folded: bool) -> None:
    wanted = idea(make, WHISTLE)
    if folded:
        search.fold_in(make.db)
    results = search.find(make.db, query)
    assert [hit.object_id for hit in results.hits] == [wanted]
    assert results.suggestion in ("whistleblower", "protect every", "protect everi")


def test_a_word_that_is_in_use_is_no_typing_error(make: Make) -> None:
    for number in range(5):
        idea(make, f"Votes for everyone {number}")
        idea(make, f"Notes for everyone {number}")
    search.fold_in(make.db)
    assert search.find(make.db, "notes").suggestion is None


def test_every_word_comes_first_and_some_of_them_follow(make: Make) -> None:
    one = idea(make, "Plant trees", "Along the road.")
    both = idea(make, "Shade for the city", "Plant trees where buses stop.")
    stop = idea(make, "More buses", "They should stop at the school.")
    results = search.find(make.db, "plant trees buses")
    assert results.hits[0].object_id == both
    assert results.is_relaxed
    assert {hit.object_id for hit in results.hits} == {one, both}
    assert stop not in {hit.object_id for hit in results.hits}


def test_small_words_need_not_be_there_unless_they_are_all(make: Make) -> None:
    wanted = idea(make, "Reduce waste")
    assert found(make.db, "how to reduce the waste") == [wanted]
    who = idea(make, "The Who")
    assert found(make.db, "the who") == [who]


def test_a_phrase_must_stand_as_it_is(make: Make) -> None:
    wanted = idea(make, "Open data for all")
    idea(make, "Data that is open")
    assert found(make.db, '"open data"') == [wanted]
    assert found(make.db, "\u201copen data\u201d") == [wanted]


def test_a_word_with_a_minus_must_not_be_there(make: Make) -> None:
    idea(make, "Open data")
    wanted = idea(make, "Open schools")
    assert found(make.db, "open -data") == [wanted]
    assert found(make.db, "open-schools")[0] == wanted


def test_the_title_counts_more_and_support_a_little(make: Make) -> None:
    said = idea(make, "Something", "We need more libraries in the town and other things.")
    titled = idea(make, "More libraries", "We need them.")
    assert found(make.db, "libraries") == [titled, said]
    weak, strong = idea(make, "A new bridge"), idea(make, "A new bridge")
    make.votes(weak, 9)
    votes.cast(make.db, make.user(), strong, 1)
    assert found(make.db, "bridge") == [weak, strong]


def test_words_are_marked_and_everything_else_is_escaped(make: Make) -> None:
    idea(make, "Votes <b>& naïve</b> voters", "It says \"naïve\" & <script>alert('x')</script> more. " * 20)
    hit = search.find(make.db, "naive").hits[0]
    assert hit.title_html == "Votes &lt;b&gt;&amp; <mark>naïve</mark>&lt;/b&gt; voters"
    assert "<mark>naïve</mark>" in hit.snippet_html
    assert re.sub(r"</?mark>", "", hit.snippet_html).find("<") < 0
    assert "script" in unescape(hit.snippet_html)
    assert len(hit.snippet_html) < 900


def test_a_snippet_shows_the_place_where_the_words_stand(make: Make) -> None:
    idea(make, "A long text", "Nothing here. " * 200 + "The harbor needs a crane. " + "Nothing there. " * 200)
    snippet = search.find(make.db, "harbor crane").hits[0].snippet_html
    assert "<mark>harbor</mark> needs a <mark>crane</mark>" in snippet
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")


def test_chinese_is_marked_as_one_stretch(make: Make) -> None:
    idea(make, "公开政府数据")
    assert search.find(make.db, "政府数据").hits[0].title_html == "公开<mark>政府数据</mark>"


def test_comments_are_found_under_their_idea(make: Make) -> None:
    idea_id = idea(make, "Plant trees")
    comment_id = comment(make, idea_id, "Chestnuts give most shade.")
    hit = search.find(make.db, "chestnut").hits[0]
    assert (hit.kind, hit.object_id, hit.idea_id, hit.title_html) == ("comment", comment_id, idea_id, "Plant trees")
    assert found(make.db, "chestnut", kinds=["comment"]) == [comment_id]
    assert found(make.db, "chestnut", kinds=["idea"]) == []
    assert found(make.db, "trees", kinds=["comment"]) == []
    assert found(make.db, "trees", kinds=["idea", "comment"]) == [idea_id]


def test_filters_narrow_to_a_community_a_status_and_a_tag(make: Make) -> None:
    here, there = make.community(), make.community()
    one = idea(make, "Plant trees", community=here)
    two = idea(make, "Plant trees", community=there, status="planned")
    assert found(make.db, "trees", community_id=here.id) == [one]
    assert found(make.db, "trees", status="planned") == [two]
    assert found(make.db, "trees", tag_id=12345) == []


@pytest.mark.parametrize("state", ["held", "removed", "withdrawn", "merged"])
def test_hidden_ideas_and_the_comments_under_them_are_not_found(make: Make, state: str) -> None:
    hidden = idea(make, "Plant chestnuts", state=state)
    comment(make, hidden, "Chestnuts give shade.")
    assert found(make.db, "chestnuts") == []


def test_the_off_topic_track_is_found_only_when_it_is_asked_for(make: Make) -> None:
    aside = idea(make, "Flying saucers", state="off-topic", is_listed=False, is_public=False)
    said = comment(make, aside, "Saucers were seen here.")
    assert found(make.db, "saucers") == []
    hits = search.find(make.db, "saucers", with_track=True).hits
    assert {(hit.kind, hit.object_id) for hit in hits} == {("idea", aside), ("comment", said)}
    states.change(make.db, aside, "published")
    assert len(found(make.db, "saucers")) == 2


def test_held_comments_are_not_found(make: Make) -> None:
    comment(make, idea(make, "Plant trees"), "Chestnuts give shade.", state="held")
    assert found(make.db, "chestnuts") == []


def test_a_closed_circle_is_searched_by_its_members_only(make: Make) -> None:
    circle = make.community(visibility="members")
    secret = idea(make, "Plant chestnuts", community=circle)
    assert found(make.db, "chestnuts") == []
    assert found(make.db, "chestnuts", community_id=circle.id) == []
    assert found(make.db, "chestnuts", user=make.user()) == []
    assert found(make.db, "chestnuts", user=make.member(circle.id, make.user())) == [secret]


def test_pages_follow_each_other_without_gaps_or_repeats(make: Make) -> None:
    ids = [idea(make, "Plant trees", f"Number {number}.") for number in range(23)]
    seen: list[int] = []
    after = None
    for size in (10, 10, 3):
        results = search.find(make.db, "trees", limit=10, after=after)
        assert len(results.hits) == size
        assert results.total_is_at_least == 23
        seen += [hit.object_id for hit in results.hits]
        after = results.next_after
    assert after is None
    assert sorted(seen) == ids
    assert len(search.find(make.db, "trees", limit=10, after="nonsense").hits) == 10


ODD = ["", " ", '"', '""', "-", "- -", "AND OR NOT NEAR", "a*", "* *", "NEAR(a b, 3)", "title:x", "^x", "{x}", "(", ")"]
SIGNS = [
    "'; DROP TABLE ideas; --",
    "\\",
    "%_%",
    "\x00",
    "\ud800",
    "a\x00b",
    "!& | :* <->",
    "°x ·y §idea §c1",
    "😀 👩‍👩‍👧",
]
LONG = ["x" * 10_000, "trees " * 2000, " ".join(f"word{n}" for n in range(2000)), "税" * 5000, f'"{"trees " * 900}"']


@pytest.mark.parametrize("query", [*ODD, *SIGNS, *LONG])
def test_no_query_makes_it_fail(make: Make, query: str) -> None:
    idea(make, "Plant trees")
    assert isinstance(search.find(make.db, query).hits, list)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60))
def test_any_text_can_be_put_in_and_asked_for(make: Make, query: str) -> None:
    idea_id = make.idea()
    search.put(make.db, "idea", idea_id, community_id=None, title=query, body=query, created_at=now())
    hits = search.find(make.db, query).hits
    assert all(hit.snippet_html.count("<mark>") == hit.snippet_html.count("</mark>") for hit in hits)
    assert isinstance(search.similar(make.db, query, query), list)
    search.remove(make.db, "idea", idea_id)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Mn", "Mc", "Zs"]), max_size=40))
@example(text="0\u1067")
def test_any_words_find_the_text_they_are_taken_from(make: Make, text: str) -> None:
    idea_id = make.idea()
    search.put(make.db, "idea", idea_id, community_id=None, title="", body=text, created_at=now())
    if terms.asked(text):
        assert idea_id in found(make.db, text)
    search.remove(make.db, "idea", idea_id)


def test_of_a_very_frequent_word_the_newest_and_the_best_supported_are_found(make: Make, monkeypatch: object) -> None:
    strong = idea(make, "Plant trees", up=900, net=900)
    for number in range(60):
        idea(make, "Plant trees", f"Number {number}.")
    search.fold_in(make.db)
    monkeypatch.setattr("forum.domain.search.finds.NEWEST", 20)  # type: ignore[attr-defined]
    monkeypatch.setattr("forum.domain.search.finds.TITLED", 5)  # type: ignore[attr-defined]
    monkeypatch.setattr("forum.domain.search.finds.STRONGEST", 3)  # type: ignore[attr-defined]
    monkeypatch.setattr("forum.domain.search.candidates.WALK", 40)  # type: ignore[attr-defined]
    results = search.find(make.db, "trees")
    assert not results.is_total_exact
    assert results.hits[0].object_id == strong
    assert len(results.hits) == 20
