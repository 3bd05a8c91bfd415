"""Texts of other systems made into ours: Markdown, safe HTML, plain text. The slow part, so done on every core."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

from forum import text

T = TypeVar("T")
SMALL = 4
"""Batches up to which it is not worth to start other processes."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One text in every form that is kept."""

    body: str  # Markdown
    body_html: str
    excerpt: str
    plain: str


def convert(bodies: list[str]) -> list[Texts]:
    """HTML or plain text from another system, in all our forms."""
    return [_one(body) for body in bodies]


def _one(body: str) -> Texts:
    markdown = text.from_html(body)
    return Texts(markdown, text.to_html(markdown), text.excerpt(markdown), text.to_plain(markdown, links=False))


class Converter:
    """Converts batch after batch ahead of the one who writes them, in their order.

    Starts other processes only past SMALL batches with texts: a small file is done before they would be up.
    """

    def __init__(self, processes: int | None = None) -> None:
        self._processes = os.cpu_count() or 1 if processes is None else processes
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor | None = None
        self._batches = 0

    def __enter__(self) -> "Converter":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def over(self, batches: Iterable[T], bodies: Callable[[T], list[str]]) -> Iterator[tuple[T, list[Texts]]]:
        """Each batch with its converted texts. Reads a few batches ahead."""
        waiting: deque[tuple[T, list[Texts] | Future[list[Texts]]]] = deque()
        for batch in batches:
            waiting.append((batch, self._begin(bodies(batch))))
            if len(waiting) > 2 * self._processes:
                yield _ready(*waiting.popleft())
        while waiting:
            yield _ready(*waiting.popleft())

    def _begin(self, bodies: list[str]) -> list[Texts] | Future[list[Texts]]:
        self._batches += bool(bodies)
        if self._batches <= SMALL or self._processes < 2:
            return convert(bodies)
        if self._pool is None:
            # Fresh processes: the threads and connections of this one must not be copied.
            pool = ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"))
            self._pool = self._stack.enter_context(pool)
        return self._pool.submit(convert, bodies)


def _ready(batch: T, texts: list[Texts] | Future[list[Texts]]) -> tuple[T, list[Texts]]:
    return batch, texts.result() if isinstance(texts, Future) else texts
