"""The matrix of a directive: every idea that it has to answer, what it makes of it and why, and what is still open."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum import text as words
from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import ideas
from forum.domain.directives import chosen, texts, views
from forum.domain.directives.outcomes import OUTCOMES
from forum.domain.directives.texts import Text
from forum.domain.directives.views import STANDING, CitedBy, DirectiveView
from forum.domain.errors import Conflict
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.models import Directive, DirectiveEdition, Disposition, EditionCitation, Idea, User

REASON_MOST = 1_500
PAGE = 50  # ideas in one form: three fields each, and a form takes 1,000

SHOWN: Mapping[str, str] = {
    "all": "All",
    "not-cited": "Cited nowhere",
    "no-outcome": "Cited, no disposition",
    "no-reason": "Disposition, no reason",
    "open": "Not answered yet",
}
"""Which rows of the matrix → how the tab is called."""

_ROWS = (
    sa.select(
        Disposition.idea_id,
        Disposition.outcome,
        Disposition.reason,
        Disposition.version,
        Disposition.published_outcome,
        Disposition.published_reason,
        Disposition.published_at,
        User.name.label("by_name"),
    )
    .join_from(Disposition, User, User.id == Disposition.by_id)
    .where(Disposition.directive_id == sa.bindparam("directive"))
)
_SAVE = (
    sa.update(Disposition)
    .where(
        Disposition.directive_id == sa.bindparam("directive"),
        Disposition.idea_id == sa.bindparam("idea"),
        Disposition.version == sa.bindparam("based_on"),
    )
    .values(
        outcome=sa.bindparam("new_outcome"),
        reason=sa.bindparam("new_reason"),
        version=Disposition.version + 1,
        by_id=sa.bindparam("by"),
        updated_at=sa.bindparam("moment"),
    )
    .returning(Disposition.version)
)
_BECAME = (
    sa.select(
        Disposition.idea_id,
        Disposition.published_outcome,
        Disposition.published_reason,
        Disposition.published_at,
        Directive.id,
        Directive.number,
        DirectiveEdition.content,
    )
    .join_from(Disposition, Directive, Directive.id == Disposition.directive_id)
    .join(DirectiveEdition, DirectiveEdition.id == Directive.edition_id)
    .where(Disposition.idea_id.in_(sa.bindparam("ids", expanding=True)), Disposition.published_outcome != "")
    .order_by(Disposition.published_at.desc(), Directive.id, Disposition.idea_id)
)
_ids: Any = sa.bindparam("ids", expanding=True)
_IS_NAMED = sa.select(
    sa.or_(
        sa.exists().where(EditionCitation.idea_id.in_(_ids)),
        sa.exists().where(Disposition.idea_id.in_(_ids), Disposition.published_outcome != ""),
    )
)
_EXISTS = sa.select(Idea.id).where(Idea.id.in_(sa.bindparam("ids", expanding=True)), Idea.state.in_(STANDING))


@dataclass(frozen=True, slots=True)
class Row:
    """One idea of the matrix. `labels`: the recommendations that cite it. `is_named`: may its title be shown?"""

    idea_id: int
    rank: int | None
    ref: str
    title: str
    path: str
    up: int
    down: int
    labels: tuple[tuple[int, str], ...] = ()  # (id, 2.3) of recommendations
    outcome: str = ""
    reason: str = ""
    version: int = 0  # 0: nothing was written yet
    by_name: str = ""
    published_outcome: str = ""
    published_reason: str = ""
    published_at: datetime | None = None

    @property
    def label(self) -> str:
        return OUTCOMES.get(self.outcome, "")

    @property
    def published_label(self) -> str:
        return OUTCOMES.get(self.published_outcome, "")

    @property
    def is_changed(self) -> bool:
        """Does it read otherwise than what was published?"""
        return (self.outcome, self.reason) != (self.published_outcome, self.published_reason)

    def is_in(self, shown: str) -> bool:
        """Does it stand in this tab (a key of SHOWN)?"""
        return {
            "not-cited": not self.labels,
            "no-outcome": bool(self.labels) and not self.outcome,
            "no-reason": bool(self.outcome) and not self.reason,
            "open": not (self.outcome and self.reason),
        }.get(shown, True)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the work has come, in numbers of ideas."""

    ideas: int
    cited: int
    cited_nowhere: int
    cited_without: int  # cited, without a disposition
    with_outcome: int
    without_reason: int  # a disposition, without a reason
    published: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed for one idea, on top of `version`; `was` is the `mark` of what stood there before."""

    outcome: str
    reason: str
    version: int
    was: str = ""

    @property
    def is_touched(self) -> bool:
        """Was anything typed? A row that somebody else changed meanwhile is theirs, unless this one changed it too."""
        return self.was != mark(self.outcome, self.reason)


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of a form: how many rows were saved, or what is wrong with which (then none was saved)."""

    count: int
    errors: dict[int, str]


