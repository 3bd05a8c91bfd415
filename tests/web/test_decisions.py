"""Decisions on the web: statements, appeals, undo and histories as people meet them, and clear pages when it fails."""

import re
from typing import Any

import sqlalchemy as sa

from forum.domain import decisions, moderation
from forum.domain.actions import DecisionFields
from forum.domain.people import Person
from forum.models import Appeal, Decision
from tests.making import Make, Site


def decided(site: Site, action: str = "remove", **more: Any) -> tuple[Person, Person, int, int]:
    """A decision about an idea: author, moderator, idea, decision."""

    def work(make: Make) -> tuple[Person, Person, int, int]:
        author, boss = make.user(name="Ann Author"), make.user(role="moderator", name="Mo Derator")
        make.community()
        idea_id = make.idea(author=author, title="Paint the bridge")
        fields = DecisionFields(action=action, reason="spam", **more)
        return author, boss, idea_id, moderation.act(make.db, boss, "idea", idea_id, fields)

    return site.make(work)


def test_an_author_reads_the_statement_appeals_and_hears_the_answer(site: Site) -> None:
    author, boss, idea_id, decision_id = decided(site, note="Please post it once.")
    site.sign_in(author)
    page = site.get(f"/decisions/{decision_id}").text
    for words in ("Please post it once.", "Spam. It advertises", "No program took part", "appeal once", "no end date"):
        assert words in page
    short = site.post(f"/decisions/{decision_id}/appeal", {"text": "No."})
    assert short.status_code == 422
    assert "Please say why" in short.text
    sent = site.post(f"/decisions/{decision_id}/appeal", {"text": "I posted it once only."})
    assert sent.headers["location"] == f"/decisions/{decision_id}"
    assert "I posted it once only." in site.get(f"/decisions/{decision_id}").text
    twice = site.post(f"/decisions/{decision_id}/appeal", {"text": "I posted it once, really."})
    assert twice.status_code == 409
    assert "appealed already" in twice.text
    assert "I posted it once, really." in twice.text
    with site.database.reading() as db:
        appeal_id, case_id = db.execute(sa.select(Appeal.id, Appeal.case_id)).one()
    site.sign_in(boss)
    own = site.get(f"/moderation/{case_id}").text
    assert "You made the decision" in own
    assert "there is no other moderator now" in own
    assert site.post(f"/appeals/{appeal_id}", {"outcome": "denied", "answer": "It stands, I say."}).status_code == 403
    site.sign_in(site.make(lambda make: make.user(role="moderator")))
    assert "Paint the bridge" in site.get("/moderation?kind=appeal").text
    assert "I posted it once only." in site.get(f"/moderation/{case_id}").text
    wrong = site.post(f"/appeals/{appeal_id}", {"answer": "A long answer that must stay."})
    assert wrong.status_code == 422
    assert "A long answer that must stay." in wrong.text
    assert site.post(f"/appeals/{appeal_id}", {"outcome": "upheld", "answer": "You are right."}).status_code == 303
    late = site.post(f"/appeals/{appeal_id}", {"outcome": "denied", "answer": "My careful answer."})
    assert late.status_code == 409
    assert "My careful answer." in late.text
    site.work()
    site.sign_in(author)
    assert "Your appeal was upheld" in site.get("/notifications").text
    assert "It has no effect any more" in site.get(f"/decisions/{decision_id}").text
    site.sign_out()
    assert "A body." in site.get(f"/ideas/{idea_id}-paint-the-bridge").text


def test_statements_are_for_the_author_and_those_who_moderate(site: Site) -> None:
    _, _, _, decision_id = decided(site)
    assert site.get(f"/decisions/{decision_id}").status_code in (303, 403)
    site.sign_in(site.make(lambda make: make.user()))
    for address in ("", "/undo", "/appeal"):
        assert site.get(f"/decisions/{decision_id}{address}").status_code == 404
    assert site.post(f"/decisions/{decision_id}/undo").status_code == 404
    assert site.get("/decisions/4711").status_code == 404


def test_a_moderator_undoes_and_a_later_decision_is_named(site: Site) -> None:
    _, boss, idea_id, first = decided(site, "off-topic")
    site.sign_in(boss)
    assert "off-topic track" in site.get(f"/ideas/{idea_id}-paint-the-bridge").text
    answer = site.post(f"/ideas/{idea_id}/decision", {"action": "remove", "reason": "hate"})
    second = int(answer.headers["location"].rpartition("/")[2])
    refused = site.post(f"/decisions/{first}/undo", {"note": "A kind message."})
    assert refused.status_code == 409
    assert f'href="/decisions/{second}/undo"' in refused.text
    assert "A kind message." in refused.text
    done = site.post(f"/decisions/{second}/undo", {"note": "It was a mistake."})
    assert "It was a mistake." in site.get(done.headers["location"]).text
    again = site.post(f"/decisions/{second}/undo")
    assert again.status_code == 409
    assert site.post(f"/decisions/{first}/undo").status_code == 303


