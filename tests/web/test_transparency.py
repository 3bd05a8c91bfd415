"""The transparency report as people and programs read it: months, charts with their tables, and CSV."""

import csv
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from forum.clock import now
from forum.db import insert
from forum.domain import moderation, reports, transparency
from forum.domain.moderation import DecisionFields
from forum.domain.reports import ReportFields
from forum.models import Case, Decision
from forum.web.transparency import FIELDS, hours_shown
from tests.making import Make, Site


def a_month(make: Make) -> str:
    """Three decisions of this month, one in a community that few see; returns the code of the month."""
    boss = make.user(role="moderator")
    for place, action, reason in (
        (make.community(name="Budget"), "remove", "spam"),
        (make.community(name="Budget two"), "keep", ""),
        (make.community(name="A secret plan", visibility="members"), "remove", "hate"),
    ):
        idea_id = make.idea(community=place)
        case_id = reports.file(make.db, boss, "idea", idea_id, ReportFields(reason="spam"))
        fields = DecisionFields(action=action, reason=reason)  # type: ignore[arg-type]
        moderation.decide(make.db, boss, case_id, fields)
    return transparency.present().code


def rows(site: Site, path: str) -> list[dict[str, str]]:
    """A CSV of the report."""
    answer = site.get(path)
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_month_has_its_numbers_charts_and_tables(site: Site) -> None:
    code = site.make(a_month)
    page = site.get(f"/transparency/{code}").text
    assert "Half of the 3 cases were decided within" in page
    assert "<b>100 %</b> were decided before they were due" in page
    charts, tables = page.count('<svg class="chart'), page.count('<table class="table is-tight">')
    assert charts == 7  # nobody appealed
    assert tables == 8
    assert "Decisions: most often “Removed”" in page
    assert 'style="' not in page
    assert "This month is not over." in page


def test_communities_that_not_everybody_sees_are_not_named(site: Site) -> None:
    code = site.make(a_month)
    for path in (f"/transparency/{code}", f"/transparency/{code}.csv", f"/transparency/{code}.csv?figure=places"):
        text = site.get(path).text
        assert "secret plan" not in text, path
        assert "Communities that not everyone can see" in text, path


def test_the_csv_has_every_number_of_the_page(site: Site) -> None:
    code = site.make(a_month)
    found = rows(site, f"/transparency/{code}.csv")
    assert tuple(found[0]) == FIELDS
    numbers = {(row["figure"], row["item"]): row["value"] for row in found}
    assert numbers["decisions", "remove"] == "2"
    assert numbers["decisions", "keep"] == "1"
    assert numbers["decisions-by-reason", "hate"] == "1"
    assert numbers["reports", "spam"] == "3"
    assert numbers["posts", "ideas"] == "3"
    assert numbers["cases", "decided-in-time"] == "3"
    assert numbers["appeals", "median-hours"] == ""
    assert rows(site, "/transparency.csv") == found


def test_each_chart_has_a_csv_of_its_own(site: Site) -> None:
    code = site.make(a_month)
    for page in (f"/transparency/{code}", "/transparency"):
        links = re.findall(r'href="(/transparency[^"]*\.csv\?figure=[^"]+)"', site.get(page).text)
        assert len(links) >= 4
        for link in links:
            assert rows(site, link) or "appeals" in link, link
    assert rows(site, f"/transparency/{code}.csv?figure=decisions")[0] == {
        "Decision": "Removed",
        "All": "2",
        "Found by a program": "0",
    }
    assert site.get(f"/transparency/{code}.csv?figure=nothing").status_code == 404


def test_the_overview_leads_to_every_month_there_is(site: Site) -> None:
    def prepare(make: Make) -> None:
        idea_id, author = make.idea(), make.user()
        subject = {"subject_kind": "idea", "subject_id": idea_id, "author_id": author.id}
        old = now() - timedelta(days=800)
        states = {"state_before": "published", "state_after": "published", "action": "keep"}
        insert(make.db, Decision, created_at=old, **subject, **states)

    site.make(prepare)
    with time_machine.travel(now()):
        page = site.get("/transparency").text
        links = re.findall(r'href="(/transparency/\d{4}-\d\d)"', page)
        assert 26 <= len(links) <= 28
        for link in (links[0], links[-1]):
            assert site.get(link).status_code == 200


@pytest.mark.parametrize("code", ["2026-13", "1999-01", "9999-12", "today", "2026-1", "2026-01.json"])
def test_a_month_that_is_not_reported_on_is_not_there(site: Site, code: str) -> None:
    assert site.get(f"/transparency/{code}").status_code == 404
    assert site.get(f"/transparency/{code}.csv").status_code == 404


def test_an_empty_forum_has_an_empty_report(site: Site) -> None:
    code = transparency.present().code
    assert "No case was decided." in site.get(f"/transparency/{code}").text
    assert "Nothing to count." in site.get("/transparency").text


@pytest.mark.parametrize(
    "hours, words",
    [(None, "none yet"), (0, "1 minute"), (0.5, "30 minutes"), (1.4, "84 minutes"), (5.2, "5 hours"), (60, "2.5 days")],
)
def test_spans_of_time_read_as_people_say_them(hours: float | None, words: str) -> None:
    assert hours_shown(hours) == words


def test_the_report_costs_a_handful_of_queries(site: Site) -> None:
    site.make(a_month)
    code, seen = transparency.present().code, []

    def note(*arguments: object) -> None:
        seen.append(arguments[2])

    engine = site.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    site.get(f"/transparency/{code}")
    sa.event.remove(engine, "before_cursor_execute", note)
    assert len(seen) <= 25, len(seen)
    assert site.write(lambda db: db.execute(sa.select(sa.func.count()).select_from(Case)).scalar_one()) == 3
