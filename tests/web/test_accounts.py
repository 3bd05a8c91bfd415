"""Signing up, in, again and out: alike answers, single use, limits, cookies, and where it leads."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import extract_parameters

from forum.clock import now
from forum.domain import accounts, passwords, sessions
from forum.domain.people import Person
from forum.models import LimitHit, Mail, MailCode, Session, User
from forum.signing import token_hash
from tests.making import Site

PASSWORD = "purple elephants dance"
COOKIE = "__Host-session"


def person_with_password(site: Site) -> Person:
    kept = passwords.make_hash(PASSWORD)
    return site.make(lambda make: make.user(password_hash=kept))


def mails(site: Site) -> list[sa.Row[tuple[str, str, str]]]:
    return site.write(lambda db: list(db.execute(sa.select(Mail.recipient, Mail.subject, Mail.text).order_by(Mail.id))))


def last_link(site: Site) -> str:
    found = re.search(r"https://testserver(/confirm/\S+)", mails(site)[-1].text)
    assert found
    return found[1]


def count(site: Site, table: type) -> int:
    return int(site.write(lambda db: db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()))


def token_of(answer: Any) -> str:
    cookie = next(cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith(COOKIE))
    return str(cookie.partition("=")[2].partition(";")[0])


def sign_in(site: Site, email: str | None, password: str = PASSWORD, **more: str) -> Any:
    return site.post("/sign-in", {"email": email or "", "password": password, **more})


def test_a_journey_from_signing_up_to_signing_out(site: Site) -> None:
    assert "Make an account" in site.get("/sign-up?next=/ideas/new").text
    fields = {"name": "Ada L.", "email": "Ada@Example.org", "password": PASSWORD, "next": "/ideas"}
    answer = site.post("/sign-up", fields)
    assert answer.status_code == 200
    assert "We sent you a mail" in answer.text
    assert count(site, User) == 0
    refused = sign_in(site, "ada@example.org")
    assert refused.status_code == 422
    link = last_link(site)
    assert "Ada L." in site.get(link).text
    answer = site.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ideas")
    page = site.get("/me").text
    assert "Ada L." in page
    assert "ada@example.org" in page
    answer = site.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert count(site, Session) == 0
    assert site.get("/me").headers["location"].startswith("/sign-in?")
    answer = sign_in(site, " ADA@example.org ", next="/communities")
    assert (answer.status_code, answer.headers["location"]) == (303, "/communities")
    assert site.get("/me").status_code == 200


def test_a_link_followed_in_another_browser_asks_for_name_and_password_anew(site: Site) -> None:
    site.post("/sign-up", {"name": "Attacker", "email": "victim@example.org", "password": PASSWORD})
    site.client.cookies.clear()
    link = last_link(site)
    page = site.get(link).text
    assert 'name="name"' in page
    assert 'name="password"' in page
    weak = site.post(link, {"name": "Victor", "password": "passwordpassword"})
    assert weak.status_code == 422
    assert "easy to guess" in weak.text
    assert 'value="Victor"' in weak.text
    assert site.post(link, {"name": "", "password": ""}).status_code == 422
    assert site.post(link, {"name": "Victor", "password": "quiet rivers carry lanterns"}).status_code == 303
    site.client.cookies.clear()
    assert sign_in(site, "victim@example.org").status_code == 422
    assert sign_in(site, "victim@example.org", "quiet rivers carry lanterns").status_code == 303


def test_signing_up_without_a_password_signs_in_by_links(site: Site) -> None:
    site.post("/sign-up", {"name": "Ada", "email": "ada@example.org", "password": ""})
    site.post(last_link(site))
    site.post("/sign-out")
    assert sign_in(site, "ada@example.org").status_code == 422
    assert site.post("/sign-in/link", {"email": "ada@example.org", "next": "/ideas"}).status_code == 200
    answer = site.post(last_link(site))
    assert (answer.status_code, answer.headers["location"]) == (303, "/ideas")
    assert site.get("/me").status_code == 200


def test_known_and_unknown_addresses_are_answered_alike(site: Site) -> None:
    known = person_with_password(site).email
    unknown = "x" * (len(known or "") - len("@example.org")) + "@example.org"
    wrong = [sign_in(site, email, "not the right password") for email in (known, unknown)]
    links = [site.post("/sign-in/link", {"email": email}) for email in (known, unknown)]
    resets = [site.post("/reset", {"email": email}) for email in (known, unknown)]
    fields = {"name": "Ada", "password": "quiet rivers carry lanterns"}
    sign_ups = [site.post("/sign-up", {**fields, "email": email}) for email in (known, unknown)]
    for first, second in (wrong, links, resets, sign_ups):
        assert first.status_code == second.status_code
        assert first.text.replace(known or "", "?") == second.text.replace(unknown, "?")
        assert first.headers.keys() == second.headers.keys()
        names = [[cookie.partition("=")[0] for cookie in r.headers.get_list("set-cookie")] for r in (first, second)]
        assert names[0] == names[1]
    written = mails(site)
    assert [mail.recipient for mail in written] == [known, unknown] * 3
    assert all("/confirm/" in mail.text for mail in written)


def test_a_wrong_password_takes_as_long_as_an_unknown_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work is done for both: one hash of the same cost, and the same statements."""
    known = person_with_password(site).email
    hasher, checked = passwords._HASHER, []

    class Watched:
        @staticmethod
        def verify(kept: str, typed: str) -> bool:
            checked.append(extract_parameters(kept))
            return hasher.verify(kept, typed)

    monkeypatch.setattr(passwords, "_HASHER", Watched)
    for email in (known, "nobody@example.org"):
        with site.counting() as statements:
            assert sign_in(site, email, "not the right password").status_code == 422
        checked.append(statements)
    assert checked[:2] == checked[2:]


