"""Batches: many cases about ideas decided alike in one act, in a few statements; see moderation.decide_many."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from forum.db import Connection
from forum.domain import bulks, decisions, dockets, effects, reports, statements
from forum.domain.actions import DecisionFields
from forum.domain.bulks import Deed, Ground
from forum.domain.errors import Conflict
from forum.domain.people import Person


def decide(
    db: Connection, user: Person, found: Sequence[Any], chosen: Collection[int], fields: DecisionFields, act_id: str
) -> None:
    """Decide these open cases (rows of cases.get, each about another idea); what else waits about them ends too.

    `chosen`: the ids of all cases that were asked for. Rights are checked before. Conflict names a case that somebody
    decided in the meantime.
    """
    closed = set(dockets.close(db, [case.id for case in found]))
    if late := [case.id for case in found if case.id not in closed]:
        raise Conflict(
            f"Nothing was decided, because of case {late[0]}: Somebody has decided this case in the meantime."
            " See the decision below."
        )
    of_idea = {case.subject_id: case for case in found}
    rows = bulks.load(db, of_idea)
    ended = {case.id: case.subject_id for case in found}
    ended |= dockets.close_chosen(db, chosen) | bulks.close_about(db, of_idea)
    deed = Deed(user, fields.action, act_id, fields.reason, fields.note)
    made = bulks.decide(db, deed, rows, _wanted(db, rows, of_idea, fields.action), _grounds(db, of_idea, ended, fields))
    bulks.keep_held_cases(db, bulks.load(db, of_idea))
    bulks.answer(db, rows, made, ended)
    bulks.tell_authors(db, rows, made)


def _wanted(db: Connection, rows: Sequence[Any], of_idea: dict[int, Any], action: str) -> dict[int, str]:
    """What each idea becomes, of those that become something else; a kept one what it was before it was held."""
    was = bulks.shown(db, [row.id for row in rows if row.state == "held"])
    wanted = {}
    for row in rows:
        shown = str(of_idea[row.id].details.get("shown") or was.get(row.id, "published"))
        after = effects.wanted(action, {"state": row.state}, shown=shown)
        if after:
            wanted[row.id] = str(after["state"])
    return wanted


def _grounds(
    db: Connection, of_idea: dict[int, Any], ended: dict[int, int], fields: DecisionFields
) -> dict[int, Ground]:
    """What each decision rests on: what its case shows, the reports that it answers, and what the moderator adds."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for case_id, rows in reports.reasons_of(db, sorted(ended)).items():
        counts[ended[case_id]] |= {row.reason: row.count for row in rows}
    grounds = {}
    for idea_id, case in of_idea.items():
        seen = statements.facts_of(case.kind, counts[idea_id], case.details)
        machine = "found" if case.kind in decisions.MACHINE_KINDS else ""
        grounds[idea_id] = Ground(f"{seen} {fields.facts.strip()}".strip(), machine, case.id)
    return grounds
