"""The adapter: whose posts are taken, what every answer carries, what is kept and what is not."""

import asyncio
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.routing import Route

from forum.models import Base, Idea, User, Vote
from forum.web import pages, render
from forum.web.routes import ROUTES
from forum.web.security import CONTENT_SECURITY_POLICY
from tests.making import Site

ORIGINS = [
    # headers, taken with a session cookie, taken without
    ({"sec-fetch-site": "same-origin"}, True, True),
    ({"sec-fetch-site": "none"}, True, True),
    ({"sec-fetch-site": "same-site"}, False, False),
    ({"sec-fetch-site": "cross-site"}, False, False),
    ({"sec-fetch-site": "cross-site", "origin": "https://testserver"}, False, False),
    ({"origin": "https://testserver"}, True, True),
    ({"origin": "https://evil.example"}, False, False),
    ({"origin": "https://testserver.evil.example"}, False, False),
    ({"origin": "null"}, False, False),
    ({}, False, True),
]
POSTS = [route for route in ROUTES if isinstance(route, Route) and route.methods and "POST" in route.methods]
GETS = [route for route in ROUTES if isinstance(route, Route) and route.methods and "GET" in route.methods]


def filled(path: str) -> str:
    """The address of a route with every parameter filled in."""
    parts = []
    for part in path.split("/"):
        if part.startswith("{") and "}-{" in part:
            part = "1-an-idea"
        elif part.startswith("{"):
            part = "1" if ":int" in part else "something"
        parts.append(part)
    return "/".join(parts)


