"""Makers of directives for tests: one that is being written, one before the public, and all its words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from forum.clock import now
from forum.db import Connection
from forum.domain.directives import arranging, citing, stages, writing
from forum.domain.directives.views import DirectiveView
from forum.domain.people import Person

HEAD = {"title": "Records online", "introduction": "Why we do this."}
CLAUSE = {
    "title": "Post every record",
    "who": "Each records office.",
    "what": "Posts every record that was asked for.",
    "why": "People find it without asking again.",
    "how": "It begins with the ten most wanted.",
}


def clause(title: str, **values: str) -> dict[str, str]:
    """The fields of a recommendation."""
    return {**CLAUSE, "title": title, **values}


def draft(
    db: Connection, writer: Person, *, ideas: tuple[int, ...] = (), **head: str
) -> tuple[DirectiveView, list[int], list[int]]:
    """A directive in drafting with two parts and three recommendations, the first citing these ideas.

    Returns it with the ids of its parts and recommendations.
    """
    directive = writing.create(db, writer, {**HEAD, **head})
    parts = [
        arranging.add_part(db, writer, directive.id, {"title": title, "introduction": ""}).id
        for title in ("Open records", "Open meetings")
    ]
    clauses = [
        arranging.add_recommendation(db, writer, directive.id, part, clause(title)).id
        for part, title in ((parts[0], "Post every record"), (parts[0], "Say who decides"), (parts[1], "Film meetings"))
    ]
    for idea_id in ideas:
        citing.cite(db, writer, directive.id, clauses[0], f"idea:{idea_id}")
    return directive, parts, clauses


def public(db: Connection, writer: Person, **values: Any) -> tuple[DirectiveView, list[int], list[int]]:
    """The same before the public, which may comment for 30 days."""
    directive, parts, clauses = draft(db, writer, **values)
    return open_it(db, writer, directive.id), parts, clauses


def open_it(db: Connection, writer: Person, directive_id: int) -> DirectiveView:
    """Put it before the public for 30 days."""
    closes_on = (now() + timedelta(days=30)).date().isoformat()
    return stages.open_for_comment(db, writer, directive_id, closes_on=closes_on)


def finish(db: Connection, writer: Person, directive_id: int) -> DirectiveView:
    """End the time to comment and make it final."""
    stages.end_comments(db, writer, directive_id, reason="Everything was said.")
    return stages.finish(db, writer, directive_id)
