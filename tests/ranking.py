"""A small forum where every filter of a ranking matters, and rankings worked out from its votes one by one."""

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.db import Connection
from forum.domain import agencies, setting_aside, tags, votes
from forum.domain.choices import Choice
from forum.models import CommunityAgency, User
from tests.making import Make

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
MOMENTS = [  # the edges of days among them
    FIRST,
    FIRST + timedelta(hours=5),
    FIRST + timedelta(days=1) - timedelta(microseconds=1),
    FIRST + timedelta(days=1),
    FIRST + timedelta(days=2, hours=12),
]


@dataclass(frozen=True)
class Cast:
    """One vote, and all that is known about it."""

    value: int
    is_employee: bool
    is_confirmed: bool
    is_aside: bool


@dataclass
class Item:
    """One idea as the test knows it."""

    id: int
    title: str
    community: str
    state: str
    status: str
    tag: str
    author: str
    created_at: datetime
    imported: tuple[int, int]
    cast: list[Cast] = field(default_factory=list)


def fill(make: Make, seed: int = 7) -> list[Item]:
    """Three public communities and one for employees; ideas of all kinds with votes of all kinds."""
    chance, db = random.Random(seed), make.db
    moderator = make.user(role="moderator")
    places = [make.community(slug=slug, name=slug.title()) for slug in ("alpha", "beta", "gamma")]
    places.append(make.community(slug="staff", name="Staff", visibility="employees"))
    budget = agencies.ensure(db, "Budget Office")
    db.execute(sa.insert(CommunityAgency), [{"community_id": place.id, "agency_id": budget} for place in places[1:3]])
    authors = {"citizen": make.user(), "employee": make.user(is_employee=True)}
    people = [make.user(is_employee=number % 3 == 0) for number in range(12)]
    unconfirmed = {person.id for number, person in enumerate(people) if number % 4 == 1}
    items = []
    for number in range(36):
        place = places[number % 4]
        items.append(_item(make, chance, number, place, authors))
        asides = []
        for person in people:
            value = chance.choice((1, 1, 0, -1))
            if not value or items[-1].state not in ("published", "off-topic"):
                continue
            if place.slug == "staff" and not person.is_employee:
                continue
            votes.cast(db, person, items[-1].id, value)
            is_aside = chance.random() < 0.15
            asides += [person.id] if is_aside else []
            items[-1].cast.append(Cast(value, person.is_employee, person.id not in unconfirmed, is_aside))
        if asides:
            setting_aside.act(db, moderator, Choice(idea_id=items[-1].id, user_ids=tuple(asides)), reason="spam")
    _forget_addresses(db, unconfirmed)
    return items


def _item(make: Make, chance: random.Random, number: int, place: Any, authors: dict[str, Any]) -> Item:
    author = "employee" if number % 5 == 0 else "citizen"
    state = {9: "off-topic", 14: "off-topic", 22: "held", 30: "removed", 33: "withdrawn"}.get(number, "published")
    status = "accepted" if number % 6 == 1 else "open"
    imported = (chance.randrange(9), chance.randrange(5)) if number % 2 else (0, 0)
    moment = MOMENTS[number % len(MOMENTS)]
    is_listed = state == "published"
    idea_id = make.idea(
        community=place,
        author=authors[author],
        title=f"Idea {number} of {place.name}",
        state=state,
        status=status,
        is_listed=is_listed,
        is_public=is_listed and place.visibility == "public",
        is_by_employee=author == "employee",
        up=imported[0],
        down=imported[1],
        imported_up=imported[0],
        imported_down=imported[1],
        created_at=moment,
    )
    tag = "bikes" if number % 4 != 2 and number % 3 == 0 else ""
    if tag:
        tags.put(make.db, [(idea_id, tags.ensure(make.db, "Bikes"))])
    return Item(idea_id, f"Idea {number} of {place.name}", place.slug, state, status, tag, author, moment, imported)


def _forget_addresses(db: Connection, user_ids: set[int]) -> None:
    """As people have none who came with an import, or who left."""
    db.execute(sa.update(User).where(User.id.in_(user_ids)).values(email_confirmed_at=None))


