"""Shelves: what was put there longest ago goes first, whoever else puts things there."""

import threading

from forum.shelves import Shelf


def test_the_oldest_gives_way_and_what_is_put_again_is_the_newest() -> None:
    shelf: Shelf[str, int] = Shelf(2)
    assert shelf.put("a", 1) == 1
    shelf.put("b", 2)
    shelf.put("a", 3)
    shelf.put("c", 4)
    assert [shelf.get(key) for key in "abc"] == [3, None, 4]
    assert len(shelf) == 2


def test_threads_share_a_shelf() -> None:
    shelf: Shelf[int, int] = Shelf(10)
    wrong: list[object] = []

    def put(start: int) -> None:
        try:
            for number in range(start, start + 5_000):
                if shelf.put(number % 40, number % 40) != number % 40:
                    wrong.append(number)
                if (found := shelf.get(number % 40)) not in (None, number % 40):
                    wrong.append(found)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=put, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(shelf) <= 10
