"""Notifications, follows and the end of mails on the site."""

import email
import email.policy
import re

import pytest
import sqlalchemy as sa

from forum.domain import follows, notifications
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.models import Follow, Notification, User
from tests.making import Make, Site


def tell(site: Site, person: Person, count: int = 1) -> None:
    def work(make: Make) -> None:
        for number in range(count):
            telling = Telling(f"event:{number}", "idea.posted", f"Event {number}", f"/ideas?event={number}")
            notifications.tell(make.db, [person.id], telling)

    site.make(work)


def someone(site: Site) -> Person:
    person = site.make(lambda make: make.user())
    site.sign_in(person)
    return person


def unread(site: Site, person: Person) -> tuple[int, int]:
    rows = sa.select(sa.func.count()).where(Notification.user_id == person.id, Notification.read_at.is_(None))
    with site.database.reading() as db:
        stored = db.execute(sa.select(User.unread_count).where(User.id == person.id)).scalar_one()
        return stored, db.execute(rows).scalar_one()


def test_the_list_shows_what_is_new_and_looking_changes_nothing(site: Site) -> None:
    person = someone(site)
    assert "Nothing here yet" in site.get("/notifications").text
    tell(site, person, 3)
    page = site.get("/notifications").text
    assert page.index("Event 2") < page.index("Event 1") < page.index("Event 0")
    assert page.count("Not read yet") == 3
    assert '3<span class="visually-hidden"> unread' in page
    assert unread(site, person) == (3, 3)


def test_a_long_text_is_cut_where_its_title_leads_to_the_whole(site: Site) -> None:
    person = someone(site)
    words = "A statement of reasons says a great deal. " * 20
    told = Telling("event:long", "moderation.decided", "Your comment was removed", "/decisions/1", words)
    site.make(lambda make: notifications.tell(make.db, [person.id], told))
    for address in ("/notifications", "/me"):
        shown = site.get(address).text
        assert 2 <= shown.count("A statement of reasons") <= 5
        assert "…</p>" in shown


def test_opening_one_reads_it_and_goes_there(site: Site) -> None:
    person = someone(site)
    tell(site, person, 2)
    address = re.search(r'action="(/notifications/\d+/open)"', site.get("/notifications").text)
    assert address
    answer = site.post(address[1])
    assert (answer.status_code, answer.headers["location"]) == (303, "/ideas?event=1")
    assert unread(site, person) == (1, 1)
    assert site.get(address[1]).status_code == 405
    site.sign_in(site.make(lambda make: make.user()))
    assert site.post(address[1]).status_code == 404


def test_all_are_read_at_once_up_to_what_was_shown(site: Site) -> None:
    person = someone(site)
    tell(site, person, 3)
    newest = re.search(r'name="up_to" value="(\d+)"', site.get("/notifications").text)
    assert newest
    site.write(lambda db: notifications.tell(db, [person.id], Telling("late", "k", "Late", "/ideas")))
    assert site.post("/notifications/read", {"up_to": newest[1]}).status_code == 303
    assert unread(site, person) == (1, 1)
    assert site.post("/notifications/read", {"next": "/me"}).headers["location"] == "/me"
    assert unread(site, person) == (0, 0)
    assert site.post("/notifications/read", {"next": "//evil.example"}).headers["location"] == "/notifications"


def test_a_long_list_comes_in_pages(site: Site) -> None:
    person = someone(site)
    tell(site, person, 35)
    first = site.get("/notifications").text
    older = re.search(r'href="(/notifications\?before=\d+)"', first)
    assert older
    second = site.get(older[1]).text
    assert "Event 4<" in second
    assert "Event 5<" not in second
    fragment = site.get(older[1], htmx=True).text
    assert "<html" not in fragment
    assert "Event 4<" in fragment


