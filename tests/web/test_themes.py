"""Themes on pages: the list with its chart and files, one theme with its ideas, the link on an idea, the filter."""

import csv
import io

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from forum.cli import app
from forum.domain import themes
from forum.jobs import themes as jobs
from forum.models import Idea, IdeaTheme, Theme
from tests import topics
from tests.making import Site


def fill(site: Site) -> dict[str, list[int]]:
    found = site.write(topics.fill)
    themes.make(site.database)
    return found


def theme_of(site: Site, idea_ids: list[int]) -> int:
    with site.database.reading() as db:
        rows = db.execute(sa.select(IdeaTheme.theme_id).where(IdeaTheme.idea_id.in_(idea_ids))).scalars().all()
    return max(set(rows), key=rows.count)


def test_the_list_shows_each_theme_with_its_votes_a_chart_and_files(site: Site) -> None:
    ideas = fill(site)
    site.make(lambda make: make.votes(ideas["trains"][0], 3, 1))
    theme_id = theme_of(site, ideas["trains"])
    page = site.get("/themes").text
    assert "5 themes" in page
    assert "<svg" in page
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(site.get("/themes.csv").text))}
    row = rows[str(theme_id)]
    assert (row["up"], row["down"], row["net"]) == ("3", "1", "2")
    assert row["url"].removeprefix("https://testserver") in page
    data = site.get("/themes.json").json()
    assert data["run"]["ideas"] == 70
    assert {str(theme["id"]) for theme in data["themes"]} == set(rows)
    assert data["themes"][0]["words"][0]["inside"] > data["themes"][0]["words"][0]["outside"]


def test_before_there_are_themes_the_page_says_what_will_be_there(site: Site) -> None:
    assert "No themes yet" in site.get("/themes").text
    assert site.get("/themes.csv").text.strip() == "id,theme,ideas,up,down,net,center,url"
    assert site.get("/themes.json").json() == {"run": None, "themes": []}
    assert site.get("/themes/1").status_code == 404


def test_a_theme_shows_its_ideas_by_the_formula_that_is_asked_for(site: Site) -> None:
    ideas = fill(site)
    theme_id = theme_of(site, ideas["gardens"])
    with site.database.reading() as db:
        theme = themes.get(db, theme_id)
        inside = [row.id for row in themes.most_typical(db, theme_id, 50)]
    site.make(lambda make: make.votes(inside[3], 5, 0))
    site.make(lambda make: make.votes(inside[4], 3, 3))
    page = site.get(theme.path)
    assert page.status_code == 200
    assert theme.label in page.text
    assert page.text.index(f"/ideas/{inside[3]}-") < page.text.index("What sets it apart")
    contested = site.get(f"{theme.path}?method=contested", htmx=True).text
    assert contested.startswith('<section class="stack" id="results"')
    files = [
        [int(row["id"]) for row in csv.DictReader(io.StringIO(site.get(f"/themes/{theme_id}.csv{query}").text))]
        for query in ("", "?method=contested")
    ]
    assert (files[0][0], files[1][0]) == (inside[3], inside[4])
    assert set(files[0]) == set(files[1]) == set(inside)
    rows = site.get(f"/themes/{theme_id}.json").json()["ideas"]
    assert all(0 < row["strength"] <= 1 for row in rows)
    assert site.get(f"{theme.path}?method=vibes").status_code == 404


def test_a_wrong_end_of_the_address_leads_to_the_right_one(site: Site) -> None:
    theme_id = theme_of(site, fill(site)["trains"])
    with site.database.reading() as db:
        path = themes.get(db, theme_id).path
    for address in (f"/themes/{theme_id}", f"/themes/{theme_id}-wrong"):
        answer = site.get(f"{address}?method=approval")
        assert (answer.status_code, answer.headers["location"]) == (301, f"{path}?method=approval")


def test_a_theme_that_went_into_another_leads_there(site: Site) -> None:
    theme_id = theme_of(site, fill(site)["trains"])

    def part(db: sa.Connection) -> int:
        row = db.execute(sa.select(Theme).where(Theme.id == theme_id)).mappings().one()
        values = {**row, "is_shown": False, "successor_id": theme_id}
        del values["id"]
        return int(db.execute(sa.insert(Theme).values(**values)).inserted_primary_key[0])

    gone = site.write(part)
    with site.database.reading() as db:
        path = themes.get(db, theme_id).path
    assert site.get(f"/themes/{gone}-old").headers["location"] == path
    assert site.get(f"/rankings.csv?theme={gone}").text == site.get(f"/rankings.csv?theme={theme_id}").text