def test_what_a_decision_lacks_is_said_and_nothing_typed_is_lost(site: Site) -> None:
    _, boss, idea_id, _ = decided(site, "warn")
    site.sign_in(boss)
    page = site.get(f"/ideas/{idea_id}/decision").text
    assert "Off-topic track" in page
    for given, field in (
        ({"action": "remove"}, "reason"),
        ({"reason": "spam"}, "action"),
        ({"action": "move"}, "community"),
        ({"action": "move", "community": "nowhere"}, "community"),
    ):
        answer = site.post(f"/ideas/{idea_id}/decision", {**given, "note": "What I typed."})
        assert answer.status_code == 422, given
        assert "What I typed." in answer.text
        assert f'id="field-{field}' in answer.text
    assert site.get("/ideas/4711/decision").status_code == 404
    site.sign_in(site.make(lambda make: make.user()))
    assert site.get(f"/ideas/{idea_id}/decision").status_code == 403


def test_many_decisions_are_seen_and_undone_together(site: Site) -> None:
    _, boss, idea_id, _ = decided(site, "warn")
    site.sign_in(site.make(lambda make: make.user()))
    site.post(f"/ideas/{idea_id}/report", {"reason": "spam"})
    site.sign_in(boss)
    [case_id] = re.findall(r'name="case" value="(\d+)"', site.get("/moderation").text)
    assert site.post("/moderation", {"case": [case_id], "action": "remove", "reason": "spam"}).status_code == 303
    with site.database.reading() as db:
        act_id = db.execute(sa.select(Decision.act_id).order_by(Decision.id.desc()).limit(1)).scalar_one()
    assert "Paint the bridge" in site.get(f"/acts/{act_id}").text
    done = site.post(f"/acts/{act_id}/undo")
    assert site.get(done.headers["location"]).status_code == 200
    assert site.post(f"/acts/{act_id}/undo").status_code == 404
    assert site.get("/acts/nonsense").status_code == 404


def test_a_history_has_notes_and_suspends_and_the_person_can_still_appeal(site: Site) -> None:
    author, boss, _, _ = decided(site)
    other = site.make(lambda make: make.idea())
    site.sign_in(boss)
    address = f"/moderation/people/{author.handle}"
    page = site.get(address).text
    assert "Paint the bridge" in page
    note = {"kind": "user", "id": str(author.id), "body": "Was polite.", "next": address}
    assert site.post("/moderation/notes", note).headers["location"] == address
    assert "Was polite." in site.get(address).text
    assert site.post("/moderation/notes", {**note, "body": " "}).status_code == 422
    no_days = site.post(address, {"action": "suspend", "reason": "spam"})
    assert no_days.status_code == 422
    assert "how long" in no_days.text
    done = site.post(address, {"action": "suspend", "reason": "spam", "days": "7"}).headers["location"]
    assert "Suspended until" in re.sub(r"\s+", " ", site.get(address).text)
    site.work()
    mails = [path.read_text() for path in site.settings.mail_folder.rglob("*.eml")]
    assert any("is suspended" in mail for mail in mails)
    site.sign_in(author)
    assert "Was polite." not in site.get(done).text
    assert site.get(address).status_code == 403
    assert site.get("/me/data/download").status_code == 200
    assert site.post(f"{done}/appeal", {"text": "I did nothing of the kind."}).status_code == 303
    assert site.post(f"/ideas/{other}/vote", {"value": "1"}).status_code == 403


def test_a_decision_about_a_comment(site: Site) -> None:
    def work(make: Make) -> tuple[Person, int]:
        return make.user(role="moderator"), make.comment(make.idea(), body="Buy my boat.")

    boss, comment_id = site.make(work)
    site.sign_in(boss)
    assert "Decide on the comment" in site.get(f"/comments/{comment_id}/decision").text
    answer = site.post(f"/comments/{comment_id}/decision", {"action": "remove", "reason": "spam"})
    assert answer.status_code == 303
    with site.database.reading() as db:
        assert decisions.reason_for(db, "comment", comment_id) == "spam"
