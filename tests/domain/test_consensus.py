"""Consensus: it agrees with Polis, waves do not move it, it is the same every time and on every database."""

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from forum import schema
from forum.clock import now
from forum.db import Connection, Database
from forum.domain import consensus, formulas, rankings
from forum.domain.consensus import ballots, fits, reading, runs, scores
from forum.domain.errors import Conflict, Invalid
from forum.domain.rankings import Selection
from forum.models import ConsensusRun, ConsensusScore, Decision, Idea, Pass, Vote, VoteAside
from tests import polis, postgres
from tests.making import Make
from tests.polis import Conversation

REAL = polis.folders()
GIVEN = [polis.camps(), *(polis.load(folder) for folder in REAL)]
ATTACKS = (
    # share of the voters, random votes each, least and most voters of the target, places at most
    (0.3, 2, 0, 10_000, 3),
    (0.2, 10, 50, 10_000, 15),
    (0.2, 10, 0, 49, 60),
)


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: given.name)
def test_the_order_agrees_with_group_informed_consensus(given: Conversation) -> None:
    often = given.seen() >= 20
    mine = polis.consensus(given)
    assert (mine[often] >= 0).all()
    for groups in (None, 2):
        assert polis.spearman(mine[often], polis.group_informed(given, groups)[often]) >= 0.75


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: given.name)
@pytest.mark.parametrize(("share", "others", "least", "most", "places"), ATTACKS)
def test_newcomers_hardly_move_a_middling_statement(
    given: Conversation, share: float, others: int, least: int, most: int, places: int
) -> None:
    before, seen = polis.consensus(given), given.seen()
    for target in polis.middling(before, (seen >= least) & (seen <= most), 3):
        for seed in range(3):
            after = polis.consensus(polis.attacked(given, target, share=share, others=others, seed=seed))
            assert abs(polis.place(before, target) - polis.place(after, target)) <= places


def test_by_net_votes_the_same_newcomers_lift_it_to_the_top() -> None:
    given = polis.camps()
    (target,) = polis.middling(polis.consensus(given), np.ones(given.statements, dtype=bool), 1)
    attack = polis.attacked(given, target, share=0.3, others=2, seed=0)
    assert polis.place(given.net(), target) > 5
    assert polis.place(attack.net(), target) == 1


def test_what_one_camp_likes_ranks_below_what_both_like() -> None:
    voter, statement, vote = [], [], []
    for person in range(40):
        camp = 1 if person < 25 else -1
        for number in range(12):
            for_both = number % 3 == 0
            voter.append(person)
            statement.append(number)
            vote.append((1 if (person + number) % 5 else 0) if for_both else camp * (1 if number % 2 else -1))
    result = scores.score(ballots.gather(voter, statement, vote))
    assert result.camp_sizes == (25, 15)
    of_both = result.score[::3]
    assert of_both.min() > np.delete(result.score, np.arange(0, 12, 3)).max()


def test_who_votes_by_dice_weighs_less_than_who_can_be_foretold() -> None:
    given = polis.camps()
    attack = polis.attacked(given, 3, share=0.2, others=20, seed=1)
    result = scores.score(ballots.gather(attack.voter, attack.statement, attack.vote))
    newcomers = result.weight[given.voters :].mean()
    assert newcomers < 0.2 * result.weight[: given.voters].mean()


def test_the_weight_of_a_vote_does_not_depend_on_that_vote() -> None:
    given = polis.camps(people=120)
    voted = ballots.gather(given.voter, given.statement, given.vote)
    fit = fits.begin(voted, np.ones(len(voted)))
    fits.improve(voted, np.ones(len(voted)), fit, 20)
    gain, sums = fits.gains(voted, np.ones(len(voted)), fit)
    turned = ballots.Ballots(voted.idea, voted.value.copy(), voted.sizes, voted.ideas, voted.people)
    turned.value[0] = -turned.value[0] or 1
    other_gain, other_sums = fits.gains(turned, np.ones(len(voted)), fit)
    # The unit, the spread of all errors, moves a little with any vote; the proportion of two sums does not.
    rest, other = (sums[0] - gain[0]) / sums[5], (other_sums[0] - other_gain[0]) / other_sums[5]
    assert other == pytest.approx(rest, rel=0.2)
    assert abs(other_gain[0] - gain[0]) > 0.01


