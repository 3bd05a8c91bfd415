"""Votes set aside: kept and not counted, exactly given back, whatever people did to their votes meanwhile."""

import random
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert, insert_many
from forum.domain import decisions, rankings, recounts, setting_aside, transparency, undoing, votes
from forum.domain.choices import AsideFields, Choice
from forum.domain.errors import Conflict, Forbidden, Invalid
from forum.domain.merges import acts as merge_acts
from forum.domain.people import Person
from forum.models import Decision, Idea, User, Vote, VoteAside, Wave, WaveMember
from tests.making import Make
from tests.merging import merged


def counts(db: Connection, idea_id: int) -> tuple[int, int, int, int]:
    """up, down, aside_up, aside_down"""
    columns = sa.select(Idea.up, Idea.down, Idea.aside_up, Idea.aside_down)
    up, down, aside_up, aside_down = db.execute(columns.where(Idea.id == idea_id)).one()
    return up, down, aside_up, aside_down


def voters(db: Connection, make: Make, idea_id: int, *, up: int = 0, down: int = 0) -> tuple[int, ...]:
    people = [make.user() for _ in range(up + down)]
    for place, person in enumerate(people):
        votes.cast(db, person, idea_id, 1 if place < up else -1)
    return tuple(person.id for person in people)


def sound(db: Connection) -> bool:
    return all(not recounts.check(db, "ideas", ids) for ids in [recounts.next_ids(db, "ideas")])


def set_aside(db: Connection, moderator: Person, **choice: object) -> str:
    return setting_aside.act(db, moderator, Choice(**choice), reason="spam")  # type: ignore[arg-type]


def test_votes_set_aside_are_kept_and_not_counted_and_an_undo_gives_them_back(db: Connection, make: Make) -> None:
    moderator, idea_id = make.user(role="moderator"), make.idea(votes=5, against=2)
    people = voters(db, make, idea_id, up=3, down=1)
    act_id = set_aside(db, moderator, idea_id=idea_id, user_ids=people)
    assert counts(db, idea_id) == (5, 2, 3, 1)
    assert db.execute(sa.select(Idea.net).where(Idea.id == idea_id)).scalar() == 3
    assert sound(db)
    with pytest.raises(Conflict, match="No vote that counts"):
        set_aside(db, moderator, idea_id=idea_id, user_ids=people)
    undoing.undo_act(db, moderator, act_id)
    assert counts(db, idea_id) == (8, 3, 0, 0)
    assert sound(db)


def test_only_accounts_that_were_too_young_when_they_voted_are_taken(db: Connection, make: Make) -> None:
    moderator, idea_id = make.user(role="moderator"), make.idea()
    old = make.user(created_at=now() - timedelta(hours=30))
    young = make.user(created_at=now() - timedelta(hours=2))
    for person in (old, young):
        votes.cast(db, person, idea_id, 1)
    set_aside(db, moderator, idea_id=idea_id, younger_than=timedelta(hours=24))
    assert counts(db, idea_id) == (1, 0, 1, 0)
    assert db.execute(sa.select(VoteAside.user_id)).scalars().all() == [young.id]


def test_votes_outside_the_span_of_time_stay(db: Connection, make: Make) -> None:
    moderator, idea_id = make.user(role="moderator"), make.idea()
    people = voters(db, make, idea_id, up=2)
    db.execute(sa.update(Vote).where(Vote.user_id == people[0]).values(created_at=now() - timedelta(days=9)))
    set_aside(db, moderator, idea_id=idea_id, user_ids=people, since=now() - timedelta(days=1))
    assert counts(db, idea_id) == (1, 0, 1, 0)


