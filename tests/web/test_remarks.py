"""Comments on directives in the pages of moderation: reported, held, decided on, appealed, and read in their place."""

import csv
import io
import re

import pytest

from forum.domain import remarking
from forum.domain.people import Person
from tests import directing
from tests.making import Make, Site

SAID = "You are all zqfools."


class Scene:
    """A directive before the public with one comment, and people around it."""

    def __init__(self, make: Make) -> None:
        self.writer = make.user(role="policy", name="Wren Writer")
        self.directive, _, (self.clause, *_) = directing.public(make.db, self.writer)
        self.author, self.reader = make.user(name="Ada Author"), make.user(name="Ray Reader")
        self.boss, self.other = (make.user(role="moderator", name=name) for name in ("First", "Second"))
        place = make.community(name="Parks")
        self.manager = make.member(place.id, make.user(), role="manager")
        remark = remarking.say(make.db, self.author, self.directive.id, self.clause, SAID)
        self.id, self.base = remark.id, f"/remarks/{remark.id}"
        self.newcomer = make.user(trust_level=0, name="Nell New")

    def say(self, site: Site, body: str, *, htmx: bool = False) -> str:
        path = f"/directives/{self.directive.id}/recommendations/{self.clause}/comments"
        answer = site.post(path, {"body": body}, htmx=htmx)
        return str(answer.text if htmx else answer.headers["location"])


@pytest.fixture
def scene(site: Site) -> Scene:
    return site.make(Scene)


def as_(site: Site, person: Person | None) -> Site:
    site.sign_out()
    if person is not None:
        site.sign_in(person)
    return site


def page(site: Site, scene: Scene) -> str:
    return str(site.get(scene.directive.path).text)


def remove(site: Site, scene: Scene) -> str:
    """Reported by a reader, removed by the first moderator; the address of the decision."""
    as_(site, scene.reader).post(f"{scene.base}/report", {"reason": "personal-attack"})
    queue = as_(site, scene.boss).get("/moderation").text
    case = re.search(r'href="(/moderation/\d+)"', queue)
    assert case
    site.post(case[1], {"action": "remove", "reason": "personal-attack", "note": "Talk about the idea."})
    site.work()
    told = as_(site, scene.author).get("/notifications").text
    assert "Your comment was removed" in told
    decision = re.search(r'href="(/log/\d+)"', site.get("/log").text)
    assert decision
    return decision[1].replace("/log", "/decisions")


def test_anyone_finds_where_to_report_it_and_says_why(site: Site, scene: Scene) -> None:
    assert f'href="{scene.base}/report"' in page(site, scene)
    assert "/sign-in" in site.get(f"{scene.base}/report").headers["location"]
    assert f'href="{scene.base}/report"' not in page(as_(site, scene.author), scene)
    assert site.get(f"{scene.base}/report").status_code == 403
    asked = as_(site, scene.reader).get(f"{scene.base}/report").text
    assert "Report this comment" in asked
    assert "Records online: 1.1 Post every record" in asked
    for given in ({"reason": "dislike"}, {"note": "Look."}):  # no reason of ours, and none
        refused = site.post(f"{scene.base}/report", given)
        assert (refused.status_code, "Please choose one of the reasons." in refused.text) == (422, True)
    assert "Look." in refused.text
    answer = site.post(f"{scene.base}/report", {"reason": "personal-attack", "note": "Look."})
    assert (answer.status_code, answer.headers["location"]) == (303, scene.base)
    told = site.get(scene.base, follow_redirects=True).text  # by way of two addresses, and the message comes along
    assert "A moderator will look at it within a working day" in told
    assert "within a working day" not in page(site, scene)
    assert site.get(f"{scene.base}/report").status_code == 409


def test_the_queue_shows_it_with_the_recommendation_and_the_way_to_its_place(site: Site, scene: Scene) -> None:
    as_(site, scene.reader).post(f"{scene.base}/report", {"reason": "personal-attack", "note": "Look."})
    queue = as_(site, scene.boss).get("/moderation").text
    for words in ("Comment on", "Records online: 1.1 Post every record", SAID, "Directives", "Personal attack"):
        assert words in queue, words
    case = re.search(r'href="(/moderation/\d+)"', queue)
    assert case
    shown = site.get(case[1]).text
    for words in ("comment on Records online", SAID, directing.CLAUSE["what"], f'href="{scene.base}"', "Look."):
        assert words in shown, words
    assert 'value="off-topic"' not in re.sub(r'name="reason"[^>]*', "", shown)
    place = site.get(scene.base)
    assert place.headers["location"] == f"/directives/{scene.directive.id}?remark={scene.id}#remark-{scene.id}"
    moved = site.get(f"/directives/{scene.directive.id}?remark={scene.id}")
    assert moved.headers["location"] == f"{scene.directive.path}?remark={scene.id}"
    unfolded = site.get(moved.headers["location"]).text
    assert '<details class="more" open><summary>Read the comments' in unfolded
    for nobody in (scene.manager, scene.writer, scene.author):
        assert as_(site, nobody).get(case[1]).status_code in (403, 404)
        assert site.post(f"{scene.base}/decision", {"action": "remove", "reason": "spam"}).status_code == 403
        assert site.get(f"{scene.base}/decision").status_code == 403