def test_a_form_that_fails_keeps_all_but_the_password(site: Site) -> None:
    answer = site.post("/sign-up", {"name": "Ada <b>", "email": "nowhere", "password": "short", "next": "/ideas"})
    assert answer.status_code == 422
    assert 'value="Ada &lt;b&gt;"' in answer.text
    assert 'value="nowhere"' in answer.text
    assert 'value="/ideas"' in answer.text
    assert "short" not in answer.text.replace("in a short time", "")
    assert "at least 15 characters" in answer.text
    assert "like name@example.org" in answer.text
    answer = sign_in(site, "", "")
    assert answer.status_code == 422
    assert "Please fill this in" in answer.text


def test_the_sites_name_and_ones_own_are_no_password(site: Site) -> None:
    for password in ("opengovernmentforum", "ada.lovelace2024", "passwordpassword"):
        fields = {"name": "Ada Lovelace", "email": "ada.lovelace@example.org", "password": password}
        answer = site.post("/sign-up", fields)
        assert answer.status_code == 422
        assert "easy to guess" in answer.text


def test_opening_a_link_changes_nothing(site: Site) -> None:
    person = person_with_password(site)
    site.post("/sign-in/link", {"email": person.email})
    link = last_link(site)
    for _ in range(3):
        assert site.get(link).status_code == 200
    assert site.client.head(link).status_code == 200
    assert count(site, Session) == 0
    assert site.post(link).status_code == 303
    for again in (site.get(link), site.post(link)):
        assert again.status_code == 410
        assert "does not work any more" in again.text
    assert count(site, Session) == 1


def test_a_link_never_issued_is_answered_like_one_that_ended(site: Site) -> None:
    for answer in (site.get("/confirm/never-issued"), site.post("/confirm/never-issued")):
        assert answer.status_code == 410


def test_the_session_token_is_new_at_each_sign_in_and_nowhere_in_clear(site: Site) -> None:
    person = person_with_password(site)
    fixed = "chosen-by-an-attacker"
    fields = {"email": person.email, "password": PASSWORD}
    first = token_of(site.post("/sign-in", fields, headers={"cookie": f"{COOKIE}={fixed}"}))
    assert first != fixed
    second = token_of(site.post("/sign-in", fields))
    assert second != first
    assert len(second) >= 43
    rows = site.write(lambda db: db.execute(sa.select(*Session.__table__.columns)).all())
    assert [row.token_hash for row in rows] == [token_hash(second)]
    assert second not in str(rows)


def test_the_cookie_is_for_this_site_and_no_script(site: Site) -> None:
    person = person_with_password(site)
    cookie = next(c for c in sign_in(site, person.email).headers.get_list("set-cookie") if c.startswith(COOKIE))
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"path=/", "secure", "httponly", "samesite=lax", "max-age=2592000"} <= parts
    assert not any(part.startswith("domain") for part in parts)