def test_gains_leave_out_the_vote_that_is_foretold() -> None:
    """Against the plain way: fit the place of the person anew without each vote."""
    given = polis.camps(people=40, statements=30)
    voted = ballots.gather(given.voter, given.statement, given.vote)
    weights = np.ones(len(voted))
    fit = fits.begin(voted, weights)
    fits.improve(voted, weights, fit, 5)
    errors, plain = np.empty(len(voted)), np.empty(len(voted))
    owner = np.repeat(np.arange(len(voted.people)), voted.sizes)
    for number in range(len(voted)):
        others = (owner == owner[number]) & (np.arange(len(voted)) != number)
        slope = fit.slope[voted.idea[others]]
        rest = voted.value[others] - fit.mean - fit.liking[voted.idea[others]]
        place = (slope @ rest) / (slope @ slope + fits.RIDGE)
        idea = voted.idea[number]
        errors[number] = (voted.value[number] - fit.mean - fit.liking[idea] - fit.slope[idea] * place) ** 2
        plain[number] = (voted.value[number] - fit.mean) ** 2
    expected = (plain - errors) / (2 * errors.mean())
    assert fits.gains(voted, weights, fit)[0] == pytest.approx(expected)


def test_blocks_of_any_size_give_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    given = polis.camps()
    whole = polis.consensus(given)
    monkeypatch.setattr(ballots, "BLOCK", 100)
    assert (polis.consensus(given) == whole).all()


def test_the_order_in_which_votes_come_does_not_matter() -> None:
    given, dice = polis.camps(), np.random.default_rng(4)
    order = dice.permutation(len(given.vote))
    mixed = Conversation("", given.voter[order], given.statement[order], given.vote[order], 300, given.statements)
    assert (polis.consensus(mixed) == polis.consensus(given)).all()


def test_a_run_over_no_votes_or_votes_that_say_nothing_ranks_nothing() -> None:
    assert scores.score(ballots.gather([], [], [])).ranked == 0
    people, ideas = np.repeat(np.arange(50), 10), np.tile(np.arange(10), 50)
    alike = scores.score(ballots.gather(people, ideas, np.ones(500)))
    assert alike.ranked == 0
    assert np.isfinite(alike.camp_share).all()


def test_people_with_few_votes_take_no_part_and_later_votes_count() -> None:
    voted = ballots.gather([1] * 6 + [2] * 8, [*range(6), *range(7), 0], [1] * 13 + [-1])
    assert voted.people.tolist() == [2]
    assert voted.value.tolist() == [-1, 1, 1, 1, 1, 1, 1]


# In the database -----------------------------------------------------------------------------------------------------


def fill(db: Connection, make: Make, given: Conversation) -> list[int]:
    """Put a conversation into a community of its own; ids of its ideas."""
    place = make.community()
    ideas = [make.idea(community=place, title=f"Statement {number}") for number in range(given.statements)]
    people = [make.user().id for _ in range(given.voters)]
    rows = [
        {"user_id": people[voter], "idea_id": ideas[statement], "created_at": now()}
        for voter, statement in zip(given.voter.tolist(), given.statement.tolist(), strict=True)
    ]
    votes = given.vote.tolist()
    cast = [
        {**row, "value": vote, "is_employee": False, "changed_at": row["created_at"]}
        for row, vote in zip(rows, votes, strict=True)
        if vote
    ]
    db.execute(sa.insert(Vote), cast)
    db.execute(sa.insert(Pass), [row for row, vote in zip(rows, votes, strict=True) if not vote])
    return ideas


def stored(db: Connection) -> dict[int, float]:
    run = consensus.latest(db)
    assert run is not None
    statement = sa.select(ConsensusScore.idea_id, ConsensusScore.score).where(ConsensusScore.run_id == run.id)
    return {row.idea_id: row.score for row in db.execute(statement)}


SMALL = polis.camps(people=80, statements=24)


def test_a_run_stores_what_the_votes_say_and_when(database: Database) -> None:
    steps: list[tuple[int, int]] = []
    with database.transaction() as db:
        ideas = fill(db, Make(db), SMALL)
        assert consensus.latest(db) is None
        assert consensus.due(db).is_due
    run = consensus.compute(database, lambda done, total: steps.append((done, total)))
    expected = polis.consensus(SMALL)
    with database.reading() as db:
        assert stored(db) == {ideas[n]: expected[n] for n in range(SMALL.statements) if expected[n] >= 0}
        assert consensus.latest(db) == run
        assert not consensus.due(db).is_due
        first = consensus.of_idea(db, run, ideas[0])
    assert (run.state, run.version, run.votes, run.people) == ("done", scores.VERSION, len(SMALL.vote), 80)
    assert run.made_at is not None
    assert run.made_at >= run.begun_at
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    assert first is not None
    counted = sum(camp[kind] for camp in first.camps for kind in ("for", "against", "passed"))
    assert counted == first.voters == int(SMALL.seen()[0])
    assert first.score == pytest.approx(first.camps[0]["share"] * first.camps[1]["share"], abs=2e-4)


