"""The queue as a whole: counts, filters that hold from case to case, skipping, undo, many cases with a preview."""

import re
from datetime import timedelta

import sqlalchemy as sa

from forum.clock import now
from forum.domain import cases, moderation, subjects
from forum.domain.actions import DecisionFields
from forum.domain.cases import Wanted
from forum.domain.people import Person
from forum.models import Case, Decision, Idea
from tests.making import Site


def open_case(site: Site, idea_id: int, kind: str = "report", *, hours: float = 24) -> int:
    """A case about an idea that is due in so many hours."""
    reader = site.make(lambda make: make.user(role="moderator"))
    return site.write(
        lambda db: cases.open_for(
            db, kind, subjects.get(db, reader, "idea", idea_id), due_at=now() + timedelta(hours=hours)
        )
    )


def filled(site: Site, count: int, kind: str = "report", *, hours: float = 24) -> tuple[list[int], list[int]]:
    """So many ideas with a case each, due one after the other: their ids and their cases'."""
    ideas = [site.make(lambda make, n=n: make.idea(title=f"A {kind} idea {n}")) for n in range(count)]  # type: ignore[misc]
    return ideas, [open_case(site, idea_id, kind, hours=hours + n / 1000) for n, idea_id in enumerate(ideas)]


def moderator(site: Site, name: str = "Mo Derator") -> Person:
    person = site.make(lambda make: make.user(role="moderator", name=name))
    site.sign_in(person)
    return person


def decided_by_another(site: Site, case_id: int) -> None:
    other = site.make(lambda make: make.user(role="moderator"))
    site.write(lambda db: moderation.decide(db, other, case_id, DecisionFields(action="keep")))


def ticked(page: str) -> list[int]:
    """The cases that are chosen in the queue."""
    return [int(number) for number in re.findall(r'name="case" value="(\d+)"[^>]* checked>', page)]


def states(site: Site, ids: list[int]) -> list[str]:
    with site.database.reading() as db:
        rows = {row.id: row.state for row in db.execute(sa.select(Idea.id, Idea.state).where(Idea.id.in_(ids)))}
    return [rows[idea_id] for idea_id in ids]


def test_bands_and_kinds_are_counted_on_all_pages_together(site: Site) -> None:
    filled(site, 2, hours=-1)
    filled(site, 1, "spam", hours=-1)
    filled(site, 3, hours=72)
    person = moderator(site)
    page = site.get("/moderation").text
    assert "Reported (5)" in page
    assert "Looks like spam (1)" in page
    assert "Overdue (3)" in page
    assert "New (3)" in page
    late = site.get("/moderation?band=overdue").text
    assert "All (3)" in late
    assert "Reported (2)" in late
    with site.database.reading() as db:
        found = cases.counts(db, person, Wanted(kind="report"))
    assert found.bands == {"overdue": 2, "due-today": 0, "new": 3}
    assert found.kinds == {"report": 5, "spam": 1}


def test_a_manager_counts_and_gets_cases_of_their_communities_only(site: Site) -> None:
    filled(site, 2, hours=-1)
    manager = site.make(lambda make: make.user())
    place = site.make(lambda make: make.community(managers=(manager,)))
    mine = site.make(lambda make: make.idea(community=place, title="In my own community"))
    case_id = open_case(site, mine)
    site.sign_in(manager)
    page = site.get("/moderation").text
    assert "All (1)" in page
    assert "A report idea" not in page
    assert site.post("/moderation/next").headers["location"] == f"/moderation/{case_id}"
    assert site.post("/moderation/next").headers["location"] == "/moderation"


def test_the_next_case_is_one_that_the_filters_want(site: Site) -> None:
    _, reports = filled(site, 1, hours=-5)
    _, spam = filled(site, 2, "spam", hours=3)
    moderator(site)
    first = site.post("/moderation/next?kind=spam").headers["location"]
    assert first == f"/moderation/{spam[0]}?kind=spam"
    page = site.get(first).text
    assert f'action="/moderation/{spam[0]}?kind=spam"' in page
    second = site.post(first, {"action": "keep"}).headers["location"]
    assert second == f"/moderation/{spam[1]}?kind=spam"
    assert site.post(second, {"action": "keep"}).headers["location"] == "/moderation?kind=spam"
    assert site.post("/moderation/next").headers["location"] == f"/moderation/{reports[0]}"


def test_a_skipped_case_does_not_come_again_and_stays_with_whoever_skipped_it(site: Site) -> None:
    _, found = filled(site, 2)
    moderator(site)
    first = site.post("/moderation/next").headers["location"]
    page = site.get(first).text
    assert "Skip to the next case" in page
    assert re.search(r"You have it until \d\d:\d\d UTC", page)
    assert site.post("/moderation/next").headers["location"] == f"/moderation/{found[1]}"
    assert site.get("/moderation?mine=1").text.count("You have it") == 2


def test_a_slip_is_undone_from_the_next_page_and_can_be_decided_anew(site: Site) -> None:
    [one, _], found = filled(site, 2)
    moderator(site)
    there = site.post(f"/moderation/{found[0]}", {"action": "remove", "reason": "spam"}).headers["location"]
    assert states(site, [one]) == ["removed"]
    page = site.get(there).text
    undo = re.search(r'action="(/decisions/\d+/undo)"><input type="hidden" name="next" value="([^"]+)"', page)
    assert undo is not None
    assert undo[2] == there == f"/moderation/{found[1]}"
    assert site.post(undo[1], {"next": undo[2]}).headers["location"] == there
    assert states(site, [one]) == ["published"]
    told = site.get(there).text
    assert "Undone. All is as it was before that decision." in told
    assert f"/ideas/{one}/decision" in told


