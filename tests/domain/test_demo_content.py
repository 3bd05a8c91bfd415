"""The demo's content: complete, coherent, true to the figures of 2009, and in words of our own."""

import csv
import html
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum.domain.consensus import ballots
from forum.domain.demo import content, parts
from forum.domain.demo.content import Content

DATA = Path(os.environ.get("FORUM_TRIAL_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
SOURCE = DATA / "dialogue-2009"
RUN = 7
"""So many words in a row are never the same as in a text of 2009."""

TOP_TEN_BY_NET = {2459, 2424, 2762, 3161, 2510, 3191, 2435, 2422, 2632, 2425}
TOP_TEN_BY_APPROVAL = {3538, 3540, 3714, 2891, 3408, 3784, 3483, 3409, 3420, 3177}


@pytest.fixture(scope="module")
def demo() -> Content:
    return content.read()


@pytest.fixture(scope="module")
def source() -> dict[int, dict[str, str]]:
    if not SOURCE.is_dir():
        pytest.skip(f"the real data of 2009 is not at {SOURCE}: the comparison with it was not made")
    csv.field_size_limit(10_000_000)
    with (SOURCE / "ideas.csv").open(encoding="utf-8-sig", newline="") as file:
        return {int(row["Idea ID"]): row for row in csv.DictReader(file)}


def all_texts(demo: Content) -> Iterator[str]:
    for idea in demo.ideas:
        yield from (idea.title, idea.body, idea.why, *(step.note for step in idea.steps))
    for held in demo.held_ideas:
        yield from (held.title, held.body, held.why)
    yield from (comment.text for comment in demo.comments)
    yield from (held.text for held in demo.held_comments)
    for community in demo.communities:
        yield from (community.purpose, community.guidelines)
    for person in demo.people:
        yield person.bio
    yield from (report.note for report in demo.reports)
    for decision in demo.decisions:
        yield from (decision.statement, decision.appeal or "", decision.apology or "")
    for suspicion in demo.suspicions:
        yield from suspicion.signs
    yield demo.wave.body
    for one in (
        *(idea for pair in demo.pairs for idea in (pair.absorbed, pair.target)),
        *(a.idea for a in demo.asides),
    ):
        yield from (one.title, one.body, one.why)


def runs(text: str) -> Iterator[tuple[str, ...]]:
    plain = html.unescape(re.sub(r"<[^>]+>", " ", text)).lower().replace("’", "'").replace("'", "")
    words = re.findall(r"[a-z0-9]+", plain)
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def test_the_eighteen_communities_hold_several_ideas_each(demo: Content) -> None:
    per_community = Counter(idea.community for idea in demo.ideas)
    assert len(demo.communities) == len(per_community) == 18
    assert min(per_community.values()) >= 3
    assert {community.phase for community in demo.communities} == {"brainstorm", "discuss", "draft", "closed"}
    assert [c.slug for c in demo.communities if c.vote_kind == "support"] == ["federal-advisory-committees"]
    assert [c.slug for c in demo.communities if c.moderation == "first-posts"] == ["legal-and-policy-challenges"]


def test_the_leaders_of_both_rankings_and_the_famous_ideas_are_there(demo: Content) -> None:
    assert len(demo.ideas) >= 72
    assert demo.idea.keys() >= TOP_TEN_BY_NET | TOP_TEN_BY_APPROVAL
    assert (demo.idea[2929].up, demo.idea[2929].down) == (30, 6)
    assert (demo.idea[2459].up, demo.idea[2459].down) == (851, 119)


def test_every_kind_of_person_can_sign_in(demo: Content) -> None:
    kinds = {person.sign_in: person for person in demo.sign_ins}
    assert set(kinds) == {
        "citizen", "employee", "moderator", "community manager", "policy analyst", "administrator",
    }  # fmt: skip
    assert kinds["employee"].is_employee
    assert kinds["moderator"].role == "moderator"
    assert kinds["administrator"].role == "administrator"
    assert any(kinds["community manager"].handle in community.managers for community in demo.communities)
    assert len(demo.password) >= 15


def test_enough_people_vote_for_a_consensus_and_never_more_than_in_2009(demo: Content) -> None:
    cast = {person.handle: len(person.votes_for) + len(person.votes_against) for person in demo.people}
    assert sum(count >= ballots.LEAST_VOTES for count in cast.values()) >= 100
    assert sum(person.is_employee and cast[person.handle] > 0 for person in demo.people) >= 20
    for idea in demo.ideas:
        assert sum(idea.source_id in person.votes_for for person in demo.people) <= idea.up
        assert sum(idea.source_id in person.votes_against for person in demo.people) <= idea.down
    for_only = {c.slug for c in demo.communities if c.vote_kind == "support"}
    against = {demo.idea[source_id].community for person in demo.people for source_id in person.votes_against}
    assert not for_only & against


def test_every_idea_has_a_subject_that_each_camp_has_a_view_on(demo: Content) -> None:
    file = tomllib.loads(Path(content.__file__).with_name("voters.toml").read_text(encoding="utf-8"))
    assert Counter(idea for subject in file["subjects"] for idea in subject["ideas"]) == dict.fromkeys(demo.idea, 1)
    camps = {camp["key"] for camp in file["camps"]}
    assert all(subject["likes"].keys() == camps for subject in file["subjects"])


def test_more_votes_than_in_2009_are_refused(demo: Content) -> None:
    values = demo.model_dump()
    values["ideas"][0]["up"] = 1
    with pytest.raises(ValueError, match="more votes than in 2009"):
        Content.model_validate(values)


def test_threads_go_four_deep_and_every_reply_comes_later(demo: Content) -> None:
    depth: dict[tuple[int, int | None], int] = {}
    for comment in demo.comments:
        depth[comment.idea, comment.number] = depth.get((comment.idea, comment.reply_to), 0) + 1
    assert max(depth.values()) >= 4
    assert len(demo.comments) >= 150
    assert len({comment.idea for comment in demo.comments}) >= 35


def test_nobody_agrees_with_their_own_comment(demo: Content) -> None:
    assert all(comment.author not in comment.agreed for comment in demo.comments)


def test_reading_twice_gives_the_same(demo: Content) -> None:
    assert content.read() == demo


def test_a_reference_that_leads_nowhere_is_refused(demo: Content) -> None:
    values = demo.model_dump()
    values["ideas"][0]["author"] = "nobody-known"
    with pytest.raises(ValueError, match="no such person: nobody-known"):
        Content.model_validate(values)


def test_wrapped_lines_become_one_paragraph_and_lists_stay_lists() -> None:
    assert parts.unfold("One\ntwo.\n\n- a\n  b\n- c\n") == "One two.\n\n- a b\n- c"


def test_figures_day_and_category_are_those_of_2009(demo: Content, source: dict[int, dict[str, str]]) -> None:
    communities = {community.slug: community for community in demo.communities}
    for idea in demo.ideas:
        row, community = source[idea.source_id], communities[idea.community]
        assert (idea.up, idea.down) == (int(row["Vote Up"]), int(row["Vote Down"])), idea.title
        assert f"{idea.posted:%d/%b/%y}" == row["Date/Time"].split()[0], idea.title
        assert (community.name, community.group) == (row["Campaign"], row["Campaign Group"]), idea.title


def test_no_run_of_seven_words_is_taken_from_the_texts_of_2009(
    demo: Content, source: dict[int, dict[str, str]]
) -> None:
    ours = {run for text in all_texts(demo) for run in runs(text)}
    with (SOURCE / "comments.csv").open(encoding="utf-8-sig", newline="") as file:
        comments = [row["Comment"] for row in csv.DictReader(file)]
    theirs = [text for row in source.values() for text in (row["Title"], row["Details"])] + comments
    shared = {" ".join(run) for text in theirs for run in runs(text) if run in ours}
    assert shared == set()
