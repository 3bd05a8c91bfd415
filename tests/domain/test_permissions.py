"""The permission table: its documentation is true, and what every rule says in single cases that matter."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from starlette.routing import Route

from forum.domain.errors import Forbidden, SignInNeeded
from forum.domain.permissions import RULES, can, require
from forum.web.endpoint import Endpoint
from forum.web.routes import ROUTES

ROOT = Path(__file__).parents[2]


def script() -> ModuleType:
    """scripts/permissions.py as a module."""
    spec = importlib.util.spec_from_file_location("permissions_document", ROOT / "scripts" / "permissions.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_document_says_what_the_table_says() -> None:
    written = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert written == script().document(), "run: python scripts/permissions.py"


def test_every_route_asks_for_an_action_of_the_table() -> None:
    for route in ROUTES:
        if isinstance(route, Route) and isinstance(route.app, Endpoint):
            assert route.app.rules.asks in RULES, route.path


@pytest.mark.parametrize("action", sorted(RULES))
def test_no_rule_fails_for_anybody_anywhere(action: str) -> None:
    document = script()
    for subject in document.PLACES.values():
        for somebody in document.PEOPLE.values():
            assert can(somebody, action, subject) in (True, False)


def test_nobody_is_asked_to_sign_in_and_others_are_refused_in_words() -> None:
    document = script()
    place = document.Subject(phase="closed")
    with pytest.raises(SignInNeeded):
        require(None, "idea.vote", place)
    with pytest.raises(Forbidden, match="Voting has ended here"):
        require(document.PEOPLE["citizen"], "idea.vote", place)
    with pytest.raises(Forbidden, match="suspended"):
        require(document.PEOPLE["suspended"], "idea.vote", place)


def test_a_suspended_person_reads_and_uses_the_account_and_nothing_else() -> None:
    document = script()
    somebody = document.PEOPLE["suspended"]
    allowed = {action for action in RULES if can(somebody, action, document.Subject())}
    assert allowed == {action for action in RULES if can(None, action, document.Subject())} | {"account.use"}
    author = document.PEOPLE["suspended author"]
    own = {action for action in RULES if can(author, action, document.Subject())} - allowed
    assert own == {"decision.read", "decision.appeal"}


def test_comments_on_directives_are_for_moderators_of_the_whole_forum_alone() -> None:
    document = script()
    remark = document.Subject(community_id=None, subject_kind="remark")
    for action in ("case.read", "case.decide", "decision.make", "decision.undo", "appeal.decide"):
        allowed = {name for name, somebody in document.PEOPLE.items() if can(somebody, action, remark)}
        assert allowed == {"moderator", "administrator"}, action
    held = document.Subject(community_id=None, subject_kind="remark", state="held")
    readers = {name for name, somebody in document.PEOPLE.items() if can(somebody, "remark.read", held)}
    assert readers == {"moderator", "administrator", "author", "suspended author"}


def test_nobody_decides_on_what_is_their_own_or_on_an_appeal_against_themselves() -> None:
    document = script()
    mine = document.Subject(author_id=7)
    against_me = document.Subject(details={"decider_ids": [7]})
    me = document.PEOPLE["moderator"]
    for action in ("case.decide", "decision.make", "decision.undo", "appeal.decide", "user.suspend", "idea.move"):
        assert can(me, action, document.Subject()), action
        with pytest.raises(Forbidden, match="your own"):
            require(me, action, mine)
    for action in ("case.decide", "appeal.decide"):
        with pytest.raises(Forbidden, match="You made the decision"):
            require(me, action, against_me)
    with pytest.raises(Forbidden, match="Only an administrator"):
        require(me, "user.suspend", document.Subject(role="moderator"))