def test_both_databases_give_the_same_scores(tmp_path: Any) -> None:
    found = []
    url = postgres.create_database(postgres.template("empty", schema.create))
    for address in (f"sqlite:///{tmp_path}/forum.db", url):
        if address != url:
            schema.create(address)
        database = Database(address)
        with database.transaction() as db:
            ideas = fill(db, Make(db), SMALL)
        consensus.compute(database)
        with database.reading() as db:
            found.append({ideas.index(idea): score for idea, score in stored(db).items()})
        database.close()
    postgres.drop_database(url)
    assert found[0] == found[1]
    assert len(found[0]) > 15


def test_a_second_run_forgets_the_scores_of_the_first(database: Database) -> None:
    with database.transaction() as db:
        fill(db, Make(db), SMALL)
    first, second = consensus.compute(database), consensus.compute(database)
    with database.reading() as db:
        assert set(db.execute(sa.select(ConsensusScore.run_id)).scalars()) == {second.id}
        assert db.execute(sa.select(ConsensusRun.id).order_by(ConsensusRun.id)).scalars().all() == [first.id, second.id]


def test_one_run_is_made_at_a_time_and_a_dead_one_is_given_up(database: Database) -> None:
    with database.transaction() as db:
        runs._claim(db, now(), "1", {})
        under_way = consensus.running(db)
    assert under_way is not None
    with pytest.raises(Conflict):
        consensus.compute(database)
    with database.transaction() as db:
        db.execute(sa.update(ConsensusRun).values(told_at=now() - 2 * runs.GIVEN_UP))
        assert consensus.running(db) is None
    run = consensus.compute(database)
    with database.reading() as db:
        states = {row.id: row.state for row in db.execute(sa.select(ConsensusRun.id, ConsensusRun.state))}
    assert states == {under_way.id: "failed", run.id: "done"}


