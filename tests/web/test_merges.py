"""The pages of merging and splitting: propose, answer, decide, keep out, the old address, undo; all without scripts."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from forum.domain import votes
from forum.domain.errors import Conflict
from forum.domain.merges import proposals
from forum.domain.merges.proposals import ProposalFields
from forum.domain.people import Person
from forum.models import Case
from tests.making import Site

SAME = "Both ask for free buses."
ALL_NIGHT = "Let all buses be free at night."


def pair(site: Site, **values: object) -> tuple[Person, int, int]:
    """An author with an idea, and another idea much like it."""
    author = site.make(lambda make: make.user(name="Ada Author"))
    absorbed = site.make(lambda make: make.idea(author=author, title="Free buses at night", body=ALL_NIGHT, votes=2))
    target = site.make(lambda make: make.idea(title="Buses without fares", body="No fares.", votes=3, **values))
    return author, absorbed, target


def moderator(site: Site) -> Person:
    return site.make(lambda make: make.user(role="moderator", name="Mo Derator"))


def asked(site: Site, absorbed: int, target: int) -> str:
    """A moderator proposes, which asks the author; the address of the merge."""
    site.sign_in(moderator(site))
    sent = site.post(f"/ideas/{absorbed}/merge", {"target": str(target), "reason": SAME})
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def merged(site: Site, author: Person, absorbed: int, target: int) -> str:
    address = asked(site, absorbed, target)
    site.sign_in(author)
    assert site.post(f"{address}/answer", {"answer": "agree"}).status_code == 303
    return address


def test_from_the_proposal_to_one_idea_and_back(site: Site) -> None:
    author, absorbed, target = pair(site)
    site.sign_in(site.make(lambda make: make.user(name="Cy Citizen")))
    assert f"/ideas/{absorbed}/merge" in site.get(f"/ideas/{absorbed}-free-buses-at-night").text
    found = site.get(f"/ideas/{absorbed}/merge?q=I-{target}")
    assert "Buses without fares" in found.text
    sent = site.post(f"/ideas/{absorbed}/merge", {"target": str(target), "reason": SAME})
    address = sent.headers["location"]
    assert "Waiting for a moderator" in site.get(address).text
    site.sign_in(moderator(site))
    assert "Ask the author" in site.get(address).text
    assert site.post(f"{address}/decide", {"act": "ask"}).status_code == 303
    site.work()
    site.sign_in(author)
    assert "May “Free buses at night” be merged" in site.get("/notifications").text
    page = site.get(address).text
    assert "Do you agree?" in page
    assert "<ins>" in page
    done = site.post(f"{address}/answer", {"answer": "agree", "words": "Gladly."})
    assert done.headers["location"] == f"/ideas/{target}-buses-without-fares"
    site.work()
    site.sign_out()
    moved = site.get(f"/ideas/{absorbed}-free-buses-at-night")
    assert (moved.status_code, moved.headers["location"]) == (
        301,
        f"/ideas/{target}-buses-without-fares?merged={absorbed}",
    )
    assert "no-store" in moved.headers["cache-control"]
    arrived = site.get(moved.headers["location"]).text
    assert "You came from" in arrived
    assert "Merged into this idea" in arrived
    assert re.search(r"<b>5</b>", arrived)
    assert "You came from" not in site.get(f"/ideas/{target}-buses-without-fares").text
    assert "Free buses at night" not in site.get("/ideas").text
    site.sign_in(moderator(site))
    assert site.post(f"{address}/undo", {"reason": ""}).status_code == 422
    assert site.post(f"{address}/undo", {"reason": "They differ after all."}).status_code == 303
    site.sign_out()
    assert site.get(f"/ideas/{absorbed}-free-buses-at-night").status_code == 200
    assert "Merged into this idea" not in site.get(f"/ideas/{target}-buses-without-fares").text
    assert "They differ after all." in site.get(address).text


def test_supporters_are_told_and_keep_their_vote_out(site: Site) -> None:
    author, absorbed, target = pair(site)
    supporter = site.make(lambda make: make.user())
    site.write(lambda db: votes.cast(db, supporter, absorbed, 1))
    address = asked(site, absorbed, target)
    site.work()
    site.sign_in(supporter)
    assert "may be merged into" in site.get("/notifications").text
    assert "Keep my vote out" in site.get(address).text
    assert site.post(f"{address}/keep", {"value": "1"}).status_code == 303
    assert "Let my vote count" in site.get(address).text
    site.sign_in(author)
    site.post(f"{address}/answer", {"answer": "agree"})
    site.work()
    with site.database.reading() as db:
        assert votes.mine(db, supporter, [target]) == {}
    site.sign_in(supporter)
    assert "is a part of" in site.get("/notifications").text
    site.post(f"{address}/keep", {"value": "0"})
    with site.database.reading() as db:
        assert votes.mine(db, supporter, [target]) == {target: 1}
    assert site.post(f"{address}/keep", {"value": "7"}).status_code == 422


def test_the_proposer_hears_that_the_author_declined(site: Site) -> None:
    author, absorbed, target = pair(site)
    proposer = site.make(lambda make: make.user())
    site.sign_in(proposer)
    address = site.post(f"/ideas/{absorbed}/merge", {"target": str(target), "reason": SAME}).headers["location"]
    site.sign_in(author)
    assert site.post(f"{address}/answer", {"answer": "maybe"}).status_code == 422
    assert site.post(f"{address}/answer", {"answer": "decline", "words": "Mine is for nights only."}).status_code == 303
    site.work()
    site.sign_in(proposer)
    assert "declined the merge" in site.get("/notifications").text
    assert "Mine is for nights only." in site.get(address).text
    again = site.post(f"/ideas/{absorbed}/merge", {"target": str(target), "reason": SAME})
    assert again.status_code == 409
    assert SAME in again.text


def test_what_was_typed_is_kept_when_something_is_wrong(site: Site) -> None:
    _, absorbed, target = pair(site)
    site.sign_in(site.make(lambda make: make.user()))
    for data, words in (
        ({"target": str(target), "reason": ""}, "Please say why"),
        ({"reason": "A good reason to merge."}, "choose the idea that stays"),
        ({"other": "nonsense", "reason": "A good reason to merge."}, "choose the idea that stays"),
        ({"other": f"I-{absorbed}", "reason": "A good reason to merge."}, "merged into itself"),
    ):
        answer = site.post(f"/ideas/{absorbed}/merge", data)
        assert answer.status_code == 422
        assert words in answer.text
        assert data["reason"] in answer.text
    by_address = {"other": f"https://testserver/ideas/{target}-buses", "reason": "A good reason to merge."}
    assert site.post(f"/ideas/{absorbed}/merge", by_address).status_code == 303


def test_a_late_answer_gets_a_clear_page(site: Site) -> None:
    author, absorbed, target = pair(site)
    address = asked(site, absorbed, target)
    site.sign_in(author)
    assert site.post(f"{address}/answer", {"answer": "agree"}).status_code == 303
    late = site.post(f"{address}/answer", {"answer": "decline", "words": "I changed my mind."})
    assert late.status_code == 409
    assert "in the meantime" in late.text


def test_comments_say_where_they_were_written_and_their_addresses_work(site: Site) -> None:
    author, absorbed, target = pair(site)
    comment = site.make(lambda make: make.comment(absorbed, body="Night buses run empty anyway."))
    merged(site, author, absorbed, target)
    site.sign_out()
    moved = site.get(f"/comments/{comment}")
    assert moved.headers["location"] == f"/ideas/{target}-buses-without-fares#comment-{comment}"
    page = site.get(f"/ideas/{target}-buses-without-fares").text
    assert "Night buses run empty anyway." in page
    assert f"written on I-{absorbed}" in page


def test_an_idea_in_a_hidden_one_stays_readable_and_names_nothing(site: Site) -> None:
    place = site.make(lambda make: make.community())
    author, absorbed, target = pair(site, community=place)
    merged(site, author, absorbed, target)
    site.write(lambda db: db.exec_driver_sql(f"UPDATE communities SET visibility = 'members' WHERE id = {place.id}"))
    site.sign_out()
    page = site.get(f"/ideas/{absorbed}-free-buses-at-night")
    assert page.status_code == 200
    assert "Let all buses be free at night." in page.text
    assert "fares" not in page.text


def test_an_author_splits_an_idea_and_takes_it_back(site: Site) -> None:
    author, absorbed, _ = pair(site)
    thread = site.make(lambda make: make.comment(absorbed, body="And the trains?"))
    site.sign_in(author)
    form = site.get(f"/ideas/{absorbed}/split").text
    assert "And the trains?" in form
    words = {"title": "Free trains at night", "body": "Let all trains be free at night.", "reason": "Two in one."}
    wrong = site.post(f"/ideas/{absorbed}/split", {**words, "title": ""})
    assert wrong.status_code == 422
    assert words["body"] in wrong.text
    sent = site.post(f"/ideas/{absorbed}/split", {**words, "comment": str(thread)})
    part = sent.headers["location"]
    assert "And the trains?" in site.get(part).text
    assert "This was a part of" in site.get(part).text
    address = re.search(r'href="(/splits/\d+)"', site.get(part).text)
    assert address
    site.work()
    assert site.post(f"{address[1]}/undo", {"reason": "It was one thing."}).status_code == 303
    site.sign_out()
    assert "This part went back" in site.get(part).text
    assert "And the trains?" in site.get(f"/ideas/{absorbed}-free-buses-at-night").text
    assert site.get(f"/ideas/{absorbed}/split").status_code == 303


@pytest.mark.parametrize("path", ["/merges/999", "/splits/999", "/ideas/999/merge", "/ideas/999/split"])
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    site.sign_in(moderator(site))
    assert site.get(path).status_code == 404


def test_two_ideas_merged_into_each_other_at_the_same_moment(site: Site) -> None:
    gone = site.make(lambda make: make.user(status="imported"))
    for _ in range(3):
        one, other = (site.make(lambda make: make.idea(author=gone)) for _ in range(2))
        mods = [moderator(site), moderator(site)]

        def propose(pair: tuple[int, int], mod: Person) -> int:
            fields = ProposalFields(target=str(pair[1]), reason=SAME)
            return site.write(lambda db: proposals.propose(db, mod, pair[0], fields).id)

        merges = [propose((one, other), mods[0]), propose((other, one), mods[1])]

        def merge(number: int, merges: list[int] = merges, mods: list[Person] = mods) -> str:
            fields = proposals.DecisionFields(act="merge")
            try:
                return str(site.write(lambda db: proposals.decide(db, mods[number], merges[number], fields).stage))
            except Conflict as error:
                return str(error)

        with ThreadPoolExecutor(2) as pool:
            outcomes = sorted(pool.map(merge, range(2)))
        assert outcomes[1] == "merged"
        assert "was merged into another idea in the meantime" in outcomes[0]


def test_the_case_explains_the_merge_and_the_decision_undoes_it(site: Site) -> None:
    author, absorbed, target = pair(site)
    site.sign_in(site.make(lambda make: make.user()))
    address = site.post(f"/ideas/{absorbed}/merge", {"target": str(target), "reason": SAME}).headers["location"]
    site.sign_in(moderator(site))
    queue = site.get("/moderation?kind=merge").text
    [case_id] = re.findall(r'name="case" value="(\d+)"', queue)
    case = site.get(f"/moderation/{case_id}").text
    assert "Decide about this merge" in case
    assert "<ins>" in case
    site.post(f"{address}/decide", {"act": "ask"})
    site.sign_in(author)
    site.post(f"{address}/answer", {"answer": "agree"})
    found = re.search(r'href="(/decisions/\d+)"', site.get(address).text)
    assert found
    assert "Merged" in site.get(found[1]).text
    appeal = site.post(f"{found[1]}/appeal", {"text": "I agreed too fast. They are not the same."})
    assert appeal.status_code == 303, appeal.text
    site.sign_in(moderator(site))
    assert site.get(f"/moderation/{case_id}").status_code == 200
    undone = site.post(f"{found[1]}/undo", {"note": "The author is right."})
    assert undone.status_code == 303, undone.text
    assert "Undone" in site.get(address).text
    again = site.post(f"{undone.headers['location']}/undo", {"note": "Back again."})
    assert again.status_code == 409
    site.sign_out()
    assert site.get(f"/ideas/{absorbed}-free-buses-at-night").status_code == 200


def test_after_a_decision_about_a_merge_the_next_case_comes(site: Site) -> None:
    addresses = []
    for _ in range(2):
        _, absorbed, target = pair(site)
        site.sign_in(site.make(lambda make: make.user()))
        sent = site.post(f"/ideas/{absorbed}/merge", {"target": str(target), "reason": SAME})
        addresses.append(sent.headers["location"])
    site.sign_in(moderator(site))
    with site.database.reading() as db:
        first, second = db.execute(sa.select(Case.id).where(Case.kind == "merge").order_by(Case.id)).scalars()
    page = site.get(f"/moderation/{first}?kind=merge").text
    assert f'href="{addresses[0]}?kind=merge"' in page
    assert f'action="{addresses[0]}/decide?kind=merge"' in site.get(f"{addresses[0]}?kind=merge").text
    assert site.post(f"/moderation/{first}", {"action": "keep"}).status_code == 409  # it is decided on its own page
    done = site.post(f"{addresses[0]}/decide?kind=merge", {"act": "refuse"})
    assert done.headers["location"] == f"/moderation/{second}?kind=merge"
    page = site.get(done.headers["location"]).text
    assert "The two ideas stay apart. Here is the next case." in page
    assert f'href="{addresses[0]}"' in page
    last = site.post(f"{addresses[1]}/decide", {"act": "ask"})
    assert last.headers["location"] == "/moderation"
