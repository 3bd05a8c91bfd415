"""Limits at the door: every address that changes something has one or a reason for none, and 429 tells the wait."""

import re

import pytest
from starlette.routing import Route

from forum.domain import limits
from forum.web.routes import ROUTES
from tests.making import Make, Site

OWN = "one's own things: a row changes, nothing is added and nobody is told"
STAFF = "staff are trusted by name, and every act of theirs is written down"
SECRET = "the address holds a secret that works once"
ACTS = {
    # address: the limit of the act, or why it needs none
    "/ideas/{idea_id:int}/vote": "vote",
    "/ideas": "idea",
    "/ideas/preview": "changes nothing",
    "/ideas/similar": "changes nothing",
    "/ideas/{idea_id:int}/edit": "edit",
    "/ideas/{idea_id:int}/withdraw": OWN,
    "/ideas/{idea_id:int}/move": STAFF,
    "/ideas/{idea_id:int}/status": STAFF,
    "/ideas/{idea_id:int}/comments": "comment",
    "/ideas/{idea_id:int}/report": "report",
    "/ideas/{idea_id:int}/merge": "merge",
    "/merges/{merge_id:int}/answer": "one answer to each question",
    "/merges/{merge_id:int}/decide": STAFF,
    "/merges/{merge_id:int}/keep": OWN,
    "/merges/{merge_id:int}/undo": STAFF,
    "/ideas/{idea_id:int}/split": "idea",
    "/splits/{split_id:int}/undo": "it can be done once for each split, and a split has a limit",
    "/comments/{comment_id:int}/agree": "agree",
    "/comments/{comment_id:int}/edit": "edit",
    "/comments/{comment_id:int}/withdraw": OWN,
    "/comments/{comment_id:int}/report": "report",
    "/follows": "follow",
    "/drafts": "draft",
    "/drafts/{draft_id:int}/delete": OWN,
    "/communities": "propose",
    "/c/{slug}/join": "follow",
    "/c/{slug}/edit": "edit",
    "/c/{slug}/managers": STAFF,
    "/c/{slug}/decide": STAFF,
    "/c/{slug}/archive": STAFF,
    "/sign-in": "sign-in",
    "/sign-in/link": "mail-code",
    "/sign-in/again": "sign-in",
    "/sign-out": OWN,
    "/sign-up": "sign-up",
    "/reset": "mail-code",
    "/confirm/{token}": SECRET,
    "/unsubscribe/{token}": SECRET,
    "/notifications/{notification_id:int}/open": OWN,
    "/notifications/read": OWN,
    "/notifications/mail": OWN,
    "/me/sessions/end": OWN,
    "/me/settings": "account",
    "/me/address": "mail-code",
    "/me/password": "account",
    "/me/confirm": "mail-code",
    "/me/delete": "it can be done once",
    "/decisions/{decision_id:int}/appeal": "appeal",
    "/directives/{directive_id:int}/recommendations/{clause_id:int}/agree": "agree",
    "/directives/{directive_id:int}/recommendations/{clause_id:int}/comments": "comment",
    "/remarks/{remark_id:int}/withdraw": OWN,
    "/remarks/{remark_id:int}/report": "report",
    "/users/{user_id:int}": STAFF,
    "/users/{user_id:int}/trust": STAFF,
}
STAFF_ONLY = (
    "case.", "user.", "decision.make", "decision.undo", "appeal.decide", "wave.", "note.", "ranking.export",
    "snapshot.create", "directive.write",
)  # fmt: skip
"""Actions that only those who moderate, administrate or write policy may do."""


def test_every_address_that_changes_something_has_a_limit_or_a_reason_for_none() -> None:
    posts = [route for route in ROUTES if isinstance(route, Route) and "POST" in (route.methods or ())]
    asks = {route.path: route.app.rules.asks for route in posts}  # type: ignore[attr-defined]
    unknown = [path for path, action in asks.items() if path not in ACTS and not action.startswith(STAFF_ONLY)]
    assert not unknown, "name the limit of these here, or say why they need none"
    assert not (gone := ACTS.keys() - asks.keys()), gone
    named = {act for act in ACTS.values() if act in limits.PERSONAL or act in limits.ADDRESSED}
    asked = {"mail-code-address", "sign-in-account"}  # counted beside those named
    assert named | asked == {*limits.PERSONAL, *limits.ADDRESSED}


@pytest.mark.parametrize("act", ["follow", "account", "draft"])
def test_past_a_limit_the_page_says_how_long_to_wait(site: Site, act: str) -> None:
    person, slug = site.make(lambda make: (make.user(trust_level=0), make.community().slug))
    most = limits.PERSONAL[act][0][0]

    def use_up(make: Make) -> None:
        for _ in range(most):
            limits.hit(make.db, person, act)

    site.make(use_up)
    site.sign_in(person)
    fields = {"draft": "idea", "draft_key": "k" * 43, "title": "Words", "name": person.name, "value": "1"}
    path = {"follow": f"/c/{slug}/join", "account": "/me/settings", "draft": "/drafts"}[act]
    answer = site.post(path, fields)
    assert answer.status_code == 429
    seconds = int(answer.headers["retry-after"])
    assert 0 < seconds <= limits.PERSONAL[act][1] * 1.1
    told = re.search(r"Wait (\d+) minutes, then try again", answer.text)
    assert told
    assert int(told[1]) * 60 >= seconds


def test_the_rules_page_tells_the_levels_and_their_limits(site: Site) -> None:
    page = site.get("/rules").text
    for level in range(5):
        assert f"Level {level}" in page
    row = re.search(r'<th scope="row">Ideas a day</th>(.*?)</tr>', page)
    assert row
    assert re.findall(r">([\d,]+)</td>", row[1]) == [f"{most:,}" for most in limits.PERSONAL["idea"][0]]
    assert "/log" in page
    assert "/transparency" in page


def test_an_administrator_sets_the_level_of_a_person(site: Site) -> None:
    boss, person = site.make(lambda make: (make.user(role="administrator"), make.user(trust_level=1)))
    site.sign_in(boss)
    path = f"/users/{person.id}"
    assert "Trust level 1: Known" in site.get(path).text
    answer = site.post(f"{path}/trust", {"level": "3"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = site.get(path).text
    assert "Trust level 3: Proven" in page
    assert "Trust level from <b>1</b> to <b>3</b>" in page
    site.post(f"{path}/trust", {"level": "rules"})
    assert "Trust level 0: New" in site.get(path).text
    for wrong in ("", "5", "2", "33", "x"):
        assert site.post(f"{path}/trust", {"level": wrong}).status_code == 422, wrong
    site.sign_in(person)
    assert site.post(f"{path}/trust", {"level": "3"}).status_code == 403
