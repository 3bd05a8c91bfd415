"""One run of an importer: reads a source, compares it with what was imported before, and writes what is new or changed.

All of it happens in one transaction of the caller: whatever stops it, nothing half-imported stays behind.
"""

import sqlalchemy as sa

from forum.db import Connection, cache_more
from forum.domain import similar
from forum.domain.imports import ballots, comments, ideas
from forum.domain.imports.memories import Memory, parts
from forum.domain.imports.people import ChosenPlaces, People, Places
from forum.domain.imports.reports import Report, Tally
from forum.domain.imports.rows import Source, VotingSource
from forum.domain.imports.states import State
from forum.domain.imports.tables import Progress
from forum.domain.imports.texts import Converter
from forum.domain.search import Bulk
from forum.models import Comment, Idea

BATCH = 500
LARGE = 4_000_000
"""Bytes of files whose texts are surely worth other processes."""

_HERE = [sa.select(sa.func.count()).where(table.source == sa.bindparam("source")) for table in (Idea, Comment)]
_LAST_COMMENT = sa.select(sa.func.max(Comment.id))
_LAST_IDEA = sa.select(sa.func.max(Idea.id))


def run(db: Connection, source: Source, *, is_dry: bool = False, progress: Progress | None = None) -> Report:
    """Import what the source holds; with `is_dry` only say what that would do, and write nothing.

    Rows that can't be taken are in the report. Unreadable and OSError where a file can't be read to its end: the caller
    then undoes the transaction.
    """
    report = Report(is_dry=is_dry)
    memory = Memory(db)
    cache_more(db)
    before = [int(db.execute(statement, {"source": source.name}).scalar_one()) for statement in _HERE]
    state = State(
        db,
        source.name,
        report,
        memory,
        People(db, source.name, report, memory, source.shown if isinstance(source, VotingSource) else None),
        (ChosenPlaces if isinstance(source, VotingSource) else Places)(db, source.name, report, is_dry=is_dry),
        Bulk(db),
        ideas_before=before[0],
        last_comment_id=db.execute(_LAST_COMMENT).scalar() or 0,
    )
    last_idea_id = db.execute(_LAST_IDEA).scalar() or 0
    with Converter(is_large=source.size() > LARGE) as converter, state.bulk:
        made = (ideas.plan(state, part) for part in parts(source.ideas(progress), BATCH))
        for idea_plan, texts in converter.over(made, lambda plan: plan.jobs(state)):
            ideas.write(state, idea_plan, texts)
        said = (comments.plan(state, part) for part in parts(source.comments(progress), BATCH))
        for comment_plan, texts in converter.over(said, lambda plan: plan.jobs()):
            comments.write(state, comment_plan, texts)
    if isinstance(source, VotingSource):
        report.ballots = ballots.bring_in(state, source.votes(progress))
    state.mend()
    if report.ideas.created and not is_dry:
        similar.look_later(db, last_idea_id, db.execute(_LAST_IDEA).scalar() or 0)
    for tally, count in zip((report.ideas, report.comments), before, strict=True):
        tally.missing = _missing(tally, count)
    report.unknown_columns, report.notes = source.unknown_columns(), source.notes()
    memory.close()
    return report


def check(source: Source, progress: Progress | None = None) -> None:
    """Read every file to its end: a broken one is refused before anything begins. Raises Unreadable and OSError."""
    source.check(progress)


def _missing(tally: Tally, before: int) -> int:
    """Rows that were here before and that no row of the files has named."""
    return max(0, before - tally.unchanged - tally.updated)
