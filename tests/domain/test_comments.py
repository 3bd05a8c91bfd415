"""Comments: threads in order, counts that are exact, rights, edits, agreement."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database
from forum.domain import commenting, comments, ideas, people, revisions, search
from forum.domain.commenting import CommentFields, CommentText
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded, TooMany
from forum.domain.people import Person
from forum.models import Case, Comment, CommentAgreement, OutboxMessage, Revision, User
from tests.making import Make


def write(db: Connection, user: Person | None, idea_id: int, body: str = "I like it.", **fields: object) -> int:
    return commenting.post(db, user, idea_id, CommentFields(body=body, **fields)).id  # type: ignore[arg-type]


def shown(db: Connection, user: Person | None, idea_id: int) -> list[int]:
    return [item.row.id for item in comments.thread(db, user, ideas.get(db, user, idea_id)).items]


def count(db: Connection, idea_id: int) -> int:
    """The stored count, after making sure that it is what the rows say."""
    stored = ideas.get(db, None, idea_id).comment_count
    assert comments.recount(db, idea_id) == stored
    return stored


def test_a_thread_stands_in_order_replies_under_what_they_answer(db: Connection, make: Make) -> None:
    idea_id, user = make.idea(), make.user()
    first = write(db, user, idea_id, "First")
    second = write(db, user, idea_id, "Second")
    reply = write(db, user, idea_id, "To the first", parent=str(first))
    deeper = write(db, user, idea_id, "To the reply", parent=str(reply))
    late = write(db, user, idea_id, "To the first, later", parent=str(first))
    thread = comments.thread(db, None, ideas.get(db, None, idea_id))
    assert [item.row.id for item in thread.items] == [first, reply, deeper, late, second]
    assert [item.row.depth for item in thread.items] == [0, 1, 2, 1, 0]
    assert thread.items[1].parent_name == user.name
    assert count(db, idea_id) == 5


def test_paths_sort_as_their_ids_and_end_at_a_depth() -> None:
    numbers = [1, 35, 36, 37, 1295, 1296, 10**6, 36**7]
    assert sorted(comments.path_of("", number) for number in numbers) == [comments.path_of("", n) for n in numbers]
    path = ""
    for number in range(1, 30):
        path = comments.path_of(path, number)
    assert comments.depth_of(path) == comments.MOST_DEPTH
    assert len(path) == (comments.MOST_DEPTH + 1) * comments.WIDTH


def test_a_long_chain_of_replies_stays_in_order(db: Connection, make: Make) -> None:
    idea_id, parent, ids = make.idea(), None, []
    for _ in range(14):
        parent = make.comment(idea_id, parent_id=parent)
        ids.append(parent)
    ids.append(make.comment(idea_id))
    assert shown(db, None, idea_id) == ids


def test_a_long_thread_comes_in_pages_by_key_and_every_comment_knows_its_page(db: Connection, make: Make) -> None:
    idea_id, user = make.idea(), make.user()
    ids = [make.comment(idea_id, author=user) for _ in range(230)]
    idea = ideas.get(db, None, idea_id)
    found, after = [], None
    for size in (100, 100, 30):
        page = comments.thread(db, None, idea, after)
        assert len(page.items) == size
        found += [item.row.id for item in page.items]
        after = page.next_after
    assert found == ids
    assert after is None
    keys = [comments.page_key(db, comments.get(db, None, ids[place])) for place in (0, 99, 100, 199, 200, 229)]
    assert keys == [None, None, ids[99], ids[99], ids[199], ids[199]]
    assert comments.address(db, comments.get(db, None, ids[150])) == f"{idea.path}?after={ids[99]}#comment-{ids[150]}"
    for wrong in ("x", "-1", "1 OR 1", "٣"):
        with pytest.raises(Invalid):
            comments.thread(db, None, idea, wrong)


@pytest.mark.parametrize("body", ["", " ", "x", "x" * 5_001])
def test_a_comment_has_2_to_5000_characters(body: str) -> None:
    with pytest.raises(ValueError, match=r"Please write your comment|5,001 characters"):
        CommentText(body=body)


def test_comments_need_an_account_a_confirmed_address_and_an_open_discussion(db: Connection, make: Make) -> None:
    idea_id, user = make.idea(), make.user()
    with pytest.raises(SignInNeeded):
        write(db, None, idea_id)
    with pytest.raises(Forbidden, match="confirm your address"):
        write(db, make.user(email_confirmed_at=None), idea_id)
    with pytest.raises(Forbidden, match="suspended"):
        write(db, make.user(status="suspended"), idea_id)
    with pytest.raises(Forbidden, match="ended"):
        write(db, user, make.idea(community=make.community(phase="closed")))
    with pytest.raises(Forbidden, match="locked"):
        write(db, user, make.idea(is_locked=True))
    with pytest.raises(NotFound):
        write(db, user, make.idea(community=make.community(visibility="members")))
    for state in ("removed", "withdrawn"):
        with pytest.raises((Forbidden, NotFound)):
            write(db, user, make.idea(state=state))


def test_one_answers_only_what_stands_under_the_same_idea(db: Connection, make: Make) -> None:
    idea_id, user = make.idea(), make.user()
    elsewhere, gone = make.comment(make.idea()), make.comment(idea_id, state="removed")
    for parent in (elsewhere, 987_654):
        with pytest.raises(Invalid):
            write(db, user, idea_id, parent=str(parent))
    with pytest.raises(Conflict):
        write(db, user, idea_id, parent=str(gone))


def test_the_same_words_sent_twice_are_one_comment(db: Connection, make: Make) -> None:
    idea_id, user = make.idea(), make.user()
    first = write(db, user, idea_id, "Twice")
    assert write(db, user, idea_id, "Twice") == first
    assert write(db, user, idea_id, "Another") != first
    assert write(db, make.user(), idea_id, "Twice") != first
    assert write(db, user, idea_id, "Twice", parent=str(first)) != first
    assert count(db, idea_id) == 4
    commenting.withdraw(db, user, first)
    assert write(db, user, idea_id, "Twice") != first


def test_a_double_click_from_many_processes_makes_one_comment(database: Database) -> None:
    idea_id, user_id = database.write(lambda db: (Make(db).idea(), Make(db).user().id))

    def click(number: int) -> int:
        body = f"Words {number % 4}"
        return database.write(lambda db: write(db, people.load(db, user_id), idea_id, body))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(24)))) == 4
    with database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(Comment)).scalar_one() == 4
        assert ideas.get(db, None, idea_id).comment_count == 4
        assert db.execute(sa.select(User.kept_count).where(User.id == user_id)).scalar_one() == 4


def test_the_first_comments_of_a_new_account_wait_where_a_community_asks_for_it(db: Connection, make: Make) -> None:
    community = make.community(moderation="first-posts")
    idea_id, author = make.idea(community=community), make.user(trust_level=0)
    moderator = make.user(role="moderator")
    posted = commenting.post(db, author, idea_id, CommentFields(body="My first words here."))
    assert posted.is_held
    assert db.execute(sa.select(Case.kind, Case.subject_kind, Case.subject_id)).one() == ("held", "comment", posted.id)
    assert count(db, idea_id) == 0
    assert shown(db, author, idea_id) == shown(db, moderator, idea_id) == [posted.id]
    assert shown(db, None, idea_id) == shown(db, make.user(), idea_id) == []
    with pytest.raises(NotFound):
        comments.get(db, make.user(), posted.id)
    assert search.find(db, "first words").hits == []
    assert db.execute(sa.select(OutboxMessage.kind)).scalars().all() == []
    assert comments.change_state(db, posted.id, "published") == "held"
    assert count(db, idea_id) == 1
    assert [hit.object_id for hit in search.find(db, "first words").hits] == [posted.id]
    assert db.execute(sa.select(OutboxMessage.kind)).scalars().all() == ["idea.commented"]


def test_what_is_removed_or_withdrawn_keeps_its_place_and_loses_its_words(db: Connection, make: Make) -> None:
    idea_id, author, manager = make.idea(), make.user(), make.user(role="moderator")
    first = write(db, author, idea_id, "Something secret")
    reply = write(db, make.user(), idea_id, "An answer", parent=str(first))
    for state in ("removed", "withdrawn"):
        comments.change_state(db, first, state)
        idea = ideas.get(db, None, idea_id)
        mine, managers, others = (comments.thread(db, user, idea).items for user in (author, manager, None))
        assert [item.row.id for item in others] == [first, reply]
        assert (mine[0].is_shown, managers[0].is_shown, others[0].is_shown) == (True, True, False)
        assert others[1].parent_name == ""
        assert count(db, idea_id) == 1
        assert search.find(db, "secret").hits == []
    assert comments.change_state(db, first, "published") == "withdrawn"
    assert comments.change_state(db, first, "published") is None
    assert count(db, idea_id) == 2


def test_a_comment_held_later_leaves_a_gap_where_an_answer_hangs_on_it(db: Connection, make: Make) -> None:
    idea_id = make.idea()
    first, second = make.comment(idea_id), make.comment(idea_id)
    reply = make.comment(idea_id, parent_id=first)
    comments.change_state(db, first, "held")
    comments.change_state(db, second, "held")
    items = comments.thread(db, None, ideas.get(db, None, idea_id)).items
    assert [(item.row.id, item.is_shown) for item in items] == [(first, False), (reply, True)]


def test_only_employees_speak_for_their_agency(db: Connection, make: Make) -> None:
    idea_id, employee = make.idea(), make.user(is_employee=True, agency_name="General Services Administration")
    comment = comments.get(db, None, write(db, employee, idea_id, "We answer.", official=True))
    assert (comment.is_official, comment.agency_name) == (True, "General Services Administration")
    comment = comments.get(db, None, write(db, employee, idea_id, "I think so myself."))
    assert (comment.is_official, comment.is_by_employee, comment.agency_name) == (False, True, "")
    with pytest.raises(Forbidden):
        write(db, make.user(), idea_id, "Me too.", official=True)


def test_an_edit_within_an_hour_leaves_no_trace_and_a_later_one_does(db: Connection, make: Make) -> None:
    idea_id, author = make.idea(), make.user()
    comment_id = write(db, author, idea_id, "First words")
    edited = commenting.edit(db, author, comment_id, CommentText(body="Second *words*"))
    assert (edited.body_html, edited.edited_at) == ("<p>Second <em>words</em></p>\n", None)
    assert db.execute(sa.select(sa.func.count()).select_from(Revision)).scalar_one() == 0
    past = now() - timedelta(hours=2)
    db.execute(sa.update(Comment).values(created_at=past))
    edited = commenting.edit(db, author, comment_id, CommentText(body="Third words"))
    assert edited.edited_at is not None
    assert db.execute(sa.select(Revision.kind, Revision.body)).one() == ("comment", "Second *words*")
    history = revisions.history(db, "comment", comment_id, revisions.Text("", edited.body, ""))
    assert history.edits[0].body[:2] == [("del", "Second *"), ("add", "Third ")]
    assert [hit.object_id for hit in search.find(db, "third").hits] == [comment_id]


def test_an_edit_of_an_outdated_text_is_noticed(db: Connection, make: Make) -> None:
    author = make.user()
    comment_id = write(db, author, make.idea(), "First words")
    seen = commenting.mark_of(comments.get(db, author, comment_id))
    commenting.edit(db, author, comment_id, CommentText(body="Second words"), seen=seen)
    with pytest.raises(Conflict):
        commenting.edit(db, author, comment_id, CommentText(body="Third words"), seen=seen)
    commenting.edit(db, author, comment_id, CommentText(body="Second words"), seen=seen)  # nothing to change


def test_an_edit_waits_for_a_check_where_every_post_does(db: Connection, make: Make) -> None:
    community = make.community(moderation="before")
    idea_id, author = make.idea(community=community), make.user()
    comment_id = write(db, author, idea_id, "Harmless")
    comments.change_state(db, comment_id, "published")
    db.execute(sa.update(User).where(User.id == author.id).values(kept_count=1))
    db.execute(sa.update(Case).values(is_open=False))
    edited = commenting.edit(db, author, comment_id, CommentText(body="Buy my pills"))
    assert edited.state == "held"
    assert count(db, idea_id) == 0
    assert db.execute(sa.select(sa.func.count()).where(Case.is_open)).scalar_one() == 1
    assert search.find(db, "pills").hits == []


def test_only_the_author_edits_and_withdraws(db: Connection, make: Make) -> None:
    comment_id = write(db, make.user(), make.idea())
    for other in (make.user(), make.user(role="administrator"), None):
        with pytest.raises((Forbidden, SignInNeeded)):
            commenting.edit(db, other, comment_id, CommentText(body="Other words"))
        with pytest.raises((Forbidden, SignInNeeded)):
            commenting.withdraw(db, other, comment_id)


@pytest.mark.parametrize(
    "steps, counted", [([1], 1), ([1, 1], 1), ([0], 0), ([1, 0], 0), ([1, 0, 0], 0), ([1, 0, 1], 1)]
)
def test_one_agrees_once_and_takes_it_back_once(db: Connection, make: Make, steps: list[int], counted: int) -> None:
    idea_id, user = make.idea(), make.user()
    comment_id = make.comment(idea_id)
    for step in steps:
        agreement = commenting.agree(db, user, comment_id, bool(step))
    assert (agreement.count, agreement.i_agree) == (counted, bool(steps[-1]))
    assert comments.get(db, None, comment_id).agree_count == counted
    assert comments.agreed(db, user, idea_id) == ({comment_id} if counted else set())
    assert comments.agreed(db, None, idea_id) == frozenset()


def test_nobody_agrees_with_themselves_or_with_what_is_gone(db: Connection, make: Make) -> None:
    author, user = make.user(), make.user()
    comment_id = make.comment(make.idea(), author=author)
    with pytest.raises(Forbidden):
        commenting.agree(db, author, comment_id, True)
    with pytest.raises(SignInNeeded):
        commenting.agree(db, None, comment_id, True)
    comments.change_state(db, comment_id, "removed")
    with pytest.raises(Forbidden):
        commenting.agree(db, user, comment_id, True)


def test_fifty_people_who_agree_at_once_are_counted_exactly(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, list[int]]:
        make = Make(db)
        return make.comment(make.idea()), [make.user().id for _ in range(10)]

    comment_id, user_ids = database.write(prepare)

    def click(number: int) -> None:
        user_id = user_ids[number % 10]
        database.write(lambda db: commenting.agree(db, people.load(db, user_id), comment_id, number % 10 < 7))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(click, range(50)))
    with database.reading() as db:
        assert db.execute(sa.select(Comment.agree_count)).scalar_one() == 7
        assert db.execute(sa.select(sa.func.count()).select_from(CommentAgreement)).scalar_one() == 7


def test_the_count_is_exact_while_many_comment_withdraw_and_recount_at_once(database: Database) -> None:
    def prepare(db: Connection) -> tuple[int, list[int]]:
        make = Make(db)
        return make.idea(), [make.user().id for _ in range(6)]

    idea_id, user_ids = database.write(prepare)

    def act(number: int) -> None:
        def work(db: Connection) -> None:
            user = people.load(db, user_ids[number % 6])
            comment_id = write(db, user, idea_id, f"Comment {number}")
            if number % 3 == 0:
                commenting.withdraw(db, user, comment_id)

        database.write(work)
        if number % 5 == 0:
            database.write(lambda db: comments.recount(db, idea_id))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(36)))
    with database.reading() as db:
        assert ideas.get(db, None, idea_id).comment_count == 24
        kept = db.execute(sa.select(sa.func.sum(User.kept_count)).where(User.id.in_(user_ids))).scalar_one()
        assert kept == 24


def test_there_is_a_limit(db: Connection, make: Make) -> None:
    idea_id, user = make.idea(), make.user(trust_level=0)
    for number in range(30):
        write(db, user, idea_id, f"Comment {number}")
    with pytest.raises(TooMany):
        write(db, user, idea_id, "One too many")


def test_a_quotation_begins_each_line_with_a_mark(db: Connection, make: Make) -> None:
    comment = comments.get(db, None, make.comment(make.idea(), body="One\n\nTwo"))
    assert commenting.quotation(comment) == "> One\n>\n> Two\n\n"
    comment = comments.get(db, None, make.comment(make.idea(), body="word " * 500))
    assert len(commenting.quotation(comment)) < 620