def test_taking_a_case_that_somebody_has_shows_who_and_until_when(site: Site) -> None:
    _, [case_id] = filled(site, 1)
    moderator(site, "First Come")
    site.post(f"/moderation/{case_id}/take")
    moderator(site)
    refused = site.post(f"/moderation/{case_id}/take")
    assert refused.status_code == 409
    assert re.search(r"First Come has this case until \d\d:\d\d UTC", refused.text)
    words = {"action": "remove", "reason": "hate", "note": "My words.", "facts": "My facts."}
    late = site.post(f"/moderation/{case_id}", words)
    assert late.status_code == 409
    for kept in ("My words.", "My facts.", "Hate", "Removed"):
        assert kept in late.text


def test_a_preview_says_what_changes_and_changes_nothing(site: Site) -> None:
    ideas, found = filled(site, 3)
    person = moderator(site)
    own = site.make(lambda make: make.idea(author=person, title="My own idea"))
    mine = open_case(site, own)
    decided_by_another(site, found[2])
    choice = {"case": [*map(str, found), str(mine)], "action": "off-topic", "reason": "off-topic"}
    page = site.post("/moderation/preview?kind=report", choice)
    assert page.status_code == 200
    assert "Off-topic track: 2 cases" in page.text
    assert "Somebody has decided this case in the meantime." in page.text
    assert "This is your own, so somebody else decides on it." in page.text
    assert states(site, ideas) == ["published"] * 3
    sent = re.findall(r'name="case" value="(\d+)"', page.text)
    assert sent == [str(case_id) for case_id in found[:2]]
    back = re.search(r'<a href="([^"]+)" data-key="q"', page.text)
    assert back is not None
    again = site.get(back[1].replace("&amp;", "&")).text
    assert sorted(ticked(again)) == [*found[:2], mine]  # the third does not wait any more
    done = site.post("/moderation", {**choice, "case": sent, "note": "It belongs elsewhere."})
    assert done.status_code == 303
    assert states(site, ideas) == ["off-topic", "off-topic", "published"]
    act = done.headers["location"]
    shown = site.get(act).text
    assert "2 cases decided" in shown
    assert "Undo all of them" in shown
    site.post(f"{act}/undo")
    assert states(site, ideas) == ["published"] * 3


def test_many_cases_are_not_decided_when_one_of_them_was_meanwhile(site: Site) -> None:
    ideas, found = filled(site, 2)
    decided_by_another(site, found[1])
    moderator(site)
    choice = {"case": [str(case_id) for case_id in found], "action": "remove", "reason": "spam", "note": "My words."}
    refused = site.post("/moderation", choice)
    assert refused.status_code == 409
    assert f"Nothing was decided, because of case {found[1]}" in refused.text
    assert "My words." in refused.text
    assert re.findall(r'name="case" value="(\d+)"', refused.text) == [str(found[0])]
    assert states(site, ideas) == ["published"] * 2


def test_a_choice_without_cases_action_or_reason_comes_back_as_it_was(site: Site) -> None:
    _, found = filled(site, 2)
    moderator(site)
    nothing = site.post("/moderation/preview", {"action": "keep"})
    assert nothing.status_code == 422
    assert "Please choose at least one case first." in nothing.text
    no_reason = site.post("/moderation/preview", {"action": "remove", "case": [str(found[1])]})
    assert no_reason.status_code == 422
    assert "Please choose a reason." in no_reason.text
    assert re.search(rf'value="{found[1]}"[^>]* checked', no_reason.text)
    assert re.search(r'value="remove" selected', no_reason.text)
    odd = site.post(
        "/moderation/preview", {"action": "suspend", "days": "7", "reason": "spam", "case": [str(found[1])]}
    )
    assert "Please decide on this one case at a time." in odd.text
    many = site.post("/moderation/preview", {"action": "keep", "case": [str(number) for number in range(1, 102)]})
    assert many.status_code == 422
    assert "at most 100 cases" in many.text


def test_all_cases_of_a_page_are_chosen_by_a_link(site: Site) -> None:
    _, found = filled(site, 3)
    moderator(site, "First Come")
    site.post(f"/moderation/{found[0]}/take")
    moderator(site)
    assert ticked(site.get("/moderation?all=1").text) == found[1:]
    assert ticked(site.get("/moderation").text) == []


def test_a_case_shows_the_author_in_a_few_figures(site: Site) -> None:
    author = site.make(lambda make: make.user(trust_level=2))
    ideas = [site.make(lambda make: make.idea(author=author)) for _ in range(3)]
    site.make(lambda make: make.comment(ideas[0], author=author))
    first, second = (open_case(site, idea_id) for idea_id in ideas[:2])
    moderator(site)
    site.post(f"/moderation/{first}", {"action": "remove", "reason": "spam"})
    page = re.sub(r"\s+", " ", site.get(f"/moderation/{second}").text)
    assert "<dt>Posts</dt><dd>4</dd>" in page
    assert "<dt>Removed</dt><dd>1</dd>" in page
    assert "<dt>Trust level</dt>" in page
    assert "<dt>Decisions in force</dt><dd>1</dd>" in page
    assert f"/moderation/people/{author.handle}" in page


def test_pages_of_the_queue_follow_each_other_and_miss_nothing(site: Site) -> None:
    _, found = filled(site, 120, hours=1)
    moderator(site)
    seen: list[int] = []
    address: str | None = "/moderation?kind=report"
    while address:
        page = site.get(address).text
        seen += [int(number) for number in re.findall(r'name="case" value="(\d+)"', page)]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else None
    assert seen == found
    with site.database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Case).where(Case.is_open)).scalar_one() == 120
        assert db.execute(sa.select(sa.func.count()).select_from(Decision)).scalar_one() == 0