def test_a_run_that_fails_leaves_the_scores_of_the_last(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as db:
        fill(db, Make(db), SMALL)
    run = consensus.compute(database)

    def fails(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(scores, "score", fails)
    with pytest.raises(MemoryError):
        consensus.compute(database)
    with database.reading() as db:
        assert consensus.latest(db) == run
        assert consensus.running(db) is None
        assert len(stored(db)) == run.ranked


def test_a_run_is_due_when_enough_votes_are_new_changed_or_gone(database: Database) -> None:
    with database.transaction() as db:
        ideas = fill(db, Make(db), SMALL)
    consensus.compute(database)
    with database.transaction() as db:
        assert consensus.due(db).changes == 0
        assert consensus.due(db).needed == max(20, round(len(SMALL.vote) / 100))
        gone = db.execute(sa.delete(Vote).where(Vote.idea_id == ideas[0])).rowcount
        changed = db.execute(sa.update(Vote).where(Vote.idea_id == ideas[1]).values(changed_at=now())).rowcount
        assert consensus.due(db).changes == gone + changed


def test_only_votes_count_that_stand_on_ideas_that_all_may_read(database: Database) -> None:
    with database.transaction() as db:
        make = Make(db)
        ideas = fill(db, make, SMALL)
        place = make.community(visibility="employees")
        closed, closed_in = make.idea(community=place), place.id
        somebody = db.execute(sa.select(Vote.user_id).order_by(Vote.user_id).limit(1)).scalar_one()
        voted = db.execute(sa.select(Vote.idea_id).where(Vote.user_id == somebody)).scalars().all()
        cast = {"value": 1, "is_employee": False, "created_at": now(), "changed_at": now()}
        db.execute(sa.insert(Vote), {"user_id": somebody, "idea_id": closed, **cast})
        db.execute(sa.update(Idea).where(Idea.id == ideas[3]).values(state="removed"))
        aside = next(idea for idea in voted if idea != ideas[3])
        decision = db.execute(sa.insert(Decision).values(**_decision(aside, somebody, closed_in))).inserted_primary_key
        assert decision is not None
        row = {"idea_id": aside, "user_id": somebody, "decision_id": decision[0], "is_carried": False}
        db.execute(sa.insert(VoteAside), row)
        (found,) = reading.circles(db)
    assert closed not in found.ideas
    assert ideas[3] not in found.ideas
    mine = found.idea[: found.sizes[0]]
    assert aside not in found.ideas[mine]
    assert set(found.ideas[mine].tolist()) >= set(voted) - {aside, ideas[3]}


def _decision(idea_id: int, author_id: int, community_id: int) -> dict[str, Any]:
    texts = dict.fromkeys(("facts", "note", "machine", "office", "act_id"), "")
    states = {"state_before": "published", "state_after": "published", "before": {}, "after": {}}
    about = {"subject_kind": "idea", "subject_id": idea_id, "author_id": author_id, "community_id": community_id}
    return {**about, "action": "set-aside", "reason": "other", "created_at": now(), **texts, **states}


def test_communities_with_other_voters_have_camps_of_their_own(database: Database) -> None:
    with database.transaction() as db:
        make = Make(db)
        first, second = fill(db, make, SMALL), fill(db, make, polis.camps(seed=2, people=80, statements=24))
        circles = reading.circles(db)
        assert [circle.ideas.tolist() for circle in circles] == [first, second]
        together = sorted(db.execute(sa.select(Vote.user_id).where(Vote.idea_id.in_(first)).distinct()).scalars())
        cast = {"value": 1, "is_employee": False, "created_at": now(), "changed_at": now()}
        db.execute(
            sa.insert(Vote), [{"user_id": person, "idea_id": second[0], **cast} for person in together[:20]]
        )  # a quarter of them
        assert len(reading.circles(db)) == 1
    run = consensus.compute(database)
    assert len(run.circles) == 1


# Rankings ------------------------------------------------------------------------------------------------------------


def test_a_ranking_by_consensus_has_the_order_of_the_scores_and_filters_only_pick(database: Database) -> None:
    with database.transaction() as db:
        ideas = fill(db, Make(db), SMALL)
        assert list(rankings.walk(db, Selection("consensus"))) == []
    consensus.compute(database)
    with database.transaction() as db:
        expected = sorted(stored(db).items(), key=lambda pair: (pair[1], pair[0]), reverse=True)
        ranked = list(rankings.walk(db, Selection("consensus")))
        assert [(one.idea_id, one.score) for one in ranked] == expected
        assert [one.rank for one in ranked] == list(range(1, len(expected) + 1))
        assert [row["id"] for row in rankings.records(db, Selection("consensus"), "")] == [key for key, _ in expected]
        db.execute(sa.update(Idea).where(Idea.id.in_(ideas[:10])).values(status="answered"))
        some = list(rankings.walk(db, Selection("consensus", status="answered")))
        assert [(one.idea_id, one.score) for one in some] == [pair for pair in expected if pair[0] in ideas[:10]]


def test_the_worked_example_ends_with_the_score_that_is_stored(database: Database) -> None:
    formula = formulas.get("consensus")
    with database.transaction() as db:
        fill(db, Make(db), SMALL)
        assert rankings.example(db, formula) is None
    run = consensus.compute(database)
    with database.reading() as db:
        example = rankings.example(db, formula)
        first = next(rankings.walk(db, Selection("consensus"), most=1))
        words = rankings.in_words(db, Selection("consensus"))
    assert example is not None
    steps = dict(example.steps)
    assert float(steps["Score"].rpartition("= ")[2]) == pytest.approx(first.score, abs=5e-5)
    assert steps["People in the two camps"] == " and ".join(str(size) for size in run.circles[0]["sizes"])
    assert any(f"run {run.id}" in sentence for sentence in words)
    assert not any("count too" in sentence for sentence in words)


def test_only_some_votes_can_not_be_ranked_by_consensus(db: Connection) -> None:
    with pytest.raises(Invalid):
        rankings.read(db, {"method": "consensus", "confirmed": "yes"})


# The worker ----------------------------------------------------------------------------------------------------------


def test_whether_there_are_more_votes_than_so_many(db: Connection, make: Make) -> None:
    fill(db, make, SMALL)
    votes = db.execute(sa.select(sa.func.count()).select_from(Vote)).scalar_one()
    assert consensus.has_more(db, votes - 1)
    assert not consensus.has_more(db, votes)
