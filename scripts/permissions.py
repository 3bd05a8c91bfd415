"""Writes docs/permissions.md: who may do what, worked out from the table of rules. A test keeps the two equal."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from forum.domain.people import Person  # noqa: E402 - the project's folder has to be on the path first
from forum.domain.permissions import RULES, can  # noqa: E402

AUTHOR, HERE, ELSEWHERE = 1, 10, 20


@dataclass(frozen=True)
class Subject:
    """An idea, a comment or a case in an open, public community in its brainstorm phase, as the rules see it."""

    author_id: int = AUTHOR
    community_id: int | None = HERE
    community_status: str = "open"
    visibility: str = "public"
    posting: str = "everyone"
    phase: str = "brainstorm"
    state: str = "published"
    is_locked: bool = False
    proposed_by_id: int | None = None
    subject_kind: str = "idea"
    role: str = "citizen"  # of an account
    is_published: bool = True  # a directive
    takes_comments: bool = True  # a directive
    details: Mapping[str, object] = field(default_factory=dict)


def person(number: int, **values: object) -> Person:
    """Somebody with a confirmed address."""
    return Person(id=number, handle=f"person-{number}", name="Somebody", **values)  # type: ignore[arg-type]


PEOPLE: dict[str, Person | None] = {
    "nobody": None,
    "not confirmed": person(2, is_confirmed=False),
    "citizen": person(3),
    "author": person(AUTHOR),
    "employee": person(4, is_employee=True),
    "manager here": person(5, managed=frozenset({HERE}), joined=frozenset({HERE})),
    "manager elsewhere": person(6, managed=frozenset({ELSEWHERE}), joined=frozenset({ELSEWHERE})),
    "moderator": person(7, role="moderator"),
    "policy team": person(8, role="policy"),
    "administrator": person(9, role="administrator"),
    "suspended": person(11, status="suspended"),
    "suspended author": person(AUTHOR, status="suspended"),
}
PLACES: dict[str, Subject] = {
    "In an open community, in its brainstorm phase": Subject(),
    "In the same community in its discuss phase": Subject(phase="discuss"),
    "In the same community in its draft phase": Subject(phase="draft"),
    "In a closed phase": Subject(phase="closed"),
    "In an archived community": Subject(community_status="archived"),
    "In a community that only its members see": Subject(visibility="members"),
    "On something that is held": Subject(state="held"),
    "On something that was removed": Subject(state="removed"),
    "On an appeal against a decision of this moderator": Subject(details={"decider_ids": [7]}),
    "On the account of a citizen": Subject(subject_kind="user"),
    "On the account of a moderator": Subject(subject_kind="user", role="moderator"),
    "On a comment on a directive, which no community has": Subject(community_id=None, subject_kind="remark"),
    "On a directive that is still a draft": Subject(is_published=False, takes_comments=False),
    "On a directive when the time to comment is over": Subject(takes_comments=False),
}


def document() -> str:
    """The whole file."""
    lines = [
        "# Who may do what",
        "",
        "Made from `forum/domain/permissions.py` by `python scripts/permissions.py`; a test keeps it true.",
        "The author is the author of the thing that the act is about.",
    ]
    for title, subject in PLACES.items():
        lines += ["", f"## {title}", "", f"| act | {' | '.join(PEOPLE)} |", f"| --- |{' --- |' * len(PEOPLE)}"]
        for action in sorted(RULES):
            marks = ["yes" if can(somebody, action, subject) else "no" for somebody in PEOPLE.values()]
            lines.append(f"| `{action}` | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "permissions.md").write_text(document(), encoding="utf-8")
