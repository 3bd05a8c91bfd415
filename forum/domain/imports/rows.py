"""What a source gives, whatever its format: ideas and comments with all that the forum keeps of them."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, runtime_checkable

from forum.domain.imports.tables import BadRow, Progress

_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class PlaceKey:
    """A community as the source knows it. Two of the same name in different groups are two."""

    name: str
    group: str = ""

    @property
    def source_id(self) -> str:
        return f"{self.group} / {self.name}" if self.group else self.name


@dataclass(frozen=True, slots=True)
class Event:
    """A line of an idea's public history, as the source knows it: see StatusChange."""

    kind: str
    created_at: datetime
    note: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What moderators of the source decided on an idea, with their reason: see Decision."""

    action: str
    reason: str
    facts: str
    created_at: datetime


class IdeaRow(NamedTuple):
    """One idea. `body` is HTML or plain text of the source; `hash` tells whether anything in the row has changed."""

    file: str
    line: int
    source_id: str
    number: str
    title: str
    body: str
    author: str
    place: PlaceKey
    tags: tuple[str, ...]
    up: int
    down: int
    created_at: datetime
    status: str
    stage: str  # the source's own word for where it stands
    url: str
    is_private: bool
    hash: str
    data: Mapping[str, Any]  # what has no column here
    standing: str = ""  # the state, where the source says more than private or not
    is_locked: bool = False  # no more votes are taken
    history: tuple[Event, ...] = ()
    ruling: Ruling | None = None

    @property
    def state(self) -> str:
        """The state in which a new idea begins."""
        return self.standing or ("held" if self.is_private else "published")


class CommentRow(NamedTuple):
    """One comment. `group` names those of one person on one idea at one moment; `hash` tells these apart."""

    file: str
    line: int
    idea: str  # the source id of its idea
    author: str
    body: str
    created_at: datetime
    group: str
    hash: str


class VoteRow(NamedTuple):
    """One vote: +1 for, -1 against, 0 for having seen the idea and passed. Of one person the last on an idea counts."""

    file: str
    line: int
    idea: str  # the source id of its idea
    person: str
    value: int
    created_at: datetime


class Source(Protocol):
    """A set of files in one format. Reading raises Unreadable; each call reads anew from the beginning."""

    name: str

    def size(self) -> int:
        """Bytes of all files together."""

    def check(self, progress: Progress | None = None) -> None:
        """Read every file to its end. Raises Unreadable and OSError."""

    def ideas(self, progress: Progress | None = None) -> Iterator[IdeaRow | BadRow]:
        """The ideas in the order of the file."""

    def comments(self, progress: Progress | None = None) -> Iterator[CommentRow | BadRow]:
        """The comments in the order of the file."""

    def notes(self) -> list[str]:
        """What else is to be told about the files, in sentences; known after reading."""

    def unknown_columns(self) -> dict[str, list[str]]:
        """File → columns that the format does not have; known after reading."""


@runtime_checkable
class VotingSource(Source, Protocol):
    """A source that knows who voted how. All of it goes into one community of this site, `place` by its short name."""

    def votes(self, progress: Progress | None = None) -> Iterator[VoteRow | BadRow]:
        """Every vote in the order of the file."""

    def shown(self, person: str) -> str:
        """The name that pages show for a person of this source."""


def digest(value: Mapping[str, Any] | list[Any]) -> str:
    """32 hexadecimal digits that change when the value does (BLAKE2b); the order of names does not count."""
    text = _JSON.encode(value)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def number_of(key: str) -> int:
    """A whole number of 63 bits for a key: what is remembered of a row while a file is read."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1