def test_an_idea_links_to_its_theme(site: Site) -> None:
    ideas = fill(site)
    theme_id = theme_of(site, ideas["schools"])
    with site.database.reading() as db:
        theme, row = themes.get(db, theme_id), themes.most_typical(db, theme_id, 1)[0]
    address = f"/ideas/{row.id}-{row.slug}"
    assert f'Theme: <a href="{theme.path}"' in site.get(address).text
    hidden = {"is_public": False, "is_listed": False, "state": "off-topic"}
    site.write(lambda db: db.execute(sa.update(Idea).where(Idea.id == row.id).values(**hidden)))
    assert "Theme: <a" not in site.get(address).text


def test_rankings_can_be_narrowed_to_a_theme(site: Site) -> None:
    theme_id = theme_of(site, fill(site)["clinics"])
    with site.database.reading() as db:
        label, inside = themes.get(db, theme_id).label, {row.id for row in themes.most_typical(db, theme_id, 50)}
    page = site.get(f"/rankings?theme={theme_id}")
    assert f'<option value="{theme_id}" selected>{label}</option>' in page.text
    assert {row["id"] for row in site.get(f"/rankings.json?theme={theme_id}").json()["ideas"]} == inside
    assert site.get("/rankings?theme=999").status_code == 422


def test_a_community_can_have_themes_of_its_own(site: Site) -> None:
    place = site.make(lambda make: make.community(slug="records", name="Records"))
    site.write(lambda db: topics.fill(db, community=place))
    themes.make(site.database, scope=place.id)
    assert "/themes?community=records" in site.get("/themes").text
    page = site.get("/themes?community=records")
    assert "5 themes" in page.text
    with site.database.reading() as db:
        path = themes.overview(db, place.id).themes[0].path
    assert "All themes in Records" in site.get(path).text
    assert site.get("/themes?community=nowhere").status_code == 404


def test_themes_of_a_community_that_closed_are_not_told(site: Site) -> None:
    place = site.make(lambda make: make.community(slug="staff", visibility="employees"))
    site.write(lambda db: topics.fill(db, community=place))
    site.write(lambda db: db.execute(sa.update(Idea).values(is_public=True)))  # as if it had been public
    themes.make(site.database, scope=place.id)
    site.write(lambda db: db.execute(sa.update(Idea).values(is_public=False)))
    site.sign_in(site.make(lambda make: make.user(is_employee=True)))
    assert site.get("/themes?community=staff").status_code == 404
    assert "/themes?community=staff" not in site.get("/themes").text
    with site.database.reading() as db:
        theme_id = db.execute(sa.select(sa.func.min(Theme.id))).scalar_one()
    assert site.get(f"/themes/{theme_id}").status_code == 404
    assert site.get(f"/themes/{theme_id}.csv").status_code == 404


def test_the_command_makes_themes_and_says_what_came_of_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_DATABASE_URL", site.settings.database_url)
    few = CliRunner().invoke(app, ["themes"])
    assert (few.exit_code, "No themes" in few.stdout) == (0, True)
    place = site.make(lambda make: make.community(slug="records"))
    site.write(lambda db: topics.fill(db, community=place))
    result = CliRunner().invoke(app, ["themes"])
    assert result.exit_code == 0
    assert result.stdout.startswith("5 themes with ")
    assert CliRunner().invoke(app, ["themes", "--community", "records"]).stdout.startswith("5 themes with ")
    assert CliRunner().invoke(app, ["themes", "--community", "nowhere"]).exit_code == 2
    assert CliRunner().invoke(app, ["themes", "--community", "records", "--if-due"]).exit_code == 2
    with site.database.reading() as db:
        theme = themes.overview(db).themes[0]
    top = CliRunner().invoke(app, ["export", "top", "--theme", str(theme.id)])
    assert len(list(csv.DictReader(io.StringIO(top.stdout)))) == theme.ideas
    assert CliRunner().invoke(app, ["export", "top", "--theme", "999"]).exit_code == 2


def test_the_worker_has_themes_made_by_a_process_of_its_own(site: Site) -> None:
    jobs.regroup(site.database)
    assert not jobs.MAKING.is_running()  # nothing is due
    site.write(topics.fill)
    jobs.regroup(site.database)
    jobs.MAKING.wait(120)
    with site.database.reading() as db:
        assert len(themes.overview(db).themes) == 5
    jobs.regroup(site.database)
    assert not jobs.MAKING.is_running()


def test_votes_of_all_its_ideas_are_added_up_as_they_are_now(site: Site) -> None:
    ideas = fill(site)
    theme_id = theme_of(site, ideas["museums"])
    with site.database.reading() as db:
        path, inside = themes.get(db, theme_id).path, [row.id for row in themes.most_typical(db, theme_id, 2)]
    before = site.get(path).text
    site.make(lambda make: [make.votes(idea_id, 2) for idea_id in inside])
    after = site.get(path).text
    assert "<dt>votes for</dt><dd>0</dd>" in before
    assert "<dt>votes for</dt><dd>4</dd>" in after
