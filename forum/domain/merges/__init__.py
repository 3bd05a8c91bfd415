"""Merging and splitting: proposals, the author's answer, votes united by person, threads carried over, exact undo."""

from typing import TYPE_CHECKING

from forum import later

if TYPE_CHECKING:
    from forum.domain.merges.checks import check
    from forum.domain.merges.places import Brief, brief, brief_split, top
    from forum.domain.merges.proposals import call_back
    from forum.domain.merges.splits import undo_decision
    from forum.domain.merges.threads import index_threads, sweep
    from forum.domain.merges.views import about_case
else:
    __getattr__ = later.parts(
        __name__,
        {
            "forum.domain.merges.checks": "check",
            "forum.domain.merges.places": "Brief brief brief_split top",
            "forum.domain.merges.proposals": "call_back",
            "forum.domain.merges.splits": "undo_decision",
            "forum.domain.merges.threads": "index_threads sweep",
            "forum.domain.merges.views": "about_case",
        },
    )

__all__ = [
    "Brief",
    "about_case",
    "brief",
    "brief_split",
    "call_back",
    "check",
    "index_threads",
    "sweep",
    "top",
    "undo_decision",
]
