"""Every table of the forum, a file a feature: columns and keys, no behavior."""

from forum.models.asides import VoteAside
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
from forum.models.consensus import ConsensusRun, ConsensusScore, Pass
from forum.models.directives import (
    Citation,
    Directive,
    DirectiveEdition,
    DirectivePart,
    DirectiveStep,
    DirectiveVersion,
    Disposition,
    EditionCitation,
    Recommendation,
    RecommendationAgreement,
    RecommendationComment,
)
from forum.models.figures import Figure
from forum.models.generations import Generation
from forum.models.ideas import Draft, Idea, IdeaText, PostKey, Revision, StaleRank, StatusChange
from forum.models.merges import Merge, MergeCarry, MergeComment, MergeOut, Split, SplitComment
from forum.models.moderation import Appeal, Case, Decision, Note, Report
from forum.models.notifications import Mail, Notification, OutboxMessage
from forum.models.search import SearchDocument, SearchTerm, SearchTotal
from forum.models.snapshots import FileOrder, Snapshot, SnapshotFile, SnapshotIdea
from forum.models.spam import SpamFeature, SpamLesson, SpamModel, SpamPrint
from forum.models.tags import IdeaTag, Tag
from forum.models.themes import IdeaTheme, Theme, ThemeRun
from forum.models.users import LimitHit, MailCode, Session, User, UserChange
from forum.models.votes import Vote
from forum.models.waves import Wave, WaveAct, WaveCommentKey, WaveKey, WaveMember, WavePrint, WaveTurn

__all__ = [
    "Agency",
    "Appeal",
    "Base",
    "Case",
    "Citation",
    "Comment",
    "CommentAgreement",
    "Community",
    "CommunityAgency",
    "CommunityMember",
    "CommunityPhase",
    "CommunityTag",
    "ConsensusRun",
    "ConsensusScore",
    "Decision",
    "Directive",
    "DirectiveEdition",
    "DirectivePart",
    "DirectiveStep",
    "DirectiveVersion",
    "Disposition",
    "Draft",
    "EditionCitation",
    "Figure",
    "FileOrder",
    "Follow",
    "Generation",
    "Guideline",
    "Idea",
    "IdeaTag",
    "IdeaText",
    "IdeaTheme",
    "LimitHit",
    "Mail",
    "MailCode",
    "Merge",
    "MergeCarry",
    "MergeComment",
    "MergeOut",
    "Note",
    "Notification",
    "OutboxMessage",
    "Pass",
    "PostKey",
    "Recommendation",
    "RecommendationAgreement",
    "RecommendationComment",
    "Report",
    "Revision",
    "SearchDocument",
    "SearchTerm",
    "SearchTotal",
    "Session",
    "Snapshot",
    "SnapshotFile",
    "SnapshotIdea",
    "SpamFeature",
    "SpamLesson",
    "SpamModel",
    "SpamPrint",
    "Split",
    "SplitComment",
    "StaleRank",
    "StatusChange",
    "Tag",
    "Theme",
    "ThemeRun",
    "User",
    "UserChange",
    "Vote",
    "VoteAside",
    "Wave",
    "WaveAct",
    "WaveCommentKey",
    "WaveKey",
    "WaveMember",
    "WavePrint",
    "WaveTurn",
]
