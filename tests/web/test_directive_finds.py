"""Directives in the search and in a feed: what went before the public is found, a draft never, and nothing fails."""

import re
from xml.etree import ElementTree

import pytest

from forum.domain import search
from forum.domain.directives import arranging, finding, stages, writing
from tests import directing
from tests.making import Make, Site

ATOM = "{http://www.w3.org/2005/Atom}"


class Scene:
    """A draft, one before the public, and one that is final; an idea that the search knows."""

    def __init__(self, make: Make) -> None:
        db, self.writer = make.db, make.user(role="policy", name="Wren Writer")
        self.idea = make.idea(title="Publish the naïve dockets")
        search.refresh(db, "idea", self.idea)
        self.draft, _, _ = directing.draft(db, self.writer, title="Zqdraft dockets", introduction="Zqdraft words.")
        self.open, parts, self.clauses = directing.draft(db, self.writer, title="Courts online")
        fields = {
            **directing.CLAUSE,
            "title": "Post naïve dockets",
            "what": "Posts 公开政府 petitions. “Each one”, 🦉.",
        }
        writing.save(db, self.writer, self.open.id, "recommendation", self.clauses[1], fields, based_on=1)
        arranging.add_recommendation(
            db, self.writer, self.open.id, parts[1], {**directing.CLAUSE, "title": "Train clerks"}
        )
        self.open = directing.open_it(db, self.writer, self.open.id)
        self.final, _, _ = directing.public(db, self.writer, title="Rivers")
        self.final = directing.finish(db, self.writer, self.final.id)


@pytest.fixture
def scene(site: Site) -> Scene:
    return site.make(Scene)


def section(site: Site, query: str, **more: str) -> str:
    """The part of the page that shows directives; empty if it shows none."""
    page = site.get("/search", params={"q": query, **more})
    assert page.status_code == 200
    found = re.search(r'aria-labelledby="directives-title">(.*?)</section>', page.text, re.S)
    return found[1] if found else ""


def test_a_visitor_finds_a_directive_and_goes_straight_to_the_recommendation(site: Site, scene: Scene) -> None:
    page = site.get("/search?q=dockets").text
    assert f"/ideas/{scene.idea}-" in page
    found = section(site, "dockets")
    assert "Courts online" in found
    assert f'href="{scene.open.path}#recommendation-{scene.clauses[1]}"' in found
    assert "1.2 Post naïve <mark>dockets</mark>" in found
    assert "Public comment" in found
    assert "Rivers" not in found
    final = section(site, "rivers")
    assert "<mark>Rivers</mark>" in final
    assert "Final" in final
    assert "Directive No. 1" in final
    assert "Nothing found" not in site.get("/search?q=rivers").text
    assert "1 directive found for" in site.get("/search?q=rivers").text


@pytest.mark.parametrize(
    "query",
    [
        "NAIVE docket",
        "courts dockets",
        '"naive dockets"',
        "政府",
        "petition",
        "dockets -rivers",
        "post AND dockets",
        "政",
    ],
)
def test_stems_accents_phrases_and_other_scripts_are_found(site: Site, scene: Scene, query: str) -> None:
    assert f"#recommendation-{scene.clauses[1]}" in section(site, query)


@pytest.mark.parametrize(
    "query", ['"', "AND OR NOT", "a* OR (b", "🦉", "-", '"" ""', "(((((", "°·§", "\x00", "%", "x" * 999]
)
def test_no_sign_or_operator_makes_it_fail(site: Site, scene: Scene, query: str) -> None:
    section(site, query)
    section(site, query, kind="directive")


@pytest.mark.parametrize("query", ["dockets -naive", '"dockets naive"', "dockets rivers", "the zqdraft"])
def test_what_does_not_fit_is_not_found(site: Site, scene: Scene, query: str) -> None:
    assert section(site, query) == ""


def test_the_introduction_and_the_parts_lead_to_the_whole_directive(site: Site, scene: Scene) -> None:
    found = section(site, "open meetings")
    assert scene.open.path in found
    assert "#recommendation" not in found


def test_more_than_a_few_are_counted_and_shown_alone(site: Site, scene: Scene) -> None:
    def more(make: Make) -> None:
        for number in range(4):
            directing.public(make.db, scene.writer, title=f"Dockets {number}")

    site.make(more)
    found = section(site, "dockets")
    assert found.count("<h4>") == 3
    assert 'href="/search?q=dockets&amp;kind=directive"' in found
    assert "2 more directives" in found
    alone = site.get("/search?q=dockets&kind=directive").text
    assert alone.count("<h4>") == 5
    assert "/ideas/1-" not in alone
    assert section(site, "dockets", kind="idea") == section(site, "dockets", kind="comment") == ""
    assert section(site, "dockets", after="1.0_1") == ""


def test_not_even_the_policy_team_finds_a_draft(site: Site, scene: Scene) -> None:
    def anew(make: Make) -> None:
        stages.take_back(make.db, scene.writer, scene.open.id, reason="Written anew.")
        fields = {name: f"zqsecret {name}" for name in directing.CLAUSE}
        writing.save(make.db, scene.writer, scene.open.id, "recommendation", scene.clauses[1], fields, based_on=2)

    site.make(anew)
    site.sign_in(scene.writer)
    for query in ("zqdraft", "zqsecret"):
        assert section(site, query) == ""
    found = section(site, "dockets")
    assert "Written anew" in found
    assert "Post naïve" in found


def test_only_so_many_directives_are_looked_through(site: Site, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_PUBLIC", finding._PUBLIC.limit(1))
    assert section(site, "dockets") == ""  # the final one is newer
    assert section(site, "rivers")


def test_words_are_read_once_and_searching_costs_one_statement(site: Site, scene: Scene) -> None:
    site.get("/search?q=dockets&kind=directive")
    with site.counting() as seen:
        site.get("/search?q=courts&kind=directive")
    assert sum("directive_editions" in statement for statement in seen) == 1
    assert not any("directive_editions.content" in statement for statement in seen)


def test_the_feed_has_what_went_before_the_public_and_no_word_of_a_draft(site: Site, scene: Scene) -> None:
    assert 'type="application/atom+xml"' in site.get("/directives").text
    answer = site.get("/directives.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert "Zqdraft" not in answer.text
    feed = ElementTree.fromstring(answer.text)  # noqa: S314 - our own
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == ["Directive No. 1 is final: Rivers", "Open for comment: Rivers", "Open for comment: Courts online"]
    links = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(links)) == 3
    for link in links:
        assert link is not None
        assert site.get(link.removeprefix("https://testserver")).status_code == 200
    content = [entry.findtext(f"{ATOM}content") for entry in feed.iter(f"{ATOM}entry")][-1]
    assert content is not None
    assert "<li>1.2 Post naïve dockets</li>" in content


def test_an_empty_feed_is_a_feed(site: Site) -> None:
    feed = ElementTree.fromstring(site.get("/directives.atom").text)  # noqa: S314 - our own
    assert feed.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"
