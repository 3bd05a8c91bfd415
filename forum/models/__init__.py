"""Every table of the forum, a file a feature: columns and keys, no behavior."""

from forum.models.base import Base
from forum.models.comments import Comment, CommentAgreement
from forum.models.communities import (
    Agency,
    Community,
    CommunityAgency,
    CommunityMember,
    CommunityPhase,
    CommunityTag,
    Follow,
    Guideline,
)
from forum.models.ideas import Draft, Idea, IdeaTag, IdeaText, PostKey, Revision, StatusChange, Tag
from forum.models.moderation import Case, Decision, Report
from forum.models.notifications import Mail, Notification, OutboxMessage
from forum.models.search import SearchDocument, SearchTerm, SearchTotal
from forum.models.users import LimitHit, MailCode, Session, User, UserChange
from forum.models.votes import Vote
from forum.models.waves import Wave, WaveAct, WaveKey, WaveMember, WavePrint, WaveTurn

__all__ = [
    "Agency",
    "Base",
    "Case",
    "Comment",
    "CommentAgreement",
    "Community",
    "CommunityAgency",
    "CommunityMember",
    "CommunityPhase",
    "CommunityTag",
    "Decision",
    "Draft",
    "Follow",
    "Guideline",
    "Idea",
    "IdeaTag",
    "IdeaText",
    "LimitHit",
    "Mail",
    "MailCode",
    "Notification",
    "OutboxMessage",
    "PostKey",
    "Report",
    "Revision",
    "SearchDocument",
    "SearchTerm",
    "SearchTotal",
    "Session",
    "StatusChange",
    "Tag",
    "User",
    "UserChange",
    "Vote",
    "Wave",
    "WaveAct",
    "WaveKey",
    "WaveMember",
    "WavePrint",
    "WaveTurn",
]
