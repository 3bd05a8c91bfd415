"""Keeping the index in step: after a change of one idea or comment, rebuilt from nothing, and checked against them."""

import sqlalchemy as sa

from forum.db import Connection, is_sqlite
from forum.domain.search import documents, sources
from forum.domain.search.documents import KINDS
from forum.domain.search.expressions import MARK
from forum.domain.search.sources import FOUND_IN
from forum.models import Comment, Idea
from forum.models.search import SearchDocument, SearchTerm, SearchTotal

_COUNT_INDEX = {
    True: sa.text("SELECT count(*) FROM search_index WHERE search_index MATCH :match"),
    False: sa.text("SELECT count(*) FROM search_index WHERE vector @@ CAST(:match AS tsquery)"),
}
_COUNT_DOCUMENTS = sa.select(sa.func.count()).where(
    SearchDocument.kind == sa.bindparam("the_kind"), SearchDocument.is_visible
)
_EMPTY_INDEX = {
    True: sa.text("INSERT INTO search_index (search_index) VALUES ('delete-all')"),
    False: sa.text("DELETE FROM search_index"),
}
_STALE = 5  # ids named in a finding
_SOURCE: dict[str, tuple[type[Idea] | type[Comment], tuple[str, ...]]] = {
    "idea": (Idea, FOUND_IN),
    "comment": (Comment, ("published",)),
}


def refresh(db: Connection, kind: str, object_id: int) -> None:
    """Bring the document of an idea or a comment up to date with what stands in its tables now.

    Call it in the transaction of every change: posted, edited, held, removed, withdrawn, shown again, deleted.
    """
    document = sources.one(db, kind, object_id)
    if document is None:
        documents.remove(db, kind, object_id)
        return
    documents.put(
        db,
        kind,
        object_id,
        community_id=document.community_id,
        title=document.title,
        body=document.body,
        created_at=document.created_at,
        language=document.language,
        is_visible=document.is_visible,
    )


def moved(db: Connection, idea_id: int) -> None:
    """Bring an idea and all its comments up to date, after it went to another community."""
    refresh(db, "idea", idea_id)
    for comment_id in sources.comments_of(db, idea_id):
        refresh(db, "comment", comment_id)


def rebuild(db: Connection) -> int:
    """Make the whole index anew from the ideas and comments; returns how many documents it holds then."""
    db.execute(_EMPTY_INDEX[is_sqlite(db)])
    for table in (SearchDocument, SearchTerm, SearchTotal):
        db.execute(sa.delete(table))
    return sum(documents.put_many(db, sources.every(db, kind)) for kind in KINDS)


def check(db: Connection) -> list[str]:
    """What does not agree between the ideas and comments, their documents and the index, in sentences.

    `forum check` shows them; rebuild() mends all of them.
    """
    found: list[str] = []
    for kind in KINDS:
        found += _against_sources(db, kind)
        entries = db.execute(_COUNT_INDEX[is_sqlite(db)], {"match": _match(db, kind)}).scalar_one()
        expected = db.execute(_COUNT_DOCUMENTS, {"the_kind": kind}).scalar_one()
        if entries != expected:
            found.append(f"Search: the index holds {entries} of {expected} {kind}s. Rebuild it.")
    return found


def _match(db: Connection, kind: str) -> str:
    quote = '"' if is_sqlite(db) else "'"
    return f"{quote}{MARK}{kind}{quote}"


def _against_sources(db: Connection, kind: str) -> list[str]:
    table, states = _SOURCE[kind]
    joined = (SearchDocument.kind == kind) & (SearchDocument.object_id == table.id)
    is_found = table.state.in_(states)
    no_document = sa.select(table.id).outerjoin(SearchDocument, joined).where(is_found, SearchDocument.id.is_(None))
    unlike: list[sa.ColumnElement[bool]] = [~is_found & SearchDocument.is_visible]
    stale = sa.select(table.id).join(SearchDocument, joined)
    if table is Idea:
        unlike += [Idea.title != SearchDocument.title, Idea.community_id != SearchDocument.community_id]
        unlike.append(is_found & ~SearchDocument.is_visible)
    else:  # comments under a hidden idea may be hidden or not: nobody finds them either way
        stale = stale.join(Idea, Idea.id == Comment.idea_id)
        unlike.append(is_found & ~SearchDocument.is_visible & Idea.state.in_(FOUND_IN))
    stale = stale.where(sa.or_(*unlike))
    orphan = (
        sa.select(SearchDocument.object_id)
        .outerjoin(table, joined)
        .where(SearchDocument.kind == kind, table.id.is_(None))
    )
    texts = {
        f"Search: these {kind}s can't be found": no_document,
        f"Search: these {kind}s are found as they were before a change": stale,
        f"Search: these {kind}s are found but are gone": orphan,
    }
    findings: list[str] = []
    for sentence, statement in texts.items():
        ids = db.execute(statement.order_by(sa.literal_column("1")).limit(_STALE + 1)).scalars().all()
        if ids:
            more = " and more" if len(ids) > _STALE else ""
            findings.append(f"{sentence}: {', '.join(map(str, ids[:_STALE]))}{more}. Rebuild the index.")
    return findings
