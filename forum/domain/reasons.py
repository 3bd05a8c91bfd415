"""Reasons: one fixed list for reports and decisions, about conduct and never about a point of view, in plain words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something may be reported, held or removed."""

    code: str
    label: str
    text: str


REASONS = (
    Reason(
        "off-topic",
        "Off topic",
        "It does not belong to the purpose of this community, or to what is talked about here.",
    ),
    Reason("personal-attack", "Personal attack", "It insults or mocks a person instead of talking about an idea."),
    Reason("hate", "Hate", "It attacks people for who they are, where they come from, or what they believe."),
    Reason("threat", "Threat", "It threatens somebody or calls for violence."),
    Reason("private-information", "Private information", "It shows an address, a number or a fact that is private."),
    Reason("spam", "Spam", "It advertises something or repeats the same text."),
    Reason("duplicate", "Duplicate", "The same idea is here already, so votes would be split."),
    Reason("impersonation", "Impersonation", "It pretends to speak for another person or an office."),
    Reason("illegal", "Against the law", "The law forbids to publish it."),
    Reason("copyright", "Copyright", "It copies a work of somebody else at length."),
    Reason("unreadable", "Test or unreadable", "It is a test, or nobody can understand it."),
    Reason("other", "Something else", "It breaks our rules, or the guidelines of the community, in another way."),
)
"""The list, in the order in which people are offered it. A test keeps its words plain."""

BY_CODE = {reason.code: reason for reason in REASONS}
MAY_REMOVE = frozenset(BY_CODE)


def label(code: str) -> str:
    """The label of a reason; the code itself for one that this version does not know."""
    return BY_CODE[code].label if code in BY_CODE else code.replace("-", " ")


def options(*, with_text: bool = True) -> list[tuple[str, ...]]:
    """The list as options of a form: (code, label, text)."""
    return [(r.code, r.label, r.text) if with_text else (r.code, r.label) for r in REASONS]
