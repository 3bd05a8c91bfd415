"""Privacy: everything the forum holds about one person, for them to take away; and the end of an account."""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection
from forum.domain import account_mails, accounts, codes, sessions, users
from forum.domain.account_mails import Sender
from forum.domain.ideas import path
from forum.domain.people import Person
from forum.domain.permissions import require
from forum.domain.proofs import require_fresh
from forum.domain.sessions import Visitor
from forum.models import (
    Appeal,
    Citation,
    Comment,
    CommentAgreement,
    Community,
    CommunityMember,
    Decision,
    Directive,
    DirectiveStep,
    DirectiveVersion,
    Disposition,
    Draft,
    FileOrder,
    Follow,
    Guideline,
    Idea,
    IdeaText,
    Mail,
    Merge,
    MergeCarry,
    MergeOut,
    Note,
    Notification,
    Pass,
    RecommendationAgreement,
    RecommendationComment,
    Report,
    Revision,
    Session,
    Snapshot,
    SnapshotIdea,
    Split,
    StatusChange,
    User,
    UserChange,
    Vote,
    VoteAside,
    WaveAct,
    WavePrint,
)

FORMER_NAME = "Former member"

_me: Any = sa.bindparam("me")
_SECTIONS: dict[str, Any] = {
    "account": sa.select(
        User.id, User.handle, User.name, User.email, User.email_confirmed_at, User.role, User.status,
        User.password_hash.is_not(None).label("has_password"), User.is_employee, User.agency_name, User.job_title,
        User.bio, User.trust_level, User.kept_count, User.wants_mail, User.language, User.created_at,
    ).where(User.id == _me),
    "account_changes": sa.select(
        UserChange.kind, UserChange.before, UserChange.after, UserChange.created_at
    ).where(UserChange.user_id == _me).order_by(UserChange.id),
    "sessions": sa.select(
        Session.device, Session.created_at, Session.seen_at, Session.expires_at
    ).where(Session.user_id == _me).order_by(Session.id),
    "ideas": sa.select(
        Idea.id, Idea.slug, Idea.title, IdeaText.body, IdeaText.why, Community.name.label("community"), Idea.status,
        Idea.state, Idea.up, Idea.down, Idea.comment_count, Idea.created_at, Idea.edited_at,
    ).join_from(Idea, IdeaText, IdeaText.idea_id == Idea.id).join(Community, Community.id == Idea.community_id)
    .where(Idea.author_id == _me).order_by(Idea.id),
    "comments": sa.select(
        Comment.id, Comment.idea_id, Comment.parent_id, Comment.body, Comment.state, Comment.is_official,
        Comment.agree_count, Comment.created_at, Comment.edited_at,
    ).where(Comment.author_id == _me).order_by(Comment.id),
    "earlier_versions": sa.select(
        Revision.kind, Revision.object_id, Revision.title, Revision.body, Revision.why, Revision.created_at
    ).where(Revision.by_id == _me).order_by(Revision.id),
    "votes": sa.select(
        Vote.idea_id, sa.case((Idea.is_public, Idea.title), else_="").label("title"), Vote.value, Vote.is_employee,
        Vote.created_at, Vote.changed_at,
    ).join_from(Vote, Idea, Idea.id == Vote.idea_id).where(Vote.user_id == _me).order_by(Vote.idea_id),
    "ideas_seen_without_a_vote": sa.select(Pass.idea_id, Pass.created_at).where(Pass.user_id == _me)
    .order_by(Pass.idea_id),
    "votes_set_aside": sa.select(VoteAside.idea_id, VoteAside.decision_id)
    .where(VoteAside.user_id == _me).order_by(VoteAside.idea_id, VoteAside.decision_id),
    "passes": sa.select(Pass.idea_id, Pass.created_at).where(Pass.user_id == _me).order_by(Pass.idea_id),
    "comments_agreed_with": sa.select(CommentAgreement.comment_id, CommentAgreement.created_at)
    .where(CommentAgreement.user_id == _me).order_by(CommentAgreement.comment_id),
    "communities": sa.select(Community.slug, Community.name, CommunityMember.role, CommunityMember.joined_at)
    .join_from(CommunityMember, Community).where(CommunityMember.user_id == _me).order_by(Community.id),
    "follows": sa.select(Follow.kind, Follow.object_id, Follow.created_at).where(Follow.user_id == _me)
    .order_by(Follow.kind, Follow.object_id),
    "drafts": sa.select(Draft.kind, Draft.object_id, Draft.fields, Draft.updated_at).where(Draft.user_id == _me)
    .order_by(Draft.id),
    "notifications": sa.select(
        Notification.kind, Notification.title, Notification.text, Notification.url, Notification.created_at,
        Notification.read_at,
    ).where(Notification.user_id == _me).order_by(Notification.id),
    "mails": sa.select(Mail.subject, Mail.created_at, Mail.sent_at).where(Mail.user_id == _me).order_by(Mail.id),
    "reports_made": sa.select(
        Report.subject_kind, Report.subject_id, Report.reason, Report.note, Report.created_at
    ).where(Report.reporter_id == _me).order_by(Report.id),
    "decisions_about_me": sa.select(
        Decision.subject_kind, Decision.subject_id, Decision.action, Decision.reason, Decision.note,
        Decision.facts, Decision.state_after, Decision.machine, Decision.created_at, Decision.ends_at,
        Decision.undone_at,
    ).where(Decision.author_id == _me).order_by(Decision.id),
    "decisions_made": sa.select(
        Decision.subject_kind, Decision.subject_id, Decision.action, Decision.reason, Decision.note,
        Decision.created_at,
    ).where(Decision.decided_by_id == _me).order_by(Decision.id),
    "appeals": sa.select(
        Appeal.decision_id, Appeal.text, Appeal.created_at, Appeal.outcome, Appeal.answer, Appeal.decided_at
    ).where(Appeal.author_id == _me).order_by(Appeal.id),
    "appeals_decided": sa.select(Appeal.decision_id, Appeal.outcome, Appeal.answer, Appeal.decided_at)
    .where(Appeal.decided_by_id == _me).order_by(Appeal.id),
    "notes_written": sa.select(Note.subject_kind, Note.subject_id, Note.body, Note.created_at)
    .where(Note.by_id == _me).order_by(Note.id),
    "merges_proposed": sa.select(
        Merge.absorbed_id, Merge.target_id, Merge.reason, Merge.stage, Merge.created_at
    ).where(Merge.proposed_by_id == _me).order_by(Merge.id),
    "merges_decided": sa.select(
        Merge.absorbed_id, Merge.target_id, Merge.stage, Merge.asked_at, Merge.decided_at, Merge.note, Merge.undone_at,
        Merge.undo_reason,
    ).where(sa.or_(Merge.asked_by_id == _me, Merge.decided_by_id == _me, Merge.undone_by_id == _me)).order_by(Merge.id),
    "votes_and_follows_carried_by_merges": sa.select(
        MergeCarry.what, MergeCarry.idea_id, MergeCarry.merge_id
    ).where(MergeCarry.user_id == _me).order_by(MergeCarry.what, MergeCarry.idea_id),
    "merges_kept_out_of": sa.select(
        MergeOut.merge_id, MergeOut.what, MergeOut.is_wish, MergeOut.created_at
    ).where(MergeOut.user_id == _me).order_by(MergeOut.merge_id),
    "splits_made": sa.select(
        Split.idea_id, Split.new_id, Split.reason, Split.created_at, Split.undone_at, Split.undo_reason
    ).where(sa.or_(Split.made_by_id == _me, Split.undone_by_id == _me)).order_by(Split.id),
    "recommendations_agreed_with": sa.select(
        RecommendationAgreement.recommendation_id, RecommendationAgreement.created_at
    ).where(RecommendationAgreement.user_id == _me).order_by(
        RecommendationAgreement.recommendation_id, RecommendationAgreement.version
    ),
    "comments_on_recommendations": sa.select(
        RecommendationComment.id, RecommendationComment.directive_id, RecommendationComment.recommendation_id,
        RecommendationComment.heading, RecommendationComment.body, RecommendationComment.state,
        RecommendationComment.created_at, RecommendationComment.answer, RecommendationComment.answered_at,
    ).where(RecommendationComment.author_id == _me).order_by(RecommendationComment.id),
    "comments_on_recommendations_answered": sa.select(
        RecommendationComment.id, RecommendationComment.answer, RecommendationComment.answered_at
    ).where(RecommendationComment.answered_by_id == _me).order_by(RecommendationComment.id),
    # Of work on directives only that it was done: drafts are the policy team's, also for those who have left it.
    "directives_begun": sa.select(Directive.id, Directive.created_at)
    .where(Directive.created_by_id == _me).order_by(Directive.id),
    "directive_versions_written": sa.select(
        DirectiveVersion.directive_id, DirectiveVersion.kind, DirectiveVersion.number, DirectiveVersion.created_at
    ).where(DirectiveVersion.by_id == _me).order_by(DirectiveVersion.id),
    "directive_citations_added": sa.select(Citation.directive_id, Citation.created_at)
    .where(Citation.by_id == _me).order_by(Citation.id),
    "directive_steps_taken": sa.select(DirectiveStep.directive_id, DirectiveStep.stage, DirectiveStep.created_at)
    .where(DirectiveStep.by_id == _me).order_by(DirectiveStep.id),
    "dispositions_written": sa.select(Disposition.directive_id, Disposition.updated_at)
    .where(Disposition.by_id == _me).order_by(Disposition.directive_id, Disposition.idea_id),
    "status_changes_made": sa.select(
        StatusChange.idea_id, StatusChange.kind, StatusChange.status, StatusChange.note, StatusChange.created_at
    ).where(StatusChange.by_id == _me).order_by(StatusChange.id),
    "snapshots_made": sa.select(Snapshot.number, Snapshot.title, Snapshot.made_at)
    .where(Snapshot.made_by_id == _me).order_by(Snapshot.number),
    "ideas_in_snapshots": sa.select(SnapshotIdea.number, SnapshotIdea.rank, SnapshotIdea.idea_id, SnapshotIdea.title)
    .where(SnapshotIdea.author_id == _me).order_by(SnapshotIdea.number, SnapshotIdea.rank),
    "files_asked_for": sa.select(FileOrder.name, FileOrder.stage, FileOrder.asked_at)
    .where(FileOrder.user_id == _me).order_by(FileOrder.id),
    "wave_acts_made": sa.select(
        WaveAct.wave_id, WaveAct.action, WaveAct.reason, WaveAct.note, WaveAct.created_at, WaveAct.undone_at,
    ).where(sa.or_(WaveAct.by_id == _me, WaveAct.undone_by_id == _me)).order_by(WaveAct.id),
    "posts_watched": sa.select(
        WavePrint.subject_kind, WavePrint.subject_id, WavePrint.is_fresh, WavePrint.created_at
    ).where(WavePrint.author_id == _me).order_by(WavePrint.id),
    "guidelines_written": sa.select(Guideline.community_id, Guideline.version, Guideline.body, Guideline.created_at)
    .where(Guideline.written_by_id == _me).order_by(Guideline.community_id, Guideline.version),
}  # fmt: skip
"""Every table that knows a person, by the name of its part in the file. A test compares it with the models."""


