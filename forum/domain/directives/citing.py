"""Citing: a recommendation names the ideas and comments that it rests on, found by search from within."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import sqlalchemy as sa

from forum import text
from forum.clock import now
from forum.db import Connection, insert_once
from forum.domain import comments, ideas, search
from forum.domain.directives import views, writing
from forum.domain.directives.texts import Cited
from forum.domain.directives.views import CitedIdea
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.models import Citation

MOST = 60  # of one recommendation
NOTE_MOST = 300
FOUND = 10
_KEY = re.compile(r"(idea|comment):(\d{1,18})")
_REFERENCE = re.compile(r"(?:\bI-|/ideas/|^#?)(\d{1,18})(?:\b|$)", re.IGNORECASE)

_OF = (
    sa.select(Citation.kind, Citation.object_id, Citation.idea_id, Citation.note)
    .where(Citation.recommendation_id == sa.bindparam("clause"))
    .order_by(Citation.id)
)
_DROP = sa.delete(Citation).where(
    Citation.recommendation_id == sa.bindparam("clause"),
    Citation.kind == sa.bindparam("what"),
    Citation.object_id == sa.bindparam("object"),
)
_SET_NOTE = (
    sa.update(Citation)
    .where(
        Citation.recommendation_id == sa.bindparam("clause"),
        Citation.kind == sa.bindparam("what"),
        Citation.object_id == sa.bindparam("object"),
    )
    .values(note=sa.bindparam("new_note"))
)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that can be cited. `key` is what `cite` takes: idea:12, comment:5. The HTML is safe."""

    key: str
    ref: str
    title_html: str
    snippet_html: str
    path: str
    is_cited: bool


@dataclass(frozen=True, slots=True)
class CitedView:
    """A citation with what is shown of it."""

    key: str
    note: str
    idea: CitedIdea


def of(db: Connection, clause_id: int) -> list[CitedView]:
    """What a recommendation cites, in the order in which it was added. Asks no rights: only for the policy team."""
    cited = [Cited(**row._mapping) for row in db.execute(_OF, {"clause": clause_id})]
    return shown(db, cited)


def shown(db: Connection, cited: Sequence[Cited]) -> list[CitedView]:
    """Citations with what is shown of each."""
    found = views.cited_ideas(db, cited)
    return [CitedView(f"{one.kind}:{one.object_id}", one.note, found[one.kind, one.object_id]) for one in cited]


def find(db: Connection, user: Person | None, clause_id: int, query: str) -> list[Found]:
    """Public ideas and comments for these words, for a number like I-12 or for an address."""
    require(user, "directive.write")
    cited = {one.key for one in of(db, clause_id)}
    if (number := _REFERENCE.search(query.strip())) is not None:
        hits = [("idea", int(number.group(1)), "", "")]
    else:
        results = search.find(db, query[:200], user=None, with_track=True, limit=FOUND)
        hits = [(hit.kind, hit.object_id, hit.title_html, hit.snippet_html) for hit in results.hits]
    found = []
    for kind, object_id, title_html, snippet_html in hits:
        try:
            idea_id = _idea_of(db, kind, object_id)
        except Invalid:
            continue
        about = views.cited_ideas(db, [Cited(kind, object_id, idea_id, "")])[kind, object_id]
        key = f"{kind}:{object_id}"
        found.append(Found(key, about.ref, title_html or escape(about.title), snippet_html, about.path, key in cited))
    return found


def cite(db: Connection, user: Person | None, directive_id: int, clause_id: int, key: str, note: str = "") -> bool:
    """Cite an idea or a comment (`idea:12`, `comment:5`); False if it was cited already. Invalid for what is not
    public, Conflict past MOST."""
    directive = writing.to_write(db, user, directive_id)
    user = require(user, "directive.write", directive)
    writing.load(db, directive.id, "recommendation", clause_id)
    kind, object_id = _read(key)
    idea_id = _idea_of(db, kind, object_id)
    if len(db.execute(_OF, {"clause": clause_id}).all()) >= MOST:
        raise Conflict(f"A recommendation cites at most {MOST} ideas and comments.")
    return insert_once(
        db,
        Citation,
        directive_id=directive.id,
        recommendation_id=clause_id,
        kind=kind,
        object_id=object_id,
        idea_id=idea_id,
        note=_note(note),
        by_id=user.id,
        created_at=now(),
    )


def drop(db: Connection, user: Person | None, directive_id: int, clause_id: int, key: str) -> None:
    """Cite it no more. Nothing happens if it was not cited."""
    directive = writing.to_write(db, user, directive_id)
    writing.load(db, directive.id, "recommendation", clause_id)
    kind, object_id = _read(key)
    db.execute(_DROP, {"clause": clause_id, "what": kind, "object": object_id})


def set_note(db: Connection, user: Person | None, directive_id: int, clause_id: int, key: str, note: str) -> None:
    """Say what of the idea or comment is meant. Invalid if it is too long."""
    directive = writing.to_write(db, user, directive_id)
    writing.load(db, directive.id, "recommendation", clause_id)
    kind, object_id = _read(key)
    db.execute(_SET_NOTE, {"clause": clause_id, "what": kind, "object": object_id, "new_note": _note(note)})


def _note(note: str) -> str:
    note = text.tidy_line(note)
    if len(note) > NOTE_MOST:
        raise Invalid({"note": f"Please keep the note to {NOTE_MOST} characters."})
    return note


def _read(key: str) -> tuple[str, int]:
    found = _KEY.fullmatch(key)
    if found is None:
        raise Invalid({"cite": "We did not understand what to cite. Please choose it from the list."})
    return found[1], int(found[2])


def _idea_of(db: Connection, kind: str, object_id: int) -> int:
    """The idea of what is to be cited. Invalid unless everybody may read it."""
    try:
        if kind == "comment":
            comment = comments.get(db, None, object_id)
            if comment.state != "published" or comment.idea_state not in views.STANDING:
                raise NotFound("There is no comment here.")
            return comment.idea_id
        idea = ideas.get(db, None, object_id)
        if idea.state not in views.STANDING:
            raise NotFound("There is no idea here.")
        return idea.id
    except (NotFound, Forbidden):
        raise Invalid({"cite": "Only what everybody can read can be cited."}) from None
