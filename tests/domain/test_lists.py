"""Lists by key: every idea once, in the stated order, however many share a value; no page walks through the ties."""

import pytest
import sqlalchemy as sa

from forum.db import Database, is_sqlite
from forum.domain import lists, votes
from forum.domain.lists import SORTS, Filters
from forum.models import Idea
from tests.making import Make

COLUMNS = {
    "trending": Idea.trending,
    "top": Idea.net,
    "newest": Idea.created_at,
    "discussed": Idea.comment_count,
    "contested": Idea.contested,
    "needs-votes": Idea.uncertainty,
    "approval": Idea.approval,
}


def many_ties(database: Database) -> None:
    def fill(db: lists.Connection) -> None:
        make = Make(db)
        here, there = make.community(), make.community()
        for number in range(60):
            make.idea(community=here if number % 3 else there, up=(number * 7) % 4, down=number % 2)

    database.write(fill)


@pytest.mark.parametrize("sort", COLUMNS)
@pytest.mark.parametrize("is_narrow", [False, True])
def test_pages_by_key_give_every_idea_once_in_the_order_that_is_stated(
    database: Database, sort: str, is_narrow: bool
) -> None:
    many_ties(database)
    with database.reading() as db:
        place = db.execute(sa.select(sa.func.min(Idea.community_id))).scalar_one() if is_narrow else None
        rows = db.execute(sa.select(Idea.id, Idea.community_id, COLUMNS[sort].label("value"))).all()
        wanted = [row for row in rows if place is None or row.community_id == place]
        order = [row.id for row in sorted(wanted, key=lambda row: (row.value, row.id), reverse=True)]
        filters = Filters(sort, community_id=place)
        paged, after = list[int](), None
        while True:
            page = lists.find(db, filters, after=after, limit=7)
            paged += [row.id for row in page.rows]
            if page.next_after is None:
                break
            after = page.next_after
        assert paged == order
        assert [one for some in lists.walk(db, filters, after=None) for one in some] == order


def test_random_pages_give_every_idea_once(database: Database) -> None:
    many_ties(database)
    with database.reading() as db:
        paged, after = list[int](), None
        while after is not None or not paged:
            page = lists.find(db, Filters("random"), after=after, limit=7)
            paged += [row.id for row in page.rows]
            after = page.next_after
        assert sorted(paged) == sorted(db.execute(sa.select(Idea.id)).scalars())
    assert set(SORTS) == {*COLUMNS, "random"}


def test_a_list_walked_while_votes_arrive_is_that_of_one_moment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_ties(database)
    monkeypatch.setattr(lists, "STEP", 10)
    voter = database.write(lambda db: Make(db).user())
    with database.reading() as db:
        before = [one for some in lists.walk(db, Filters("top")) for one in some]
        walked = list[int]()
        for some in lists.walk(db, Filters("top")):
            walked += some
            for idea_id in before[len(walked) : len(walked) + 2]:  # they rise to the places that were read already
                database.write(lambda db, idea_id=idea_id: votes.cast(db, voter, idea_id, 1))
        assert walked == before
    with database.reading() as db:
        assert [one for some in lists.walk(db, Filters("top")) for one in some] != before


def test_a_page_deep_inside_is_sought_by_value_and_by_number(database: Database) -> None:
    """A million ideas share a few hundred values: whoever seeks by the value alone walks through thousands of them."""
    with database.reading() as db:
        if not is_sqlite(db):
            assert any("Index Cond: (ROW(net, id) < ROW(" in line for line in _explained(db, "behind"))
            return
        assert any("net=? AND id<?" in line for line in _explained(db, "tied"))
        assert any("net<?" in line for line in _explained(db, "next"))
        assert not any("TEMP B-TREE" in line for how in ("tied", "next") for line in _explained(db, how))


def _explained(db: lists.Connection, how: str) -> list[str]:
    shape = lists._Shape("top", (), in_track=False, after=how, what="key")
    statement = lists._statement(shape).sql(db)
    if is_sqlite(db):
        given = [1] * statement.count("?")
        return [row[3] for row in db.connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
    db.exec_driver_sql("SET LOCAL enable_seqscan = off")
    values = dict.fromkeys(("after_key", "after_id", "most"), 1)
    return [row[0] for row in db.exec_driver_sql(f"EXPLAIN {statement}", values)]
