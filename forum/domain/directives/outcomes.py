"""Outcomes: what a directive can make of an idea, in one fixed list."""

from collections.abc import Mapping

OUTCOMES: Mapping[str, str] = {
    "accepted": "Accepted",
    "in-part": "Accepted in part",
    "deferred": "Deferred",
    "declined": "Declined",
    "out-of-scope": "Out of scope",
}
"""Code → label."""

MEANINGS: Mapping[str, str] = {
    "accepted": "The directive does what the idea asks for.",
    "in-part": "The directive does some of it.",
    "deferred": "Not now. The reason says when we look again.",
    "declined": "The directive does not do it.",
    "out-of-scope": "This directive can't decide on it.",
}
"""Code → what it means, in a sentence."""