@dataclass(frozen=True, slots=True)
class Became:
    """What a directive made of an idea, as everybody reads it."""

    idea_id: int
    outcome: str
    label: str
    reason: str
    at: datetime
    title: str
    path: str
    number: int | None
    directive_id: int

    @property
    def reason_path(self) -> str:
        """Where the reason stands among those of all ideas."""
        return f"/directives/{self.directive_id}/dispositions#idea-{self.idea_id}"


def rows(db: Connection, user: Person | None, directive: DirectiveView, text: Text) -> list[Row]:
    """The matrix: the ideas of the chosen snapshot by rank, then those cited or answered beside them, by number.

    To the policy team with what is written, to everybody else with what is published.
    """
    is_writer = can(user, "directive.write")
    known = {row.idea_id: row for row in db.execute(_ROWS, {"directive": directive.id})}
    if not is_writer:
        known = {key: row for key, row in known.items() if row.published_outcome}
    citing = text.citing()
    ranks = {idea_id: rank for rank, idea_id in chosen.ranks(db, directive.snapshot_id)} if is_writer else {}
    if not is_writer and directive.snapshot_id is not None:
        ranks = {idea_id: rank for rank, idea_id in chosen.ranks(db, directive.snapshot_id) if idea_id in known}
    others = sorted((known.keys() | (citing.keys() if is_writer else set())) - ranks.keys())
    named = views.idea_rows(db, [*ranks, *others])
    return [_row(idea_id, ranks.get(idea_id), known, named, citing, is_writer) for idea_id in [*ranks, *others]]


def _row(
    idea_id: int,
    rank: int | None,
    known: Mapping[int, Any],
    named: Mapping[int, Any],
    citing: Mapping[int, Sequence[texts.Clause]],
    is_writer: bool,
) -> Row:
    about, ref = named.get(idea_id), ideas.reference(idea_id)
    labels = tuple((clause.id, clause.label) for clause in citing.get(idea_id, ()))
    if about is None:
        row = Row(idea_id, rank, ref, "Not public any more", "", 0, 0, labels)
    else:
        row = Row(idea_id, rank, ref, about.title, ideas.path(idea_id, about.slug), about.up, about.down, labels)
    if (written := known.get(idea_id)) is None:
        return row
    public = {
        "published_outcome": written.published_outcome,
        "published_reason": written.published_reason,
        "published_at": written.published_at,
    }
    if not is_writer:
        return replace(row, outcome=written.published_outcome, reason=written.published_reason, **public)
    private = {name: getattr(written, name) for name in ("outcome", "reason", "version", "by_name")}
    return replace(row, **private, **public)


def mark(outcome: str, reason: str) -> str:
    """A short fingerprint of a row, for the form that changes it."""
    return hashlib.sha256(f"{outcome}\x00{reason}".encode()).hexdigest()[:16]


def coverage(found: Iterable[Row]) -> Coverage:
    """How far the work has come over these rows."""
    listed = list(found)
    return Coverage(
        ideas=len(listed),
        cited=sum(bool(row.labels) for row in listed),
        cited_nowhere=sum(row.is_in("not-cited") for row in listed),
        cited_without=sum(row.is_in("no-outcome") for row in listed),
        with_outcome=sum(bool(row.outcome) for row in listed),
        without_reason=sum(row.is_in("no-reason") for row in listed),
        published=sum(bool(row.published_outcome) for row in listed),
    )


