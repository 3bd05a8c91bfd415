"""Does a text fit what was asked for? For the few texts that stand in no index, by the same rules as for the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from forum import terms
from forum.domain.search.expressions import All, Expression, Mark, Phrase, Some, Titled, Without, Word


@dataclass(frozen=True)
class Said:
    """The stems of a title and of what stands below it, in their order."""

    title: tuple[str, ...]
    body: tuple[str, ...]

    @cached_property
    def known(self) -> frozenset[str]:
        """Every stem that it says."""
        return frozenset((*self.title, *self.body))

    def has(self, stem: str, *, begins: bool = False) -> bool:
        """Does it say this stem, or (`begins`) one that begins so?"""
        return stem in self.known or (begins and any(one.startswith(stem) for one in self.known))


def said(title: str, body: str) -> Said:
    """What a text says."""
    return Said(tuple(terms.stems(title)), tuple(terms.stems(body)))


def fits(node: Expression, text: Said) -> bool:
    """Does the text fit? Marks (kinds, communities) fit none: these texts have none."""
    match node:
        case Word(stem, begins):
            return text.has(stem, begins=begins)
        case Phrase(stems):
            return _follow(stems, text.title) or _follow(stems, text.body)
        case Titled(stem):
            return stem in text.title
        case Mark():
            return False
        case All(parts):
            return all(fits(part, text) for part in parts)
        case Some(parts):
            return any(fits(part, text) for part in parts)
        case Without(part, others):
            return fits(part, text) and not any(fits(other, text) for other in others)


def _follow(stems: Sequence[str], among: Sequence[str]) -> bool:
    wanted = tuple(stems)
    return any(one == wanted[0] and tuple(among[at : at + len(wanted)]) == wanted for at, one in enumerate(among))
