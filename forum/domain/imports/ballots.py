"""Single votes of a source: the last of each person on each idea is kept; a pass is kept as seen, not as a vote."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from forum.db import insert_many
from forum.domain.imports.memories import IDEAS, chosen, parts
from forum.domain.imports.reports import Ballots
from forum.domain.imports.rows import VoteRow, number_of
from forum.domain.imports.states import State
from forum.domain.imports.tables import BadRow
from forum.models import Idea, Pass, User, Vote

TOGETHER = 200
"""Ideas whose votes are compared and written at a time."""

_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_FOUND = sa.select(Idea.id, Idea.source_id).where(Idea.source == sa.bindparam("source"), Idea.source_id.in_(_KEYS))
_of_source = User.source == sa.bindparam("source")
_VOTES = (
    sa.select(Vote.idea_id, User.source_id, Vote.user_id, Vote.value)
    .join_from(Vote, User, User.id == Vote.user_id)
    .where(Vote.idea_id.in_(_KEYS), _of_source)
)
_PASSES = (
    sa.select(Pass.idea_id, User.source_id, Pass.user_id, sa.literal(0).label("value"))
    .join_from(Pass, User, User.id == Pass.user_id)
    .where(Pass.idea_id.in_(_KEYS), _of_source)
)
_the_vote = sa.and_(Vote.user_id == sa.bindparam("by"), Vote.idea_id == sa.bindparam("on"))
_CHANGE = sa.update(Vote).where(_the_vote).values(value=sa.bindparam("new_value"), changed_at=sa.bindparam("moment"))
_UNVOTE = sa.delete(Vote).where(_the_vote)
_UNPASS = sa.delete(Pass).where(Pass.user_id == sa.bindparam("by"), Pass.idea_id == sa.bindparam("on"))


class Last(NamedTuple):
    """The vote of a person that counts, and when they first voted on the idea."""

    idea: str
    person: str
    value: int
    first_at: datetime
    last_at: datetime


def bring_in(run: State, rows: Iterable[VoteRow | BadRow]) -> Ballots:
    """Compare the votes with what is here and write what is new or changed; in a dry run only count."""
    told = Ballots()
    votes = sorted(_last(run, rows, told), key=itemgetter(0, 1))
    by_idea = ((idea, list(group)) for idea, group in groupby(votes, key=itemgetter(0)))
    for part in parts(by_idea, TOGETHER):
        _bring_in(run, dict(part), told)
    return told


def _last(run: State, rows: Iterable[VoteRow | BadRow], told: Ballots) -> Iterator[Last]:
    """The last vote of each person on each idea. Of two at one moment the one further down counts."""
    kept: dict[tuple[str, str], tuple[int, datetime, datetime]] = {}
    for row in rows:
        told.rows += 1
        if isinstance(row, BadRow):
            run.report.refuse(row, told.votes)
            continue
        key, at = (row.idea, row.person), row.created_at
        before = kept.get(key)
        if before is None:
            kept[key] = (row.value, at, at)
        else:
            value, last = (row.value, at) if at >= before[2] else (before[0], before[2])
            kept[key] = (value, min(at, before[1]), last)
    return (Last(*key, value, first, last) for key, (value, first, last) in kept.items())


def _bring_in(run: State, by_idea: dict[str, list[Last]], told: Ballots) -> None:
    ids = {row.source_id: row.id for row in chosen(run.db, _FOUND, list(by_idea), source=run.source)}
    there = ids.keys() | (_would_be_made(run, by_idea) if run.is_dry else set())
    votes = [vote for idea, group in by_idea.items() if idea in there for vote in group]
    homeless = sum(len(group) for idea, group in by_idea.items() if idea not in there)
    told.homeless += homeless
    told.votes.skipped += homeless
    for vote in votes:
        told.up += vote.value == 1
        told.down += vote.value == -1
        told.passed += vote.value == 0
    known = list(ids.values())
    here: dict[tuple[int, str], tuple[int, int]] = {}
    for statement in (_VOTES, _PASSES):
        for row in chosen(run.db, statement, known, source=run.source):
            here[row.idea_id, row.source_id] = (row.user_id, row.value)
    new = [vote for vote in votes if (ids.get(vote.idea, 0), vote.person) not in here]
    changed = [
        vote for vote in votes if here.get((ids.get(vote.idea, 0), vote.person), (0, vote.value))[1] != vote.value
    ]
    told.votes.created += len(new)
    told.votes.updated += len(changed)
    told.votes.unchanged += len(votes) - len(new) - len(changed)
    people = {vote.person: vote.first_at for vote in new}
    if run.is_dry:
        run.people.would_make(people)
        return
    numbers = run.people.ids(people)
    _insert(run, [(numbers[vote.person], ids[vote.idea], vote) for vote in new])
    _change(run, [(*here[ids[vote.idea], vote.person], ids[vote.idea], vote) for vote in changed])
    run.touch("ideas", {ids[vote.idea] for vote in (*new, *changed)})


def _would_be_made(run: State, ideas: Iterable[str]) -> set[str]:
    """Ideas that a run would make: the files name them."""
    numbers = {number_of(idea): idea for idea in ideas}
    return {numbers[number] for number in run.memory.known(IDEAS, numbers)}


def _insert(run: State, new: list[tuple[int, int, Last]]) -> None:
    new = sorted(new, key=itemgetter(0, 1))
    votes = [
        {
            "user_id": user_id,
            "idea_id": idea_id,
            "value": vote.value,
            "is_employee": False,
            "created_at": vote.first_at,
            "changed_at": vote.last_at,
        }
        for user_id, idea_id, vote in new
        if vote.value
    ]
    passes = [
        {"user_id": user_id, "idea_id": idea_id, "created_at": vote.last_at}
        for user_id, idea_id, vote in new
        if not vote.value
    ]
    insert_many(run.db, Vote, votes)
    insert_many(run.db, Pass, passes)


def _change(run: State, changed: list[tuple[int, int, int, Last]]) -> None:
    """Bring votes up to date: (person's id, value here, idea's id, vote)."""
    for user_id, before, idea_id, vote in changed:
        key = {"by": user_id, "on": idea_id}
        if before and vote.value:
            run.db.execute(_CHANGE, {**key, "new_value": vote.value, "moment": vote.last_at})
            continue
        run.db.execute(_UNVOTE if before else _UNPASS, key)
        _insert(run, [(user_id, idea_id, vote)])