def save(db: Connection, user: Person | None, directive_id: int, entries: Mapping[int, Entry]) -> Saved:
    """Save many rows at once: all of them, or none and a sentence for each that is wrong.

    A row that reads as before is left alone. One that somebody else changed meanwhile is an error that says what they
    wrote. After the end, only ideas that have no published disposition can still get one.
    """
    directive = views.get(db, user, directive_id, to_change=True)
    user = require(user, "directive.write", directive)
    known = {row.idea_id: row for row in db.execute(_ROWS, {"directive": directive.id})}
    there = set(db.execute(_EXISTS, {"ids": sorted(entries)}).scalars()) if entries else set()
    changed: dict[int, Entry] = {}
    errors: dict[int, str] = {}
    for idea_id, typed in entries.items():
        entry = replace(typed, reason=words.tidy(typed.reason).strip())
        row = known.get(idea_id)
        if not entry.is_touched:
            continue
        if (entry.outcome, entry.reason) == ((row.outcome, row.reason) if row else ("", "")):
            continue
        if problem := _problem(entry, row, is_there=idea_id in there or row is not None, stage=directive.stage):
            errors[idea_id] = problem
        else:
            changed[idea_id] = entry
    if errors:
        return Saved(0, errors)
    for idea_id, entry in changed.items():
        _put(db, user, directive.id, idea_id, entry)
    return Saved(len(changed), {})


def _problem(entry: Entry, row: Any, *, is_there: bool, stage: str) -> str:
    if entry.outcome not in ("", *OUTCOMES):
        return "Please choose one of the list."
    if entry.reason and not entry.outcome:
        return "Please choose what becomes of it, beside the reason."
    if len(entry.reason) > REASON_MOST:
        return f"Please keep the reason to {REASON_MOST:,} characters."
    if not is_there:
        return "There is no such idea any more."
    if stage == "final" and row is not None and row.published_outcome:
        return "This directive is final, and this answer is published. It does not change any more."
    if row is not None and row.version != entry.version:
        label = OUTCOMES.get(row.outcome, "no outcome")
        theirs = f"{row.by_name} changed this meanwhile to “{label}”: {row.reason or 'no reason yet'}"
        return f"{theirs} Save again to keep yours."
    return ""


def _put(db: Connection, user: Person, directive_id: int, idea_id: int, entry: Entry) -> None:
    if entry.version == 0:
        values = {"outcome": entry.outcome, "reason": entry.reason, "by_id": user.id, "updated_at": now()}
        if insert_once(db, Disposition, directive_id=directive_id, idea_id=idea_id, **values):
            return
    row = {"directive": directive_id, "idea": idea_id, "based_on": entry.version, "by": user.id, "moment": now()}
    if db.execute(_SAVE, {**row, "new_outcome": entry.outcome, "new_reason": entry.reason}).first() is None:
        raise Conflict("Somebody else saved one of these rows at the same moment. Please look again.")


def versions(db: Connection, directive_id: int, idea_ids: Iterable[int]) -> dict[int, int]:
    """Idea → the version of its row now: what a form is based on when it is shown again. Asks no rights."""
    wanted = set(idea_ids)
    return {row.idea_id: row.version for row in db.execute(_ROWS, {"directive": directive_id}) if row.idea_id in wanted}


def become_of(db: Connection, idea_ids: Sequence[int]) -> list[Became]:
    """What public directives made of these ideas, the newest first. Asks no rights: all this is public."""
    found = []
    for row in db.execute(_BECAME, {"ids": list(idea_ids)}):
        title = texts.parse(row.content).title
        found.append(
            Became(
                row.idea_id,
                row.published_outcome,
                OUTCOMES.get(row.published_outcome, row.published_outcome),
                row.published_reason,
                row.published_at,
                title,
                views.path(row.id, title),
                row.number,
                row.id,
            )
        )
    return found


def about(db: Connection, idea_ids: Sequence[int]) -> tuple[list[CitedBy], list[Became]]:
    """What public directives say of these ideas: who cites them, and what became of them. One short question for the
    many ideas that no directive names. Asks no rights: all this is public."""
    if not db.execute(_IS_NAMED, {"ids": list(idea_ids)}).scalar():
        return [], []
    return views.cited_by(db, idea_ids), become_of(db, idea_ids)


def outcomes(found: Iterable[Row]) -> list[tuple[str, str, int]]:
    """(code, label, how many ideas) of the published outcomes, in the order of the list; those that occur."""
    counts = Counter(row.published_outcome for row in found)
    return [(code, label, counts[code]) for code, label in OUTCOMES.items() if counts[code]]
