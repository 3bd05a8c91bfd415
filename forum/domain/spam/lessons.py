"""Lessons: what each decided post taught the classifier, learned as decisions come and taken back when they fall.

A lesson follows from the decisions that stand about a post, not from events: whoever looks, and however often, comes to
the same lesson. Changes are made one at a time, under a lock on the model's row.
"""

from array import array
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, Database, PerDialect, insert_once
from forum.domain.spam import readings
from forum.domain.spam.classifiers import Totals
from forum.models import (
    Comment,
    Decision,
    Idea,
    IdeaText,
    RecommendationComment,
    SpamFeature,
    SpamLesson,
    SpamModel,
)

THRESHOLD = 0.9
"""The score from which on a post is held, until somebody sets another."""
MOST_LESSONS = 20_000
"""Of more lessons than these the oldest are taken back: advertising changes, and the table stays small."""
AT_ONCE = 25
SETTLED = timedelta(minutes=10)  # no transaction takes so long: an older decision can't appear any more
MODEL_ID = 1

_MODEL = sa.select(
    SpamModel.version, SpamModel.good_count, SpamModel.spam_count, SpamModel.read_until, SpamModel.threshold
).where(SpamModel.id == MODEL_ID)
_LOCKED = _MODEL.with_for_update()
_READ_UNTIL = sa.update(SpamModel).where(SpamModel.id == MODEL_ID).values(read_until=sa.bindparam("last"))
_SET_THRESHOLD = sa.update(SpamModel).where(SpamModel.id == MODEL_ID).values(threshold=sa.bindparam("value"))
_RESET = (
    sa.update(SpamModel)
    .where(SpamModel.id == MODEL_ID)
    .values(version=sa.bindparam("new_version"), good_count=0, spam_count=0, read_until=0)
)
_COUNT = (
    sa.update(SpamModel)
    .where(SpamModel.id == MODEL_ID)
    .values(
        good_count=SpamModel.good_count + sa.bindparam("good"), spam_count=SpamModel.spam_count + sa.bindparam("spam")
    )
)
_COUNTS = sa.select(SpamFeature.bucket, SpamFeature.good_count, SpamFeature.spam_count).where(
    SpamFeature.bucket.in_(sa.bindparam("buckets", expanding=True))
)
_CLEAR = sa.delete(SpamFeature).where(
    SpamFeature.bucket.in_(sa.bindparam("buckets", expanding=True)),
    SpamFeature.good_count == 0,
    SpamFeature.spam_count == 0,
)


def _adding(insert: Any) -> Any:
    statement = insert(SpamFeature).values(
        bucket=sa.bindparam("bucket"), good_count=sa.bindparam("good"), spam_count=sa.bindparam("spam")
    )
    return statement.on_conflict_do_update(
        index_elements=[SpamFeature.bucket],
        set_={
            "good_count": SpamFeature.good_count + statement.excluded.good_count,
            "spam_count": SpamFeature.spam_count + statement.excluded.spam_count,
        },
    )


