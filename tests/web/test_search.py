"""The search page: finds, narrows, helps, and never fails, whatever somebody types."""

import pytest

from forum.domain import search
from tests.making import Make, Site


def found(make: Make, title: str, body: str = "Some body text.", **values: object) -> int:
    """An idea that the search knows."""
    idea_id = make.idea(title=title, body=body, **values)  # type: ignore[arg-type]
    search.refresh(make.db, "idea", idea_id)
    return idea_id


def test_a_visitor_finds_an_idea_and_sees_the_words_marked(site: Site) -> None:
    site.make(lambda make: found(make, "Protect every whistleblower", "Those who tell should be safe."))
    page = site.get("/search?q=whistleblower")
    assert page.status_code == 200
    assert "<mark>" in page.text
    assert "1 result for" in page.text
    fragment = site.get("/search?q=whistleblower", htmx=True).text
    assert "<html" not in fragment
    assert "<mark>" in fragment


@pytest.mark.parametrize(
    "query", ["naive", "whistle blower", "whistelblower", "政府", "जनता", '"every whistleblower"', "NAÏVE"]
)
def test_accents_compounds_typing_errors_and_other_scripts_are_found(site: Site, query: str) -> None:
    site.make(lambda make: found(make, "A naïve plan to protect every whistleblower", "公开政府数据 और जनता की आवाज़"))
    assert "/ideas/1-" in site.get("/search", params={"q": query}).text


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "AND OR NOT",
        "a* OR (b",
        "NEAR(",
        "😀 😀",
        "'; DROP TABLE ideas; --",
        "\\",
        "%_%",
        "-",
        "x" * 9000,
        "\x00\x01",
        "<b>",
    ],
)
def test_no_text_makes_the_search_fail(site: Site, query: str) -> None:
    site.make(lambda make: found(make, "Anything at all"))
    answer = site.get("/search", params={"q": query})
    assert answer.status_code == 200
    assert query not in answer.text if query == "<b>" else answer.text


def test_what_is_hidden_is_not_found_by_others(site: Site) -> None:
    place = site.make(lambda make: make.community(visibility="members"))
    site.make(lambda make: found(make, "A secret garden plan", community=place))
    site.make(lambda make: found(make, "A garden held back", state="held", is_listed=False, is_public=False))
    assert "garden" not in site.get("/search?q=garden").text.split("<h2", 1)[1].split("garden”")[-1]
    insider = site.make(lambda make: make.member(place.id, make.user()))
    site.sign_in(insider)
    assert "secret <mark>garden</mark>" in site.get("/search?q=garden").text


def test_a_typing_error_leads_to_a_suggestion(site: Site) -> None:
    def several(make: Make) -> None:
        for number in range(4):
            found(make, f"Transparency of office number {number}")

    site.make(several)
    page = site.get("/search?q=transparancy").text
    assert "<mark>Transparency</mark> of office" in page
