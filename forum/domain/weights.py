"""Weights of cases: reports by people whose reports hold up count more, and flags on many posts more than a pile-on.

Two figures, both from past outcomes alone, so that anyone can recompute them:

The worth of a reporter is (held up + 1) / (held up + turned down + 2), the share of their reports that led to a
decision, with one of each added before (Laplace's rule of succession). A newcomer starts at one half; who reports in
bad faith sinks towards nothing but is never quite silenced.

The weight of a case is the sum, over all posts of the same author that were reported within 30 days and not kept, of
the square root of the worths of their reporters. The root makes the tenth report on one post count little, so that a
crowd that agreed to report one post weighs about as much as three; the sum lets first reports on ten posts count in
full, since an author who breaks the rules again and again is reported by different people in different places.

Weights order cases that are due in the same hour. They decide nothing.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.models import Case, Decision, Report

DAYS = 30
MOST = 2_000  # reports about one author that are looked at, the newest

_KEPT = ("keep", "unlock")
_is_kept = Decision.action.in_(_KEPT)
_OUTCOMES = (
    sa.select(
        Report.reporter_id,
        sa.func.sum(sa.case((_is_kept, 0), else_=1)).label("held_up"),
        sa.func.sum(sa.case((_is_kept, 1), else_=0)).label("turned_down"),
    )
    .join_from(Report, Case, Case.id == Report.case_id)
    .join(Decision, Decision.id == Case.decision_id)
    .where(
        Report.reporter_id.in_(sa.bindparam("ids", expanding=True)),
        Decision.undone_at.is_(None),
        Decision.undoes_id.is_(None),
    )
    .group_by(Report.reporter_id)
)
_ABOUT = (
    sa.select(Report.subject_kind, Report.subject_id, Report.reporter_id)
    .join_from(Case, Report, Report.case_id == Case.id)
    .outerjoin(Decision, Decision.id == Case.decision_id)
    .where(
        Case.author_id == sa.bindparam("author_id"),
        Report.created_at > sa.bindparam("since"),
        sa.or_(Decision.id.is_(None), ~_is_kept, Decision.undone_at.is_not(None)),
    )
    .order_by(Report.id.desc())
    .limit(MOST)
)
_SET = (
    sa.update(Case)
    .where(Case.author_id == sa.bindparam("the_author"), Case.is_open, Case.kind == "report")
    .values(weight=sa.bindparam("new_weight"))
)


def worth(held_up: int, turned_down: int) -> float:
    """What a report by somebody with this past is worth, between 0 and 1."""
    return (held_up + 1) / (held_up + turned_down + 2)


def worths(db: Connection, reporter_ids: Collection[int]) -> dict[int, float]:
    """The worth of each of these reporters. Decisions that were undone say nothing about them."""
    found = dict.fromkeys(reporter_ids, worth(0, 0))
    if found:
        for row in db.execute(_OUTCOMES, {"ids": sorted(found)}):
            found[row.reporter_id] = worth(int(row.held_up), int(row.turned_down))
    return found


def weight(posts: Iterable[Collection[float]]) -> float:
    """The weight of an author's cases, from the worths of the reporters of each post."""
    return sum(math.sqrt(sum(values)) for values in posts)


def of_author(db: Connection, author_id: int) -> float:
    """The weight of the cases about this author's posts now."""
    by_post: dict[tuple[str, int], list[int]] = {}
    values = {"author_id": author_id, "since": now() - timedelta(days=DAYS)}
    for row in db.execute(_ABOUT, values):
        by_post.setdefault((row.subject_kind, row.subject_id), []).append(row.reporter_id)
    known: Mapping[int, float] = worths(db, {one for ids in by_post.values() for one in ids})
    return weight([known[one] for one in ids] for ids in by_post.values())


def update(db: Connection, author_id: int) -> float:
    """Weigh the open cases of reports about this author anew; returns the weight."""
    found = round(of_author(db, author_id), 6)
    db.execute(_SET, {"the_author": author_id, "new_weight": found})
    return found
