"""Ranking pages: the formulas beside each other, explained, filtered, and as files with the same ideas."""

import csv
import html
import io
import json
import re
import sys
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from forum.cli import main
from forum.domain import consensus
from forum.domain.formulas import FORMULAS
from tests import directing, ranking
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


def test_on_a_large_forum_only_the_policy_team_counts_votes_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.make(fill)
    analyst = site.make(lambda make: make.user(role="policy"))
    monkeypatch.setattr("forum.domain.rankings.costs.MOST", -1)
    refused = site.get("/rankings?voters=citizen")
    assert refused.status_code == 422
    assert "take long to count anew" in refused.text
    assert site.get("/rankings.csv?voters=citizen").status_code == 422
    assert site.get("/rankings/laboratory?ranking=method%3Dnet%26confirmed%3D1").status_code == 422
    assert site.get("/rankings").status_code == 200
    site.sign_in(analyst)
    assert site.get("/rankings?voters=citizen").status_code == 200


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


@pytest.mark.parametrize("method", [name for name, formula in FORMULAS.items() if formula.is_by_tally])
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


def address(kind: str, values: dict, **more: str) -> str:
    pairs = [(name, value) for name, value in values.items() if name != "community"]
    pairs += [("community", slug) for slug in values.get("community", ())]
    return f"/rankings{kind}?{urlencode([*pairs, *more.items()])}"


def shown(page: str) -> list[tuple[str, int, int]]:
    """Titles and votes of the table on the page."""
    rows = re.findall(r'<a href="[^"]+" dir="auto">(.+?)</a>.+?data-label="For">([\d,]+)<.+?"Against">([\d,]+)<', page)
    return [(html.unescape(title), int(up.replace(",", "")), int(down.replace(",", ""))) for title, up, down in rows]


def test_page_json_csv_and_command_line_rank_alike_and_right(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    items = site.make(ranking.fill)
    titles = {item.id: item.title for item in items}
    monkeypatch.setenv("FORUM_DATABASE_URL", site.settings.database_url)
    monkeypatch.setenv("FORUM_BASE_URL", site.settings.base_url)
    monkeypatch.setenv("FORUM_SECRET", "kX9-vQ2_tR7zLm4bWc8yHd5sJf1gNp3a")
    for values in ranking.CASES:
        expected = [(titles[key], up, down) for key, _, up, down in ranking.ranked(items, values)]
        scores = [row[1] for row in ranking.ranked(items, values)]
        page = site.get(address("", values, limit="100"))
        assert shown(page.text) == expected, values
        data = site.get(address(".json", values)).json()
        assert [(row["title"], row["up"], row["down"]) for row in data["ideas"]] == expected, values
        assert [row["score"] for row in data["ideas"]] == pytest.approx(scores, abs=1e-7)
        assert site.get("/rankings.json", params=data["filters"]).json()["ideas"] == data["ideas"]
        rows = list(csv.DictReader(io.StringIO(site.get(address(".csv", values)).text)))
        assert [row["score"] for row in rows] == [str(row["score"]) for row in data["ideas"]]
        assert command(monkeypatch, capsys, values)["ideas"] == data["ideas"], values


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], values: dict) -> dict:
    """What `forum export top` prints for these values."""
    given = ["forum", "export", "top", "--format", "json"]
    for name, value in values.items():
        if value == "yes":
            given.append(f"--{name}")
        else:
            for one in value if isinstance(value, list) else [value]:
                given += [f"--{name}", one]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    return json.loads(capsys.readouterr().out)


def test_the_page_says_what_it_counts_and_keeps_what_was_typed(site: Site) -> None:
    site.make(ranking.fill)
    page = site.get("/rankings?community=alpha&community=gamma&voters=citizen&track=yes&method=approval").text
    assert "Ideas in Alpha and Gamma. Ideas on the off-topic track are included. Votes of citizens count." in page
    assert "Communities: 2 chosen" in page
    assert re.search(r'name="community" value="gamma" checked', page)
    assert (
        "/rankings.csv?method=approval&amp;community=alpha,gamma&amp;voters=citizen&amp;track=yes&amp;limit=25" in page
    )
    wrong = site.get("/rankings?since=2026-03-03&until=2026-03-01&voters=citizen")
    assert wrong.status_code == 422
    assert "The last day comes before the first day." in wrong.text
    assert 'value="2026-03-01"' in wrong.text
    assert 'value="citizen" selected' in wrong.text
    assert "<table" not in wrong.text


def test_an_order_by_no_votes_at_all_says_so(site: Site) -> None:
    site.make(fill)
    assert "No votes count here" in site.get("/rankings?voters=employee").text
    assert "No votes count here" not in site.get("/rankings").text


def test_the_desk_is_for_the_policy_team(site: Site) -> None:
    assert site.get("/desk").status_code == 303
    for role, status in (("citizen", 403), ("moderator", 403), ("policy", 200), ("administrator", 200)):
        site.sign_in(site.make(lambda make, role=role: make.user(role=role)))
        assert site.get("/desk").status_code == status
        assert ('<a href="/desk"' in site.get("/rules").text) == (status == 200)
    for path in re.findall(r'<h2><a href="([^"]+)"', site.get("/desk").text):
        assert site.get(path).status_code == 200


def test_the_desk_says_how_old_each_thing_is(site: Site) -> None:
    site.sign_in(site.make(lambda make: make.user(role="policy")))
    page = site.get("/desk").text
    assert "Consensus has not been worked out yet." in page
    assert page.count("None made yet.") == 2
    assert "None yet." in page
    site.make(fill)
    consensus.compute(site.database)
    site.make(lambda make: directing.draft(make.db, make.user(role="policy")))
    page = site.get("/desk").text
    assert re.search(r"Consensus from \d+ votes of \d+ people, worked out <time", page)
    assert "1 in drafting" in page
