"""Remarking: comment on a recommendation, agree with it, withdraw, and answer for the policy team.

A directive stands in no community. So the rules of the whole forum hold for what waits: the first posts of a new
account, too many links, and a spam score above the forum's own threshold.
"""

from typing import Any

import sqlalchemy as sa

from forum import text
from forum.clock import now
from forum.db import Connection, insert, insert_once
from forum.domain import holds, limits, notifications, remarks, spam, trust
from forum.domain.directives import views
from forum.domain.directives.texts import Clause
from forum.domain.directives.views import DirectiveView
from forum.domain.errors import Conflict, Forbidden, Invalid, NotFound
from forum.domain.notifications import Telling
from forum.domain.people import Person
from forum.domain.permissions import can, require
from forum.domain.remarks import Agreement, Remark
from forum.models import RecommendationAgreement, RecommendationComment, User

MOST = 3_000
ANSWER_MOST = 2_000
SAME = 10  # a person's words to one recommendation, at most so many remarks
KIND = "remark"

_MINE = sa.select(RecommendationComment.id, RecommendationComment.body, RecommendationComment.state).where(
    RecommendationComment.recommendation_id == sa.bindparam("clause"),
    RecommendationComment.author_id == sa.bindparam("by"),
)
_TURN = (  # one comment of a person at a time: of two clicks the second finds the first one's words
    sa.select(User.kept_count).where(User.id == sa.bindparam("by")).with_for_update(key_share=True)
)
_ANSWER = (
    sa.update(RecommendationComment)
    .where(RecommendationComment.id == sa.bindparam("remark_id"), RecommendationComment.state == "published")
    .values(answer=sa.bindparam("words"), answered_by_id=sa.bindparam("by"), answered_at=sa.bindparam("moment"))
    .returning(RecommendationComment.id)
)
_DISAGREE = sa.delete(RecommendationAgreement).where(
    RecommendationAgreement.recommendation_id == sa.bindparam("clause"),
    RecommendationAgreement.version == sa.bindparam("at_version"),
    RecommendationAgreement.user_id == sa.bindparam("by"),
)


def say(
    db: Connection,
    user: Person | None,
    directive_id: int,
    clause_id: int,
    body: str,
    *,
    reading: spam.Reading | None = None,
) -> Remark:
    """Comment on a recommendation that is before the public. The same words twice are one comment.

    `reading`: what spam.read made of the words, where that was done before. The comment may wait for a check (`held`).
    Invalid for no words or too many, Conflict past SAME comments of one person on one recommendation, and for words
    that moderators removed there; TooMany past the limit.
    """
    directive, title, clause = _open(db, user, directive_id, clause_id)
    user = require(user, "directive.comment", directive)
    body = text.tidy(body).strip()
    if not body:
        raise Invalid({"body": "Please write what you think."})
    if len(body) > MOST:
        raise Invalid({"body": f"This is too long. Please keep it to {MOST:,} characters."})
    kept_count = int(db.execute(_TURN, {"by": user.id}).scalar_one())
    mine = [row for row in db.execute(_MINE, {"clause": clause_id, "by": user.id}) if row.state != "withdrawn"]
    if same := next((row for row in mine if row.body == body), None):
        if same.state == "removed":
            raise Conflict("Moderators removed these words here. You can appeal on the page of their decision.")
        return remarks.get(db, user, same.id)
    if len(mine) >= SAME:
        raise Conflict(f"You have commented on this {SAME} times. Please leave room for others.")
    limits.hit(db, user, "comment")
    reading = reading or spam.read("", body)
    verdict, must_wait = None, False
    if not can(user, "directive.write", directive):  # the policy team's own words never wait
        verdict = spam.judge(db, user, None, KIND, reading)
        must_wait = verdict is not None or _must_wait(user, body, kept_count)
    remark_id = insert(
        db,
        RecommendationComment,
        directive_id=directive.id,
        recommendation_id=clause.id,
        version=clause.version,
        author_id=user.id,
        body=body,
        state="held" if must_wait else "published",
        created_at=now(),
        heading=remarks.heading(title, clause.label, clause.title),
    )
    spam.put(db, user, KIND, remark_id, reading)
    if verdict is not None:
        spam.hold(db, KIND, remark_id, verdict, community_id=None, author_id=user.id)
    elif must_wait:
        holds.open_held(db, subject_kind=KIND, subject_id=remark_id, community_id=None, author_id=user.id)
    else:
        trust.add_kept(db, KIND, remark_id, 1)
    return remarks.get(db, user, remark_id)


def _must_wait(user: Person, body: str, kept_count: int) -> bool:
    if trust.never_waits(user):
        return False
    return trust.has_too_many_links(user, body) or holds.should_hold(None, user, kept_count)


def _open(db: Connection, user: Person | None, directive_id: int, clause_id: int) -> tuple[DirectiveView, str, Clause]:
    """The directive, and its title and the recommendation as the public reads them; NotFound if there is none."""
    directive = views.get(db, user, directive_id)
    read = views.newest(db, directive).text
    clause = read.clause(clause_id)
    if clause is None:
        raise NotFound("There is no such recommendation.")
    return directive, read.title, clause


def agree(db: Connection, user: Person | None, directive_id: int, clause_id: int, value: bool) -> Agreement:
    """Agree with a recommendation as it reads now, once, or take that back. Repeating it changes nothing."""
    directive, _, clause = _open(db, user, directive_id, clause_id)
    user = require(user, "directive.agree", directive)
    row: dict[str, Any] = {"recommendation_id": clause.id, "version": clause.version, "user_id": user.id}
    if value:
        if insert_once(db, RecommendationAgreement, **row, created_at=now()):
            limits.hit(db, user, "agree")
    else:
        db.execute(_DISAGREE, {"clause": clause.id, "at_version": clause.version, "by": user.id})
    return remarks.agreements(db, user, {clause.id: clause.version})[clause.id]


def withdraw(db: Connection, user: Person | None, remark_id: int) -> Remark:
    """Take one's own comment back; a line that says so stays. Returns it as it was."""
    remark = remarks.get(db, user, remark_id, to_change=True)
    require(user, "remark.withdraw", remark)
    if remarks.change_state(db, remark_id, "withdrawn") == "published":
        trust.add_kept(db, KIND, remark_id, -1)
    holds.close_held(db, KIND, remark_id)
    return remark


def answer(db: Connection, user: Person | None, remark_id: int, words: str) -> Remark:
    """Say what the directive makes of a comment; its author is told the first time. Returns it as it was."""
    remark = remarks.get(db, user, remark_id)
    user = require(user, "directive.write")
    words = text.tidy(words).strip()
    if len(words) > ANSWER_MOST:
        raise Invalid({"answer": f"Please keep the answer to {ANSWER_MOST:,} characters."})
    if not words:
        raise Invalid({"answer": "Please write an answer."})
    values = {"remark_id": remark_id, "words": words, "by": user.id, "moment": now()}
    if remark.state != "published" or db.execute(_ANSWER, values).first() is None:
        raise Forbidden("directive.write", "This comment does not stand here now, so there is nothing to answer.")
    title = f"We answered your comment on “{views.get(db, None, remark.directive_id).title}”"
    url = remarks.address(db, remark)
    telling = Telling(f"remark:{remark_id}:answered", "remark.answered", title, url, words[:300])
    notifications.later(db, [remark.author_id], telling, reason="you wrote the comment")
    return remark
