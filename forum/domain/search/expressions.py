"""What to look for, as a small tree, and how each database wants it written.

Words are stems from forum/terms.py, which hold letters, digits and marks only: nothing in them needs escaping. What is
said in an idea is stored as it is, what is said elsewhere with ° in front, so that a search through ideas alone never
walks past the comments. `·stem` is a word of a title, `§idea` and `§c7` are a kind and a community.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ELSEWHERE = "°"
TITLE = "·"
MARK = "§"


@dataclass(frozen=True, slots=True)
class Word:
    """A stem; with `begins`, every stem that begins so."""

    stem: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Stems right behind one another."""

    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Titled:
    """A stem in a title."""

    stem: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A kind, `idea`, or a community, `c7`."""

    name: str


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of these."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Without:
    """What fits `part` and none of `others`."""

    part: "Expression"
    others: tuple["Expression", ...]


Expression = Word | Phrase | Titled | Mark | All | Some | Without


def every(parts: Iterable[Expression]) -> Expression:
    """All of these; of one only that one."""
    found = tuple(dict.fromkeys(parts))
    return found[0] if len(found) == 1 else All(found)


def some(parts: Iterable[Expression]) -> Expression:
    """Some of these; of one only that one."""
    found = tuple(dict.fromkeys(parts))
    return found[0] if len(found) == 1 else Some(found)


def without(part: Expression, others: Sequence[Expression]) -> Expression:
    """The part, less what fits any of the others."""
    return Without(part, tuple(others)) if others else part


def for_sqlite(node: Expression, prefix: str = "") -> str:
    """As an FTS5 query. `prefix` is set before each word said in the text: "" or ELSEWHERE."""
    match node:
        case Word(stem, begins):
            return f'"{prefix}{stem}"*' if begins else f'"{prefix}{stem}"'
        case Phrase(stems):
            return '"' + " ".join(prefix + stem for stem in stems) + '"'
        case Titled(stem):
            return f'"{TITLE}{stem}"'
        case Mark(name):
            return f'"{MARK}{name}"'
        case All(parts):
            return "(" + " AND ".join(for_sqlite(part, prefix) for part in parts) + ")"
        case Some(parts):
            return "(" + " OR ".join(for_sqlite(part, prefix) for part in parts) + ")"
        case Without(part, others):
            return f"({for_sqlite(part, prefix)} NOT {for_sqlite(some(others), prefix)})"


def for_postgresql(node: Expression, prefix: str = "") -> str:
    """As the text of a tsquery. `prefix` as above."""
    match node:
        case Word(stem, begins):
            return f"'{prefix}{stem}':*" if begins else f"'{prefix}{stem}'"
        case Phrase(stems):
            return "(" + " <-> ".join(f"'{prefix}{stem}'" for stem in stems) + ")"
        case Titled(stem):
            return f"'{TITLE}{stem}'"
        case Mark(name):
            return f"'{MARK}{name}'"
        case All(parts):
            return "(" + " & ".join(for_postgresql(part, prefix) for part in parts) + ")"
        case Some(parts):
            return "(" + " | ".join(for_postgresql(part, prefix) for part in parts) + ")"
        case Without(part, others):
            return f"({for_postgresql(part, prefix)} & !{for_postgresql(some(others), prefix)})"
