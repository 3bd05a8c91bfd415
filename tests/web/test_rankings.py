"""Ranking pages: the formulas beside each other, explained, filtered, and as files with the same ideas."""

import csv
import io
from datetime import UTC, datetime

import pytest

from forum.domain.formulas import FORMULAS
from tests.making import Make, Site

DAY = datetime(2009, 5, 21, 12, tzinfo=UTC)


def fill(make: Make) -> None:
    place = make.community(slug="records", name="Records")
    make.idea(community=place, title="Loved by few", up=40, imported_up=40, created_at=DAY)
    make.idea(
        community=place, title="Known to many", up=300, down=120, imported_up=300, imported_down=120, created_at=DAY
    )
    make.idea(title="Split", up=50, down=50, imported_up=50, imported_down=50, created_at=DAY)
    make.idea(title="Later", up=1, imported_up=1, created_at=datetime(2009, 6, 21, tzinfo=UTC))
    make.idea(title="Hidden", up=999, state="held", is_listed=False, is_public=False)


def titles(site: Site, query: str) -> list[str]:
    rows = csv.DictReader(io.StringIO(site.get(f"/rankings.csv{query}").text))
    return [row["title"] for row in rows]


@pytest.mark.parametrize(
    ("method", "first"),
    [("net", "Known to many"), ("approval", "Loved by few"), ("trending", "Later"), ("contested", "Split")],
)
def test_each_formula_has_its_own_leader(site: Site, method: str, first: str) -> None:
    site.make(fill)
    page = site.get(f"/rankings?method={method}")
    assert page.status_code == 200
    places = {title: page.text.find(f">{title}</a>") for title in ("Loved by few", "Known to many", "Split", "Later")}
    assert min(places, key=lambda title: places[title]) == first
    assert titles(site, f"?method={method}")[0] == first
    assert site.get(f"/rankings.json?method={method}").json()["ideas"][0]["title"] == first
    assert "Hidden" not in page.text


def test_filters_hold_for_page_and_files(site: Site) -> None:
    site.make(fill)
    assert titles(site, "?community=records") == ["Known to many", "Loved by few"]
    assert titles(site, "?since=2009-06-01") == ["Later"]
    assert titles(site, "?until=2009-05-21&limit=1") == ["Known to many"]
    page = site.get("/rankings?community=records&limit=10")
    assert "Split" not in page.text
    assert "/rankings.csv?method=net&amp;community=records&amp;limit=10" in page.text


def test_htmx_gets_the_results_alone(site: Site) -> None:
    site.make(fill)
    page = site.get("/rankings?method=approval", htmx=True)
    assert page.text.startswith('<div class="columns" id="results">')
    assert "Loved by few" in page.text


@pytest.mark.parametrize("method", FORMULAS)
def test_each_formula_is_explained_with_an_example(site: Site, method: str) -> None:
    empty = site.get(f"/rankings/{method}")
    assert empty.status_code == 200
    assert "An example from this forum" not in empty.text
    site.make(fill)
    page = site.get(f"/rankings/{method}")
    assert "An example from this forum" in page.text
    assert FORMULAS[method].formula in page.text.replace("&lt;", "<")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/rankings?method=vibes", 422),
        ("/rankings/vibes", 404),
        ("/rankings?community=nowhere", 422),
        ("/rankings?limit=0", 422),
        ("/rankings?limit=101", 422),
        ("/rankings?limit=²", 422),
        ("/rankings?since=yesterday", 422),
        ("/rankings.csv?limit=10001", 422),
        ("/rankings.json?limit=x", 422),
    ],
)
def test_what_makes_no_sense_is_refused(site: Site, address: str, status: int) -> None:
    assert site.get(address).status_code == status


def test_a_community_that_is_not_for_everyone_has_no_public_ranking(site: Site) -> None:
    site.make(lambda make: make.idea(community=make.community(slug="staff", visibility="employees"), title="Inside"))
    assert site.get("/rankings?community=staff").status_code == 422
    assert site.get("/rankings.csv?community=staff").status_code == 422
    assert "Inside" not in site.get("/rankings").text
