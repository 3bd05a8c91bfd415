"""Comments on the site: with and without htmx, nothing typed is lost, everything leads back to its place."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.domain import comments, ideas
from forum.domain.people import Person
from forum.models import Comment, Draft, User
from tests.making import Make, Site


def prepare(site: Site, **values: object) -> tuple[Person, int, str]:
    """A person who is signed in, an idea, and its path."""

    def work(make: Make) -> tuple[Person, int, str]:
        person, idea_id = make.user(name="Ada"), make.idea(**values)  # type: ignore[arg-type]
        return person, idea_id, ideas.get(make.db, None, idea_id).path

    person, idea_id, path = site.make(work)
    site.sign_in(person)
    return person, idea_id, path


def post(site: Site, idea_id: int, body: str, *, htmx: bool = False, **fields: object):
    return site.post(f"/ideas/{idea_id}/comments", {"body": body, **fields}, htmx=htmx)


def the_comment(site: Site) -> int:
    with site.database.reading() as db:
        return int(db.execute(sa.select(sa.func.max(Comment.id))).scalar_one())


def test_a_comment_leads_to_its_place_on_the_page(site: Site) -> None:
    _, idea_id, path = prepare(site)
    answer = post(site, idea_id, "I *like* it.")
    comment_id = the_comment(site)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}#comment-{comment_id}")
    page = site.get(path).text
    assert "Your comment is posted." in page
    assert f'id="comment-{comment_id}"' in page
    assert "I <em>like</em> it." in page
    assert "1 comment<" in page


def test_with_htmx_the_thread_is_swapped_and_the_new_comment_takes_the_focus(site: Site) -> None:
    _, idea_id, path = prepare(site)
    answer = post(site, idea_id, "I like it.", htmx=True)
    comment_id = the_comment(site)
    assert answer.status_code == 200
    assert answer.headers["hx-replace-url"] == f"{path}#comment-{comment_id}"
    assert answer.text.lstrip().startswith('<section class="stack" id="comments"')
    assert f'id="comment-{comment_id}" tabindex="-1" data-focus' in answer.text
    assert answer.text.count("data-focus>") + answer.text.count("data-focus ") == 1
    assert "data-announce>Your comment is posted." in answer.text
    assert "data-focus>" not in site.get(path, htmx=True).text


def test_a_reply_stands_under_what_it_answers(site: Site) -> None:
    _, idea_id, path = prepare(site)
    first = site.make(lambda make: make.comment(idea_id, author=make.user(name="Bob")))
    site.make(lambda make: make.comment(idea_id))
    form = site.get(f"/comments/{first}/reply")
    assert form.status_code == 200
    assert "Your answer to Bob" in form.text
    assert f'name="parent" value="{first}"' in form.text
    post(site, idea_id, "Yes, Bob.", parent=first)
    page = site.get(path).text
    reply = the_comment(site)
    places = re.findall(r'<li class="comment depth-(\d)[^"]*" id="comment-(\d+)"', page)
    assert places[1] == ("1", str(reply))
    assert "to Bob" in page


def test_the_form_of_a_reply_comes_into_the_thread_with_htmx(site: Site) -> None:
    _, idea_id, path = prepare(site)
    first = site.make(lambda make: make.comment(idea_id, body="One\n\nTwo"))
    fragment = site.get(f"/comments/{first}/reply", htmx=True).text
    assert "<html" not in fragment
    assert f'id="comment-form-{first}"' in fragment
    assert f'id="field-body-{first}"' in fragment
    assert "data-focus" in fragment
    quoted = site.get(f"/comments/{first}/reply?quote=1", htmx=True).text
    assert "\n&gt; One\n&gt;\n&gt; Two\n\n</textarea>" in quoted
    page = site.get(path).text
    assert f'<div id="reply-{first}"></div>' in page
    assert not set(re.findall(r'\bid="([^"]+)"', fragment)) & set(re.findall(r'\bid="([^"]+)"', page))


@pytest.mark.parametrize("htmx", [False, True])
def test_a_form_that_fails_keeps_what_was_typed(site: Site, htmx: bool) -> None:
    _, idea_id, _ = prepare(site)
    first = site.make(lambda make: make.comment(idea_id))
    long = "ä" * 5001
    answer = post(site, idea_id, long, parent=first, htmx=htmx)
    assert answer.status_code == 422
    assert long in answer.text
    assert "5,001 characters" in answer.text
    assert f'name="parent" value="{first}"' in answer.text
    if htmx:
        assert (answer.headers["hx-retarget"], answer.headers["hx-reswap"]) == (f"#reply-{first}", "innerHTML")
        assert "<html" not in answer.text
    answer = post(site, idea_id, " ", htmx=htmx)
    assert answer.status_code == 422
    assert "Please write your comment." in answer.text
    if htmx:
        assert (answer.headers["hx-retarget"], answer.headers["hx-reswap"]) == ("#comment-form", "outerHTML")


def test_a_refusal_keeps_what_was_typed(site: Site) -> None:
    _, idea_id, _ = prepare(site)
    first = site.make(lambda make: make.comment(idea_id))
    site.write(lambda db: comments.change_state(db, first, "removed"))
    answer = post(site, idea_id, "My long words", parent=first)
    assert answer.status_code == 409
    assert "My long words" in answer.text
    site.write(lambda db: db.execute(sa.text("UPDATE ideas SET is_locked = :yes"), {"yes": True}))
    answer = post(site, idea_id, "My long words")
    assert answer.status_code == 403
    assert "My long words" in answer.text
    assert "locked" in answer.text


def test_past_the_limit_the_words_are_kept_and_the_wait_is_told(site: Site) -> None:
    _, idea_id, _ = prepare(site)
    site.write(lambda db: db.execute(sa.update(User).values(trust_level=0)))
    for number in range(30):
        assert post(site, idea_id, f"Comment {number}").status_code == 303
    answer = post(site, idea_id, "One too many")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "One too many" in answer.text


def test_when_the_session_has_ended_the_words_wait_for_the_sign_in(site: Site) -> None:
    person, idea_id, path = prepare(site)
    site.sign_out()
    answer = post(site, idea_id, "I was away for a while.")
    assert answer.status_code == 303
    url = urlsplit(answer.headers["location"])
    assert url.path == "/sign-in"
    assert parse_qs(url.query)["next"] == [f"{path}#comment-form"]
    assert "I was away" not in site.get(path).text
    site.sign_in(person)
    assert "I was away for a while.</textarea>" in site.get(path).text
    post(site, idea_id, "I was away for a while.")
    with site.database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Draft)).scalar_one() == 0


def test_an_answer_waits_on_its_own_page(site: Site) -> None:
    person, idea_id, _ = prepare(site)
    first = site.make(lambda make: make.comment(idea_id))
    site.sign_out()
    answer = post(site, idea_id, "My answer.", parent=first)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["next"] == [f"/comments/{first}/reply"]
    site.sign_in(person)
    assert "My answer.</textarea>" in site.get(f"/comments/{first}/reply").text


def test_a_draft_of_a_comment_is_kept_and_found_again(site: Site) -> None:
    _, idea_id, path = prepare(site)
    page = site.get(path).text
    key = re.search(r'name="draft_key" value="([^"]+)"', page)
    assert key
    form = {"draft": f"comment:{idea_id}", "draft_key": key[1], "body": "Half a thought"}
    assert site.post("/drafts", form).status_code == 200
    with site.database.reading() as db:
        draft_id = db.execute(sa.select(Draft.id)).scalar_one()
    assert "Half a thought</textarea>" in site.get(f"{path}?draft={draft_id}").text
    post(site, idea_id, "A whole thought", draft_key=key[1])
    with site.database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Draft)).scalar_one() == 0


def test_a_held_comment_is_seen_by_its_author_who_is_told(site: Site) -> None:
    place = site.make(lambda make: make.community(moderation="before"))
    _, idea_id, path = prepare(site, community=place)
    answer = post(site, idea_id, "Wait for it.")
    page = site.get(answer.headers["location"]).text
    assert "A moderator looks at your comment" in unescape(page)
    assert "Wait for it." in page
    assert "Waiting for a check" in page
    assert "0 comments" in page
    site.sign_out()
    assert "Wait for it." not in site.get(path).text
    assert site.get(f"/comments/{the_comment(site)}").status_code == 404


def test_an_official_comment_looks_official_and_only_employees_are_asked(site: Site) -> None:
    _, idea_id, path = prepare(site)
    assert "Post as my agency" not in site.get(path).text
    assert post(site, idea_id, "Not official at all", official="1").status_code == 403
    employee = site.make(lambda make: make.user(is_employee=True, agency_name="National Archives"))
    site.sign_in(employee)
    assert "Post as my agency" in site.get(path).text
    post(site, idea_id, "We will look into it.", official="1")
    site.sign_out()
    page = site.get(path).text
    assert re.search(r'<li class="comment depth-0 official"', page)
    assert "Official, National Archives" in page


def test_agreeing_swaps_the_button_and_says_so(site: Site) -> None:
    _, idea_id, path = prepare(site)
    comment_id = site.make(lambda make: make.comment(idea_id))
    assert 'aria-pressed="false"' in site.get(path, htmx=True).text
    answer = site.post(f"/comments/{comment_id}/agree", {"value": "1"}, htmx=True)
    assert answer.text.startswith(f'<form method="post" action="/comments/{comment_id}/agree"')
    assert 'aria-pressed="true"' in answer.text
    assert "I agree <b>1</b>" in answer.text
    page = site.get(path).text
    assert re.search(rf'id="agree-{comment_id}-button" name="value" value="0" aria-pressed="true"', page)
    answer = site.post(f"/comments/{comment_id}/agree", {"value": "0"})
    assert answer.headers["location"] == f"{path}#comment-{comment_id}"
    assert site.post(f"/comments/{comment_id}/agree", {"value": "7"}).status_code == 422
    assert "I agree <b>0</b>" in site.get(path).text


def test_each_visitor_sees_their_own_agreement_and_buttons(site: Site) -> None:
    author, idea_id, path = prepare(site)
    comment_id = site.make(lambda make: make.comment(idea_id, author=author))
    other = site.make(lambda make: make.user())
    for _ in range(2):
        site.sign_in(author)
        page = site.get(path).text
        assert f"/comments/{comment_id}/edit" in page
        assert f"/comments/{comment_id}/agree" not in page
        site.sign_in(other)
        site.post(f"/comments/{comment_id}/agree", {"value": "1"})
        page = site.get(path).text
        assert f"/comments/{comment_id}/edit" not in page
        assert re.search(rf'agree-{comment_id}-button" name="value" value="0"', page)
        site.sign_out()
        page = site.get(path).text
        assert re.search(rf'agree-{comment_id}-button" name="value" value="1"', page)
        assert f"/comments/{comment_id}/edit" not in page


def test_who_moderates_finds_the_decision_at_each_comment_but_their_own(site: Site) -> None:
    author, idea_id, path = prepare(site)
    boss = site.make(lambda make: make.user(role="moderator"))
    manager = site.make(lambda make: make.member(make.community().id, make.user(), role="manager"))
    theirs, own = site.make(lambda make: (make.comment(idea_id, author=author), make.comment(idea_id, author=boss)))
    for _ in range(2):
        site.sign_in(boss)
        page = site.get(path).text
        assert f"/comments/{theirs}/decision" in page
        assert f"/comments/{own}/decision" not in page
        for person in (author, manager):
            site.sign_in(person)
            assert "/decision" not in site.get(path).text
        site.sign_out()
        assert "/decision" not in site.get(path).text
    site.sign_in(boss)
    assert site.get(f"/comments/{theirs}/decision").status_code == 200


def test_an_edit_keeps_words_on_errors_and_shows_its_history_later(site: Site) -> None:
    author, idea_id, path = prepare(site)
    comment_id = site.make(lambda make: make.comment(idea_id, author=author, body="Old words"))
    assert "Old words</textarea>" in site.get(f"/comments/{comment_id}/edit").text
    answer = site.post(f"/comments/{comment_id}/edit", {"body": "x"})
    assert answer.status_code == 422
    site.write(lambda db: db.execute(sa.update(Comment).values(created_at=now() - timedelta(hours=2))))
    answer = site.post(f"/comments/{comment_id}/edit", {"body": "New words"})
    assert answer.headers["location"] == f"{path}#comment-{comment_id}"
    page = site.get(path).text
    assert "New words" in page
    assert f"/comments/{comment_id}/history" in page
    history = site.get(f"/comments/{comment_id}/history").text
    assert "<del>Old</del><ins>New</ins> words" in history
    answer = site.post(f"/comments/{comment_id}/edit", {"body": "Newer words", "seen": "0123456789abcdef"})
    assert answer.status_code == 409
    assert "Newer words</textarea>" in answer.text
    site.sign_out()
    assert site.get(f"/comments/{comment_id}/edit").headers["location"].startswith("/sign-in?")


def test_withdrawing_leaves_a_line_and_hides_the_words_everywhere(site: Site) -> None:
    author, idea_id, path = prepare(site)
    comment_id = site.make(lambda make: make.comment(idea_id, author=author, body="Regret"))
    reply = site.make(lambda make: make.comment(idea_id, parent_id=comment_id))
    assert "Regret" in site.get(f"/comments/{comment_id}/withdraw").text
    assert site.post(f"/comments/{comment_id}/withdraw").status_code == 303
    site.sign_out()
    page = site.get(path).text
    assert "The author withdrew this comment." in page
    assert "Regret" not in page
    assert f'id="comment-{reply}"' in page
    assert "1 comment<" in page
    assert "Regret" not in site.get(f"/comments/{comment_id}/history", follow_redirects=True).text
    assert "Ada" not in page


def test_the_address_of_a_comment_leads_to_its_page_of_a_long_thread(site: Site) -> None:
    _, idea_id, path = prepare(site)
    ids = site.make(lambda make: [make.comment(idea_id, author=make.user()) for _ in range(3)])
    more = site.make(lambda make: [make.comment(idea_id, parent_id=ids[0], author=make.user()) for _ in range(110)])
    location = site.get(f"/comments/{ids[2]}").headers["location"]
    assert location == f"{path}?after={more[98]}#comment-{ids[2]}"
    page = site.get(location).text
    assert f'id="comment-{ids[2]}"' in page
    assert "First comments" in page
    assert f"{path}?after={more[98]}#comments" in site.get(path).text
    assert site.get(f"{path}?after=x").status_code == 422
    assert "No more comments" in site.get(f"{path}?after=999999").text


def test_nobody_sees_comments_of_a_hidden_community(site: Site) -> None:
    hidden = site.make(lambda make: make.community(visibility="members"))
    comment_id = site.make(lambda make: make.comment(make.idea(community=hidden)))
    prepare(site)
    for address in ("", "/reply", "/edit", "/withdraw", "/history"):
        assert site.get(f"/comments/{comment_id}{address}").status_code == 404
    assert site.post(f"/comments/{comment_id}/agree", {"value": "1"}).status_code == 404


def test_what_people_write_does_nothing_but_be_read(site: Site) -> None:
    _, idea_id, path = prepare(site)
    post(
        site, idea_id, "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> data-hx-get=/x"
    )
    page = site.get(path).text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
