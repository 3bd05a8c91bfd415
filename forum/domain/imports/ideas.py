"""Ideas of a source: new ones are made, changed ones put right, all others left alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from forum.db import insert_many, take_ids
from forum.domain import ranking, search, states, tags
from forum.domain.imports import histories
from forum.domain.imports.memories import IDEAS, chosen
from forum.domain.imports.rows import IdeaRow, PlaceKey, number_of
from forum.domain.imports.states import State
from forum.domain.imports.tables import BadRow
from forum.domain.imports.texts import Converted, Job, Texts
from forum.domain.lists import SHUFFLE_RANGE
from forum.domain.search import Document
from forum.models import Idea, IdeaTag, IdeaText

PLACE, GROUP, STAGE, STANDING = "Campaign", "Campaign Group", "Stage", "Standing"
"""Keys of what is kept of a source row, by which it is seen whether the source moved an idea."""

_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_EXISTING = (
    sa.select(
        Idea.id,
        Idea.source_id,
        Idea.community_id,
        Idea.status,
        Idea.state,
        Idea.is_locked,
        IdeaText.source_hash,
        IdeaText.source_data,
    )
    .join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
    .where(Idea.source == sa.bindparam("source"), Idea.source_id.in_(_KEYS))
)
_TAGS = sa.select(IdeaTag.tag_id).where(IdeaTag.idea_id == sa.bindparam("the_id"))
_UNTAG = sa.delete(IdeaTag).where(IdeaTag.idea_id == sa.bindparam("the_id"))
_SHORT = ("title", "slug", "excerpt", "author_id", "imported_up", "imported_down", "source_number", "created_at")
_PLACED = ("community_id", "is_public", "status", "state", "is_listed", "is_locked")
_LONG = ("body", "body_html", "source_url", "source_data", "source_hash")
_SET = (
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("the_id"))
    .values({name: sa.bindparam(f"new_{name}") for name in (*_SHORT, *_PLACED)})
)
_SET_TEXT = (
    sa.update(IdeaText)
    .where(IdeaText.idea_id == sa.bindparam("the_id"))
    .values({name: sa.bindparam(f"new_{name}") for name in _LONG})
)


@dataclass(slots=True)
class Plan:
    """What is to be done with some rows: new ideas, and changed ones with what is here of them."""

    new: list[IdeaRow] = field(default_factory=list)
    changed: list[tuple[IdeaRow, Any]] = field(default_factory=list)

    @property
    def rows(self) -> list[IdeaRow]:
        return [*self.new, *(row for row, _ in self.changed)]

    def jobs(self, run: State) -> list[Job]:
        """The texts that have to be converted, in the order of `rows`."""
        rows = [(row, states.is_found(row.state)) for row in self.new] + [(row, False) for row, _ in self.changed]
        return [
            Job("idea", row.title, row.body, run.places.ensure(row.place)[0], is_counted) for row, is_counted in rows
        ]


def plan(run: State, rows: Sequence[IdeaRow | BadRow]) -> Plan:
    """Compare rows with what is here, and count them."""
    report, tally, made = run.report, run.report.ideas, Plan()
    taken = _taken(run, rows)
    known = list(taken) if run.ideas_before else []
    found = {row.source_id: row for row in chosen(run.db, _EXISTING, known, source=run.source)}
    for source_id, row in taken.items():
        report.votes_for += row.up
        report.votes_against += row.down
        report.private += row.is_private
        report.stages[row.stage, row.status] += 1
        old = found.get(source_id)
        if old is None:
            made.new.append(row)
        elif old.source_hash != row.hash:
            made.changed.append((row, old))
        else:
            tally.unchanged += 1
    tally.created += len(made.new)
    tally.updated += len(made.changed)
    if run.is_dry:
        run.people.would_make({row.author: row.created_at for row in made.rows})
        for row in made.rows:
            run.places.ensure(row.place)
        return Plan()
    return made


def _taken(run: State, rows: Sequence[IdeaRow | BadRow]) -> dict[str, IdeaRow]:
    """Rows that can be taken, by source id. Of two with the same id the first counts."""
    numbers = {row.source_id: number_of(row.source_id) for row in rows if isinstance(row, IdeaRow)}
    seen = run.memory.keep(IDEAS, numbers.values())
    taken: dict[str, IdeaRow] = {}
    for row in rows:
        if isinstance(row, BadRow):
            run.report.refuse(row, run.report.ideas)
        elif row.source_id in taken or numbers[row.source_id] in seen:
            refused = BadRow(row.file, row.line, f"Idea {row.source_id} stands further up already.")
            run.report.refuse(refused, run.report.ideas)
        else:
            taken[row.source_id] = row
    return taken


def write(run: State, made: Plan, found: Converted) -> None:
    """Do what was planned; `found` is what was made of `made.jobs`."""
    rows = made.rows
    if not rows:
        return
    people = run.people.ids(_first_met(rows))
    converted = dict(zip((row.source_id for row in rows), found.texts, strict=True))
    if made.new:
        _insert(run, made.new, found, people)
    for row, old in made.changed:
        _update(run, row, old, converted[row.source_id], people[row.author])
    run.touch("users", people.values())


def _first_met(rows: Sequence[IdeaRow]) -> dict[str, Any]:
    met: dict[str, Any] = {}
    for row in rows:
        met[row.author] = min(row.created_at, met.get(row.author, row.created_at))
    return met


def _insert(run: State, rows: Sequence[IdeaRow], found: Converted, people: dict[str, int]) -> None:
    ids = take_ids(run.db, Idea, len(rows))
    ids_of_tags = run.tags(name for row in rows for name in row.tags)
    short, long, tagged, documents = [], [], [], []
    for key, row, made in zip(ids, rows, found.texts, strict=False):
        community_id, is_open = run.places.ensure(row.place)
        state = row.state
        shown = states.is_listed(state)
        short.append(
            {
                **_short(run, row, made, people[row.author]),
                "id": key,
                "community_id": community_id,
                "language": run.language,
                "status": row.status,
                "state": state,
                "is_locked": row.is_locked,
                "is_listed": shown,
                "is_public": shown and is_open,
                "up": row.up,
                "down": row.down,
                "comment_count": 0,
                **ranking.ranks(row.up, row.down, row.created_at)._asdict(),
                "shuffle": number_of(f"{run.source} {row.source_id}") % SHUFFLE_RANGE,
                "source": run.source,
                "source_id": row.source_id,
            }
        )
        long.append({"idea_id": key, **_long(row, made)})
        tagged += [(tag_id, short[-1]) for tag_id in {ids_of_tags[name] for name in row.tags}]
        documents.append(_document(run, key, community_id, row, made, is_visible=states.is_found(state)))
    run.touch("communities", {row["community_id"] for row in short})
    run.note_inserted(len(short))
    insert_many(run.db, Idea, short)
    insert_many(run.db, IdeaText, long)
    if tagged:
        tags.put_new(run.db, tagged)
        run.touch("tags", (tag_id for tag_id, _ in tagged))
    histories.write(
        run.db, [(row["id"], row["author_id"], row["community_id"], its) for row, its in zip(short, rows, strict=True)]
    )
    run.bulk.put(documents, found.counted)


def _short(run: State, row: IdeaRow, made: Texts, author_id: int) -> dict[str, Any]:
    return {
        "title": row.title,
        "slug": made.slug,
        "excerpt": made.excerpt,
        "author_id": author_id,
        "imported_up": row.up,
        "imported_down": row.down,
        "source_number": row.number or None,
        "created_at": row.created_at,
    }


def _long(row: IdeaRow, made: Texts) -> dict[str, Any]:
    return {
        "body": made.body,
        "body_html": made.body_html,
        "source_url": row.url if row.url.startswith(("http://", "https://")) else None,
        "source_data": row.data,
        "source_hash": row.hash,
    }


def _document(run: State, idea_id: int, community_id: int, row: IdeaRow, made: Texts, *, is_visible: bool) -> Document:
    return Document(
        kind="idea",
        object_id=idea_id,
        title=row.title,
        body=made.plain,
        created_at=row.created_at,
        community_id=community_id,
        language=run.language,
        is_visible=is_visible,
        indexed=made.indexed,
    )


def _update(run: State, row: IdeaRow, old: Any, made: Texts, author_id: int) -> None:
    """Texts, title, tags and totals follow the source.

    Place, status and state follow only what the source changed itself: what moderators decided here stays.
    """
    place = _placed(run, row, old)
    values = {**_short(run, row, made, author_id), **place}
    run.db.execute(_SET, {"the_id": old.id, **{f"new_{name}": value for name, value in values.items()}})
    long = _long(row, made)
    run.db.execute(_SET_TEXT, {"the_id": old.id, **{f"new_{name}": value for name, value in long.items()}})
    _retag(run, old.id, row)
    histories.rewrite(run.db, old.id, author_id, place["community_id"], row)
    run.touch("ideas", [old.id])
    run.touch("communities", {old.community_id, place["community_id"]})
    search.put(
        run.db,
        "idea",
        old.id,
        community_id=place["community_id"],
        title=row.title,
        body=made.plain,
        created_at=row.created_at,
        language=run.language,
        is_visible=states.is_found(place["state"]),
    )


def _placed(run: State, row: IdeaRow, old: Any) -> dict[str, Any]:
    before = old.source_data or {}
    was_in = PlaceKey(before.get(PLACE, ""), before.get(GROUP, ""))
    community_id, status, state, locked = old.community_id, old.status, old.state, old.is_locked
    if was_in != row.place and community_id == run.places.find(was_in):
        community_id, _ = run.places.ensure(row.place)
    if before.get(STAGE, "") != row.stage:
        status = row.status if row.status != "open" else status
        locked = row.is_locked
        if row.standing and state == before.get(STANDING, state):
            state = row.standing
    if row.is_private and state == "published":
        state = "held"
    listed = states.is_listed(state)
    return {
        "community_id": community_id,
        "is_public": listed and run.places.is_open(community_id),
        "status": status,
        "state": state,
        "is_listed": listed,
        "is_locked": locked,
    }


def _retag(run: State, idea_id: int, row: IdeaRow) -> None:
    before = set(run.db.execute(_TAGS, {"the_id": idea_id}).scalars())
    after = set(run.tags(row.tags).values())
    if before != after:
        run.db.execute(_UNTAG, {"the_id": idea_id})
        tags.put(run.db, ((idea_id, tag_id) for tag_id in after))
    run.touch("tags", before | after)