_ADD = PerDialect(_adding)
_about_posts = (
    sa.select(Decision.subject_kind, Decision.subject_id, sa.func.max(Decision.id).label("newest"))
    .join_from(
        Decision,
        SpamLesson,
        sa.and_(SpamLesson.subject_kind == Decision.subject_kind, SpamLesson.subject_id == Decision.subject_id),
        isouter=True,
    )
    .where(Decision.id > sa.bindparam("read_until"), Decision.subject_kind.in_(("idea", "comment", "remark")))
    .where(sa.or_(SpamLesson.decision_id.is_(None), SpamLesson.decision_id < Decision.id))
    .group_by(Decision.subject_kind, Decision.subject_id)
)
_WAITING = _about_posts.order_by(sa.func.max(Decision.id)).limit(AT_ONCE)
_LAST_SETTLED = sa.select(sa.func.max(Decision.id)).where(
    Decision.id > sa.bindparam("read_until"), Decision.created_at < sa.bindparam("before")
)
_STANDING = (
    sa.select(Decision.action, Decision.reason)
    .where(Decision.subject_kind == sa.bindparam("kind"), Decision.subject_id == sa.bindparam("subject_id"))
    .where(Decision.action.in_(("keep", "hold", "remove", "off-topic")), Decision.undone_at.is_(None))
    .order_by(Decision.id.desc())
    .limit(1)
)
_LESSON = sa.select(SpamLesson.label, SpamLesson.features).where(
    SpamLesson.subject_kind == sa.bindparam("kind"), SpamLesson.subject_id == sa.bindparam("subject_id")
)
_PUT = PerDialect(
    lambda insert: (
        insert(SpamLesson)
        .values(
            subject_kind=sa.bindparam("kind"),
            subject_id=sa.bindparam("subject_id"),
            decision_id=sa.bindparam("decision_id"),
            label=sa.bindparam("label"),
            version=sa.bindparam("version"),
            features=sa.bindparam("features"),
        )
        .on_conflict_do_update(
            index_elements=[SpamLesson.subject_kind, SpamLesson.subject_id],
            set_={
                "decision_id": sa.bindparam("decision_id"),
                "label": sa.bindparam("label"),
                "version": sa.bindparam("version"),
                "features": sa.bindparam("features"),
            },
        )
    )
)
_OLDEST = (
    sa.select(SpamLesson.subject_kind, SpamLesson.subject_id, SpamLesson.decision_id)
    .where(SpamLesson.label != "")
    .order_by(SpamLesson.decision_id)
    .limit(sa.bindparam("most"))
)
_TEXTS = {
    "idea": sa.select(Idea.title, IdeaText.body, IdeaText.why)
    .join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id)
    .where(Idea.id == sa.bindparam("subject_id")),
    "comment": sa.select(sa.literal("").label("title"), Comment.body, sa.literal("").label("why")).where(
        Comment.id == sa.bindparam("subject_id")
    ),
    "remark": sa.select(sa.literal("").label("title"), RecommendationComment.body, sa.literal("").label("why")).where(
        RecommendationComment.id == sa.bindparam("subject_id")
    ),
}


def model(db: Connection) -> Any:
    """The model's row: version, good_count, spam_count, read_until, threshold; None before the first use."""
    return db.execute(_MODEL).first()


def totals(row: Any) -> Totals:
    """How much a model's row has learned; nothing by features of another version."""
    known = row is not None and row.version == readings.VERSION
    return Totals(row.good_count, row.spam_count) if known else Totals()


def counts(db: Connection, buckets: Iterable[int]) -> dict[int, tuple[int, int]]:
    """In how many good and spam posts each of these features stood, without those that never did."""
    rows = db.execute(_COUNTS, {"buckets": list(buckets)})
    return {row.bucket: (row.good_count, row.spam_count) for row in rows}


def set_threshold(db: Connection, value: float) -> None:
    """Hold posts from this score on (0 to 1), in every community. 1 holds none."""
    if not 0 < value <= 1:
        raise ValueError("A threshold lies between 0 and 1.")
    _locked(db)
    db.execute(_SET_THRESHOLD, {"value": value})


def learn_new(database: Database) -> int:
    """Learn from every decision that has not been looked at, some posts a transaction; returns how many posts."""
    learned = 0
    while True:
        with database.reading() as db:
            if not _is_behind(db):
                return learned
        learned += database.write(learn_some)


def _is_behind(db: Connection) -> bool:
    row = model(db)
    if row is None or row.version < readings.VERSION:
        return db.execute(sa.select(Decision.id).limit(1)).first() is not None
    return row.version == readings.VERSION and db.execute(_WAITING, {"read_until": row.read_until}).first() is not None


