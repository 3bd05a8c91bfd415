"""Merging as a model: whatever people do in whatever order, votes, follows and threads are where a few rules say."""

import random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.db import Connection
from forum.domain import commenting, comments, follows, recounts, votes
from forum.domain.commenting import CommentFields
from forum.domain.errors import Conflict, Forbidden
from forum.domain.merges import acts, proposals, splits
from forum.domain.merges.proposals import DecisionFields, ProposalFields
from forum.models import Comment, Follow, Idea, Vote
from tests.making import Make

IDEAS, PEOPLE = 5, 4
SUPPORT_ONLY = 4  # the number of the idea in a community that counts support only
ACTS = ("vote", "vote", "vote", "follow", "comment", "merge", "merge", "undo", "keep", "keep", "split", "unsplit")


class World:
    """The forum beside a model of it: what people did themselves, the merges and splits in force, who keeps out."""

    def __init__(self, db: Connection, make: Make) -> None:
        self.db, self.make = db, make
        both, support = make.community(), make.community(vote_kind="support")
        gone = make.user(status="imported")  # nobody has to be asked
        self.ideas = [
            make.idea(community=support if number == SUPPORT_ONLY else both, author=gone) for number in range(IDEAS)
        ]
        self.takes_against = {idea: number != SUPPORT_ONLY for number, idea in enumerate(self.ideas)}
        self.people = [make.user() for _ in range(PEOPLE)]
        self.moderator = make.user(role="moderator", trust_level=2)
        self.own: dict[str, dict[tuple[int, int], int]] = {"vote": {}, "follow": {}}
        self.outs: set[tuple[str, int, int]] = set()
        self.merges: dict[int, tuple[int, int]] = {}  # in force, in their order: merge -> absorbed, target
        self.splits: dict[int, tuple[int, int, dict[int, int]]] = {}  # in force: split -> idea, part, homes before
        self.homes: dict[int, int] = {}  # top comment -> idea
        self.roots: dict[int, int] = {}  # comment -> top comment

    def is_live(self, idea: int) -> bool:
        parts = {part for _, part, _ in self.splits.values()}
        return all(idea != absorbed for absorbed, _ in self.merges.values()) and (
            idea in self.takes_against and (idea in self.ideas[:IDEAS] or idea in parts)
        )

    def effective(self, what: str, idea: int, person: int) -> int:
        """What counts for a person on an idea: their own act there, or else the first of what was merged into it."""
        if (idea, person) in self.own[what]:
            return self.own[what][idea, person]
        for merge, (absorbed, target) in self.merges.items():
            if target == idea and (what, merge, person) not in self.outs:
                value = self.effective(what, absorbed, person)
                if value == 1 or (value == -1 and self.takes_against[target]):
                    return value
        return 0

    def top(self, idea: int) -> int:
        above = dict(self.merges.values())
        while idea in above:
            idea = above[idea]
        return idea

    def act(self, what: str, idea: int, person: int, value: int) -> None:
        if value == self.effective(what, idea, person):
            return
        if value:
            self.own[what][idea, person] = value
            return
        self.own[what].pop((idea, person), None)
        self.outs |= {(what, merge, person) for merge, (_, target) in self.merges.items() if target == idea}

    def do(self, act: str, rng: random.Random) -> None:
        getattr(self, f"do_{act}")(rng)

    def live(self, rng: random.Random) -> int:
        return rng.choice([idea for idea in self.ideas if self.is_live(idea)])

    def do_vote(self, rng: random.Random) -> None:
        idea, number = self.live(rng), rng.randrange(PEOPLE)
        value = rng.choice((-1, 0, 1, 1) if self.takes_against[idea] else (0, 1))
        votes.cast(self.db, self.people[number], idea, value)
        self.act("vote", idea, number, value)

    def do_follow(self, rng: random.Random) -> None:
        idea, number, value = self.live(rng), rng.randrange(PEOPLE), rng.randrange(2)
        (follows.follow if value else follows.remove)(self.db, self.people[number], "idea", idea)
        self.act("follow", idea, number, value)

    def do_comment(self, rng: random.Random) -> None:
        idea = self.live(rng)
        here = [comment for comment, root in self.roots.items() if self.top(self.homes[root]) == idea]
        parent = rng.choice([None, *here])
        fields = CommentFields(body=f"Words {len(self.roots)}.", parent=str(parent or ""))
        made = commenting.post(self.db, self.moderator, idea, fields).id
        self.roots[made] = self.roots[parent] if parent else made
        if not parent:
            self.homes[made] = idea

    def do_merge(self, rng: random.Random) -> None:
        absorbed, target = self.live(rng), self.live(rng)
        if absorbed == target:
            return
        fields = ProposalFields(target=str(target), reason="They are the same.")
        merge = proposals.propose(self.db, self.moderator, absorbed, fields).id
        proposals.decide(self.db, self.moderator, merge, DecisionFields(act="merge"))
        self.merges[merge] = (absorbed, target)

    def do_undo(self, rng: random.Random) -> None:
        if self.merges:
            merge = rng.choice(list(self.merges))
            acts.undo(self.db, self.moderator, merge, reason="They differ.")
            del self.merges[merge]

    def do_keep(self, rng: random.Random) -> None:
        if not self.merges:
            return
        merge, number, is_out = rng.choice(list(self.merges)), rng.randrange(PEOPLE), rng.random() < 0.6
        try:
            proposals.keep_out(self.db, self.people[number], merge, is_out=is_out)
        except Forbidden:
            assert self.effective("vote", self.merges[merge][0], number) == 0
            return
        (self.outs.add if is_out else self.outs.discard)(("vote", merge, number))

    def do_split(self, rng: random.Random) -> None:
        idea = self.live(rng)
        here = [root for root, home in self.homes.items() if self.top(home) == idea]
        chosen = [root for root in here if rng.random() < 0.5]
        fields = splits.SplitFields(
            title=f"A part, number {len(self.ideas)}",
            body="This part of it is about something else.",
            reason="Two things in one.",
            comment=tuple(map(str, chosen)),
        )
        made = splits.split(self.db, self.moderator, idea, fields)
        self.splits[made.id] = (idea, made.part.id, {root: self.homes[root] for root in chosen})
        self.homes |= dict.fromkeys(chosen, made.part.id)
        self.ideas.append(made.part.id)
        self.takes_against[made.part.id] = self.takes_against[idea]

    def do_unsplit(self, rng: random.Random) -> None:
        if not self.splits:
            return
        split = rng.choice(list(self.splits))
        _, part, before = self.splits[split]
        try:
            splits.undo(self.db, self.moderator, split, reason="It was one thing.")
        except Conflict:
            in_merge = any(part in pair for pair in self.merges.values())
            assert in_merge or any(idea == part for idea, _, _ in self.splits.values())
            return
        self.homes |= {root: home for root, home in before.items() if self.homes[root] == part}
        del self.splits[split]

    def check(self) -> None:
        found = {
            (row.idea_id, row.user_id): row.value
            for row in self.db.execute(sa.select(Vote))
            if row.idea_id in self.ideas
        }
        assert found == self.expected("vote")
        following = sa.select(Follow).where(Follow.user_id.in_([person.id for person in self.people]))
        assert {(row.object_id, row.user_id): 1 for row in self.db.execute(following)} == self.expected("follow")
        where = {row.id: row.idea_id for row in self.db.execute(sa.select(Comment.id, Comment.idea_id))}
        assert where == {comment: self.top(self.homes[root]) for comment, root in self.roots.items()}
        for idea in self.db.execute(sa.select(Idea)):
            tally = [value for (number, _), value in found.items() if number == idea.id]
            assert (idea.up, idea.down) == (tally.count(1), tally.count(-1))
            assert (idea.state == "merged") == (self.top(idea.id) != idea.id)
        for kind in ("ideas", "comments"):
            assert recounts.check(self.db, kind, recounts.next_ids(self.db, kind)) == []

    def expected(self, what: str) -> dict[tuple[int, int], int]:
        pairs = [(idea, number) for idea in self.ideas for number in range(PEOPLE)]
        values = {(idea, self.people[n].id): self.effective(what, idea, n) for idea, n in pairs}
        return {pair: value for pair, value in values.items() if value}


@pytest.fixture
def world(db: Connection, make: Make) -> Any:
    def start() -> tuple[World, Any]:
        savepoint = db.begin_nested()
        return World(db, make), savepoint

    return start


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(ACTS), min_size=8, max_size=30), seed=st.integers(0, 2**32))
def test_votes_follows_and_threads_are_where_the_rules_say(world: Any, steps: list[str], seed: int) -> None:
    here, savepoint = world()
    try:
        rng = random.Random(seed)
        for step in steps:
            here.do(step, rng)
        here.check()
        for merge in rng.sample(list(here.merges), len(here.merges)):
            acts.undo(here.db, here.moderator, merge, reason="All of them.")
            del here.merges[merge]
        here.check()
    finally:
        savepoint.rollback()


def test_a_carried_comment_keeps_the_order_of_its_thread(db: Connection, make: Make) -> None:
    here = World(db, make)
    for number in range(6):
        here.do_comment(random.Random(number))
    here.do_merge(random.Random(3))
    for idea in here.ideas:
        rows = comments.leaf(db, idea).rows
        assert [row.path for row in rows] == sorted(row.path for row in rows)
