"""People of the demo who only vote: what each of them casts follows from their camp, and is the same on every load.

Of the Open Government Dialogue only totals are known. The votes cast here are part of them: an idea never gets more
votes for or against than it had, and what nobody here casts stays an imported tally.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle
from typing import Annotated, Any

from pydantic import Field

from forum.domain.demo.parts import Part, number
from forum.text import slug

LEAST_EAGER, MOST_EAGER = 24, 92  # of a hundred ideas that somebody sees, so many they vote on
CHANCE = 8
"""A camp likes an idea by so many points more or less than its subject."""

Percent = Annotated[int, Field(ge=0, le=100)]


class Camp(Part):
    """People who think alike. With `agencies` they are public employees."""

    key: str
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    agencies: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    def people(self) -> Iterator[dict[str, Any]]:
        """Each member as a person of the demo, without votes."""
        for name, agency, title in zip(self.names, cycle(self.agencies or ("",)), cycle(self.titles or ("",))):
            yield {"handle": slug(name), "name": name, "agency": agency, "title": title}


class Subject(Part):
    """Ideas that a camp likes about as much; `likes` says for each camp how much."""

    about: str
    ideas: Annotated[tuple[int, ...], Field(min_length=1)]
    likes: Mapping[str, Percent]


class Room:
    """Votes that an idea can still take: what it had in 2009 without those that others cast already."""

    def __init__(self, ideas: Iterable[Mapping[str, Any]], people: Iterable[Mapping[str, Any]]) -> None:
        self._left: Counter[tuple[int, int]] = Counter()
        self.total: dict[int, int] = {}
        for idea in ideas:
            self._left[idea["source_id"], 1] = idea["up"]
            self._left[idea["source_id"], -1] = idea["down"]
            self.total[idea["source_id"]] = idea["up"] + idea["down"]
        for person in people:
            self._left.subtract((key, 1) for key in person.get("votes_for", ()))
            self._left.subtract((key, -1) for key in person.get("votes_against", ()))

    def take(self, idea: int, value: int) -> bool:
        """One vote more, if there is room for it."""
        if self._left[idea, value] <= 0:
            return False
        self._left[idea, value] -= 1
        return True


def make(
    camps: Iterable[Mapping[str, Any]], subjects: Iterable[Mapping[str, Any]], room: Room, for_only: set[int]
) -> list[dict[str, Any]]:
    """The people of all camps with their votes, as rows for `content.Person`. On `for_only` nobody votes against."""
    voters = [Voter(camp, person) for camp in map(Camp.model_validate, camps) for person in camp.people()]
    for subject in map(Subject.model_validate, subjects):
        for idea in subject.ideas:
            likes = {
                camp: share + number(f"{camp} {idea}", 2 * CHANCE + 1) - CHANCE for camp, share in subject.likes.items()
            }
            wishes = [(voter, voter.wish(idea, likes, room.total[idea])) for voter in voters]
            # In an order of chance: where there is room for a part of them only, it is no one camp's.
            wishes = sorted((one for one in wishes if one[1]), key=lambda one: number(f"{one[0].handle} {idea}", 2**32))
            for voter, value in wishes:
                if not (value < 0 and idea in for_only) and room.take(idea, value):
                    voter.said[value].append(idea)
    return [{**voter.person, "votes_for": voter.said[1], "votes_against": voter.said[-1]} for voter in voters]


class Voter:
    """A member of a camp and what they said: value → ideas."""

    def __init__(self, camp: Camp, person: dict[str, Any]) -> None:
        self.camp, self.person, self.handle = camp.key, person, person["handle"]
        self.said: dict[int, list[int]] = {1: [], -1: []}
        self._eager = LEAST_EAGER + number(f"eager {self.handle}", 100) ** 2 * (MOST_EAGER - LEAST_EAGER) // 99**2

    def wish(self, idea: int, likes: Mapping[str, int], total: int) -> int:
        """+1, -1, or 0 for no vote: many see an idea that many voted on, and some people are eager."""
        seen = min(95, 10 * total.bit_length())
        if number(f"sees {self.handle} {idea}", 10_000) >= self._eager * seen:
            return 0
        return 1 if number(f"likes {self.handle} {idea}", 100) < likes[self.camp] else -1
