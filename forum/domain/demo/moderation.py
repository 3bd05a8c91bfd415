"""The part of the demo that moderators see: posts that wait, reports that wait, and cases that were decided."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from forum.domain import appeals, decisions, people, undoing
from forum.domain.appeals import AppealFields
from forum.domain.cases import due_after
from forum.domain.demo.content import Decision, Report, Suspicion
from forum.domain.demo.filling import Filling
from forum.domain.reasons import label
from forum.models import Case, Comment, Idea, StatusChange
from forum.models import Decision as DecisionRow
from forum.models import Report as ReportRow

REPORTED_BEFORE = timedelta(hours=5)  # a decided case had waited so long
STATES = {"keep": "published", "remove": "removed"}
_REMOVE_IDEA = (
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("subject_id"))
    .values(state="removed", is_listed=False, is_public=False)
)
_REMOVE_COMMENT = sa.update(Comment).where(Comment.id == sa.bindparam("subject_id")).values(state="removed")


def load(to: Filling) -> None:
    """Load it; comments and ideas must be there. Decisions come last, since they change what they are about."""
    _held(to)
    _reports(to)
    _suspicions(to)
    for decision in sorted(to.demo.decisions, key=lambda decision: -decision.hours_ago):
        _decision(to, decision)


def _case(
    to: Filling, kind: str, subject: tuple[str, int], place: tuple[int, int], opened_at: datetime, **more: Any
) -> int:
    """One case about (kind, id) of a subject, in (community, author)."""
    row = {
        "kind": kind,
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "community_id": place[0],
        "author_id": place[1],
        "opened_at": opened_at,
        "due_at": due_after(opened_at),
        "details": {},
        **more,
    }
    return to.fill(Case, [row])[0]


def _held(to: Filling) -> None:
    """First posts of new accounts: seen by nobody but their authors and the moderators."""
    hidden = {"state": "held", "is_listed": False, "is_public": False}
    for held in to.demo.held_ideas:
        posted = to.now - timedelta(hours=held.hours_ago)
        [idea_id] = to.fill(Idea, [{**to.idea_row(held, posted), **hidden}])
        to.add_texts(held, idea_id)
        to.fill(StatusChange, [to.posted_step(idea_id, held.author, posted)])
        _case(to, "held", ("idea", idea_id), (to.communities[held.community], to.people[held.author]), posted)
    for remark in to.demo.held_comments:
        posted = to.now - timedelta(hours=remark.hours_ago)
        comment_id = to.add_comment(remark.idea, remark.author, remark.text, posted, state="held")
        community_id = to.communities[to.demo.idea[remark.idea].community]
        _case(to, "held", ("comment", comment_id), (community_id, to.people[remark.author]), posted)


def _subject(to: Filling, case: Report | Decision | Suspicion) -> tuple[tuple[str, int], tuple[int, int]]:
    idea = to.demo.idea[case.idea]
    author, subject = idea.author, ("idea", to.ideas[case.idea])
    if case.comment:
        subject = ("comment", to.comments[case.idea, case.comment])
        author = next(
            comment.author
            for comment in to.demo.comments
            if (comment.idea, comment.number) == (case.idea, case.comment)
        )
    return subject, (to.communities[idea.community], to.people[author])


def _reports(to: Filling) -> None:
    """Reports about one thing make one case."""
    by_subject: dict[tuple[int, int | None], list[Report]] = defaultdict(list)
    for report in to.demo.reports:
        by_subject[report.idea, report.comment].append(report)
    for reports in by_subject.values():
        subject, place = _subject(to, reports[0])
        opened_at = to.now - timedelta(hours=max(report.hours_ago for report in reports))
        case_id = _case(to, "report", subject, place, opened_at)
        for report in reports:
            _report(to, case_id, subject, report.by, report.reason, report.note, report.hours_ago)


def _report(
    to: Filling, case_id: int, subject: tuple[str, int], by: str, reason: str, note: str, hours_ago: float
) -> None:
    row = {
        "case_id": case_id,
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "reporter_id": to.people[by],
        "reason": reason,
        "note": note,
        "created_at": to.now - timedelta(hours=hours_ago),
    }
    to.fill(ReportRow, [row])


def _suspicions(to: Filling) -> None:
    """Of two ideas that look alike the newer one is the case."""
    for found in to.demo.suspicions:
        details: dict[str, Any] = {"score": found.score}
        if found.other is None:
            details["signs"] = list(found.signs)
        else:
            posted = {key: to.demo.idea[key].posted for key in (found.idea, found.other)}
            older, newer = sorted(posted, key=lambda key: posted[key])
            found, details = found.model_copy(update={"idea": newer}), {**details, "other_id": to.ideas[older]}
        subject, place = _subject(to, found)
        _case(to, found.kind, subject, place, to.now - timedelta(hours=found.hours_ago), details=details)


def _decision(to: Filling, decision: Decision) -> None:
    subject, place = _subject(to, decision)
    decided_at = to.now - timedelta(hours=decision.hours_ago)
    opened_at = decided_at - REPORTED_BEFORE
    case_id = _case(to, "report", subject, place, opened_at, is_open=False, closed_at=decided_at)
    hours_ago = decision.hours_ago + REPORTED_BEFORE / timedelta(hours=1)
    _report(to, case_id, subject, decision.reported_by, decision.reason, "", hours_ago)
    row = {
        "case_id": case_id,
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "community_id": place[0],
        "author_id": place[1],
        "action": decision.action,
        "reason": decision.reason if decision.action == "remove" else "",
        "note": decision.statement,
        "facts": f"A reader reported it: {label(decision.reason).lower()}.",
        "office": decisions.MODERATORS,
        "state_before": "published",
        "state_after": STATES[decision.action],
        "before": {"state": "published"} if decision.action == "remove" else {},
        "after": {"state": "removed"} if decision.action == "remove" else {},
        "decided_by_id": to.people[decision.by],
        "created_at": decided_at,
    }
    [decision_id] = to.fill(DecisionRow, [row])
    decisions.name_in_cases(to.db, [case_id], decision_id)
    if decision.action == "remove":
        statement = _REMOVE_COMMENT if subject[0] == "comment" else _REMOVE_IDEA
        to.db.execute(statement, {"subject_id": subject[1]})
    if decision.appeal:
        appeals.file(to.db, people.load(to.db, place[1]), decision_id, AppealFields(text=decision.appeal))
    if decision.undone_by:
        undoer = people.load(to.db, to.people[decision.undone_by])
        undoing.undo(to.db, undoer, decision_id, note=decision.apology or "")