def test_whoever_changes_a_vote_that_was_set_aside_changes_only_what_does_not_count(db: Connection, make: Make) -> None:
    moderator, idea_id, person = make.user(role="moderator"), make.idea(votes=2), make.user()
    votes.cast(db, person, idea_id, 1)
    act_id = set_aside(db, moderator, idea_id=idea_id, user_ids=(person.id,))
    assert votes.cast(db, person, idea_id, -1).is_aside
    assert counts(db, idea_id) == (2, 0, 0, 1)
    votes.cast(db, person, idea_id, 0)
    assert counts(db, idea_id) == (2, 0, 0, 0)
    assert votes.cast(db, person, idea_id, -1).up == 2
    assert not votes.cast(db, make.user(), idea_id, 1).is_aside
    assert sound(db)
    undoing.undo_act(db, moderator, act_id)
    assert counts(db, idea_id) == (3, 1, 0, 0)
    votes.cast(db, person, idea_id, 1)
    assert counts(db, idea_id) == (4, 0, 0, 0)


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_votes_acts_and_undos_ends_where_the_votes_alone_would_end(
    db: Connection, make: Make, seed: int
) -> None:
    chance = random.Random(seed)
    moderator, place = make.user(role="moderator", created_at=now() - timedelta(days=99)), make.community()
    ideas = [make.idea(community=place) for _ in range(3)]
    people = [make.user(created_at=now() - timedelta(hours=chance.randrange(1, 99))) for _ in range(6)]
    cast, acts = dict[tuple[int, int], int](), list[str]()
    for _ in range(40):
        what = chance.random()
        if what < 0.7:
            person, idea_id, value = chance.choice(people), chance.choice(ideas), chance.choice((1, -1, 0))
            votes.cast(db, person, idea_id, value)
            cast[person.id, idea_id] = value
        elif what < 0.9 or not acts:
            some = tuple(person.id for person in chance.sample(people, 3))
            young = timedelta(hours=chance.randrange(10, 90))
            where = {"community_id": place.id} if chance.random() < 0.5 else {"idea_id": chance.choice(ideas)}
            who = {"user_ids": some} if chance.random() < 0.5 else {"younger_than": young}
            try:
                acts.append(set_aside(db, moderator, **where, **who))
            except Conflict:
                continue
        else:
            undoing.undo_act(db, moderator, acts.pop(chance.randrange(len(acts))))
        marked = {tuple(row) for row in db.execute(sa.select(VoteAside.user_id, VoteAside.idea_id))}
        for idea_id in ideas:
            given = [(person, value) for (person, on), value in cast.items() if on == idea_id]
            assert counts(db, idea_id) == tuple(
                sum(value == side and ((person, idea_id) in marked) == is_aside for person, value in given)
                for is_aside in (False, True)
                for side in (1, -1)
            )
    assert sound(db)
    for act_id in acts:
        undoing.undo_act(db, moderator, act_id)
    for idea_id in ideas:
        values = [value for (_, on), value in cast.items() if on == idea_id]
        assert counts(db, idea_id) == (values.count(1), values.count(-1), 0, 0)
    assert db.execute(sa.select(sa.func.count()).select_from(VoteAside)).scalar() == 0
    assert sound(db)


def test_a_preview_says_what_the_act_then_does_and_changes_nothing(db: Connection, make: Make) -> None:
    moderator, place = make.user(role="moderator"), make.community()
    first, second = make.idea(community=place, votes=1), make.idea(community=place, votes=3)
    people = voters(db, make, first, up=5)
    choice = Choice(community_id=place.id, user_ids=people)
    outlook = setting_aside.preview(db, moderator, choice)
    assert [(one.id, one.up, one.up_before, one.up_after) for one in outlook.effects] == [(first, 5, 6, 1)]
    assert [one.id for one in outlook.before] == [first, second]
    assert [(one.id, one.net, one.was) for one in outlook.after] == [(second, 3, 2), (first, 1, 1)]
    assert counts(db, first) == (6, 0, 0, 0)
    setting_aside.act(db, moderator, choice, reason="spam")
    rows = list(rankings.records(db, rankings.Selection(communities=(place.slug,)), "https://x.example"))
    assert [(row["id"], row["up"], row["raw_up"], row["raw_down"]) for row in rows] == [
        (second, 3, 3, 0),
        (first, 1, 6, 0),
    ]
    assert [one.id for one in setting_aside.preview(db, moderator, choice).before] == [second, first]


def test_an_idea_from_below_the_first_twenty_comes_up_in_the_preview(db: Connection, make: Make) -> None:
    moderator, place = make.user(role="moderator"), make.community()
    ideas = [make.idea(community=place, votes=1) for _ in range(21)]
    people = voters(db, make, ideas[5], up=1)
    outlook = setting_aside.preview(db, moderator, Choice(idea_id=ideas[5], user_ids=people))
    assert len(outlook.before) == len(outlook.after) == setting_aside.TOP
    assert outlook.before[0].id == ideas[5]
    assert {one.id for one in outlook.after} == {one.id for one in outlook.before}
    against = voters(db, make, ideas[0], down=1)
    outlook = setting_aside.preview(db, moderator, Choice(idea_id=ideas[0], user_ids=against))
    assert ideas[0] not in {one.id for one in outlook.before}
    assert ideas[0] not in {one.id for one in outlook.after}