def export(db: Connection, user: Person | None, base_url: str) -> Iterator[bytes]:
    """Everything held about this person as one JSON object, a part after the other: moments in ISO 8601, UTC."""
    user = require(user, "account.use")
    yield b'{\n"about": ' + _json(f"All that {base_url} holds about {user.name}, {now().isoformat()}")
    for name, statement in _SECTIONS.items():
        yield b",\n" + _json(name) + b": ["
        for number, row in enumerate(db.execute(statement, {"me": user.id})):
            values = dict(row._mapping)
            if name == "ideas":
                values["url"] = base_url + path(values["id"], values.pop("slug"))
            yield (b",\n" if number else b"\n") + _json(values)
        yield b"]"
    yield b"\n}\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


_END = (
    sa.update(User)
    .where(User.id == sa.bindparam("whose"))
    .values(
        handle=sa.bindparam("new_handle"),
        name=FORMER_NAME,
        email=None,
        email_confirmed_at=None,
        password_hash=None,
        role="citizen",
        status="deleted",
        job_title="",
        bio="",
        unread_count=0,
        wants_mail=False,
    )
)
_LEAVE = (
    sa.update(Community)
    .where(
        Community.id.in_(
            sa.select(CommunityMember.community_id).where(CommunityMember.user_id == sa.bindparam("whose"))
        )
    )
    .values(member_count=Community.member_count - 1)
)
_DROPS = tuple(
    sa.delete(table).where(table.user_id == sa.bindparam("whose"))
    for table in (CommunityMember, Follow, Draft, Notification, FileOrder)
)
_DROP_MAILS = sa.delete(Mail).where(
    sa.or_(Mail.user_id == sa.bindparam("whose"), Mail.recipient == sa.bindparam("address"))
)


def delete_account(db: Connection, visitor: Visitor | None, sender: Sender) -> None:
    """End one's own account. Needs a fresh proof; Conflict for the only administrator.

    What was public stays, under no name; votes stay and are counted, without a person behind them. Address, password,
    text about oneself, follows, drafts, notifications, memberships, sessions and unsent mails go. An employee's agency
    stays beside what they said officially.
    """
    user = require_fresh(visitor)
    if user.role == "administrator":
        users.require_another_administrator(db, user.id)
    whose = {"whose": user.id}
    db.execute(_LEAVE, whose)
    for drop in _DROPS:
        db.execute(drop, whose)
    sessions.end_all(db, user.id)
    db.execute(_DROP_MAILS, {**whose, "address": user.email or ""})
    codes.void(db, email=user.email or "", user_id=user.id)
    db.execute(_END, {**whose, "new_handle": f"former-member-{secrets.token_hex(6)}"})
    accounts.note_change(db, user.id, user.id, "deleted")
    if user.email:
        account_mails.account_deleted(db, sender, user.email)
