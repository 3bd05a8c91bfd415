"""Batches: many cases about posts decided alike in one act, in a few statements; see moderation.decide_many."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from forum.db import Connection
from forum.domain import bulks, decisions, dockets, effects, reports, selected, statements
from forum.domain.actions import ACTIONS, DecisionFields
from forum.domain.bulks import Deed, Ground
from forum.domain.errors import Conflict
from forum.domain.people import Person
from forum.domain.selected import Key, Post


def decide(
    db: Connection, user: Person, found: Sequence[Any], chosen: Collection[int], fields: DecisionFields, act_id: str
) -> None:
    """Decide these open cases (rows of cases.get, each about another post); what else waits about them ends too.

    `chosen`: the ids of all cases that were asked for. Rights are checked before. Conflict names a case that somebody
    decided in the meantime.
    """
    closed = set(dockets.close(db, [case.id for case in found]))
    if late := [case.id for case in found if case.id not in closed]:
        raise Conflict(
            f"Nothing was decided, because of case {late[0]}: Somebody has decided this case in the meantime."
            " See the decision below."
        )
    of_post = {_key(case): case for case in found}
    posts = selected.load(db, of_post)
    ended = {case.id: _key(case) for case in found} | dockets.close_chosen(db, chosen)
    if ACTIONS[fields.action].closes_cases:
        ended |= bulks.close_about(db, of_post)
    deed = Deed(user, fields.action, act_id, fields.reason, fields.note)
    wanted = _wanted(db, posts, of_post, fields.action)
    made = bulks.decide(db, deed, posts, wanted, _grounds(db, of_post, ended, fields))
    bulks.keep_held_cases(db, selected.load(db, of_post))
    bulks.answer(db, posts, made, ended)
    bulks.tell_authors(db, posts, made)


def _key(case: Any) -> Key:
    return case.subject_kind, case.subject_id


def _wanted(db: Connection, posts: Sequence[Post], of_post: Mapping[Key, Any], action: str) -> dict[Key, str]:
    """What each post becomes, of those that become something else; a kept one what it was before it was held."""
    was = bulks.shown(db, [post.key for post in posts if post.state == "held"])
    wanted = {}
    for post in posts:
        shown = str(of_post[post.key].details.get("shown") or was.get(post.key, "published"))
        after = effects.wanted(action, {"state": post.state}, shown=shown)
        if after:
            wanted[post.key] = str(after["state"])
    return wanted


def _grounds(
    db: Connection, of_post: Mapping[Key, Any], ended: Mapping[int, Key], fields: DecisionFields
) -> dict[Key, Ground]:
    """What each decision rests on: what its case shows, the reports that it answers, and what the moderator adds."""
    counts: dict[Key, dict[str, int]] = defaultdict(dict)
    for case_id, rows in reports.reasons_of(db, sorted(ended)).items():
        counts[ended[case_id]] |= {row.reason: row.count for row in rows}
    grounds = {}
    for key, case in of_post.items():
        seen = statements.facts_of(case.kind, counts[key], case.details)
        machine = "found" if case.kind in decisions.MACHINE_KINDS else ""
        grounds[key] = Ground(f"{seen} {fields.facts.strip()}".strip(), machine, case.id)
    return grounds
