"""Lists of tags: the order that is stated whatever the filters, and copies that follow whatever happens to an idea."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database, is_sqlite
from forum.domain import (
    checks,
    comments,
    founding,
    ideas,
    lists,
    moderation,
    people,
    posting,
    recounts,
    setting_aside,
    settling,
    tags,
    undoing,
    votes,
)
from forum.domain.choices import Choice
from forum.domain.imports import runs, ukpetitions
from forum.domain.lists import SORTS, Filters
from forum.domain.merges import acts as merge_acts
from forum.domain.moderation import DecisionFields
from forum.domain.posting import TextFields
from forum.models import Community, Idea, IdeaTag
from forum.models.tags import FOLLOWED, IN_ORDER
from forum.settings import Settings
from tests.making import Make
from tests.merging import merged

START = datetime(2024, 3, 1, tzinfo=UTC)
COLUMNS = {
    "trending": "trending",
    "top": "net",
    "newest": "created_at",
    "discussed": "comment_count",
    "contested": "contested",
    "needs-votes": "uncertainty",
    "approval": "approval",
    "random": "shuffle",
}
FILTERS = (
    Filters(),
    Filters(status="answered"),
    Filters(author_kind="employee"),
    Filters(since=START + timedelta(hours=20), until=START + timedelta(hours=70)),
    Filters(status="open", author_kind="citizen", until=START + timedelta(hours=70)),
    Filters(state="off-topic"),
    Filters(community_id=1),
    Filters(community_id=1, status="open"),
    Filters(community_id=3),
    Filters(author_id=1),
)


def filled(db: Connection) -> list[int]:
    """Ideas of three communities, the last one closed, with two tags, many ties, and some that are in no list."""
    make = Make(db)
    places = [make.community(), make.community(), make.community(visibility="members")]
    authors = [make.user(), make.user(is_employee=True, agency_name="Office")]
    bikes, trees = tags.ensure(db, "Bikes"), tags.ensure(db, "Trees")
    for number in range(90):
        place = places[(number // 7) % 3]
        state = {5: "off-topic", 11: "removed", 17: "held"}.get(number % 23, "published")
        idea_id = make.idea(
            community=place,
            author=authors[number % 4 == 0],
            is_by_employee=number % 4 == 0,
            up=(number * 7) % 5,
            down=number % 3,
            created_at=START + timedelta(hours=number // 2),
            status="answered" if number % 6 == 0 else "open",
            state=state,
            is_listed=state == "published",
            is_public=state == "published" and place.visibility == "public",
            comment_count=number % 4,
            shuffle=number % 9,
        )
        tags.put(db, [(idea_id, tag) for tag, has in ((bikes, number % 5), (trees, number % 3)) if has])
    db.execute(sa.update(Idea).values(net=Idea.up - Idea.down))
    return [bikes, trees]


def expected(db: Connection, filters: Filters) -> list[int]:
    """The list by its definition, from the ideas alone."""
    tagged = db.execute(sa.select(IdeaTag.idea_id).where(IdeaTag.tag_id == filters.tag_id)).scalars().all()
    places = {row.id: row.visibility for row in db.execute(sa.select(Community.id, Community.visibility))}
    rows = [row for row in db.execute(sa.select(Idea).where(Idea.id.in_(tagged))) if is_in(row, filters, places)]
    descending = filters.sort != "random"
    rows.sort(key=lambda row: (getattr(row, COLUMNS[filters.sort]), row.id), reverse=descending)
    return [row.id for row in rows]


def is_in(row: Any, filters: Filters, places: dict[int, str]) -> bool:
    return (
        row.state == filters.state
        and (places[row.community_id] == "public" if filters.community_id is None else True)
        and filters.community_id in (None, row.community_id)
        and filters.status in (None, row.status)
        and filters.author_id in (None, row.author_id)
        and filters.author_kind in (None, "employee" if row.is_by_employee else "citizen")
        and (filters.since is None or row.created_at >= filters.since)
        and (filters.until is None or row.created_at < filters.until)
    )


def paged(db: Connection, filters: Filters) -> list[int]:
    found, after = list[int](), None
    while True:
        page = lists.find(db, filters, after=after, limit=4)
        found += [row.id for row in page.rows]
        if page.next_after is None:
            return found
        after = page.next_after


def test_every_list_of_a_tag_is_in_the_order_that_is_stated(database: Database) -> None:
    with database.transaction() as db:
        found = filled(db)
    shown = 0
    with database.reading() as db:
        for filters in FILTERS:
            for tag_id in found:
                for sort in SORTS:
                    wanted = replace(filters, sort=sort, tag_id=tag_id)
                    order = expected(db, wanted)
                    shown += len(order)
                    if sort == "random":  # from any place once around
                        assert sorted(paged(db, wanted)) == sorted(order)
                        continue
                    assert paged(db, wanted) == order, wanted
                    assert [one for some in lists.walk(db, wanted) for one in some] == order
                    assert [number for _, number in lists.keys(db, wanted, step=7)] == order
    assert shown > 3_000


def test_a_card_of_a_list_of_a_tag_shows_what_any_card_shows(db: Connection, make: Make) -> None:
    idea_id = make.idea(votes=3, against=1)
    tags.put(db, [(idea_id, tags.ensure(db, "Bikes"))])
    plain, of_tag = (lists.find(db, Filters("top", tag_id=tag_id)).rows for tag_id in (None, tags.find(db, "bikes")))
    assert [tuple(row) for row in plain] == [tuple(row) for row in of_tag]
    assert plain[0]._fields == of_tag[0]._fields


@pytest.mark.parametrize("after", ["", "tied", "next", "behind"])
@pytest.mark.parametrize("sort", [sort for sort, column in COLUMNS.items() if column in IN_ORDER])
def test_a_page_of_a_tag_is_read_in_order_and_not_sorted(database: Database, sort: str, after: str) -> None:
    with database.reading() as db:
        if is_sqlite(db) == (after == "behind") or (after in ("tied", "next") and not is_sqlite(db)):
            return  # each database has its own way to what is behind a key
        for named in (("tag_id",), ("tag_id", "status"), ("tag_id", "since", "until")):
            statement = lists._statement(lists._Shape(sort, named, in_track=False, after=after, what="key")).sql(db)
            plan = explained(db, statement)
            assert any(f"ix_idea_tags_{COLUMNS[sort]}" in line for line in plan), plan
            assert not any("TEMP B-TREE" in line or "Sort" in line for line in plan), plan


def explained(db: Connection, statement: str) -> list[str]:
    if is_sqlite(db):
        given = [1] * statement.count("?")
        return [row[3] for row in db.connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
    for kind in ("seqscan", "bitmapscan", "sort"):
        db.exec_driver_sql(f"SET LOCAL enable_{kind} = off")
    names = ("after_key", "after_id", "most", "tag_id", "since", "until")
    return [row[0] for row in db.exec_driver_sql(f"EXPLAIN {statement}", {**dict.fromkeys(names, 1), "status": "open"})]


def is_same(db: Connection) -> bool:
    """Do the rows of tags repeat what the ideas say?"""
    every = db.execute(sa.select(Idea.id)).scalars().all()
    names = FOLLOWED
    copies = db.execute(sa.select(IdeaTag.idea_id, *(getattr(IdeaTag, name) for name in names))).all()
    rows = {row.id: tuple(row) for row in db.execute(sa.select(Idea.id, *(getattr(Idea, name) for name in names)))}
    assert copies
    by_hand = all(tuple(row) == rows[row.idea_id] for row in copies)
    assert by_hand == (not list(tags.strayed(db, every)))
    return by_hand


def stored(db: Connection, idea_id: int) -> Any:
    return db.execute(sa.select(IdeaTag).where(IdeaTag.idea_id == idea_id)).first()


def tagged_idea(make: Make, **values: Any) -> int:
    idea_id = make.idea(**values)
    tags.put(make.db, [(idea_id, tags.ensure(make.db, name)) for name in ("Bikes", "Trees")])
    return idea_id


def test_copies_follow_votes_at_once_and_in_a_flood(db: Connection, make: Make) -> None:
    idea_id = tagged_idea(make, votes=2)
    assert stored(db, idea_id).net == 2
    votes.cast(db, make.user(), idea_id, 1)
    assert (stored(db, idea_id).net, is_same(db)) == (3, True)
    db.info["put_off"] = {}
    votes.cast(db, make.user(), idea_id, 1)
    db.info["put_off"] = None
    assert (stored(db, idea_id).net, is_same(db)) == (3, True)  # as the idea itself, whose order follows later
    settling.settle_all(db)
    assert (stored(db, idea_id).net, is_same(db)) == (4, True)


def test_copies_follow_removal_undo_and_moves(db: Connection, make: Make) -> None:
    boss, closed = make.user(role="administrator"), make.community(visibility="members")
    idea_id = tagged_idea(make)
    other = tagged_idea(make)
    for fields in (
        DecisionFields(action="remove", reason="spam"),
        DecisionFields(action="off-topic", reason="other"),
        DecisionFields(action="move", reason="other", community=closed.slug),
    ):
        decision_id = moderation.act(db, boss, "idea", idea_id, fields)
        assert (stored(db, idea_id).is_public, is_same(db)) == (False, True)
        assert paged(db, Filters(tag_id=tags.find(db, "bikes"))) == [other]
        undoing.undo(db, boss, decision_id)
        assert (stored(db, idea_id).is_public, is_same(db)) == (True, True)
        assert set(paged(db, Filters(tag_id=tags.find(db, "bikes")))) == {idea_id, other}


def test_copies_follow_a_community_that_is_closed(db: Connection, make: Make) -> None:
    place = make.community()
    idea_id = tagged_idea(make, community=place)
    db.execute(founding._PUBLISH, {"ids": [idea_id], "public": False})
    assert (stored(db, idea_id).is_public, is_same(db)) == (False, True)
    assert paged(db, Filters("top", tag_id=tags.find(db, "bikes"))) == []


def test_copies_follow_merges_votes_set_aside_and_their_undo(db: Connection, make: Make) -> None:
    target, absorbed, boss = tagged_idea(make, votes=2), tagged_idea(make, votes=3), make.user(role="moderator")
    merge_id = merged(db, make, absorbed, target)
    assert (stored(db, target).net, stored(db, absorbed).is_public, is_same(db)) == (5, False, True)
    merge_acts.undo(db, boss, merge_id, reason="They differ.")
    assert (stored(db, target).net, stored(db, absorbed).is_public, is_same(db)) == (2, True, True)
    voter = make.user()
    votes.cast(db, voter, target, 1)
    act_id = setting_aside.act(db, boss, Choice(idea_id=target, user_ids=(voter.id,)), reason="spam")
    assert (stored(db, target).net, is_same(db)) == (2, True)
    undoing.undo_act(db, boss, act_id)
    assert (stored(db, target).net, is_same(db)) == (3, True)


def test_copies_follow_comments_and_tags_that_change(db: Connection, make: Make) -> None:
    author = make.user()
    idea_id = tagged_idea(make, author=author, votes=4)
    make.comment(idea_id)
    assert (stored(db, idea_id).comment_count, is_same(db)) == (1, True)
    comments.count_more(db, idea_id, -1)
    assert (stored(db, idea_id).comment_count, is_same(db)) == (0, True)
    idea = ideas.get(db, author, idea_id)
    posting.edit(db, author, idea_id, TextFields(title=idea.title, body="A body of some length.", tags="trees, parks"))
    assert is_same(db)
    found = [paged(db, Filters("top", tag_id=tags.find(db, name))) for name in ("bikes", "trees", "parks")]
    assert found == [[], [idea_id], [idea_id]]


def test_copies_follow_an_import_and_its_second_run(db: Connection, tmp_path: Path) -> None:
    words = {"action": "Plant trees", "background": "Shade.", "additional_details": "", "topics": ["climate", "trees"]}
    page = tmp_path / "page.json"

    def bring_in(**values: Any) -> None:
        dates = dict.fromkeys(("created_at", "opened_at"), "2021-05-01T10:00:00.000Z")
        empty = dict.fromkeys(("response_threshold_reached_at", "rejection", "government_response", "debate"))
        row = {**words, **dates, **empty, "state": "open", "departments": [], **values}
        petition = {"type": "petition", "id": 7, "links": {"self": "https://example.org/7.json"}, "attributes": row}
        page.write_text(json.dumps({"links": {}, "data": [petition]}), encoding="utf-8")
        runs.run(db, ukpetitions.Files([page]))

    bring_in(signature_count=1200)
    assert paged(db, Filters("top", tag_id=tags.find(db, "climate")))
    assert is_same(db)
    bring_in(signature_count=1500, topics=["trees", "parks"])
    assert db.execute(sa.select(IdeaTag.net)).scalars().all() == [1500, 1500]
    assert is_same(db)


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_copy_that_strayed_is_found_and_brought_back(
    db: Connection, make: Make, settings: Settings, name: str
) -> None:
    idea_id, fine = tagged_idea(make, votes=1), tagged_idea(make, votes=1)
    recounts.mend_all(db)
    wrong = {"is_public": False, "created_at": START}.get(name, 77)
    which = sa.and_(IdeaTag.idea_id == idea_id, IdeaTag.tag_id == tags.find(db, "trees"))
    db.execute(sa.update(IdeaTag).where(which).values({name: wrong}))
    found = recounts.check(db, "ideas", [idea_id, fine])
    assert [(one.kind, one.id, one.column) for one in found] == [("ideas", idea_id, f"{name} in the lists of its tags")]
    assert any(f"{name} in the lists of its tags" in one.text for one in checks.run(db, settings))
    assert recounts.mend(db, "ideas", [idea_id, fine]) == found
    assert is_same(db)
    assert recounts.check(db, "ideas", [idea_id, fine]) == []


def test_a_tag_and_a_vote_at_the_same_moment_leave_the_right_copy(database: Database) -> None:
    """On PostgreSQL the vote does not see the tag yet, and the tag not the vote: so they wait for each other."""
    idea_id, user_ids, tag_id = database.write(
        lambda db: (make := Make(db)) and (make.idea(), [make.user().id for _ in range(12)], tags.ensure(db, "Bikes"))
    )
    start = threading.Barrier(len(user_ids) + 1)

    def vote(user_id: int) -> None:
        start.wait()
        database.write(lambda db: votes.cast(db, people.load(db, user_id), idea_id, 1))

    threads = [threading.Thread(target=vote, args=(user_id,)) for user_id in user_ids]
    for thread in threads:
        thread.start()
    start.wait()
    database.write(lambda db: tags.put(db, [(idea_id, tag_id)]))
    for thread in threads:
        thread.join()
    database.write(settling.settle_all)
    with database.reading() as db:
        assert (stored(db, idea_id).net, is_same(db)) == (12, True)


def test_a_row_of_a_tag_without_its_copies_is_refused(db: Connection, make: Make) -> None:
    idea_id, tag_id = make.idea(created_at=now()), tags.ensure(db, "Bikes")
    with pytest.raises(sa.exc.IntegrityError), db.begin_nested():
        db.execute(sa.insert(IdeaTag), {"idea_id": idea_id, "tag_id": tag_id})