def ranked(items: list[Item], values: dict[str, Any]) -> list[tuple[int, float, int, int]]:
    """What a ranking by these values must be: (idea id, score, votes for, votes against), by definition."""
    found = []
    for item in items:
        if not _is_in(item, values):
            continue
        up, down = tally(item, values)
        score = SCORES[values.get("method", "net")](up, down, item.created_at)
        found.append((item.id, score, up, down))
    return sorted(found, key=lambda row: (-round(row[1], 10), -row[0]))


def _is_in(item: Item, values: dict[str, Any]) -> bool:
    day = item.created_at.date().isoformat()
    return (
        item.community != "staff"
        and item.state in (("published", "off-topic") if values.get("track") else ("published",))
        and item.community in (values.get("community") or [item.community])
        and values.get("status") in (None, item.status)
        and (values.get("tag") is None or item.tag == values["tag"])
        and (values.get("agency") is None or item.community in ("beta", "gamma"))
        and values.get("author") in (None, item.author)
        and values.get("since", "") <= day <= values.get("until", "9")
    )


def tally(item: Item, values: dict[str, Any]) -> tuple[int, int]:
    """Votes for and against, one by one."""
    voters, confirmed = values.get("voters"), values.get("confirmed")
    up, down = (0, 0) if voters or confirmed else item.imported
    for vote in item.cast:
        kind = "employee" if vote.is_employee else "citizen"
        if (vote.is_aside and not values.get("aside")) or (confirmed and not vote.is_confirmed):
            continue
        if voters in (None, kind):
            up, down = up + (vote.value == 1), down + (vote.value == -1)
    return up, down


def wilson(up: int, down: int, _: datetime) -> float:
    """The smaller root of (p - x)² = z² x (1 - x) ÷ n."""
    n, z = up + down, 1.959963984540054
    if not up:
        return 0.0
    a, b, c = 1 + z * z / n, -(2 * up / n + z * z / n), (up / n) ** 2
    return (-b - math.sqrt(b * b - 4 * a * c)) / (2 * a)


def trending(up: int, down: int, created_at: datetime) -> float:
    net = up - down
    size = math.log10(abs(net)) if net else 0.0
    return round(math.copysign(size, net) + (created_at.timestamp() - 1_134_028_003) / 45_000, 7)


def contested(up: int, down: int, _: datetime) -> float:
    return (up + down) ** (min(up, down) / max(up, down)) if up and down else 0.0


SCORES = {
    "net": lambda up, down, _: float(up - down),
    "approval": wilson,
    "trending": trending,
    "contested": contested,
}

CASES: list[dict[str, Any]] = [
    *({"method": method} for method in SCORES),
    {"community": ["alpha"]},
    {"community": ["beta", "gamma"], "method": "approval"},
    {"community": ["alpha", "beta", "gamma"], "method": "trending", "track": "yes"},
    {"tag": "bikes"},
    {"status": "accepted", "method": "contested"},
    {"agency": "budget-office"},
    {"author": "citizen"},
    {"author": "employee", "method": "approval"},
    {"since": "2026-03-02", "until": "2026-03-02"},
    {"since": "2026-03-03"},
    {"until": "2026-03-03", "method": "trending"},
    {"track": "yes"},
    {"track": "yes", "community": ["beta"], "method": "contested"},
    *({"voters": kind, "method": method} for kind in ("citizen", "employee") for method in SCORES),
    *({"confirmed": "yes", "method": method} for method in SCORES),
    {"confirmed": "yes", "voters": "employee"},
    {"aside": "yes"},
    {"aside": "yes", "voters": "citizen", "method": "approval"},
    {"aside": "yes", "confirmed": "yes", "method": "contested"},
    {"aside": "yes", "confirmed": "yes", "voters": "employee", "track": "yes", "method": "approval"},
    {
        "method": "approval",
        "community": ["alpha", "gamma"],
        "author": "citizen",
        "since": "2026-03-02",
        "until": "2026-03-04",
        "voters": "citizen",
        "confirmed": "yes",
        "track": "yes",
        "aside": "yes",
    },
    {"tag": "bikes", "status": "accepted", "agency": "budget-office", "author": "employee", "since": "2026-03-04"},
]
"""Selections that must come out the same everywhere."""
