"""Setting votes aside: the preview of what it does to the ranking, and the act, one decision for each idea."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from forum.db import Connection, is_sqlite
from forum.domain import asides, choices, communities, decisions, ideas, recounts, statements, waves
from forum.domain.choices import AsideFields, Choice
from forum.domain.communities import CommunityView
from forum.domain.errors import Conflict, Forbidden, Invalid
from forum.domain.ideas import path
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Idea

TOP = 20
MOST_IDEAS = 500
"""Ideas in one act: each gets a decision, and its author a message."""

_IDS: Any = sa.bindparam("ids", expanding=True)
_FIGURES: tuple[Any, ...] = (
    Idea.id,
    Idea.slug,
    Idea.title,
    Idea.author_id,
    Idea.community_id,
    Idea.state,
    Idea.is_listed,
    Idea.up,
    Idea.down,
    Idea.net,
    Idea.created_at,
)
_AFFECTED = sa.select(*_FIGURES).where(Idea.id.in_(_IDS)).order_by(Idea.id)
_LOCKED = _AFFECTED.with_for_update()
_FIRST = (
    sa.select(*_FIGURES)
    .where(Idea.community_id == sa.bindparam("place"), Idea.is_listed)
    .order_by(Idea.net.desc(), Idea.id.desc())
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one idea."""

    id: int
    title: str
    path: str
    up: int  # votes for that are set aside
    down: int
    up_before: int
    down_before: int

    @property
    def up_after(self) -> int:
        return self.up_before - self.up

    @property
    def down_after(self) -> int:
        return self.down_before - self.down

    @property
    def votes(self) -> int:
        return self.up + self.down


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a ranking by net votes. `was`: its place before, from 1; None if it was lower than the first TOP."""

    id: int
    title: str
    path: str
    net: int
    was: int | None
    is_touched: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an act would do: ideas touched, votes, and the ranking of the community before and after."""

    community: CommunityView
    effects: tuple[Effect, ...]
    already: int  # votes of the choice that are set aside as it is
    before: tuple[Place, ...]
    after: tuple[Place, ...]

    @property
    def votes(self) -> int:
        return sum(one.votes for one in self.effects)


def read(db: Connection, user: Person | None, fields: AsideFields) -> tuple[Choice, CommunityView]:
    """The choice of a form, and the community that it is about. Invalid, NotFound, or Forbidden where one may not."""
    place = communities.get(db, user, fields.community) if fields.community.strip() else None
    choice = choices.read(db, fields, community_id=place.id if place else None)
    return choice, _allowed(db, user, choice)


def _allowed(db: Connection, user: Person | None, choice: Choice) -> CommunityView:
    """The community that it is about; of a wave's posts the one where most of them are."""
    if choice.wave_id is not None:
        wave = waves.get(db, user, choice.wave_id)
        if choice.wave_ideas is not None:
            user = require(user, "wave.decide", wave)
            if reason := waves.why_not(db, user, wave):
                raise Forbidden("wave.decide", reason)
            return wave.community
    if choice.idea_id is not None:
        idea = ideas.get(db, user, choice.idea_id)
        require(user, "decision.make", idea)
        if idea.state not in choices.STATES:
            raise Invalid({"idea": "This idea is not open any more. Name the one that it went into."})
        return idea.community
    place = communities.of(db, choice.community_id or 0)
    require(user, "community.edit", place)
    return place


def preview(db: Connection, user: Person, choice: Choice) -> Outlook:
    """What would happen. Changes nothing. Forbidden, NotFound as `read`."""
    place = _allowed(db, user, choice)
    taken = choices.count(db, choice, user.id)
    rows = _rows(db, _AFFECTED, taken)
    effects = tuple(_effect(row, taken[row.id]) for row in rows)
    before, after = _rankings(db, place, rows, {one.id: one for one in effects})
    return Outlook(place, effects, sum(int(row.already) for row in taken.values()), before, after)


def _rows(db: Connection, statement: Any, taken: Mapping[int, Any]) -> list[Any]:
    """The ideas that lose votes, in the order of their ids."""
    ids = [idea_id for idea_id, row in taken.items() if row.up or row.down]
    return list(db.execute(statement, {"ids": ids})) if ids else []


def _effect(row: Any, taken: Any) -> Effect:
    address = path(row.id, row.slug)
    return Effect(row.id, row.title, address, int(taken.up), int(taken.down), row.up, row.down)


def _rankings(
    db: Connection, place: CommunityView, rows: list[Any], effects: Mapping[int, Effect]
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """The first TOP by net votes now and then. Whatever comes up from below stands within TOP + touched ideas."""
    first = db.execute(_FIRST, {"place": place.id, "most": TOP + len(rows)}).all()
    here = (row for row in rows if row.is_listed and row.community_id == place.id)
    known = {row.id: row for row in [*first, *here]}
    now_is = {row.id: row.up - row.down for row in known.values()}
    then = {key: net - effects[key].up + effects[key].down if key in effects else net for key, net in now_is.items()}

    def order(nets: Mapping[int, int]) -> list[int]:
        return sorted(nets, key=lambda key: (-nets[key], -key))[:TOP]

    ranks = {key: rank for rank, key in enumerate(order(now_is), 1)}

    def places(nets: Mapping[int, int]) -> tuple[Place, ...]:
        return tuple(
            Place(key, known[key].title, path(key, known[key].slug), nets[key], ranks.get(key), key in effects)
            for key in order(nets)
        )

    return places(now_is), places(then)


def act(db: Connection, user: Person | None, choice: Choice, *, reason: str, facts: str = "", note: str = "") -> str:
    """Set these votes aside; returns the id of the act. Authors are told; every idea's page says how many.

    Forbidden, NotFound as `read`; Invalid if there are more than MOST_IDEAS; Conflict if no vote fits.
    """
    _allowed(db, user, choice)
    user = require(user, "case.list")
    taken = choices.count(db, choice, user.id)
    rows = _rows(db, _LOCKED, taken)  # votes on these ideas wait from here on
    if not rows:
        raise Conflict("No vote that counts fits this choice.")
    if len(rows) > MOST_IDEAS:
        raise Invalid({"community": f"These are {len(rows):,} ideas. Please choose votes on at most {MOST_IDEAS}."})
    if not is_sqlite(db):  # where others may have voted while this one waited for the locks
        taken = choices.count(db, choice, user.id)
    act_id, made = decisions.new_act(), dict[int, int]()
    places = {place_id: communities.of(db, place_id) for place_id in {row.community_id for row in rows}}
    for row in rows:
        if row.id not in taken:
            continue  # its votes were all taken back meanwhile
        count = int(taken[row.id].up) + int(taken[row.id].down)
        told = f"{count:,} vote{'' if count == 1 else 's'} on it {'was' if count == 1 else 'were'} set aside."
        made[row.id] = decisions.record(
            db,
            user,
            action="set-aside",
            subject_kind="idea",
            subject_id=row.id,
            author_id=row.author_id,
            community=places[row.community_id],
            state_before=row.state,
            state_after=row.state,
            before={"votes": count},
            reason=reason,
            facts=f"{told} {facts}".strip(),
            note=note,
            act_id=act_id,
        )
    choices.mark(db, choice, act_id)
    recounts.mend_some(db, "ideas", {idea_id for one in made.values() for idea_id in asides.marked(db, one)})
    for row in (row for row in rows if row.id in made):
        decision = decisions.load(db, made[row.id], place=places[row.community_id])
        statements.tell_author(db, decision, f"idea “{row.title}”", "idea")
    return act_id