def test_only_those_who_manage_the_community_set_votes_aside_and_nobody_on_their_own_idea(
    db: Connection, make: Make
) -> None:
    boss, citizen, place = make.user(role="moderator"), make.user(), make.community()
    own, other = make.idea(community=place, author=boss, votes=2), make.idea(community=place, votes=2)
    for choice in (Choice(idea_id=other), Choice(community_id=place.id)):
        with pytest.raises(Forbidden):
            setting_aside.act(db, citizen, choice, reason="spam")
    with pytest.raises(Forbidden):
        setting_aside.act(db, boss, Choice(idea_id=own), reason="spam")
    setting_aside.act(db, boss, Choice(community_id=place.id), reason="spam")
    assert (counts(db, own), counts(db, other)) == ((2, 0, 0, 0), (0, 0, 2, 0))


@pytest.mark.parametrize("first", ["act", "merge"])
def test_a_vote_that_a_merge_carries_stays_set_aside_until_the_undo(db: Connection, make: Make, first: str) -> None:
    moderator, place = make.user(role="moderator"), make.community()
    absorbed, target = make.idea(community=place, votes=1), make.idea(community=place, votes=2)
    people = voters(db, make, absorbed, up=2)
    if first == "act":
        act_id = set_aside(db, moderator, idea_id=absorbed, user_ids=people)
        assert merged(db, make, absorbed, target)
    else:
        assert merged(db, make, absorbed, target)
        act_id = set_aside(db, moderator, idea_id=target, user_ids=people)
    assert counts(db, target) == (3, 0, 2, 0)
    assert counts(db, absorbed)[2] == 2
    assert sound(db)
    undoing.undo_act(db, moderator, act_id)
    assert counts(db, target) == (5, 0, 0, 0)
    assert sound(db)


def test_votes_on_the_merged_idea_stay_set_aside_when_the_merge_is_undone(db: Connection, make: Make) -> None:
    moderator, place = make.user(role="moderator"), make.community()
    absorbed, target = make.idea(community=place, votes=1), make.idea(community=place, votes=2)
    people = voters(db, make, absorbed, up=2)
    merge_id = merged(db, make, absorbed, target)
    set_aside(db, moderator, idea_id=target, user_ids=people)
    merge_acts.undo(db, moderator, merge_id, reason="They differ.")
    assert (counts(db, absorbed), counts(db, target)) == ((1, 0, 2, 0), (2, 0, 0, 0))
    assert sound(db)


def test_the_decision_is_told_counted_and_not_put_back_by_undoing_the_undo(db: Connection, make: Make) -> None:
    moderator, idea_id = make.user(role="moderator"), make.idea(votes=3)
    people = tuple(db.execute(sa.select(Vote.user_id)).scalars())
    act_id = set_aside(db, moderator, idea_id=idea_id, user_ids=people)
    decision = db.execute(sa.select(Decision).where(Decision.act_id == act_id)).one()
    assert "3 votes" in decision.facts
    assert decision.reason == "spam"
    assert transparency.numbers(db, transparency.present()).votes_set_aside == 3
    undo_id = undoing.undo(db, moderator, decision.id)
    with pytest.raises(Conflict, match="only by a new decision"):
        undoing.undo(db, moderator, undo_id)


def test_a_choice_needs_a_place_people_and_real_figures(db: Connection, make: Make) -> None:
    moderator = make.user(role="moderator")
    for fields, where in (
        ({"hours": "24"}, "idea"),
        ({"idea": "1"}, "hours"),
        ({"idea": "1", "hours": "many"}, "hours"),
        ({"idea": "1", "people": "nobody-here"}, "people"),
        ({"idea": "1", "hours": "1", "since": "yesterday"}, "since"),
        ({"idea": "1", "hours": "1", "since": "2009-05-22", "until": "2009-05-21"}, "until"),
    ):
        with pytest.raises(Invalid) as found:
            setting_aside.read(db, moderator, AsideFields(reason="spam", **fields))
        assert where in found.value.errors