@pytest.mark.parametrize("headers, with_session, without", ORIGINS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_address_that_changes_things_refuses_posts_from_other_sites(
    site: Site, headers: dict[str, str], with_session: bool, without: bool
) -> None:
    person = site.make(lambda make: make.user())
    said = "This form was sent from another site"
    for route in POSTS:
        if route.app.rules.takes_any_origin:  # type: ignore[attr-defined]
            continue  # its address holds the secret that allows the act
        site.sign_out()
        answer = site.client.post(filled(route.path), data={}, headers=headers)
        assert (said in answer.text) == (not without), route.path
        site.sign_in(person)
        answer = site.client.post(filled(route.path), data={}, headers=headers)
        assert (said in answer.text) == (not with_session), route.path
        assert answer.status_code == 403 or with_session


def test_a_vote_sent_from_another_site_changes_nothing(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea())
    site.sign_in(site.make(lambda make: make.user()))
    answer = site.client.post(f"/ideas/{idea_id}/vote", data={"value": "1"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    with site.database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Vote)).scalar_one() == 0


@pytest.mark.parametrize("role", [None, "citizen", "administrator"])
def test_no_get_changes_a_row(site: Site, role: str | None) -> None:
    site.make(lambda make: make.idea(votes=2))
    if role:
        site.sign_in(site.make(lambda make: make.user(role=role)))

    def everything() -> dict[str, list[Any]]:
        with site.database.reading() as db:
            return {
                table.name: sorted(map(repr, db.execute(sa.select(table)).all()))
                for table in Base.metadata.sorted_tables
            }

    before = everything()
    for route in GETS:
        assert site.get(filled(route.path)).status_code < 500, route.path
        assert site.get(filled(route.path), htmx=True).status_code < 500, route.path
    assert everything() == before


def test_every_answer_carries_the_security_headers(site: Site) -> None:
    site.make(lambda make: make.idea())
    answers = [site.get(filled(route.path)) for route in GETS] + [site.get("/nowhere"), site.get("/static/forum.css")]
    for answer in answers:
        headers = answer.headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, answer.url
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "max-age=31536000" in headers["strict-transport-security"]
        assert "server" not in headers
        assert "HX-Request" in headers.get("vary", "") or "/static/" in str(answer.url)


def test_pages_of_signed_in_people_are_stored_nowhere(site: Site) -> None:
    site.sign_in(site.make(lambda make: make.user()))
    assert site.get("/ideas").headers["cache-control"] == "no-store"


def test_a_kept_page_is_given_again_until_something_changes(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea(title="An idea to watch"))
    first = site.get("/ideas")
    assert site.get("/ideas", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    site.make(lambda make: make.votes(idea_id, 1))
    again = site.get("/ideas", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 200
    assert again.headers["etag"] != first.headers["etag"]


def test_a_list_is_the_same_page_while_only_ideas_elsewhere_change(site: Site) -> None:
    here, there = site.make(lambda make: (make.community(), make.community()))
    shown, other = site.make(lambda make: (make.idea(community=here), make.idea(community=there)))
    address = f"/ideas?community={here.slug}&sort=top"
    first = site.get(address)
    site.make(lambda make: make.votes(other, 1))
    assert site.get(address, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert site.get(address).text == first.text
    site.make(lambda make: make.votes(shown, 7))
    changed = site.get(address)
    assert changed.headers["etag"] != first.headers["etag"]
    assert "<b>7</b>" in changed.text


def test_an_author_with_a_new_name_has_it_on_every_list(site: Site) -> None:
    author = site.make(lambda make: make.user(name="Ada Before"))
    site.make(lambda make: make.idea(author=author))
    assert "Ada Before" in site.get("/ideas").text
    site.write(lambda db: db.execute(sa.update(User).where(User.id == author.id).values(name="Ada After")))
    assert "Ada After" in site.get("/ideas").text
    assert "Ada Before" not in site.get("/ideas").text


def test_the_page_cache_stays_within_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_BYTES", 1_000)
    cache = pages.PageCache()
    for number in range(40):
        body = bytes([number % 5]) * 100
        pages.zipped(cache.put(number % 20, number, "text/html", body, ()))
    assert [cache.get(number, 20 + number) is not None for number in range(20)] == [False] * 10 + [True] * 10
    kept = cache.put(19, 41, "text/html", bytes([4]) * 100, ())
    assert kept.zipped  # the same page as before is not zipped again
    assert cache.put(19, 42, "text/html", b"Another.", ()).zipped == b""


def test_a_kept_page_never_shows_somebody_elses_view(site: Site) -> None:
    idea_id, voter = site.make(lambda make: (make.idea(), make.user(name="Ada Voter")))
    site.get("/ideas")
    site.sign_in(voter)
    site.post(f"/ideas/{idea_id}/vote", {"value": "1"})
    mine = site.get("/ideas")
    assert 'aria-pressed="true"' in mine.text
    assert "Ada Voter" in mine.text
    site.sign_out()
    theirs = site.get("/ideas")
    assert 'aria-pressed="true"' not in theirs.text
    assert "Ada Voter" not in theirs.text


def test_a_fragment_and_a_whole_page_are_kept_apart(site: Site) -> None:
    site.make(lambda make: make.idea())
    for _ in range(2):
        assert "<html" in site.get("/ideas").text
        assert "<html" not in site.get("/ideas", htmx=True).text
        restored = site.get("/ideas", htmx=True, headers={"hx-history-restore-request": "true"})
        assert "<html" in restored.text


def test_another_process_sees_changes_at_once(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea(title="Seen by all"))
    site.get("/ideas")
    other = type(site.database)(str(site.settings.database_url))
    with other.transaction() as db:
        db.execute(sa.update(Idea).where(Idea.id == idea_id).values(title="Changed elsewhere"))
    other.close()
    assert "Changed elsewhere" in site.get("/ideas").text


def test_a_form_past_the_limits_is_refused_with_a_page(site: Site) -> None:
    large = site.post("/ideas/1/vote", {"value": "x" * 500_000})
    assert large.status_code == 413
    assert "too large" in large.text
    many = site.post("/ideas/1/vote", {f"field{n}": "1" for n in range(1_500)})
    assert many.status_code == 400


def test_the_page_is_rendered_after_the_transaction_has_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    idea_id = site.make(lambda make: make.idea())
    site.sign_in(site.make(lambda make: make.user()))
    seen: list[float] = []
    plain = render.Composed.render

    def spy(self: Any, visit: Any) -> Any:
        began = time.monotonic()
        thread = threading.Thread(target=lambda: site.make(lambda make: make.user()))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
        seen.append(time.monotonic() - began)
        return plain(self, visit)

    monkeypatch.setattr(render.Composed, "render", spy)
    assert site.post(f"/ideas/{idea_id}/vote", {"value": "1"}, htmx=True).status_code == 200
    assert seen
    assert max(seen) < 5


def test_what_fails_is_told_without_a_trace(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr("forum.domain.votes.cast", broken)
    site.sign_in(site.make(lambda make: make.user()))
    answer = site.post("/ideas/1/vote", {"value": "1"})
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def test_errors_are_pages_for_people_and_problems_for_machines(site: Site) -> None:
    page = site.get("/ideas/4711-nothing")
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    problem = site.get("/ideas.json?sort=nonsense")
    assert problem.status_code == 422
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert problem.json()["status"] == 422
    assert site.get("/ideas/1/vote/nothing").status_code == 404
    assert site.client.delete("/ideas").status_code == 405


def test_somebody_not_signed_in_is_led_to_sign_in_and_back(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea())
    answer = site.post(f"/ideas/{idea_id}/vote", {"value": "1", "next": "/ideas?sort=top"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Fideas%3Fsort%3Dtop")
    by_htmx = site.post(f"/ideas/{idea_id}/vote", {"value": "1"}, htmx=True)
    assert by_htmx.headers["hx-redirect"].startswith("/sign-in?")
    elsewhere = site.post(f"/ideas/{idea_id}/vote", {"value": "1", "next": "//evil.example/"})
    assert "evil" not in elsewhere.headers["location"]


def test_parallel_page_loads_do_not_mix_up_people(site: Site) -> None:
    """Two people ask at the same moment, many times: each sees their own name."""
    people = site.make(lambda make: [make.user(name=f"Somebody {letter}") for letter in "ABCD"])
    tokens = []
    for person in people:
        site.sign_in(person)
        tokens.append(site.client.cookies["__Host-session"])
    site.sign_out()

    def load(number: int) -> None:
        token, person = tokens[number % 4], people[number % 4]
        answer = site.client.get("/ideas", headers={"cookie": f"__Host-session={token}"})
        names = [other.name for other in people if other.name in answer.text]
        assert names == [person.name]

    async def all_at_once() -> None:
        await asyncio.gather(*(asyncio.to_thread(load, number) for number in range(40)))

    asyncio.run(all_at_once())
