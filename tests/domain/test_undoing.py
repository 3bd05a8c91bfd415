"""Undoing: any sequence of decisions, undos and acts of other people leaves everything as a small model says."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import (
    commenting,
    comments,
    decisions,
    follows,
    ideas,
    lists,
    moderation,
    posting,
    recounts,
    remarking,
    remarks,
    reports,
    search,
    undoing,
    votes,
)
from forum.domain.actions import DecisionFields
from forum.domain.errors import Conflict, Forbidden, NotFound
from forum.domain.lists import Filters
from forum.models import Case, Community, Idea, User
from tests import directing
from tests.making import Make

ON_IDEAS = ("keep", "hold", "remove", "off-topic", "lock", "unlock", "move", "warn")
ON_COMMENTS = ("keep", "hold", "remove", "warn")
ASPECTS = ("state", "community_id", "is_locked", "status")


@dataclass
class Model:
    """What one subject is, and the decisions that lie on each other for each of its aspects."""

    values: dict[str, Any]
    stacks: dict[str, list[tuple[int, Any]]] = field(default_factory=lambda: {name: [] for name in ASPECTS})
    in_force: dict[int, str] = field(default_factory=dict)  # decision → aspect it changed, or empty

    def change(self, decision_id: int, aspect: str, value: Any) -> None:
        if aspect and self.values[aspect] != value:
            self.stacks[aspect].append((decision_id, self.values[aspect]))
            self.values[aspect] = value
            self.in_force[decision_id] = aspect
        else:
            self.in_force[decision_id] = ""

    def can_undo(self, decision_id: int) -> bool:
        aspect = self.in_force[decision_id]
        return not aspect or self.stacks[aspect][-1][0] == decision_id

    def undo(self, decision_id: int) -> None:
        aspect = self.in_force.pop(decision_id)
        if aspect:
            _, self.values[aspect] = self.stacks[aspect].pop()


class Forum(RuleBasedStateMachine):
    """Moderators decide and undo, citizens vote and comment, in any order."""

    url = ""

    @initialize()
    def begin(self) -> None:
        self.database = Database(self.url)
        self.connection = self.database.engine.execution_options(write=True).connect()
        self.db, self.transaction = self.connection, self.connection.begin()
        make = self.make = Make(self.db)
        self.boss, self.author = make.user(role="moderator"), make.user(created_at=now() - timedelta(days=60))
        self.here, self.there = make.community(), make.community()
        fields = posting.IdeaFields(
            title="Mend the bridge", body="It has been broken for years.", community=self.here.slug
        )
        self.idea = posting.post(self.db, self.author, fields).id
        make.votes(self.idea, 3, 1)
        said = commenting.CommentFields(body="It is the one by the mill.")
        self.comment = commenting.post(self.db, self.author, self.idea, said).id
        self.directive, _, (clause, *_) = directing.public(self.db, make.user(role="policy"))
        self.remark = remarking.say(self.db, self.author, self.directive.id, clause, "Begin with the mill.").id
        fan = make.user()
        follows.put(self.db, fan, "idea", self.idea)
        self.fan = fan
        self.models = {
            ("idea", self.idea): Model({"state": "published", "community_id": self.here.id, "is_locked": False}),
            ("comment", self.comment): Model({"state": "published"}),
            ("remark", self.remark): Model({"state": "published"}),
            ("user", self.author.id): Model({"status": "active"}),
        }
        self.votes = {"up": 3, "down": 1}

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            self.transaction.rollback()
            self.connection.close()
            self.database.close()

    @rule(action=st.sampled_from(ON_IDEAS))
    def decide_on_the_idea(self, action: str) -> None:
        model = self.models["idea", self.idea]
        goal = self.there if model.values["community_id"] == self.here.id else self.here
        fields = DecisionFields(action=action, reason="other", community=goal.slug)
        decision_id = moderation.act(self.db, self.boss, "idea", self.idea, fields)
        self.follow(model, decision_id, action, goal.id)

    @rule(action=st.sampled_from(ON_COMMENTS))
    def decide_on_the_comment(self, action: str) -> None:
        fields = DecisionFields(action=action, reason="other")
        decision_id = moderation.act(self.db, self.boss, "comment", self.comment, fields)
        self.follow(self.models["comment", self.comment], decision_id, action, 0)

    @rule(action=st.sampled_from(ON_COMMENTS))
    def decide_on_the_remark(self, action: str) -> None:
        fields = DecisionFields(action=action, reason="other")
        decision_id = moderation.act(self.db, self.boss, "remark", self.remark, fields)
        self.follow(self.models["remark", self.remark], decision_id, action, 0)

    def follow(self, model: Model, decision_id: int, action: str, goal: int) -> None:
        match action:
            case "keep":
                if model.values["state"] == "held":
                    was = model.stacks["state"][-1][1]
                    model.change(decision_id, "state", was if was == "off-topic" else "published")
                else:
                    model.change(decision_id, "", None)
            case "hold" | "remove" | "off-topic":
                model.change(decision_id, "state", {"hold": "held", "remove": "removed"}.get(action, action))
            case "lock" | "unlock":
                model.change(decision_id, "is_locked", action == "lock")
            case "move":
                model.change(decision_id, "community_id", goal)
            case "warn":
                model.change(decision_id, "", None)

    @rule(ends=st.booleans())
    def act_on_the_account(self, ends: bool) -> None:
        model = self.models["user", self.author.id]
        if ends and model.values["status"] == "active":
            return
        if not ends and model.values["status"] == "suspended":
            return  # a second suspension changes the date: see a test of its own
        fields = DecisionFields(action="unsuspend" if ends else "suspend", reason="other", days=7)
        decision_id = moderation.act_on_account(self.db, self.boss, self.author.id, fields)
        model.change(decision_id, "status", "active" if ends else "suspended")

    @rule(data=st.data())
    def undo_something(self, data: st.DataObject) -> None:
        known = [(key, one) for key, model in self.models.items() for one in model.in_force]
        if not known:
            return
        key, decision_id = data.draw(st.sampled_from(known))
        model = self.models[key]
        if not model.can_undo(decision_id):
            with pytest.raises(undoing.LaterDecision), self.db.begin_nested():
                undoing.undo(self.db, self.boss, decision_id)
            return
        undo_id = undoing.undo(self.db, self.boss, decision_id)
        model.undo(decision_id)
        with pytest.raises(Conflict), self.db.begin_nested():
            undoing.undo(self.db, self.boss, decision_id)
        if data.draw(st.booleans()):  # the undo is undone, and undone again
            undoing.undo(self.db, self.boss, undo_id)
            assert decisions.load(self.db, decision_id).is_in_force
            undoing.undo(self.db, self.boss, decision_id)

    @rule(value=st.sampled_from([1, -1]))
    def vote(self, value: int) -> None:
        values = self.models["idea", self.idea].values
        voter = self.make.user()
        if values["state"] in ("published", "off-topic") and not values["is_locked"]:
            votes.cast(self.db, voter, self.idea, value)
            self.votes["up" if value == 1 else "down"] += 1
        else:
            with pytest.raises((Forbidden, NotFound)):
                votes.cast(self.db, voter, self.idea, value)

    @rule()
    def report(self) -> None:
        if self.models["idea", self.idea].values["state"] in ("published", "off-topic"):
            reports.file(self.db, self.make.user(), "idea", self.idea, reports.ReportFields(reason="spam"))

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        if not hasattr(self, "models"):
            return
        db = self.db
        for (kind, number), model in self.models.items():
            table = {"idea": Idea, "user": User}.get(kind)
            for name, value in model.values.items():
                if kind == "remark":
                    assert remarks.get(db, self.boss, number).state == value
                    self.the_public_reads_the_remark_only_if(value)
                elif table is None:
                    assert comments.get(db, self.boss, number).state == value
                else:
                    assert db.execute(sa.select(getattr(table, name)).where(table.id == number)).scalar_one() == value
        idea, said = self.models["idea", self.idea].values, self.models["comment", self.comment].values
        row = ideas.get(db, self.boss, self.idea, to_change=True)
        assert (row.up, row.down) == (self.votes["up"], self.votes["down"])
        assert row.comment_count == (said["state"] == "published")
        is_listed = idea["state"] == "published"
        assert ids(db, Filters("newest")) == ([self.idea] if is_listed else [])
        assert ids(db, Filters("newest", state="off-topic")) == ([self.idea] if idea["state"] == "off-topic" else [])
        assert ids(db, Filters("top", community_id=idea["community_id"])) == ([self.idea] if is_listed else [])
        assert [hit.object_id for hit in search.find(db, "bridge", kinds=["idea"]).hits] == [self.idea] * is_listed
        count = sa.select(Community.idea_count).where(Community.id == idea["community_id"])
        assert db.execute(count).scalar_one() == is_listed
        assert self.fan.id in follows.followers(db, "idea", self.idea, limit=9)
        assert row.path == f"/ideas/{self.idea}-mend-the-bridge"
        assert [item.row.id for item in comments.thread(db, self.boss, row).items] == [self.comment]
        self.figures_are_exact()

    def the_public_reads_the_remark_only_if(self, state: str) -> None:
        found = [one for said in remarks.of(self.db, None, self.directive.id).values() for one in said]
        words = {"published": ["Begin with the mill."], "removed": [""], "held": []}[state]
        assert [one.body for one in found] == words
        assert [one.reason for one in found] == ["other" if state == "removed" else ""] * len(words)

    def figures_are_exact(self) -> None:
        db = self.db
        for kind in recounts.KINDS:
            assert recounts.check(db, kind, recounts.next_ids(db, kind)) == []
        held = {key for key, model in self.models.items() if model.values.get("state") == "held"}
        rows = db.execute(sa.select(Case.subject_kind, Case.subject_id).where(Case.kind == "held", Case.is_open))
        assert {tuple(row) for row in rows} == held


def ids(db: Connection, filters: Filters) -> list[int]:
    return [row.id for row in lists.find(db, filters).rows]


def test_any_sequence_of_decisions_and_undos_leaves_what_the_model_says(database_url: str) -> None:
    class Machine(Forum):
        url = database_url

    case = Machine.TestCase
    case.settings = settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a failure is told at once, not made small for minutes
        suppress_health_check=list(HealthCheck),
    )
    case().runTest()
