"""Shelves: the last things made, by what they are known by. They take no more room than they are given."""

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shelf(Generic[K, V]):
    """Holds at most so many; what was put there longest ago goes first. Threads may share it."""

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """What stands there, if anything does."""
        return self._kept.get(key)

    def put(self, key: K, value: V) -> V:
        """Put it there, as the last one; returns it."""
        self._kept.pop(key, None)
        self._kept[key] = value
        with suppress(KeyError):  # another thread has made room
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value
