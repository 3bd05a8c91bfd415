"""United votes and follows: one a person, carried from absorbed ideas by statements over whole sets.

The rule: what a person did on the remaining idea itself always stands. Who did nothing there is counted by what they
did on the ideas that were merged into it, the earliest merge first, unless they keep out of that merge. Nothing is
added: the result follows from the acts alone, so that undoing is to work it out again without the merge.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import sqlalchemy as sa

from forum.clock import now
from forum.db import Connection, PerDialect, insert_once, joining_sets
from forum.domain import asides, recounts
from forum.domain.merges import places
from forum.domain.merges.places import Link
from forum.models import Follow, MergeCarry, MergeOut, Vote
from forum.models.base import aliased

VOTE, FOLLOW = "vote", "follow"

_target: Any = sa.bindparam("target", type_=sa.BigInteger)
_absorbed: Any = sa.bindparam("absorbed", type_=sa.BigInteger)
_merge: Any = sa.bindparam("merge", type_=sa.BigInteger)
_one: Any = sa.bindparam("one", type_=sa.BigInteger)


class _Kind:
    """How the votes, or the follows, of one idea are carried to another. Each statement is made for all and for one."""

    def __init__(self, what: str, table: Any, key: str, *conditions: Any, takes: Any = None) -> None:
        self.what, self._table, self._key, self._conditions = what, table, key, conditions
        source, own = aliased(table), aliased(table)
        theirs = [condition(source) for condition in conditions]
        mark = sa.select(sa.literal(what), _target, source.user_id, _merge)
        mark = mark.outerjoin(own, sa.and_(own.user_id == source.user_id, getattr(own, key) == _target, *self._of(own)))
        is_out = sa.and_(MergeOut.merge_id == _merge, MergeOut.user_id == source.user_id, MergeOut.what == what)
        mark = mark.outerjoin(MergeOut, is_out)
        mark = mark.where(getattr(source, key) == _absorbed, own.user_id.is_(None), MergeOut.user_id.is_(None), *theirs)
        if takes is not None:
            mark = mark.where(takes(source))
        columns = ["what", "idea_id", "user_id", "merge_id"]
        self.marks = [
            sa.insert(MergeCarry).from_select(columns, statement)
            for statement in (mark, mark.where(source.user_id == _one))
        ]
        # Every column but the key of the idea: what another version adds to a vote is carried as well.
        names = [column.name for column in table.__table__.columns if column.name != key]
        copy = (
            sa.select(_target, *(getattr(source, name) for name in names))
            .join_from(MergeCarry, source, source.user_id == MergeCarry.user_id)
            .where(MergeCarry.merge_id == _merge, MergeCarry.what == what, MergeCarry.idea_id == _target)
            .where(getattr(source, key) == _absorbed, *theirs)
        )
        self.copies = [
            _copying(table, [key, *names], statement) for statement in (copy, copy.where(source.user_id == _one))
        ]
        is_carried = (MergeCarry.what == what, MergeCarry.idea_id == _target)
        carried = sa.select(MergeCarry.user_id).where(*is_carried)
        drop = sa.delete(table).where(getattr(table, key) == _target, *self._of(table))
        self.drops = [
            drop.where(table.user_id.in_(carried)),
            drop.where(table.user_id == _one, table.user_id.in_(carried)),
        ]
        unmark = sa.delete(MergeCarry).where(*is_carried)
        self.unmarks = [unmark, unmark.where(MergeCarry.user_id == _one)]

    def _of(self, table: Any) -> list[Any]:
        return [condition(table) for condition in self._conditions]


def _copying(table: Any, columns: list[str], rows: Any) -> PerDialect:
    """Who begins to follow in this very moment has a row already: then theirs stays."""
    return PerDialect(lambda insert: insert(table).from_select(columns, rows).on_conflict_do_nothing())


def _is_taken(vote: Any) -> Any:
    return sa.or_(vote.value == 1, sa.bindparam("takes_against", type_=sa.Boolean))


_KINDS = {
    VOTE: _Kind(VOTE, Vote, "idea_id", takes=_is_taken),
    FOLLOW: _Kind(FOLLOW, Follow, "object_id", lambda table: table.kind == "idea"),
}
_BACK_IN = sa.delete(MergeOut).where(
    MergeOut.merge_id == _merge, MergeOut.user_id == _one, MergeOut.what == sa.bindparam("the_what")
)
_IS_OUT = sa.select(MergeOut.is_wish).where(
    MergeOut.merge_id == _merge, MergeOut.user_id == _one, MergeOut.what == sa.bindparam("the_what")
)


def carry(db: Connection, link: Link, what: str, user_id: int | None = None) -> None:
    """Carry the votes (or follows) of the absorbed idea to the target, of all people or of one. Makes no counts."""
    kind, which = _KINDS[what], int(user_id is not None)
    values: dict[str, Any] = {"target": link.target_id, "absorbed": link.absorbed_id, "merge": link.merge_id}
    if user_id is not None:
        values["one"] = user_id
    more = {"takes_against": link.takes_against} if what == VOTE else {}
    with _sets(db, user_id):
        db.execute(kind.marks[which], {**values, **more})
        db.execute(kind.copies[which](db), values)
    if what == VOTE:
        asides.carry(db, link.merge_id, link.absorbed_id, link.target_id)


def _sets(db: Connection, user_id: int | None) -> AbstractContextManager[None]:
    return joining_sets(db) if user_id is None else nullcontext()


def settle(
    db: Connection, idea_id: int, user_id: int | None = None, *, kinds: tuple[str, ...] = (VOTE, FOLLOW)
) -> None:
    """Work out anew what merges carry to this idea, for all people or for one, and to those that it is in itself."""
    values: dict[str, Any] = {} if user_id is None else {"one": user_id}
    which = int(user_id is not None)
    for number in places.chain(db, idea_id):
        for what in kinds:
            if what == VOTE:
                asides.drop_carried(db, number, user_id)
            with _sets(db, user_id):
                db.execute(_KINDS[what].drops[which], {**values, "target": number})
                db.execute(_KINDS[what].unmarks[which], {**values, "target": number})
            for link in places.into(db, number):
                carry(db, link, what, user_id)
        recounts.mend(db, "ideas", [number])


def is_out(db: Connection, merge_id: int, user_id: int) -> bool:
    """Does this person's vote stay out of the merge: by wish, or because they took the carried one back?"""
    return db.execute(_IS_OUT, {"merge": merge_id, "one": user_id, "the_what": VOTE}).first() is not None


def keep_out(db: Connection, merge_id: int, user_id: int) -> bool:
    """This person's vote is not carried by this merge. True when that is new. Counts follow by `settle`."""
    row = {"merge_id": merge_id, "user_id": user_id, "what": VOTE, "is_wish": True, "created_at": now()}
    return insert_once(db, MergeOut, **row)


def let_in(db: Connection, merge_id: int, user_id: int) -> bool:
    """This person's vote may be carried again. True when that is new. Counts follow by `settle`."""
    return db.execute(_BACK_IN, {"merge": merge_id, "one": user_id, "the_what": VOTE}).rowcount == 1
