"""Spam: a score between 0 and 1 with its reasons, made here from rules and from this forum's own decisions."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.spam.holds import about_case, hold, judge, put
    from forum.domain.spam.lessons import THRESHOLD, forget_all, learn_new, set_threshold
    from forum.domain.spam.readings import Reading, read
    from forum.domain.spam.repeats import forget
    from forum.domain.spam.verdicts import Author, Post, Verdict, score
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.spam.holds": "about_case hold judge put",
            "forum.domain.spam.lessons": "THRESHOLD forget_all learn_new set_threshold",
            "forum.domain.spam.readings": "Reading read",
            "forum.domain.spam.repeats": "forget",
            "forum.domain.spam.verdicts": "Author Post Verdict score",
        },
    )

__all__ = [
    "THRESHOLD",
    "Author",
    "Post",
    "Reading",
    "Verdict",
    "about_case",
    "forget",
    "forget_all",
    "hold",
    "judge",
    "learn_new",
    "put",
    "read",
    "score",
    "set_threshold",
]