def learn_some(db: Connection) -> int:
    """Look at the next posts with new decisions, at most AT_ONCE; returns how many. Safe to repeat.

    What an older version of the features learned is forgotten first; what a newer one learned is left alone.
    """
    row = _locked(db)
    if row.version > readings.VERSION:
        return 0
    if row.version < readings.VERSION:
        forget_all(db)
        row = _locked(db)
    waiting = db.execute(_WAITING, {"read_until": row.read_until}).all()
    for post in waiting:
        _look_at(db, post.subject_kind, post.subject_id, post.newest)
    _keep_bounded(db)
    if len(waiting) < AT_ONCE:
        key = {"read_until": row.read_until, "before": now() - SETTLED}
        if (last := db.execute(_LAST_SETTLED, key).scalar()) is not None:
            db.execute(_READ_UNTIL, {"last": last})
    return len(waiting)


def forget_all(db: Connection) -> None:
    """Forget every lesson; learn_new then begins with the first decision."""
    _locked(db)
    db.execute(sa.delete(SpamFeature))
    db.execute(sa.delete(SpamLesson))
    db.execute(_RESET, {"new_version": readings.VERSION})


def _locked(db: Connection) -> Any:
    insert_once(
        db,
        SpamModel,
        id=MODEL_ID,
        version=readings.VERSION,
        good_count=0,
        spam_count=0,
        read_until=0,
        threshold=THRESHOLD,
    )
    return db.execute(_LOCKED).one()


def _look_at(db: Connection, kind: str, subject_id: int, decision_id: int) -> None:
    """Make the lesson of a post what the decisions that stand say."""
    key = {"kind": kind, "subject_id": subject_id}
    old = db.execute(_LESSON, key).first()
    label, packed = label_of(db.execute(_STANDING, key).first()), b""
    if old is not None and label == old.label:
        packed = old.features  # the text may have changed since; what was learned is what can be taken back
    else:
        if label:
            packed = _features_of(db, kind, subject_id)
            label = label if packed else ""
        if old is not None:
            _add(db, old.label, old.features, -1)
        _add(db, label, packed, 1)
    values = {"decision_id": decision_id, "label": label, "version": readings.VERSION, "features": packed}
    db.execute(_PUT(db), {**key, **values})


def label_of(standing: Any) -> str:
    """What the last standing decision about a post (action, reason) teaches: good, spam, or nothing.

    Only a removal as spam teaches spam, so that no point of view is learned; what is held or off topic teaches nothing.
    """
    if standing is None:
        return ""
    if standing.action == "keep":
        return "good"
    return "spam" if standing.action == "remove" and standing.reason == "spam" else ""


def _features_of(db: Connection, kind: str, subject_id: int) -> bytes:
    row = db.execute(_TEXTS[kind], {"subject_id": subject_id}).first()
    if row is None:
        return b""
    return packed(readings.read(row.title, f"{row.body}\n{row.why}").features)


def packed(features: Mapping[int, str] | Iterable[int]) -> bytes:
    """Buckets as they are stored: in order, four bytes each."""
    return array("I", sorted(features)).tobytes()


def _add(db: Connection, label: str, features: bytes, sign: int) -> None:
    if not label:
        return
    buckets = array("I", features).tolist()
    good, spam = (sign, 0) if label == "good" else (0, sign)
    db.execute(_COUNT, {"good": good, "spam": spam})
    if buckets:
        db.execute(_ADD(db), [{"bucket": bucket, "good": good, "spam": spam} for bucket in buckets])
        if sign < 0:
            db.execute(_CLEAR, {"buckets": buckets})


def _keep_bounded(db: Connection) -> None:
    row = db.execute(_MODEL).one()
    surplus = row.good_count + row.spam_count - MOST_LESSONS
    if surplus <= 0:
        return
    for post in db.execute(_OLDEST, {"most": surplus}).all():
        key = {"kind": post.subject_kind, "subject_id": post.subject_id}
        old = db.execute(_LESSON, key).one()
        _add(db, old.label, old.features, -1)
        values = {"decision_id": post.decision_id, "label": "", "version": readings.VERSION, "features": b""}
        db.execute(_PUT(db), {**key, **values})