def test_a_note_with_the_reason_stands_at_its_place_and_nobody_reads_the_words(site: Site, scene: Scene) -> None:
    remove(site, scene)
    for person in (None, scene.reader, scene.manager, scene.writer):
        read = page(as_(site, person), scene)
        assert "Moderators removed this comment." in read
        assert "Reason: Personal attack." in read
        assert "zqfools" not in read
        assert site.get(f"{scene.base}/report").status_code in (303, 403)
        for kind in ("md", "json"):
            path = f"/directives/{scene.directive.id}" + (".md" if kind == "md" else "/editions/1.json")
            assert "zqfools" not in site.get(path).text
    assert SAID in page(as_(site, scene.boss), scene)
    assert SAID in page(as_(site, scene.author), scene)


def test_the_author_reads_the_statement_and_appeals_and_another_moderator_decides(site: Site, scene: Scene) -> None:
    decision = remove(site, scene)
    told = as_(site, scene.author).get(decision).text
    for words in ("Removed: your comment", "Talk about the idea.", "Your comment on “Records online: 1.1", SAID):
        assert words in told, words
    assert site.post(f"{decision}/appeal", {"text": "It was meant as a joke."}).status_code == 303
    assert as_(site, scene.reader).get(decision).status_code == 404
    queue = as_(site, scene.other).get("/moderation?kind=appeal").text
    case = re.search(r'href="(/moderation/\d+)\?kind=appeal"', queue)
    assert case
    shown = site.get(case[1]).text
    assert "It was meant as a joke." in shown
    appeal = re.search(r'action="(/appeals/\d+)"', shown)
    assert appeal
    answer = {"outcome": "upheld", "answer": "It was one, and a mild one."}
    assert as_(site, scene.boss).post(appeal[1], answer).status_code == 403
    assert as_(site, scene.other).post(appeal[1], answer).status_code == 303
    assert SAID in page(as_(site, None), scene)


def test_an_undo_leads_to_a_new_decision(site: Site, scene: Scene) -> None:
    decision = remove(site, scene)
    as_(site, scene.boss)
    assert "Undo this decision" in site.get(decision).text
    assert site.post(f"{decision}/undo", {"note": "Too quick.", "next": scene.base}).status_code == 303
    assert f'href="{scene.base}/decision"' in site.get("/moderation").text
    anew = site.get(f"{scene.base}/decision").text
    assert "Decide on the comment" in anew
    assert "(undone)" in anew
    wrong = site.post(f"{scene.base}/decision", {"action": "off-topic", "reason": "off-topic"})
    assert wrong.status_code == 422
    assert "is not for a comment" in wrong.text
    assert site.post(f"{scene.base}/decision", {"action": "hold", "reason": "other"}).status_code == 303
    assert "zqfools" not in page(as_(site, scene.reader), scene)
    assert site.get(scene.base).status_code == 404


def test_log_feed_file_and_report_name_it_without_its_words(site: Site, scene: Scene) -> None:
    remove(site, scene)
    site.sign_out()
    what = f"Comment on a directive {scene.id}"
    for path in ("/log", "/log.atom", "/log.csv", "/transparency"):
        text = site.get(path).text
        assert "zqfools" not in text
        assert path == "/transparency" or what.lower() in text.lower(), path
    [row] = csv.DictReader(io.StringIO(site.get("/log.csv").text))
    assert (row["kind"], row["subject"], row["community"]) == ("remark", what, "")
    assert row["url"] == f"https://testserver{scene.base}"
    months = re.search(r'href="(/transparency/\d{4}-\d\d)"', site.get("/transparency").text)
    assert months
    figures = list(csv.DictReader(io.StringIO(site.get(f"{months[1]}.csv").text)))
    found = {(one["figure"], one["item"]): one["value"] for one in figures}
    assert found["posts", "comments-on-directives"] == "1"
    assert found["decisions-by-community", "Directives, not communities"] == "1"
    assert "Directives, not communities" in site.get(months[1]).text


def test_a_first_comment_of_a_new_account_waits_where_only_they_and_moderators_see_it(site: Site, scene: Scene) -> None:
    as_(site, scene.newcomer)
    location = scene.say(site, "Begin with the zqcourts.")
    read = site.get(location.partition("#")[0]).text
    assert "A moderator looks at your comment before everyone can see it." in read
    assert "This comment waits for a check." in read
    assert "zqcourts" in read
    held = int(re.findall(r'id="remark-(\d+)"', read)[-1])
    for person in (None, scene.reader, scene.writer, scene.manager):
        assert "zqcourts" not in page(as_(site, person), scene)
        assert site.get(f"/remarks/{held}").status_code == 404
        assert site.get(f"/remarks/{held}/report").status_code in (303, 404)
        assert site.post(f"/remarks/{held}/answer", {"answer": "We will."}).status_code in (303, 403, 404)
    assert "zqcourts" in page(as_(site, scene.boss), scene)
    assert site.post(f"/remarks/{held}/decision", {"action": "keep"}).status_code == 303
    assert "zqcourts" in page(as_(site, None), scene)


