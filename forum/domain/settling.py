"""Order columns follow the counts of votes: at once where there is time, within moments where votes come in floods.

Ten indexes hang on the order columns of an idea. Changing them costs several times what the vote itself costs, and a
popular idea gets many votes between two looks at a list. So votes mark the idea, and the writer settles what is marked.
"""

from typing import Any

import sqlalchemy as sa

from forum.db import Connection, PerDialect, Prepared
from forum.domain import ranking
from forum.models import Idea, StaleRank

MOST = 40
"""Ideas that are settled in one turn, so that votes do not wait long."""
_UP_TO = "settled_up_to"

_MARK = Prepared(
    PerDialect(lambda insert: insert(StaleRank).values(idea_id=sa.bindparam("marked")).on_conflict_do_nothing())
)
_MARKED = Prepared(
    sa.select(Idea.id, Idea.up, Idea.down, Idea.created_at)
    .join_from(StaleRank, Idea, Idea.id == StaleRank.idea_id)
    .where(StaleRank.idea_id > sa.bindparam("after"))
    .order_by(StaleRank.idea_id)
    .limit(sa.bindparam("most"))
)
_SET = Prepared(
    sa.update(Idea)
    .where(Idea.id == sa.bindparam("the_idea"))
    .values({name: sa.bindparam(f"new_{name}") for name in ranking.Ranks._fields})
)
_DONE = Prepared(sa.delete(StaleRank).where(StaleRank.idea_id == sa.bindparam("done")))


def mark(db: Connection, idea_id: int) -> None:
    """The counts of this idea have changed; its order columns are to follow."""
    _MARK.all(db, {"marked": idea_id})


def settle(db: Connection, most: int = MOST) -> bool:
    """Let the order columns of marked ideas follow their counts, `most` at a time; says whether more may be left.

    The next turn on this connection goes on behind the last idea of this one, so that each idea has its turn.
    """
    after = db.info.get(_UP_TO, 0)
    rows = _MARKED.all(db, {"most": most, "after": after})
    _SET.each(db, [_ranks(row) for row in rows])
    _DONE.each(db, [{"done": row.id} for row in rows])
    is_full = len(rows) == most
    db.info[_UP_TO] = rows[-1].id if is_full else 0
    return is_full or after > 0


def _ranks(row: Any) -> dict[str, float]:
    new = ranking.ranks(row.up, row.down, row.created_at)._asdict()
    return {"the_idea": row.id, **{f"new_{name}": value for name, value in new.items()}}


def settle_all(db: Connection) -> None:
    """All that is marked: for commands and housekeeping, after a crash or while no server runs."""
    while settle(db):
        pass
