"""Posting and editing ideas: what is taken, what is refused, what follows, and the same post sent twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from pydantic import ValidationError

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import communities, follows, ideas, lists, people, posting, repeats, revisions, search, similar
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded, TooMany
from forum.domain.lists import Filters
from forum.domain.people import Person
from forum.domain.posting import IdeaFields, TextFields
from forum.models import Case, Community, Idea, IdeaText, OutboxMessage, PostKey, StatusChange, Tag
from tests.making import Make

BODY = "Put every report that was paid for with public money on one site."


def fields(community: Any, **values: str) -> IdeaFields:
    return IdeaFields(**{"title": "Publish the reports", "body": BODY, "community": community.slug, **values})


def texts(**values: str) -> TextFields:
    return TextFields(**{"title": "Publish the reports", "body": BODY, **values})


def errors_of(**values: str) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        IdeaFields(**{"title": "Publish the reports", "body": BODY, "community": "x", **values})
    return {str(error["loc"][0]): str(error["msg"]) for error in caught.value.errors()}


def found(db: Connection, words: str) -> list[int]:
    return [hit.object_id for hit in search.find(db, words).hits]


def count_of(db: Connection, community_id: int) -> int:
    return communities.load(db, community_id).idea_count


def test_a_posted_idea_is_on_its_page_in_lists_in_the_search_and_followed_by_its_author(
    db: Connection, make: Make
) -> None:
    author, place = make.user(), make.community()
    posted = posting.post(db, author, fields(place, why="We paid for them.", tags="Open data, reports"))
    idea = ideas.get(db, None, posted.id)
    assert (idea.title, idea.body, idea.state, idea.author_id) == ("Publish the reports", BODY, "published", author.id)
    assert idea.path == posted.path == f"/ideas/{posted.id}-publish-the-reports"
    assert "<p>" in idea.body_html
    assert "paid for" in idea.why_html
    assert idea.excerpt.startswith("Put every report")
    assert [tag.slug for tag in idea.tags] == ["open-data", "reports"]
    assert [row.id for row in lists.find(db, Filters("newest")).rows] == [posted.id]
    assert found(db, "public money reports") == [posted.id]
    assert follows.is_following(db, author, "idea", posted.id)
    assert count_of(db, place.id) == 1
    assert db.execute(sa.select(Tag.idea_count).order_by(Tag.slug)).scalars().all() == [1, 1]
    assert db.execute(sa.select(StatusChange.kind).where(StatusChange.idea_id == posted.id)).scalars().all() == [
        "posted"
    ]
    kinds = [(row.kind, row.payload) for row in db.execute(sa.select(OutboxMessage.kind, OutboxMessage.payload))]
    assert ("idea.posted", {"idea_id": posted.id}) in kinds
    assert search.check(db) == []


@pytest.mark.parametrize(
    "values, name, words",
    [
        ({"title": ""}, "title", "give your idea a title"),
        ({"title": "Hey"}, "title", "at least 5"),
        ({"title": "x" * 121}, "title", "121 characters"),
        ({"body": "  "}, "body", "say what your idea is"),
        ({"body": "Too short."}, "body", "at least 20"),
        ({"body": "x" * 10_001}, "body", "10,001 characters"),
        ({"why": "x" * 2_001}, "why", "2,001 characters"),
        ({"tags": "a, b, c, d, e, f"}, "tags", "6 tags"),
        ({"tags": "x" * 41}, "tags", "at most 40"),
        ({"community": " "}, "community", "choose a community"),
    ],
)
def test_what_can_not_be_taken_is_told_in_a_sentence(values: dict[str, str], name: str, words: str) -> None:
    errors = errors_of(**values)
    assert list(errors) == [name]
    assert words in errors[name]


def test_the_longest_texts_are_taken_in_every_script(db: Connection, make: Make) -> None:
    place = make.community()
    posted = posting.post(db, make.user(), fields(place, title="公开" * 60, body="सड़क " * 2_000, why="x" * 2_000))
    idea = ideas.get(db, None, posted.id)
    assert len(idea.title) == 120
    assert posted.path == f"/ideas/{posted.id}-idea"


def test_tags_are_tidied_and_named_once(db: Connection, make: Make) -> None:
    posted = posting.post(db, make.user(), fields(make.community(), tags=" #Budget, budget ,, BUDGET、开放数据,  "))
    assert [(tag.slug, tag.name) for tag in ideas.get(db, None, posted.id).tags] == [
        ("budget", "Budget"),
        ("开放数据", "开放数据"),
    ]


def test_hostile_markup_is_inert_wherever_the_idea_is_shown(db: Connection, make: Make) -> None:
    evil = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"
    posted = posting.post(db, make.user(), fields(make.community(), body=evil, why=evil))
    idea = ideas.get(db, None, posted.id)
    for html in (idea.body_html, idea.why_html):
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html


def test_who_may_not_post(db: Connection, make: Make) -> None:
    place = make.community()
    with pytest.raises(SignInNeeded):
        posting.post(db, None, fields(place))
    with pytest.raises(Forbidden, match="confirm your address"):
        posting.post(db, make.user(email_confirmed_at=None), fields(place))
    with pytest.raises(Forbidden, match="suspended"):
        posting.post(db, make.user(status="suspended"), fields(place))
    with pytest.raises(Forbidden, match="present phase"):
        posting.post(db, make.user(), fields(make.community(phase="discuss")))
    with pytest.raises(Forbidden, match="archived"):
        posting.post(db, make.user(), fields(make.community(status="archived")))
    with pytest.raises(Forbidden, match="Join the community"):
        posting.post(db, make.user(), fields(make.community(posting="members")))
    with pytest.raises(Forbidden):
        posting.post(db, make.user(), fields(make.community(posting="employees")))
    with pytest.raises(Invalid, match="choose one"):
        posting.post(db, make.user(), fields(make.community(visibility="members")))
    with pytest.raises(Invalid, match="choose one"):
        posting.post(db, make.user(), IdeaFields(title="Publish", body=BODY, community="nowhere"))
    assert db.execute(sa.select(sa.func.count()).select_from(Idea)).scalar_one() == 0


def test_the_form_offers_only_communities_where_the_person_may_post(db: Connection, make: Make) -> None:
    open_to_all = make.community()
    for_members = make.community(posting="members")
    for_employees = make.community(visibility="employees", posting="employees")
    make.community(phase="draft")
    make.community(status="archived")

    def offered(user: Person | None) -> set[int]:
        return {place.id for place in posting.places(db, user)}

    assert offered(None) == offered(make.user()) == {open_to_all.id}
    assert offered(make.user(email_confirmed_at=None)) == {open_to_all.id}
    assert offered(make.member(for_members.id, make.user())) == {open_to_all.id, for_members.id}
    assert offered(make.user(is_employee=True)) == {open_to_all.id, for_employees.id}


def test_an_idea_in_a_closed_circle_is_listed_there_and_nowhere_else(db: Connection, make: Make) -> None:
    place = make.community(visibility="members")
    author = make.member(place.id, make.user())
    posted = posting.post(db, author, fields(place))
    assert lists.find(db, Filters("newest")).rows == []
    assert [row.id for row in lists.find(db, Filters("newest", community_id=place.id)).rows] == [posted.id]
    with pytest.raises(NotFound):
        ideas.get(db, make.user(), posted.id)
    assert similar.to_text(db, make.user(), "Publish the reports", BODY) == []
    assert [one.id for one in similar.to_text(db, author, "Publish the reports", BODY)] == [posted.id]


@pytest.mark.parametrize(
    "moderation, trust, kept, is_held",
    [
        ("after", 0, 0, False),
        ("first-posts", 0, 0, True),
        ("first-posts", 1, 5, False),
        ("before", 2, 50, True),
    ],
)
def test_a_community_may_ask_for_a_check_before_others_see_a_post(
    db: Connection, make: Make, moderation: str, trust: int, kept: int, is_held: bool
) -> None:
    place = make.community(moderation=moderation)
    author = make.user(trust_level=trust, kept_count=kept)
    posted = posting.post(db, author, fields(place, tags="Reports"))
    assert posted.is_held is is_held
    assert ideas.get(db, author, posted.id).state == ("held" if is_held else "published")
    assert (lists.find(db, Filters("newest")).rows == []) is is_held
    assert (lists.find(db, Filters("newest", community_id=place.id)).rows == []) is is_held
    assert (found(db, "public money") == []) is is_held
    assert count_of(db, place.id) == (0 if is_held else 1)
    assert db.execute(sa.select(Tag.idea_count)).scalars().all() == [0 if is_held else 1]
    cases = db.execute(sa.select(Case.kind, Case.subject_id, Case.author_id)).all()
    assert cases == ([("held", posted.id, author.id)] if is_held else [])
    if is_held:
        with pytest.raises(NotFound):
            ideas.get(db, make.user(), posted.id)
        assert db.execute(sa.select(OutboxMessage).where(OutboxMessage.kind == "idea.posted")).first() is None
        assert ideas.get(db, make.user(role="moderator"), posted.id).state == "held"


def test_a_manager_posts_without_a_check_in_the_own_community(db: Connection, make: Make) -> None:
    place = make.community(moderation="before")
    manager = make.member(place.id, make.user(trust_level=0), role="manager")
    assert not posting.post(db, manager, fields(place)).is_held


def test_the_same_words_within_minutes_are_one_idea(db: Connection, make: Make) -> None:
    author, place = make.user(), make.community()
    first = posting.post(db, author, fields(place))
    again = posting.post(db, author, fields(place))
    assert (again.id, again.is_new) == (first.id, False)
    assert posting.post(db, make.user(), fields(place)).id != first.id
    assert posting.post(db, author, fields(place, title="Publish all reports")).id != first.id
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert posting.post(db, author, fields(place)).id != first.id


@pytest.mark.parametrize("second", range(0, 600, 60))
def test_a_double_click_is_noticed_at_every_moment(db: Connection, make: Make, second: int) -> None:
    author, place = make.user(), make.community()
    start = datetime.fromisoformat("2026-03-01T12:00:00+00:00") + timedelta(seconds=second)
    with time_machine.travel(start, tick=False):
        first = posting.post(db, author, fields(place))
    with time_machine.travel(start + timedelta(seconds=295), tick=False):
        assert posting.post(db, author, fields(place)).id == first.id


def test_twenty_requests_at_once_make_one_idea(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, str]:
        make = Make(db)
        return make.user().id, make.community().slug

    author_id, slug = database.write(prepare)
    wanted = IdeaFields(title="Publish the reports", body=BODY, community=slug, tags="reports")

    def post(_: int) -> tuple[int, bool]:
        posted = database.write(lambda db: posting.post(db, people.load(db, author_id), wanted))
        return posted.id, posted.is_new

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(post, range(20)))
    assert len({idea_id for idea_id, _ in outcomes}) == 1
    assert sum(is_new for _, is_new in outcomes) == 1
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Idea)).scalar_one() == 1
        assert db.execute(sa.select(Community.idea_count).where(Community.slug == slug)).scalar_one() == 1
        assert db.execute(sa.select(Tag.idea_count)).scalar_one() == 1


def test_many_people_post_at_once_and_every_count_is_right(database: Database) -> None:
    def prepare(db: Connection) -> tuple[list[int], str]:
        make = Make(db)
        return [make.user().id for _ in range(24)], make.community().slug

    author_ids, slug = database.write(prepare)

    def post(author_id: int) -> int:
        tags = ("budget, records", "records, budget")[author_id % 2]
        wanted = IdeaFields(title=f"Publish report {author_id}", body=BODY, community=slug, tags=tags)
        return database.write(lambda db: posting.post(db, people.load(db, author_id), wanted).id)

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(post, author_ids))) == 24
    with database.reading() as db:
        assert db.execute(sa.select(Community.idea_count).where(Community.slug == slug)).scalar_one() == 24
        assert db.execute(sa.select(Tag.idea_count)).scalars().all() == [24, 24]


def test_a_person_posts_so_many_ideas_a_day_and_no_more(db: Connection, make: Make) -> None:
    author, place = make.user(trust_level=0), make.community()
    for number in range(5):
        posting.post(db, author, fields(place, title=f"Publish report {number}"))
    with pytest.raises(TooMany) as refused:
        posting.post(db, author, fields(place, title="Publish one more"))
    assert refused.value.retry_after > 0


def test_old_keys_of_posts_are_forgotten(db: Connection, make: Make) -> None:
    posting.post(db, make.user(), fields(make.community()))
    repeats.forget(db)
    assert db.execute(sa.select(sa.func.count()).select_from(PostKey)).scalar_one() == 2
    with time_machine.travel(now() + timedelta(hours=1), tick=False):
        repeats.forget(db)
    assert db.execute(sa.select(sa.func.count()).select_from(PostKey)).scalar_one() == 0


def test_within_the_first_hour_an_edit_leaves_no_trace(db: Connection, make: Make) -> None:
    author = make.user()
    posted = posting.post(db, author, fields(make.community(), tags="reports"))
    with time_machine.travel(now() + timedelta(minutes=59), tick=False):
        edited = posting.edit(
            db, author, posted.id, texts(title="Publish all reports", body=BODY + " Today.", tags="records, reports")
        )
    idea = ideas.get(db, None, posted.id)
    assert (edited.is_changed, edited.is_revision, idea.edited_at) == (True, False, None)
    assert edited.path == idea.path == f"/ideas/{posted.id}-publish-all-reports"
    assert idea.body_html.count("Today.") == 1
    assert [tag.slug for tag in idea.tags] == ["records", "reports"]
    assert found(db, "today") == [posted.id]
    assert search.check(db) == []
    assert revisions.history(db, "idea", posted.id, revisions.Text("", "", "")).edits == []


def test_after_the_first_hour_every_edit_is_a_visible_revision(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = make.idea(author=author, title="Publish the reports", body=BODY, created_at=now() - timedelta(hours=2))
    first = posting.edit(db, author, idea_id, texts(title="Publish all reports"))
    second = posting.edit(db, author, idea_id, texts(title="Publish all reports", why="We paid for them."))
    assert first.is_revision
    assert second.is_revision
    idea = ideas.get(db, None, idea_id)
    assert idea.edited_at is not None
    history = revisions.history(db, "idea", idea_id, revisions.Text(idea.title, idea.body, idea.why))
    assert [edit.number for edit in history.edits] == [3, 2]
    assert ("add", "We paid for them.") in history.edits[0].why
    assert [kind for kind, _ in history.edits[0].title] == ["same"]
    assert history.edits[1].title == [("same", "Publish "), ("del", "the"), ("add", "all"), ("same", " reports")]
    assert history.edits[1].by_handle == author.handle


def test_an_edit_that_changes_nothing_is_no_revision(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = make.idea(author=author, title="Publish the reports", body=BODY, created_at=now() - timedelta(hours=2))
    assert not posting.edit(db, author, idea_id, texts()).is_changed
    assert ideas.get(db, None, idea_id).edited_at is None


def test_new_tags_alone_are_no_revision_of_the_text(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = make.idea(author=author, title="Publish the reports", body=BODY, created_at=now() - timedelta(hours=2))
    edited = posting.edit(db, author, idea_id, texts(tags="a1, b2"))
    assert (edited.is_changed, edited.is_revision) == (True, False)
    posting.edit(db, author, idea_id, texts(tags="b2"))
    assert db.execute(sa.select(Tag.slug, Tag.idea_count).order_by(Tag.slug)).all() == [("a1", 0), ("b2", 1)]


def test_a_text_changed_in_another_window_is_not_overwritten(db: Connection, make: Make) -> None:
    author = make.user()
    posted = posting.post(db, author, fields(make.community()))
    seen = revisions.mark(revisions.Text("Publish the reports", BODY, ""))
    posting.edit(db, author, posted.id, texts(title="Publish all reports"), seen=seen)
    with pytest.raises(Conflict, match="another window"):
        posting.edit(db, author, posted.id, texts(title="Publish no reports"), seen=seen)
    assert ideas.get(db, None, posted.id).title == "Publish all reports"


def test_who_may_not_edit(db: Connection, make: Make) -> None:
    author, place = make.user(), make.community()
    posted = posting.post(db, author, fields(place))
    with pytest.raises(SignInNeeded):
        posting.edit(db, None, posted.id, texts(title="Something else"))
    for other in (make.user(), make.user(role="moderator"), make.user(role="administrator")):
        with pytest.raises(Forbidden):
            posting.edit(db, other, posted.id, texts(title="Something else"))
    db.execute(sa.update(Idea).values(is_locked=True))
    with pytest.raises(Forbidden, match="locked"):
        posting.edit(db, author, posted.id, texts(title="Something else"))


def test_where_posts_are_checked_first_an_edit_is_checked_too(db: Connection, make: Make) -> None:
    author, place = make.user(), make.community(moderation="before")
    idea_id = make.idea(author=author, community=place, title="Publish the reports", body=BODY)
    edited = posting.edit(db, author, idea_id, texts(body="Buy my pills, they are very cheap."))
    assert edited.is_held
    assert ideas.get(db, author, idea_id).state == "held"
    assert found(db, "pills") == []
    assert db.execute(sa.select(Case.subject_id)).scalars().all() == [idea_id]


def test_an_edit_of_a_held_idea_is_not_found_by_others(db: Connection, make: Make) -> None:
    author, place = make.user(trust_level=0), make.community(moderation="first-posts")
    posted = posting.post(db, author, fields(place))
    posting.edit(db, author, posted.id, texts(body="A secret plan for the town hall."))
    assert found(db, "secret plan") == []
    assert db.execute(sa.select(IdeaText.body)).scalar_one() == "A secret plan for the town hall."
