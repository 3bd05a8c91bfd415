"""Carried votes and follows: what a merge put on an idea becomes a person's own, or goes, when that person acts."""

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect
from forum.models import Idea, Merge, MergeCarry, MergeOut

HAS_MERGES: sa.ColumnElement[bool] = (
    sa.exists().where(Merge.target_id == Idea.id, Merge.is_active).correlate(Idea).label("has_merges")
)
"""A column of a select of ideas: was anything merged into this one?"""

_FORGET = sa.delete(MergeCarry).where(
    MergeCarry.what == sa.bindparam("the_what"),
    MergeCarry.idea_id == sa.bindparam("on"),
    MergeCarry.user_id == sa.bindparam("by"),
)
_KEEP_OUT = PerDialect(
    lambda insert: (
        insert(MergeOut)
        .from_select(
            ["merge_id", "user_id", "what", "is_wish", "created_at"],
            sa.select(
                Merge.id,
                sa.bindparam("by", type_=sa.BigInteger),
                sa.bindparam("the_what", type_=sa.String),
                sa.false(),
                sa.bindparam("moment", type_=MergeOut.created_at.type),
            ).where(Merge.target_id == sa.bindparam("on"), Merge.is_active),
        )
        .on_conflict_do_nothing()
    )
)


def make_own(db: Connection, what: str, user_id: int, idea_id: int) -> None:
    """The person changed it (`what`: vote, follow): it stays on this idea, whatever becomes of the merge."""
    db.execute(_FORGET, {"the_what": what, "by": user_id, "on": idea_id})


def take_back(db: Connection, what: str, user_id: int, idea_id: int) -> None:
    """The person took it off this idea: no merge into it, as they stand now, puts it there again."""
    make_own(db, what, user_id, idea_id)
    db.execute(_KEEP_OUT(db), {"the_what": what, "by": user_id, "on": idea_id, "moment": now()})
