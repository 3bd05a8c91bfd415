"""Comments of a source. They carry no ids there, so each is known again by its idea, author, moment and text."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from forum.db import insert_many, take_ids
from forum.domain import search
from forum.domain.comments import path_of
from forum.domain.imports.memories import COMMENTS, IDEAS, chosen
from forum.domain.imports.rows import CommentRow, number_of
from forum.domain.imports.states import State
from forum.domain.imports.tables import BadRow
from forum.domain.imports.texts import Converted, Job, Texts
from forum.domain.search import Document
from forum.models import Comment, Idea

_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_IDEAS = sa.select(Idea.id, Idea.source_id, Idea.community_id, Idea.state).where(
    Idea.source == sa.bindparam("source"), Idea.source_id.in_(_KEYS)
)
_EXISTING = (
    sa.select(Comment.id, Comment.source_id, Comment.source_hash, Comment.state)
    .where(Comment.idea_id.in_(_KEYS), Comment.source == sa.bindparam("source"))
    .order_by(Comment.id)
)
_SET = (
    sa.update(Comment)
    .where(Comment.id == sa.bindparam("the_id"))
    .values(body=sa.bindparam("new_body"), body_html=sa.bindparam("new_html"), source_hash=sa.bindparam("new_hash"))
)


@dataclass(slots=True)
class Plan:
    """What is to be done with some rows: new comments with their source ids, and changed ones with what is here."""

    new: list[tuple[CommentRow, str]] = field(default_factory=list)
    changed: list[tuple[CommentRow, Any]] = field(default_factory=list)
    ideas: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> list[CommentRow]:
        return [*(row for row, _ in self.new), *(row for row, _ in self.changed)]

    def jobs(self) -> list[Job]:
        """The texts that have to be converted, in the order of `rows`."""
        rows = [(row, _is_found(self.ideas[row.idea])) for row, _ in self.new]
        rows += [(row, False) for row, _ in self.changed]
        return [Job("comment", "", row.body, self.ideas[row.idea].community_id, is_counted) for row, is_counted in rows]


def plan(run: State, rows: Sequence[CommentRow | BadRow]) -> Plan:
    """Compare rows with what is here, and count them."""
    made = Plan()
    good = [row for row in rows if isinstance(row, CommentRow)]
    made.ideas = {
        row.source_id: row for row in chosen(run.db, _IDEAS, list({row.idea for row in good}), source=run.source)
    }
    taken = _taken(run, rows, made.ideas)
    before, highest = _existing(run, made.ideas)
    rest: list[CommentRow] = []
    for row in taken:
        same = next((old for old in before[row.group] if old.source_hash == row.hash), None)
        if same is None:
            rest.append(row)
        else:
            before[row.group].remove(same)
            run.memory.keep(COMMENTS, [same.id])
            run.report.comments.unchanged += 1
    for row in rest:
        if before[row.group]:
            old = before[row.group].pop(0)
            run.memory.keep(COMMENTS, [old.id])
            made.changed.append((row, old))
        else:
            made.new.append((row, f"{row.group}:{run.number_in(row.group, highest[row.group])}"))
    run.report.comments.created += len(made.new)
    run.report.comments.updated += len(made.changed)
    if run.is_dry:
        run.people.would_make({row.author: row.created_at for row in made.rows})
        return Plan()
    return made


def _taken(run: State, rows: Sequence[CommentRow | BadRow], ideas: dict[str, Any]) -> list[CommentRow]:
    """Rows that can be taken: those whose idea is here, or in a dry run would be."""
    loose = {row.idea for row in rows if isinstance(row, CommentRow)} - ideas.keys()
    would_be = run.memory.known(IDEAS, (number_of(idea) for idea in loose)) if run.is_dry else set()
    taken: list[CommentRow] = []
    for row in rows:
        if isinstance(row, BadRow):
            run.report.refuse(row, run.report.comments)
        elif row.idea in ideas or number_of(row.idea) in would_be:
            taken.append(row)
        else:
            run.report.joinless += 1
            run.report.refuse(
                BadRow(row.file, row.line, f"The comment is on idea {row.idea}, which is not here."),
                run.report.comments,
            )
    return taken


def _existing(run: State, ideas: dict[str, Any]) -> tuple[dict[str, list[Any]], dict[str, int]]:
    """By group: comments from before the run that no row has claimed yet, and the highest number given."""
    unclaimed: dict[str, list[Any]] = defaultdict(list)
    highest: dict[str, int] = defaultdict(int)
    rows = chosen(run.db, _EXISTING, [idea.id for idea in ideas.values()], source=run.source)
    claimed = run.memory.known(COMMENTS, (row.id for row in rows)) if rows else set()
    for row in rows:
        group, _, number = row.source_id.rpartition(":")
        highest[group] = max(highest[group], int(number))
        if row.id <= run.last_comment_id and row.id not in claimed:
            unclaimed[group].append(row)
    return unclaimed, highest


def write(run: State, made: Plan, found: Converted) -> None:
    """Do what was planned; `found` is what was made of `made.jobs`."""
    rows = made.rows
    if not rows:
        return
    met: dict[str, Any] = {}
    for row in rows:
        met[row.author] = min(row.created_at, met.get(row.author, row.created_at))
    people = run.people.ids(met)
    if made.new:
        _insert(run, made, found, people)
    for (row, old), text in zip(made.changed, found.texts[len(made.new) :], strict=True):
        _update(run, row, old, text, made.ideas[row.idea])
    run.touch("users", people.values())
    run.touch("ideas", (made.ideas[row.idea].id for row in rows))


def _insert(run: State, made: Plan, found: Converted, people: dict[str, int]) -> None:
    ids = take_ids(run.db, Comment, len(made.new))
    rows, documents = [], []
    for key, (row, source_id), text in zip(ids, made.new, found.texts, strict=False):
        idea = made.ideas[row.idea]
        rows.append(
            {
                "id": key,
                "idea_id": idea.id,
                "author_id": people[row.author],
                "path": path_of("", key),
                "body": text.body,
                "body_html": text.body_html,
                "created_at": row.created_at,
                "source": run.source,
                "source_id": source_id,
                "source_hash": row.hash,
            }
        )
        documents.append(
            Document(
                kind="comment",
                object_id=key,
                title="",
                body=text.plain,
                created_at=row.created_at,
                community_id=idea.community_id,
                is_visible=_is_found(idea),
                indexed=text.indexed,
            )
        )
    insert_many(run.db, Comment, rows)
    run.bulk.put(documents, found.counted)


def _update(run: State, row: CommentRow, old: Any, text: Texts, idea: Any) -> None:
    values = {"the_id": old.id, "new_body": text.body, "new_html": text.body_html, "new_hash": row.hash}
    run.db.execute(_SET, values)
    search.put(
        run.db,
        "comment",
        old.id,
        community_id=idea.community_id,
        title="",
        body=text.plain,
        created_at=row.created_at,
        is_visible=old.state == "published" and _is_found(idea),
    )


def _is_found(idea: Any) -> bool:
    return idea.state in ("published", "off-topic")