@pytest.mark.parametrize("address", ["/notifications", "/me/follows"])
def test_the_pages_ask_strangers_to_sign_in(site: Site, address: str) -> None:
    answer = site.get(address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


def test_an_idea_is_followed_with_and_without_htmx(site: Site) -> None:
    person = someone(site)
    idea_id = site.make(lambda make: make.idea(title="A title"))
    form = {"kind": "idea", "id": idea_id, "value": "1", "next": f"/ideas/{idea_id}-a-title"}
    answer = site.post("/follows", form, htmx=True)
    assert answer.text.strip().startswith('<form method="post" action="/follows"')
    assert "Following" in answer.text
    assert 'value="0" aria-pressed="true"' in answer.text
    page = site.get(f"/ideas/{idea_id}-a-title").text
    assert f'id="follow-idea-{idea_id}-button" name="value" value="0" aria-pressed="true"' in page
    assert "A title" in site.get("/me/follows").text
    answer = site.post("/follows", {**form, "value": "0"})
    assert answer.headers["location"] == f"/ideas/{idea_id}-a-title"
    assert "You follow nothing yet" in site.get("/me/follows").text
    with site.database.reading() as db:
        assert not follows.is_following(db, person, "idea", idea_id)


def test_wrong_follows_are_refused(site: Site) -> None:
    someone(site)
    for form in ({}, {"kind": "idea", "id": "x", "value": "1"}, {"kind": "idea", "id": "1", "value": "5"}):
        assert site.post("/follows", form).status_code == 422
    assert site.post("/follows", {"kind": "moon", "id": "1", "value": "1"}).status_code == 404
    site.sign_out()
    idea_id = site.make(lambda make: make.idea())
    assert "/sign-in" in site.post("/follows", {"kind": "idea", "id": idea_id, "value": "1"}).headers["location"]


def test_many_follows_come_in_pages(site: Site) -> None:
    person = someone(site)

    def work(make: Make) -> None:
        author, place = make.user(), make.community()
        for number in range(55):
            follows.put(make.db, person, "idea", make.idea(author=author, community=place, title=f"Title {number}."))

    site.make(work)
    first = site.get("/me/follows").text
    older = re.search(r'href="(/me/follows\?after=idea-\d+)"', first)
    assert older
    assert "Title 54." not in first
    assert "Title 54." in site.get(older[1]).text
    for wrong in ("moon-1", "idea-", "idea", "idea-x"):
        assert site.get(f"/me/follows?after={wrong}").status_code == 422


def _mailed_link(site: Site) -> tuple[Person, str]:
    """Somebody who follows an idea that is commented on, and the link in the mail that they get."""

    def work(make: Make) -> Person:
        person, idea_id = make.user(), make.idea()
        follows.put(make.db, person, "idea", idea_id)
        return person

    person = site.make(work)
    site.sign_in(site.make(lambda make: make.user()))
    with site.database.reading() as db:
        idea_id = db.execute(sa.select(Follow.object_id)).scalar_one()
    site.post(f"/ideas/{idea_id}/comments", {"body": "Something new."})
    site.sign_out()
    site.work()
    (path,) = site.settings.mail_folder.glob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return person, str(message["list-unsubscribe"]).strip("<>").removeprefix("https://testserver")


def wants_mail(site: Site, person: Person) -> bool:
    with site.database.reading() as db:
        return bool(db.execute(sa.select(User.wants_mail).where(User.id == person.id)).scalar_one())


def test_a_mail_program_ends_the_mails_with_one_click_and_without_a_session(site: Site) -> None:
    person, link = _mailed_link(site)
    answer = site.client.post(link, data={"List-Unsubscribe": "One-Click"}, headers={"origin": "https://mail.example"})
    assert answer.status_code == 200
    assert not wants_mail(site, person)


def test_a_person_ends_the_mails_with_a_button_and_may_take_it_back(site: Site) -> None:
    person, link = _mailed_link(site)
    page = site.get(link)
    assert page.status_code == 200
    assert "End our mails?" in page.text
    assert wants_mail(site, person)
    answer = site.post(link, {"mail": "off"}, headers={})
    assert site.get(answer.headers["location"]).text.count("You get no more mails") >= 1
    assert not wants_mail(site, person)
    site.post(link, {"mail": "on"})
    assert wants_mail(site, person)


@pytest.mark.parametrize("change", [lambda link: link[:-2], lambda link: "/unsubscribe/x.y.z", lambda link: link + "A"])
def test_a_link_that_was_changed_ends_nothing(site: Site, change) -> None:
    person, link = _mailed_link(site)
    assert site.get(change(link)).status_code == 404
    assert site.post(change(link), {"mail": "off"}).status_code == 404
    assert wants_mail(site, person)


def test_after_the_end_no_news_goes_out_and_notifications_stay(site: Site) -> None:
    person, link = _mailed_link(site)
    idea_id = site.make(lambda make: make.idea())
    site.write(lambda db: follows.put(db, person, "idea", idea_id))
    site.sign_in(site.make(lambda make: make.user()))
    site.post(f"/ideas/{idea_id}/comments", {"body": "Written before the click."})
    worker = site.forum
    assert not worker.with_worker
    site.post(link, {"mail": "off"})
    site.work()
    assert len(list(site.settings.mail_folder.glob("*.eml"))) == 1
    assert unread(site, person) == (2, 2)


def test_mails_are_switched_on_the_page_too(site: Site) -> None:
    person = someone(site)
    assert "Stop these mails" in site.get("/notifications").text
    site.post("/notifications/mail", {"value": "0"})
    assert not wants_mail(site, person)
    assert "Mail me too" in site.get("/notifications").text
    site.post("/notifications/mail", {"value": "1"})
    assert wants_mail(site, person)
