"""Texts of other systems made into ours: Markdown, safe HTML, plain text. The slow part, so done on every core."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from typing import NamedTuple, TypeVar

from forum import terms, text
from forum.domain.search import Count, count, storable_index

T = TypeVar("T")
SMALL = 500_000
"""Characters of text up to which it is not worth to start other processes."""

# Signs that may be more than words to a reader of Markdown, or are escaped in HTML, or are not tidy.
_SIGNS = re.compile(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\\`*_\[\]<>&~|#=!]")
_POINT = re.compile(r"\d+[.)]")
_BREAK = re.compile(r"<br ?/?>")
_SPACES = re.compile(r"\n{3,}")


class Job(NamedTuple):
    """A text to convert, with what the index of the search needs to know of it. (Tuples travel lightest.)"""

    kind: str  # idea, comment
    title: str
    body: str
    community_id: int
    is_counted: bool = False  # among the words in use


class Texts(NamedTuple):
    """One text in every form that is kept."""

    body: str  # Markdown
    body_html: str
    excerpt: str
    plain: str
    slug: str  # of the title
    indexed: tuple[str, str]


class Converted(NamedTuple):
    """The texts of some jobs, and the words of those that are counted."""

    texts: list[Texts]
    counted: Count


def convert(jobs: list[Job]) -> Converted:
    """HTML or plain text from another system, in all our forms."""
    texts = [_one(job) for job in jobs]
    return Converted(texts, count(one.indexed[0] for one, job in zip(texts, jobs, strict=True) if job.is_counted))


def _one(job: Job) -> Texts:
    simple = simplified(job.body)
    markdown = text.from_html(job.body) if simple is None else simple
    if simple is not None or is_plain(markdown):
        html, plain = paragraphs(markdown), markdown
    else:
        html, plain = text.to_html_and_plain(markdown, links=False)
    index = storable_index(job.kind, job.title, plain, job.community_id)
    return Texts(markdown, html, text.excerpt(markdown), plain, text.slug(job.title) if job.title else "", index)


def is_plain(markdown: str) -> bool:
    """Are there only words, sentences and paragraphs in it? Most texts are such, and need no parser."""
    if _SIGNS.search(markdown) or "://" in markdown or "www." in markdown.lower() or "\n\n\n" in markdown:
        return False
    lines = markdown.split("\n")
    return all(
        not line or ((line[0].isalpha() or (line[0].isdigit() and not _POINT.match(line))) and line[-1] != " ")
        for line in lines
    ) and bool(lines[0] and lines[-1])


def simplified(html: str) -> str | None:
    """What text.from_html gives where there is no markup but line breaks, and nothing that needs care; else None."""
    if not html.isascii():
        return None
    broken = html.replace("<br />", "\n").replace("<br/>", "\n").replace("<br>", "\n")
    if "<" in broken or (broken is not html and "\n" in html):
        return None
    lines = [line.strip(" ") for line in broken.split("\n")]
    plain = _SPACES.sub("\n\n", "\n".join(lines)).strip("\n")
    return plain if "  " not in plain and is_plain(plain) else None


def paragraphs(plain: str) -> str:
    """What text.to_html gives for a text that is_plain."""
    inner = plain.replace("\n\n", "\0").replace("\n", "<br>\n").replace("\0", "</p>\n<p>")
    return f"<p>{inner}</p>\n"


class Converter:
    """Converts batch after batch ahead of the one who writes them, in their order.

    Starts other processes only past SMALL characters, as a small file is done before they would be up; with `is_large`
    as soon as there is a text.
    """

    def __init__(self, processes: int | None = None, *, is_large: bool = False) -> None:
        self._small, self._met = 0 if is_large else SMALL, 0
        self._processes = os.cpu_count() or 1 if processes is None else processes
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Converter":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def over(self, batches: Iterable[T], jobs: Callable[[T], list[Job]]) -> Iterator[tuple[T, Converted]]:
        """Each batch with its converted texts. Reads a few batches ahead."""
        waiting: deque[tuple[T, Converted | Future[Converted]]] = deque()
        for batch in batches:
            waiting.append((batch, self._begin(jobs(batch))))
            if len(waiting) > 2 * self._processes:
                yield _ready(*waiting.popleft())
        while waiting:
            yield _ready(*waiting.popleft())

    def _begin(self, jobs: list[Job]) -> Converted | Future[Converted]:
        self._met += sum(len(job.body) for job in jobs)
        if self._met <= self._small or self._processes < 2:
            return convert(jobs)
        if self._pool is None:
            # Fresh processes: the threads and connections of this one must not be copied.
            pool = ProcessPoolExecutor(self._processes, get_context("spawn"), terms.keep_more)
            self._pool = self._stack.enter_context(pool)
        return self._pool.submit(convert, jobs)


def _ready(batch: T, texts: Converted | Future[Converted]) -> tuple[T, Converted]:
    return batch, texts.result() if isinstance(texts, Future) else texts