@pytest.mark.parametrize(
    "next_path",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/sign-in",
        "/confirm/x",
        "/\tx",
    ],
)
def test_after_signing_in_nobody_is_sent_to_another_site(site: Site, next_path: str) -> None:
    person = person_with_password(site)
    answer = sign_in(site, person.email, next=next_path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    site.post("/sign-out")
    site.post("/sign-in/link", {"email": person.email, "next": next_path})
    assert site.post(last_link(site)).headers["location"] == "/"
    site.sign_in(person)
    assert site.get("/sign-in", params={"next": next_path}).headers["location"] == "/"


def test_the_26th_wrong_password_waits_even_when_it_is_right(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    person = person_with_password(site)
    monkeypatch.setattr(passwords, "is_right", lambda kept, typed: kept is not None and typed == PASSWORD)
    for _ in range(25):
        assert sign_in(site, person.email, "wrong").status_code == 422
    answer = sign_in(site, person.email)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 4000
    assert "try again in" in answer.text
    assert f'value="{person.email}"' in answer.text
    assert COOKIE not in site.client.cookies
    assert site.write(lambda db: db.execute(sa.select(sa.func.sum(LimitHit.hits))).scalar_one()) == 50


def test_the_sixth_sign_up_and_the_sixth_mail_wait(site: Site) -> None:
    for number in range(5):
        assert site.post("/sign-up", {"name": "Ada", "email": f"ada{number}@example.org"}).status_code == 200
    answer = site.post("/sign-up", {"name": "Ada", "email": "ada6@example.org"})
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)
    assert 'value="ada6@example.org"' in answer.text
    for email in ("ada@example.org", site.make(lambda make: make.user()).email):
        for _ in range(5):
            assert site.post("/sign-in/link", {"email": email}).status_code == 200
        assert site.post("/sign-in/link", {"email": email}).status_code == 429
        assert site.post("/reset", {"email": email}).status_code == 429


def test_unknown_fields_of_a_form_are_ignored(site: Site) -> None:
    more = {"role": "administrator", "is_employee": "1", "status": "active", "trust_level": "2", "handle": "root"}
    site.post("/sign-up", {"name": "Ada", "email": "ada@example.org", "password": PASSWORD, **more})
    site.post(last_link(site), more)
    site.post("/me/settings", {"name": "Ada", "bio": "", "email": "other@example.org", **more})
    row = site.write(lambda db: db.execute(sa.select(User.role, User.is_employee, User.handle, User.email)).one())
    assert tuple(row) == ("citizen", False, "ada", "ada@example.org")


def test_a_suspended_person_signs_in_to_read_and_take_their_data(site: Site) -> None:
    kept = passwords.make_hash(PASSWORD)
    person = site.make(lambda make: make.user(password_hash=kept, status="suspended"))
    assert sign_in(site, person.email).status_code == 303
    assert "suspended" in site.get("/me").text
    assert site.get("/me/data/download").status_code == 200
    assert site.post("/me/settings", {"name": "Another"}).status_code == 403


def test_what_needs_a_fresh_proof_asks_for_it_and_comes_back(site: Site) -> None:
    person = person_with_password(site)
    sign_in(site, person.email)
    old = site.client.cookies[COOKIE]
    site.write(lambda db: db.execute(sa.update(Session).values(authenticated_at=now() - timedelta(minutes=16))))
    for path in ("/me/password", "/me/address", "/me/delete"):
        answer = site.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in/again?next={path.replace('/', '%2F')}"
        assert site.post(path, {"next": path}).headers["location"] == answer.headers["location"]
    assert "Show that it is you" in site.get("/sign-in/again?next=/me/password").text
    assert site.post("/sign-in/again", {"password": "wrong", "next": "/me/password"}).status_code == 422
    assert site.post("/sign-in/again", {"password": "", "next": "/me/password"}).status_code == 422
    answer = site.post("/sign-in/again", {"password": PASSWORD, "next": "/me/password"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me/password")
    assert site.client.cookies[COOKIE] != old
    assert site.get("/me/password").status_code == 200
    assert count(site, Session) == 1


def test_a_forgotten_password_is_set_anew_by_mail(site: Site) -> None:
    person = person_with_password(site)
    elsewhere = site.write(lambda db: sessions.start(db, person))
    site.post("/reset", {"email": person.email})
    answer = site.post(last_link(site))
    assert answer.headers["location"] == "/me/password"
    assert site.get("/me/password").status_code == 200
    weak = site.post("/me/password", {"password": "passwordpassword"})
    assert weak.status_code == 422
    assert site.post("/me/password", {"password": ""}).status_code == 422
    own = site.client.cookies[COOKIE]
    assert site.post("/me/password", {"password": "quiet rivers carry lanterns"}).status_code == 303
    assert site.write(lambda db: sessions.find(db, elsewhere)) is None
    assert site.write(lambda db: sessions.find(db, own)) is not None
    site.post("/sign-out")
    assert sign_in(site, person.email).status_code == 422
    assert sign_in(site, person.email, "quiet rivers carry lanterns").status_code == 303


def test_who_is_signed_in_goes_on_at_once(site: Site) -> None:
    site.sign_in(site.make(lambda make: make.user()))
    assert site.get("/sign-in?next=/ideas").headers["location"] == "/ideas"
    assert site.get("/sign-up").headers["location"] == "/"


def test_asking_to_vote_without_a_session_says_why(site: Site) -> None:
    idea_id = site.make(lambda make: make.idea())
    answer = site.post(f"/ideas/{idea_id}/vote", {"value": "1", "next": "/ideas"})
    page = site.get(answer.headers["location"])
    assert "Sign in to vote" in page.text
    assert 'value="/ideas"' in page.text


def test_the_codes_table_keeps_nothing_that_signs_in(site: Site) -> None:
    site.post("/sign-up", {"name": "Ada", "email": "ada@example.org", "password": PASSWORD})
    rows = site.write(lambda db: str(db.execute(sa.select(*MailCode.__table__.columns)).all()))
    assert PASSWORD not in rows
    assert last_link(site).removeprefix("/confirm/") not in rows
    assert site.client.cookies["__Host-sign-up"] not in rows


def test_a_session_shows_the_device_and_nothing_finer(site: Site) -> None:
    person = person_with_password(site)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    site.post("/sign-in", {"email": person.email, "password": PASSWORD}, headers={"user-agent": agent})
    assert site.write(lambda db: db.execute(sa.select(Session.device)).scalar_one()) == "Firefox on Linux"


def test_an_account_by_an_operator_signs_in(site: Site) -> None:
    site.write(lambda db: accounts.add(db, email="ada@example.org", name="Ada", password=PASSWORD))
    assert sign_in(site, "ada@example.org").status_code == 303