def test_comments_swap_in_place_and_are_withdrawn(site: Site, scene: Scene) -> None:
    as_(site, scene.author)
    part = scene.say(site, "Post the dockets first.", htmx=True)
    assert "<html" not in part
    assert "Your comment stands here now." in part
    mine = re.findall(r'action="(/remarks/\d+)/withdraw"', part)[-1]
    swapped = site.post(f"{mine}/withdraw", htmx=True).text
    assert "The author withdrew this comment." in swapped
    assert site.post(f"{mine}/withdraw").status_code == 403
    assert as_(site, scene.reader).post(f"{scene.base}/withdraw").status_code == 403
    answered = as_(site, scene.writer).post(f"{scene.base}/answer", {"answer": "We disagree."})
    assert answered.headers["location"].endswith(f"#remark-{scene.id}")
    for missing in ("/remarks/999", "/remarks/999/report", "/remarks/999/decision"):
        assert as_(site, scene.boss).get(missing).status_code == 404


def test_the_history_of_a_person_lists_it(site: Site, scene: Scene) -> None:
    remove(site, scene)
    history = as_(site, scene.boss).get(f"/moderation/people/{scene.author.handle}").text
    assert "Comments on directives" in history
    assert f'href="{scene.base}"' in history
    data = as_(site, scene.author).get("/me/data/download").text
    assert "Records online: 1.1 Post every record" in data
    assert "Begin" not in data


def test_ones_own_page_and_public_page_list_comments_on_directives(site: Site, scene: Scene) -> None:
    link = f'href="{scene.base}"'
    for path in ("/me", "/me/comments", f"/people/{scene.author.handle}", f"/people/{scene.author.handle}/comments"):
        text = as_(site, scene.author).get(path).text
        for words in (link, SAID, "On a directive"):
            assert words in text, (path, words)
    decision = remove(site, scene)
    for path in ("/me", "/me/comments"):
        text = as_(site, scene.author).get(path).text
        for words in (link, SAID, f'href="{decision}">Why'):
            assert words in text, (path, words)
    for path in (f"/people/{scene.author.handle}", f"/people/{scene.author.handle}/comments"):
        for person in (None, scene.reader, scene.author):
            assert SAID not in as_(site, person).get(path).text, path
    assert SAID in as_(site, scene.author).get("/me/data/download").text


def test_an_author_who_is_told_once_finds_every_decision_of_the_act(site: Site, scene: Scene) -> None:
    as_(site, scene.author)
    scene.say(site, "Zqmore words of mine.")
    as_(site, scene.reader)
    for base in (scene.base, f"/remarks/{scene.id + 1}"):
        site.post(f"{base}/report", {"reason": "spam"})
    queue = as_(site, scene.boss).get("/moderation").text
    chosen = re.findall(r'name="case" value="(\d+)"', queue)
    assert len(chosen) == 2
    fields = {"case": chosen, "action": "remove", "reason": "spam"}
    assert "Decide on 2 cases" in site.post("/moderation/preview", fields).text
    act = site.post("/moderation", fields).headers["location"]
    assert site.get(act).text.count('Removed</a>: <a href="/remarks/') == 2
    site.work()
    told = as_(site, scene.author).get("/notifications").text
    assert told.count("Your comment was removed") == 1
    assert "The same goes for 1 more of your comments." in told
    decision = re.search(r'href="(/decisions/\d+)">Why', site.get("/me/comments").text)
    assert decision
    page = site.get(decision[1]).text
    assert "Decided together with it" in page
    other = re.search(r'href="(/decisions/\d+)">Decision', page)
    assert other
    assert "Appeal" in site.get(other[1]).text


def test_the_queue_and_the_log_are_narrowed_to_comments_on_directives(site: Site, scene: Scene) -> None:
    as_(site, scene.reader).post(f"{scene.base}/report", {"reason": "spam"})
    idea = site.make(lambda make: make.idea(title="A reported idea"))
    site.post(f"/ideas/{idea}/report", {"reason": "spam"})
    as_(site, scene.boss)
    for about, has_idea, has_remark in (("", True, True), ("remark", False, True), ("idea", True, False)):
        text = site.get(f"/moderation?about={about}").text
        assert ("A reported idea" in text, SAID in text) == (has_idea, has_remark), about
        assert f"Reported ({has_idea + has_remark})" in text
    assert site.get("/moderation?about=nothing").status_code == 404
    taken = site.post("/moderation/next?about=remark").headers["location"]
    assert taken.endswith("?about=remark")
    assert SAID in site.get(taken).text
    site.post(taken, {"action": "keep"})
    assert "Comment on a directive" in site.get("/log?about=remark").text
    assert "Comment on a directive 1" not in site.get("/log?about=idea").text
