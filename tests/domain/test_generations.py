"""What is kept of accounts and sessions while a change runs: never older than what the change itself would read."""

import threading
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, Database, generation
from forum.models import Generation, User
from tests.making import Make

_NUMBER = sa.select(Generation.number).where(Generation.name == "people")


def rename(db: Connection, user_id: int) -> None:
    db.execute(sa.update(User).where(User.id == user_id).values(name=User.name + "!"))


def seen(db: Connection) -> tuple[Any, Any]:
    """The mark that pages go by, and what stands in the row."""
    return generation(db, "people"), db.execute(_NUMBER).scalar_one()


def together(database: Database, units: list[Any]) -> list[Any]:
    """Do these units of work in one group of the writer; what each gives or raises."""
    gate, started = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        gate.wait()

    threads = [threading.Thread(target=lambda: database.write(hold))]
    threads[0].start()
    started.wait()
    results: list[Any] = [None] * len(units)

    def run(place: int) -> None:
        try:
            results[place] = database.write(units[place])
        except ValueError as error:
            results[place] = error

    queue = database._get_writer()._queue
    for place in range(len(units)):
        threads.append(threading.Thread(target=run, args=(place,)))
        threads[-1].start()
        while queue.qsize() <= place:  # in this order
            pass
    gate.set()
    for thread in threads:
        thread.join()
    return results


def test_units_of_one_group_see_what_their_neighbors_changed(database: Database) -> None:
    user_id = database.write(lambda db: Make(db).user().id)
    if not database.is_sqlite:
        assert database.write(lambda db: generation(db, "people")) is None
        return

    def fail(db: Connection) -> None:
        rename(db, user_id)
        seen(db)
        raise ValueError("undone")

    def change(db: Connection) -> tuple[Any, Any]:
        seen(db)
        rename(db, user_id)
        return seen(db)

    before, changed, after, failed, undone, again = together(database, [seen, change, seen, fail, seen, change])
    assert isinstance(failed, ValueError)
    for mark, number in (before, changed, after, undone, again):
        assert mark == number
    assert before[0] < changed[0] == after[0] == undone[0] < again[0]


def test_what_another_process_changed_is_seen_by_the_next_change(database: Database, database_url: str) -> None:
    user_id = database.write(lambda db: Make(db).user().id)
    if not database.is_sqlite:
        assert database.write(lambda db: generation(db, "people")) is None
        return
    before = database.write(seen)
    other = Database(database_url)
    other.write(lambda db: rename(db, user_id))
    other.close()
    after = database.write(seen)
    assert before[0] == before[1] < after[0] == after[1]


def test_a_writer_that_let_its_connection_go_leaves_nothing_old_behind(database: Database) -> None:
    user_id = database.write(lambda db: Make(db).user().id)
    database.write(seen)
    database._get_writer().stop()  # its connection goes back to the pool
    database._writer = None
    for turn in range(12):
        with database.transaction() as db, database.engine.connect():  # so that the pool hands around all it has
            if database.is_sqlite:
                mark, number = seen(db)
                assert mark == number
            if turn % 2:
                rename(db, user_id)
    if database.is_sqlite:
        assert len({database.write(seen) for _ in range(2)}) == 1
