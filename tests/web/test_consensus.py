"""The pages of the consensus ranking: how old it is, what it rests on, and how a score comes about."""

import sqlalchemy as sa

from forum.clock import now
from forum.domain import consensus
from forum.domain.consensus import runs
from forum.models import ConsensusRun
from tests.domain.test_consensus import SMALL, fill
from tests.making import Make, Site


def test_before_the_first_run_the_page_says_so(site: Site) -> None:
    page = site.get("/rankings?method=consensus")
    assert page.status_code == 200
    assert "Not worked out yet" in page.text
    assert "No ranking yet" in page.text
    assert "Not worked out yet" in site.get("/rankings/consensus").text
    assert "Not worked out yet" not in site.get("/rankings").text


def test_the_page_says_how_old_the_ranking_is_and_how_far_the_next_one(site: Site) -> None:
    site.make(lambda make: len(fill(make.db, make, SMALL)))
    run = consensus.compute(site.forum.database)
    for address in ("/rankings?method=consensus", "/rankings/consensus", "/rankings/laboratory"):
        text = site.get(address).text
        assert f"in run {run.id} by version {run.version} of the method" in text
        assert f"{len(SMALL.vote):,} votes and passes of 80 people took part" in text
        assert "under way" not in text

    def begin(make: Make) -> None:
        runs._claim(make.db, now(), "1", {})
        make.db.execute(sa.update(ConsensusRun).where(ConsensusRun.state == "running").values(step=3, steps=8))

    site.make(begin)
    text = site.get("/rankings?method=consensus").text
    assert "A new run is under way: step 3 of 8." in text
    assert f"in run {run.id}" in text
    without = site.get("/rankings/laboratory?ranking=method%3Dnet&ranking=method%3Dapproval").text
    assert "of the method" not in without


def test_page_and_files_have_the_same_order(site: Site) -> None:
    site.make(lambda make: len(fill(make.db, make, SMALL)))
    run = consensus.compute(site.forum.database)
    ideas = site.get("/rankings.json?method=consensus").json()["ideas"]
    assert len(ideas) == run.ranked
    assert [idea["score"] for idea in ideas] == sorted((idea["score"] for idea in ideas), reverse=True)
    page = site.get("/rankings?method=consensus&limit=100").text
    places = [page.index(f">{idea['title']}</a>") for idea in ideas]
    assert places == sorted(places)
    assert site.get("/rankings.csv?method=consensus").text.count("\n") == run.ranked + 1
    assert site.get("/rankings?method=consensus&confirmed=yes").status_code == 422


def test_the_formula_is_explained_with_an_example(site: Site) -> None:
    site.make(lambda make: len(fill(make.db, make, SMALL)))
    consensus.compute(site.forum.database)
    text = site.get("/rankings/consensus").text
    assert "An example from this forum" in text
    assert "People in the two camps" in text
    assert "Second camp: agreement" in text
