"""Editing an idea as people do: saved, refused, interrupted, and in two windows at once."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from forum.clock import now
from forum.db import Connection
from forum.domain import ideas
from forum.domain.people import Person
from forum.models import Draft
from tests.making import Make, Site
from tests.web.writing import BODY, assert_kept, count, typed


def test_an_edit_is_saved_and_its_history_shows_the_words_that_changed(site: Site) -> None:
    author, idea_id = old_idea(site)
    page = site.get(f"/ideas/{idea_id}/edit").text
    assert "stays visible" in page
    sent = {"title": "Publish all the reports", "body": BODY, "why": "", "tags": "reports", "seen": typed(page, "seen")}
    answer = site.post(f"/ideas/{idea_id}/edit", sent)
    assert answer.headers["location"] == f"/ideas/{idea_id}-publish-all-the-reports"
    shown = site.get(answer.headers["location"]).text
    assert "The text before stays in the edit history" in shown
    assert f"/ideas/{idea_id}/history" in shown
    site.sign_out()
    history = site.get(f"/ideas/{idea_id}/history").text
    assert "<ins>all the</ins>" in history or "<ins>all </ins>" in history
    assert author.name in history
    assert site.get(f"/ideas/{idea_id}/history?before=x").status_code == 422
    old = site.get(f"/ideas/{idea_id}-publish-the-reports?after=3")
    assert (old.status_code, old.headers["location"]) == (301, f"/ideas/{idea_id}-publish-all-the-reports?after=3")


def old_idea(site: Site) -> tuple[Person, int]:
    def prepare(make: Make) -> tuple[Person, int]:
        author = make.user()
        moment = now() - timedelta(hours=2)
        return author, make.idea(author=author, title="Publish the reports", body=BODY, created_at=moment)

    author, idea_id = site.make(prepare)
    site.sign_in(author)
    return author, idea_id


@pytest.mark.parametrize("htmx", [False, True])
def test_an_edit_that_fails_keeps_what_was_typed(site: Site, htmx: bool) -> None:
    _, idea_id = old_idea(site)
    sent = {"title": "Hey", "body": "y" * 10_001, "why": "z" * 20, "tags": "a1, b2"}
    answer = site.post(f"/ideas/{idea_id}/edit", sent, htmx=htmx)
    assert answer.status_code == 422
    assert_kept(answer.text, sent)


def test_two_windows_do_not_overwrite_each_other(site: Site) -> None:
    _, idea_id = old_idea(site)
    seen = typed(site.get(f"/ideas/{idea_id}/edit").text, "seen")
    first = {"title": "Publish all reports", "body": BODY, "why": "", "tags": "", "seen": seen}
    assert site.post(f"/ideas/{idea_id}/edit", first).status_code == 303
    second = {**first, "title": "Publish no reports"}
    answer = site.post(f"/ideas/{idea_id}/edit", second)
    assert answer.status_code == 409
    assert "another window" in answer.text
    assert "Publish all reports" in answer.text
    assert typed(answer.text, "title") == "Publish no reports"
    again = {**second, "seen": typed(answer.text, "seen")}
    assert site.post(f"/ideas/{idea_id}/edit", again).status_code == 303


def test_an_edit_survives_the_end_of_the_session(site: Site) -> None:
    author, idea_id = old_idea(site)
    site.sign_out()
    sent = {"title": "Publish all reports", "body": BODY, "why": "", "tags": ""}
    answer = site.post(f"/ideas/{idea_id}/edit", sent)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query)["next"] == [f"/ideas/{idea_id}/edit"]
    site.sign_in(author)
    assert typed(site.get(f"/ideas/{idea_id}/edit").text, "title") == "Publish all reports"
    assert typed(site.get("/ideas/new").text, "title") == ""
    assert site.post(f"/ideas/{idea_id}/edit", sent).status_code == 303
    assert count(site, Draft) == 0


def test_only_the_author_edits(site: Site) -> None:
    _, idea_id = old_idea(site)
    sent = {"title": "Mine now, all of it", "body": BODY, "why": "", "tags": ""}
    for values in ({}, {"role": "administrator"}):
        site.sign_in(site.make(lambda make, values=values: make.user(**values)))  # type: ignore[misc]
        assert site.get(f"/ideas/{idea_id}/edit").status_code == 403
        assert site.post(f"/ideas/{idea_id}/edit", sent).status_code == 403
    with site.database.reading() as db:
        assert title_of(db, idea_id) == "Publish the reports"


def title_of(db: Connection, idea_id: int) -> str:
    return ideas.get(db, None, idea_id).title