def test_ten_thousand_votes_are_set_aside_within_seconds(db: Connection, make: Make) -> None:
    moderator, place = make.user(role="moderator"), make.community()
    ideas = [make.idea(community=place) for _ in range(10)]
    moment = now()
    people = [{"handle": f"crowd-{n}", "name": "Crowd", "created_at": moment} for n in range(1_000)]
    insert_many(db, User, people)
    ids = db.execute(sa.select(User.id).where(User.handle.like("crowd-%"))).scalars().all()
    row = {"value": 1, "is_employee": False, "created_at": moment, "changed_at": moment}
    insert_many(db, Vote, [{"user_id": one, "idea_id": idea_id, **row} for idea_id in ideas for one in ids])
    recounts.mend_some(db, "ideas", ideas)
    begun = time.perf_counter()
    set_aside(db, moderator, community_id=place.id, younger_than=timedelta(hours=1))
    took = time.perf_counter() - begun
    assert [counts(db, idea_id) for idea_id in ideas] == [(0, 0, 1_000, 0)] * 10
    assert took < 5, took  # alone it takes well under a second


def wave_of(make: Make, ideas: list[int]) -> int:
    """A wave with these ideas in it, found a moment ago."""
    rows = make.db.execute(sa.select(Idea.id, Idea.author_id, Idea.community_id).where(Idea.id.in_(ideas))).all()
    wave_id = insert(
        make.db,
        Wave,
        title="Repeated text",
        community_id=rows[0].community_id,
        author_id=rows[0].author_id,
        strength=1.0,
        signals=[],
        words=[],
        found_at=now(),
        updated_at=now(),
    )
    for row in rows:
        values = {"wave_id": wave_id, "subject_kind": "idea", "subject_id": row.id, "added_at": now()}
        make.db.execute(sa.insert(WaveMember), values)
    return wave_id


def test_votes_on_a_waves_posts_or_of_its_people_are_chosen_by_the_wave(db: Connection, make: Make) -> None:
    place, other = make.community(), make.community()
    authors = [make.user() for _ in range(3)]
    posts = [make.idea(community=home, author=one) for one, home in zip(authors, (place, place, other), strict=True)]
    bystander, fan = make.user(), make.user()
    good = make.idea(community=place)
    for person in (*authors, bystander, fan):
        votes.cast(db, person, good, 1)
    for idea_id in posts:
        votes.cast(db, fan, idea_id, 1)
    votes.cast(db, bystander, posts[0], -1)
    moderator, wave_id = make.user(role="moderator"), wave_of(make, posts)

    def read(**fields: str) -> Choice:
        return setting_aside.read(db, moderator, AsideFields(reason="spam", wave=str(wave_id), **fields))[0]

    on_posts = setting_aside.preview(db, moderator, read())
    assert {one.id: (one.up, one.down) for one in on_posts.effects} == {
        posts[0]: (1, 1), posts[1]: (1, 0), posts[2]: (1, 0)
    }  # fmt: skip
    assert posts[2] not in {one.id for one in on_posts.before}
    of_authors = setting_aside.preview(db, moderator, read(of_wave="authors", community=place.slug))
    assert {one.id: (one.up, one.down) for one in of_authors.effects} == {good: (3, 0)}
    of_voters = setting_aside.preview(db, moderator, read(of_wave="voters", idea=str(good)))
    assert {one.id: (one.up, one.down) for one in of_voters.effects} == {good: (1, 0)}
    act_id = setting_aside.act(db, moderator, read(), reason="spam")
    made = decisions.of_act(db, act_id)
    assert {one.subject_id: one.community_id for one in made} == {
        posts[0]: place.id, posts[1]: place.id, posts[2]: other.id
    }  # fmt: skip
    assert db.execute(sa.select(Idea.up, Idea.down).where(Idea.id == posts[0])).one() == (0, 0)
    undoing.undo_act(db, moderator, act_id)
    assert db.execute(sa.select(Idea.up, Idea.down).where(Idea.id == posts[0])).one() == (1, 1)
    for wrong in ({"wave": "x"}, {"wave": str(wave_id), "of_wave": "authors"}, {"wave": str(wave_id), "idea": "1"}):
        with pytest.raises(Invalid):
            setting_aside.read(db, moderator, AsideFields(reason="spam", **wrong))
    with pytest.raises(Forbidden):
        setting_aside.preview(db, make.member(place.id, make.user(), role="manager"), read())
