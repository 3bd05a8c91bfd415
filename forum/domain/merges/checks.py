"""What must hold between merges, the states of ideas, carried votes and threads; `forum check` tells what does not."""

import sqlalchemy as sa

from forum.db import Connection
from forum.models import Comment, Follow, Idea, Merge, MergeCarry, MergeComment, Vote
from forum.models.base import aliased

TOLD = 5  # ids named in one sentence

_in_force = sa.exists().where(Merge.absorbed_id == Idea.id, Merge.is_active)
_NOWHERE = sa.select(Idea.id).where(Idea.state == "merged", ~_in_force, Idea.source.is_(None)).order_by(Idea.id)
_STANDING = sa.select(Idea.id).where(Idea.state.in_(("published", "off-topic", "held")), _in_force).order_by(Idea.id)
_vote = sa.exists().where(Vote.idea_id == MergeCarry.idea_id, Vote.user_id == MergeCarry.user_id)
_carrying = sa.exists().where(Merge.id == MergeCarry.merge_id, Merge.is_active, Merge.target_id == MergeCarry.idea_id)
_LOST_VOTES = (
    sa.select(MergeCarry.idea_id)
    .where(MergeCarry.what == "vote", sa.or_(~_vote, ~_carrying))
    .distinct()
    .order_by(MergeCarry.idea_id)
)
_follow = sa.exists().where(
    Follow.kind == "idea", Follow.object_id == MergeCarry.idea_id, Follow.user_id == MergeCarry.user_id
)
_LOST_FOLLOWS = (
    sa.select(MergeCarry.idea_id)
    .where(MergeCarry.what == "follow", _follow, ~_carrying)
    .distinct()
    .order_by(MergeCarry.idea_id)
)
_COUNTED_WRONG = (
    sa.select(Vote.idea_id)
    .join_from(Vote, MergeCarry, sa.and_(MergeCarry.idea_id == Vote.idea_id, MergeCarry.user_id == Vote.user_id))
    .join(Merge, Merge.id == MergeCarry.merge_id)
)
_source = aliased(Vote)
_COUNTED_WRONG = (
    _COUNTED_WRONG.join(
        _source, sa.and_(_source.idea_id == Merge.absorbed_id, _source.user_id == Vote.user_id), isouter=True
    )
    .where(MergeCarry.what == "vote", sa.func.coalesce(_source.value, 0) != Vote.value)
    .distinct()
    .order_by(Vote.idea_id)
)
_LEFT_BEHIND = (
    sa.select(Comment.idea_id)
    .join_from(Comment, Idea, Idea.id == Comment.idea_id)
    .where(Idea.state == "merged", _in_force)
    .distinct()
    .order_by(Comment.idea_id)
)
_AT_HOME = (
    sa.select(MergeComment.home_id)
    .join_from(MergeComment, Comment, Comment.id == MergeComment.comment_id)
    .where(Comment.idea_id == MergeComment.home_id)
    .distinct()
    .order_by(MergeComment.home_id)
)
_SENTENCES = {
    "Merges: these ideas are merged, but into none": _NOWHERE,
    "Merges: these ideas are in another one, but stand in the lists": _STANDING,
    "Merges: votes were carried to these ideas that are not there any more": _LOST_VOTES,
    "Merges: follows were carried to these ideas by a merge that is not in force": _LOST_FOLLOWS,
    "Merges: carried votes on these ideas are not what the person voted": _COUNTED_WRONG,
    "Merges: comments were left under these merged ideas": _LEFT_BEHIND,
    "Merges: threads under these ideas are marked as carried, but are at home": _AT_HOME,
}


def check(db: Connection) -> list[str]:
    """What does not agree, in sentences that name the ideas. Changes nothing."""
    findings = []
    for sentence, statement in _SENTENCES.items():
        ids = list(db.execute(statement.limit(TOLD + 1)).scalars())
        if ids:
            named = ", ".join(map(str, ids[:TOLD]))
            findings.append(f"{sentence}: {named}{' and more' if len(ids) > TOLD else ''}.")
    return findings
