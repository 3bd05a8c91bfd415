"""Making a snapshot: the first ideas of a ranking with all that their places were worked out from, sealed."""

import secrets
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict

from forum import __version__, text
from forum.clock import now
from forum.db import Connection, insert_once, is_sqlite
from forum.domain import consensus, formulas, rankings, settling
from forum.domain.errors import Conflict, Invalid
from forum.domain.exports import Origin
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.rankings import Selection
from forum.domain.snapshots import seals
from forum.models import Idea, IdeaText, Snapshot, SnapshotIdea
from forum.signing import Signer

MOST = 1_000
MOST_TITLE = 120
_TRIES = 20
_STEP = 200

_LAST = sa.select(Snapshot.number, Snapshot.sha256).order_by(Snapshot.number.desc()).limit(1)
_STILL = sa.text("LOCK TABLE ideas IN SHARE ROW EXCLUSIVE MODE")
_MORE = (
    sa.select(
        Idea.id.label("idea_id"),
        Idea.author_id,
        Idea.is_by_employee,
        Idea.imported_up.label("total_up"),
        Idea.imported_down.label("total_down"),
        Idea.employee_up,
        Idea.employee_down,
        Idea.aside_up,
        Idea.aside_down,
        Idea.comment_count,
        Idea.status,
        Idea.created_at,
        Idea.source,
        Idea.source_id,
        Idea.language,
        Idea.title,
        IdeaText.body,
        IdeaText.why,
    )
    .join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
    .where(Idea.id.in_(sa.bindparam("ids", expanding=True)))
)
_ADD_IDEAS = sa.insert(SnapshotIdea)


def _most(value: str) -> int:
    digits = value.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 7 and 1 <= int(digits) <= MOST):
        raise ValueError(f"Please give a number from 1 to {MOST:,}.")
    return int(digits)


def _title(value: str) -> str:
    value = text.tidy_line(value)
    if not value:
        raise ValueError("Please give the snapshot a title.")
    if len(value) > MOST_TITLE:
        raise ValueError(f"Please keep the title to {MOST_TITLE} characters.")
    return value


class SnapshotFields(BaseModel):
    """How many ideas are frozen, and under what title."""

    model_config = ConfigDict(validate_default=True)
    most: Annotated[str, AfterValidator(_most)] = "50"
    title: Annotated[str, AfterValidator(_title)] = ""

    @property
    def length(self) -> int:
        """How many ideas, as a number."""
        return int(self.most)


class _Row(NamedTuple):
    """The columns of snapshot_ideas, without the number."""

    rank: int
    idea_id: int
    author_id: int
    is_by_employee: bool
    community: str
    score: float
    up: int
    down: int
    cast_up: int
    cast_down: int
    imported_up: int
    imported_down: int
    raw_up: int
    raw_down: int
    total_up: int
    total_down: int
    employee_up: int
    employee_down: int
    aside_up: int
    aside_down: int
    comment_count: int
    status: str
    created_at: Any
    source: str
    source_id: str
    language: str
    title: str
    body: str
    why: str
    salt: str


def create(
    db: Connection, user: Person | None, signer: Signer, origin: Origin, selection: Selection, fields: SnapshotFields
) -> int:
    """Freeze the first ideas of a ranking; returns the number of the snapshot.

    Numbers have no gaps: of two made at once, the second waits and takes the next. Invalid if no idea is selected.
    """
    user = require(user, "snapshot.create")
    settling.settle_all(db)  # what a ranking is ordered by has to follow the votes first
    if not is_sqlite(db):
        db.execute(_STILL)  # SQLite stands still anyway: this is its only transaction that writes
    rows = list(_rows(db, selection, fields.length))
    if not rows:
        raise Invalid({"most": "No ideas match this ranking, so there is nothing to freeze."})
    head = _head(db, selection, origin, fields)
    for _ in range(_TRIES):
        last = db.execute(_LAST).first()
        number, previous = (last.number + 1, last.sha256) if last else (1, "")
        record = {
            **head,
            "number": number,
            "made_by": user.id,
            "previous": previous,
            "address": f"{origin.base_url}/snapshots/{number}",
            "idea_count": len(rows),
            "ideas": [seals.entry(row) for row in rows],
            "model": _model(db, selection, [row.idea_id for row in rows]),
        }
        if _store(db, user, signer, record):
            db.execute(_ADD_IDEAS, [{"number": number, **row._asdict()} for row in rows])
            return number
    raise Conflict("Many snapshots are being made right now. Please try again.")


def _head(db: Connection, selection: Selection, origin: Origin, fields: SnapshotFields) -> dict[str, Any]:
    formula = formulas.get(selection.method)
    return {
        "kind": seals.KIND,
        "form": seals.FORM,
        "title": fields.title,
        "site": origin.site,
        "method": formula.name,
        "formula": formula.formula,
        "selection": rankings.as_values(selection),
        "in_words": rankings.in_words(db, selection),
        "most": fields.length,
        "made_at": seals.moment_text(now()),
        "version": __version__,
    }


def _model(db: Connection, selection: Selection, ids: list[int]) -> dict[str, Any] | None:
    """For scores that no tally gives: the run that found them, and the figures of each camp for each idea."""
    run = None if formulas.get(selection.method).is_by_tally else consensus.latest(db)
    if run is None or run.made_at is None:
        return None
    found = {idea_id: consensus.of_idea(db, run, idea_id) for idea_id in ids}
    return {
        "run": run.id,
        "version": run.version,
        "parameters": run.parameters,
        "made_at": seals.moment_text(run.made_at),
        "people": run.people,
        "votes": run.votes,
        "circles": run.circles,
        "ideas": [
            {"id": idea_id, "voters": one.voters, "circle": one.circle, "camps": one.camps}
            for idea_id, one in found.items()
            if one is not None
        ],
    }


def _store(db: Connection, user: Person, signer: Signer, record: dict[str, Any]) -> bool:
    content = seals.canonical(record)
    digest = seals.sha256(content)
    names = ("number", "title", "method", "selection", "most", "idea_count", "version")
    made_at = seals.moment_of(record["made_at"])
    return insert_once(
        db,
        Snapshot,
        **{name: record[name] for name in names},
        made_at=made_at,
        made_by_id=user.id,
        content=content,
        sha256=digest,
        signature=seals.sign(signer, record["number"], digest, made_at),
    )


def _rows(db: Connection, selection: Selection, most: int) -> Iterator[_Row]:
    """The ideas as they stand now. Scores come exactly as they order, tallies as this selection counts them."""
    scores = {one.idea_id: one.score for one in rankings.walk(db, selection, most=most)}
    for start in range(0, len(scores), _STEP):
        ids = list(scores)[start : start + _STEP]
        more = {row.idea_id: row._mapping for row in db.execute(_MORE, {"ids": ids})}
        if start == 0:
            found = iter(rankings.records(db, selection, "", most=most))
        for idea_id in ids:
            record = next(found)
            assert record["id"] == idea_id  # nothing changes meanwhile
            values = {name: value for name, value in record.items() if name in _Row._fields}
            values |= {name: "" if value is None else value for name, value in more[idea_id].items()}
            yield _Row(**{**values, "score": float(scores[idea_id]), "salt": secrets.token_hex(16)})
