"""The directives of the demo: one before the public, with dispositions and what people say to it, and a draft."""

import tomllib
from collections import Counter
from datetime import timedelta
from importlib import resources
from typing import Any

import sqlalchemy as sa

from forum.domain import people, remarks, snapshots, trust
from forum.domain.demo.filling import Filling
from forum.domain.demo.parts import number, unfold
from forum.domain.directives import arranging, chosen, citing, matrices, stages, texts, writing
from forum.domain.directives.matrices import Entry
from forum.domain.people import Person
from forum.domain.rankings import Selection
from forum.domain.snapshots import SnapshotFields
from forum.models import Disposition, RecommendationAgreement, RecommendationComment

ANSWERED = 50  # ideas
OPEN_FOR = timedelta(days=6)  # so long it has been before the public

_PUBLISH = (
    sa.update(Disposition)
    .where(Disposition.idea_id == sa.bindparam("the_idea"))
    .values(
        published_outcome=Disposition.outcome,
        published_reason=Disposition.reason,
        published_at=sa.bindparam("moment"),
    )
)


def load(to: Filling) -> None:
    """Load them; the ideas must be there. The members of the demo are not told: they were not there to hear it."""
    data: dict[str, Any] = {}
    for file in sorted(resources.files(__package__).joinpath("policy").iterdir(), key=lambda file: file.name):
        data |= tomllib.loads(file.read_text(encoding="utf-8"))
    handle = next(person.handle for person in to.demo.people if person.role == "policy")
    writer = people.load(to.db, to.people[handle])
    clauses: dict[str, int] = {}
    for directive in data["directives"]:
        directive_id = _write(to, writer, directive, clauses)
        if directive["stage"] != "comment":
            continue
        _choose(to, writer, directive_id)
        _dispose(to, writer, directive_id, data["dispositions"])
        closes_on = (to.now + timedelta(days=directive["days"])).date().isoformat()
        stages.open_for_comment(to.db, writer, directive_id, closes_on=closes_on, moment=to.now - OPEN_FOR)
        _publish(to, data["dispositions"])
        _speak(to, writer, directive_id, data, clauses)


def _write(to: Filling, writer: Person, given: dict[str, Any], clauses: dict[str, int]) -> int:
    head = {"title": given["title"], "introduction": unfold(given["introduction"])}
    directive_id = writing.create(to.db, writer, head).id
    for part in given["parts"]:
        fields = {"title": part["title"], "introduction": part.get("introduction", "")}
        part_id = arranging.add_part(to.db, writer, directive_id, fields).id
        for clause in part["recommendations"]:
            fields = {name: clause.get(name, "") for name in texts.FIELDS["recommendation"]}
            clause_id = arranging.add_recommendation(to.db, writer, directive_id, part_id, fields).id
            clauses[clause["title"]] = clause_id
            for cited in clause["cites"]:
                key = f"idea:{to.ideas[cited['idea']]}"
                citing.cite(to.db, writer, directive_id, clause_id, key, cited.get("note", ""))
    return directive_id


def _choose(to: Filling, writer: Person, directive_id: int) -> None:
    """It answers the first ideas by net votes, frozen as they stand after loading."""
    if to.seal is None:
        return
    fields = SnapshotFields(most=str(ANSWERED), title=f"The first {ANSWERED} of May 2009 by net votes")
    number = snapshots.create(to.db, writer, *to.seal, Selection(), fields)
    chosen.choose(to.db, writer, directive_id, str(number))


def _dispose(to: Filling, writer: Person, directive_id: int, given: list[dict[str, Any]]) -> None:
    entries = {to.ideas[one["idea"]]: Entry(one["outcome"], one["reason"], 0) for one in given}
    saved = matrices.save(to.db, writer, directive_id, entries)
    if saved.errors:
        raise ValueError(f"dispositions of the demo: {saved.errors}")


def _publish(to: Filling, given: list[dict[str, Any]]) -> None:
    for one in given:
        if one.get("out"):
            to.db.execute(_PUBLISH, {"the_idea": to.ideas[one["idea"]], "moment": to.now})


def _speak(to: Filling, writer: Person, directive_id: int, data: dict[str, Any], clauses: dict[str, int]) -> None:
    """Comments and agreements, some days old."""
    text = texts.now_written(to.db, directive_id)
    versions = {clause.id: clause.version for clause in text.clauses()}
    headings = {clause.id: remarks.heading(text.title, clause.label, clause.title) for clause in text.clauses()}
    addressed = {person.email.partition("@")[0]: person.handle for person in to.demo.people}
    said = []
    for one in data["remarks"]:
        clause_id = clauses[one["to"]]
        moment = to.now - timedelta(days=one["days_ago"])
        answered = {"answer": one["answer"], "answered_by_id": writer.id} if "answer" in one else {}
        said.append(
            {
                "directive_id": directive_id,
                "recommendation_id": clause_id,
                "version": versions[clause_id],
                "author_id": to.people[addressed[one["by"]]],
                "body": one["text"],
                "state": "published",
                "created_at": moment,
                "heading": headings[clause_id],
                "answer": "",
                "answered_by_id": None,
                "answered_at": moment + timedelta(hours=6) if answered else None,
                **answered,
            }
        )
    to.put(RecommendationComment, said)
    trust.add_kept_many(to.db, Counter(one["author_id"] for one in said))
    handles = sorted(person.handle for person in to.demo.people if not person.is_new and person.role != "policy")
    agreements = []
    for one in data["agreements"]:
        clause_id = clauses[one["to"]]
        agreeing = sorted(handles, key=lambda handle: number(f"{one['to']} {handle}", 2**32))[: one["count"]]
        moment = to.now - timedelta(days=1)
        row = {"recommendation_id": clause_id, "version": versions[clause_id], "created_at": moment}
        agreements += [{**row, "user_id": to.people[handle]} for handle in agreeing]
    to.put(RecommendationAgreement, agreements)
