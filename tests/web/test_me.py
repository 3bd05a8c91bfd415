"""My page, the public page of a person, and the pages of administrators about users."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, insert
from forum.domain import ideas, sessions, votes
from forum.domain.people import Person
from forum.models import Comment, CommunityMember, Mail, Session, User
from tests.making import Make, Site

COOKIE = "__Host-session"


def comment(db: Connection, idea_id: int, author: Person, body: str, **values: Any) -> int:
    row = {"path": "000001", "body": body, "body_html": body, "created_at": now(), **values}
    return insert(db, Comment, idea_id=idea_id, author_id=author.id, **row)


def busy_person(make: Make) -> Person:
    """Somebody with seven of everything."""
    person = make.user(name="Busy Bea", handle="busy-bea", bio="I like **maps**.")
    for number in range(7):
        make.idea(author=person, title=f"Own idea {number}")
        other = make.idea(title=f"Voted idea {number}")
        votes.cast(make.db, person, other, 1)
        comment(make.db, other, person, f"Remark {number}")
    return person


def test_my_page_shows_the_newest_and_leads_to_the_rest(site: Site) -> None:
    person = site.make(busy_person)
    site.sign_in(person)
    page = site.get("/me")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for shown in (
        "Own idea 6",
        "Voted idea 6",
        "Remark 6",
        'href="/me/ideas"',
        'href="/me/votes"',
        'href="/me/comments"',
    ):
        assert shown in page.text
    assert "Own idea 1" not in page.text
    for path, first in (("/me/ideas", "Own idea 0"), ("/me/votes", "Voted idea 0"), ("/me/comments", "Remark 0")):
        whole = site.get(path)
        assert first in whole.text
        part = site.get(path, htmx=True).text
        assert first in part
        assert "<html" not in part


def test_my_page_works_for_somebody_new_and_asks_nobody_else(site: Site) -> None:
    for path in ("/me", "/me/ideas", "/me/votes", "/me/comments", "/me/settings", "/me/data", "/me/data/download"):
        answer = site.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in?next=%2Fme"), path
    site.sign_in(site.make(lambda make: make.user()))
    page = site.get("/me").text
    assert "You have no ideas here yet" in page
    assert "/me/ideas" not in page


def test_how_somebody_voted_is_on_no_other_page(site: Site) -> None:
    person = site.make(busy_person)
    assert "Voted idea" not in site.get(f"/people/{person.handle}").text.partition('id="comments-title"')[0]
    site.sign_in(site.make(lambda make: make.user(role="administrator")))
    assert "Voted idea" not in site.get(f"/users/{person.id}").text


def test_any_session_of_ones_own_can_be_ended(site: Site) -> None:
    person, other = site.make(lambda make: make.user()), site.make(lambda make: make.user())
    site.sign_in(person)
    elsewhere = site.write(lambda db: sessions.start(db, person, device="Safari on iPhone"))
    foreign = site.write(lambda db: sessions.start(db, other))
    ids = {row.device: row.id for row in site.write(lambda db: sessions.of(db, person))}
    assert "Safari on iPhone" in site.get("/me").text
    part = site.post("/me/sessions/end", {"id": str(ids["Safari on iPhone"])}, htmx=True)
    assert part.status_code == 200
    assert 'id="sessions"' in part.text
    assert "Safari on iPhone" not in part.text
    assert site.write(lambda db: sessions.find(db, elsewhere)) is None
    foreign_id = site.write(lambda db: sessions.of(db, other)[0].id)
    for wrong in (str(foreign_id), "0", "", "x", "9" * 30):
        assert site.post("/me/sessions/end", {"id": wrong}).status_code == 404
    assert site.write(lambda db: sessions.find(db, foreign)) is not None
    answer = site.post("/me/sessions/end", {"id": str(ids[""])})
    assert answer.headers["location"] == "/"
    assert site.get("/me").status_code == 303


def test_all_other_sessions_can_be_ended_at_once(site: Site) -> None:
    person = site.make(lambda make: make.user())
    site.sign_in(person)
    for _ in range(3):
        site.write(lambda db: sessions.start(db, person))
    assert "Sign out everywhere else" in site.get("/me").text
    site.post("/me/sessions/end", {"id": "others"})
    assert len(site.write(lambda db: sessions.of(db, person))) == 1
    assert site.get("/me").status_code == 200


def test_settings_are_kept_and_a_wrong_name_keeps_what_was_typed(site: Site) -> None:
    person = site.make(lambda make: make.user())
    site.sign_in(person)
    assert 'name="wants_mail" value="1" checked' in site.get("/me/settings").text
    answer = site.post("/me/settings", {"name": "Administrator", "bio": "I count <things>."})
    assert answer.status_code == 422
    assert "I count &lt;things&gt;." in answer.text
    assert site.post("/me/settings", {"name": "x" * 61, "bio": ""}).status_code == 422
    assert site.post("/me/settings", {"name": "Ada", "bio": "y" * 501}).status_code == 422
    assert site.post("/me/settings", {"name": "Ada", "bio": "I count."}).status_code == 303
    page = site.get("/me/settings").text
    assert 'value="Ada"' in page
    assert 'name="wants_mail" value="1" checked' not in page
    assert "I count." in site.get(f"/people/{person.handle}").text


def test_a_new_address_counts_when_its_link_is_followed(site: Site) -> None:
    person = site.make(lambda make: make.user())
    site.sign_in(person)
    assert site.post("/me/address", {"email": "nowhere"}).status_code == 422
    assert site.post("/me/address", {"email": person.email}).status_code == 422
    taken = site.make(lambda make: make.user()).email
    answers = [site.post("/me/address", {"email": email}) for email in (taken, "new@example.org")]
    assert answers[0].text.replace(taken or "", "?") == answers[1].text.replace("new@example.org", "?")
    texts = site.write(lambda db: {m.recipient: m.text for m in db.execute(sa.select(Mail.recipient, Mail.text))})
    link = texts["new@example.org"].partition("https://testserver")[2].split()[0]
    assert "new@example.org" in site.get(link).text
    assert site.post(link).headers["location"] == "/me/settings"
    assert "new@example.org" in site.get("/me/settings").text


def test_the_file_with_my_data_is_one_whole_json(site: Site) -> None:
    person = site.make(busy_person)
    site.sign_in(person)
    answer = site.get("/me/data/download")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["content-type"].startswith("application/json")
    data = json.loads(answer.text)
    assert (len(data["ideas"]), len(data["votes"]), len(data["comments"])) == (7, 7, 7)


def test_deleting_an_account_asks_once_more_and_then_is_done(site: Site) -> None:
    person = site.make(busy_person)
    site.sign_in(person)
    page = site.get("/me/delete").text
    assert "What stays" in page
    answer = site.post("/me/delete")
    assert answer.status_code == 422
    assert "tick the box" in answer.text
    answer = site.post("/me/delete", {"agree": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    site.sign_out()
    assert site.get(f"/people/{person.handle}").status_code == 404
    left = site.write(lambda db: db.execute(sa.select(User.handle).where(User.id == person.id)).scalar_one())
    assert site.get(f"/people/{left}").status_code == 404
    listed = site.get("/ideas?sort=newest").text
    assert "Own idea 6" in listed
    assert "Former member" in listed
    assert "Busy Bea" not in listed


def test_the_page_of_a_person_shows_what_is_public(site: Site) -> None:
    def prepare(make: Make) -> Person:
        person = make.user(
            name="Ada Ö", handle="ada-ö", is_employee=True, agency_name="Budget Office", job_title="Analyst"
        )
        make.idea(author=person, title="A public idea")
        make.idea(author=person, title="A private idea", community=make.community(visibility="members"))
        make.idea(author=person, title="A removed idea", state="removed", is_public=False, is_listed=False)
        comment(make.db, make.idea(), person, "A standing remark")
        comment(make.db, make.idea(), person, "A held remark", state="held")
        return person

    site.make(prepare)
    answer = site.get("/people/ada-ö")
    assert answer.status_code == 200
    for shown in ("Ada Ö", "Budget Office", "Analyst", "A public idea", "A standing remark", "here since"):
        assert shown in answer.text
    for hidden in ("A private idea", "A removed idea", "A held remark", "@example.org"):
        assert hidden not in answer.text
    assert "A standing remark" in site.get("/people/ada-ö/comments").text
    assert site.get("/people/nobody").status_code == 404
    assert site.get("/people/nobody/comments").status_code == 404


def test_the_page_of_a_person_is_paged(site: Site) -> None:
    def prepare(make: Make) -> Person:
        person, place = make.user(), make.community()
        for number in range(30):
            moment = now() - timedelta(minutes=number)
            make.idea(author=person, community=place, title=f"Idea number {number:02}.", created_at=moment)
        idea_id = make.idea(community=place)
        for number in range(30):
            comment(make.db, idea_id, person, f"Remark number {number:02}.")
        return person

    handle = site.make(prepare).handle
    first = site.get(f"/people/{handle}").text
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = site.get(following).text
    for number in range(30):
        assert (f"Idea number {number:02}." in first) != (f"Idea number {number:02}." in second)
    assert "Remark number" not in second
    comments = site.get(f"/people/{handle}/comments").text
    following = comments.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    rest = site.get(following).text
    for number in range(30):
        assert (f"Remark number {number:02}." in comments) != (f"Remark number {number:02}." in rest)


def test_imported_people_say_that_they_are(site: Site) -> None:
    person = site.make(lambda make: make.user(status="imported", email=None, name="Citizen of 2009"))
    page = site.get(f"/people/{person.handle}").text
    assert "earlier discussion" in page
    assert "here since" not in page


def test_words_about_oneself_are_safe(site: Site) -> None:
    bio = '<script>alert(1)</script> [x](javascript:alert(1)) <b onclick="x()">b</b>'
    person = site.make(lambda make: make.user(bio=bio, name='"><script>alert(2)</script>'))
    page = site.get(f"/people/{person.handle}").text
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert "<b onclick" not in page


@pytest.mark.parametrize("role", [None, "citizen", "moderator", "policy"])
def test_users_are_for_administrators_alone(site: Site, role: str | None) -> None:
    other = site.make(lambda make: make.user())
    if role:
        site.sign_in(site.make(lambda make: make.user(role=role)))
    expected = 403 if role else 303
    assert site.get("/users").status_code == expected
    assert site.get(f"/users/{other.id}").status_code == expected
    assert site.post(f"/users/{other.id}", {"role": "administrator"}).status_code == expected
    assert site.write(lambda db: db.execute(sa.select(User.role).where(User.id == other.id)).scalar_one()) == "citizen"


def test_an_administrator_finds_somebody_and_marks_them(site: Site) -> None:
    admin = site.make(lambda make: make.user(role="administrator", name="Root Person"))
    person = site.make(lambda make: make.user(name="Ada Lovelace", handle="ada-lovelace"))
    site.sign_in(admin)
    found = site.get("/users?q=lovelace")
    assert f'href="/users/{person.id}"' in found.text
    assert "Root Person</a>" not in found.text
    assert "<html" not in site.get("/users?q=lovelace", htmx=True).text
    assert "Nobody found" in site.get("/users?q=nobody-of-this-name").text
    fields = {"role": "policy", "is_employee": "1", "agency_name": "Budget Office", "job_title": "Analyst"}
    assert site.post(f"/users/{person.id}", {**fields, "role": "king"}).status_code == 422
    assert site.post(f"/users/{person.id}", {**fields, "job_title": "x" * 121}).status_code == 422
    answer = site.post(f"/users/{person.id}", {**fields, "email": "mine@example.org"})
    assert answer.headers["location"] == f"/users/{person.id}"
    page = site.get(f"/users/{person.id}").text
    assert "Role from <b>Citizen</b> to <b>Policy team</b>" in page
    assert "Root Person" in page
    assert "mine@example.org" not in page
    assert "Budget Office" in site.get("/people/ada-lovelace").text


def test_changing_a_user_asks_for_a_fresh_proof(site: Site) -> None:
    admin, person = (site.make(lambda make, r=role: make.user(role=r)) for role in ("administrator", "citizen"))
    site.sign_in(admin)
    site.write(lambda db: db.execute(sa.update(Session).values(authenticated_at=now() - timedelta(minutes=16))))
    again = f"/sign-in/again?next=%2Fusers%2F{person.id}"
    assert site.get(f"/users/{person.id}").headers["location"] == again
    answer = site.post(f"/users/{person.id}", {"role": "moderator", "next": f"/users/{person.id}"})
    assert answer.headers["location"] == again
    assert site.write(lambda db: db.execute(sa.select(User.role).where(User.id == person.id)).scalar_one()) == "citizen"


def test_the_only_administrator_stays_one(site: Site) -> None:
    admin = site.make(lambda make: make.user(role="administrator"))
    site.sign_in(admin)
    assert site.post(f"/users/{admin.id}", {"role": "citizen"}).status_code == 409
    assert site.post("/me/delete", {"agree": "1"}).status_code == 409
    assert site.get("/users").status_code == 200


def test_somebody_whose_address_is_not_confirmed_can_ask_for_the_link_again(site: Site) -> None:
    person = site.make(lambda make: make.user(email_confirmed_at=None))
    site.sign_in(person)
    assert "Confirm your address" in site.get("/me").text
    assert site.post("/me/confirm").status_code == 303
    text = site.write(lambda db: db.execute(sa.select(Mail.text)).scalar_one())
    site.post(text.partition("https://testserver")[2].split()[0])
    assert "Confirm your address" not in site.get("/me").text


def test_leaving_leaves_the_communities(site: Site) -> None:
    def prepare(make: Make) -> Person:
        return make.member(make.community(visibility="members").id, make.user())

    site.sign_in(site.make(prepare))
    site.post("/me/delete", {"agree": "1"})
    assert site.write(lambda db: db.execute(sa.select(sa.func.count()).select_from(CommunityMember)).scalar_one()) == 0


def test_a_vote_on_what_is_hidden_now_shows_no_title(site: Site) -> None:
    def prepare(make: Make) -> tuple[Person, int]:
        person, idea_id = make.user(), make.idea(title="Secret words")
        votes.cast(make.db, person, idea_id, 1)
        make.db.execute(sa.text("UPDATE ideas SET state = 'removed' WHERE id = :id"), {"id": idea_id})
        return person, idea_id

    person, idea_id = site.make(prepare)
    site.sign_in(person)
    page = site.get("/me/votes").text
    assert ideas.reference(idea_id) in page
    assert "ecret" not in page
