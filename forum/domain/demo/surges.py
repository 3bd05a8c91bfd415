"""What crowds do in the demo, as `surges.toml` says it: a wave, ideas that were merged, votes that were set aside."""

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Annotated

from pydantic import AwareDatetime, Field

from forum.domain.demo.parts import Markdown, Part, Slug


class Wave(Part):
    """Near-equal posts of new accounts, one of each name; `body` has places for an aside and an ending."""

    community: Slug
    titles: Annotated[tuple[str, ...], Field(min_length=1)]
    body: Markdown
    asides: Annotated[tuple[str, ...], Field(min_length=1)]
    endings: Annotated[tuple[str, ...], Field(min_length=1)]
    names: Annotated[tuple[str, ...], Field(min_length=10)]

    @property
    def posts(self) -> Iterator[tuple[str, str]]:
        """Title and body for each of the names."""
        parts = zip(cycle(self.titles), cycle(self.asides), cycle(self.endings), strict=False)
        for title, aside, ending in islice(parts, len(self.names)):
            yield title, self.body.format(aside=aside, ending=ending)


class Proposal(Part):
    """An idea of ours among those of 2009, with the votes of people of the demo."""

    community: Slug
    author: Slug
    title: Annotated[str, Field(min_length=5, max_length=120)]
    body: Markdown
    why: Markdown
    tags: tuple[Slug, ...]
    posted: AwareDatetime
    votes_for: tuple[Slug, ...]
    votes_against: tuple[Slug, ...]


class Pair(Part):
    """Two ideas that the author of one proposed to merge, and that a moderator merged."""

    by: Slug
    reason: str
    absorbed: Proposal
    target: Proposal


class Aside(Part):
    """An idea for which a crowd of new accounts voted, and the decision that set their votes aside."""

    by: Slug
    reason: str
    facts: str
    voters: int
    idea: Proposal
