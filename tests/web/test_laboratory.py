"""The ranking laboratory: rankings side by side, what they share, what moves and why, and how few do how much."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from forum.db import insert
from forum.domain import votes
from forum.domain.rankings import participation
from forum.jobs import figures
from forum.jobs.schedule import WALKS
from forum.models import Wave, WaveAct, WaveMember
from tests import ranking
from tests.making import Make, Site

START = datetime(2009, 5, 21, 12, tzinfo=UTC)
PARTS = (
    "side-by-side",
    "overlap",
    "correlation",
    "moves",
    "participation",
    "concentration",
    "first-days",
    "authors",
)


def part(site: Site, name: str, query: str = "") -> list[dict[str, str]]:
    answer = site.get(f"/rankings/laboratory.csv?part={name}{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def of(*rankings: dict[str, str]) -> str:
    return "".join("&" + urlencode({"ranking": urlencode(one)}) for one in rankings)


def two_camps(make: Make) -> None:
    """Fifty ideas that many know and some dislike, and fifty that few know and all like."""
    place = make.community()
    for number in range(50):
        known, liked = 400 - number, 40 + number
        moment = START + timedelta(hours=number)
        make.idea(
            community=place,
            title=f"Known {number}",
            up=known,
            down=120,
            imported_up=known,
            imported_down=120,
            created_at=moment,
        )
        make.idea(community=place, title=f"Liked {number}", up=liked, imported_up=liked, created_at=moment)


def test_an_empty_forum_has_a_laboratory(site: Site) -> None:
    page = site.get("/rankings/laboratory")
    assert page.status_code == 200
    assert "There are no ideas yet." in page.text
    for name in PARTS:
        part(site, name)


def test_the_formulas_stand_side_by_side_with_what_they_share(site: Site) -> None:
    site.make(two_camps)
    page = site.get("/rankings/laboratory").text
    for title in ("Net votes", "Best approval", "Trending", "Contested"):
        assert title in page
    shared = {(row["first"], row["second"], row["top"]): int(row["shared"]) for row in part(site, "overlap")}
    assert shared["Net votes", "Best approval", "20"] == 0
    assert shared["Net votes", "Best approval", "100"] == 100
    heads: dict[str, list[str]] = {}
    for row in part(site, "side-by-side", "&top=10"):
        heads.setdefault(row["ranking"], []).append(row["title"])
    assert heads["Net votes"] == [f"Known {number}" for number in range(10)]
    assert heads["Best approval"] == [f"Liked {number}" for number in range(49, 39, -1)]


def test_what_moves_most_is_told_with_the_reason(site: Site) -> None:
    site.make(two_camps)
    rows = part(site, "moves", of({"method": "net"}, {"method": "approval"}))
    assert len(rows) == 10
    falls, rises = [row for row in rows if "Known" in row["title"]], [row for row in rows if "Liked" in row["title"]]
    assert all("Many people voted" in row["why"] and "against it" in row["why"] for row in falls)
    assert all("people voted, so its net votes stay low. But nearly all are for it" in row["why"] for row in rises)
    moved = [abs(int(row["rank_first"]) - int(row["rank_second"])) for row in rows]
    assert moved == sorted(moved, reverse=True)
    page = site.get("/rankings/laboratory?" + of({"method": "net"}, {"method": "trending"})[1:]).text
    assert "Trending gives newer ideas a head start." in page or "in Trending older ideas fall back." in page


def test_citizens_and_employees_who_differ_are_told_apart(site: Site) -> None:
    def fill(make: Make) -> None:
        place, staff = make.community(), [make.user(is_employee=True) for _ in range(8)]
        for number in range(4):
            idea_id = make.idea(community=place, votes=6 + number, title=f"Citizens like {number}")
            for person in staff:
                votes.cast(make.db, person, idea_id, -1)
        for number in range(6):
            idea_id = make.idea(community=place, against=5, title=f"Staff like {number}")
            for person in staff[: 5 + number % 3]:
                votes.cast(make.db, person, idea_id, 1)

    site.make(fill)
    rows = part(site, "moves", of({"method": "net", "voters": "citizen"}, {"method": "net", "voters": "employee"}))
    assert rows
    assert all("Citizens and public employees differ." in row["why"] for row in rows)


def test_a_decided_wave_is_told_and_a_suspicion_is_not(site: Site) -> None:
    def fill(make: Make) -> None:
        boss, place = make.user(role="moderator"), make.community()
        for number, state in enumerate(("on-track", "open")):
            idea_id = make.idea(
                title=f"Wave {state}", state="off-topic", is_listed=False, is_public=False, votes=6 + number
            )
            values = {"community_id": place.id, "author_id": boss.id, "strength": 1.0, "signals": [], "words": []}
            wave_id = insert(make.db, Wave, title="x", state=state, found_at=START, updated_at=START, **values)
            act = {"action": "off-topic", "act_id": "a", "member_count": 1, "by_id": boss.id, "created_at": START}
            act_id = insert(make.db, WaveAct, wave_id=wave_id, **act) if state == "on-track" else None
            row = {"wave_id": wave_id, "subject_kind": "idea", "subject_id": idea_id, "added_at": START}
            make.db.execute(sa.insert(WaveMember), {**row, "act_id": act_id})
        make.idea(title="Plain", votes=9, against=2)

    site.make(fill)
    query = of({"method": "net", "track": "yes"}, {"method": "approval", "track": "yes"})
    told = {row["title"]: "wave of posts" in row["why"] for row in part(site, "moves", query)}
    assert told == {"Wave on-track": True, "Wave open": False, "Plain": False}


def test_rankings_are_added_and_taken_out_by_the_address(site: Site) -> None:
    site.make(ranking.fill)
    page = site.get("/rankings/laboratory?method=net&voters=employee&community=beta").text
    assert "E</b>" in page
    assert "Net votes: Beta, votes of public employees" in page
    assert "Five is the most." in page
    out = re.findall(r'<a class="button small" href="([^"]+)">Take out', page)
    assert len(out) == 5
    fewer = site.get(out[0].replace("&amp;", "&")).text
    assert "D</b>" in fewer
    assert "E</b>" not in fewer
    two = site.get("/rankings/laboratory?" + of({"method": "net"}, {"method": "net", "confirmed": "yes"})[1:]).text
    assert "Take out" not in two
    assert "Net votes: confirmed votes only" in two


@pytest.mark.parametrize(
    "query",
    [
        of({"method": "net"}),
        of({"method": "net"}, {"method": "net"}),
        of(*[{"method": "net", "since": f"2026-03-0{day}"} for day in range(1, 7)]),
        of({"method": "vibes"}, {"method": "net"}),
        of({"method": "net", "community": "staff"}, {"method": "net"}),
        "&top=7",
        "&first=9",
    ],
)
def test_what_cannot_be_compared_is_told_in_words(site: Site, query: str) -> None:
    site.make(ranking.fill)
    page = site.get(f"/rankings/laboratory?{query[1:]}")
    assert page.status_code == 422
    assert "compare these" in page.text
    assert site.get(f"/rankings/laboratory.csv?part=overlap{query}").status_code == 422


def test_an_unknown_part_is_not_found(site: Site) -> None:
    assert site.get("/rankings/laboratory.csv?part=vibes").status_code == 404


def test_nothing_that_is_not_public_is_in_the_laboratory(site: Site) -> None:
    items = site.make(ranking.fill)
    hidden = [
        item.title for item in items if item.community == "staff" or item.state in ("held", "removed", "withdrawn")
    ]
    page = site.get("/rankings/laboratory?top=100").text
    files = "".join(site.get(f"/rankings/laboratory.csv?part={name}&top=100").text for name in PARTS)
    for title in hidden:
        assert f">{title}<" not in page
        assert f",{title}," not in files
    figures = {row["figure"]: row["value"] for row in part(site, "participation")}
    assert figures["authors"] == "2"
    assert int(figures["voters"]) <= 12


def test_the_first_day_and_the_busiest_authors_are_counted(site: Site) -> None:
    def fill(make: Make) -> None:
        place, busy = make.community(), make.user()
        for day in range(3):
            for number in range(4):
                up = 10 * (3 - day) + number
                moment = START + timedelta(days=day, hours=number)
                author = busy if day == 0 else None
                make.idea(community=place, author=author, up=up, imported_up=up, created_at=moment)

    site.make(fill)
    figures = {row["figure"]: row["value"] for row in part(site, "participation")}
    assert (figures["authors"], figures["one-time-authors"]) == ("9", "8")
    assert figures["median-votes-day-1"] == "31.5"
    assert figures["median-votes-day-2"] == "21.5"
    # 8 people with one idea and one with four: (2 x (36 + 9 x 4) / (9 x 12)) - 10 / 9
    assert float(figures["gini-ideas"]) == pytest.approx(2 * (36 + 36) / (9 * 12) - 10 / 9, abs=1e-6)
    page = site.get("/rankings/laboratory").text
    assert "8 (89 percent)" in page
    assert figures["gini-votes"] == ""


def test_a_large_forum_is_counted_by_the_housekeeping(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.make(ranking.fill)
    small = part(site, "participation")
    monkeypatch.setattr(participation, "MOST_VOTES", 5)
    site.make(lambda make: make.idea(state="held", is_listed=False, is_public=False))
    assert "we count once an hour" in site.get("/rankings/laboratory").text
    assert part(site, "participation") == []
    _, count = WALKS["figures"]
    for _ in range(2):
        count(site.database)
        figures.COUNTING.wait(60)
        assert part(site, "participation") == small
