"""The public log as people and programs read it: page, entry, Atom and CSV, with the same filters and rights."""

import csv
import io
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import insert
from forum.domain import moderation, reports
from forum.domain.moderation import DecisionFields
from forum.domain.reports import ReportFields
from forum.models import Decision
from forum.web.log import FIELDS
from tests.making import Make, Site

ATOM = "{http://www.w3.org/2005/Atom}"


def decided(make: Make, action: str = "remove", reason: str = "spam", **values: object) -> int:
    """An idea that a moderator decided on; the id of the decision."""
    idea_id = make.idea(**values)  # type: ignore[arg-type]
    boss = make.user(role="moderator", name="Ms. Moderator")
    case_id = reports.file(make.db, boss, "idea", idea_id, ReportFields(reason="spam"))
    fields = DecisionFields(action=action, reason=reason, note="A private message.")  # type: ignore[arg-type]
    moderation.decide(make.db, boss, case_id, fields)
    return int(make.db.execute(sa.select(sa.func.max(Decision.id))).scalar_one())


def ids(site: Site, query: str = "") -> list[int]:
    """The decisions that the page lists, in its order."""
    return [int(number) for number in re.findall(r'<tr id="decision-(\d+)">', site.get(f"/log{query}").text)]


def table(site: Site, query: str = "") -> list[dict[str, str]]:
    """The CSV of the log."""
    return list(csv.DictReader(io.StringIO(site.get(f"/log.csv{query}").text)))


def test_everybody_reads_what_was_decided_and_why(site: Site) -> None:
    number = site.make(lambda make: decided(make, community=make.community(name="Budget")))
    page = site.get("/log").text
    assert ids(site) == [number]
    for words in ("Removed", "Spam", "Budget", "Idea 1", 'href="/ideas/1"'):
        assert words in page, words
    entry = site.get(f"/log/{number}").text
    for words in (f"Decision {number}: removed", "It advertises something", "A person found and decided it."):
        assert words in entry, words
    assert site.get("/log/987654").status_code == 404


def test_no_form_of_the_log_has_names_titles_or_texts(site: Site) -> None:
    def prepare(make: Make) -> int:
        return decided(make, title="A telling title", body="A sentence of mine.", author=make.user(name="Wilhelmina"))

    number = site.make(prepare)
    for path in ("/log", f"/log/{number}", "/log.atom", "/log.csv"):
        text = site.get(path).text.lower()
        for private in ("telling", "sentence of mine", "wilhelmina", "ms. moderator", "private message"):
            assert private not in text, (path, private)


def test_filters_stand_in_the_address_and_hold_for_every_form(site: Site) -> None:
    def prepare(make: Make) -> tuple[int, int, str]:
        place = make.community()
        return decided(make, community=place), decided(make, "keep", ""), place.slug

    removed, kept, slug = site.make(prepare)
    today = f"{now():%Y-%m-%d}"
    tomorrow = f"{now() + timedelta(days=1):%Y-%m-%d}"
    for query, found in (
        ("", [kept, removed]),
        ("?action=remove", [removed]),
        ("?reason=spam", [removed]),
        ("?about=idea", [kept, removed]),
        ("?about=remark", []),
        (f"?community={slug}", [removed]),
        ("?machine=none", [kept, removed]),
        ("?machine=found", []),
        (f"?since={today}&until={today}", [kept, removed]),
        (f"?since={tomorrow}", []),
    ):
        assert ids(site, query) == found, query
        assert [int(row["decision"]) for row in table(site, query)] == found, query
        feed = ElementTree.fromstring(site.get(f"/log.atom{query}").text)  # noqa: S314 - we made it
        links = [str(link.text).rpartition("/")[2] for link in feed.iterfind(f"{ATOM}entry/{ATOM}id")]
        assert [int(link) for link in links] == found, query
    assert "Try fewer filters" in site.get("/log?action=lock").text


@pytest.mark.parametrize(
    "query, status",
    [("action=x", 422), ("reason=x", 422), ("about=x", 422), ("machine=x", 422), ("since=yesterday", 422),
     ("until=0001-01-01", 422), ("since=2026-02-01&until=2026-01-01", 422), ("community=nowhere", 404),
     ("after=x", 404)],
)  # fmt: skip
@pytest.mark.parametrize("form", ["", ".csv", ".atom"])
def test_what_can_not_be_asked_gets_a_clear_page(site: Site, form: str, query: str, status: int) -> None:
    if form == ".atom" and query == "after=x":
        return  # a feed has no pages
    assert site.get(f"/log{form}?{query}").status_code == status


def test_the_log_is_paged_by_key(site: Site) -> None:
    def prepare(make: Make) -> None:
        idea_id, author = make.idea(), make.user()
        given = {"subject_kind": "idea", "subject_id": idea_id, "author_id": author.id, "action": "keep"}
        for _ in range(120):
            insert(make.db, Decision, created_at=now(), state_before="published", state_after="published", **given)

    site.make(prepare)
    seen, path = [], "/log"
    while path:
        page = site.get(path).text
        seen += [int(number) for number in re.findall(r'<tr id="decision-(\d+)">', page)]
        following = re.search(
            r'href="(/log\?after=[^"]+)"[^>]*rel="next"|rel="next"[^>]*href="(/log\?after=[^"]+)"', page
        )
        path = (following[1] or following[2]).replace("&amp;", "&") if following else ""
    assert seen == list(range(120, 0, -1))
    assert len(table(site)) == 120


def test_htmx_gets_the_list_alone(site: Site) -> None:
    site.make(decided)
    answer = site.get("/log?action=remove", htmx=True)
    assert "<html" not in answer.text
    assert 'id="results"' in answer.text


def test_members_see_the_decisions_of_their_closed_community(site: Site) -> None:
    def prepare(make: Make) -> tuple[int, str, object]:
        place = make.community(visibility="members")
        return decided(make, community=place), place.slug, make.member(place.id, make.user())

    number, slug, member = site.make(prepare)
    assert ids(site) == []
    assert table(site) == []
    assert site.get(f"/log/{number}").status_code == 404
    assert site.get(f"/log?community={slug}").status_code == 404
    site.sign_in(member)  # type: ignore[arg-type]
    assert ids(site) == ids(site, f"?community={slug}") == [number]
    assert [int(row["decision"]) for row in table(site)] == [number]


def test_the_csv_has_the_columns_that_its_description_names(site: Site) -> None:
    site.make(decided)
    (row,) = table(site)
    assert tuple(row) == FIELDS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["at"])
    assert (row["action"], row["reason"], row["kind"], row["machine"]) == ("remove", "spam", "idea", "none")
    assert row["url"] == "https://testserver/ideas/1"
