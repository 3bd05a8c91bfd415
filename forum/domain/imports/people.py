"""People and communities of a source: found again by their name there, or made."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, insert_many, take_ids
from forum.domain import founding
from forum.domain.errors import NotFound
from forum.domain.imports.memories import PEOPLE, Memory, chosen
from forum.domain.imports.reports import Report
from forum.domain.imports.rows import PlaceKey, number_of
from forum.models import Community, User
from forum.text import handle

REMEMBERED = 200_000
"""People whose ids are kept at hand."""

_IDS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_PEOPLE = sa.select(User.id, User.source_id).where(User.source == sa.bindparam("source"), User.source_id.in_(_IDS))
_HANDLES = sa.select(User.handle).where(User.handle.in_(_IDS))
_PLACES = sa.select(Community.id, Community.source_id, Community.visibility).where(
    Community.source == sa.bindparam("source")
)
_VISIBILITY = sa.select(Community.visibility).where(Community.id == sa.bindparam("the_id"))
_BY_SLUG = sa.select(Community.id, Community.visibility).where(Community.slug == sa.bindparam("slug"))
_BANNERS = 8


class People:
    """The people of one source. They become users whose status is `imported`: nobody can sign in as them."""

    def __init__(
        self, db: Connection, source: str, report: Report, memory: Memory, shown: Callable[[str], str] | None = None
    ) -> None:
        self._db, self._source, self._report, self._memory = db, source, report, memory
        self._shown = shown or without_address
        self._ids: dict[str, int] = {}

    def ids(self, names: Mapping[str, datetime]) -> dict[str, int]:
        """Name → user id. Each name comes with the first moment it was met at, for people who are new here."""
        if len(self._ids) > REMEMBERED:
            self._ids.clear()
        self._find(names)
        if missing := [name for name in names if name not in self._ids]:
            self._make({name: names[name] for name in missing})
        return {name: self._ids[name] for name in names}

    def would_make(self, names: Mapping[str, datetime]) -> None:
        """In a dry run: count those who would be made."""
        self._find(names)
        numbers = {number_of(name) for name in names if name not in self._ids}
        self._report.people_created += len(numbers - self._memory.keep(PEOPLE, numbers))

    def _find(self, names: Mapping[str, datetime]) -> None:
        unknown = [name for name in names if name not in self._ids]
        rows = chosen(self._db, _PEOPLE, unknown, source=self._source)
        self._ids.update({row.source_id: row.id for row in rows})

    def _make(self, names: Mapping[str, datetime]) -> None:
        ids = take_ids(self._db, User, len(names))
        handles = self._handles(list(names))
        rows = [
            {
                "id": key,
                "handle": handles[name],
                "name": self._shown(name),
                "status": "imported",
                "wants_mail": False,
                "created_at": moment,
                "source": self._source,
                "source_id": name,
            }
            for key, (name, moment) in zip(ids, names.items(), strict=True)
        ]
        insert_many(self._db, User, rows)
        self._ids.update(zip(names, ids, strict=True))
        self._report.people_created += len(rows)

    def _handles(self, names: list[str]) -> dict[str, str]:
        """Name → a handle that nobody has."""
        wanted = {name: handle(self._shown(name)) for name in names}
        taken = {row.handle for row in chosen(self._db, _HANDLES, list(set(wanted.values())))}
        handles: dict[str, str] = {}
        for name, wish in wanted.items():
            given, number = wish, 1
            while given in taken:
                number += 1
                given = f"{wish[:30]}-{number if number < 10 else number_of(f'{name} {number}') % 10**8}"
                if given not in taken and chosen(self._db, _HANDLES, [given]):
                    taken.add(given)
            handles[name] = given
            taken.add(given)
        return handles


def without_address(name: str) -> str:
    """The name as pages show it: of a mail address only what stands before the @."""
    return name.partition("@")[0] if "@" in name.strip("@") else name


class Places:
    """The communities of one source: its campaigns, categories, forums."""

    def __init__(self, db: Connection, source: str, report: Report, *, is_dry: bool) -> None:
        self._db, self._source, self._report, self._is_dry = db, source, report, is_dry
        self._known: dict[str, tuple[int, bool]] = {
            row.source_id: (row.id, row.visibility == "public") for row in db.execute(_PLACES, {"source": source})
        }

    def ensure(self, place: PlaceKey) -> tuple[int, bool]:
        """The id of a community, made if it is new, and whether everybody may see it."""
        if place.source_id not in self._known:
            self._known[place.source_id] = (0 if self._is_dry else self._make(place), True)
            self._report.communities_created += 1
        return self._known[place.source_id]

    def find(self, place: PlaceKey) -> int | None:
        """The id of a community of the source, if it is here."""
        found = self._known.get(place.source_id)
        return found[0] if found else None

    def is_open(self, community_id: int) -> bool:
        """May everybody see this community?"""
        return self._db.execute(_VISIBILITY, {"the_id": community_id}).scalar() == "public"

    def _make(self, place: PlaceKey) -> int:
        return founding.create(
            self._db,
            name=place.name,
            group_name=place.group,
            banner=number_of(place.group or place.name) % _BANNERS + 1,
            source=self._source,
            source_id=place.source_id,
        )


class ChosenPlaces(Places):
    """Communities that are here already, named by their short names: for sources that have none of their own."""

    def ensure(self, place: PlaceKey) -> tuple[int, bool]:
        """The id of a community and whether everybody may see it. NotFound if there is none of this name."""
        if place.name not in self._known:
            row = self._db.execute(_BY_SLUG, {"slug": place.name}).first()
            if row is None:
                raise NotFound(f"There is no community {place.name!r}. Make it first.")
            self._known[place.name] = (row.id, row.visibility == "public")
        return self._known[place.name]

    def find(self, place: PlaceKey) -> int | None:
        """The id of a community, if it is here."""
        row = self._db.execute(_BY_SLUG, {"slug": place.name}).first()
        return int(row.id) if row else None
